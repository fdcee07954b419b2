"""Tests of the check: its two lanes, its table, what --full adds

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import threading
import time

import pytest

from igdrmrr import check, results, suites, ui
from igdrmrr.ui import Failure


@pytest.fixture
def lanes(monkeypatch):
    """Suites that are functions; gives a function that runs them all."""
    def run(found):
        monkeypatch.setattr(check, 'SUITES', found)
        monkeypatch.setattr(check, 'build_all',
                            lambda chosen: results.Counts())
        return check.check(list(found))

    return run


def test_lanes_run_side_by_side(lanes):
    """Each waits for the other one."""
    meeting = threading.Barrier(2, timeout=10)

    def suite():
        meeting.wait()
        return results.Counts(1)

    found = lanes({'guest': suite, 'lint': suite})
    assert [(name, str(counted)) for name, counted, _ in found[1:]] == [
        ('guest', '1 passed, 0 failed'), ('lint', '1 passed, 0 failed')]


def test_suite_that_cannot_run_is_a_failure(lanes):
    def broken():
        raise Failure('no emulator')

    found = lanes({'lint': broken, 'docs': lambda: results.Counts(2)})
    assert found[1][1].failed == ['lint: could not be run']
    assert found[2][1].passed == 2


def test_interrupt_ends_the_other_lane(lanes, monkeypatch):
    """What one lane runs is ended when the other one is interrupted."""
    monkeypatch.setattr(ui, '_stopping', threading.Event())
    began = threading.Event()

    def long():
        began.set()
        ui.run_logged('sleep', ['sleep', '60'], 'test-check.log')

    def interrupted():
        began.wait(10)
        time.sleep(0.2)
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        lanes({'guest': interrupted, 'lint': long})
    assert time.monotonic() - start < 20


def test_table():
    counted = results.Counts(3, ['x: y'], 1)
    counted.times = [(1.0, 'x: quick'), (61.4, 'x: slow')]
    lines = list(check.table([('unit', counted, 62.3)], counted, 63.0))
    assert [line.split() for line in lines[1:3]] == [
        ['unit', '62', '3', '1', '1'], ['all', '63', '3', '1', '1']]
    assert [line.split()[-1] for line in lines[4:]] == ['slow', 'quick']


@pytest.mark.parametrize('words, wanted', [
    ([], False), (['--full'], True)])
def test_asan_is_of_full(monkeypatch, tmp_path, words, wanted):
    # The check that runs this has the lock of the real one.
    monkeypatch.setattr(check.paths, 'BUILD', tmp_path)
    monkeypatch.setenv(suites.FULL, '')
    monkeypatch.delenv(suites.FULL)
    chosen = []
    monkeypatch.setattr(check, 'check',
                        lambda names: chosen.extend(names) or [])
    check.cmd_check(words)
    assert ('asan' in chosen) == wanted
    assert 'guest' in chosen
