# Where everything is: the clone, its build directory, the cache
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

BUILD = ROOT / 'build'
QEMU_SRC = BUILD / 'qemu-src'
QEMU_BUILD = BUILD / 'qemu'
EMULATOR = BUILD / 'qemu-system-x86_64'
LOGS = BUILD / 'log'


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
