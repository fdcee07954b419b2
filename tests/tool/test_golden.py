# Output of igd-stolen, word for word
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With IGD_RMRR_BLESS set, writes the program's output instead; git diff shows
# whether it is right.

import json

import pytest

from conftest import BY_NAME, answer, bundle, bundle_with, compare, run

# File name: host, and words of the command line.
RUNS = {
    'qemu.sh': ('direct-line', 'plan', '--memory', '8G'),
    'qemu-ovmf.sh': ('sound', 'plan', '--memory', '3G', '--firmware', 'ovmf',
                     '--audio', '--rom', '/usr/share/kvm/igd.rom'),
    'libvirt.xml': ('sound', 'plan', '--memory', '8G', '--firmware', 'ovmf',
                    '--format', 'libvirt', '--audio'),
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


def probe_verdicts():
    """{title: {text: hosts}} of every verdict of probe."""
    said_of = {}
    for name in sorted(BY_NAME):
        for one in answer(bundle(name), 'probe')['checks']:
            said_of.setdefault(one['title'], {}).setdefault(
                '%(name)s: ' % one + text_of(one), []).append(name)
    return said_of


def test_probe_of_every_host():
    """Each verdict once, with the hosts that it is said of."""
    text = ''
    for texts in probe_verdicts().values():
        for one, names in sorted(texts.items()):
            others = sorted(set(BY_NAME) - set(names))
            text += one + ('  all hosts but %s\n' % ' '.join(others)
                           if len(others) < len(names) else
                           '  %s\n' % ' '.join(names))
    compare('probe.txt', text)


def without(host, old, new=''):
    text = bundle(host).read_text()
    assert old in text
    return bundle_with(text.replace(old, new))


OVMF = 'plan -m 8G --firmware ovmf'
NARROW = bundle('skylake-ready', cap=0x1C0000C40230462)
UNSAFE = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'
IGD = 'link /sys/bus/pci/devices/0000:00:02.0/'
LINE = '0x000000007b000000 0x000000007f7fffff direct'
# Verdicts that no host of the table has in probe.
OTHERS = {
    'MMCONFIG of old OVMF': (bundle('haswell-256m'), OVMF),
    'the same on Fedora': (bundle('haswell-256m', system='rocky'), OVMF),
    'the same on Arch': (bundle('haswell-256m', system='arch'), OVMF),
    'the same elsewhere': (bundle('haswell-256m', system='slackware'), OVMF),
    'above low RAM': (bundle('haswell-high'), 'plan -m 1G'),
    'more RAM than there is': (bundle('braswell'), 'plan -m 600G --audio'),
    'the same without an IOMMU': (bundle('braswell'),
                                  'plan -m 600G --no-iommu'),
    'narrow IOMMU': (NARROW, 'plan -m 2G'),
    'narrow IOMMU, probe': (NARROW, 'probe'),
    'interrupts at one\'s own risk': (without(
        'no-intremap', 'absent file ' + UNSAFE, 'file %s\n| Y' % UNSAFE),
        'probe'),
    'limits that differ': (without('skylake-ready', LINE, LINE.replace(
        '7f7f', '7f6f')), 'probe'),
    'MMCONFIG of SeaBIOS': (bundle('haswell-256m'), 'plan -m 8G'),
    'no KVM': (bundle('skylake-ready', kvm=False), 'plan -m 1G'),
    'no memory information': (without(
        'skylake-ready', 'MemAvailable:', 'Other:'), 'plan -m 1G'),
    'sound': (bundle('sound'), 'plan -m 1G --audio'),
    'sound in a group': (bundle('sound-shared'), 'plan -m 1G --audio'),
    'not in whole MiB': (without('skylake-nobody', LINE, LINE.replace(
        '7b000000', '7b001000')), 'plan -m 1G'),
    'not below 4 GiB': (without('skylake-nobody', LINE, LINE.replace(
        '00000000', '00000001')), 'plan -m 1G'),
    'below 16 MiB': (without('skylake-nobody', LINE, LINE.replace(
        '7b00', '0010')), 'plan -m 1G'),
    'over the chipset': (without('skylake-nobody', LINE, LINE.replace(
        '7f7f', 'ffff')), 'plan -m 1G'),
    'nobody, no range': (bundle('skylake-nobody', source='none'), 'probe'),
    'no stolen memory': (bundle('bdsm-zero', vtd='on', source='none'),
                         'probe'),
    'igfx_off': (without('skylake-ready', IGD + 'iommu\n| ../../virtual/iommu'
                         '/dmar0\n', 'absent ' + IGD + 'iommu\n'), 'probe'),
    'another DSM': (without('unknown-id-root', 'mem 0x7b800000-0x7f7fffff',
                            'mem 0x7b800000-0x7f6fffff'), 'probe'),
    'unknown ecap': (without(
        'skylake-nobody', 'file /sys/class/iommu/dmar0/intel-iommu/ecap\n| '
        'f050da\n'), 'probe'),
    'ecap that is not a number': (without('skylake-nobody', '| f050da', '| x'),
                                  'probe'),
    'failed read': (without('skylake-nobody', 'denied file /sys/firmware',
                            'failed file /sys/firmware'), 'verify'),
    'group of no type': (without('skylake-ready', '| DMA-FQ\n'), 'probe'),
    'kernel that is not known': (bundle('skylake-ready', kernel=''), 'probe'),
    **{name: (bundle('framebuffer', framebuffer=name), 'probe')
       for name in ('BOOTFB', 'vesafb', 'simpledrm')},
    'verify': (bundle('sound'), 'verify'),
    'verify as nobody': (bundle('skylake-nobody'), 'verify'),
    'verify without VT-d': (bundle('skylake-ready', vtd='kernel-off'),
                            'verify'),
    'verify without registers': (bundle('bdsm-zero'), 'verify'),
    'verify of a function': (bundle('function-in-guest'), 'verify'),
    'verify of a BAR': (bundle('meteor-lake'), 'verify'),
}


def test_other_verdicts():
    known = [text for texts in probe_verdicts().values() for text in texts]
    said = ''
    for name, (path, words) in OTHERS.items():
        said += '# %s: igd-stolen %s\n' % (name, words)
        for one in answer(path, *words.split())['checks']:
            text = '%(name)s: ' % one + text_of(one)
            said += '' if text in known else text
            known.append(text)
    compare('verdicts.txt', said)


@pytest.mark.parametrize('name', RUNS)
def test_says(name):
    done = run(*RUNS[name][1:], '--from', bundle(RUNS[name][0]))
    compare(name, done.stdout)
    assert done.stderr == ''
    assert done.returncode == 0


def test_json_has_the_host():
    said = answer(bundle('haswell-256m'), 'probe')['host']
    compare('haswell-256m.txt', ''.join(
        '%s: %s\n' % (key, json.dumps(said[key])) for key in said))
    said = answer(bundle('no-igd'), 'probe')['host']
    assert said['asls'] == {'value': None, 'unknown': 'there is no IGD'}


def test_generation(host):
    said = answer(bundle(host), 'probe')
    igd = said['host']['igd']
    if igd:
        detail = said['checks'][0]['detail']
        assert (igd['generation'] or ' not ') in detail or (
            'Meteor Lake or later' in detail or 'virtual function' in detail)
