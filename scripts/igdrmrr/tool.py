# igd-stolen: how it is built and where it is
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

from . import files, paths, top
from .ui import say

SOURCES = 'tools/igd-stolen'
NAME = 'tools/igd-stolen/igd-stolen'
PROGRAM = paths.BUILD / 'top' / NAME


def build():
    """Builds the tool; it needs no QEMU."""
    paths.BUILD.mkdir(exist_ok=True)
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        top.build('top', targets=[NAME], keep=(lock.fd,))
        files.link(paths.BUILD / 'igd-stolen',
                   os.path.relpath(PROGRAM, paths.BUILD))
    say('build/igd-stolen')
