# The kernel driver: built against Debian's headers, and checked
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

from . import assets, files, guest_program, paths, ui
from .cases import Cases
from .guest_program import environment

SOURCE = paths.ROOT / 'kernel/igd-vfio-pci'
USER = paths.ROOT / 'tests/functional/vfio-user'
DIRECTORY = paths.BUILD / 'driver'
MODULE = 'igd-vfio-pci.ko'

# Options of a newer compiler that a kernel's configuration may ask for. The
# kernel has another way for compilers that lack them.
NEWER_OPTIONS = {
    'CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT': '-fmin-function-alignment=16',
}
# Which compiler a kernel's headers want.
VARIABLES = '.kernelvariables'
# What is no link in the tree that takes the place of a kernel's headers.
OF_OUR_OWN = ('scripts', 'tools', 'Makefile', 'include', 'vmlinux', VARIABLES)
# Make's own words, which are no warnings.
CHATTER = re.compile(r'make(\[\d+\])?: |\$ |  (CC|LD|CHECK|MODPOST|BTF)\b'
                     r'|Skipping BTF '
                     r'|warning: (the compiler|pahole version) differs'
                     r'|  The kernel was built (by|with): |  You are using: |$')


def package():
    """Name and version, as DKMS has them."""
    text = (SOURCE / 'dkms.conf').read_text()
    return [re.search(r'^PACKAGE_%s="(.*)"$' % what, text, re.M)[1]
            for what in ('NAME', 'VERSION')]


def sources():
    return [path for path in sorted(SOURCE.iterdir())
            if path.suffix in ('.c', '.h', '.sh') or path.name in (
                'Kbuild', 'Makefile')]


def link_all(directory, origin, but=()):
    """Links to everything in @origin that is not named in @but."""
    directory.mkdir(parents=True)
    for entry in origin.iterdir():
        if entry.name not in but:
            (directory / entry.name).symlink_to(entry)


