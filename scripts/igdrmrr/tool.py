# igd-stolen: how it is built and where it is
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess

from . import files, paths, top
from .ui import say

SOURCES = 'tools/igd-stolen'
NAME = 'tools/igd-stolen/igd-stolen'
PROGRAM = paths.BUILD / 'top' / NAME
HOSTS = paths.BUILD / 'hosts'


def write_hosts():
    """Writes the bundles of the hosts that the tests and the book ask about."""
    subprocess.run(['/usr/bin/python3', paths.ROOT / 'tests/tool/hosts.py',
                    HOSTS], check=True)


def build():
    """Builds the tool, which needs no QEMU, and writes the bundles."""
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        top.build('top', targets=[NAME], keep=(lock.fd,))
        files.link(paths.BUILD / 'igd-stolen',
                   os.path.relpath(PROGRAM, paths.BUILD))
        write_hosts()
    say('build/igd-stolen')
