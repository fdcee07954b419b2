#!/usr/bin/python3
"""Demonstration: one IGD's stolen memory in a guest and in a guest's guest.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

"./run demo" runs it after set-up.  Boots a Debian kernel as L1 with an
emulated IGD, inside it the same emulator with a Debian kernel as L2 and the
IGD through vfio-pci, and prints what the two kernels themselves say.  L2 ends
with a test card in its stolen memory, which the device shows; then the same
on a stock QEMU.  The two pictures are in build/pictures.  Exit status: 0 all
lines pass, 1 some fail, 2 it could not start.
"""

import shlex
import signal
import sys
import time
from pathlib import Path

FUNCTIONAL = Path(__file__).resolve().parents[1] / "tests" / "functional"
sys.path.insert(0, str(FUNCTIONAL))

from guestlib import checks, handover, scene  # noqa: E402
from guestlib.assets import LOGS, AssetError, Assets  # noqa: E402
from guestlib.boot import Bench  # noqa: E402
from guestlib.catalog import DEMO, DEMO_STOCK  # noqa: E402
from igdrmrr import paths  # noqa: E402

PICTURES = paths.BUILD / "pictures"

INTRODUCTION = """\
This boots two Linux guests, one inside the other, without KVM and without
Intel graphics.

  L1  a guest with an emulated IOMMU (VT-d) and an emulated Intel IGD, whose
      stolen memory has to be at the address in its registers
  L2  a guest inside L1, run by the same emulator, with an IOMMU of its own;
      L1's kernel hands the IGD on to it through vfio-pci, and takes it back

While L2 has the IGD its DMA has to reach L2's stolen memory and not L1's.  L2
draws a test card there, and the IGD has to show it.
"""

STOCK = """
Now the same on a stock QEMU, in L0 and in L1: Debian's source with the emulated
IGD and nothing else of ours.  There is no RMRR, and L2's firmware moves stolen
memory to where the IGD does not look.
"""

L1_SAYS, L2_SAYS, L1_LOG, L2_LOG = range(4)

# (where to look, what to look for, what it means)
STEPS = (
    (L1_LOG, "Linux version", "L1: kernel starts"),
    (L1_SAYS, "@@L1 started", "L1: up; looks at its memory map and tables"),
    (L1_SAYS, "@@L1 dma_id", "L1: the IGD does DMA into stolen memory"),
    (L1_SAYS, "@@L1 inner_started", "L1: vfio-pci has the IGD; starts L2"),
    (L2_LOG, "Linux version", "L2: kernel starts"),
    (L2_LOG, "pci 0000:00:02.0:", "L2: kernel finds the IGD"),
    (L2_SAYS, "@@L2 started", "L2: up; looks at its memory map and tables"),
    (L2_SAYS, "@@L2 dma_id", "L2: the IGD does DMA into stolen memory"),
    (L2_SAYS, "@@L2 picture waits", "L2: has drawn a test card; screendump"),
    (L1_SAYS, "@@L1-back dma_id", "L1: has the IGD back; does DMA again"),
    (L1_SAYS, "@@L1 finished", "done"),
)


# Those that the guests on stock QEMU come to.
STOCK_STEPS = tuple(step for step in STEPS if "dma_id" not in step[1])


class Progress:
    """Says once for each step that it is reached, and that time goes on."""

    QUIET_SECONDS = 15

    def __init__(self, steps=STEPS):
        self._waiting = list(steps)
        self._last = time.monotonic()

    def __call__(self, seconds, console, says, inner_console):
        logs = {L1_LOG: console, L2_LOG: inner_console,
                L1_SAYS: says, L2_SAYS: says}
        while self._waiting:
            where, text, meaning = self._waiting[0]
            if text not in logs[where]:
                break
            self._waiting.pop(0)
            self._say(seconds, meaning)
        if time.monotonic() - self._last > self.QUIET_SECONDS:
            level, log = ("L2", inner_console) if inner_console else (
                "L1", console)
            line = (log.splitlines() or ["..."])[-1]
            self._say(seconds, f"  {level}: {line[:62]}")

    def _say(self, seconds, text):
        self._last = time.monotonic()
        print(f"  {seconds:4.0f} s  {text}", flush=True)


