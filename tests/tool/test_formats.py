# Outputs against the schemas of others: libvirt's, JSON's, a shell's
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import shlex
import subprocess
import xml.etree.ElementTree as xml

import jsonschema
import pytest

from conftest import ROOT, bundle, run

SCHEMA = json.loads((ROOT / 'tools/igd-stolen/schema.json').read_text())
COMMANDS = {'probe': ('probe',), 'verify': ('verify',),
            'plan': ('plan', '--memory', '8G'),
            'plan-ovmf': ('plan', '--memory', '8G', '--firmware', 'ovmf'),
            'plan-no-iommu': ('plan', '--memory', '8G', '--no-iommu')}


def test_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize('command', COMMANDS)
def test_json_fits_schema(host, command):
    done = run(*COMMANDS[command], '--json', '--from', bundle(host))
    jsonschema.validate(json.loads(done.stdout), SCHEMA)


@pytest.mark.parametrize('change', [
    lambda said: said.pop('verdict'),
    lambda said: said.update(more=1),
    lambda said: said['host']['region'].update(base=0x7b000000),
    lambda said: said['host']['region'].update(base='7b000000'),
    lambda said: said['host']['igd'].pop('address'),
    lambda said: said['checks'][0].update(status='maybe'),
])
def test_schema_refuses(change):
    said = json.loads(run('probe', '--json', '--from',
                          bundle('skylake-ready')).stdout)
    jsonschema.validate(said, SCHEMA)
    change(said)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(said, SCHEMA)


@pytest.mark.parametrize('words', [
    (), ('--firmware', 'ovmf'), ('--no-iommu',)], ids=' '.join)
def test_libvirt_takes_xml(host, words, tmp_path):
    done = run('plan', '--memory', '8G', '--format', 'libvirt', *words,
               '--from', bundle(host))
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


@pytest.mark.parametrize('name', ['qemu', 'proxmox'])
def test_shell_takes_script(host, name):
    base = ('plan', '--memory', '8G', '--firmware', 'ovmf', '--from',
            bundle(host))
    done = run(*base, '--format', name)
    if done.returncode:
        assert 'FAIL' in done.stdout
        return
    plan = json.loads(run(*base, '--json').stdout)['plan']
    expected = shlex.split(' '.join(one['option'] for one in plan[name]))
    assert words_of(done.stdout)[-len(expected):] == expected


def test_format_json_is_json():
    words = ('plan', '--memory', '8G', '--from', bundle('alder-lake'))
    assert (run(*words, '--json').stdout
            == run(*words, '--format', 'json').stdout)
