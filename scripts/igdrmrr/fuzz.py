# The fuzz targets: how they are built, run and judged
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# libFuzzer, from clang's run-time package; needs glib and no QEMU. What it
# learns stays in build/fuzz/corpus, so each run goes on from the last one.

import collections
import os
import re
import shlex
import shutil
import subprocess
import time

from . import paths, qemu, results, suites, tool, ui
from .ui import Failure, say

CLANG = '/usr/bin/clang'
DIRECTORY = paths.BUILD / 'fuzz'

SECONDS = 'IGD_RMRR_FUZZ_SECONDS'
DEFAULT_SECONDS = 20
FULL_SECONDS = 120

# A target is tests/fuzz/NAME.c with the files it needs and the libraries, as
# pkg-config calls them. Longer inputs than @longest bytes tell it nothing.
# @seeds are files to begin with.
Target = collections.namedtuple('Target', 'name longest sources libraries '
                                'seeds', defaults=(('glib-2.0',), None))

TARGETS = (
    Target('fuzz-vtd-range-scan', 520,
           ('hw/i386/vtd_range_scan.c', 'tests/unit/vtd-scan-case.c',
            'tests/unit/vtd-slow-walk.c', 'tests/unit/vtd-test-tables.c')),
    Target('fuzz-igd-bundle', 16384, tool.pure_sources(),
           ('glib-2.0', 'jansson'), 'tests/data/hosts/*.bundle'),
)

OPTIONS = ('-std=gnu11', '-g', '-O2', '-fno-omit-frame-pointer',
           '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all')
INCLUDES = ('tests/unit/shim', 'include', '.', 'tools/igd-stolen')

# What a run said: inputs tried, file with the input that broke it, why.
Outcome = collections.namedtuple('Outcome', 'executions reproducer reason')


def read_output(text):
    """The outcome of a run, from all that libFuzzer printed."""
    def last(pattern):
        found = re.findall(pattern, text, re.M)
        return found[-1].strip() if found else None

    executions = (last(r'^stat::number_of_executed_units:\s*(\d+)')
                  or last(r'^Done (\d+) runs? in ') or last(r'^#(\d+)\s') or 0)
    reason = last(r'^(wrong: .*)') or last(r'^SUMMARY: (.*)')
    return Outcome(int(executions), last(r'Test unit written to (.+)'), reason)


def judge(name, status, outcome):
    """One case: passed if the run came to its end and tried something."""
    if status == 0 and not outcome.reproducer and outcome.executions:
        return results.Counts(1)
    why = outcome.reason or ('exit status %d' % status if status
                             else 'tried no input')
    if outcome.reproducer:
        why += ', reproducer ' + outcome.reproducer
    return results.Counts(failed=['%s: %s' % (name, why)])


def seconds(value):
    """How long each target runs, from the variable's @value or None."""
    if not value:
        return FULL_SECONDS if suites.full() else DEFAULT_SECONDS
    if not re.fullmatch(r'[1-9]\d*', value):
        raise Failure('%s is "%s", not a whole number of seconds above 0'
                      % (SECONDS, value))
    return int(value)


def environment():
    env = {name: value for name, value in os.environ.items()
           if name not in qemu.UNWANTED}
    env.update(LC_ALL='C.UTF-8', UBSAN_OPTIONS='print_stacktrace=1')
    env.pop('ASAN_OPTIONS', None)
    return env


def library_options(target):
    done = subprocess.run(
        ['/usr/bin/pkg-config', '--cflags', '--libs', *target.libraries],
        env=environment(), check=True, stdout=subprocess.PIPE, text=True)
    return shlex.split(done.stdout)


def build(target):
    """Compiles a target; returns the program."""
    program = DIRECTORY / target.name
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    sources = ['tests/fuzz/%s.c' % target.name, *target.sources]
    ui.run_logged(
        'building ' + target.name,
        [CLANG, *OPTIONS, *('-I' + name for name in INCLUDES), '-o', program,
         *sources, *library_options(target)], 'build-%s.log' % target.name,
        env=environment(), cwd=paths.ROOT)
    return program


def run(target, limit):
    """Builds a target and runs it for @limit seconds; returns its count."""
    program = build(target)
    corpus = DIRECTORY / 'corpus' / target.name
    found = DIRECTORY / 'found'
    for directory in (corpus, found):
        directory.mkdir(parents=True, exist_ok=True)
    if target.seeds:
        for seed in paths.ROOT.glob(target.seeds):
            shutil.copy(seed, corpus)
    log = target.name + '.log'
    status = ui.run_logged(
        target.name,
        [program, '-max_total_time=%d' % limit, '-timeout=25',
         '-max_len=%d' % target.longest, '-print_final_stats=1',
         '-print_funcs=0',
         '-artifact_prefix=%s/%s-' % (found, target.name), corpus],
        log, check=False, env=environment(), cwd=DIRECTORY)
    path = paths.LOGS / log
    outcome = read_output(path.read_text(errors='replace'))
    counted = judge(target.name, status, outcome)
    if counted.failed:
        print(ui.tail(path), end='')
        say('  the whole log: %s' % path)
    if outcome.reproducer:
        say('  again: %s %s' % (program, outcome.reproducer))
    say('  %s: %d executions' % (target.name, outcome.executions))
    return counted


def suite_fuzz():
    say('suite fuzz')
    start = time.monotonic()
    total = results.Counts()
    for target in TARGETS:
        try:
            total.add(run(target, seconds(os.environ.get(SECONDS))))
        except Failure as failure:
            say(str(failure))
            total.failed.append('%s: could not be run' % target.name)
    say('suite fuzz: %s (%d s)' % (total, time.monotonic() - start))
    return total
