# ./run check: every suite, one sum
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import subprocess
import time

from . import (assets, driver, files, fuzz, package, package_check, paths,
               qemu, results, series_check, stock, suites, tool, top, ui)
from .ui import Failure, say

# Each compiler and the sanitizers have a build directory of their own:
# suite as the user sees it, directory, compiler, options, meson's suite.
UNIT_BUILDS = (
    ('unit, gcc', 'top', 'gcc', ()),
    ('unit, clang', 'top-clang', 'clang', ()),
    ('unit, gcc with ASan and UBSan', 'top-sanitize', 'gcc',
     ('-Db_sanitize=address,undefined',)),
)

def count(entry):
    """The cases of one program of meson's log."""
    name = entry['name']
    return results.close(results.count_tap(entry.get('stdout', ''), name),
                         name, entry['result'])


def show_failure(entry, counted, log):
    say('FAILED %s, the end of its output:' % entry['name'])
    output = entry.get('stdout', '') + entry.get('stderr', '')
    for line in output.splitlines()[-30:]:
        print('    ' + line)
    for name in counted.failed:
        say('  failed: ' + name)
    say('  the whole log: %s' % log)


def run_suite(title, directory, suite, names=(), compiler='gcc', options=()):
    """Runs one meson suite; returns the counts of its cases."""
    say('suite ' + title)
    start = time.monotonic()
    total = results.Counts()
    try:
        build = top.set_up(directory, compiler, options)
    except Failure as failure:
        say(str(failure))
        total.failed.append('%s: could not be set up' % title)
        return total
    base = 'log-' + suite
    log = build / 'meson-logs' / (base + '.json')
    log.unlink(missing_ok=True)
    jobs = os.environ.get('IGD_RMRR_JOBS')
    ui.run_logged(
        title, [top.MESON, 'test', '-C', build, '--suite', suite,
                '--logbase', base, *(['--num-processes', jobs] if jobs
                                     else []), *names],
        'check-%s-%s.log' % (directory, suite), check=False,
        env=top.environment(compiler), cwd=paths.ROOT, on_line=show_line)
    entries = results.read_meson_log(log.read_text()) if log.exists() else []
    for entry in entries:
        counted = count(entry)
        total.add(counted)
        if counted.failed:
            show_failure(entry, counted, log.with_suffix('.txt'))
    if not total.total:
        print(ui.tail(paths.LOGS / ('check-%s-%s.log' % (directory, suite))))
        total.failed.append('%s: ran no test' % title)
    say('suite %s: %s (%d s)' % (title, total, time.monotonic() - start))
    return total


def show_line(line):
    """Passes on meson's line about a program that ended."""
    if re.match(r' *\d+/\d+ ', line):
        print('  ' + line, flush=True)


def suite_unit():
    total = results.Counts()
    for title, directory, compiler, options in UNIT_BUILDS:
        total.add(run_suite(title, directory, 'unit', compiler=compiler,
                            options=options))
    return total


def run_pytest_suite(suite, show):
    """Runs a suite of pytest cases, passing on the lines that match @show."""
    say('suite ' + suite)
    start = time.monotonic()

    def on_line(line):
        if re.search(show, line):
            print('  ' + line, flush=True)

    log = 'check-%s.log' % suite
    report = suites.report_path(suite)
    report.unlink(missing_ok=True)
    status = ui.run_logged(
        suite, ['/usr/bin/python3', paths.ROOT / 'scripts/run-test.py',
                suite], log, check=False, on_line=on_line)
    total = results.Counts()
    if report.exists():
        total = results.count_junit(report.read_text(), suite)
    results.close(total, suite, 'exit status %d' % status if status else 'OK')
    if total.failed:
        print(ui.tail(paths.LOGS / log), end='')
        say('  the whole log: %s' % (paths.LOGS / log))
    say('suite %s: %s (%d s)' % (suite, total, time.monotonic() - start))
    return total


def suite_harness():
    return run_pytest_suite('harness', r' (FAILED|ERROR) ')


def run_built_suite(suite, build, what, shown):
    """A pytest suite that needs what build() makes, named in the failure."""
    try:
        build()
    except Failure as failure:
        say(str(failure))
        return results.Counts(failed=['%s: %s could not be built'
                                      % (suite, what)])
    return run_pytest_suite(suite, shown)