def wrapped(command):
    """A command line with each option and its value on a line of its own."""
    text = command[0]
    for word in command[1:]:
        text += (" \\\n      " if word.startswith("-") else " ")
        text += shlex.quote(word)
    return "      " + text


def announce(spec, bench):
    """What is going to run, in words and as command lines."""
    kernel = bench.assets.kernel(spec.release).image.name
    inner = bench.assets.kernel(spec.inner.release).image.name
    print(INTRODUCTION)
    print(f"L1, Debian's {kernel}:\n")
    print(wrapped(["qemu-system-x86_64", *spec.machine, *spec.device(),
                   "-m", spec.memory]))
    print(f"\nL2, Debian's {inner}, inside L1:\n")
    print(wrapped(["qemu-system-x86_64", *spec.inner.arguments()]))
    print(f"\nLogs and the whole command line: {bench.directory / spec.name}\n",
          flush=True)


def said(evidence, stolen):
    """What igd-stolen found in a guest, and what shows that it is so."""
    return [*checks.tool_verdicts(evidence),
            checks.tool_agrees(evidence, stolen),
            checks.no_firmware_bug(evidence),
            checks.no_dmar_fault(evidence)]


def verdicts(outcome):
    """[(level, check)]: every line of the result."""
    stolen = outcome.spec.stolen
    lines = [("L1", check) for check in said(outcome.l1, stolen)]
    lines.append(("L1", checks.dma_seen_by_cpu(outcome.l1)))
    lines += [("L2", check) for check in said(outcome.l2, stolen)]
    lines = [(level, checks.only_if(getattr(outcome, level.lower()).finished,
                                    check)) for level, check in lines]
    return lines + handover.demonstrated(outcome) + scene.here(outcome)


def explain(outcome):
    """Where a run that did not come to its end broke off."""
    run = outcome.run
    if run.timed_out:
        print(f"\nStopped after {run.seconds:.0f} s, the time limit.")
    said = [run.errors.strip(), outcome.l1.inner_says().strip()]
    for text in filter(None, said):
        print("\nThe emulator said:\n" + text)
    if not outcome.l1.finished:
        print("\nThe end of L1's console:")
        print("\n".join(run.console.splitlines()[-12:]))
    elif not outcome.l2.finished:
        print("\nThe end of L2's console:")
        print("\n".join(run.inner_console.splitlines()[-12:]))


def report(lines):
    """Prints them; returns how many passed and failed."""
    for level, check in lines:
        print(f"  {level}  {check}")
    failed = sum(not check.passed for _, check in lines)
    return len(lines) - failed, failed


def on_stock(bench):
    """The second picture; returns how many lines passed and failed."""
    print(STOCK, flush=True)
    outcome = bench.boot(DEMO_STOCK, Progress(STOCK_STEPS))
    print("\nWhat is seen there:\n")
    passed, failed = report(scene.on_stock(outcome))
    if failed:
        explain(outcome)
    keep(outcome, scene.STOCK)
    return passed, failed


def keep(outcome, name):
    """A picture of the demo, as a file for people."""
    if scene.write_png(outcome, PICTURES / name):
        print(f"\nPicture: {PICTURES / name}", flush=True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(Assets(), LOGS)
    try:
        announce(DEMO, bench)
        outcome = bench.boot(DEMO, Progress())
        print("\nWhat the guests say:\n")
        passed, failed = report(verdicts(outcome))
        if failed:
            explain(outcome)
        keep(outcome, scene.HERE)
        more_passed, more_failed = on_stock(bench)
    except AssetError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    print(f"\n{passed + more_passed} passed, {failed + more_failed} failed. "
          f"Logs: {bench.directory}")
    return 1 if failed + more_failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
