# The emulator that is packaged: configured like Debian's qemu-system-x86
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's configure line comes from the source package, where debian/rules
# puts it together from debian/control; packaging/full-options lists what is
# left out of it. Which package a module belongs to is read there as well.

import fnmatch
import re
import shlex

from . import files, paths, qemu
from .ui import Failure, output

OPTIONS = paths.ROOT / 'packaging/full-options'

# The directory of our modules, beside that of Debian's.
OWN_DIRECTORY = ('--with-suffix=qemu-igd-rmrr',)

# Debian's packages of modules; what is in none of them goes with the emulator.
MODULE_PACKAGES = ('qemu-system-gui', 'qemu-system-modules-spice',
                   'qemu-system-modules-opengl', 'qemu-block-extra')
WITH_THE_EMULATOR = 'qemu-system-x86'
# Debian removes the first; the second is of another machine's emulator.
NOT_SHIPPED = ('accel-qtest-', 'hw-s390x-')


def debian_words():
    """What Debian's own rules give to configure."""
    env = {name: value for name, value in qemu.environment().items()
           if not name.startswith(('DEB_', 'QEMU_'))}
    text = output(['make', '-n', '-f', 'debian/rules', 'b/qemu/configured'],
                  cwd=paths.QEMU_SRC, env=env)
    found = re.search(r'/configure (.*?)\|\|', text.replace('\\\n', ' '),
                      re.S)
    if not found:
        raise Failure('no configure line in debian/rules of QEMU:\n' + text)
    return shlex.split(found[1])


def table(path, columns):
    """The lines of a file of packaging/; the last column can have spaces."""
    return [line.split(None, columns - 1)
            for line in path.read_text().splitlines()
            if line and not line.startswith('#')]


def adapt(words, rows, release):
    """Debian's @words as the @rows of full-options have them."""
    left = []
    for pattern, where, _reason in rows:
        found = fnmatch.filter(words, pattern)
        if not found:
            raise Failure('packaging/full-options names %s, which Debian '
                          'does not give to configure' % pattern)
        if where in (release, 'all'):
            left += found
    return [word.replace('--enable-', '--disable-', 1) if word in left
            else word for word in words
            if word not in left or word.startswith('--enable-')]


def static_libraries():
    """For configure: where the linker finds libaio.a and no libaio.so.

    The library of Debian 12 has another name in 13 and is of 9 kB.
    """
    directory = paths.BUILD / 'qemu-package-static'
    found = output(['gcc', '-print-file-name=libaio.a']).strip()
    files.link(directory / 'libaio.a', found)
    return '--extra-ldflags=-L%s' % directory


def features(release):
    """For configure, on Debian 12 or 13; the source has to be unpacked."""
    return [*adapt(debian_words(), table(OPTIONS, 3), release),
            *OWN_DIRECTORY, *([static_libraries()] if release == '12' else [])]


def listed_modules():
    """{module: Debian's package}, of those that have a list of theirs."""
    found = {}
    for package in MODULE_PACKAGES:
        path = paths.QEMU_SRC / 'debian' / (package + '.install')
        if path.exists():
            found.update(dict.fromkeys(
                re.findall(r'/qemu/([\w-]+\.so)$', path.read_text(), re.M),
                package))
    return found


def modules(directory):
    """{a module in the build directory: Debian's package of it}."""
    listed = listed_modules()
    # debian/rules moves every module of that name, so it has no list.
    return {path: 'qemu-block-extra' if path.name.startswith('block-')
            else listed.get(path.name, WITH_THE_EMULATOR)
            for path in sorted(directory.glob('*.so'))
            if not path.name.startswith(NOT_SHIPPED)}
