# igd-stolen: how it is built and where it is
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re

from . import files, paths, top
from .ui import say

SOURCES = 'tools/igd-stolen'
NAME = 'tools/igd-stolen/igd-stolen'
PROGRAM = paths.BUILD / 'top' / NAME
LINK = paths.BUILD / 'igd-stolen'

# The emulator's own code that the tool links.
SHARED = ('hw/i386/stolen_plan.c', 'hw/vfio/igd-stolen.c',
          'hw/vfio/igd-reserved-regions.c')


def pure_sources():
    """All that is linked but what reads a real host, as meson.build says."""
    text = (paths.ROOT / SOURCES / 'meson.build').read_text()
    pure = re.search(r'tool_pure_sources = files\((.*?)\)', text, re.S)
    return tuple('%s/%s' % (SOURCES, name) for name in
                 re.findall(r"'([a-z-]+\.c)'", pure.group(1))) + SHARED


def build():
    """Builds the tool; it needs no QEMU."""
    paths.BUILD.mkdir(exist_ok=True)
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        top.build('top', targets=[NAME], keep=(lock.fd,))
        target = os.path.relpath(PROGRAM, paths.BUILD)
        if not LINK.is_symlink() or os.readlink(LINK) != target:
            LINK.unlink(missing_ok=True)
            os.symlink(target, LINK)
    say('build/igd-stolen')
