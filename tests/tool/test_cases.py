# Hosts of public reports, and what probe and plan have to say of them
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
from dataclasses import replace

import pytest

from conftest import BUNDLES, BY_NAME, answer, bundle, make, run

PLAN = ('plan', '--memory', '8G', '--firmware', 'ovmf')
IDENTITY = ('x-igd-stolen=identity',)


def given(base, size, *gsm):
    return ('x-igd-stolen-base=0x%x' % base, 'x-igd-stolen-size=0x%x' % size,
            *('x-igd-stolen-gsm-size=0x%x' % one for one in gsm))


# Host: what vfio-pci is given about stolen memory; None if the answer is no.
RIGHT = {
    'no-line': given(0x7b800000, 0x4800000),
    'two-lines': given(0x8b800000, 0x4800000),
    'direct-line': given(0x7b800000, 0x4800000),
    'direct-nobody': given(0x7b800000, 0x4800000),
    'no-file': given(0xdb000000, 0x4200000),
    'unknown-id': None,
    'unknown-id-root': given(0x7b000000, 0x4800000, 0x800000),
    'line-on-old-kernel': IDENTITY,
    'other-gpu-primary': IDENTITY,
    'virtual-functions': IDENTITY,
    'function-in-guest': (),
    'amber-lake': IDENTITY,
    'cannon-lake': IDENTITY,
    'wildcat-lake': (),
    'arrow-lake-s': (),
    'nova-lake': (),
    'kernel-3': None,
    'bridge-at-02': None,
    'no-intremap': None,
    'disk-in-group': None,
}


def device_option(plan):
    """What vfio-pci is given in the plan."""
    return next(one['option'] for one in plan['qemu']
                if one['option'].startswith('-device vfio-pci')).split(',')


def stolen(option):
    return tuple(word for word in option if word.startswith('x-igd-stolen'))


@pytest.mark.parametrize('name', RIGHT)
def test_right_answer(name):
    status, said = answer(bundle(name), 'probe')
    planned, plan = answer(bundle(name), *PLAN)
    if RIGHT[name] is None:
        assert (status, planned) == (1, 1)
        assert plan['plan'] is None
    else:
        assert (status, planned) == (0, 0)
        assert stolen(device_option(plan['plan'])) == RIGHT[name]


CONTRADICTIONS = (('--firmware', 'ovmf'), ('--machine', 'pc', '--audio'),
                  ('--no-iommu',))


def test_plan_never_contradicts_probe(host):
    """What probe fails plan fails, for the same reason; the rest too."""
    _, probed = answer(bundle(host), 'probe')
    for words in CONTRADICTIONS:
        status, planned = answer(bundle(host), 'plan', '-m', '2G', *words)
        there = {(one['name'], one['status'], one['detail'])
                 for one in planned['checks']}
        for one in probed['checks']:
            if one['name'] in ('verdict', 'width'):
                continue
            assert (one['name'], one['status'], one['detail']) in there
            assert one['status'] != 'fail' or status == 1


@pytest.mark.parametrize('form', ['qemu', 'libvirt', 'proxmox'])
@pytest.mark.parametrize('name', [name for name in RIGHT
                                  if RIGHT[name] is None])
def test_no_format_plans_what_fails(name, form):
    done = run('plan', '-m', '2G', '--format', form, '--from', bundle(name))
    assert done.returncode == 1
    assert 'FAIL' in done.stdout
    assert 'vfio-pci,host' not in done.stdout


def test_root_port_is_no_igd():
    for words in (('probe',), PLAN):
        for device in ((), ('--device', '00:02.0')):
            done = run(*words, *device, '--from', bundle('bridge-at-02'))
            assert done.returncode == 1
            assert 'no Intel display device' in done.stdout
            assert 'unbind' not in done.stdout


def test_other_device_is_no_igd():
    done = run('probe', '--device', '01:00.0', '--from',
               bundle('disk-in-group'))
    assert done.returncode == 1
    assert '144d:a808, class 0108' in done.stdout
    assert 'unbind' not in done.stdout


def without(text, *paths):
    """A bundle that says nothing of some paths."""
    for path in paths:
        text, count = re.subn(r'(?m)^(absent |denied )?\w+ %s\n(\|.*\n)*'
                              % re.escape(path), '', text)
        assert count
    return text


@pytest.mark.parametrize('hidden', [
    (), ('physfn',), ('physfn', 'config'), ('physfn', 'resource')],
    ids=' '.join)
