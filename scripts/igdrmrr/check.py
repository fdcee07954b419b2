# ./run check: every suite, one sum
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import concurrent.futures
import os
import re
import subprocess
import time

from . import (asan, assets, driver, files, fuzz, package, package_check,
               paths, qemu, results, series_check, stock, suites, tool, top,
               ui)
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
    counted = results.close(
        results.count_tap(entry.get('stdout', ''), name), name,
        entry['result'])
    counted.times.append((entry['duration'], name))
    return counted


def show_failure(entry, counted, log):
    output = entry.get('stdout', '') + entry.get('stderr', '')
    say('\n'.join([
        'FAILED %s, the end of its output:' % entry['name'],
        *('    ' + line for line in output.splitlines()[-30:]),
        *('  failed: ' + name for name in counted.failed),
        '  the whole log: %s' % log]))


def run_suite(title, directory, suite, names=(), compiler='gcc', options=()):
    """Runs one meson suite; returns the counts of its cases."""
    say('suite ' + title)
    start = time.monotonic()
    total = results.Counts()
    try:
        build = top.build(directory, compiler, options)
    except Failure as failure:
        say(str(failure))
        total.failed.append('%s: could not be set up' % title)
        return total
    base = 'log-' + suite
    log = build / 'meson-logs' / (base + '.json')
    log.unlink(missing_ok=True)
    jobs = os.environ.get('IGD_RMRR_JOBS')
    ui.run_logged(
        title, [top.MESON, 'test', '--no-rebuild', '-C', build,
                '--suite', suite, '--logbase', base,
                *(['--num-processes', jobs] if jobs else []), *names],
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
        say('the end of its output:\n%s  the whole log: %s'
            % (ui.tail(paths.LOGS / log), paths.LOGS / log))
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
    shown = r'^guest \S+: | (FAILED|ERROR) '
    if not suites.full():
        return run_pytest_suite('guest', shown)
    return run_built_suite('guest', stock.build_reference,
                           'the reference emulator', shown)


def suite_bench():
    from . import bench

    return bench.suite()


SUITES = {'unit': suite_unit, 'qtest': suite_qtest, 'guest': suite_guest,
          'asan': asan.suite_asan,
          'package': package_check.suite_package, 'libvirt': suite_libvirt,
          'lint': suite_lint, 'driver': driver.suite_driver,
          'docs': suite_docs, 'tool': suite_tool, 'harness': suite_harness,
          'fuzz': fuzz.suite_fuzz, 'series': series_check.suite_series,
          'bench': suite_bench}
# Two lanes, one for each core: the first one's suites have programs or guests
# side by side, the second one's use one core most of the time.
FIRST_LANE = ('unit', 'qtest', 'guest', 'asan')
# These run when they are named, or with --full.
ONLY_FULL = ('asan',)
# These say something even when the emulator could not be built.
ALONE = {'unit', 'harness', 'tool', 'fuzz'}
FULL = """\
--full adds: the qtests on an emulator with ASan and UBSan; an emulator built
run: after each patch of the series; fuzz targets for %d s each, not %d;
run: guests that repeat what others show: each policy under each kernel, more
run: RAM sizes and firmware, all of the driver on 6.12, kexec in scalable mode,
run: under iommu=pt and on stock, the stock emulator's picture; the packages of
run: Debian 12 in a Debian 13; the book's commands that take minutes, among
run: them the demo and the quick benchmark""" % (fuzz.FULL_SECONDS,
                                        fuzz.DEFAULT_SECONDS)
SLOWEST = 12


def cmd_check(arguments):
    chosen = [name for name in arguments if name != '--full']
    if len(chosen) < len(arguments):
        os.environ[suites.FULL] = '1'
        say(FULL)
    chosen = chosen or [name for name in SUITES
                        if suites.full() or name not in ONLY_FULL]
    for name in chosen:
        if name not in SUITES:
            raise Failure('no suite %s; there are: %s'
                          % (name, ' '.join(SUITES)))
    start = time.monotonic()
    with files.Lock(paths.BUILD / '.lock-check', 'the tests in build/'):
        found = check(chosen)
    total = results.Counts()
    for _, counted, _ in found:
        total.add(counted)
    print()
    for line in table(found, total, time.monotonic() - start):
        say(line)
    for name in total.failed:
        say('FAILED: ' + name)
    print(total, flush=True)
    return 1 if total.failed else 0


def table(found, total, seconds):
    """Each suite, then the slowest cases of all."""
    yield 'suite    seconds   passed  failed  skipped'
    for name, counted, took in found:
        yield '%-8s %7d %8d %7d %8d' % (name, took, counted.passed,
                                       len(counted.failed), counted.skipped)
    yield 'all      %7d %8d %7d %8d' % (
        seconds, total.passed, len(total.failed), total.skipped)
    yield 'the slowest cases:'
    for took, name in sorted(total.times, reverse=True)[:SLOWEST]:
        yield '%15.0f s  %s' % (took, name)


def build_all(chosen):
    """What most suites need; its counts, which are of failures alone."""
    try:
        if set(chosen) - ALONE:
            qemu.build(assets.FOR_TESTS, qtests=True)
            tool.build()
    except Failure as failure:
        say(str(failure))
        return results.Counts(failed=['build: see above'])
    return results.Counts()


def run_one(name, built):
    """A suite's counts, whatever becomes of it."""
    if not built and name not in ALONE:
        return results.Counts(
            failed=['%s: not run, the build failed' % name])
    try:
        return SUITES[name]()
    except Failure as failure:
        say(str(failure))
        return results.Counts(failed=['%s: could not be run' % name])


def check(chosen):
    """Name, counts and seconds of each suite, the build's first."""
    start = time.monotonic()
    counted = build_all(chosen)
    built = not counted.failed
    found = [('build', counted, time.monotonic() - start)]

    def run_lane(names):
        done = []
        for name in names:
            begin = time.monotonic()
            done.append((name, run_one(name, built),
                         time.monotonic() - begin))
        return done

    lanes = [[name for name in chosen if name in FIRST_LANE],
             [name for name in chosen if name not in FIRST_LANE]]
    with concurrent.futures.ThreadPoolExecutor(len(lanes)) as pool:
        running = [pool.submit(run_lane, lane) for lane in lanes]
        try:
            for lane in running:
                found += lane.result()
        except BaseException:
            ui.stop_running()
            raise
    return found


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
