# An unmodified QEMU from the same source package, to measure against
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The directories have the names they have beside each other in build/, one
# level down: so the compiler's command lines are those of the real build, and
# ccache has most of the objects already.

from . import fetch, files, paths, qemu
from .ui import run_logged, say

STOCK = paths.BUILD / 'stock'
SOURCE = STOCK / paths.QEMU_SRC.name
BUILD = STOCK / paths.QEMU_BUILD.name
EMULATOR = BUILD / 'qemu-system-x86_64'
STAMP = BUILD / 'igd-rmrr-configured.json'


def unpack(record):
    if files.read_json(SOURCE / '.igd-rmrr.json') == record:
        return
    say('unpacking an unmodified QEMU ' + record['version'])
    with files.new_directory(SOURCE) as new:
        fetch.unpack_source(record, new / 'x', 'stock-unpack.log')
        for entry in list((new / 'x').iterdir()):
            entry.rename(new / entry.name)
        (new / 'x').rmdir()
        files.write_json(new / '.igd-rmrr.json', record)


def configure(record):
    command = qemu.configure_command(record)
    command[0] = '../%s/configure' % SOURCE.name
    command = [word.replace('igd-rmrr, ', 'unmodified, ') for word in command]
    inputs = qemu.configured_for(command, record)
    if files.read_json(STAMP) == inputs:
        return
    files.remove_tree(BUILD)
    BUILD.mkdir(parents=True)
    run_logged("the unmodified QEMU's configure", command,
               'stock-configure.log', cwd=BUILD, env=qemu.environment())
    files.write_json(STAMP, inputs)


def build():
    """Builds it unless it is there; returns the emulator's path."""
    record = fetch.fetch(())
    with files.Lock(STOCK.parent / '.stock-lock', 'build/stock'):
        unpack(record)
        configure(record)
        run_logged('building an unmodified QEMU',
                   [qemu.NINJA, 'qemu-system-x86_64'], 'stock-build.log',
                   cwd=BUILD, env=qemu.environment())
    return EMULATOR
