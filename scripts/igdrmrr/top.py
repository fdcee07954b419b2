# The project's own meson builds: pure code, unit tests, the tool
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

from . import files, paths, qemu, suites, ui

MESON = '/usr/bin/meson'

SANITIZERS = {
    'ASAN_OPTIONS': 'abort_on_error=0:detect_leaks=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
}


def environment(compiler='gcc'):
    env = {name: value for name, value in os.environ.items()
           if name not in qemu.UNWANTED}
    env.update(SANITIZERS, CC='ccache ' + compiler, LC_ALL='C.UTF-8',
               NINJA=qemu.NINJA, IGD_RMRR_CACHE=str(paths.CACHE))
    return env


def build(directory, compiler='gcc', options=(), targets=(), keep=()):
    """Sets a build directory up and builds in it; returns its path.

    Two lanes of the check have suites in the same one.
    """
    with files.Lock(paths.BUILD / ('.lock-' + directory),
                    'build/' + directory) as lock:
        where = set_up(directory, compiler, options)
        ui.run_logged('building in build/' + directory,
                      [qemu.NINJA, '-C', where, *targets],
                      'build-%s.log' % directory, keep=(lock.fd, *keep),
                      cwd=paths.ROOT, env=environment(compiler))
    return where


def set_up(directory, compiler, options):
    """A meson build directory that knows of every test there is now."""
    build = paths.BUILD / directory
    stamp = build / 'igd-rmrr-setup.json'
    known = {'options': list(options), 'compiler': compiler,
             'qtests': suites.qtest_names()}
    before = files.read_json(stamp)
    if before == known:
        return build
    if not before or (before['options'], before['compiler']) != (
            known['options'], compiler):
        files.remove_tree(build)
        command = [MESON, 'setup', *options, build, paths.ROOT]
    else:
        command = [MESON, 'setup', '--reconfigure', build, paths.ROOT]
    ui.run_logged('meson setup', command, 'setup-%s.log' % directory,
                  env=environment(compiler), cwd=paths.ROOT)
    files.write_json(stamp, known)
    return build
