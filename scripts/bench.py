#!/usr/bin/python3
"""Benchmark: what placement and the mapped hole cost, as ratios.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

"./run bench [PAIRS]" runs it after set-up.  Builds an unmodified QEMU from the
same source package beside ours and prints, measured in this one run: the time
a Debian guest takes to its init, ours against stock; and the throughput of
device DMA inside stolen memory with translation on, against no translation and
against the translated path that an unmodified VT-d would take.  Ratios say
something about the program; the absolute numbers are this machine's.
"""

import dataclasses
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "tests" / "functional"))

from guestlib import catalog  # noqa: E402
from guestlib.assets import Assets  # noqa: E402
from guestlib.boot import Bench, Spec  # noqa: E402
from igdrmrr import files, paths, qemu, source, stock, suites, ui  # noqa: E402

PAIRS = 5
DMA_PROGRAM = "igd-dma-bench"
KIB_64 = 64 * 1024
MIB_32 = 32 * 1024 * 1024


def build_dma_program():
    """The qtest program that measures; ninja knows whether it is current."""
    with files.Lock(paths.BUILD / ".lock", "build/") as lock:
        source.link_overlay()
        qemu.ninja(["tests/qtest/" + DMA_PROGRAM], lock)


def measure_dma():
    """{(place, translation, length): MiB/s}."""
    done = subprocess.run(
        [paths.QEMU_BUILD / "tests/qtest" / DMA_PROGRAM],
        cwd=paths.QEMU_BUILD, env=suites.qtest_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise ui.Failure(f"{DMA_PROGRAM} failed:\n{done.stdout}{done.stderr}")
    rates = {}
    for line in done.stdout.splitlines():
        words = line.split()
        if len(words) == 4 and words[0] in ("region", "ram"):
            rates[words[0], words[1], int(words[2])] = float(words[3])
    return rates


def boot_seconds(emulator, spec, name):
    """Seconds to the end of init, or a failure with the log's place."""
    bench = Bench(Assets(emulator), paths.BUILD / "bench" / name)
    outcome = bench.boot(spec)
    if not outcome.run.finished:
        raise ui.Failure(f"the guest of {name} did not come up, see "
                         f"{outcome.run.directory}")
    return outcome.run.seconds


def measure_boots(pairs, unmodified):
    """Seconds, alternating: stock, ours, ours with an IGD."""
    plain = Spec("plain", job="true")
    with_igd = dataclasses.replace(plain, name="igd",
                                   stolen=catalog.DEMO.stolen)
    seconds = {"stock": [], "ours": [], "igd": []}
    for pair in range(pairs):
        ui.say(f"boot {pair + 1} of {pairs}: unmodified, ours, ours with an "
               "IGD")
        turns = [("stock", unmodified, plain), ("ours", paths.EMULATOR, plain),
                 ("igd", paths.EMULATOR, with_igd)]
        # Nobody is always first: the first one finds the files not cached.
        for name, emulator, spec in turns if pair % 2 else reversed(turns):
            seconds[name].append(boot_seconds(emulator, spec, name))
    return seconds


def row(what, ratio, numbers):
    print(f"  {what:58} {ratio:5.2f}   {numbers}")


def print_boots(seconds):
    median = {name: statistics.median(values)
              for name, values in seconds.items()}
    print("Time of a Debian guest to the end of its init "
          f"(median of {len(seconds['ours'])}):")
    row("ours / unmodified, same machine", median["ours"] / median["stock"],
        f"{median['ours']:.2f} s, {median['stock']:.2f} s")
    row("ours with igd-testdev / unmodified without",
        median["igd"] / median["stock"],
        f"{median['igd']:.2f} s, {median['stock']:.2f} s")


def print_dma(rates):
    print("Device DMA, copies (median of the program's rounds):")
    for length, text in ((KIB_64, "64 KiB"), (MIB_32, "32 MiB")):
        on = rates["region", "on", length]
        for what, key in (
                ("no IOMMU translation", ("region", "off", length)),
                ("translated RAM, 4 KiB pages", ("ram", "on", length))):
            row(f"{text} in stolen memory, translation on / {what}",
                on / rates[key], f"{on:.0f} MiB/s, {rates[key]:.0f} MiB/s")


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    try:
        unmodified = stock.build()
        build_dma_program()
        seconds = measure_boots(pairs, unmodified)
        rates = measure_dma()
    except ui.Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    print()
    print_boots(seconds)
    print()
    print_dma(rates)
    return 0


if __name__ == "__main__":
    sys.exit(main())
