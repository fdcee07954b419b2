# The benchmark's machines without a guest: DMA, mappings, many regions
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Drives tests/qtest/igd-dma-bench.c, one process for each emulator, and has
# the two take turns: whatever else the machine does slows both.

import collections
import contextlib
import itertools
import subprocess

from . import assets, paths, suites, ui
from .bench_report import Row, Wanted, compare, median

PROGRAM = 'igd-dma-bench'
BOTH = ('stock', 'ours')
MIB = 1 << 20
REGION = (0x7b100000, 72 * MIB)     # 8 MiB of GSM, 64 MiB of DSM
MILLISECONDS = 8                    # of a turn

LENGTHS = ((4096, '4 KiB'), (65536, '64 KiB'), (32 * MIB, '32 MiB'))
TRANSLATIONS = (('off', 'translation off'), ('on', 'translation on'),
                ('pt', 'pass-through'))
NOTHING = 4                         # bytes: what is measured is the command

COMMAND_COST = (
    'a command of this length is mostly the cost of a command itself, the '
    'same in both: an access to a register by way of two processes, and a '
    'turn of the main loop (row "a command that copies 4 bytes"). The rows '
    '"less that" have it taken off')

# What a step tells the rig to do, from translation off on.
STEPS = {
    'translation on': ('translation 1',),
    'driver bind': ('context again',),
    'VFIO attach': ('context none', 'context empty'),
    'VFIO detach': ('context none', 'context identity'),
}
KEPT_OFF = (
    'with the default, rmrr-policy=keep, a device that has no domain, or one '
    'that never had the region, cannot reach it, as on hardware; so a nested '
    'guest cannot reach its host\'s stolen memory. One mapping goes and one '
    'comes back; the other calls to unmap are VT-d\'s own, in aligned pieces, '
    'and find nothing. rmrr-policy=lock keeps it at all times')

REGIONS = (1, 8, 64)
SMALL = 4 * MIB
SMALL_BASE = 0x60000000


class Rig:
    """One emulator; what it is asked is documented in igd-dma-bench.c."""

    def __init__(self, emulator, iommu='', devices=None, region=REGION):
        command = ' '.join(
            ['-machine q35 -m 4G -nodefaults',
             *('-L %s' % path for path in assets.firmware_dirs()),
             '-device intel-iommu,intremap=on,caching-mode=on' + iommu,
             *('-device ' + one for one in devices or [device(region)])])
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
        with contextlib.suppress(BrokenPipeError):
            print(*words, file=self.process.stdin, flush=True)
        return self._answer()

    def dma(self, place, length):
        """Seconds for a copy."""
        return float(self.ask('dma', place, length, MILLISECONDS))

    def translate(self, how):
        """"off", "on" (identity, 4 KiB pages) or "pt"."""
        self.ask('translation', 0)
        self.ask('context', 'pt' if how == 'pt' else 'identity')
        self.ask('translation', 0 if how == 'off' else 1)

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
def machines(wanted):
    """{name: Rig} of {name: (emulator, options)}, all running."""
    with contextlib.ExitStack() as stack:
        rigs = {}
        for name, (emulator, options) in wanted.items():
            rigs[name] = Rig(emulator, **options)
            stack.callback(rigs[name].close)
        yield rigs


def in_turns(names, index):
    """They alternate, and swap who goes first."""
    return list(names) if index % 2 else list(reversed(names))


# (a) and (b): DMA

def measure_dma(emulators, starts, rounds):
    """
    {(name, place, translation, length): [seconds]}.

    How fast a process copies depends on where its memory happens to be: so
    new ones are started, and each measures a few rounds.
    """
    times = collections.defaultdict(list)
    kinds = [('ram', NOTHING)] + [(place, length) for length, _ in LENGTHS
                                  for place in ('region', 'ram')]
    for _ in range(starts):
        with machines({name: (emulator, {}) for name, emulator
                       in emulators.items()}) as rigs:
            for index, (how, _) in itertools.product(range(rounds),
                                                     TRANSLATIONS):
                for rig in rigs.values():
                    rig.translate(how)
                for (place, length), name in itertools.product(
                        kinds, in_turns(rigs, index)):
                    times[name, place, how, length].append(
                        rigs[name].dma(place, length))
    return times


def dma_rows(times):
    rows = []

    def row(section, place, how, length, what, *wanted):
        rows.append(compare(
            section, what, *([length / MIB / one for one in
                              times[name, place, how, length]]
                             for name in BOTH), 'MiB/s', *wanted))

    for length, text in LENGTHS:
        for how, words in TRANSLATIONS:
            row('a', 'region', how, length, '%s, %s' % (text, words),
                Wanted('>=', 1.3) if how == 'on' else None,
                COMMAND_COST if length == 4096 else '')
        # What translation costs in the region, for each of the two.
        rows.append(Row('a', text + ', on / off', *(
            median([off / on for on, off in zip(
                times[name, 'region', 'on', length],
                times[name, 'region', 'off', length])]) for name in BOTH),
            'ratio', None, Wanted('>=', 0.95, of='ours')))
    rows.append(compare('a', 'a command that copies 4 bytes', *(
        times[name, 'ram', 'on', NOTHING] for name in BOTH), 's'))
    rows += [net_row(times, length, text) for length, text in LENGTHS[:2]]
    for length, text in LENGTHS:
        for how, words in TRANSLATIONS:
            row('b', 'ram', how, length, '%s, %s' % (text, words),
                Wanted('>=', 0.98))
    return rows


