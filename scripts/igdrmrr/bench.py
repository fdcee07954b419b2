# ./run bench: stock QEMU against ours, in one run and one table
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds, beside ours, an unmodified QEMU with the test device (stock.py), and
# has the two take turns at everything. What is measured, and how, is in
# docs/devel/benchmark.rst. A number that misses what was wanted is no failure;
# a stage that breaks is one, and the others go on.

import argparse
import collections
import dataclasses
import functools
import os
import sys
import time
import traceback

from . import (assets, bench_report, bench_rig, files, paths, qemu, stock,
               suites, tool, top, ui)
from .bench_report import Row, Wanted
from .cases import Cases

sys.path.insert(0, str(suites.FUNCTIONAL))

from guestlib import guest_bench  # noqa: E402

SCAN_PROGRAM = 'tests/unit/bench-vtd-range-scan'
MIB = 1 << 20
GIB = 1 << 30

TITLES = {
    'a': 'Device DMA inside the region',
    'b': 'Device DMA outside, in RAM that the guest maps in 4 KiB pages',
    'c': 'The region in a VFIO container: calls, and time not mapped',
    'c-keep': 'The same in a full Linux boot, rmrr-policy=keep, the default',
    'c-lock': 'The same in a full Linux boot, rmrr-policy=lock',
    'd': 'The region in a VFIO container: entries',
    'e': "Scan of the guest's tables (stock does none)",
    'f': 'Boot of a Debian guest',
    'g': 'Number of regions, 4 MiB each',
}

KINDS = {'L1': guest_bench.PLAIN, 'L1 with the device': guest_bench.DEVICE}


@dataclasses.dataclass
class Bench:
    """How much of everything; by default once."""
    pairs: int = 1
    # Many short turns: what disturbs one does not disturb the median.
    starts: int = 1
    dma_rounds: int = 1
    rounds: int = 1
    scans: int = 1
    kinds: tuple = ('L1 with the device',)      # of boots
    policies: tuple = ('keep',)
    warm: bool = False          # boot once before what counts
    alone: bool = False         # ours stands in for stock as well
    left_out: tuple = ()        # stages

    @functools.cached_property
    def emulators(self):
        qemu.ninja(['tests/qtest/' + bench_rig.PROGRAM])
        return {'stock': paths.EMULATOR if self.alone
                else stock.build_reference(), 'ours': paths.EMULATOR}

    def guests(self, ours):
        """{name: Spec}, both of them unless ours is alone."""
        if self.alone:
            return {'ours': ours}
        stock.build_reference()
        return {'stock': guest_bench.on_stock(ours, guest_bench.our_table()),
                'ours': ours}


QUICK = Bench(1, 5, 5, 7, 5, tuple(KINDS), warm=True,
              left_out=('steps', 'nested'))

# The stages: each takes a Bench and returns its rows

def scan(bench):
    """What the scan's own benchmark says, line by line."""
    program = top.build('top', targets=[SCAN_PROGRAM]) / SCAN_PROGRAM
    found = collections.defaultdict(list)
    for words in [line.split() for _ in range(bench.scans)
                  for line in ui.output([program]).splitlines()]:
        found[words[0], int(words[1]), int(words[2])].append(
            float(words[3]) * 1e-6)
    return scan_rows(found)


def scan_rows(found):
    rows = []

    def row(what, ours, unit, *wanted):
        rows.append(Row('e', what, None, ours, unit, wanted=Wanted(
            '<=', *wanted, of='ours') if wanted else None))

    for stage in ('second', 'first'):
        for page, name in ((4096, '4 KiB'), (2 * MIB, '2 MiB'),
                           (GIB, '1 GiB')):
            what = '%s stage, %s pages: ' % (stage, name)
            small, large = (bench_report.median(found[stage, page, size])
                            for size in (64 * MIB, GIB))
            row(what + '64 MiB', small, 's',
                *((200e-6, '< 200 us') if page == 4096 else ()))
            row(what + '1 GiB', large, 's')
            row(what + '1 GiB / 64 MiB', large / small, 'ratio', 17.6,
                'linear')
    return rows


