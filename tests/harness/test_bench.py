# Tests of the benchmark's arithmetic, verdicts, table and stages
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json

import pytest

from guestlib import guest_bench
from guestlib.steps import Step, Walk
from igdrmrr import bench, bench_report, bench_rig, files, paths, stock
from igdrmrr.bench_report import Row, Wanted


@pytest.mark.parametrize('row, verdict', [
    (Row('a', 'x', ratio=1.3, wanted=Wanted('>=', 1.3)), 'reached'),
    (Row('a', 'x', ratio=1.2, wanted=Wanted('>=', 1.3)), 'missed'),
    (Row('a', 'x', ratio=1.02, wanted=Wanted('<=', 1.02)), 'reached'),
    (Row('a', 'x', 5, 1, wanted=Wanted('==', 1, of='ours')), 'reached'),
    (Row('a', 'x', 1, 5, wanted=Wanted('==', 1, of='ours')), 'missed'),
    (Row('a', 'x', 1, 5, wanted=Wanted('==', 1, of='ours'), by_design='why'),
     'by design'),
    (Row('a', 'x', 1, 1, wanted=Wanted('==', 1, of='ours'), by_design='why'),
     'reached'),
    (Row('a', 'x', wanted=Wanted('>=', 1.3)), 'missed'),
    (Row('a', 'x', ratio=0.1), ''),
], ids=range(9))
def test_verdict(row, verdict):
    assert row.verdict == verdict
    assert row.record()['verdict'] == verdict


def test_table_and_summary():
    bound = Wanted('==', 1, of='ours')
    rows = [Row('a', 'x' * 42, 123456, 123456, 'MiB/s', 12.345,
                Wanted('>=', 13.3), note='word ' * 40),
            Row('a', 'meant', 1, 5, wanted=bound, by_design='why'),
            Row('a', 'good', 5, 1, wanted=bound, by_design='why', note='no'),
            Row('a', 'as meant', 1, 6, wanted=bound, by_design='why')]
    lines = bench_report.table(rows, {'a': 'things', 'b': 'none'}).splitlines()
    assert [line.split('  ')[-1] for line in lines[3:7]] == [
        'missed [1]', 'by design [2]', 'reached', 'by design [2]']
    assert lines[-1] == '[2] by design: why'
    assert max(map(len, lines)) <= bench_report.COLUMNS
    assert bench_report.summary(rows) == (
        '1 of 2 reached, 2 more miss by design\nmissed: (a) %s\n' % ('x' * 42))


def test_mapping_rows():
    def walk(*counters):
        return {step: counters for step in bench_rig.STEPS}

    found = {'stock': walk(18432, 1, 0.02, 18432), 'ours': walk(0, 0, 0, 1)}
    rows = bench_rig.mapping_rows(found, 'lock')
    assert {row.verdict for row in rows} == {'reached'} and len(rows) == 9
    assert rows[0].shown == ('18432, 1', '0, 0')
    found['ours'] = walk(1, 17, 5e-7, 1)
    by_design = {row.what: row.verdict == 'by design'
                 for row in bench_rig.mapping_rows(found, 'keep')}
    assert by_design['keep, VFIO attach: not mapped for']
    assert not by_design['keep, driver bind: not mapped for']


def test_reference_has_the_device_and_no_iommu_of_ours():
    links = stock.reference_links()
    assert 'hw/display/igd-testdev.c' in links
    assert 'hw/pci/rmrr_provider_stock.c' in links
    assert not [name for name in links
                if name.startswith(('hw/i386', 'hw/vfio/igd-rmrr'))]


def test_walk_rows():
    def way(*steps):
        return Walk([Step('realize', 1, 0, 5, 1, 0), *steps])

    stock_way = way(Step('boot', 18435, 4, 1000, 18432, 0),
                    Step('vfio-attach', 0, 2, 9000, 0, 0))
    ours = way(Step('boot', 0, 0, 0, 1, 0),
               Step('vfio-attach', 36, 9, 500, 36, 0))
    for policy, verdict in (('keep', 'by design'), ('lock', 'missed')):
        rows = guest_bench.walk_rows(stock_way, ours, policy)
        assert [row.verdict for row in rows] == [
            'reached', 'reached', verdict, verdict, 'reached']
        assert (rows[4].stock, rows[4].ours) == (4, 0)


def test_stage_that_breaks_leaves_the_others(monkeypatch, tmp_path, capsys):
    def numberless(_bench):
        return [Row('d', 'nothing')]

    monkeypatch.setattr(paths, 'BUILD', tmp_path)
    monkeypatch.setattr(bench.qemu, 'built_version', lambda: 'a version')
    monkeypatch.setattr(bench, 'STAGES', {
        'dma': lambda _: bench.gone, 'mappings': numberless,
        'regions': lambda _: [], 'scan': lambda _: [Row('e', 'kept', None, 1)],
        'steps': lambda _: pytest.fail('left out')})
    counts = bench.run(bench.QUICK)
    assert (counts.passed, counts.failed) == (
        1, ['bench: dma', 'bench: mappings', 'bench: regions'])
    said = capsys.readouterr().out
    assert "has no attribute 'gone'" in said and 'no number: (d)' in said
    rows = json.loads((tmp_path / 'bench/report.json').read_text())['rows']
    assert [row['what'] for row in rows] == ['nothing', 'kept']


def test_smoke_is_every_stage_and_no_report(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(stock, 'build_reference',
                        lambda: pytest.fail('not in ./run check'))
    monkeypatch.setattr(paths, 'BUILD', tmp_path)
    monkeypatch.setattr(bench, 'STAGES', {
        name: lambda one: ran.append(one.pairs) or [
            Row('e', 'x', 1, len(one.guests('ours')))]
        for name in bench.STAGES})
    assert bench.suite().passed == len(ran) == len(bench.STAGES) == 7
    assert set(ran) == {1} and files.read_json(
        tmp_path / 'bench/report.json') is None
