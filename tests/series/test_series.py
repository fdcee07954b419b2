# The series is written, is in QEMU's style, applies, and has everything
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With "./run check --full" QEMU is built after each patch as well.

import pytest

from igdrmrr import fetch, paths, series, series_git, source, stock, suites, ui

ui.install_signal_handlers()

# Written here, since their names are those of the cases.
PATCHES = series_git.export(series_git.NOBODY)
APPLIED = series_git.apply_each(PATCHES, suites.full())


def test_checkpatch():
    assert series_git.check_style(PATCHES) == []


def test_applies():
    """The patches, as written, make of the released QEMU what they should."""
    def git(*arguments):
        return series_git.git(series_git.NOBODY, *arguments)

    git('checkout', '-q', '-b', 'applied', 'base')
    git('am', '-q', *PATCHES)
    assert git('diff', '--name-only', 'series') == ''


@pytest.mark.parametrize('patch', PATCHES, ids=lambda path: path.name)
def test_one_by_one(patch):
    assert next(APPLIED) == patch


def test_whole():
    """What all patches make is what ./run build builds."""
    APPLIED.close()
    made = stock.source_directory(series_git.BUILD)
    version = fetch.fetch(())['version']
    wanted = series.read_own(version)
    exported = series.hooks(version)
    for hook in source.read_series(version=version):
        if hook not in exported:
            series_git.apply_patch(hook.path, made)
        for name in hook.touched:
            wanted[name] = (paths.QEMU_SRC / name).read_bytes()
    assert [name for name, content in wanted.items()
            if not (made / name).exists()
            or (made / name).read_bytes() != content] == []
