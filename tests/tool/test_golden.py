# What igd-stolen says, word for word
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With IGD_RMRR_BLESS set, writes what the program says instead; see with git
# diff whether that is what it should say.

import json

import pytest

from conftest import BY_NAME, answer, bundle, compare, run

# File name: host, and words of the command line.
RUNS = {
    'verify.txt': ('sound', 'verify'),
    'verify-nobody.txt': ('skylake-nobody', 'verify'),
    'qemu.sh': ('direct-line', 'plan', '--memory', '8G'),
    'qemu-ovmf.sh': ('sound', 'plan', '--memory', '3G', '--firmware', 'ovmf',
                     '--audio', '--rom', '/usr/share/kvm/igd.rom'),
    'qemu-conflict.txt': ('haswell-256m', 'plan', '--memory', '8G'),
    'qemu-pc.sh': ('skylake-nobody', 'plan', '--memory', '1536M', '--machine',
                   'pc'),
    'libvirt.xml': ('sound', 'plan', '--memory', '8G', '--firmware', 'ovmf',
                    '--format', 'libvirt', '--audio'),
    'proxmox.sh': ('skylake-nobody', 'plan', '--memory', '4G', '--format',
                   'proxmox', '--firmware', 'ovmf'),
    'proxmox-pc.sh': ('sound', 'plan', '--memory', '4G', '--format',
                      'proxmox', '--machine', 'pc', '--audio', '--rom',
                      '/usr/share/kvm/igd.rom'),
}


def text_of(one):
    """A check of the JSON, as it is in the text."""
    lines = ['Checking %-36s : %s (%s)' % (
        one['title'], one['status'].upper(), one['detail'])]
    if one['hint'] is not None:
        lines.append('    hint:')
        lines += [' ' * 8 + line for line in one['hint'].splitlines()]
    return ''.join(line + '\n' for line in lines)


@pytest.mark.parametrize('words', [
    ('probe',), ('verify',), ('plan', '--memory', '8G')], ids=' '.join)
def test_text_and_json_say_the_same(host, words):
    done = run(*words, '--from', bundle(host))
    said = answer(bundle(host), *words)
    texts = [text_of(one) for one in said['checks']]
    statuses = {one['status'] for one in said['checks']}
    failed = 'fail' in statuses
    assert done.stderr == ''
    assert done.returncode == failed
    assert 'not in the bundle' not in done.stdout
    assert [line for line in done.stdout.splitlines()
            if line != line.rstrip()] == []
    if failed or words[0] != 'plan':
        assert done.stdout == ''.join(texts).replace(' --format json', '')
    else:
        comment = [line[2:] for line in done.stdout.splitlines()
                   if line.startswith('# ')]
        for one, text in zip(said['checks'], texts):
            hint = text.splitlines()[1:] if one['status'] == 'warn' else []
            line = 'Warning: %(title)s: %(detail)s' % one
            assert (line in comment) == (one['status'] == 'warn')
            assert all(line in comment for line in hint)
    assert answer(bundle(host), *words, '--strict')['exit_status'] == (
        statuses != {'pass'})
    assert all(one['hint'] for one in said['checks']
               if one['status'] == 'fail' and one['name'] != 'verdict'
               and words[0] != 'verify')


def test_probe_of_every_host():
    """Each verdict once, with the hosts that it is said of."""
    said_of = {}
    for name in sorted(BY_NAME):
        for one in answer(bundle(name), 'probe')['checks']:
            said_of.setdefault(one['title'], {}).setdefault(
                text_of(one), []).append(name)
    text = ''
    for texts in said_of.values():
        for one, names in sorted(texts.items()):
            others = sorted(set(BY_NAME) - set(names))
            text += one + ('  all hosts but %s\n' % ' '.join(others)
                           if len(others) < len(names) else
                           '  %s\n' % ' '.join(names))
    compare('probe.txt', text)


@pytest.mark.parametrize('name', RUNS)
def test_says(name):
    done = run(*RUNS[name][1:], '--from', bundle(RUNS[name][0]))
    compare(name, done.stdout)
    assert done.stderr == ''
    assert done.returncode == (name == 'qemu-conflict.txt')


def test_json_has_the_host():
    compare('haswell-256m.json', json.dumps(
        answer(bundle('haswell-256m'), 'probe')['host'], indent=2) + '\n')


def test_generation(host):
    said = answer(bundle(host), 'probe')
    igd = said['host']['igd']
    if igd:
        detail = said['checks'][0]['detail']
        assert (igd['generation'] or ' not ') in detail or (
            'Meteor Lake or later' in detail or 'virtual function' in detail)
