# Tests of the guest that goes step by step: counters, tables
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import struct
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from guestlib import acpi, catalog, outside, steps
from igdrmrr.ui import Failure


def table(length=144, revision=1):
    raw = bytearray(b'DMAR' + struct.pack('<IBB', length, 1, 0)
                    + b'BOCHS BXPC    ' + struct.pack('<I', revision)
                    + b'BXPC' + bytes(4))
    raw += bytes(range(length - len(raw)))
    raw[acpi.CHECKSUM] = -sum(raw) & 0xff
    return bytes(raw)


def test_raised_table_has_a_right_checksum():
    new = acpi.raised(table())
    assert sum(new) & 0xff == 0
    assert struct.unpack_from('<I', new, acpi.OEM_REVISION) == (2,)
    old = bytearray(table())
    changed = [at for at, (a, b) in enumerate(zip(old, new)) if a != b]
    assert changed == [acpi.CHECKSUM, acpi.OEM_REVISION]


@pytest.mark.parametrize('broken', [
    table()[:-1], table() + b'\0', table()[:20], b'DMAR',
    table()[:50] + b'\xff' + table()[51:],
], ids=['short', 'long', 'header cut', 'name only', 'checksum'])
def test_broken_table_is_refused(broken):
    with pytest.raises(acpi.TableError):
        acpi.raised(broken)


class Monitor:
    """An emulator whose guest says one of the texts each time it goes on."""

    def __init__(self, says, texts, events):
        self.done = []
        self.says = says
        self.texts = texts
        self.events = events
        self.stats = dict.fromkeys(
            ('region-maps', 'region-unmaps', 'region-unmapped-ns',
             'region-entries', 'fatal'), 0)

    def cmd(self, command, **arguments):
        self.done.append(command)
        if command == 'cont':
            with open(self.says, 'a', encoding='utf-8') as says:
                says.write(self.texts.pop(0))
        if command == 'qom-get':
            return ('unmap 0x1000-0x1fff calls 1\n'
                    if arguments['property'] == 'region-calls'
                    else dict(self.stats))

    def pull_event(self, wait=0):
        if wait:
            return {'event': 'RESET'}
        return self.events.pop(0) if self.events else None


def shutdown(reason):
    return {'event': 'SHUTDOWN', 'data': {'reason': reason}}


def walk(directory, texts, events, gone=False):
    says = directory / outside.SAYS
    says.write_text('')
    with closing(outside.Port(directory)) as mine:
        answers = os.open(directory / 'answers', os.O_RDONLY | os.O_NONBLOCK)
        monitor = Monitor(says, texts, events)
        walker = steps.Walker()
        try:
            walker(outside.Outside(monitor, mine, directory, lambda: gone))
            assert walker.done
            return walker, monitor, os.read(answers, 1000)
        finally:
            os.close(answers)


def test_walk_with_a_reboot(tmp_path):
    walker, monitor, answers = walk(
        tmp_path,
        ['@@L1 started 1.0\n@@L1 step boot\n@@L1 step driver-bind\n'
         '@@L2 step x\n', '', '@@L1 step boot\n'],
        [None, None, None, shutdown('guest-reset'), shutdown('guest-reset'),
         None, shutdown('guest-shutdown')])
    assert [step.name for step in walker.steps] == [
        'realize', 'boot', 'driver-bind', 'going-down', 'reset',
        'boot-again', 'power-off']
    assert answers == b'on\non\nlast\n'
    # Two requests for one reset are two resets, and one step.
    assert monitor.done.count('system_reset') == 2
    assert len(walker.steps[4].calls) == 2
    assert monitor.done[-1] == 'quit'


def test_walk_that_reboots_before_its_first_step(tmp_path):
    with pytest.raises(Failure, match='after 0 boots'):
        walk(tmp_path, [''], [shutdown('guest-reset')])


def test_walk_whose_emulator_ends(tmp_path):
    with pytest.raises(outside.OutsideError, match='gone'):
        walk(tmp_path, ['@@L1 step boot\n'], [], True)


@pytest.mark.parametrize('done', [False, True])
def test_walk_that_breaks_off(monkeypatch, done):
    """As when the runner's time limit ends it."""
    def boot(spec):
        walker, = spec.visits
        walker.done = done
        return outcome

    outcome = SimpleNamespace(run=SimpleNamespace(
        directory=Path('/nowhere'), errors='why'))
    monkeypatch.setattr(steps, 'write_trace', lambda *_: None)
    bench = SimpleNamespace(boot=boot)
    if done:
        assert steps.walk(bench, catalog.NO_WINDOW).steps == []
    else:
        with pytest.raises(Failure, match='(?s)no-window did not .*why'):
            steps.walk(bench, catalog.NO_WINDOW)
