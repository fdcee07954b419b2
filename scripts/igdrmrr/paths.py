# Where everything is: the clone, its build directory, the cache
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BUILD = ROOT / 'build'

# Which QEMU: 10.0, 10.2, newest, or the directory of a tree. The options
# --qemu and --qemu-tree set it (main.py); tests inherit it.
WHICH = 'IGD_RMRR_QEMU'
QEMU = os.environ.get(WHICH, '10.0')


def top(qemu):
    """Where the source and the build directories of a QEMU are."""
    return BUILD if qemu == '10.0' else BUILD / (
        'qemu-tree' if os.path.isabs(qemu) else 'qemu-' + qemu)


QEMU_TOP = top(QEMU)
QEMU_SRC = QEMU_TOP / 'qemu-src'
QEMU_BUILD = QEMU_TOP / 'qemu'
EMULATOR = QEMU_TOP / 'qemu-system-x86_64'
LOGS = QEMU_TOP / 'log'


def cache_dir():
    """The cache, shared by every clone of one user."""
    own = os.environ.get('IGD_RMRR_CACHE')
    if own:
        return Path(own).absolute()
    base = os.environ.get('XDG_CACHE_HOME')
    # The XDG specification says to ignore a relative path.
    if not base or not os.path.isabs(base):
        base = os.path.expanduser('~/.cache')
    return Path(base) / 'qemu-igd-rmrr'


CACHE = cache_dir()
