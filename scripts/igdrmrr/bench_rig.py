# The benchmark's machines without a guest: DMA, mappings, many regions
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Drives tests/qtest/igd-dma-bench.c, one process for each emulator, and has
# the two take turns: whatever else the machine does slows both.

import contextlib
import subprocess

from . import assets, paths, suites, ui
from .bench_report import Row, Wanted, compare, median, parse_stats

PROGRAM = 'igd-dma-bench'
MIB = 1 << 20
REGION = (0x7b100000, 72 * MIB)     # 8 MiB of GSM, 64 MiB of DSM

LENGTHS = ((4096, '4 KiB'), (65536, '64 KiB'), (32 * MIB, '32 MiB'))
TRANSLATIONS = (('off', 'translation off'), ('on', 'translation on'),
                ('pt', 'pass-through'))

COMMAND_COST = (
    'a command of this length is mostly the cost of a command itself, the '
    'same in both: an access to a register by way of two processes, and a '
    'turn of the main loop (row "a command that copies 4 bytes"). The rows '
    '"less that" have it taken off')


class Rig:
    """One emulator; what it is asked is documented in igd-dma-bench.c."""

    def __init__(self, emulator, iommu='', devices=None, region=REGION):
        devices = devices or [device(region)]
        command = ' '.join(
            ['-machine q35 -m 4G -nodefaults',
             *('-L %s' % path for path in assets.firmware_dirs()),
             '-device intel-iommu,intremap=on,caching-mode=on' + iommu,
             *('-device ' + one for one in devices)])
        self.process = subprocess.Popen(
            [paths.QEMU_BUILD / 'tests/qtest' / PROGRAM,
             '%#x' % region[0], '%#x' % region[1], command],
            cwd=paths.QEMU_BUILD, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=dict(suites.qtest_environment(),
                     QTEST_QEMU_BINARY=str(emulator)))
        self.started = float(self._answer())

    def _answer(self):
        for line in self.process.stdout:
            if line.startswith('= '):
                return line[2:].strip()
        self.process.wait()
        raise ui.Failure('%s ended early:\n%s' % (
            PROGRAM, self.process.stderr.read()))

    def ask(self, *words):
        try:
            print(*words, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass
        return self._answer()

    def dma(self, place, length, milliseconds):
        """Seconds for a copy."""
        return float(self.ask('dma', place, length, milliseconds))

    def command(self, milliseconds):
        """Seconds for a copy of next to nothing."""
        return float(self.ask('command', milliseconds))

    def translate(self, how):
        """"off", "on" (identity, 4 KiB pages) or "pt"."""
        self.ask('translation', 0)
        self.ask('context', 'pt' if how == 'pt' else 'identity')
        self.ask('translation', 0 if how == 'off' else 1)

    def stats(self):
        return parse_stats(self.ask('stats'))

    def tables(self):
        """(bytes of the DMAR, seconds to build all tables); resets."""
        size, seconds = self.ask('tables').split()
        return int(size), float(seconds)

    def close(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def device(region, where='addr=02.0', name='igd0', more=''):
    """igd-testdev with that region, its GSM first."""
    base, size = region
    gsm = 8 * MIB if size > 64 * MIB else 0
    return ('igd-testdev,id=%s,%s,dsm-base=%#x,dsm-size=%dM,gsm-size=%dM%s'
            % (name, where, base + gsm, (size - gsm) // MIB, gsm // MIB, more))


@contextlib.contextmanager
def pair(emulators, **options):
    """{name: Rig} for the emulators, all running."""
    with contextlib.ExitStack() as stack:
        rigs = {}
        for name, emulator in emulators.items():
            rigs[name] = Rig(emulator, **options)
            stack.callback(rigs[name].close)
        yield rigs


def in_turns(rigs, index):
    """The rigs, another one first each time."""
    names = list(rigs)
    return [(name, rigs[name]) for name in
            (names if index % 2 else reversed(names))]


# (a) and (b): DMA

def measure_dma(emulators, pairs, milliseconds):
    """
    {(name, place, translation, length): [seconds]}, and with place None those
    of commands that do nothing.
    """
    times = {}
    with pair(emulators) as rigs:
        for index in range(pairs):
            for how, _ in TRANSLATIONS:
                for rig in rigs.values():
                    rig.translate(how)
                for name, rig in in_turns(rigs, index):
                    times.setdefault((name, None, how, 0), []).append(
                        rig.command(milliseconds))
                for place in ('region', 'ram'):
                    for length, _ in LENGTHS:
                        for name, rig in in_turns(rigs, index):
                            times.setdefault(
                                (name, place, how, length), []).append(
                                    rig.dma(place, length, milliseconds))
    return times


def rates(times, name, place, how, length):
    """MiB/s of each round."""
    return [length / MIB / one for one in times[name, place, how, length]]


def dma_row(times, section, place, how, length, words, **options):
    return compare(section, words,
                   rates(times, 'stock', place, how, length),
                   rates(times, 'ours', place, how, length), 'MiB/s',
                   **options)


def net_row(times, how, length, words):
    """With the command's own cost taken off, from the medians."""
    net = {name: median(times[name, 'region', how, length])
           - median(times[name, None, how, 0]) for name in ('stock', 'ours')}
    if min(net.values()) <= 0:
        return Row('a', words + ', less that', note='too little to measure')
    stock, ours = (length / MIB / net[name] for name in ('stock', 'ours'))
    return Row('a', words + ', less that', stock, ours, 'MiB/s', ours / stock,
               Wanted('>=', 1.3))


def dma_rows(times):
    rows = []
    for length, text in LENGTHS:
        reason = COMMAND_COST if length <= 65536 else ''
        for how, words in TRANSLATIONS:
            options = {'wanted': Wanted('>=', 1.3), 'reason': reason} if (
                how == 'on') else {}
            rows.append(dma_row(times, 'a', 'region', how, length,
                                '%s, %s' % (text, words), **options))
        rows.append(on_off_row(times, length, text))
    rows.append(compare('a', 'a command that copies 4 bytes',
                        times['stock', None, 'on', 0],
                        times['ours', None, 'on', 0], 's'))
    rows += [net_row(times, 'on', length, text + ', translation on')
             for length, text in LENGTHS[:2]]
    for length, text in LENGTHS:
        for how, words in TRANSLATIONS:
            rows.append(dma_row(times, 'b', 'ram', how, length,
                                '%s, %s' % (text, words),
                                wanted=Wanted('>=', 0.98)))
    return rows


def on_off_row(times, length, text):
    """What translation costs in the region, for each of the two."""
    ratios = {}
    for name in ('stock', 'ours'):
        on = rates(times, name, 'region', 'on', length)
        off = rates(times, name, 'region', 'off', length)
        ratios[name] = median([a / b for a, b in zip(on, off)])
    return Row('a', text + ', on / off', ratios['stock'], ratios['ours'],
               'ratio', None, Wanted('>=', 0.95, of='ours'))
