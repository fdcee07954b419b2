"""Tests of the check: its two lanes, its table, what --full adds

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import os
import subprocess
import threading
import time

import pytest

from igdrmrr import check, suites, ui
from igdrmrr.cases import Cases
from igdrmrr.ui import Failure


def cases(passed):
    found = Cases('x')
    found.passed = passed
    return found


@pytest.fixture
def lanes(monkeypatch):
    """Suites that are functions; gives a function that runs them all."""
    def run(found):
        monkeypatch.setattr(check, 'SUITES', found)
        monkeypatch.setattr(check, 'build_all', lambda chosen: Cases('build'))
        return check.check(list(found))

    return run


def test_lanes_run_side_by_side(lanes):
    """Each waits for the other one."""
    meeting = threading.Barrier(2, timeout=10)

    def suite(_):
        meeting.wait()
        return cases(1)

    found = lanes({'guest': suite, 'lint': suite})
    assert [(name, str(counted)) for name, counted, _ in found[1:]] == [
        ('guest', '1 passed, 0 failed'), ('lint', '1 passed, 0 failed')]


def test_suite_that_cannot_run_is_a_failure(lanes):
    def broken(_):
        raise Failure('no emulator')

    found = lanes({'lint': broken, 'docs': lambda _: cases(2)})
    assert found[1][1].failed == ['lint: could not be run']
    assert found[2][1].passed == 2


def test_program_that_crashes_at_once_is_a_failure(monkeypatch, tmp_path):
    """pytest that ends before it wrote a report, for one."""
    monkeypatch.setattr(check.paths, 'BUILD', tmp_path)
    monkeypatch.setattr(check.paths, 'QEMU_TOP', tmp_path)
    monkeypatch.setattr(check.paths, 'LOGS', tmp_path)
    monkeypatch.setitem(suites.PYTEST, 'x', tmp_path)
    for words, why in ((['true'], 'ran no test'),
                       (['sh', '-c', 'kill -SEGV $$'], 'exit status -11')):
        monkeypatch.setattr(suites, 'pytest_command', lambda *_: words)
        assert why in check.run_pytest('x').failed[0]


def test_interrupt_ends_the_other_lane(lanes, monkeypatch):
    """What one lane runs is ended when the other one is interrupted."""
    monkeypatch.setattr(ui, '_stopping', threading.Event())
    began = threading.Event()

    def long(_):
        began.set()
        ui.run_logged('sleep', ['sleep', '60'], 'test-check.log')

    def interrupted(_):
        began.wait(10)
        time.sleep(0.2)
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        lanes({'guest': interrupted, 'lint': long})
    assert time.monotonic() - start < 20


def test_interrupt_reaches_what_a_pytest_suite_runs(tmp_path):
    """Which has a process group of its own."""
    child = tmp_path / 'child'
    (tmp_path / 'test_it.py').write_text('''
from igdrmrr import paths, ui

ui.install_signal_handlers()

def test_it():
    paths.LOGS = paths.Path('%s')
    ui.run_logged('x', ['sh', '-c', 'echo $$ > %s; exec sleep 60'], 'log')
''' % (tmp_path, child))
    process = subprocess.Popen(
        suites.pytest_command('-q'), cwd=tmp_path, start_new_session=True,
        env=suites.pytest_environment(), stdout=subprocess.DEVNULL)
    while not (child.exists() and child.read_text()):
        time.sleep(0.05)
    ui.stop_group(process)
    with pytest.raises(ProcessLookupError):
        os.kill(int(child.read_text()), 0)


def test_table():
    counted = cases(3)
    counted.fail('y')
    counted.times = [(1.0, 'x: quick'), (61.4, 'x: slow')]
    lines = list(check.table([('unit', counted, 62.3), ('all', counted, 63)]))
    assert [line.split() for line in lines[1:3]] == [
        ['unit', '62', '3', '1', '0'], ['all', '63', '3', '1', '0']]
    assert [line.split()[-1] for line in lines[4:]] == ['slow', 'quick']


@pytest.mark.parametrize('words', [[], ['--full']])
def test_asan_is_of_full(monkeypatch, tmp_path, words):
    # The check that runs this has the lock of the real one.
    monkeypatch.setattr(check.paths, 'BUILD', tmp_path)
    monkeypatch.setattr(check.paths, 'QEMU_TOP', tmp_path)
    monkeypatch.setenv(suites.FULL, '')
    monkeypatch.delenv(suites.FULL)
    chosen = []
    monkeypatch.setattr(check, 'check',
                        lambda names: chosen.extend(names) or [])
    assert check.cmd_check(words) == 1      # nothing ran
    assert ('asan' in chosen) == bool(words)
    assert 'guest' in chosen


@pytest.mark.parametrize('qemu, full, few', [
    ('10.0', False, False), ('newest', False, True), ('newest', True, False)])
def test_another_qemu_is_checked_in_short(monkeypatch, qemu, full, few):
    """But with --full."""
    monkeypatch.setattr(suites.paths, 'QEMU', qemu)
    monkeypatch.setattr(suites, 'full', lambda: full)
    monkeypatch.setattr(check.stock, 'build_reference', lambda: None)
    monkeypatch.setattr(check, 'run_meson', lambda _, names: names)
    monkeypatch.setattr(check, 'run_pytest', lambda *words: words[2])
    names = check.suite_qtest('qtest')
    assert bool(names) == few and 'bios-tables-test' not in names
    assert check.suite_guest('guest') == (suites.OTHER_GUESTS if few else ())
