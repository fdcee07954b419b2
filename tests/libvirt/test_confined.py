# A domain that is handed an IGD, under AppArmor as Debian has it
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import xml.etree.ElementTree as xml

import pytest

from guestlib.catalog import USUAL
from guestlib.evidence import Evidence

PROFILE = r'libvirt-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12} \(enforce\)$'


def test_comes_to_its_end(confined):
    assert '@@L1 finished' in confined.text


@pytest.mark.parametrize('step', [
    'rules', 'libvirtd', 'modules', 'change', 'define', 'start', 'destroy',
    'undefine'])
def test_step(confined, step):
    confined.of(step)


def test_apparmor_is_on(confined):
    assert confined.of('enabled') == ['Y']


@pytest.mark.parametrize('command, label', [
    ('libvirtd', r'libvirtd \(enforce\)$'), ('qemu-system-x86', PROFILE)])
def test_is_confined(confined, command, label):
    labels = [line[len(command) + 1:] for line in confined.of('labels')
              if line.startswith(command + ' ')]
    assert labels
    assert [one for one in labels if not re.match(label, one)] == []


def test_nothing_is_denied(confined):
    assert confined.of('denied') == []


def test_emulator_reserves_region(confined):
    assert confined.of('info')[0].startswith(
        'igd-stolen@%x: %#x-%#x, BDSM %#x' % (
            USUAL.region.base, USUAL.region.base, USUAL.region.limit,
            USUAL.dsm_base))


@pytest.mark.parametrize('pattern', [
    '/dev/hugepages/', '/dev/input/event0$',
    '/usr/lib/.*/qemu-igd-rmrr/ui-spice-core.so$'])
def test_emulator_holds(confined, pattern):
    """Not only asked for: the profile lets it have them."""
    assert [path for path in confined.of('held') if re.match(pattern, path)]


def test_device_is_asked_for_identity(confined):
    assert '"x-igd-stolen":"identity"' in ' '.join(confined.of('emulator'))


def test_domain_was_changed(confined):
    """It had the network card in the place of the IGD, and no IOMMU."""
    changed = [line[1:].strip() for line in confined.of('change')
               if line.startswith('+')]
    assert '<emulator>/usr/bin/qemu-system-x86_64-igd-rmrr</emulator>' in (
        changed)
    assert "<iommu model='intel'>" in changed
    assert "<alias name='ua-igd'/>" in changed
    assert [line for line in changed if "slot='0x03'" in line]


def test_emulator_has_vhost(confined):
    assert 'ifname=tap9' in ' '.join(confined.of('vhost'))


def test_guest_saw_rmrr(confined):
    confined.of('ready')
    guest = Evidence('L2', '\n'.join(confined.of('rmrr')), '')
    assert guest.logged_rmrrs() == [USUAL.region]


def test_plan_without_kvm(confined):
    plan = '\n'.join(confined.of('plan'))
    domain = xml.fromstring(plan[plan.index('<domain'):])
    assert domain.get('type') == 'qemu'
    assert domain.find('features/ioapic').get('driver') == 'qemu'
    assert domain.findtext('devices/emulator').endswith('-igd-rmrr')


@pytest.mark.parametrize('step', ['list', 'left'])
def test_nothing_is_left(confined, step):
    assert [line for line in confined.of(step) if line] == []
