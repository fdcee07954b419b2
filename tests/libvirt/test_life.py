# A domain with igd-testdev under Debian's libvirt, from define to undefine
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import xml.etree.ElementTree as xml

import pytest

from guestlib import checks
from guestlib.catalog import USUAL
from guestlib.evidence import Evidence

REGION = ('igd-stolen@7b000000: 0x7b000000-0x7f7fffff, BDSM 0x7b800000, '
          'policy exact')
SITE_LINE = ('include if exists <abstractions/libvirt-qemu.d> '
             '# qemu-system-x86-igd-rmrr')


@pytest.fixture
def guest(life):
    """What the domain's guest said."""
    return Evidence('L1', '\n'.join(life.of('console')),
                    '\n'.join(life.of('says')))


@pytest.mark.parametrize('step', [
    'libvirtd', 'modules', 'define', 'start', 'shutdown', 'off', 'again',
    'destroy', 'undefine', 'no_modules', 'purge', 'reinstall', 'trigger',
    'triggered'])
def test_step(life, step):
    life.of(step)


@pytest.mark.parametrize('step, there', [
    ('capabilities', False), ('capabilities_then', True),
    ('capabilities_again', False)])
def test_libvirt_knows_of_modules(life, step, there):
    """It notices that one came or went, though it has asked before."""
    devices = xml.fromstring('\n'.join(life.of(step))).find('devices')
    for kind, value in (('graphics', 'spice'), ('video', 'qxl')):
        values = [one.text for one in devices.find(kind).iter('value')]
        assert values and (value in values) == there


def test_runs(life):
    assert life.of('state')[:1] == ['running']


def test_emulator_reserves_region(life):
    assert life.of('rmrr')[0].startswith(REGION)


def test_guest_is_ready(life, guest):
    life.of('ready')
    assert guest.started


@pytest.mark.parametrize('check', [
    checks.rmrr_logged, checks.rmrr_in_table, checks.kernel_stolen,
    checks.e820_reserved, checks.group_relaxable],
    ids=lambda check: check.__name__)
def test_guest_saw(guest, check):
    found = check(guest, USUAL)
    assert found, str(found)


def test_tool_agrees(guest):
    wrong = [str(one) for one in checks.tool_verdicts(guest) if not one]
    assert wrong == []


def test_guest_has_no_trouble(guest):
    assert guest.kernel_trouble() == []
    assert guest.firmware_bugs() == []
    assert guest.dmar_faults() == []


def test_power_button_ends_guest(guest):
    assert guest.finished


def test_emulator_is_in_a_sandbox(life):
    assert '-sandbox on,' in ' '.join(life.of('emulator'))


def test_emulator_has_vnc(life):
    assert life.of('vnc')[0].startswith('vnc+unix://')


def test_emulator_does_not_complain(life):
    said = [line for line in life.of('emulator')
            if ' qemu-system-x86_64-igd-rmrr: ' in line]
    assert [line for line in said if 'terminating on signal' not in line
            ] == []


@pytest.mark.parametrize('step', ['list', 'left'])
def test_nothing_is_left(life, step):
    assert [line for line in life.of(step) if line] == []


def test_rules_are_taken_in(life):
    assert life.of('site') == [SITE_LINE]


@pytest.mark.parametrize('step', ['purged', 'rules_left'])
def test_purge_takes_rules_out(life, step):
    assert life.of(step) == []


def test_rules_are_taken_in_when_libvirt_comes_later(life):
    assert life.of('site_again') == [SITE_LINE]
