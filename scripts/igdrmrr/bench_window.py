# The benchmark's questions about mappings: how often, how long not, how many
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# By hand, with a driver of a few lines in place of a guest (bench_rig.py).
# What a whole Linux does is bench_linux.py.

from . import bench_rig
from .bench_report import Row, Wanted, median, paired_ratio

# What a step tells the rig to do, from translation off on.
STEPS = (
    ('translation on', ('translation 1',)),
    ('driver bind', ('context again',)),
    ('VFIO attach', ('context none', 'context empty')),
    ('VFIO detach', ('context none', 'context identity')),
)

KEPT_OFF = (
    'by design of the default, rmrr-policy=keep: while the device has no '
    'domain, or one that never had the region, the region is the guest\'s to '
    'map and faults as on hardware, so that a nested guest cannot reach its '
    'host\'s stolen memory. One mapping goes and one comes back; the other '
    'calls to unmap are VT-d\'s own, in aligned pieces, and find nothing. '
    'rmrr-policy=lock keeps it at all times')
MAPPED_UNTIL = ('the time of the step itself; how long the device then stays '
                'in the empty domain is up to the guest')

REGIONS = (1, 8, 64)
SMALL = 4 * bench_rig.MIB
SMALL_BASE = 0x60000000
DMA_LENGTH = SMALL // 2
TABLES_ROUNDS = 5


# (c) and (d)

def walk(rig):
    """{step: counters} of one way through STEPS."""
    found = {}
    rig.ask('translation', 0)
    rig.ask('context', 'identity')
    for name, commands in STEPS:
        rig.ask('reset')
        for command in commands:
            rig.ask(command)
        found[name] = rig.stats()
    return found


def measure_mappings(emulators, pairs, policy):
    """{name: [{step: counters}]}."""
    found = {name: [] for name in emulators}
    listening = [bench_rig.device(bench_rig.REGION, more=',listener=map')]
    rigs = {}
    try:
        for name, emulator in emulators.items():
            rigs[name] = bench_rig.Rig(
                emulator, '' if name == 'stock' else ',rmrr-policy=' + policy,
                listening)
        for index in range(pairs):
            for name, rig in bench_rig.in_turns(rigs, index):
                found[name].append(walk(rig))
    finally:
        close(rigs)
    return found


def values(walks, step, counter):
    return [one[step][counter] for one in walks]


def calls(walks, step):
    """(maps, unmaps), medians."""
    return (median(values(walks, step, 'region-maps')),
            median(values(walks, step, 'region-unmaps')))


def mapping_rows(found, policy):
    rows = []
    for step, _ in STEPS:
        both = {name: calls(walks, step) for name, walks in found.items()}
        away = step.startswith('VFIO') and policy == 'keep'
        rows.append(Row(
            'c', '%s, %s: calls to map, unmap' % (policy, step),
            sum(both['stock']), sum(both['ours']), 'calls',
            wanted=Wanted('==', 0, '0, 0', of='ours'),
            reason=KEPT_OFF if away else '',
            shown=tuple('%d, %d' % both[name] for name in ('stock', 'ours'))))
        times = {name: median(values(walks, step, 'region-unmapped-ns')) * 1e-9
                 for name, walks in found.items()}
        rows.append(Row(
            'c', '%s, %s: not mapped for' % (policy, step), times['stock'],
            times['ours'], 's', wanted=Wanted('==', 0, '0', of='ours'),
            reason=KEPT_OFF if away else '',
            note=MAPPED_UNTIL if step == 'VFIO attach' else ''))
    return rows


def entry_rows(found):
    """(d): what the region takes of a container's limit of mappings."""
    entries = {name: median(values(walks, 'translation on', 'region-entries'))
               for name, walks in found.items()}
    return [Row('d', 'DMA mappings for 72 MiB, translation on',
                entries['stock'], entries['ours'], 'mappings',
                wanted=Wanted('==', 1, '1', of='ours'))]


# (g)

