#!/usr/bin/python3
"""Benchmark: stock QEMU against ours, in one run and one table.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

"./run bench [--quick] [PAIRS]" runs it after set-up.  Builds an unmodified
QEMU from the same source package beside ours, and another with the test
device and nothing else of ours, has the two take turns at everything, and
prints what came out, beside what was wanted.  Misses are printed with their
reason and do not make the exit status 1; a measurement that breaks does.

What is measured, and how: docs/devel/benchmark.rst.  The same table is in
build/bench/report.txt, and as data in build/bench/report.json.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from igdrmrr import (bench_linux, bench_report, bench_rig,  # noqa: E402
                     bench_window, check, files, paths, qemu, source, stock,
                     ui)
from igdrmrr.bench_report import Row, Wanted  # noqa: E402

PAIRS = 5
SCAN_RUNS = 5
SCAN_PROGRAM = "tests/unit/bench-vtd-range-scan"
MIB = 1 << 20
GIB = 1 << 30

TITLES = {
    "a": "Device DMA inside the region",
    "b": "Device DMA outside, in RAM that the guest maps in 4 KiB pages",
    "c": "The region in a VFIO container: calls, and time not mapped",
    "c-keep": "The same in a full Linux boot, rmrr-policy=keep, the default",
    "c-lock": "The same in a full Linux boot, rmrr-policy=lock",
    "d": "The region in a VFIO container: entries",
    "e": "Scan of the guest's tables (stock does none)",
    "f": "Boot of a Debian guest",
    "g": "Number of regions, 4 MiB each",
}


class Effort:
    """How much of everything."""

    def __init__(self, pairs, quick):
        self.pairs = 1 if quick else pairs
        # Many short turns: what disturbs one does not disturb the median.
        self.dma_pairs = 11 if quick else 21 * pairs
        self.dma_ms = 8
        self.region_rounds = 7 if quick else 15
        self.nested_pairs = 0 if quick else min(2, pairs)
        self.policies = () if quick else ("keep", "lock")


def build():
    """Everything that is run; {name: emulator} for what has the device."""
    unmodified = stock.build()
    reference = stock.build_reference()
    with files.Lock(paths.BUILD / ".lock", "build/") as lock:
        source.link_overlay()
        qemu.ninja(["tests/qtest/" + bench_rig.PROGRAM], lock)
    return unmodified, {"stock": reference, "ours": paths.EMULATOR}


# (e)

def measure_scan():
    """What the scan's own benchmark says."""
    directory = check.set_up("top", "gcc", ())
    ui.run_logged("building the scan's benchmark",
                  [qemu.NINJA, "-C", directory, SCAN_PROGRAM],
                  "bench-scan.log", env=check.environment())
    found = {}
    for _ in range(SCAN_RUNS):
        done = subprocess.run([directory / SCAN_PROGRAM], check=False,
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode:
            raise ui.Failure(f"{SCAN_PROGRAM} failed:\n{done.stdout}")
        for key, one in bench_report.parse_scan(done.stdout).items():
            found.setdefault(key, []).append(one)
    return {key: (bench_report.median([seconds for seconds, _ in runs]),
                  runs[0][1]) for key, runs in found.items()}


def scan_rows(found):
    rows = []
    for layout in ("second", "first"):
        for page, name in ((4096, "4 KiB"), (2 * MIB, "2 MiB"),
                           (GIB, "1 GiB")):
            start = f"{layout} stage, {name} pages"
            small = found.get((layout, page, 64 * MIB))
            large = found.get((layout, page, GIB))
            if small:
                rows.append(Row(
                    "e", start + ": 64 MiB", None, small[0], "s",
                    wanted=Wanted("<=", 200e-6, "< 200 us", of="ours")
                    if page == 4096 else None))
            if large:
                rows.append(Row("e", start + ": 1 GiB", None, large[0], "s"))
            if small and large:
                rows.append(Row(
                    "e", start + ": 1 GiB / 64 MiB", None,
                    large[0] / small[0], "ratio",
                    wanted=Wanted("<=", 17.6, "linear", of="ours")))
    if not rows:
        raise ui.Failure(f"{SCAN_PROGRAM} printed no number")
    return rows


# All of it

def measure(effort):
    """The rows, in the order in which they are measured."""
    unmodified, emulators = build()
    ui.say("DMA, in turns")
    rows = bench_rig.dma_rows(bench_rig.measure_dma(
        emulators, effort.dma_pairs, effort.dma_ms))
    ui.say("mappings")
    for policy in ("keep", "lock"):
        found = bench_window.measure_mappings(emulators, effort.pairs, policy)
        rows += bench_window.mapping_rows(found, policy)
    rows += bench_window.entry_rows(found)
    ui.say("1, 8 and 64 regions")
    rows += bench_window.region_rows(bench_window.measure_regions(
        emulators, effort.pairs, effort.region_rounds, effort.dma_ms))
    ui.say("the scan of the guest's tables")
    rows += scan_rows(measure_scan())
    ui.say("boots of a Debian guest, in turns")
    table = bench_linux.our_table(emulators["ours"])
    rows += bench_linux.boot_rows(bench_linux.measure_boots(
        emulators, unmodified, table, effort.pairs))
    if effort.policies:
        ui.say("Linux guests step by step")
        walks = {"stock": bench_linux.walk_stock(emulators, table)}
    for policy in effort.policies:
        walks["ours"] = bench_linux.walk_ours(emulators, policy)
        rows += bench_linux.walk_rows(walks, "c-" + policy, policy)
    if effort.nested_pairs:
        ui.say("nested guests, in turns; this takes minutes")
        rows += bench_linux.boot_rows(bench_linux.measure_nested(
            emulators, unmodified, table, effort.nested_pairs))
    return rows


def report(rows, seconds, effort):
    """Prints the table and keeps it."""
    text = bench_report.table(rows, TITLES) + "\n" + bench_report.summary(rows)
    head = (f"{os.cpu_count()} CPUs, TCG, medians of {effort.pairs} pairs "
            f"({effort.dma_pairs} for DMA), {seconds / 60:.0f} minutes\n\n")
    directory = paths.BUILD / "bench"
    files.write_atomic(directory / "report.txt", head + text)
    files.write_json(directory / "report.json", {
        "pairs": effort.pairs, "dma_pairs": effort.dma_pairs,
        "cpus": os.cpu_count(), "version": qemu.built_version(),
        "rows": [row.record() for row in rows]})
    print("\n" + head + text, end="")


def main():
    parser = argparse.ArgumentParser(prog="./run bench")
    parser.add_argument("pairs", type=int, nargs="?", default=PAIRS,
                        help=f"repeated pairs of boots, {PAIRS} by default")
    parser.add_argument("--quick", action="store_true",
                        help="one pair, no nested guests: about two minutes")
    options = parser.parse_args()
    if options.pairs < 1:
        parser.error("at least one pair")
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    effort = Effort(options.pairs, options.quick)
    started = time.monotonic()
    try:
        rows = measure(effort)
    except ui.Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    report(rows, time.monotonic() - started, effort)
    return 0


if __name__ == "__main__":
    sys.exit(main())