def steps(bench):
    way = guest_bench.catalog.NO_WINDOW
    ours = {policy: guest_bench.walk(way, policy)
            for policy in bench.policies}
    stock = bench.guests(way).get('stock')
    stock = stock and guest_bench.walk(stock)
    return [row for policy in bench.policies for row in guest_bench.walk_rows(
        stock or ours[policy], ours[policy], policy)]


STAGES = {
    'dma': lambda bench: bench_rig.dma_rows(bench_rig.measure_dma(
        bench.emulators, bench.starts, bench.dma_rounds)),
    'mappings': lambda bench: [
        row for policy in ('keep', 'lock') for row in bench_rig.mapping_rows(
            bench_rig.measure_mappings(bench.emulators, bench.pairs, policy),
            policy)],
    'regions': lambda bench: bench_rig.region_rows(bench_rig.measure_regions(
        bench.emulators, bench.pairs, bench.rounds)),
    'scan': scan,
    'boots': lambda bench: [
        row for what in bench.kinds for row in guest_bench.boot_rows(
            what, bench.guests(KINDS[what]), bench.pairs, bench.warm)],
    'steps': steps,
    'nested': lambda bench: guest_bench.boot_rows(
        'L2, device by VFIO', bench.guests(guest_bench.NESTED),
        min(2, bench.pairs), False),
}


def measure(bench):
    """The rows of all stages, and a case for each: did it give numbers.

    Whatever is wrong with a stage, the others go on.
    """
    rows = []
    suite = Cases('bench')
    with files.Lock(paths.BUILD / '.lock-bench', 'the benchmark'):
        for name in [name for name in STAGES if name not in bench.left_out]:
            start = time.monotonic()
            found, wrong = [], 'no row'
            try:
                found = STAGES[name](bench)
                wrong = wrong if not found else '\n'.join(
                    'no number: (%s) %s' % (row.section, row.what)
                    for row in found if row.ours is None)
            except Exception:       # pylint: disable=broad-except
                wrong = traceback.format_exc()
            rows += found
            suite.times.append((time.monotonic() - start, 'bench: ' + name))
            suite.passed += not wrong
            if wrong:
                suite.fail(name)
                ui.say('FAILED bench, %s:\n%s' % (name, wrong))
            ui.say('  %s: %.1f s' % (name, suite.times[-1][0]))
    return rows, suite.end()


def report(rows, seconds, bench):
    """Prints the table and keeps it."""
    data = {'pairs': bench.pairs, 'cpus': os.cpu_count(),
            'dma_pairs': bench.starts * bench.dma_rounds}
    text = ('%(cpus)d CPUs, medians of %(pairs)d pairs (%(dma_pairs)d for DMA)'
            % data + ', %.0f minutes\n\n%s\n%s' % (
                seconds / 60, bench_report.table(rows, TITLES),
                bench_report.summary(rows)))
    files.write_atomic(paths.BUILD / 'bench/report.txt', text)
    files.write_json(paths.BUILD / 'bench/report.json', dict(
        data, version=qemu.built_version(),
        rows=[row.record() for row in rows]))
    print('\n' + text, end='', flush=True)


def run(bench):
    started = time.monotonic()
    rows, counts = measure(bench)
    report(rows, time.monotonic() - started, bench)
    return counts


def suite():
    """For ./run check: every stage once, with no stock emulator built.

    The numbers say nothing and are not shown.
    """
    return measure(Bench(alone=True))[1]


def main(arguments):
    parser = argparse.ArgumentParser(prog='./run bench')
    parser.add_argument('pairs', type=int, nargs='?', default=5,
                        help='repeated pairs of boots, 5 by default')
    parser.add_argument('--quick', action='store_true',
                        help='one pair, no Linux step by step, no nested '
                             'guest: about two minutes')
    parser.add_argument('--smoke', action='store_true',
                        help='every stage once, to see that it works')
    options = parser.parse_args(arguments)
    if options.pairs < 1:
        parser.error('at least one pair')
    qemu.build(assets.FOR_TESTS)
    tool.build()
    counts = suite() if options.smoke else run(
        QUICK if options.quick else Bench(
            options.pairs, 5 * options.pairs, 5, 15, 5, tuple(KINDS),
            ('keep', 'lock'), True))
    print(counts)
    return 1 if counts.failed else 0
