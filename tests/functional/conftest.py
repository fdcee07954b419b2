"""Boots the guests that the selected tests ask for, two at a time.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

A test names its guest by the parameter "guest"; however many tests share a
guest, it boots once.  All guests are started in the order of the tests, from
the moment the tests are collected.
"""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from guestlib.assets import LOGS
from guestlib.boot import Bench
from guestlib.catalog import SPECS
from igdrmrr import suites

# Told to end, take the guests along.
signal.signal(signal.SIGTERM, signal.default_int_handler)


class Boots:
    """The boots of this test run, by the guest's name."""

    def __init__(self, names, plugins):
        self._capture = plugins.get_plugin("capturemanager")
        self._terminal = plugins.get_plugin("terminalreporter")
        self._said = set()
        workers = min(2, os.cpu_count() or 1)
        self._bench = Bench(LOGS, self._say)
        self._pool = ThreadPoolExecutor(workers)
        self._futures = {name: self._pool.submit(self._bench.boot,
                                                 SPECS[name])
                         for name in names}

    def outcome(self, name):
        """Waits for that guest's boot to end."""
        outcome = self._futures[name].result()
        if name not in self._said:
            self._said.add(name)
            note = "" if outcome.run.finished else ", not finished"
            self._say(f"guest {name}: {outcome.run.seconds:.0f} s{note}")
        return outcome

    def _say(self, text):
        with self._capture.global_and_fixture_disabled():
            self._terminal.write_line(text)

    def close(self):
        """Ends the boots that nobody waits for any more."""
        self._bench.stop.set()
        self._pool.shutdown(cancel_futures=True)


def repeats(item):
    """True for a case that only ./run check --full runs."""
    callspec = getattr(item, "callspec", None)
    name = callspec and callspec.params.get("guest")
    return bool(item.get_closest_marker("full")
                or name in SPECS and SPECS[name].full)


def pytest_collection_modifyitems(config, items):
    """Leaves out what repeats another's evidence, unless all is wanted.

    Named by -k it is wanted.
    """
    if suites.full() or config.option.keyword:
        return
    left_out = [item for item in items if repeats(item)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not repeats(item)]


def guests_of(items):
    """Names of the guests that these tests need, each once, in order."""
    names = {}
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec and "guest" in callspec.params:
            names[callspec.params["guest"]] = None
    # Guests with guests first, so that the short ones fill the gaps.  The two
    # longest go last: three levels, where each one's timer takes the larger
    # part of a CPU the less of one there is, and TCG in TCG.  By then the
    # check's other lane has ended, and they take as long as each other.
    return sorted(names, key=lambda name: (SPECS[name].slow,
                                           SPECS[name].inner is None))


@pytest.fixture(scope="session")
def boots(request):
    """All boots of this run, under way in the background."""
    running = Boots(guests_of(request.session.items),
                    request.config.pluginmanager)
    yield running
    running.close()


@pytest.fixture
def guest(request, boots):
    """What the guest named by the test's parameter said."""
    outcome = boots.outcome(request.param)
    run = outcome.run
    if not run.finished:
        end = "\n".join(run.console.splitlines()[-15:])
        pytest.fail(f"guest {request.param} did not come to its end in "
                    f"{run.seconds:.0f} s; logs in {run.directory}\n"
                    f"{run.errors}\n{end}", pytrace=False)
    return outcome
