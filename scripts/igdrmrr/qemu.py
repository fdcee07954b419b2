# Configures and builds the emulator and the qtest programs
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import shlex
import subprocess

from . import assets, fetch, files, paths, source, suites
from .ui import Failure, run_logged, say

PYTHON = '/usr/bin/python3'
NINJA = '/usr/bin/ninja'
STAMP = paths.QEMU_BUILD / 'igd-rmrr-configured.json'

FEATURES = (
    '--target-list=x86_64-softmmu', '--python=' + PYTHON,
    '--disable-download', '--without-default-features', '--enable-system',
    '--enable-tcg', '--enable-kvm', '--enable-fdt', '--enable-slirp',
    '--enable-pixman', '--enable-trace-backends=log',
    # What a domain of libvirt's can ask for: a virtio network card does for
    # vhost-net wherever the kernel has it, every domain for a sandbox if the
    # emulator knows one. No Linux AIO: its library has another name in Debian
    # 13, where packages of Debian 12 could not be installed.
    '--enable-seccomp', '--enable-vnc', '--enable-vhost-kernel',
    '--enable-vhost-net', '--enable-vhost-user', '--enable-libusb',
    '--disable-install-blobs', '--disable-docs', '--disable-werror',
    # Line numbers for backtraces only: a fifth less to compile than -g.
    '--disable-debug-info', '--extra-cflags=-g1', '--cc=ccache gcc')

# Settings of the caller that would get into the build unasked.
UNWANTED = ('CC', 'CXX', 'CPP', 'LD', 'CFLAGS', 'CXXFLAGS', 'CPPFLAGS',
            'LDFLAGS', 'CPATH', 'C_INCLUDE_PATH', 'LIBRARY_PATH',
            'PKG_CONFIG_PATH', 'PKG_CONFIG_LIBDIR', 'MAKEFLAGS', 'DESTDIR',
            'NINJA_STATUS', 'MESON_TESTTHREADS',
            # The language of messages is part of what ccache compares.
            'LANG', 'LANGUAGE', 'SOURCE_DATE_EPOCH', 'GCC_COLORS')


def environment():
    """The environment of configure and of ninja (which can call meson)."""
    env = {name: value for name, value in os.environ.items()
           if name not in UNWANTED and not name.startswith('LC_')}
    env['LC_ALL'] = 'C.UTF-8'
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


def configure_command(record):
    firmware = [str(path) for path in assets.firmware_dirs()]
    firmware += ['/usr/share/qemu', '/usr/share/seabios']
    return ([str(paths.QEMU_SRC / 'configure'), *FEATURES,
             '--with-pkgversion=igd-rmrr, Debian ' + record['version'],
             '--firmwarepath=' + ':'.join(firmware)]
            + shlex.split(os.environ.get('IGD_RMRR_CONFIGURE', '')))


def configured_for(command, record):
    """What the build directory depends on; another makes it anew."""
    return {'command': command, 'source': record['version'],
            'meson': str(assets.meson_path()), 'env': os.environ.get('PATH')}


def configure(record, lock, directory=paths.QEMU_BUILD, options=()):
    """Makes a build directory, with more options than the usual ones."""
    stamp = directory / STAMP.name
    command = configure_command(record) + list(options)
    inputs = configured_for(command, record)
    if files.read_json(stamp) == inputs:
        return
    # Never from a half-done or a differently made one.
    files.remove_tree(directory)
    directory.mkdir(parents=True)
    say('configuring QEMU %s in build/%s' % (record['version'],
                                             directory.name))
    # Relative, so that a second clone's commands are the same for ccache.
    relative = os.path.relpath(command[0], directory)
    run_logged("QEMU's configure", [relative] + command[1:],
               log_name(directory, 'configure.log'), keep=(lock.fd,),
               cwd=directory, env=environment())
    remember_meson(directory)
    files.write_json(stamp, inputs)


def log_name(directory, name):
    """A log's name: each build directory but the first has its own."""
    return name if directory == paths.QEMU_BUILD else (
        '%s-%s' % (directory.name, name))


def remember_meson(directory):
    """Lets a ninja started by hand find meson: no PYTHONPATH needed."""
    for site in (directory / 'pyvenv/lib').glob('*/site-packages'):
        files.write_atomic(site / 'igd-rmrr-meson.pth',
                           '%s\n' % assets.meson_path())


def ninja_command(*targets):
    """Ninja with as many jobs as the user has asked for."""
    jobs = os.environ.get('IGD_RMRR_JOBS')
    return [NINJA, *(['-j' + jobs] if jobs else []), *targets]


def ninja(targets, lock, directory=paths.QEMU_BUILD):
    """Builds; says so as soon as there turns out to be something to do."""
    real_steps = []

    def on_line(line):
        # This one is made every time and changes nothing.
        if line.startswith('[') and 'Generating qemu-version.h' not in line:
            if not real_steps:
                say('building ' + ', '.join(targets))
            real_steps.append(line)

    run_logged('building', ninja_command(*targets),
               log_name(directory, 'build.log'), keep=(lock.fd,),
               cwd=directory, env=environment(), on_line=on_line)
    if not real_steps:
        say('built already, nothing changed')


def link_firmware(directory=paths.QEMU_BUILD):
    """
    Lets the emulator find its firmware from the build directory.

    Started from there, QEMU looks for every absolute path, of --firmwarepath
    too, below the directory qemu-bundle that stands for the installed system.
    """
    for path in assets.firmware_dirs():
        link = directory / 'qemu-bundle' / path.relative_to('/')
        if link.is_symlink() and os.readlink(link) == str(path):
            continue
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(path)


def link_emulator():
    target = 'qemu/qemu-system-x86_64'
    if paths.EMULATOR.is_symlink():
        if os.readlink(paths.EMULATOR) == target:
            return
        paths.EMULATOR.unlink()
    os.symlink(target, paths.EMULATOR)


def built_version():
    """The emulator's own words."""
    done = subprocess.run([paths.EMULATOR, '--version'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        raise Failure('the emulator does not start:\n' + done.stdout)
    return done.stdout.splitlines()[0]


def ninja_targets(qtests):
    names = suites.qtest_names() if qtests else ()
    return ['qemu-system-x86_64', *('tests/qtest/' + name for name in names)]


def build(wanted=assets.FOR_BUILD, qtests=False):
    """All steps from nothing to build/qemu-system-x86_64."""
    record = fetch.fetch(wanted)
    paths.BUILD.mkdir(exist_ok=True)
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        source.prepare(record)
        configure(record, lock)
        ninja(ninja_targets(qtests), lock)
        link_firmware()
        link_emulator()
    say('build/qemu-system-x86_64, made from Debian\'s QEMU %s: %s'
        % (record['version'], built_version()))