def devices(count):
    """That many devices with 4 MiB each, eight to a slot from 02 on."""
    return [bench_rig.device(
        (SMALL_BASE + index * SMALL, SMALL),
        'addr=%02x.%d%s' % (2 + index // 8, index % 8,
                            ',multifunction=on' if index % 8 == 0 else ''),
        'igd%d' % index, ',aperture-size=1M') for index in range(count)]


STARTS = (
    'each region keeps its device\'s address space from sharing the view of '
    'memory that the others have, and each change of the memory map renders '
    'every view anew: so the time to start grows with the square')


GROWS = (
    'each region asks anew where TSEG can be, which searches all objects of '
    'the machine, and there are more with more devices')


def with_regions(emulators):
    """{(name, count): Rig}, all running."""
    rigs = {}
    try:
        for count in REGIONS:
            for name, emulator in emulators.items():
                rigs[name, count] = bench_rig.Rig(
                    emulator, devices=devices(count),
                    region=(SMALL_BASE, SMALL))
    except BaseException:
        close(rigs)
        raise
    return rigs


def close(rigs):
    for rig in rigs.values():
        rig.close()


def measure_regions(emulators, pairs, rounds, milliseconds):
    """{(name, count): {"rate", "tables", "start": [...], "bytes"}}."""
    found = {}
    for _ in range(pairs):
        rigs = with_regions(emulators)
        try:
            for key, rig in rigs.items():
                one = found.setdefault(key, {'rate': [], 'tables': [],
                                             'start': []})
                one['start'].append(rig.started)
                rig.translate('on')
            for index in range(rounds):
                for key, rig in bench_rig.in_turns(rigs, index):
                    found[key]['rate'].append(
                        DMA_LENGTH / bench_rig.MIB / rig.dma(
                            'region', DMA_LENGTH, milliseconds))
            for index in range(TABLES_ROUNDS):
                for key, rig in bench_rig.in_turns(rigs, index):
                    size, seconds = rig.tables()
                    found[key]['bytes'] = size
                    found[key]['tables'].append(seconds)
        finally:
            close(rigs)
    return found


def region_rows(found):
    rows = []
    one = found['ours', 1]
    for count in REGIONS:
        stock, ours = found['stock', count], found['ours', count]
        words = '%d region%s' % (count, 's' if count > 1 else '')
        rows.append(Row(
            'g', words + ': DMA, 2 MiB', median(stock['rate']),
            median(ours['rate']), 'MiB/s',
            paired_ratio(ours['rate'], stock['rate'])))
        if count > 1:
            rows.append(Row(
                'g', words + ': DMA / that with one region', None,
                paired_ratio(ours['rate'], one['rate']), 'ratio',
                wanted=Wanted('>=', 0.95, 'flat', of='ours')))
        rows.append(Row(
            'g', words + ': bytes of DMAR', stock['bytes'], ours['bytes'],
            'bytes', wanted=Wanted('==', stock['bytes'] + 32 * count,
                                   '+32 each', of='ours')))
        rows.append(Row(
            'g', words + ': all ACPI tables built in',
            median(stock['tables']), median(ours['tables']), 's',
            paired_ratio(ours['tables'], stock['tables'])))
        rows.append(Row(
            'g', words + ': emulator starts in', median(stock['start']),
            median(ours['start']), 's',
            paired_ratio(ours['start'], stock['start']),
            note=STARTS if count == REGIONS[-1] else ''))
    return rows + [growth_row(found)]


def growth_row(found):
    """From 8 to 64 regions, eight times as many: linear is at most 8."""
    grown = {name: median(found[name, REGIONS[2]]['tables'])
             / median(found[name, REGIONS[1]]['tables'])
             for name in ('stock', 'ours')}
    return Row('g', 'ACPI tables, time of 64 regions / of 8', grown['stock'],
               grown['ours'], 'ratio',
               wanted=Wanted('<=', 8, 'linear', of='ours'), reason=GROWS)
