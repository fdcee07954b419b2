# Command line of igd-stolen: options, refusals, help, page, completion
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import shlex
import subprocess

import pytest

from conftest import ROOT, TOOL, bundle, run

READY = bundle('skylake-ready')
PAGE = ROOT / 'docs/man/igd-stolen.1'
COMPLETION = ROOT / 'tools/igd-stolen/igd-stolen.bash-completion'
SCREEN = (24, 80)

# Words, and what the complaint has to name.
REFUSED = {
    'nothing': ((), 'command'),
    'command': (('prob',), 'prob'),
    'word': (('probe', 'more'), 'more'),
    'option': (('probe', '--jsom'), '--jsom'),
    'no memory': (('plan',), '--memory'),
    'memory zero': (('plan', '--memory', '0'), '0'),
    'memory word': (('plan', '--memory', 'much'), 'much'),
    'memory unit': (('plan', '--memory', '8X'), '8X'),
    'memory small': (('plan', '--memory', '63M'), '63M'),
    'memory odd': (('plan', '--memory', '1000001K'), '1000001K'),
    'memory large': (('plan', '--memory', '64T'), '64T'),
    'memory huge': (('plan', '--memory', '99999999999T'), '99999999999T'),
    'memory negative': (('plan', '--memory=-8G',), '-8G'),
    'firmware': (('plan', '-m', '8G', '--firmware', 'uefi'), 'uefi'),
    'format': (('plan', '-m', '8G', '--format', 'xml'), 'xml'),
    'emulator': (('plan', '-m', '8G', '--emulator', 'qemu'), 'qemu'),
    'emulator for proxmox': (('plan', '-m', '8G', '--emulator', '/x',
                              '--format', 'proxmox'), '--emulator'),
    'emulator for json': (('plan', '-m', '8G', '--emulator', '/x', '--json'),
                          '--emulator'),
    'emulator for verify': (('verify', '--emulator', '/x'), '--emulator'),
    'memory without unit': (('plan', '--memory', '8'), '8'),
    'machine': (('plan', '-m', '8G', '--machine', 'microvm'), 'microvm'),
    'rom': (('plan', '-m', '8G', '--rom', 'igd.rom'), 'igd.rom'),
    'rom comma': (('plan', '-m', '8G', '--rom', '/a,b'), '/a,b'),
    'rom for probe': (('probe', '--rom', '/x'), '--rom'),
    'audio for verify': (('verify', '--audio'), '--audio'),
    'device': (('probe', '--device', '02.0'), '02.0'),
    'device short': (('capture', '-o', '-', '--device', '0:02.0'), '0:02.0'),
    'device in plan': (('plan', '-m', '8G', '--device', '0000:0A:02.0'),
                       '0000:0A:02.0'),
    'device upper': (('probe', '--device', '0000:0A:02.0'), '0000:0A:02.0'),
    'device function': (('probe', '--device', '0000:00:02.8'),
                        '0000:00:02.8'),
    'device path': (('probe', '--device', '../../../x'), '../../../x'),
    'plan for probe': (('probe', '--memory', '8G'), '--memory'),
    'no-iommu for verify': (('verify', '--no-iommu'), '--no-iommu'),
    'output for probe': (('probe', '-o', 'x'), '-o'),
    'no output': (('capture',), '-o'),
    'capture from': (('capture', '-o', '-', '--from', READY), '--from'),
    'capture json': (('capture', '-o', '-', '--json'), '--json'),
    'from and root': (('probe', '--from', READY, '--root', '/'), '--root'),
    'no such bundle': (('probe', '--from', '/nonexistent'), '/nonexistent'),
    'directory': (('probe', '--from', '/'), '--from /'),
    'unwritable': (('capture', '-o', '/nonexistent/x'), '/nonexistent/x'),
}

# Text of a bundle, and what the complaint has to name.
BAD_BUNDLES = {
    'empty': ('', 'empty'),
    'other': ('hello\n', 'line 1'),
    'version': ('igd-stolen-bundle 2\n', 'line 1'),
    'kind': ('igd-stolen-bundle 1\nfifo /x\n', 'line 2'),
    'relative': ('igd-stolen-bundle 1\nfile x\n', 'line 2'),
    'no entry': ('igd-stolen-bundle 1\n| x\n', 'line 2'),
    'twice': ('igd-stolen-bundle 1\nfile /x\nfile /x\nfile /y\n', '/x'),
    'hex': ('igd-stolen-bundle 1\nhex /x\n| 0g\n', 'line 3'),
    'two targets': ('igd-stolen-bundle 1\nlink /x\n| a\n| b\n', 'line 4'),
}


@pytest.mark.parametrize('name', REFUSED)
def test_refused(name):
    words, named = REFUSED[name]
    done = run(*words)
    assert done.returncode == 2
    assert done.stdout == ''
    assert done.stderr.startswith('igd-stolen: ')
    assert len(done.stderr.splitlines()) == 1
    assert named in done.stderr


# What one of them says with the value that was meant.
MEANT = {
    'memory without unit': '--memory 8G', 'memory small': '--memory 64M',
    'memory odd': '--memory 977M', 'device upper': '--device 0000:0a:02.0',
}


@pytest.mark.parametrize('name', REFUSED)
def test_remedy(name, tmp_path):
    """What a refusal says to try is not refused."""
    said = run(*REFUSED[name][0]).stderr
    words = shlex.split(said.rpartition('; try: igd-stolen ')[2])
    assert words
    assert MEANT.get(name, '') in said
    done = run(*words, cwd=tmp_path)
    assert done.returncode in (0, 1), done
    assert done.stderr == ''


@pytest.mark.parametrize('name', BAD_BUNDLES)
def test_bad_bundle(name, tmp_path):
    text, named = BAD_BUNDLES[name]
    path = tmp_path / 'bad.bundle'
    path.write_text(text)
    done = run('probe', '--from', path)
    assert done.returncode == 2
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


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
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) < SCREEN[0] + 4
    assert max(map(len, lines)) <= SCREEN[1]


def test_help_names_every_command():
    text = run('--help').stdout
    for word in ('probe', 'plan', 'capture', 'verify'):
        assert 'igd-stolen ' + word in text


@pytest.mark.parametrize('word', ['--version', '-V'])
def test_version(word):
    done = run(word)
    assert done.returncode == 0
    assert re.fullmatch(r'igd-stolen \d+(\.\d+)+\n', done.stdout)


@pytest.mark.parametrize('word', ['--help', '--version'])
def test_full_output(word):
    with open('/dev/full', 'wb') as full:
        assert subprocess.run([TOOL, word], stdout=full, stderr=subprocess
                              .DEVNULL).returncode == 2


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
    """What bash offers for the last of these words."""
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
    (('probe', '--me'), []),
    (('probe', '--js'), ['--json']),
    (('capture', '--o'), ['--output']),
])
def test_completion(words, offered):
    assert complete(*words) == offered


def test_completion_knows_every_option():
    text = COMPLETION.read_text()
    assert [one for one in options_of_help() if one not in text] == []
