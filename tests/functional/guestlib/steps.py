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

import time
from dataclasses import dataclass, field, replace

from .outside import LISTENER, POLL_SECONDS

from igdrmrr.ui import Failure

MARK = "@@L1 step "


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
    steps: list

    def step(self, name):
        """The one step of that name, or None."""
        found = [step for step in self.steps if step.name == name]
        return found[0] if len(found) == 1 else None


class Walker:
    """A procedure (outside.py): answers the guest, counts, resets, ends it."""

    def __init__(self):
        self.steps = []
        self.done = False
        self._boots = 0

    def count(self, name):
        """Ends a step: what has happened since the last one."""
        stats, calls = map(self._outside.listener, ("stats", "region-calls"))
        self._cmd("qom-set", path=LISTENER, property="stats-reset", value=True)
        step = Step(name, stats["region-maps"], stats["region-unmaps"],
                    stats["region-unmapped-ns"], stats["region-entries"],
                    stats["fatal"], calls.splitlines())
        if self.steps and self.steps[-1].name == name:
            self.steps[-1].add(step)
        else:
            self.steps.append(step)

    def __call__(self, outside):
        """From a paused machine to the guest's power-off."""
        self._outside = outside
        self._cmd = outside.monitor.cmd
        self.count("realize")
        self._cmd("cont")
        while True:
            self._answer()
            event = outside.monitor.pull_event()
            if event and event["event"] == "SHUTDOWN":
                if event["data"]["reason"] != "guest-reset":
                    break
                self._reboot()
        self.count("power-off")
        self._cmd("quit")
        self.done = True

    def _answer(self):
        line = self._outside.line()
        if line is None:
            time.sleep(POLL_SECONDS)
        elif line.startswith(MARK):
            name = line[len(MARK):].strip()
            if name == "boot":
                self._boots += 1
            self.count("boot-again" if name == "boot" and self._boots > 1
                       else name)
            self._outside.answer("on" if self._boots == 1 else "last")

    def _reboot(self):
        if self._boots != 1:
            raise Failure(f"the guest rebooted after {self._boots} boots")
        # A kernel may ask in more than one way, and be heard each time.
        if self.steps[-1].name != "reset":
            self.count("going-down")
        # The runner's -no-reboot would make a shutdown of this one as well.
        self._cmd("set-action", reboot="reset")
        self._cmd("system_reset")
        self._outside.event("RESET")
        self._cmd("set-action", reboot="shutdown")
        self.count("reset")
        self._cmd("cont")


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

    Returns the Walk; Failure if the guest broke off.
    """
    walker = Walker()
    outcome = bench.boot(replace(
        spec, machine=(*spec.machine, "-S", "-no-shutdown"),
        visits=(walker,)))
    if not walker.done:
        raise Failure(f"{spec.name} did not come to its end; see "
                        f"{outcome.run.directory}\n{outcome.run.errors}")
    done = Walk(walker.steps)
    write_trace(done, outcome.run.directory / "steps.log")
    return done