def test_virtual_function(hidden, tmp_path):
    """Also where only its ids show that it is one."""
    path = tmp_path / 'host.bundle'
    path.write_text(without(
        bundle('virtual-functions').read_text(),
        *('/sys/bus/pci/devices/0000:00:02.1/' + name for name in hidden)))
    status, said = answer(path, 'probe', '--device', '00:02.1')
    assert status == 0
    assert {one['name']: one['detail'] for one in said['checks']}[
        'region'] == ('a virtual function has no stolen memory: nothing to '
                      'place')
    assert said['checks'][-1]['hint'].endswith(' --device 0000:00:02.1')
    status, said = answer(path, *PLAN, '--device', '00:02.1')
    assert status == 0
    assert stolen(device_option(said['plan'])) == ()
    assert said['plan']['placed'] is False


def test_virtual_function_with_an_id_of_its_own(tmp_path):
    path = tmp_path / 'host.bundle'
    old = '/sys/bus/pci/devices/0000:00:02.1/device\n| 0x46d1'
    text = bundle('virtual-functions').read_text()
    assert old in text
    path.write_text(text.replace(old, old.replace('46d1', '46d0')))
    _, said = answer(path, 'probe', '--device', '00:02.1')
    assert said['host']['virtual_function_of'] == '0000:00:02.0'


def test_functions_vanish():
    said = run('probe', '--from', bundle('virtual-functions')).stdout
    assert 'its virtual functions vanish: 0000:00:02.1, ' in said


# What if a source is missing: what says so in the bundle, and what is known
# then. Of two sources one is enough; base and size are given if it is not the
# one that the emulator finds by itself.
IGD = '/sys/bus/pci/devices/0000:00:02.0/'
GROUP = '/sys/kernel/iommu_groups/1/'
REGION = given(0x7b000000, 0x4800000)
MISSING = {
    'nothing': ({}, (), IDENTITY),
    'config': ({}, (IGD + 'config',), IDENTITY),
    'no line': ({'source': 'none'}, (), REGION),
    'two lines': ({'source': 'two'}, (), REGION),
    'direct': ({'source': 'direct', 'kernel': '4.19.0'}, (), REGION),
    'no file': ({'source': 'absent'}, (), REGION),
    'group': ({}, (GROUP + 'reserved_regions',), REGION),
    'config, direct': ({'source': 'direct', 'kernel': '4.19.0'},
                       (IGD + 'config',), REGION),
    'config, no line': ({'source': 'none'}, (IGD + 'config',), None),
    'config, two lines': ({'source': 'two'}, (IGD + 'config',), None),
    'config, direct on 6.12': ({'source': 'direct'}, (IGD + 'config',),
                               None),
    'class 0380': ({'display': 0x038000}, (), IDENTITY),
    'class 0300': ({'display': 0x060400}, (), None),
    'another GPU': ({'besides': {'0000:01:00.0': (
        0x8086, 0x56a0, 0x030000, 'xe')}}, (), IDENTITY),
    'log': ({}, ('/dev/kmsg',), IDENTITY),
    'table': ({}, ('/sys/firmware/acpi/tables/DMAR',), IDENTITY),
    'ecap': ({}, ('/sys/class/iommu/dmar0/intel-iommu/ecap',), IDENTITY),
    'no intremap': ({'ecap': 0}, (), None),
    'no intremap, ecap': ({'ecap': 0}, (
        '/sys/class/iommu/dmar0/intel-iommu/ecap',), None),
    'resource': ({}, (IGD + 'resource',), IDENTITY),
    'physfn': ({}, (IGD + 'physfn',), IDENTITY),
    'os-release': ({}, ('/etc/os-release',), IDENTITY),
    'map': ({}, ('/proc/iomem',), IDENTITY),
    'VT-d': ({'vtd': 'kernel-off'}, (), None),
    'kernel': ({}, ('/proc/sys/kernel/osrelease',), IDENTITY),
}


@pytest.mark.parametrize('name', MISSING)
def test_what_if_a_source_is_missing(name, tmp_path):
    changes, paths, wanted = MISSING[name]
    path = tmp_path / 'host.bundle'
    path.write_text(without(make.bundle_of(
        replace(BY_NAME['skylake-ready'], **changes)), *paths))
    probed, _ = answer(path, 'probe')
    planned, said = answer(path, *PLAN)
    if wanted is None:
        assert (probed, planned) == (1, 1)
    else:
        assert (probed, planned) == (0, 0)
        assert stolen(device_option(said['plan'])) == wanted
        assert said['plan']['low_ram'] == '0x7b000000'


def test_interrupts_at_ones_own_risk(tmp_path):
    text = bundle('no-intremap').read_text()
    name = '/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts'
    old = 'absent file %s\n' % name
    assert old in text
    path = tmp_path / 'host.bundle'
    path.write_text(text.replace(old, 'file %s\n| Y\n' % name))
    status, said = answer(path, 'probe')
    assert status == 0
    assert {one['name']: one['status'] for one in
            said['checks']}['intremap'] == 'warn'


def test_every_host_is_answered_somewhere():
    assert set(RIGHT) <= set(BUNDLES)
