# Tests of the guest that goes step by step: monitor, counters, tables
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import socket
import struct
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'functional'))

from guestlib import acpi, qmp, runner, steps  # noqa: E402


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

    def __init__(self, guest, texts, events):
        self.done = []
        self.guest = guest
        self.texts = texts
        self.events = events
        self.stats = dict.fromkeys(
            ('region-maps', 'region-unmaps', 'region-unmapped-ns',
             'region-entries', 'fatal'), 0)

    def execute(self, command, **_arguments):
        self.done.append(command)
        if command == 'cont':
            self.guest.sendall(self.texts.pop(0).encode())

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
    def wait(self, _timeout):
        return 0


def shutdown(reason):
    return {'event': 'SHUTDOWN', 'data': {'reason': reason}}


def walk(texts, events):
    mine, guest = socket.socketpair()
    monitor = Monitor(guest, texts, events)
    walker = steps.Walker(Process(), mine, monitor)
    walker.POLL = 0.01
    try:
        walker.walk(time.monotonic() + 1)
        return walker, monitor, guest.recv(1000)
    finally:
        mine.close()
        guest.close()


def test_walk_with_a_reboot():
    walker, monitor, answers = walk(
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


def test_walk_that_reboots_before_its_first_step():
    with pytest.raises(steps.StepError, match='after 0 boots'):
        walk([''], [shutdown('guest-reset')])


def test_walk_that_takes_too_long():
    with pytest.raises(steps.StepError, match='too long'):
        walk(['@@L1 step boot\n'], [])


def test_command_has_sockets_in_place_of_the_port(tmp_path):
    guest = runner.Guest('x', Path('emulator'), Path('firmware'), [],
                         Path('kernel'), Path('initramfs'))
    words = steps.command(guest, tmp_path, 5, 6)
    assert f'file:{tmp_path / "says.log"}' not in words
    assert words.index('chardev:says') == words.index(
        f'file:{tmp_path / "console.log"}') + 2
    assert f'socket,id=says,fd=5,logfile={tmp_path / "says.log"}' in words
    assert '-no-shutdown' in words and '-no-reboot' in words


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
