# Command line of igd-stolen: options, refusals, help, page, completion
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import shlex
import subprocess

import pytest

from conftest import ROOT, TOOL, bundle, bundle_with, compare, run

PAGE = ROOT / 'docs/man/igd-stolen.1'
COMPLETION = ROOT / 'tools/igd-stolen/igd-stolen.bash-completion'
SCREEN = (24, 80)

# Command lines; tests/data/tool/refused.txt has the message for each.
REFUSED = (
    '', 'prob', 'probe more', 'probe --jsom', 'plan', 'plan --memory 0',
    'plan --memory much', 'plan --memory 8X', 'plan --memory 63M',
    'plan --memory 1000001K', 'plan --memory 64T',
    'plan --memory 99999999999T', 'plan --memory=-8G', 'plan --memory 8',
    'plan -m 8G --firmware uefi', 'plan -m 8G --format xml',
    'plan -m 8G --machine microvm', 'plan -m 8G --emulator qemu',
    'plan -m 8G --emulator /x --format proxmox',
    'plan -m 8G --emulator /x --json', 'verify --emulator /x',
    'plan -m 8G --rom igd.rom', 'plan -m 8G --rom /a,b', 'probe --rom /x',
    'verify --audio', 'probe --memory 8G', 'verify --no-iommu',
    'probe --from-xml x', 'plan --from-xml x -m 8G', 'plan --from-qm x --json',
    'plan --from-xml x --from-qm y', 'plan --from-xml /nonexistent',
    'plan --from-xml /', 'plan --from-qm /dev/null',
    'plan --from-qm x --emulator /usr/bin/qemu',
    'probe --device 02.0', 'capture -o - --device 0:02.0',
    'plan -m 8G --device 0000:0A:02.0', 'probe --device 0000:0A:02.0',
    'probe --device 0000:0g:02.0', 'probe --device 0000:00:02.8',
    'probe --device ../../../x',
    'probe -o x', 'capture', 'capture -o - --from x', 'capture -o - --json',
    'probe --from x --root /', 'probe --from /nonexistent', 'probe --from /',
    'capture -o /nonexistent/x', 'capture -o /dev/full')


def test_refused():
    text = ''
    for words in REFUSED:
        done = run(*words.split())
        assert (done.returncode, done.stdout) == (2, ''), words
        assert done.stderr.startswith('igd-stolen: ')
        assert done.stderr.count('\n') == 1
        text += '$ igd-stolen %s\n%s' % (words, done.stderr)
    compare('refused.txt', text)


@pytest.mark.parametrize('words', REFUSED)
def test_remedy(words, tmp_path):
    """The command line that a refusal names is not refused."""
    said = run(*words.split()).stderr
    again = shlex.split(said.rpartition('; try: igd-stolen ')[2])
    assert again
    done = run(*again, cwd=tmp_path)
    assert done.returncode in (0, 1), done
    assert done.stderr == ''


def test_bad_bundle():
    """Every mistake in a bundle is a row of tests/unit/test-tool-bundle.c."""
    path = bundle_with('igd-stolen-bundle 1\nfifo /x\n')
    done = run('probe', '--from', path)
    assert (done.returncode, done.stderr) == (
        2, 'igd-stolen: --from %s: line 2: a kind that is not file, hex, '
        'link, dir or config; try: igd-stolen capture -o host.bundle\n' % path)


@pytest.mark.parametrize('size, memory', [
    ('8G', 8 << 30), ('8GiB', 8 << 30), ('8192M', 8 << 30),
    ('8589934592', 8 << 30), ('64M', 64 << 20), ('1t', 1 << 40)])
def test_sizes(size, memory):
    done = run('plan', '--memory', size, '--no-iommu', '--json', '--from',
               bundle('alder-lake'))      # its IOMMU has 48 bits
    assert '"memory": %d,' % memory in done.stdout


@pytest.mark.parametrize('words', [('--help',), ('-h',), ('plan', '--help')])
def test_help_fits_a_screen(words):
    done = run(*words, env={'LC_ALL': 'C.UTF-8'})
    compare('help.txt', done.stdout)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) <= SCREEN[0] + 5
    assert max(map(len, lines)) <= SCREEN[1]


@pytest.mark.parametrize('word', ['--version', '-V'])
def test_version(word):
    """It is the newest one of the packages' changelog."""
    done = run(word)
    first = (ROOT / 'packaging/debian/changelog').open().readline()
    assert done.returncode == 0
    assert done.stdout == 'igd-stolen %s\n' % re.search(
        r'\((\d+\.\d+)\)', first)[1]


@pytest.mark.parametrize('word', ['--help', '--version'])
def test_full_output(word):
    with open('/dev/full', 'wb') as full:
        done = subprocess.run([TOOL, word], stdout=full, text=True,
                              stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (
        2, 'igd-stolen: standard output: No space left on device\n')


def options_of_help():
    return set(re.findall(r'(--[a-z-]+)', run('--help').stdout))


def test_page_has_every_option():
    page = PAGE.read_text().replace('Fl -', 'Fl --')
    for option in options_of_help():
        assert 'Fl ' + option in page, option


@pytest.mark.parametrize('command', [
    ['mandoc', '-Tlint', '-Wwarning', PAGE],
    ['man', '--warnings', '-l', PAGE]])
def test_page_has_no_mistakes(command):
    done = subprocess.run(command, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          env={'LC_ALL': 'C.UTF-8', 'MANWIDTH': '80',
                               'PATH': '/usr/bin:/bin'})
    assert done.returncode == 0, done.stdout
    assert done.stderr == ''


def complete(*words):
    """The words that bash offers for the last of these."""
    script = ('. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
              '_igd_stolen; printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(['bash', '-c', script, 'bash', COMPLETION,
                           'igd-stolen', *words], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.stdout.split()


@pytest.mark.parametrize('words, offered', [
    (('',), ['probe', 'plan', 'capture', 'verify', '--help',
             '--version']),
    (('pr',), ['probe']),
    (('plan', '--fi'), ['--firmware']),
    (('plan', '--firmware', 'o'), ['ovmf']),
    (('plan', '--machine', ''), ['q35', 'pc']),
    (('plan', '--format', ''), ['qemu', 'libvirt', 'proxmox', 'json']),
    (('plan', '--from-'), ['--from-xml', '--from-qm']),
    (('probe', '--me'), []),
    (('probe', '--js'), ['--json']),
    (('capture', '--o'), ['--output']),
])
def test_completion(words, offered):
    assert complete(*words) == offered


def test_completion_knows_every_option():
    text = COMPLETION.read_text()
    assert [one for one in options_of_help() if one not in text] == []
