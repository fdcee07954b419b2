# The project's own meson builds: pure code, unit tests, the tool
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
