# The program that loads a kernel for kexec in a test guest: how it is built
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from . import guest_program, paths

SOURCE = paths.ROOT / 'tests/functional/kexec-load'
PROGRAM = paths.BUILD / 'kexec-load'


def program():
    """The program's path; builds it unless it is there."""
    return guest_program.build(PROGRAM, SOURCE)
