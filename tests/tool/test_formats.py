# Outputs against the schemas of others: libvirt's, JSON's, a shell's
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import copy
import re
import shlex
import subprocess
import xml.etree.ElementTree as xml

import jsonschema
import pytest

from conftest import (ROOT, SCHEMA, VALIDATOR, answer, bundle, bundle_with,
                      check_domain, run)

# One host of each kind is enough for libvirt and a shell.
KINDS = ('alder-lake', 'direct-line', 'framebuffer', 'haswell-256m',
         'no-igd', 'skylake-nobody', 'sound', 'virtual-functions')


def test_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize('change', [
    lambda said: said.pop('verdict'),
    lambda said: said.update(more=1),
    lambda said: said['host']['region'].update(base=0x7b000000),
    lambda said: said['host']['region'].update(base='7b000000'),
    lambda said: said['host']['igd'].pop('address'),
    lambda said: said['checks'][0].update(status='maybe'),
])
def test_schema_refuses(change):
    said = copy.deepcopy(answer(bundle('skylake-ready'), 'probe'))
    change(said)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(said)


@pytest.mark.parametrize('words', [
    (), ('--firmware', 'ovmf'), ('--no-iommu',), ('--machine', 'pc'),
    ('--firmware', 'ovmf', '--rom', '/usr/share/kvm/igd.rom', '--audio')],
    ids=' '.join)
@pytest.mark.parametrize('name', KINDS)
def test_libvirt_takes_xml(name, words, tmp_path):
    done = run('plan', '--memory', '8G', '--format', 'libvirt', *words,
               '--from', bundle(name))
    if done.returncode:
        assert 'FAIL' in done.stdout
        return
    check_domain(done.stdout, tmp_path)


def libvirt_plan(*words):
    done = run('plan', '--memory', '8G', '--format', 'libvirt', *words)
    assert done.returncode == 0, done.stdout
    return xml.fromstring(done.stdout)


def packaged_emulator():
    """The path in which packaging/debian installs it."""
    name, directory = (ROOT / 'packaging/debian/qemu-system-x86-igd-rmrr'
                       '.install').read_text().splitlines()[0].split()
    return '/%s/%s' % (directory, name.rpartition('/')[2])


def test_libvirt_gets_packaged_emulator():
    domain = libvirt_plan('--from', bundle('alder-lake'))
    assert domain.findtext('devices/emulator') == packaged_emulator()


@pytest.mark.parametrize('path', ['/opt/qemu', '/opt/<R&D>/it\'s'])
def test_emulator_is_as_asked_for(path):
    words = ('--emulator', path, '--from', bundle('alder-lake'))
    assert libvirt_plan(*words).findtext('devices/emulator') == path
    script = run('plan', '--memory', '8G', *words).stdout
    assert shlex.split(script, comments=True)[0] == path


# libvirt 9.0 refuses it otherwise, whatever the type of the domain.
@pytest.mark.parametrize('words', [(), ('--no-iommu',)], ids=' '.join)
@pytest.mark.parametrize('path, kind', [
    (bundle('alder-lake'), 'kvm'),
    (ROOT / 'tests/data/book/l1.bundle', 'qemu')], ids=['kvm', 'qemu'])
def test_libvirt_splits_interrupts_for_intremap(path, kind, words):
    domain = libvirt_plan('--memory', '2G', *words, '--from', path)
    assert domain.get('type') == kind
    asked = domain.find('devices/iommu/driver[@intremap="on"]')
    assert (asked is None) == (domain.find('features/ioapic') is None)
    assert (asked is None) == bool(words)


