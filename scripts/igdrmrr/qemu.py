# Configures and builds the emulator and the qtest programs
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import shlex

from . import assets, fetch, files, paths, source, suites
from .ui import output, run_logged, say

NINJA = '/usr/bin/ninja'

# Of every build ...
COMMON = (
    '--target-list=x86_64-softmmu', '--python=/usr/bin/python3',
    '--disable-download', '--disable-install-blobs', '--disable-docs',
    '--disable-werror',
    # Line numbers for backtraces only: a fifth less to compile than -g.
    '--disable-debug-info', '--extra-cflags=-g1', '--cc=ccache gcc')

# ... and of the one for the tests; the packaged one's are in full.py.
FEATURES = (
    '--without-default-features', '--enable-system',
    '--enable-tcg', '--enable-kvm', '--enable-fdt', '--enable-slirp',
    '--enable-pixman', '--enable-trace-backends=log',
    # What a domain of libvirt's can ask for: a virtio network card does for
    # vhost-net wherever the kernel has it, every domain for a sandbox if the
    # emulator knows one.
    '--enable-seccomp', '--enable-vnc', '--enable-vhost-kernel',
    '--enable-vhost-net', '--enable-vhost-user', '--enable-libusb',
    # A TPM; a VNC password (DES); memory bound to a node of the host.
    '--enable-tpm', '--enable-nettle', '--enable-numa')

# Settings of the caller that would get into the build unasked.
UNWANTED = ('CC', 'CXX', 'CPP', 'LD', 'CFLAGS', 'CXXFLAGS', 'CPPFLAGS',
            'LDFLAGS', 'CPATH', 'C_INCLUDE_PATH', 'LIBRARY_PATH',
            'PKG_CONFIG_PATH', 'PKG_CONFIG_LIBDIR', 'MAKEFLAGS', 'DESTDIR',
            'NINJA_STATUS', 'MESON_TESTTHREADS',
            # The language of messages is part of what ccache compares.
            'LANG', 'LANGUAGE', 'SOURCE_DATE_EPOCH', 'GCC_COLORS')


def clean_environment():
    """The user's, without what changes how something is compiled."""
    env = {name: value for name, value in os.environ.items()
           if name not in UNWANTED and not name.startswith(('LC_', 'MAKE'))}
    env['LC_ALL'] = 'C.UTF-8'
    return env


def environment():
    """The environment of configure and of ninja (which can call meson)."""
    env = clean_environment()
    env['PYTHONNOUSERSITE'] = '1'
    env['PYTHONPATH'] = str(assets.meson_path())
    env.setdefault('CCACHE_DIR', str(paths.CACHE / 'ccache'))
    env.setdefault('CCACHE_MAXSIZE', '2G')
    # A second clone finds what the first one compiled.
    env['CCACHE_BASEDIR'] = str(paths.ROOT)
    env['CCACHE_NOHASHDIR'] = '1'
    # Every file includes this list of what it must not name, so each new
    # Kconfig symbol would compile all of QEMU anew; but code that compiles
    # is the same whatever is in the list.
    env['CCACHE_IGNOREHEADERS'] = 'config-poison.h'
    return env


def configure(record, directory=paths.QEMU_BUILD, options=(), keep=(),
              src=paths.QEMU_SRC, words='igd-rmrr', firmware=(),
              features=FEATURES):
    """
    Makes a build directory, with more options than the usual ones.

    @words are what --version says of it.
    """
    firmware = firmware or [*map(str, assets.firmware_dirs()),
                            '/usr/share/qemu', '/usr/share/seabios']
    # Relative, so that a second clone's commands are the same for ccache.
    command = [os.path.relpath(src / 'configure', directory), *COMMON,
               *features,
               '--with-pkgversion=%s, %s' % (words, source_name(record)),
               '--firmwarepath=' + ':'.join(firmware),
               *shlex.split(os.environ.get('IGD_RMRR_CONFIGURE', '')),
               *options]
    files.configured(
        directory, {'command': command, 'source': record['version'],
                    'meson': str(assets.meson_path()),
                    'env': os.environ.get('PATH')},
        "QEMU's configure, build/%s" % directory.relative_to(paths.BUILD),
        command, log_name(directory, 'configure'), keep=keep,
        env=environment())
    # Lets a ninja started by hand find meson: no PYTHONPATH needed.
    for site in (directory / 'pyvenv/lib').glob('*/site-packages'):
        files.write_atomic(site / 'igd-rmrr-meson.pth',
                           '%s\n' % assets.meson_path())


def log_name(directory, what):
    """A log's name: each build directory has its own."""
    return '%s-%s.log' % (str(directory.relative_to(paths.BUILD)).replace(
        '/', '-'), what)


def ninja_command(*targets):
    """Ninja with as many jobs as the user has asked for."""
    jobs = os.environ.get('IGD_RMRR_JOBS')
    return [NINJA, *(['-j' + jobs] if jobs else []), *targets]


def ninja(targets=('qemu-system-x86_64',), directory=paths.QEMU_BUILD,
          keep=()):
    """Builds; says so as soon as there turns out to be something to do."""
    real_steps = []

    def on_line(line):
        # This one is made every time and changes nothing.
        if line.startswith('[') and 'Generating qemu-version.h' not in line:
            if not real_steps:
                say('building ' + ', '.join(targets))
            real_steps.append(line)

    run_logged('building', ninja_command(*targets),
               log_name(directory, 'build'), keep=keep, cwd=directory,
               env=environment(), on_line=on_line)
    if not real_steps:
        say('built already, nothing changed')


def link_firmware(directory=paths.QEMU_BUILD):
    """
    Lets the emulator find its firmware from the build directory.

    Started from there, QEMU looks for every absolute path, of --firmwarepath
    too, below the directory qemu-bundle that stands for the installed system.
    """
    for path in assets.firmware_dirs():
        files.link(directory / 'qemu-bundle' / path.relative_to('/'), path)


def source_name(record):
    """Which source an emulator is made from, for --version too."""
    return record.get('tree', 'Debian') + ' ' + record['version']


def built_version():
    """The emulator's own words."""
    return output([paths.EMULATOR, '--version']).splitlines()[0]


def build(wanted=assets.FOR_BUILD, qtests=False, directory=paths.QEMU_BUILD,
          options=(), firmware=(), features=FEATURES, modules=()):
    """
    All steps from nothing to an emulator in a build directory.

    @modules are what to make besides, of an emulator that has any.
    """
    record = fetch.fetch(wanted)
    with files.Lock(paths.QEMU_TOP / '.lock', 'build/') as lock:
        source.prepare(record)
        configure(record, directory, options, (lock.fd,), firmware=firmware,
                  features=features)
        ninja(['qemu-system-x86_64', *modules, *(
            'tests/qtest/' + name for name in suites.qtest_names()
            if qtests)], directory, keep=(lock.fd,))
        if not firmware:
            link_firmware(directory)
        if directory == paths.QEMU_BUILD:
            files.link(paths.EMULATOR, 'qemu/qemu-system-x86_64')
    say('%s/qemu-system-x86_64 (%s)' % (
        directory.relative_to(paths.ROOT), source_name(record)))
    return record
