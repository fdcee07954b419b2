#!/usr/bin/python3
"""Demonstration: one IGD's stolen memory in a guest and in its guest's guest.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

"./run demo" runs it after set-up.  Boots a Debian kernel as L1 with an
emulated IGD, inside it the same emulator with a Debian kernel as L2 and the
IGD through vfio-pci, with --levels 3 an L3 in that, and shows what the kernels
themselves say.  The last guest ends with a test card in its stolen memory,
which the device shows.  At the same time the same runs on a stock QEMU.  The
pictures are in build/pictures.  Exit status: 0 all lines pass, 1 some fail,
2 it could not start.
"""

import argparse
import os
import shlex
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FUNCTIONAL = Path(__file__).resolve().parents[1] / "tests" / "functional"
sys.path.insert(0, str(FUNCTIONAL))

from guestlib import picture, scene  # noqa: E402
from guestlib.assets import LOGS, kernel  # noqa: E402
from guestlib.boot import Bench  # noqa: E402
from guestlib.catalog import DEMO, DEMO_STOCK, THREE_LEVELS  # noqa: E402
from igdrmrr import paths, ui  # noqa: E402

PICTURES = paths.BUILD / "pictures"

INTRODUCTION = """\
Linux guests, one inside the other, without Intel graphics:

  L1  has an emulated IOMMU (VT-d) and an emulated Intel IGD, whose stolen
      memory has to be at the address in the IGD's registers
  L2  runs in L1, by the same emulator, with an IOMMU of its own; L1's kernel
      hands the IGD on to it through vfio-pci, and takes it back
"""
L3 = """\
  L3  runs in L2, in the same way
"""
STOCK = """
At the same time the same two guests run on a stock QEMU: Debian's, with the
emulated IGD and one fix of TCG, and nothing else of ours.
"""

# What of a kernel's log is evidence, without its time.
EVIDENCE = ("Reserving Intel graphics memory", "DMAR: RMRR base",
            "DMAR: No RMRR found", "DMAR: [DMA ")
NEXT = """
What next:
  ./run demo --levels 3      the IGD handed on once more, to a guest in L2
  ./run shell                a root prompt in L1; --level 2 in L2
  build/igd-stolen probe     whether this machine's own IGD can be assigned
  docs/tutorial/             the same by hand, and with a real IGD
"""


def steps(levels):
    """(level whose log or words are looked at, text, what it means)."""
    last = levels[-1]
    yield "L1", "Linux version", "kernel starts"
    yield "L1", "@@L1 dma_id", "the IGD does DMA into stolen memory"
    for level, below in zip(levels, levels[1:]):
        yield level, f"@@{level} inner_started", (
            f"vfio-pci has the IGD; {below} starts")
        yield below, f"@@{below} started", "up; looks at its memory and tables"
        yield below, f"@@{below} dma_id", "the IGD does DMA"
    yield last, f"@@{last} picture waits", "has drawn a test card; screendump"
    for level in levels[-2::-1]:
        yield level, f"@@{level}-back dma_id", "has the IGD back; DMA again"
    yield "L1", "@@L1 finished", "done"


class Progress:
    """Says once for each step that it is reached, and that time goes on."""

    QUIET_SECONDS = 15

    def __init__(self, levels):
        self._waiting = list(steps(levels))
        self._last = time.monotonic()

    def __call__(self, seconds, console, says, *_):
        while self._waiting:
            level, text, meaning = self._waiting[0]
            if text not in (says if text.startswith("@@") else console):
                break
            self._waiting.pop(0)
            self._say(seconds, f"{level}: {meaning}")
        if time.monotonic() - self._last > self.QUIET_SECONDS:
            self._say(seconds, "...")

    def _say(self, seconds, text):
        self._last = time.monotonic()
        print(f"  {seconds:4.0f} s  {text}", flush=True)


def announce(spec, bench):
    """What is going to run, in words and as command lines."""
    print(INTRODUCTION + (L3 if spec.inner.inner else "") + STOCK)
    inner, level, command = spec, 1, [*spec.machine, *spec.device(),
                                      "-m", spec.memory]
    while inner:
        image = kernel(inner.release).image.name
        # Each option and its value on a line of its own.
        words = shlex.join(["qemu-system-x86_64", *command])
        print(f"L{level}, Debian's {image}:\n\n      "
              + words.replace(" -", " \\\n      -") + "\n")
        inner, level = inner.inner, level + 1
        command = inner and inner.arguments()
    print(f"Logs and the whole command lines: {bench.directory / spec.name}\n",
          flush=True)