def words_of(script):
    """The one command of a script, as a shell takes it apart."""
    functions = ''.join('%s() { printf "%%s\\n" "$@"; }\n' % name for name in (
        'qemu-system-x86_64-igd-rmrr', 'qm'))
    done = subprocess.run(['bash', '-c', 'VMID=100\n' + functions + script],
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def rows_of(text, title):
    """[(range, name)] of a map in a plan, from the lowest on."""
    return [(one[0], one[1]) for one in reversed(re.findall(
        r'^  +([0-9a-f]+-[0-9a-f]+) +\d+ [KMGT]iB  (.*)',
        re.search('^%s.*:\n((?:  .*\n)*)' % title, text, re.M)[1], re.M))]


@pytest.mark.parametrize('name', KINDS)
@pytest.mark.parametrize('words', [
    ('--firmware', 'ovmf', '--rom', '/usr/share/kvm/igd.rom'),
    ('--machine', 'pc', '--audio')], ids=' '.join)
def test_json_says_what_the_scripts_say(name, words):
    base = ('plan', '--memory', '8G', *words)
    plan = answer(bundle(name), *base)['plan']
    for form in 'qemu', 'proxmox', 'libvirt':
        done = run(*base, '--format', form, '--from', bundle(name))
        assert done.returncode == (plan is None)
        if plan is None:
            assert 'FAIL' in done.stdout
        elif form == 'libvirt':
            assert done.stdout.split('-->\n')[1].splitlines() == plan[form]
        else:
            expected = shlex.split(' '.join(one['option']
                                            for one in plan[form]))
            assert words_of(done.stdout)[-len(expected):] == expected
            text = done.stdout.replace('\n# ', '\n')
            why = ''.join('  %s: %s\n' % (
                re.split('[,"]', one['option'])[0], one['why'])
                for one in plan[form])
            assert 'Why:\n%sLeft out:' % why in text
    if plan:
        for where in 'guest', 'host':
            assert rows_of(run(*base, '--from', bundle(name)).stdout.replace(
                '\n# ', '\n'), 'Memory of the ' + where) == [
                ('%08x-%08x' % (int(one['base'], 16), int(one['limit'], 16)),
                 one['name']) for one in plan[where + '_map']]


# Options of vfio-pci in any QEMU since 10.0; the device's help lists them.
VFIO_OPTIONS = {'host', 'bus', 'addr', 'x-igd-opregion', 'romfile'}
# Options of "qm set", and of hostpciN; the rest is QEMU's, in --args.
QM_OPTIONS = {'--machine', '--cpu', '--memory', '--balloon', '--vga',
              '--bios', '--args', '--hostpci0', '--hostpci1'}
HOSTPCI_OPTIONS = {'legacy-igd', 'romfile'}


@pytest.mark.parametrize('machine', ['q35', 'pc'])
@pytest.mark.parametrize('name', ['skylake-ready', 'direct-line', 'sound',
                                  'virtual-functions', 'meteor-lake'])
def test_proxmox_gets_what_its_own_emulator_takes(name, machine):
    """It cannot start another one, so nothing of ours alone is there."""
    done = run('plan', '-m', '8G', '--format', 'proxmox', '--machine',
               machine, '--rom', '/usr/share/kvm/igd.rom', '--from',
               bundle(name))
    words = words_of(done.stdout)[2:]
    assert {word for word in words if word.startswith('--')} <= QM_OPTIONS
    args = ' '.join(words[i + 1] for i, word in enumerate(words)
                    if word == '--args').split()
    for option in args:
        if option.startswith('vfio-pci,'):
            assert {word.split('=')[0] for word in
                    option.split(',')[1:]} <= VFIO_OPTIONS
        else:
            assert option in ('-device', '-global') or re.match(
                r'(intel-iommu.aw-bits|host-x86_64-cpu.host-phys-bits-limit)'
                r'=\d+$', option)
    for i, word in enumerate(words):
        if word.startswith('--hostpci'):
            assert {one.split('=')[0] for one in
                    words[i + 1].split(',')[1:]} <= HOSTPCI_OPTIONS
    assert (machine == 'pc') == ('--hostpci0' in words)
    if name not in ('virtual-functions', 'meteor-lake'):
        assert ('Proxmox VE starts only its own emulator, which does not '
                'know x-igd-stolen') in done.stdout


OPREGION = 'x-igd-opregion'
KVM = '--emulator /usr/bin/kvm'
ROM = '--rom /usr/share/kvm/igd.rom'
# Host, words, format; texts in the plan, and texts not in it.
PARTS = (
    ('skylake-ready', '--machine pc', 'libvirt', ["machine='pc'"],
     ['<iommu', 'ioapic']),
    ('skylake-nobody', '-m 1536M --machine pc', 'qemu', [
        "#   -nic none: keeps the IGD's slot free; a network card needs ano",
        '\n#     7f800000-febfffff     2036 MiB  no RAM; PCI\n',
        '\n#     60000000-7affffff      432 MiB  no RAM; PCI\n',
        'Locked memory: 2632 MiB: RAM 1536 MiB, stolen memory 72 MiB, 1 GiB ',
        ' ulimit -l 2695168\n',
        '\n    -machine pc,accel=kvm \\\n    -cpu host \\\n    -m 1536M \\\n'
        '    -vga none \\\n    -nic none \\\n    -device vfio-pci,host='], []),
    ('skylake-nobody', '-m 4G --firmware ovmf', 'proxmox', [
        '\n#   --bios ovmf: the firmware\n#   --args : the IGD, where drivers ',
        'x-igd-opregion: only root can see whether there is an OpRegion\n',
        '\n#     80000000-dfffffff     1536 MiB  no RAM; PCI\n',
        '\n    --machine q35,viommu=intel \\\n    --cpu host \\\n'
        '    --memory 4096 \\\n    --balloon 0 \\\n    --vga none \\\n'
        '    --bios ovmf \\\n    --args "-global intel-iommu.aw-bits=39 '
        '-device vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0"\n'],
     ['x-igd-opregion=']),
    ('skylake-ready', '', 'qemu', ['-cpu host \\\n', '--rom FILE'], []),
    ('skylake-ready', '--firmware ovmf', 'qemu', [
        ',file=/usr/share/OVMF/OVMF_CODE_4M.fd \\\n',
        'a copy of /usr/share/OVMF/OVMF_VARS_4M.fd that belongs to'], []),
    ('framebuffer', '--firmware ovmf', 'qemu', [    # Fedora
        ',file=/usr/share/edk2/ovmf/OVMF_CODE.fd \\\n',
        'a copy of /usr/share/edk2/ovmf/OVMF_VARS.fd that'], []),
    ('kernel-3', '--firmware ovmf', 'qemu', [       # Arch
        ',file=/usr/share/edk2/x64/OVMF_CODE.4m.fd \\\n',
        'a copy of /usr/share/edk2/x64/OVMF_VARS.4m.fd that'], []),
    ('sound', '--audio', 'proxmox', [
        '-global host-x86_64-cpu.host-phys-bits-limit=39 -global intel-iommu'
        '.aw-bits=39 -device vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0,'
        'x-igd-opregion=on -device vfio-pci,host=0000:00:1f.3,bus=pcie.0,addr'
        '=03.0"\n'], []),
    # With the emulator of this project in the place of Proxmox VE's.
    ('direct-line', KVM, 'proxmox', [
        ',bus=pcie.0,addr=02.0,x-igd-stolen-base=0x7b800000,x-igd-stolen-size='
        '0x4800000,x-igd-opregion=on"\n', '# For /usr/bin/kvm with this '],
     ['only its own']),
    ('direct-line', KVM + ' --machine pc', 'proxmox', [
        '--args "-set device.hostpci0.x-igd-stolen-base=0x7b800000 -set device.'
        'hostpci0.x-igd-stolen-size=0x4800000"\n'], ['only its own']),
    # The OpRegion is asked for unless it is known that there is none.
    ('skylake-ready', '', 'qemu', ['identity,x-igd-opregion=on\n'], []),
    ('skylake-nobody', '', 'qemu', ['identity,x-igd-opregion=on\n'], []),
    ('virtual-functions', '', 'libvirt', [OPREGION], []),
    ('no-file', '', 'qemu', [], [OPREGION]),
    ('no-file', '', 'libvirt', [], [OPREGION]),
    ('other-gpu-primary', '', 'qemu', [], [OPREGION]),
    # Proxmox VE's emulator does not start if it is asked for without need.
    ('skylake-ready', '', 'proxmox', [OPREGION + '=on"\n'],
     ['only root can see']),
    ('no-file', '', 'proxmox', [], [OPREGION]),
    ('unknown-id-root', '', 'libvirt', [
        "'x-igd-stolen-base' type='unsigned' value='2063597568'",
        "'x-igd-stolen-size' type='unsigned' value='75497472'",
        "'x-igd-stolen-gsm-size' type='unsigned' value='8388608'"], []),
    ('unknown-id-root', '', 'qemu', ['device id is not known, so base'], []),
    ('meteor-lake', '', 'qemu', ['for guests in the guest, which need'], []),
    ('sound', '--no-iommu', 'qemu', ['the chipset of newer PCs\n'], []),
    ('skylake-ready', ROM, 'libvirt', [
        "<rom file='/usr/share/kvm/igd.rom'/>"], ['--rom FILE']),
)


@pytest.mark.parametrize('name, words, form, has, lacks', PARTS)
def test_parts(name, words, form, has, lacks):
    # A host whose kernel is too old has a plan with a newer one.
    path = bundle(name, kernel='6.1.0') if name == 'kernel-3' else bundle(name)
    done = run('plan', '-m', '8G', '--format', form, *words.split(), '--from',
               path)
    assert done.returncode == 0
    assert [one for one in has if one not in done.stdout] == []
    assert [one for one in lacks if one in done.stdout] == []


# Of an unknown device: changes in the kernel's word on the DSM, and the GSM.
SPLITS = {
    'log': ({}, 0x800000), 'map': ({'log': None}, 0x800000),
    'another DSM': ({'log': '0x7c000000-0x7f7fffff'}, 0x1000000),
    'another limit': ({'log': '0x7b800000-0x7f6fffff'}, None),
    'neither': ({'log': None, 'driver': 'vfio-pci'}, None),
}


@pytest.mark.parametrize('name', SPLITS)
def test_split_is_what_the_kernel_says(name):
    changes, gsm = SPLITS[name]
    text = bundle('unknown-id-root',
                  driver=changes.get('driver', 'i915')).read_text()
    line = '| Reserving Intel graphics memory at [mem 0x7b800000-0x7f7fffff]\n'
    assert line in text
    if 'log' in changes:
        said = changes['log']
        text = text.replace(line, '' if said is None else line.replace(
            '0x7b800000-0x7f7fffff', said))
    done = run('plan', '-m', '8G', '--from', bundle_with(text))
    assert done.returncode == (gsm is None)
    assert re.findall(r'x-igd-stolen-gsm-size=(\w+)', done.stdout) == (
        [] if gsm is None else ['0x%x' % gsm])


def test_format_json_is_json():
    words = ('plan', '--memory', '8G', '--from', bundle('alder-lake'))
    assert (run(*words, '--json').stdout
            == run(*words, '--format', 'json').stdout)
