# ./run check asan: the qtests on an emulator with the sanitizers built in
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# AddressSanitizer with leak detection, and UndefinedBehaviorSanitizer. A
# report ends the emulator with an exit status that no test expects.

from . import files, paths, qemu, suites, top

QEMU_BUILD = paths.BUILD / 'qemu-asan'
OPTIONS = ('--enable-asan', '--enable-ubsan', '-Doptimization=1',
           '--extra-cflags=-fno-omit-frame-pointer')

# Leaks of stock QEMU. migrate_init: the description of the devices, of each
# migration that ends early and of each savevm. qemu_fopen_bdrv: the channel
# of each savevm and loadvm.
LEAKS = ('migrate_init', 'qemu_fopen_bdrv')
SUPPRESSIONS = QEMU_BUILD / 'igd-rmrr-leaks.txt'

# The exit status of a report; a refused start has 1.
STATUS = 'exitcode=99'


def build():
    """Builds the emulator and the qtests in build/qemu-asan."""
    qemu.build((), True, QEMU_BUILD, OPTIONS)
    files.write_atomic(SUPPRESSIONS,
                       ''.join('leak:%s\n' % name for name in LEAKS))


def environment(suppressions=SUPPRESSIONS):
    env = {name: '%s:%s' % (value, STATUS)
           for name, value in top.SANITIZERS.items()}
    env['LSAN_OPTIONS'] = 'suppressions=%s:print_suppressions=0' % suppressions
    return env


def run_qtest(name):
    """Replaces this process by a qtest program on that emulator."""
    return suites.run_qtest(name, QEMU_BUILD, environment())
