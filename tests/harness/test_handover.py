# Guest harness: the device handed on, seen from inside and outside
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from contextlib import closing

import pytest

from guestlib import checks, handover, outside
from guestlib.evidence import Evidence
from igdrmrr import paths

STOLEN = checks.Stolen(0x7b800000, 64 << 20, 8 << 20)

SAYS = f'''\
@@L1-before region_sum status 0x00000002 value 0x1234
@@L2 region_sum status 0x00000002 value 0x0000000051112223
@@L2 device_to_cpu status 0x00000002 words 0x0DDBA110 0x0DDBA110
@@L1-back region_sum status 0x00000002 value 0x1234
@@L1-back region_word {0x7b000000} 0x7B000000
@@L1-back region_word {0x7f7ffffc} 0x7F7FFFFC
@@L1 finished 9.00
'''

STATE = 'vtd_rmrr_state 00:02.0 0x7b000000-0x7f7fffff mapped '
TRACE = ''.join(STATE + line + '\n' for line in (
    '1: the guest maps all of it to itself',
    '0: the device has no context entry', '0: the guest maps none of it',
    '0: the guest maps something else there',
    '0: the device has no context entry',
    '1: the guest maps all of it to itself', '1: translation is off'))
STATS = {'region-maps': 1, 'region-unmaps': 0, 'fatal': 0, 'surrendered': 0}
NOTES = '''\
@@L0 rmrr lent keep foreign {"mapped":false,"switches":1}
@@L0 listener lent {"entries":7}
'''


def told(old='', new='', text=SAYS):
    assert not old or old in text
    return text.replace(old, new)


def level(name, says):
    return Evidence(name, '', says)


def reads(says):
    return handover.cpu_seen_by_device(level('L2', says))


def writes(says):
    return handover.device_seen_by_cpu(level('L2', says))


def intact(says):
    return handover.marks_intact(level('L1-back', says), STOLEN)


def as_before(says):
    return handover.same_sum(level('L1-before', says),
                             level('L1-back', says))


@pytest.mark.parametrize('check,old,new', [
    (reads, 'value 0x0000000051112223', 'value 0x0000000051112224'),
    (reads, '@@L2 region_sum', '@@L2 other'),
    (reads, '@@L2 region_sum status 0x00000002',
     '@@L2 region_sum status 0x80000005'),
    (writes, '0x0DDBA110 0x0DDBA110', '0x0DDBA110 0x40000001'),
    (writes, '0x0DDBA110 0x0DDBA110', '0x0DDBA110'),
    (writes, 'device_to_cpu status 0x00000002',
     'device_to_cpu status 0x80000006'),
    (intact, '0x7B000000', '0x0DDBA110'),
    (intact, f'region_word {0x7b000000}', f'region_word {0x7b400000}'),
    (intact, f'@@L1-back region_word {0x7f7ffffc}', '@@L1 other'),
    (intact, '@@L1-back', '@@L1-front'),
    (as_before, 'back region_sum status 0x00000002 value 0x1234',
     'back region_sum status 0x00000002 value 0x1235'),
    (as_before, '@@L1-before', '@@L1-earlier'),
    (as_before, '@@L1-back region_sum', '@@L1-back other'),
    (as_before, 'back region_sum status 0x00000002',
     'back region_sum status 0x80000005'),
])
def test_check_passes_and_fails(check, old, new):
    assert check(SAYS)
    assert not check(told(old, new))


def test_silence_does_not_pass():
    assert not any(check('') for check in (reads, writes, intact, as_before))


def test_cleared():
    zero = told('0x7B000000', '0x0').replace('0x7F7FFFFC', '0x0')
    assert handover.marks_cleared(level('L1-back', zero), STOLEN)
    assert not handover.marks_cleared(level('L1-back', SAYS), STOLEN)


