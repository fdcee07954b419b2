# The counting of cases: what meson and pytest report, and what they cannot
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from igdrmrr import cases, suites, top

# A program in shell; how many passed and were skipped, and what failed.
PROGRAMS = {
    'well': ('echo 1..2; echo ok 1 /a; echo ok 2 /b', 2, 0, None),
    'bad': ('echo 1..2; echo not ok 1 /a; echo ok 2 /b; exit 1', 1, 0, '1 /a'),
    'skip': ('echo 1..2; echo "ok 1 /a # SKIP no"; echo ok 2 /b', 1, 1, None),
    'all-skipped': ('echo "1..0 # SKIP no emulator"', 0, 1, None),
    'todo': ('echo 1..1; echo "not ok 1 /a # TODO later"', 1, 0, None),
    'short': ('echo 1..3; echo ok 1 /a', 1, 0, 'ended with ERROR'),
    'crash': ('echo 1..1; echo ok 1 /a; kill -SEGV $$', 1, 0,
              'ended with ERROR'),
    'crash-at-once': ('kill -SEGV $$', 0, 0, 'crash-at-once'),
    'bail-out': ('echo 1..9; echo ok 1 /a; echo "Bail out! oh"', 1, 0,
                 'ended with ERROR'),
    'nothing': ('true', 0, 0, 'nothing'),
    'late': ('echo 1..1; sleep 60', 0, 0, 'late'),
}


@pytest.fixture(scope='module')
def programs(tmp_path_factory):
    """{name: Cases} of a meson project with all of them."""
    source = tmp_path_factory.mktemp('meson')
    lines = ["project('qemu-igd-rmrr')"]
    for name, (script, *_) in PROGRAMS.items():
        path = source / (name + '.sh')
        path.write_text('#!/bin/sh\n%s\n' % script)
        path.chmod(0o755)
        lines.append("test('%s', files('%s'), protocol: 'tap', timeout: 1, "
                     "suite: 'unit')" % (name, path.name))
    (source / 'meson.build').write_text('\n'.join(lines))
    build = source / 'build'
    for words in (['setup', build, source],
                  ['test', '-C', build, '--logbase', 'log']):
        subprocess.run([top.MESON, *words], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return {found.name: found for _, found in
            cases.read_meson(build / 'meson-logs/log.json')}


@pytest.mark.parametrize('name', PROGRAMS)
def test_meson(name, programs):
    _, passed, skipped, failed = PROGRAMS[name]
    found = programs[name]
    assert (found.passed, found.skipped) == (passed, skipped)
    assert len(found.failed) == bool(failed)
    assert not failed or failed in found.failed[0]


def test_pytest(tmp_path):
    (tmp_path / 'test_it.py').write_text('''
import pytest
def test_good(): pass
def test_bad(): assert 0
def test_not_here(): pytest.skip('why')
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
''')
    report = tmp_path / 'report.xml'
    subprocess.run(suites.pytest_command('--junitxml=%s' % report),
                   cwd=tmp_path, stdout=subprocess.DEVNULL)
    found = cases.Cases('p')
    found.read(cases.read_junit(report))
    assert (found.passed, found.skipped, found.failed) == (
        1, 1, ['p: test_bad', 'p: test_error'])
    assert str(found) == '1 passed, 2 failed, 1 skipped'


@pytest.mark.parametrize('passed, verdict, failed', [
    (1, 'OK', []), (0, 'OK', ['p: ran no test']),
    (1, 'exit status 3', ['p: the program ended with exit status 3']),
    (0, 'exit status 2', ['p: the program ended with exit status 2'])])
def test_end(passed, verdict, failed):
    found = cases.Cases('p')
    found.passed = passed
    assert found.end(verdict).failed == failed


def test_no_report_is_a_failure(tmp_path):
    assert cases.read_junit(tmp_path / 'none.xml') == []
    assert not list(cases.read_meson(tmp_path / 'none.json'))
