# Programs for test guests, in C: static, so that a guest needs no library
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

from . import files, paths, qemu
from .ui import run_logged


def environment():
    """The user's, without what changes how something is compiled."""
    env = {name: value for name, value in os.environ.items()
           if name not in qemu.UNWANTED and not name.startswith('MAKE')}
    env.update(LC_ALL='C.UTF-8')
    return env


def build(program, directory, *headers):
    """
    Builds @program of all that is in @directory, unless it is there.

    @headers are those from elsewhere that it includes. Returns the path.
    """
    program.parent.mkdir(parents=True, exist_ok=True)
    inputs = [*sorted(directory.iterdir()), *headers]
    name = program.name
    with files.Lock(program.parent / ('.lock-' + name), name):
        if not program.exists() or any(
                path.stat().st_mtime > program.stat().st_mtime
                for path in inputs):
            run_logged(
                'building ' + name,
                ['gcc', '-std=gnu11', '-static', '-s', '-O2', '-Wall',
                 '-Wextra', '-Werror', '-I', paths.ROOT / 'include',
                 *(word for header in headers
                   for word in ('-I', header.parent)), '-o', program,
                 *(path for path in inputs if path.suffix == '.c')],
                name + '.log', env=environment())
    return program