@pytest.mark.parametrize('old,new', [
    ('0: the guest maps something else there\n', '0: the guest maps none of '
     'it\n'),
    ('0: the device has no context', '1: the device has no context'),
    ('1: translation is off\n', '1: translation is off\n' + STATE
     + '0: the host could not map it\n'),
    ('1: translation is off', '1: of a reason that is new'),
])
def test_way_passes_and_fails(old, new):
    assert handover.way(TRACE.splitlines())
    assert not handover.way(told(old, new, TRACE).splitlines())


def test_way_under_lock():
    locked = told('0: the guest maps something else there',
                  "1: rmrr-policy=lock, against the guest's tables", TRACE)
    wanted = ('identity', 'locked', 'identity', 'translation-off')
    assert handover.way(locked.splitlines(), wanted)
    assert not handover.way(locked.splitlines())


def test_reasons_are_those_of_qapi():
    words = (paths.ROOT / 'qapi/rmrr-target.json').read_text()
    assert handover.REASONS
    assert all(f"'{word}'" in words for word in handover.REASONS.values())


def test_asked():
    l0 = level('L0', NOTES)
    assert handover.asked(l0, 'lent', 'keep', 'foreign')
    assert not handover.asked(l0, 'lent', 'keep', 'identity')
    assert not handover.asked(l0, 'lent', 'lock', 'foreign')
    assert not handover.asked(l0, 'own', 'keep', 'foreign')
    assert handover.device_seen(l0, 'lent') == {'mapped': False,
                                                'switches': 1}
    assert handover.listener(l0, 'lent') == {'entries': 7}


@pytest.mark.parametrize('changes', [
    {'region-maps': 2}, {'region-unmaps': 1}, {'fatal': 1},
    {'surrendered': 1}, {'region-maps': 0}])
def test_calls(changes):
    def listener(stats):
        return level('L0', '@@L0 listener off ' + outside.compact(stats))

    assert handover.no_call(listener(STATS), 'off')
    assert not handover.no_call(listener({**STATS, **changes}), 'off')


TWO = (STATE + '1: the guest maps all of it to itself\n'
       + STATE + '1: translation is off\n')


@pytest.mark.parametrize('trace', [
    TWO.replace('mapped 1: tr', 'mapped 0: tr'),
    TWO.replace('translation is off', 'the guest maps none of it'),
    TWO.splitlines()[0], TWO + TWO, ''])
def test_mapped_throughout(trace):
    wanted = ('identity', 'translation-off')
    assert handover.always_mapped(TWO.splitlines(), *wanted)
    assert not handover.always_mapped(trace.splitlines(), *wanted)


class Monitor:
    """Answers each command with the next of these."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def cmd(self, _command, **_arguments):
        return self.answers.pop(0)


@pytest.fixture
def guest(tmp_path):
    """What a guest says is written to the first; its port is the second."""
    with closing(outside.Port(tmp_path)) as mine, \
            open(tmp_path / outside.SAYS, 'w', buffering=1) as says:
        yield says, mine


def visitor(mine, gone=True):
    return outside.Outside(None, mine, None, lambda: gone)


def test_port_hears_in_order(guest):
    says, mine = guest
    says.write('@@L1 step boot\r\n@@L1 other\n@@L1-again step boot\n')
    visitor(mine).step('boot')
    visitor(mine).step('boot')
    with pytest.raises(outside.OutsideError, match='did not say'):
        visitor(mine).step('boot')


def test_failed_migration():
    monitor = Monitor({}, {'status': 'active'},
                      {'status': 'failed', 'error-desc': 'no space'})
    with pytest.raises(outside.OutsideError, match='no space'):
        outside.Outside(monitor, None, None).migrated()


def test_failed_command():
    outside.Outside(Monitor(''), None, None).human('savevm tag')
    with pytest.raises(outside.OutsideError, match='loadvm tag: no disk'):
        outside.Outside(Monitor('no disk'), None, None).human('loadvm tag')
