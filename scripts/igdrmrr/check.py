# ./run check: every suite, one sum
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# meson and pytest run the cases and report them; here the reports are added.

import concurrent.futures
import os
import re
import subprocess
import time

from . import (assets, bench, cases, files, package, paths, qemu, stock,
               suites, tool, top, ui)
from .cases import Cases
from .ui import Failure, say

# Each compiler and the sanitizers have a build directory of their own:
# suite as the user sees it, directory, compiler, options.
UNIT_BUILDS = (
    ('unit, gcc', 'top', 'gcc', ()),
    ('unit, clang', 'top-clang', 'clang', ()),
    ('unit, gcc with ASan and UBSan', 'top-sanitize', 'gcc',
     ('-Db_sanitize=address,undefined',)),
)
SLOWEST = 12


def show(pattern):
    """For the lines of a log that are for the user as well."""
    def on_line(line):
        if re.search(pattern, line):
            print('  ' + line, flush=True)

    return on_line


def run_meson(suite, names=(), directory='top', compiler='gcc', options=()):
    """Runs one meson suite; returns its cases."""
    build = top.build(directory, compiler, options)
    base = 'log-%s-%s' % (suite, paths.QEMU_TOP.name)
    log = build / 'meson-logs' / (base + '.json')
    for old in log.parent.glob(base + '.*'):
        old.unlink()
    jobs = os.environ.get('IGD_RMRR_JOBS')
    output = 'check-%s-%s.log' % (directory, suite)
    ui.run_logged(
        suite, [top.MESON, 'test', '--no-rebuild', '-C', build,
                '--suite', suite, '--logbase', base,
                *(['--num-processes', jobs] if jobs else []), *names],
        output, check=False, env=top.environment(compiler), cwd=paths.ROOT,
        on_line=show(r'^ *\d+/\d+ '))
    total = Cases(suite)
    for entry, found in cases.read_meson(log):
        total.add(found)
        if found.failed:
            text = entry.get('stdout', '') + entry.get('stderr', '')
            say('\n'.join([
                'FAILED %s, the end of its output:' % found.name,
                *('    ' + line for line in text.splitlines()[-30:]),
                *('  failed: ' + name for name in found.failed),
                '  the whole log: %s' % log.with_suffix('.txt')]))
    if not total.total:
        print(ui.tail(paths.LOGS / output))
    return total.end()


def run_pytest(suite, shown=r' (FAILED|ERROR) ', arguments=()):
    """Runs a suite of pytest cases, passing on the lines that match @shown."""
    log = 'check-%s.log' % suite
    report = paths.QEMU_TOP / 'results' / (suite + '.xml')
    report.unlink(missing_ok=True)
    status = ui.run_logged(
        suite, suites.pytest_command('-v', '--junitxml=%s' % report,
                                     *arguments), log,
        check=False, on_line=show(shown), cwd=suites.PYTEST[suite],
        env=suites.pytest_environment())
    total = Cases(suite)
    total.read(cases.read_junit(report))
    total.end('exit status %d' % status if status else 'OK')
    if total.failed:
        say('the end of its output:\n%s  the whole log: %s'
            % (ui.tail(paths.LOGS / log), paths.LOGS / log))
    return total


def suite_unit(_):
    total = Cases('unit')
    for title, *how in UNIT_BUILDS:
        total.add(timed(title, run_meson, 'unit', (), *how))
    return total


def suite_qtest(suite):
    names = set(suites.qtest_names()) - set(suites.SLOW_QTESTS)
    return run_meson(suite, sorted(names) if suites.few() else ())


def suite_guest(suite):
    if suites.full():
        stock.build_reference()
    return run_pytest(suite, r'^guest \S+: | (FAILED|ERROR) ',
                      suites.OTHER_GUESTS if suites.few() else ())


def suite_newest(suite):
    """The newest QEMU that the mirror serves: a check of its own."""
    total = Cases(suite)

    def on_line(line):
        if line.startswith(FAILED):
            total.fail(line[len(FAILED):])
        found = re.fullmatch(r'(\d+) passed, \d+ failed(?:, (\d+) skipped)?',
                             line)
        if found:
            total.passed, total.skipped = map(int, found.groups(0))
        if re.search('run: QEMU|x86_64 \\(|passed, ', line):
            print('  ' + line, flush=True)

    status = ui.run_logged(
        suite, ['/usr/bin/python3', paths.ROOT / 'scripts/main.py', 'check',
                '--qemu', 'newest', 'qtest', 'guest', 'series',
                *(['asan'] if suites.full() else ())],
        'check-newest.log', check=False, on_line=on_line)
    return total.end('exit status %d' % status if status else 'OK')


def after(build, run):
    """A suite that needs what build() makes."""
    def suite(name):
        build()
        return run(name)

    return suite


SUITES = {'unit': suite_unit, 'qtest': suite_qtest,
          'asan': after(top.build_asan, run_meson),
          **{name: run_pytest for name in suites.PYTEST},
          'guest': suite_guest, 'tool': after(tool.build, run_pytest),
          'package': after(package.build, run_pytest),
          'libvirt': after(package.build, run_pytest),
          'bench': lambda _: bench.suite(), 'newest': suite_newest}
