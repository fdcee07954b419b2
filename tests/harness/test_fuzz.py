# Tests of how a fuzz run is read and judged
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import fuzz, ui

NAME = 'fuzz-x'

ENDED = '''\
INFO: Seed: 2576522256
#2\tINITED cov: 37 ft: 38 corp: 1/1b exec/s: 0 rss: 31Mb
#16384\tpulse  cov: 173 ft: 902 corp: 90/4Kb lim: 126 exec/s: 5461 rss: 300Mb
Done 103166 runs in 61 second(s)
'''
STATS = 'stat::number_of_executed_units: 103166\nstat::peak_rss_mb: 341\n'
WRITTEN = '''\
SUMMARY: libFuzzer: deadly signal
MS: 0 ; base unit: 0000000000000000000000000000000000000000
artifact_prefix='found/fuzz-x-'; Test unit written to found/fuzz-x-crash-12
Base64: Cg==
'''
WRONG = 'wrong: format 0, 3 levels\n==9== ERROR: libFuzzer: deadly signal\n'
ASAN = WRITTEN.replace('libFuzzer: deadly signal',
                       'AddressSanitizer: stack-buffer-overflow in f')
ALARM = ASAN.replace('crash', 'timeout')

# Output, exit status, executions, and what the failure has to say.
ROWS = {
    'all well': (ENDED + STATS, 0, 103166, None),
    'no statistics': (ENDED, 0, 103166, None),
    'one run': ('Done 1 runs in 0 second(s)\n', 0, 1, None),
    'stopped early': (ENDED.replace('Done', 'Undone'), 1, 16384,
                      'exit status 1'),
    'found by us': (ENDED.replace('Done', '') + WRONG + WRITTEN + STATS, 77,
                    103166, 'wrong: format 0, 3 levels, reproducer '
                    'found/fuzz-x-crash-12'),
    'found by a sanitizer': (ASAN + STATS, 1, 103166,
                             'AddressSanitizer: stack-buffer-overflow in f, '
                             'reproducer found/fuzz-x-crash-12'),
    'too slow': (ALARM, 70, 0, 'AddressSanitizer: stack-buffer-overflow in f, '
                 'reproducer found/fuzz-x-timeout-12'),
    'status 0 and a reproducer': (ENDED + WRITTEN, 0, 103166,
                                  'libFuzzer: deadly signal, reproducer '
                                  'found/fuzz-x-crash-12'),
    'nothing tried': ('INFO: Seed: 1\n', 0, 0, 'tried no input'),
    'not started': ('', 127, 0, 'exit status 127'),
}


@pytest.mark.parametrize('row', ROWS)
def test_outcome(row):
    text, status, executions, why = ROWS[row]
    outcome = fuzz.read_output(text)
    counts = fuzz.judge(NAME, status, outcome)
    assert outcome.executions == executions
    assert counts.passed == (why is None)
    assert counts.failed == ([] if why is None else ['fuzz-x: ' + why])


@pytest.mark.parametrize('value, expected', [
    (None, fuzz.DEFAULT_SECONDS), ('', fuzz.DEFAULT_SECONDS), ('1', 1),
    ('3600', 3600)])
def test_seconds(value, expected):
    assert fuzz.seconds(value) == expected


@pytest.mark.parametrize('value', ['0', '-1', '1.5', '1m', ' 5', 'x'])
def test_seconds_refused(value):
    with pytest.raises(ui.Failure, match=fuzz.SECONDS):
        fuzz.seconds(value)


@pytest.mark.parametrize('target', fuzz.TARGETS, ids=lambda t: t.name)
def test_target_is_there(target):
    for source in ('tests/fuzz/%s.c' % target.name, *target.sources):
        assert (fuzz.paths.ROOT / source).exists()


def test_every_target_is_run():
    there = {path.stem for path in
             (fuzz.paths.ROOT / 'tests/fuzz').glob('fuzz-*.c')}
    assert there == {target.name for target in fuzz.TARGETS}
