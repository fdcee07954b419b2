# The project's own meson builds: pure code, unit tests, the tool; sanitizers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from . import files, paths, qemu, suites, ui

MESON = '/usr/bin/meson'

SANITIZERS = {
    'ASAN_OPTIONS': 'abort_on_error=0:detect_leaks=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
}

# ./run check asan: the qtests on an emulator with AddressSanitizer, leak
# detection and UndefinedBehaviorSanitizer built in.
ASAN_BUILD = paths.QEMU_TOP / 'qemu-asan'
ASAN_OPTIONS = ('--enable-asan', '--enable-ubsan', '-Doptimization=1',
                '--extra-cflags=-fno-omit-frame-pointer')
# Leaks of stock QEMU. migrate_init: the description of the devices, of each
# migration that ends early and of each savevm. qemu_fopen_bdrv: the channel
# of each savevm and loadvm.
LEAKS = ('migrate_init', 'qemu_fopen_bdrv')
SUPPRESSIONS = ASAN_BUILD / 'igd-rmrr-leaks.txt'
# A report ends the emulator with this, which no test expects; a refused start
# has 1.
STATUS = 'exitcode=99'


def environment(compiler='gcc'):
    return dict(qemu.clean_environment(), **SANITIZERS,
                CC='ccache ' + compiler, NINJA=qemu.NINJA,
                IGD_RMRR_CACHE=str(paths.CACHE))


def build(directory, compiler='gcc', options=(), targets=(), keep=()):
    """Sets a build directory up and builds in it; returns its path.

    Two lanes of the check have suites in the same one. It is made anew when
    there is another test program.
    """
    where = paths.BUILD / directory
    env = environment(compiler)
    with files.Lock(paths.BUILD / ('.lock-' + directory),
                    'build/' + directory) as lock:
        files.configured(
            where, {'options': list(options), 'compiler': compiler,
                    'qtests': suites.qtest_names()},
            'meson setup', [MESON, 'setup', *options, where, paths.ROOT],
            'setup-%s.log' % directory, env=env)
        ui.run_logged('building in build/' + directory,
                      [qemu.NINJA, '-C', where, *targets],
                      'build-%s.log' % directory, keep=(lock.fd, *keep),
                      cwd=paths.ROOT, env=env)
    return where


def build_asan():
    """Builds the emulator and the qtests with sanitizers."""
    qemu.build((), True, ASAN_BUILD, ASAN_OPTIONS)
    files.write_atomic(SUPPRESSIONS,
                       ''.join('leak:%s\n' % name for name in LEAKS))


def asan_environment(suppressions=SUPPRESSIONS):
    env = {name: '%s:%s' % (value, STATUS)
           for name, value in SANITIZERS.items()}
    env['LSAN_OPTIONS'] = 'suppressions=%s:print_suppressions=0' % suppressions
    return env


def run_asan_qtest(name):
    """Replaces this process by a qtest program on that emulator."""
    return suites.run_qtest(name, ASAN_BUILD, asan_environment())