# Two lanes, one for each core: the first one's suites have programs or guests
# side by side, the second one's use one core most of the time.
FIRST_LANE = ('unit', 'qtest', 'guest', 'asan')
# These run when they are named, or with --full.
ONLY_FULL = ('asan',)
FAILED = 'run: FAILED: '
# These say something even when the emulator could not be built.
ALONE = {'unit', 'harness', 'tool', 'fuzz', 'newest'}
FULL = """\
--full adds: the qtests on an emulator with ASan and UBSan; an emulator built
run: after each patch of the series; fuzz targets for 120 s each, not 20;
run: guests that repeat what others show: each policy under each kernel, more
run: RAM sizes and firmware, all of the driver on 6.12, kexec in scalable mode,
run: under iommu=pt and on stock, the stock emulator's picture; the packages of
run: Debian 12 in a Debian 13, and a guest for each kind of configuration; the
run: book's commands that take minutes, among them the demo and the quick
run: benchmark"""


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
    with files.Lock(paths.QEMU_TOP / '.lock-check', 'the tests in build/'):
        found = check(chosen)
    total = Cases('all')
    for _, counted, _ in found:
        total.add(counted)
    total.end()
    print()
    for line in table([*found, ('all', total, time.monotonic() - start)]):
        say(line)
    for name in total.failed:
        print(FAILED + name)
    print(total, flush=True)
    return 1 if total.failed else 0


def table(found):
    """Each suite, the last being the sum, then the slowest cases of all."""
    yield 'suite    seconds   passed  failed  skipped'
    for name, counted, took in found:
        yield '%-8s %7d %8d %7d %8d' % (name, took, counted.passed,
                                       len(counted.failed), counted.skipped)
    yield 'the slowest cases:'
    for took, name in sorted(found[-1][1].times, reverse=True)[:SLOWEST]:
        yield '%15.0f s  %s' % (took, name)


def timed(name, function, *arguments):
    """A suite's cases, whatever becomes of it."""
    say('suite ' + name)
    start = time.monotonic()
    try:
        counted = function(*arguments)
    except Failure as failure:
        say(str(failure))
        counted = Cases(name).fail('could not be run')
    say('suite %s: %s (%d s)' % (name, counted, time.monotonic() - start))
    return counted


def build_all(chosen):
    """What most suites need; its cases, which are failures alone."""
    built = Cases('build')
    try:
        if set(chosen) - ALONE:
            qemu.build(assets.FOR_TESTS, qtests=True)
            tool.build()
    except Failure as failure:
        say(str(failure))
        built.fail('see above')
    return built


def check(chosen):
    """Name, cases and seconds of each suite, the build's first."""
    start = time.monotonic()
    built = build_all(chosen)
    found = [('build', built, time.monotonic() - start)]

    def run_lane(names):
        done = []
        for name in names:
            begin = time.monotonic()
            counted = (Cases(name).fail('not run, the build failed')
                       if built.failed and name not in ALONE
                       else timed(name, SUITES[name], name))
            done.append((name, counted, time.monotonic() - begin))
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


def cmd_fuzz(arguments):
    words = ' '.join(arguments)
    if not re.fullmatch(r'([1-9]\d*)?', words):
        raise Failure('fuzz takes a whole number of seconds, not ' + words)
    if words:
        os.environ[suites.FUZZ_SECONDS] = words
    return cmd_check(['fuzz'])


def cmd_qtest(arguments):
    qemu.build(qtests=True)
    names = arguments or suites.qtest_names()
    unknown = set(names) - set(suites.qtest_names())
    if unknown:
        raise Failure('no qtest %s; there are: %s' % (
            ' '.join(sorted(unknown)), ' '.join(suites.qtest_names())))
    total = run_meson('qtest', names)
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
    if arguments == ['bios-tables-test']:
        # As rebuild-expected-aml.sh does it, which would also write QEMU's
        # own tables, as the host's KVM makes them. Ours are links to here.
        program = 'tests/qtest/bios-tables-test'
        how = {'cwd': paths.QEMU_BUILD, 'env': dict(
            suites.qtest_environment(), QTEST_QEMU_BINARY=str(suites.TCG_ONLY),
            TEST_ACPI_REBUILD_AML='y')}
        for row in re.findall(r'/\S+/rmrr\S*',
                              ui.output([program, '-l'], **how)):
            say('blessing ' + row)
            ui.output([program, '-p', row], **how)
        return 0
    for name in arguments or suites.our_qtests():
        if 'IGD_RMRR_BLESS' not in (suites.TESTS / 'qtest' / (
                name + '.c')).read_text():
            continue
        say('blessing with ' + name)
        ui.output([paths.QEMU_BUILD / 'tests/qtest' / name, '-k'],
                  cwd=paths.QEMU_BUILD,
                  env=dict(suites.qtest_environment(), IGD_RMRR_BLESS='1'))
    say('see what changed: git diff --stat tests/data')
    return 0
