# The kernel driver: built against Debian's headers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The headers come unpacked from Debian's packages and name each other by the
# paths of an installed system, so a tree of links is made for each kernel, in
# build/driver/SUITE/tree, in which they find each other.

import os
import re
import shutil
import subprocess

from . import assets, files, paths, qemu, ui

SOURCE = paths.ROOT / 'kernel/igd-vfio-pci'
DIRECTORY = paths.BUILD / 'driver'
MODULE = 'igd-vfio-pci.ko'

# An option of a newer compiler that a kernel's configuration may ask for. The
# kernel has another way for compilers that lack it.
NEWER_OPTION = '-fmin-function-alignment=16'
NEWER_CONFIG = 'CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT'
# Which compiler a kernel's headers want.
VARIABLES = '.kernelvariables'
# What is no link in the tree that takes the place of a kernel's headers.
OF_OUR_OWN = ('scripts', 'tools', 'Makefile', 'include', 'vmlinux', VARIABLES)


def package():
    """Name and version, as DKMS has them."""
    text = (SOURCE / 'dkms.conf').read_text()
    return [re.search(r'^PACKAGE_%s="(.*)"$' % what, text, re.M)[1]
            for what in ('NAME', 'VERSION')]


def sources():
    return [path for path in sorted(SOURCE.iterdir())
            if path.suffix in ('.c', '.h', '.sh') or path.name in (
                'Kbuild', 'Makefile')]


def link_all(directory, origin, but):
    """Links to everything in @origin that is not named in @but."""
    directory.mkdir()
    for entry in origin.iterdir():
        if entry.name not in but:
            (directory / entry.name).symlink_to(entry)


def fit_configuration(include, compiler):
    """Takes what the compiler lacks from the configuration."""
    if not subprocess.run([compiler, NEWER_OPTION, '-E', '-x', 'c', os.devnull],
                          stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode:
        return
    for name in ('config/auto.conf', 'generated/autoconf.h'):
        lines = (include / name).read_text().splitlines(True)
        (include / name).unlink()
        (include / name).write_text(''.join(
            line for line in lines if NEWER_CONFIG not in line))


def wrap_program(path):
    """Has a program of trixie run with trixie's own libraries."""
    loader = assets.library_dirs()[0] / 'ld-linux-x86-64.so.2'
    libraries = ':'.join(map(str, assets.library_dirs()))
    os.rename(path, str(path) + '.elf')
    path.write_text('#!/bin/sh\nexec "%s" --library-path "%s" "$0.elf" "$@"\n'
                    % (loader, libraries))
    path.chmod(0o755)


def copy_tools(target, kbuild):
    """The build tools, such that they run on this system."""
    shutil.copytree(kbuild, target, symlinks=True)
    for path in target.rglob('*'):
        if path.is_file() and not path.is_symlink() and (
                path.read_bytes()[:4] == b'\x7fELF') and (
                b'not found' in subprocess.run(
                    ['ldd', path], stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT).stdout):
            wrap_program(path)


def make_tree(tree, suite, compiler):
    headers = assets.kernel_headers(suite)
    with files.new_directory(tree) as new:
        copy_tools(new / 'kbuild', headers.kbuild)
        link_all(new / 'common', headers.common, ('scripts', 'tools'))
        # With the kernel itself there, make would want pahole as well.
        link_all(new / 'flavour', headers.flavour, OF_OUR_OWN)
        for one in ('common', 'flavour'):
            for name in ('scripts', 'tools'):
                (new / one / name).symlink_to('../kbuild/' + name)
        makefile = (headers.flavour / 'Makefile').read_text()
        for one in ('common', 'flavour'):
            makefile = makefile.replace(
                '/usr/src/' + getattr(headers, one).name, str(tree / one))
        (new / 'flavour/Makefile').write_text(makefile)
        shutil.copytree(headers.flavour / 'include', new / 'flavour/include',
                        symlinks=True)
        fit_configuration(new / 'flavour/include', compiler)
        variables = (headers.flavour / VARIABLES).read_text()
        (new / 'flavour' / VARIABLES).write_text(
            variables + 'override CC = %s\n' % compiler)


def compiler_for(suite):
    """The kernel's own compiler if it is here, or else this system's gcc."""
    text = (assets.kernel_headers(suite).flavour / VARIABLES).read_text()
    found = re.search(r'gcc-\d+', text)
    return found[0] if found and shutil.which(found[0]) else 'gcc'


def prepare(suite):
    """Headers and sources in place; returns make's command."""
    compiler = compiler_for(suite)
    base = DIRECTORY / suite
    known = {'compiler': compiler, 'own': list(OF_OUR_OWN), 'headers': [
        list(assets.stamp(part) or ()) for part in assets.KERNELS[suite]]}
    if files.read_json(base / 'known.json') != known:
        files.remove_tree(base)
        make_tree(base / 'tree', suite, compiler)
        files.write_json(base / 'known.json', known)
    target = base / 'module'
    target.mkdir(exist_ok=True)
    for path in sources():
        copy = target / path.name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)
    return ['make', '-C', base / 'tree/flavour', 'M=%s' % target, 'modules']


def make(suite, what, *arguments):
    log = 'driver-%s-%s.log' % (suite, what)
    ui.run_logged('%s of the driver, %s' % (what, suite),
                  [*prepare(suite), *arguments], log,
                  env=qemu.clean_environment())
    return (paths.LOGS / log).read_text(errors='replace').splitlines()


def module(suite):
    """The built module for the kernel of a suite of KERNEL_SUITES."""
    with files.Lock(DIRECTORY / '.lock', 'the driver'):
        make(suite, 'build')
    return DIRECTORY / suite / 'module' / MODULE