def has_option(compiler, option):
    return subprocess.run(
        [compiler, option, '-E', '-x', 'c', os.devnull, '-o', os.devnull],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode == 0


def fit_configuration(include, compiler):
    """Takes options from the configuration that the compiler lacks."""
    lacking = [name for name, option in NEWER_OPTIONS.items()
               if not has_option(compiler, option)]
    for path in (include / 'config/auto.conf',
                 include / 'generated/autoconf.h'):
        kept = [line for line in path.read_text().splitlines(True)
                if not any(re.search(r'\b%s\b' % name, line)
                           for name in lacking)]
        path.unlink()
        path.write_text(''.join(kept))


def wrap_program(path):
    """Has a program of trixie run with trixie's own libraries."""
    loader = assets.library_dirs()[0] / 'ld-linux-x86-64.so.2'
    libraries = ':'.join(map(str, assets.library_dirs()))
    os.rename(path, str(path) + '.elf')
    path.write_text('#!/bin/sh\nexec "%s" --library-path "%s" "$0.elf" "$@"\n'
                    % (loader, libraries))
    path.chmod(0o755)


def runs_here(path):
    """Whether this system has all the libraries of a program."""
    done = subprocess.run(['ldd', path], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return 'not found' not in done.stdout


def copy_tools(target, kbuild):
    """The build tools, such that they run on this system."""
    shutil.copytree(kbuild, target, symlinks=True)
    for path in target.rglob('*'):
        if path.is_symlink() or not path.is_file():
            continue
        with open(path, 'rb') as program:
            elf = program.read(4) == b'\x7fELF'
        if elf and not runs_here(path):
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
    text = (assets.kernel_headers(suite).flavour
            / VARIABLES).read_text()
    found = re.search(r'gcc-\d+', text)
    return found[0] if found and shutil.which(found[0]) else 'gcc'


def prepare(suite):
    """Headers and sources in place; returns make's command."""
    compiler = compiler_for(suite)
    base = DIRECTORY / suite
    known = {'compiler': compiler, 'own': list(OF_OUR_OWN), 'headers': [
        list(assets.stamp(asset) or ()) for asset in assets.headers(suite)]}
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
                  [*prepare(suite), *arguments], log, env=environment())
    return (paths.LOGS / log).read_text(errors='replace').splitlines()


def module(suite):
    """The built module for the kernel of a suite of KERNEL_SUITES."""
    with files.Lock(DIRECTORY / '.lock', 'the driver'):
        make(suite, 'build')
    return DIRECTORY / suite / 'module' / MODULE


def user_program():
    """The static program for test guests that uses the driver's devices."""
    return guest_program.build(DIRECTORY / 'vfio-user', USER,
                               SOURCE / 'igd_vfio_stolen.h')


# The suite; each check returns a list of complaints

def complaints(lines):
    return [line for line in lines if not CHATTER.match(line)]


def check_build(suite):
    """Builds without a warning, with more warnings than usual."""
    files.remove_tree(DIRECTORY / suite / 'module')
    wrong = complaints(make(suite, 'build', 'W=1'))
    built = DIRECTORY / suite / 'module' / MODULE
    version = assets.kernel_version(suite)
    if b'vermagic=%s ' % version.encode() not in built.read_bytes():
        wrong.append('%s is not for %s' % (built, version))
    return wrong


def check_refused(suite, version, patchlevel):
    """Does not build for that kernel, and says so by name."""
    prepare(suite)
    header = (DIRECTORY / suite / 'tree/flavour/include/generated/uapi/linux'
              / 'version.h')
    original = header.read_text()
    code = r'(LINUX_VERSION_CODE) \d+'
    header.write_text(re.sub(code, r'\1 %d' % (
        (version << 16) + (patchlevel << 8)), original))
    try:
        make(suite, 'refused')
        return ['it builds']
    except ui.Failure as failure:
        said = str(failure)
        return [] if 'tested with Linux %s to %s' % tested() in said else [
            said]
    finally:
        header.write_text(original)


def tested():
    """The oldest and the newest kernel that main.c takes, as "6.1"."""
    text = (SOURCE / 'main.c').read_text()
    oldest, behind = [tuple(map(int, found)) for found in re.findall(
        r'LINUX_VERSION_CODE [<>=]+ KERNEL_VERSION\((\d+), (\d+), 0\)', text)]
    return '%d.%d' % oldest, '%d.%d' % (behind[0], behind[1] - 1)


def check_range():
    """DKMS is told of the same kernels as the compiler."""
    text = (SOURCE / 'dkms.conf').read_text()
    taken = re.compile(re.search(r'^BUILD_EXCLUSIVE_KERNEL="(.*)"$', text,
                                 re.M)[1])
    # Linux goes on with X.0 after X.19 or X.20.
    known = ['%d.%d' % (version, level) for version in range(5, 9)
             for level in range(20)]
    oldest, newest = map(known.index, tested())
    return ['DKMS and main.c differ about %s' % name
            for index, name in enumerate(known)
            if bool(taken.match(name + '.1-amd64')) !=
            (oldest <= index <= newest)]


def check_alias(suite):
    """The built module's aliases are the table's ids, all and no others."""
    make(suite, 'build')
    table = (SOURCE / 'igd_stolen_ids.h').read_text()
    rows = [(int(first, 16), int(last, 16), gen) for first, last, gen in
            re.findall(r'\{ 0x(\w+), 0x(\w+), IGD_STOLEN_GEN(\w+) \}', table)]
    ids = {device for first, last, gen in rows if gen != '_NO_BDSM'
           for device in range(first, last + 1)}
    built = DIRECTORY / suite / 'module' / MODULE
    found = set()
    wrong = [] if ids else ['no ids in the table']
    for alias in re.findall(rb'\0alias=([^\0]*)', built.read_bytes()):
        match = re.fullmatch(r'vfio_pci:v00008086d0000([0-9A-F]+)(\?*)'
                             r'sv\*sd\*bc03sc\*i\*', alias.decode())
        if match and len(match[1] + match[2]) == 4:
            size = 16 ** len(match[2])
            first = int(match[1], 16) * size
            found.update(range(first, first + size))
        else:
            wrong.append('alias %s' % alias.decode())
    return wrong + ['id %04x: in the table or an alias, not in both' % device
                    for device in sorted(found ^ ids)]


def check_sparse(suite):
    return complaints(make(suite, 'sparse', 'C=2', 'W=1'))


def check_dkms(suite):
    """A suite's DKMS adds, builds and removes it, in trees of its own."""
    prepare(suite)
    trees = {name: DIRECTORY / suite / 'dkms' / name
             for name in ('tree', 'source', 'install')}
    files.remove_tree(DIRECTORY / suite / 'dkms')
    for tree in trees.values():
        tree.mkdir(parents=True)
    shutil.copytree(SOURCE, trees['source'] / '{0}-{1}'.format(*package()))
    for action in ('build', 'remove'):
        ui.run_logged(
            'DKMS, %s, %s' % (action, suite),
            [assets.dkms(suite.split('-')[0]), action, '-m',
             '/'.join(package()), '-k', assets.kernel_version(suite),
             '-a', 'x86_64',
             '--dkmstree', trees['tree'], '--sourcetree', trees['source'],
             '--installtree', trees['install'], '--kernelsourcedir',
             DIRECTORY / suite / 'tree/flavour'],
            'driver-%s-dkms.log' % suite, env=environment())
        built = len(list(trees['tree'].rglob(MODULE + '*')))
        if built != (action == 'build'):
            return ['%d modules after dkms %s' % (built, action)]
    return []


def check_checkpatch():
    names = [path for path in sources() if path.suffix in ('.c', '.h')]
    # The kernel's own drivers know which kernel they are for; ours has to ask.
    done = subprocess.run(
        ['perl', assets.checkpatch(), '--strict', '--no-tree', '--no-signoff',
         '--ignore', 'LINUX_VERSION_CODE,CONSTANT_COMPARISON', '--terse',
         '--no-summary', '-f', *names], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return [line for line in done.stdout.splitlines() if line.strip()]


def check_user():
    user_program()
    return []


def cases():
    for suite in assets.KERNEL_SUITES:
        yield 'build ' + suite, check_build, (suite,)
        # Debian's newer kbuild lacks what the kernel calls for sparse.
        if suite != assets.BACKPORTS:
            yield 'sparse ' + suite, check_sparse, (suite,)
        yield 'DKMS ' + suite, check_dkms, (suite,)
    yield 'aliases', check_alias, ('bookworm',)
    yield 'refuses Linux 6.0', check_refused, ('bookworm', 6, 0)
    yield 'refuses Linux 7.4', check_refused, (assets.BACKPORTS, 7, 4)
    yield 'range for DKMS', check_range, ()
    yield 'checkpatch', check_checkpatch, ()
    yield 'user program', check_user, ()


def suite_driver():
    run = Cases('driver')
    for name, function, arguments in cases():
        run.run(name, function, *arguments)
    return run.end()
