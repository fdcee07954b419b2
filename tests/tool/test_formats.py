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
                      run)

# One host of each kind is enough for what libvirt and a shell make of it.
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
    path = tmp_path / 'guest.xml'
    path.write_text(done.stdout)
    checked = subprocess.run(['virt-xml-validate', path, 'domain'],
                             stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout


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
            assert form == 'proxmox' or re.search('Why:\n((?:  .*\n)*)', text)[1] == ''.join(
                '  %s: %s\n' % (re.split('[,"]', one['option'])[0],
                                one['why']) for one in plan[form])
    if plan:
        for where in 'guest', 'host':
            assert rows_of(run(*base, '--from', bundle(name)).stdout.replace(
                '\n# ', '\n'), 'Memory of the ' + where) == [
                ('%08x-%08x' % (int(one['base'], 16), int(one['limit'], 16)),
                 one['name']) for one in plan[where + '_map']]


# What vfio-pci of any QEMU since 10.0 has; all of it is in the device's help.
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
        assert ('Proxmox VE starts only its own emulator, which knows no '
                'x-igd-stolen') in done.stdout


def options(name, *words, form='qemu'):
    """The options of a plan, as a shell takes them apart."""
    return words_of(run('plan', '-m', '8G', '--format', form, *words,
                        '--from', bundle(name)).stdout)


def test_machine_pc():
    said = options('skylake-ready', '--machine', 'pc')
    assert 'pc,accel=kvm' in said
    assert said[said.index('-nic') + 1] == 'none'
    assert not [word for word in said if word.startswith('intel-iommu')]
    domain = libvirt_plan('--machine', 'pc', '--from',
                          bundle('skylake-ready'))
    assert domain.find('os/type').get('machine') == 'pc'
    assert domain.find('devices/iommu') is None


@pytest.mark.parametrize('name, code, variables', [
    ('skylake-ready', '/usr/share/OVMF/OVMF_CODE_4M.fd',
     '/usr/share/OVMF/OVMF_VARS_4M.fd'),
    ('framebuffer', '/usr/share/edk2/ovmf/OVMF_CODE.fd',
     '/usr/share/edk2/ovmf/OVMF_VARS.fd')])
def test_firmware_of_the_distribution(name, code, variables):
    said = run('plan', '-m', '8G', '--firmware', 'ovmf', '--from',
               bundle(name)).stdout
    assert ',file=%s \\\n' % code in said
    assert 'a copy of %s that belongs to this guest\n' % variables in said


def test_address_width_of_the_cpu():
    """Limited where it is more than the IOMMU's, and only there."""
    limit = 'host-phys-bits-limit=39'
    assert 'host,' + limit in options('sound')
    assert 'host' in options('skylake-ready')
    values = [one.get('value') for one in libvirt_plan(
        '--from', bundle('sound')).iter() if one.get('value')]
    assert 'host-x86_64-cpu.' + limit in values
    assert limit in ' '.join(options('sound', form='proxmox'))


@pytest.mark.parametrize('name, there', [
    ('skylake-ready', True), ('no-file', False), ('skylake-nobody', True),
    ('other-gpu-primary', False), ('virtual-functions', True)])
def test_opregion(name, there):
    """Asked for unless it is known that there is none."""
    option = next(word for word in options(name)
                  if word.startswith('vfio-pci,'))
    assert ('x-igd-opregion=on' in option.split(',')) == there
    found = [one.get('name') for one in libvirt_plan(
        '--from', bundle(name)).iter() if one.get('name')]
    assert ('x-igd-opregion' in found) == there


@pytest.mark.parametrize('name, there', [
    ('skylake-ready', True), ('skylake-nobody', False), ('no-file', False)])
def test_proxmox_gets_an_opregion_that_is_there(name, there):
    """Its emulator does not start if it is asked for one that is not."""
    said = run('plan', '-m', '8G', '--format', 'proxmox', '--from',
               bundle(name)).stdout
    assert ('x-igd-opregion=on' in words_of(said)[-1]) == there
    assert ('#   x-igd-opregion: whether there is an OpRegion only root is '
            'shown' in said) == (name == 'skylake-nobody')


def test_split_of_an_unknown_device():
    """Given to libvirt, too; where it is not known nothing is planned."""
    found = {one.get('name'): one.get('value') for one in libvirt_plan(
        '--from', bundle('unknown-id-root')).iter()}
    assert found['x-igd-stolen-gsm-size'] == str(8 << 20)
    done = run('plan', '-m', '8G', '--from', bundle('unknown-id'))
    assert done.returncode == 1
    assert 'the emulator needs x-igd-stolen-gsm-size' in done.stdout
    assert ('# or else give the emulator x-igd-stolen-gsm-size by hand: BDSM '
            'less 7b000000') in done.stdout
    assert 'vfio-pci,host' not in done.stdout


# Of an unknown device: what the kernel says of the DSM, and what the plan has.
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


def test_rom():
    path = '/usr/share/kvm/igd.rom'
    said = options('skylake-ready', '--rom', path)
    assert 'romfile=' + path in said[-1].split(',')
    domain = libvirt_plan('--rom', path, '--from', bundle('skylake-ready'))
    assert domain.find('devices/hostdev/rom').get('file') == path
    assert 'legacy-igd=1,romfile=igd.rom' in ' '.join(options(
        'skylake-ready', '--rom', path, '--machine', 'pc', form='proxmox'))
    assert '--rom FILE' in run('plan', '-m', '8G', '--from',
                               bundle('skylake-ready')).stdout


def test_audio():
    said = options('sound', '--audio')
    assert said[-1] == 'vfio-pci,host=0000:00:1f.3,addr=03.0'
    domain = libvirt_plan('--audio', '--from', bundle('sound'))
    assert len(domain.findall('devices/hostdev')) == 2
    done = run('plan', '-m', '8G', '--audio', '--from',
               bundle('sound-shared'))
    assert done.returncode == 1
    assert '# what i801_smbus does for the host stops' in done.stdout
    assert run('plan', '-m', '8G', '--from',
               bundle('sound-shared')).returncode == 0
    done = run('plan', '-m', '8G', '--audio', '--from', bundle('alder-lake'))
    assert done.returncode == 1
    assert 'no audio device' in done.stdout


def test_format_json_is_json():
    words = ('plan', '--memory', '8G', '--from', bundle('alder-lake'))
    assert (run(*words, '--json').stdout
            == run(*words, '--format', 'json').stdout)
