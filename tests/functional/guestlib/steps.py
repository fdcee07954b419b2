"""A guest that goes step by step, and what each step did to its mappings.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The device's listener (dma-listener-testdev) stands for a VFIO container: it
is told to map and to unmap as VFIO would be.  Its counters are read and zeroed
with the machine paused or the guest waiting, so that each call belongs to a
step:

realize    from nothing to a machine that has not run yet
NAME       what the guest did before it said "step NAME" (guest/steps.sh)
going-down the guest's kernel shutting down for a reboot
reset      the machine's reset
power-off  the guest's kernel shutting down for good
"""

import shlex
import socket
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass, field

from . import qmp, runner
from .boot import Outcome
from .evidence import Evidence
from .port import Port
from .qmp import Monitor, QmpError

LISTENER = "/machine/peripheral/igd0-dma"
MARK = "@@L1 step "


class StepError(Exception):
    """The guest did not go its way; says where the logs are."""


@dataclass
class Step:
    """What happened to the device's mappings of its region in one step."""
    name: str
    maps: int
    unmaps: int
    unmapped_ns: int
    entries: int                # held at its end
    fatal: int                  # for which VFIO would have ended QEMU
    calls: list = field(repr=False, default_factory=list)

    def add(self, other):
        """Takes in a second part of the same step."""
        self.maps += other.maps
        self.unmaps += other.unmaps
        self.unmapped_ns += other.unmapped_ns
        self.entries = other.entries
        self.fatal += other.fatal
        self.calls += other.calls


@dataclass
class Walk:
    """A guest's whole way."""
    outcome: Outcome
    steps: list

    def step(self, name):
        """The one step of that name, or None."""
        found = [step for step in self.steps if step.name == name]
        return found[0] if len(found) == 1 else None

    def unmaps(self):
        """Calls to unmap that touched the region, realize left out."""
        return sum(step.unmaps for step in self.steps[1:])


class Counters:
    """The listener of the device, read through the monitor."""

    def __init__(self, monitor):
        self._monitor = monitor

    def take(self, name):
        """What has happened since the last call."""
        get = self._monitor.get
        stats = get(LISTENER, "stats")
        calls = get(LISTENER, "region-calls").splitlines()
        self._monitor.set(LISTENER, "stats-reset", True)
        return Step(name, stats["region-maps"], stats["region-unmaps"],
                    stats["region-unmapped-ns"], stats["region-entries"],
                    stats["fatal"], calls)


class Walker:
    """One emulator: answers the guest, counts, resets, ends it."""

    POLL = 0.05

    def __init__(self, process, port, monitor):
        self.process = process
        self.steps = []
        self._port = port
        self._monitor = monitor
        self._counters = Counters(monitor)
        self._boots = 0

    def count(self, name):
        """Ends a step."""
        step = self._counters.take(name)
        if self.steps and self.steps[-1].name == name:
            self.steps[-1].add(step)
        else:
            self.steps.append(step)

    def walk(self, deadline):
        """From a paused machine to the guest's power-off."""
        self.count("realize")
        self._monitor.execute("cont")
        while time.monotonic() < deadline:
            self._answer()
            event = self._monitor.event()
            if event and event["event"] == "SHUTDOWN":
                if event["data"]["reason"] != "guest-reset":
                    self.count("power-off")
                    self._quit()
                    return
                self._reboot()
        raise StepError("the guest took too long")

    def _answer(self):
        gone = self.process.poll() is not None
        line = self._port.line()
        if line is None:
            if gone:
                raise StepError("the emulator has gone")
            time.sleep(self.POLL)
            return
        if not line.startswith(MARK):
            return
        name = line[len(MARK):].strip()
        if name == "boot":
            self._boots += 1
            self.count(name if self._boots == 1 else "boot-again")
        else:
            self.count(name)
        self._port.send("on" if self._boots == 1 else "last")

    def _reboot(self):
        if self._boots != 1:
            raise StepError(f"the guest rebooted after {self._boots} boots")
        # A kernel may ask in more than one way, and be heard each time.
        if self.steps[-1].name != "reset":
            self.count("going-down")
        # The runner's -no-reboot would make a shutdown of this one as well.
        self._monitor.execute("set-action", reboot="reset")
        self._monitor.execute("system_reset")
        self._monitor.wait("RESET")
        self._monitor.execute("set-action", reboot="shutdown")
        self.count("reset")
        self._monitor.execute("cont")

    def _quit(self):
        self._monitor.execute("quit")
        self.process.wait(30)


def command(words, monitor_fd):
    """A guest's command line, paused, with the monitor as a socket."""
    return [*words, *qmp.words(monitor_fd), "-S", "-no-shutdown"]


def write_trace(walk, path):
    """Every call that touched the region, under the step it belongs to."""
    lines = []
    for step in walk.steps:
        lines.append(f"{step.name}: {step.maps} maps, {step.unmaps} unmaps, "
                     f"not mapped for {step.unmapped_ns} ns")
        lines += [f"    {call}" for call in step.calls]
    path.write_text("\n".join(lines) + "\n")


def walk(bench, spec):
    """Boots the guest of a spec whose job is steps_walk.

    Returns the Walk; StepError if the guest broke off.
    """
    directory = bench.directory / spec.name
    guest = bench.guest(spec)
    runner.prepare(directory)
    port = Port(directory)
    connection, monitor = socket.socketpair()
    words = command(port.command(guest.command(directory)), monitor.fileno())
    (directory / "command").write_text(shlex.join(words) + "\n")
    started = time.monotonic()
    with open(directory / "errors.log", "wb") as errors, \
            closing(port), connection:
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
            pass_fds=(monitor.fileno(),))
        monitor.close()
        try:
            walker = Walker(process, port, Monitor(connection))
            walker.walk(started + spec.time_limit)
        except (StepError, QmpError, subprocess.TimeoutExpired) as failure:
            raise StepError(f"{spec.name}: {failure}; see "
                            f"{directory}") from failure
        finally:
            process.kill()
            process.wait()
    done = Walk(outcome(spec, directory, time.monotonic() - started,
                        process.returncode, words), walker.steps)
    write_trace(done, directory / "steps.log")
    return done


def outcome(spec, directory, seconds, status, words):
    """What an ordinary boot would have given."""
    read = runner.read_text
    run = runner.Run(directory, seconds, status, False,
                     read(directory / "console.log"),
                     read(directory / "says.log"),
                     read(directory / "inner-console.log"),
                     read(directory / "errors.log"), words)
    return Outcome(spec, run, Evidence("L1", run.console, run.says),
                   Evidence("L2", run.inner_console, run.says))