def net_row(times, length, text):
    """With the command's own cost taken off, from the medians."""
    what = text + ', translation on, less that'
    stock, ours = (median(times[name, 'region', 'on', length])
                   - median(times[name, 'ram', 'on', NOTHING])
                   for name in BOTH)
    if min(stock, ours) <= 0:
        return Row('a', what, 0, 0, 'MiB/s')    # too little to measure
    return Row('a', what, length / MIB / stock, length / MIB / ours, 'MiB/s',
               stock / ours, Wanted('>=', 1.3))


# (c) and (d): mappings

def walk(rig):
    """{step: (maps, unmaps, seconds not mapped, entries)}."""
    found = {}
    rig.translate('off')
    for name, commands in STEPS.items():
        for command in ('stats', *commands):
            rig.ask(command)
        maps, unmaps, ns, entries = map(int, rig.ask('stats').split())
        found[name] = (maps, unmaps, ns * 1e-9, entries)
    return found


def measure_mappings(emulators, pairs, policy):
    """{name: {step: medians of what walk() has}}."""
    devices = [device(REGION), 'dma-listener-testdev,id=igd0-dma,for=igd0,'
               'base=%#x,size=%d' % REGION]
    iommu = {'stock': '', 'ours': ',rmrr-policy=' + policy}
    with machines({name: (emulator, {'iommu': iommu[name], 'devices': devices})
                   for name, emulator in emulators.items()}) as rigs:
        found = [(name, walk(rigs[name])) for index in range(pairs)
                 for name in in_turns(rigs, index)]
    return {name: {step: tuple(map(median, zip(*(
        steps[step] for one, steps in found if one == name))))
        for step in STEPS} for name in emulators}


def mapping_rows(found, policy):
    rows = []
    for step in STEPS:
        why = KEPT_OFF if policy == 'keep' and 'VFIO' in step else ''
        rows += absences('c', '%s, %s: ' % (policy, step),
                         *(found[name][step][:3] for name in BOTH), why)
    if policy == 'lock':
        rows.append(Row('d', 'DMA mappings for 72 MiB, translation on',
                        *(found[name]['translation on'][3] for name in BOTH),
                        'mappings', wanted=Wanted('==', 1, '1', of='ours')))
    return rows


def absences(section, what, stock, ours, by_design):
    """Rows for (maps, unmaps, seconds not mapped), of which none is wanted."""
    return [
        Row(section, what + 'calls to map, unmap', sum(stock[:2]),
            sum(ours[:2]), 'calls', wanted=Wanted('==', 0, '0, 0', of='ours'),
            by_design=by_design,
            shown=tuple('%d, %d' % one[:2] for one in (stock, ours))),
        Row(section, what + 'not mapped for', stock[2], ours[2], 's',
            wanted=Wanted('==', 0, '0', of='ours'), by_design=by_design)]


# (g): many regions

def devices(count):
    """That many devices with 4 MiB each, eight to a slot from 02 on."""
    return [device(
        (SMALL_BASE + index * SMALL, SMALL),
        'addr=%02x.%d%s' % (2 + index // 8, index % 8,
                            ',multifunction=on' if index % 8 == 0 else ''),
        'igd%d' % index, ',aperture-size=1M') for index in range(count)]


def measure_regions(emulators, pairs, rounds):
    """{(name, count): {"dma", "tables", "start": [seconds]}}."""
    wanted = {(name, count): (emulator, {'devices': devices(count),
                                         'region': (SMALL_BASE, SMALL)})
              for count in REGIONS for name, emulator in emulators.items()}
    measured = {'dma': lambda rig: rig.dma('region', SMALL // 2),
                'tables': lambda rig: float(rig.ask('tables'))}
    found = {key: collections.defaultdict(list) for key in wanted}
    for _ in range(pairs):
        with machines(wanted) as rigs:
            for key, rig in rigs.items():
                found[key]['start'].append(rig.started)
                rig.translate('on')
            for what, index in itertools.product(measured, range(rounds)):
                for key in in_turns(rigs, index):
                    found[key][what].append(measured[what](rigs[key]))
    return found


def region_rows(found):
    rows = []

    def rates(name, count):
        return [SMALL / 2 / MIB / one for one in found[name, count]['dma']]

    for count in REGIONS:
        what = '%d region%s: ' % (count, 's' if count > 1 else '')
        rows.append(compare('g', what + 'DMA, 2 MiB', rates('stock', count),
                            rates('ours', count), 'MiB/s'))
        if count > 1:
            flat = compare('g', '', rates('ours', 1), rates('ours', count), '')
            rows.append(Row('g', what + 'DMA / that with one region', None,
                            flat.ratio, 'ratio', note=flat.note,
                            wanted=Wanted('>=', 0.95, 'flat', of='ours')))
        for name, text in (('tables', 'all ACPI tables built in'),
                           ('start', 'emulator starts in')):
            wanted = (Wanted('<=', 2) if (name, count) == ('start', REGIONS[2])
                      else None)
            rows.append(compare('g', what + text, *(
                found[one, count][name] for one in BOTH), 's', wanted))
    # From 8 to 64 regions, eight times as many: linear is at most 8.
    rows.append(Row('g', 'ACPI tables, time of 64 regions / of 8', *(
        median(found[name, REGIONS[2]]['tables'])
        / median(found[name, REGIONS[1]]['tables']) for name in BOTH),
        'ratio', wanted=Wanted('<=', 8, 'linear', of='ours')))
    return rows
