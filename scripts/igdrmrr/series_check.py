# The suite series: written, in QEMU's style, each patch applies, none missing
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With "./run check --full" QEMU is built after each patch as well.
#
# build/series/build has QEMU as Debian builds it, as the other trees have, so
# ccache has most of the objects. Both directories are made anew: files from an
# archive are older than the objects of the run before, and ninja would keep
# those.

import os
import time

from . import (fetch, files, paths, qemu, series, series_git, source, stock,
               suites, ui)
from .cases import Cases
from .ui import say

BUILD = series_git.TOP / 'build'


def check_applies(patches):
    """The patches, as written, make of the released QEMU what they should."""
    def git(*arguments):
        return series_git.git(series_git.NOBODY, *arguments)

    git('checkout', '-q', '-b', 'applied', 'base')
    git('am', '-q', *patches)
    return ['%s differs' % name for name in
            git('diff', '--name-only', 'series').splitlines()]


def apply_patch(patch, directory):
    """Applies one outside of any repository, and sees that it was applied."""
    # In a directory that a repository ignores, git leaves all of it out.
    env = dict(os.environ, GIT_CEILING_DIRECTORIES=str(directory.parent))
    for reverse in ((), ('--reverse', '--check')):
        ui.run_logged('applying ' + patch.name,
                      ['git', 'apply', *reverse, patch],
                      'series-apply.log', env=env, cwd=directory)


def apply_each(patches, build):
    """Applies one after the other to QEMU, @build or not; yields each."""
    record = fetch.fetch(())
    directory = stock.source_directory(BUILD)
    with files.Lock(paths.BUILD / '.lock-series', 'build/series'):
        files.remove_tree(BUILD)
        stock.unpack_stock(record, BUILD)
        if build:
            stock.configure(record, BUILD, 'series')
        for number, patch in enumerate(patches, 1):
            start = time.monotonic()
            apply_patch(patch, directory)
            if build:
                # Our qtests are in the last one.
                tests = suites.our_qtests() if patch == patches[-1] else []
                ui.run_logged('building ' + patch.name,
                              qemu.ninja_command(
                                  'qemu-system-x86_64',
                                  *('tests/qtest/' + name for name in tests)),
                              'series-build-%02d.log' % number,
                              cwd=stock.build_directory(BUILD),
                              env=qemu.environment())
                say('built %s (%d s)' % (patch.name,
                                         time.monotonic() - start))
            yield patch


def check_whole():
    """What all patches make is what ./run build builds."""
    made = stock.source_directory(BUILD)
    wanted = series.read_own()
    for hook in source.read_series():
        for name in hook.touched:
            wanted[name] = (paths.QEMU_SRC / name).read_bytes()
    return ['%s differs' % name for name in sorted(wanted)
            if not (made / name).exists()
            or (made / name).read_bytes() != wanted[name]]


def suite_series():
    cases = Cases('series')
    patches = []
    if cases.run('export', lambda: patches.extend(
            series_git.export(series_git.NOBODY))):
        cases.run('checkpatch', series_git.check_style, patches)
        cases.run('applies', check_applies, patches)
        applied = apply_each(patches, suites.full())
        if all(cases.run('one by one: ' + patch.name,
                         lambda: next(applied) and None)
               for patch in patches):
            cases.run('whole', check_whole)
        applied.close()
    return cases.end()
