# Tests of the counting of test cases
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import results

TAP_ROWS = {
    'all well': ('1..2\nok 1 /a\nok 2 /b\n', 2, [], 0),
    'one bad': ('1..2\nnot ok 1 /a\nok 2 /b\n', 1, ['p: /a'], 0),
    'a skip': ('1..2\nok 1 /a # SKIP no device\nok 2 /b\n', 1, [], 1),
    'no number': ('1..1\nok - words of it\n', 1, [], 0),
    'plan at the end': ('ok 1 /a\n1..1\n', 1, [], 0),
    'nested lines': ('1..1\n    not ok 1 inner\nok 1 /a\n', 1, [], 0),
    'a comment': ('1..1\n# not ok 1 said so\nok 1 /a\n', 1, [], 0),
    'cut short': ('1..3\nok 1 /a\n', 1, ['p: ended after 1 of 3 cases'], 0),
    'no plan': ('ok 1 /a\n', 1, ['p: no TAP plan'], 0),
    'nothing': ('', 0, ['p: no TAP plan'], 0),
    'all skipped': ('1..0 # SKIP no emulator\n', 0, [], 1),
    'bail out': ('1..1\nok 1 /a\nBail out! oh\n', 1, ['p: Bail out! oh'], 0),
    'bail out early': ('1..9\nok 1 /a\nBail out! oh\n', 1,
                       ['p: Bail out! oh'], 0),
    'todo': ('1..1\nnot ok 1 /a # TODO later\n', 1, [], 0),
}


@pytest.mark.parametrize('row', TAP_ROWS)
def test_tap(row):
    text, passed, failed, skipped = TAP_ROWS[row]
    counts = results.count_tap(text, 'p')
    assert (counts.passed, counts.failed, counts.skipped) == (
        passed, failed, skipped)


def test_junit():
    counts = results.count_junit(
        '<testsuites><testsuite>'
        '<testcase name="a"/><testcase name="b"><failure/></testcase>'
        '<testcase name="c"><error/></testcase>'
        '<testcase name="d"><skipped/></testcase>'
        '</testsuite></testsuites>', 'p')
    assert (counts.passed, counts.failed, counts.skipped) == (
        1, ['p: b', 'p: c'], 1)


CLOSE_ROWS = {
    'all well': (1, [], 'OK', []),
    'crash after the last case': (1, [], 'ERROR',
                                  ['p: the program ended with ERROR']),
    'a failure counts once': (1, ['p: x'], 'FAIL', ['p: x']),
    'an empty program': (0, [], 'OK', ['p: ran no test']),
    'a time-out': (0, [], 'TIMEOUT', ['p: the program ended with TIMEOUT']),
}


@pytest.mark.parametrize('row', CLOSE_ROWS)
def test_close(row):
    passed, failed, verdict, expected = CLOSE_ROWS[row]
    counts = results.close(results.Counts(passed, failed), 'p', verdict)
    assert counts.failed == expected


@pytest.mark.parametrize('counts, text', [
    (results.Counts(3), '3 passed, 0 failed'),
    (results.Counts(3, ['a'], 2), '3 passed, 1 failed, 2 skipped'),
])
def test_closing_line(counts, text):
    assert str(counts) == text
