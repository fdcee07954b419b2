# Tests of the guest that goes step by step: monitor, counters, tables
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import socket
import struct
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'functional'))

from guestlib import acpi, port, qmp, steps  # noqa: E402


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


def test_archive_is_where_the_kernel_looks():
    blob = acpi.archive(acpi.raised(table()))
    assert blob.startswith(b'070701')
    assert b'kernel/firmware/acpi/dmar.aml\0' in blob
    assert acpi.raised(table()) in blob


def answer_as(connection, answers):
    """A monitor that greets, and says the answers to what comes."""
    def run():
        with connection:
            connection.sendall(b'{"QMP": {}}\r\n')
            stream = connection.makefile()
            for answer in [b'{"return": {}}'] + answers:
                stream.readline()
                connection.sendall(answer + b'\n')
    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_monitor_keeps_events_of_the_meantime():
    mine, other = socket.socketpair()
    thread = answer_as(other, [
        b'{"event": "SHUTDOWN", "data": {"reason": "guest-reset"}}\n'
        b'{"return": 7}',
        b'{"error": {"class": "GenericError", "desc": "no such thing"}}'])
    monitor = qmp.Monitor(mine)
    assert monitor.event() is None
    assert monitor.get('/machine', 'x') == 7
    assert monitor.event()['event'] == 'SHUTDOWN'
    with pytest.raises(qmp.QmpError, match='no such thing'):
        monitor.set('/machine', 'x', True)
    thread.join()
    with pytest.raises(qmp.QmpError, match='gone'):
        monitor.execute('cont')
    mine.close()


def test_lines_come_whole():
    mine, other = socket.socketpair()
    lines = qmp.Lines(mine)
    other.sendall(b'one\ntw')
    assert (lines.next(1), lines.next(0.01)) == ('one', None)
    other.sendall(b'o\n')
    assert lines.next(1) == 'two'
    other.close()
    with pytest.raises(EOFError):
        lines.next(1)
    mine.close()


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

    def execute(self, command, **_arguments):
        self.done.append(command)
        if command == 'cont':
            with open(self.says, 'a', encoding='utf-8') as says:
                says.write(self.texts.pop(0))

    def get(self, _path, name):
        return ('unmap 0x1000-0x1fff calls 1\n'
                if name == 'listener-region-calls' else dict(self.stats))

    def set(self, _path, name, _value):
        self.done.append(name)

    def event(self):
        return self.events.pop(0) if self.events else None

    def wait(self, name):
        self.done.append('wait ' + name)


class Process:
    def __init__(self, status=None):
        self.status = status

    def poll(self):
        return self.status

    def wait(self, _timeout):
        return 0


def shutdown(reason):
    return {'event': 'SHUTDOWN', 'data': {'reason': reason}}


def walk(directory, texts, events, status=None):
    says = directory / port.SAYS
    says.write_text('')
    with closing(port.Port(directory)) as mine:
        answers = os.open(directory / 'answers', os.O_RDONLY | os.O_NONBLOCK)
        monitor = Monitor(says, texts, events)
        walker = steps.Walker(Process(status), mine, monitor)
        walker.POLL = 0.01
        try:
            walker.walk(time.monotonic() + 1)
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
    with pytest.raises(steps.StepError, match='after 0 boots'):
        walk(tmp_path, [''], [shutdown('guest-reset')])


def test_walk_that_takes_too_long(tmp_path):
    with pytest.raises(steps.StepError, match='too long'):
        walk(tmp_path, ['@@L1 step boot\n'], [])


def test_walk_whose_emulator_ends(tmp_path):
    with pytest.raises(steps.StepError, match='gone'):
        walk(tmp_path, ['@@L1 step boot\n'], [], 1)


def test_command_is_paused_with_a_monitor():
    words = steps.command(['emulator', '-no-reboot'], 6)
    assert words[:2] == ['emulator', '-no-reboot']
    assert 'socket,id=monitor,fd=6' in words
    assert '-S' in words and '-no-shutdown' in words


def test_trace_names_the_step(tmp_path):
    one = steps.Step('boot', 2, 1, 30, 1, 0, ['map 0x1-0x2 calls 2'])
    steps.write_trace(steps.Walk(None, [one]), tmp_path / 'steps.log')
    assert (tmp_path / 'steps.log').read_text() == (
        'boot: 2 maps, 1 unmaps, not mapped for 30 ns\n'
        '    map 0x1-0x2 calls 2\n')


def test_unmaps_leave_realize_out():
    done = steps.Walk(None, [steps.Step('realize', 1, 5, 0, 1, 0),
                             steps.Step('boot', 0, 2, 0, 1, 0)])
    assert done.unmaps() == 2
    assert done.step('boot').unmaps == 2 and done.step('x') is None
