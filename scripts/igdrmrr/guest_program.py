# Programs for test guests, in C: static, so that a guest needs no library
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from . import files, paths, qemu
from .ui import run_logged

# A program is all of tests/functional/NAME, with headers from elsewhere.
HEADERS = {'kexec-load': (),
           'test-card': ('include/hw/display/igd-testdev-regs.h',),
           'vfio-user': ('kernel/igd-vfio-pci/igd_vfio_stolen.h',)}


def build(name):
    """The program's path; builds it unless it is there."""
    program = paths.BUILD / name
    headers = [paths.ROOT / header for header in HEADERS[name]]
    sources = sorted((paths.ROOT / 'tests/functional' / name).iterdir())
    with files.Lock(program.parent / ('.lock-' + name), name):
        if not program.exists() or any(
                path.stat().st_mtime > program.stat().st_mtime
                for path in sources + headers):
            run_logged(
                'building ' + name,
                ['gcc', '-std=gnu11', '-static', '-s', '-O2', '-Wall',
                 '-Wextra', '-Werror', '-I', paths.ROOT / 'include',
                 *('-I%s' % header.parent for header in headers),
                 '-o', program,
                 *(path for path in sources if path.suffix == '.c')],
                name + '.log', env=qemu.clean_environment())
    return program