def suite_tool():
    return run_built_suite('tool', tool.build, 'igd-stolen',
                           r' (FAILED|ERROR) ')


def suite_docs():
    return run_pytest_suite('docs', r' (FAILED|ERROR) ')


def suite_libvirt():
    return run_built_suite('libvirt', package.build, 'the packages',
                           r' (FAILED|ERROR) ')


def suite_lint():
    return run_suite('lint', 'top', 'lint')


def suite_qtest():
    return run_suite('qtest', 'top', 'qtest')


def suite_guest():
    return run_built_suite('guest', stock.build_reference,
                           'the reference emulator',
                           r'^guest \S+: | (FAILED|ERROR) ')


SUITES = {'unit': suite_unit, 'harness': suite_harness, 'tool': suite_tool,
          'docs': suite_docs, 'lint': suite_lint,
          'driver': driver.suite_driver,
          'fuzz': fuzz.suite_fuzz, 'package': package_check.suite_package,
          'libvirt': suite_libvirt,
          'qtest': suite_qtest, 'guest': suite_guest,
          'series': series_check.suite_series}
# These say something even when the emulator could not be built.
ALONE = {'unit', 'harness', 'tool', 'fuzz'}


def cmd_check(arguments):
    chosen = arguments or list(SUITES)
    for name in chosen:
        if name not in SUITES:
            raise Failure('no suite %s; there are: %s'
                          % (name, ' '.join(SUITES)))
    with files.Lock(paths.BUILD / '.lock-check', 'the tests in build/'):
        total, summary = check(chosen)
    print()
    for title, counted in summary:
        say('%-8s %s' % (title, counted))
    for name in total.failed:
        say('FAILED: ' + name)
    print(total, flush=True)
    return 1 if total.failed else 0


def check(chosen):
    total = results.Counts()
    summary = []
    try:
        if set(chosen) - ALONE:
            qemu.build(assets.FOR_TESTS, qtests=True)
            tool.build()
        built = True
    except Failure as failure:
        say(str(failure))
        built = False
        counted = results.Counts(failed=['build: see above'])
        total.add(counted)
        summary.append(('build', counted))
    for name in chosen:
        if built or name in ALONE:
            counted = SUITES[name]()
        else:
            counted = results.Counts(
                failed=['%s: not run, the build failed' % name])
        total.add(counted)
        summary.append((name, counted))
    return total, summary


def cmd_unit(_arguments):
    return cmd_check(['unit'])


def cmd_tool(_arguments):
    return cmd_check(['tool'])


def cmd_fuzz(arguments):
    if len(arguments) > 1:
        raise Failure('fuzz takes a number of seconds and nothing else')
    if arguments:
        os.environ[fuzz.SECONDS] = arguments[0]
    return cmd_check(['fuzz'])


def cmd_qtest(arguments):
    qemu.build(qtests=True)
    names = arguments or suites.qtest_names()
    unknown = set(names) - set(suites.qtest_names())
    if unknown:
        raise Failure('no qtest %s; there are: %s' % (
            ' '.join(sorted(unknown)), ' '.join(suites.qtest_names())))
    total = run_suite('qtest', 'top', 'qtest', names)
    print(total)
    return 1 if total.failed else 0


def cmd_guest(arguments):
    qemu.build(assets.FOR_TESTS)
    tool.build()
    stock.build_reference()
    ui.flush_all()
    return subprocess.run(
        suites.pytest_command(*arguments), cwd=suites.FUNCTIONAL,
        env=suites.pytest_environment()).returncode


def cmd_bless(arguments):
    """Lets the qtests that know IGD_RMRR_BLESS write the blessed tables."""
    qemu.build(qtests=True)
    names = arguments or [
        name for name in suites.our_qtests() if 'IGD_RMRR_BLESS' in
        (paths.ROOT / 'tests/qtest' / (name + '.c')).read_text()]
    if not names:
        raise Failure('no qtest of ours writes blessed tables')
    for name in names:
        say('blessing with ' + name)
        done = subprocess.run(
            [paths.QEMU_BUILD / 'tests/qtest' / name, '-k'],
            cwd=paths.QEMU_BUILD,
            env=dict(suites.qtest_environment(), IGD_RMRR_BLESS='1'))
        if done.returncode:
            raise Failure('%s failed while blessing' % name)
    say('see what changed: git diff --stat tests/data')
    return 0