def show_evidence(levels):
    """Each kernel's own lines, a DMA fault only once."""
    for level in levels:
        found, seen = [], set()
        for line in level.log:
            for text in EVIDENCE:
                if text in line and text not in seen:
                    found.append(line)
                    seen |= {text} if "DMA " in text else set()
        for line in found or ["(nothing of stolen memory)"]:
            print(f"  {level.level}  {line}")


def explain(outcome):
    """Where a run that did not come to its end broke off."""
    run = outcome.run
    if run.timed_out:
        print(f"\nStopped after {run.seconds:.0f} s, the time limit.")
    for text in filter(None, [run.errors.strip(),
                              outcome.l1.inner_says().strip()]):
        print("\nThe emulator said:\n" + text)
    for level in outcome.levels:
        if not level.finished:
            print(f"\nThe end of {level.level}'s log:")
            print("\n".join(level.log[-12:]))
            break


def report(lines, outcome=None, words=("PASS", "FAIL")):
    """Prints them; returns how many passed and failed, and explains that."""
    for level, check in lines:
        text = str(check).partition("  ")[2]
        print(f"  {level}  {words[not check.passed]}  {text}")
    failed = sum(not check.passed for _, check in lines)
    if failed and outcome:
        explain(outcome)
    return len(lines) - failed, failed


def colours():
    """How many the terminal has: 0, 256 or 1 << 24."""
    if (not sys.stdout.isatty() or "NO_COLOR" in os.environ
            or os.environ.get("TERM", "dumb") == "dumb"):
        return 0
    return 1 << 24 if os.environ.get("COLORTERM") in (
        "truecolor", "24bit") else 256


def show_pictures(outcomes):
    """The two side by side, where there is colour; keeps them as files."""
    number = colours()
    shown = [scene.dumped(outcome) for outcome in outcomes]
    if number and all(shown):
        print()
        for line in picture.half_blocks(shown, 38, number):
            print("  " + line)
        print("  " + "here".ljust(40) + "on a stock QEMU")
    for outcome, name in zip(outcomes, (scene.HERE, scene.STOCK)):
        if scene.write_png(outcome, PICTURES / name):
            print(f"  picture: {PICTURES / name}", flush=True)


def run(spec, bench):
    """Both scenes and all that is said of them; the failed lines' number."""
    announce(spec, bench)
    # Bench.stop ends it as well.
    aside = ThreadPoolExecutor(1).submit(bench.boot, DEMO_STOCK)
    here = bench.boot(spec, Progress(
        ["L1", "L2", "L3"] if spec.inner.inner else ["L1", "L2"]))
    print("\nWhat the kernels say:\n")
    show_evidence(here.levels)
    print("\nWhat was checked:\n")
    passed, failed = report(scene.verdicts(here), here)
    stock = aside.result()
    print("\nOn the stock QEMU:\n")
    show_evidence([stock.l1, stock.l2])
    print()
    more_passed, more_failed = report(scene.on_stock(stock), stock, (
        "as expected", "not as expected"))
    print()
    on_stock = scene.columns(stock.l2, stock.spec.stolen,
                       scene.refreshed(stock, 0, scene.NO_FAULT))
    for line in scene.table([*scene.rows(here), ("L2, stock", on_stock)]):
        print("  " + line)
    show_pictures((here, stock))
    print(NEXT)
    print(f"{passed + more_passed} passed, {failed + more_failed} failed. "
          f"Logs: {bench.directory}")
    return failed + more_failed


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="./run demo", description="An IGD's stolen memory in a guest "
        "and in its guest's guest, without Intel graphics.")
    parser.add_argument("--levels", type=int, choices=(2, 3), default=2,
                        help="how many guests, one in the other (2)")
    three = parser.parse_args(arguments).levels == 3
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    bench = Bench(LOGS)
    try:
        return 1 if run(THREE_LEVELS if three else DEMO, bench) else 0
    except ui.Failure as error:
        print(f"demo: {error}", file=sys.stderr)
        return 2
    finally:
        bench.stop.set()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
