# Tests of the benchmark's arithmetic, verdicts and table
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from igdrmrr import bench_report, bench_rig, bench_window, stock
from igdrmrr.bench_report import Row, Wanted

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'scripts'))

import bench  # noqa: E402


def test_paired_ratio_survives_a_slow_machine():
    # The machine got four times slower between the pairs; the ratio did not.
    assert bench_report.paired_ratio([2.0, 8.0, 2.1], [1.0, 4.0, 1.0]) == 2.0


def test_no_pairs():
    with pytest.raises(ValueError, match='2 and 1'):
        bench_report.paired_ratio([1, 2], [1])


@pytest.mark.parametrize('sign, number, met', [
    ('>=', 0.98, True), ('>=', 0.979, False), ('<=', 1.02, True),
    ('<=', 1.021, False), ('==', 0, True), ('==', 1, False),
])
def test_wanted(sign, number, met):
    value = {'>=': 0.98, '<=': 1.02, '==': 0}[sign]
    assert Wanted(sign, value).met(number) == met


@pytest.mark.parametrize('row, reached', [
    (Row('a', 'x', ratio=1.4, wanted=Wanted('>=', 1.3)), True),
    (Row('a', 'x', ratio=1.2, wanted=Wanted('>=', 1.3)), False),
    (Row('a', 'x', 5, 1, wanted=Wanted('==', 1, of='ours')), True),
    (Row('a', 'x', 1, 5, wanted=Wanted('==', 1, of='ours')), False),
    (Row('a', 'x', wanted=Wanted('>=', 1.3)), False),
    (Row('a', 'x', ratio=0.1), None),
], ids=['ratio', 'ratio missed', 'ours', 'ours missed', 'no number',
        'nothing wanted'])
def test_reached(row, reached):
    assert row.reached is reached
    assert row.record()['reached'] is reached


def test_reason_is_shown_only_for_a_miss():
    rows = [Row('a', 'good', ratio=2, wanted=Wanted('>=', 1), reason='why'),
            Row('a', 'bad', ratio=0.5, wanted=Wanted('>=', 1), reason='why'),
            Row('a', 'worse', ratio=0.4, wanted=Wanted('>=', 1),
                reason='why', note='always'),
            Row('a', 'plain', ratio=0.4, note='always'),
            Row('a', 'unknown', ratio=0.3, wanted=Wanted('>=', 1))]
    text = bench_report.table(rows, {'a': 'things', 'b': 'none'})
    lines = [line.split()[-2:] for line in text.splitlines()[3:8]]
    assert lines == [['1', 'reached'], ['missed', '[1]'], ['missed', '[2,1]'],
                     ['0.400', '[2]'], ['missed', '[3]']]
    assert text.count('why') == text.count('always') == 1
    assert '[3] not explained' in text
    assert '(b)' not in text


def test_summary_names_the_misses():
    rows = [Row('a', 'good', ratio=2, wanted=Wanted('>=', 1)),
            Row('b', 'bad', ratio=0.5, wanted=Wanted('>=', 1)),
            Row('b', 'just a number', ratio=0.5)]
    assert bench_report.summary(rows) == '1 of 2 reached\nmissed: (b) bad\n'


@pytest.mark.parametrize('value, unit, text', [
    (None, 's', '-'), (0, 's', '0'), (1.5, 's', '1.5 s'),
    (0.0205, 's', '20.5 ms'), (7.466e-05, 's', '74.66 us'),
    (18432, 'calls', '18432'), (0.345, 'ratio', '0.34'),
    (5825.2, 'MiB/s', '5825 MiB/s'), (51.63, 'MiB/s', '51.6 MiB/s'),
])
def test_number(value, unit, text):
    assert bench_report.number(value, unit) == text


def test_table_is_narrow():
    wide = Row('a', 'x' * 42, 123456, 123456, 'MiB/s', 12.345,
               Wanted('>=', 13.3), reason='word ' * 40)
    slow = Row('a', 'y', 1, 1, 's', 0.5, Wanted('>=', 1.3), 'z', 'note')
    text = bench_report.table([wide, slow], {'a': 'things'})
    assert max(map(len, text.splitlines())) <= bench_report.COLUMNS


def test_parse_scan():
    text = ('noise\nsecond 4096 67108864 110.50 36\n'
            'first 2097152 1073741824 3.25 4\nthird 1 2 3 4\n')
    assert bench_report.parse_scan(text) == {
        ('second', 4096, 67108864): (pytest.approx(110.5e-6), 36),
        ('first', 2097152, 1073741824): (pytest.approx(3.25e-6), 4)}


def test_parse_stats():
    assert bench_report.parse_stats('maps 3 region-maps 0') == {
        'maps': 3, 'region-maps': 0}
    with pytest.raises(ValueError):
        bench_report.parse_stats('maps 3 unmaps')


@pytest.mark.parametrize('large, reached', [(0.0016, True), (0.0032, False)])
def test_scan_rows_want_linear(large, reached):
    rows = bench.scan_rows({('second', 4096, 64 << 20): (1e-4, 36),
                            ('second', 4096, 1 << 30): (large, 516)})
    assert [row.reached for row in rows] == [True, None, reached]


def counters(maps, unmaps, ns, entries):
    one = {'region-maps': maps, 'region-unmaps': unmaps,
           'region-unmapped-ns': ns, 'region-entries': entries}
    return {step: dict(one) for step, _ in bench_window.STEPS}


