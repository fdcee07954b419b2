# The program that draws a test card in a test guest: how it is built
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Static, so that a guest needs no library for it.

from . import driver, files, paths
from .ui import run_logged

SOURCE = paths.ROOT / 'tests/functional/test-card'
PROGRAM = paths.BUILD / 'test-card'


def program():
    """The program's path; builds it unless it is there."""
    paths.BUILD.mkdir(exist_ok=True)
    inputs = sorted(SOURCE.iterdir())
    inputs.append(paths.ROOT / 'include/hw/display/igd-testdev-regs.h')
    with files.Lock(paths.BUILD / '.lock-card', 'the test card'):
        if not PROGRAM.exists() or any(
                path.stat().st_mtime > PROGRAM.stat().st_mtime
                for path in inputs):
            run_logged(
                'building test-card',
                ['gcc', '-std=gnu11', '-static', '-s', '-O2', '-Wall',
                 '-Wextra', '-Werror', '-I', paths.ROOT / 'include', '-o',
                 PROGRAM,
                 *(path for path in inputs if path.suffix == '.c')],
                'test-card.log', env=driver.environment())
    return PROGRAM
