# Guest harness: three boots in one emulator, and verdicts that can fail
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
from types import SimpleNamespace

import pytest

from guestlib import handover, kexec
from guestlib.evidence import Evidence

LINUX = '[    0.000000] Linux version 6.1.0\n'
COPIED = (f'[    2.216629] {kexec.TAKES_OVER}\n'
          f'[    2.218454] {kexec.COPIED}\n')
CONSOLE = 'firmware\n' + LINUX + LINUX + LINUX + COPIED
SAYS = '@@L1 started 2.45\n' * 3
STATS = {'region-maps': 1, 'region-unmaps': 0, 'fatal': 0, 'surrendered': 0}
STATE = 'vtd_rmrr_state 00:02.0 0x7b000000-0x7f7fffff mapped '
TRACE = (STATE + '1: the guest maps all of it to itself\n'
         + STATE + '1: translation is off\n')


def outcome(console=CONSOLE, says=SAYS):
    run = SimpleNamespace(console=console, says=says)
    return SimpleNamespace(run=run, l1=Evidence('L1', console, says))


@pytest.mark.parametrize('console,says', [
    (CONSOLE.replace(LINUX, '', 1), SAYS),
    (CONSOLE + LINUX, SAYS),
    (CONSOLE, SAYS[:-1].rsplit('\n', 1)[0]),
    ('', ''),
])
def test_boots_are_counted(console, says):
    assert kexec.booted_thrice(outcome())
    assert not kexec.booted_thrice(outcome(console, says))


@pytest.mark.parametrize('console', [
    CONSOLE.replace(COPIED, ''),
    CONSOLE.replace(kexec.COPIED, 'DMAR: Failed to copy'),
    CONSOLE.replace(LINUX, LINUX + COPIED, 1),
    'firmware\n' + LINUX + LINUX + COPIED,
])
def test_tables_taken_over(console):
    assert kexec.took_over(kexec.boots(outcome()))
    assert not kexec.took_over(kexec.boots(outcome(console)))


def listener(**changes):
    stats = dict(STATS, **{key.replace('_', '-'): value
                           for key, value in changes.items()})
    return Evidence('L0', '', '@@L0 listener off ' + json.dumps(
        stats, separators=(',', ':')))


@pytest.mark.parametrize('changes', [
    {'region_maps': 2}, {'region_unmaps': 1}, {'fatal': 1},
    {'surrendered': 1}, {'region_maps': 0}])
def test_calls(changes):
    assert handover.no_call(listener(), 'off')
    assert not handover.no_call(listener(**changes), 'off')


@pytest.mark.parametrize('trace', [
    TRACE.replace('mapped 1: tr', 'mapped 0: tr'),
    TRACE.replace('translation is off', 'the guest maps none of it'),
    TRACE.splitlines()[0], TRACE + TRACE, ''])
def test_mapped_throughout(trace):
    wanted = ('identity', 'translation-off')
    assert handover.always_mapped(TRACE.splitlines(), *wanted)
    assert not handover.always_mapped(trace.splitlines(), *wanted)