def test_mapping_rows():
    found = {'stock': [counters(18432, 1, 20000000, 18432)] * 3,
             'ours': [counters(0, 0, 0, 1)] * 3}
    rows = bench_window.mapping_rows(found, 'keep')
    assert all(row.reached for row in rows)
    assert rows[0].shown == ('18432, 1', '0, 0')
    found['ours'] = [counters(1, 17, 500, 1)] * 3
    rows = bench_window.mapping_rows(found, 'keep')
    assert not any(row.reached for row in rows)
    reasons = {row.what: bool(row.reason) for row in rows}
    assert reasons['keep, VFIO attach: not mapped for']
    assert not reasons['keep, driver bind: not mapped for']
    assert bench_window.entry_rows(found)[0].reached


def test_devices_do_not_overlap():
    devices = bench_window.devices(64)
    bases = [int(word.split('=')[1], 16) for one in devices
             for word in one.split(',') if word.startswith('dsm-base')]
    places = {word for one in devices for word in one.split(',')
              if word.startswith('addr')}
    assert len(places) == 64
    assert all(b - a == bench_window.SMALL for a, b in zip(bases, bases[1:]))
    assert bases[-1] + bench_window.SMALL <= 0xb0000000
    assert sum(',multifunction=on' in one for one in devices) == 8


def test_device_has_its_gsm_first():
    text = bench_rig.device((0x7b100000, 72 << 20), more=',listener=map')
    assert text == ('igd-testdev,id=igd0,addr=02.0,dsm-base=0x7b900000,'
                    'dsm-size=64M,gsm-size=8M,listener=map')


def test_turns_alternate():
    rigs = {'stock': 1, 'ours': 2}
    assert [name for name, _ in bench_rig.in_turns(rigs, 0)] == [
        'ours', 'stock']
    assert [name for name, _ in bench_rig.in_turns(rigs, 1)] == [
        'stock', 'ours']


def test_reference_has_the_device_and_no_iommu_of_ours():
    links = stock.reference_links()
    assert 'hw/display/igd-testdev.c' in links
    assert 'hw/pci/reserved_region_stock.c' in links
    assert not [name for name in links
                if name.startswith('hw/i386') or 'igd-rmrr' in name]


def test_walk_rows():
    from igdrmrr import bench_linux
    from guestlib.steps import Step

    def walk(*steps):
        steps = [Step('realize', 1, 0, 5, 1, 0), *steps]
        return SimpleNamespace(
            steps=steps,
            step=lambda name: next((s for s in steps if s.name == name),
                                   None))

    stock_walk = walk(Step('boot', 18435, 4, 1000, 18432, 0),
                      Step('vfio-attach', 0, 2, 9000, 0, 0))
    ours = walk(Step('boot', 0, 0, 0, 1, 0),
                Step('vfio-attach', 36, 9, 500, 36, 0))
    rows = bench_linux.walk_rows({'stock': stock_walk, 'ours': ours},
                                 'c-keep', 'keep')
    assert [row.reached for row in rows] == [True, True, False, False, True]
    assert rows[2].reason == bench_linux.ATTACHED
    assert (rows[4].stock, rows[4].ours) == (4, 0)


def dma_times(command, region_on):
    """Times of two emulators: outside and without translation all alike."""
    times = {}
    for name in ('stock', 'ours'):
        for how, _ in bench_rig.TRANSLATIONS:
            times[name, None, how, 0] = [command] * 3
            for length, _ in bench_rig.LENGTHS:
                once = command + length / 4e9
                times[name, 'region', how, length] = [once] * 3
                times[name, 'ram', how, length] = [once] * 3
    for length, _ in bench_rig.LENGTHS:
        times['stock', 'region', 'on', length] = [
            command + region_on * length / 4e9] * 3
    return times


def test_dma_rows():
    rows = bench_rig.dma_rows(dma_times(40e-6, 4))
    found = {(row.section, row.what): row for row in rows}
    short = found['a', '4 KiB, translation on']
    assert short.reached is False and short.reason == bench_rig.COMMAND_COST
    assert found['a', '64 KiB, translation on'].reached
    assert found['a', '32 MiB, translation on'].ratio == pytest.approx(
        4, rel=0.01)
    net = found['a', '4 KiB, translation on, less that']
    assert net.ratio == pytest.approx(4) and net.reached
    assert found['a', '64 KiB, on / off'].ours == pytest.approx(1)
    assert sum(row.section == 'b' for row in rows) == 9
    assert all(row.reached for row in rows if row.section == 'b')


def test_net_of_nothing_is_not_a_number():
    times = dma_times(40e-6, 1)
    times['ours', 'region', 'on', 4096] = [39e-6] * 3
    row = bench_rig.net_row(times, 'on', 4096, 'x')
    assert row.ratio is None and row.reached is None


def test_scatter_is_a_reason():
    stock_s, ours_s = [1.0] * 5, [0.9, 0.97, 0.975, 1.0, 1.1]
    row = bench_report.compare('b', 'x', stock_s, ours_s, 's',
                               Wanted('>=', 0.98))
    assert not row.reached and 'between 0.970 and 1.000' in row.reason
    row = bench_report.compare('b', 'x', stock_s, [0.9] * 5, 's',
                               Wanted('>=', 0.98))
    assert not row.reached and not row.reason
    row = bench_report.compare('b', 'x', [1.0], [0.9], 's',
                               Wanted('>=', 0.98))
    assert not row.reached and 'no more than 1 pairs' in row.reason
