# The fuzz targets, built and run
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
import shutil

import pytest

from igdrmrr import paths, qemu, suites, tool, ui

ui.install_signal_handlers()

DIRECTORY = paths.BUILD / 'fuzz'

SECONDS = int(os.environ.get(suites.FUZZ_SECONDS) or (
    120 if suites.full() else 20))


def tool_sources():
    """All of igd-stolen but its main.c, as its meson.build lists it."""
    directory = 'tools/igd-stolen/'
    text = (paths.ROOT / directory / 'meson.build').read_text()
    return tuple(os.path.normpath(directory + name)
                 for listed in re.findall(r'files\((.*?)\)', text, re.S)
                 for name in re.findall(r"'([\w./-]+\.c)'", listed))


# A target is tests/fuzz/NAME.c with the files it needs and the libraries, as
# pkg-config calls them. Longer inputs than @longest bytes tell it nothing.
# @seeds are files to begin with.
Target = collections.namedtuple('Target', 'name longest sources libraries '
                                'seeds', defaults=(('glib-2.0',), 'none'))

TARGETS = (
    Target('fuzz-vtd-range-scan', 520,
           ('hw/i386/vtd_range_scan.c', 'tests/unit/vtd-test-tables.c')),
    Target('fuzz-igd-bundle', 16384, tool_sources(),
           ('glib-2.0', 'jansson', 'expat'), 'build/hosts/*.bundle'),
    Target('fuzz-igd-change', 4096, tool_sources(),
           ('glib-2.0', 'jansson', 'expat'), 'tests/data/tool/guests/*.*'),
)

OPTIONS = ('-std=gnu11', '-g', '-O2', '-fno-omit-frame-pointer',
           '-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all',
           '-Itests/unit/shim', '-Iinclude', '-I.', '-Itools/igd-stolen',
           '-I%s' % DIRECTORY)

WRITTEN = re.compile(r'Test unit written to (.+)')
EXECUTED = re.compile(r'^stat::number_of_executed_units:\s*(\d+)'
                      r'|^Done (\d+) runs? in ', re.M)
WHY = re.compile(r'^(wrong: .*)|^SUMMARY: (.*)', re.M)


def judge(status, text):
    """What is wrong with a run, from its status and what libFuzzer printed.

    It has to come to its end and to have tried something.
    """
    executed = EXECUTED.search(text)
    if (status == 0 and 'Test unit written' not in text and executed
            and int(executed[1] or executed[2])):
        return []
    why = [found[1] or found[2] for found in WHY.finditer(text)]
    return (why or ['exit status %d' % status if status else
                    'tried no input']) + [
        'reproducer ' + path for path in WRITTEN.findall(text)]


def environment():
    env = dict(qemu.clean_environment(), UBSAN_OPTIONS='print_stacktrace=1')
    env.pop('ASAN_OPTIONS', None)
    return env


def build(target):
    program = DIRECTORY / target.name
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    ui.output(['/usr/bin/python3', paths.ROOT / 'tests/unit/shim/qapi/enums.py',
               paths.ROOT / 'qapi/rmrr-target.json',
               DIRECTORY / 'qapi/qapi-types-rmrr-target.h'])
    options = ui.output(['/usr/bin/pkg-config', '--cflags', '--libs',
                         *target.libraries])
    ui.run_logged(
        'building ' + target.name,
        ['/usr/bin/clang', *OPTIONS, '-o', program,
         'tests/fuzz/%s.c' % target.name, *target.sources, *options.split()],
        'build-%s.log' % target.name, env=environment(), cwd=paths.ROOT)
    return program


@pytest.mark.parametrize('target', TARGETS, ids=lambda one: one.name)
def test_target(target):
    corpus = DIRECTORY / 'corpus' / target.name
    found = DIRECTORY / 'found'
    for directory in (corpus, found):
        directory.mkdir(parents=True, exist_ok=True)
    tool.write_hosts()
    for seed in paths.ROOT.glob(target.seeds):
        shutil.copy(seed, corpus)
    program = build(target)
    log = target.name + '.log'
    status = ui.run_logged(
        target.name,
        [program, '-max_total_time=%d' % SECONDS, '-timeout=25',
         '-max_len=%d' % target.longest, '-print_final_stats=1',
         '-print_funcs=0', '-artifact_prefix=%s/%s-' % (found, target.name),
         corpus], log, check=False, env=environment(), cwd=DIRECTORY)
    text = (paths.LOGS / log).read_text(errors='replace')
    assert judge(status, text) == [], (
        'again: %s REPRODUCER' % program, ui.tail(paths.LOGS / log))


def test_every_target_is_run():
    there = {path.stem for path in
             (paths.ROOT / 'tests/fuzz').glob('fuzz-*.c')}
    assert there == {target.name for target in TARGETS}


# How a run is judged

ENDED = '''\
#2\tINITED cov: 37 ft: 38 corp: 1/1b exec/s: 0 rss: 31Mb
Done 103166 runs in 61 second(s)
'''
STATS = 'stat::number_of_executed_units: 103166\nstat::peak_rss_mb: 341\n'
WRITTEN_TO = '''\
SUMMARY: libFuzzer: deadly signal
artifact_prefix='found/fuzz-x-'; Test unit written to found/fuzz-x-crash-12
'''

# Output, exit status, and what has to be said of the failure.
ROWS = {
    'all well': (ENDED + STATS, 0, []),
    'one run': ('Done 1 runs in 0 second(s)\n', 0, []),
    'stopped early': (ENDED.replace('Done', 'Undone'), 1, ['exit status 1']),
    'found by us': (
        'wrong: format 0, 3 levels\n' + WRITTEN_TO + STATS, 77,
        ['wrong: format 0, 3 levels', 'libFuzzer: deadly signal',
         'reproducer found/fuzz-x-crash-12']),
    'status 0 and a reproducer': (
        ENDED + WRITTEN_TO, 0, ['libFuzzer: deadly signal',
                                'reproducer found/fuzz-x-crash-12']),
    'nothing tried': ('stat::number_of_executed_units: 0\n', 0,
                      ['tried no input']),
    'not started': ('', 127, ['exit status 127']),
}


@pytest.mark.parametrize('row', ROWS)
def test_judge(row):
    text, status, why = ROWS[row]
    assert judge(status, text) == why
