# Paths of the kernels, firmware and tools unpacked in the cache
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For the tests with guests:
#
#     from igdrmrr import assets
#     assets.kernel('bookworm')          .../boot/vmlinuz-6.1.0-NN-amd64
#     assets.kernel_version('bookworm')  '6.1.0-NN-amd64'
#     assets.module_dir('bookworm')      .../lib/modules/6.1.0-NN-amd64
#     assets.busybox('bookworm')         a static busybox
#     assets.ovmf('trixie')              OvmfImages(code, vars, combined)
#     assets.seabios_dir('trixie')       has bios-256k.bin and vgabios-*.bin
#     assets.firmware_dirs()             for QEMU's -L, all of trixie's
#     assets.xen('bookworm')             .../boot/xen-4.17-amd64.gz
#     assets.package_trees()             {suite: all its packages, merged}
#     assets.kernel_headers('bookworm')  KernelHeaders(flavour, common, kbuild)
#     assets.kernel('trixie-backports')  the newest that Debian 13 offers
#     assets.checkpatch()                the kernel's scripts/checkpatch.pl
#
# suites: 'bookworm' (Debian 12) and 'trixie' (Debian 13); of Debian 13's
# backports there is only the kernel. A path that is not in the cache raises
# MissingAsset, which says what to run.

import collections
import os

from . import apt, files, paths
from .ui import Failure

SUITES = ('bookworm', 'trixie')
BACKPORTS = 'trixie-backports'
KERNEL_SUITES = SUITES + (BACKPORTS,)

OvmfImages = collections.namedtuple('OvmfImages', 'code vars combined')
KernelHeaders = collections.namedtuple('KernelHeaders',
                                       'flavour common kbuild')


class MissingAsset(Failure):
    """Something that was never fetched into this cache."""


class Asset:
    """A binary package of a suite, and where it is unpacked."""

    def __init__(self, suite, package, name=None, by_dependency=False):
        self.suite = suite
        self.package = package
        self.name = name or package
        # The package is empty and depends on the one that is meant.
        self.by_dependency = by_dependency

    @property
    def directory(self):
        return paths.CACHE / 'assets' / self.suite / self.name


class KernelAsset(Asset):
    """
    A package that goes with the very kernel unpacked for the suite.

    @pattern finds it among what the kernel's headers depend on; without one
    it is the headers themselves. With @keep, (archive inside the package,
    patterns), those files of that archive are all that is kept. A package
    with @newer may be newer than the kernel, as its dependency allows: the
    archive publishes it a few days before the signed kernel.
    """

    def __init__(self, suite, name, pattern=None, package=None, keep=None,
                 newer=False):
        super().__init__(suite, package or name)
        self.name = name
        self.pattern = pattern
        self.keep = keep
        self.newer = newer

    def fits(self, version, kernel):
        """True if that version of it goes with that version of the kernel."""
        return version == kernel or (
            self.newer and apt.compare_versions(version, kernel) > 0)

    def kernel(self):
        """Stamp of the kernel's own package, or None."""
        return stamp(Asset(self.suite, 'linux-image'))


# The packages of one kernel of the backports, which go together; the release
# goes in. Kernel and modules are in packages of their own there.
NEWEST_KERNEL = [Asset(BACKPORTS, package, name) for name, package in (
    ('linux-headers', 'linux-headers-%s-amd64'),
    ('linux-headers-common', 'linux-headers-%s-common'),
    ('linux-kbuild', 'linux-kbuild-%s'),
    ('linux-image', 'linux-binary-%s-amd64'),
    ('linux-modules', 'linux-modules-%s-amd64'))]


def headers(suite):
    if suite == BACKPORTS:
        return NEWEST_KERNEL[:3]
    return [KernelAsset(suite, 'linux-headers'),
            KernelAsset(suite, 'linux-headers-common',
                        r'linux-headers-\S+-common'),
            KernelAsset(suite, 'linux-kbuild', r'linux-kbuild-[^\s,]+',
                        newer=True)]


def per_suite(suite):
    return [Asset(suite, 'linux-image-amd64', 'linux-image', True),
            Asset(suite, 'busybox-static'), Asset(suite, 'ovmf'),
            Asset(suite, 'seabios')]


# What QEMU's configure and the built emulator need ...
FOR_BUILD = [Asset('trixie', name) for name in
             ('meson', 'seabios', 'qemu-system-data', 'ipxe-qemu')]
# ... and the guests of the demonstration and of the tests.
FOR_DEMO = FOR_BUILD + [asset for asset in per_suite('bookworm')
                        if asset.name in ('linux-image', 'busybox-static')]
FOR_TESTS = FOR_BUILD + [
    asset for suite in SUITES for asset in per_suite(suite)
    if (suite, asset.name) != ('trixie', 'seabios')]
# The kernel driver: headers, the libraries of trixie's build tools (which a
# Debian 12 does not have), DKMS, and the kernel's checkpatch.
FOR_TESTS += headers('bookworm') + headers('trixie') + NEWEST_KERNEL
FOR_TESTS += [Asset('trixie', name) for name in
              ('libc6', 'libelf1t64', 'zlib1g', 'libzstd1')]
FOR_TESTS += [Asset(suite, 'dkms') for suite in SUITES]
FOR_TESTS += [Asset(suite, 'xen-hypervisor-%s-amd64' % version,
                    'xen-hypervisor')
              for suite, version in (('bookworm', '4.17'), ('trixie', '4.20'))]
FOR_TESTS += [KernelAsset(
    'trixie', 'linux-source', package='linux-source-6.12',
    keep=('usr/src/linux-source-6.12.tar.xz',
          ('*/scripts/checkpatch.pl', '*/scripts/spelling.txt',
           '*/scripts/const_structs.checkpatch')))]
ALL = FOR_TESTS


def stamp(asset):
    """(package, version, sha256) of what is unpacked, or None."""
    try:
        words = (asset.directory / 'STAMP').read_text().split()
    except OSError:
        return None
    return tuple(words) if len(words) == 3 else None


def find(suite, name):
    """The directory in which a package of a suite is unpacked."""
    for asset in ALL:
        if (asset.suite, asset.name) == (suite, name):
            if not stamp(asset):
                raise MissingAsset(
                    '%s of %s is not in the cache; "./run check" fetches it'
                    % (name, suite))
            return asset.directory
    raise ValueError('no asset %s of %s' % (name, suite))


def only(directory, pattern):
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise MissingAsset('%d files %s in %s, expected 1'
                           % (len(found), pattern, directory))
    return found[0]


def kernel(suite):
    return only(find(suite, 'linux-image'), 'usr/lib/modules/*/vmlinuz'
                if suite == BACKPORTS else 'boot/vmlinuz-*')


def kernel_version(suite):
    image = kernel(suite)
    return image.parent.name if suite == BACKPORTS else image.name[
        len('vmlinuz-'):]


def module_dir(suite):
    """Holds kernel/; modules.dep is not there (depmod makes it)."""
    root = find(suite, 'linux-modules' if suite == BACKPORTS else
                'linux-image')
    version = kernel_version(suite)
    for base in ('usr/lib/modules', 'lib/modules'):
        if (root / base / version).is_dir():
            return root / base / version
    raise MissingAsset('no modules of %s in %s' % (version, root))


def busybox(suite):
    root = find(suite, 'busybox-static')
    for name in ('usr/bin/busybox', 'bin/busybox'):
        if (root / name).exists():
            return root / name
    raise MissingAsset('no busybox in %s' % root)


def xen(suite):
    return only(find(suite, 'xen-hypervisor'), 'boot/xen-*-amd64.gz')


def ovmf(suite):
    """Code and variables for two pflash drives, or one image for both."""
    root = find(suite, 'ovmf') / 'usr/share'
    return OvmfImages(root / 'OVMF/OVMF_CODE_4M.fd',
                      root / 'OVMF/OVMF_VARS_4M.fd', root / 'ovmf/OVMF.fd')


def seabios_dir(suite):
    return find(suite, 'seabios') / 'usr/share/seabios'


def firmware_dirs():
    """Where the emulator finds its firmware: option ROMs, BIOS, NIC ROMs."""
    return [find('trixie', 'qemu-system-data') / 'usr/share/qemu',
            seabios_dir('trixie'),
            find('trixie', 'ipxe-qemu') / 'usr/share/qemu']


def meson_path():
    """For PYTHONPATH: a meson new enough for QEMU's configure."""
    return find('trixie', 'meson') / 'usr/lib/python3/dist-packages'


def kernel_headers(suite):
    """The directories that a module is built with, as they are unpacked."""
    return KernelHeaders(
        only(find(suite, 'linux-headers'), 'usr/src/linux-headers-*-amd64'),
        only(find(suite, 'linux-headers-common'),
             'usr/src/linux-headers-*-common'),
        only(find(suite, 'linux-kbuild'), 'usr/lib/linux-kbuild-*'))


def library_dirs():
    """Where trixie's loader and libraries are, for trixie's programs."""
    return [find('trixie', name) / 'usr/lib/x86_64-linux-gnu'
            for name in ('libc6', 'libelf1t64', 'zlib1g', 'libzstd1')]


def dkms(suite):
    return find(suite, 'dkms') / 'usr/sbin/dkms'


def checkpatch():
    return only(find('trixie', 'linux-source'), '*/scripts/checkpatch.pl')


def merge(directory, sources):
    """
    Makes @directory show all the directories @sources as one.

    What only one of them has becomes a symbolic link.
    """
    names = {}
    for source in sources:
        for entry in source.iterdir():
            names.setdefault(entry.name, []).append(entry)
    directory.mkdir(exist_ok=True)
    for name, entries in names.items():
        if len(entries) > 1 and all(entry.is_dir() for entry in entries):
            merge(directory / name, entries)
        else:
            os.symlink(entries[0], directory / name)


def make_trees():
    """The merged trees; again only when a package changed. Under the lock."""
    for suite in SUITES:
        parts = [asset for asset in ALL
                 if asset.suite == suite and stamp(asset)]
        state = ''.join('%s %s %s\n' % stamp(asset) for asset in parts)
        tree = paths.CACHE / 'trees' / suite
        if not parts or (tree / 'PACKAGES').is_file() and (
                tree / 'PACKAGES').read_text() == state:
            continue
        with files.new_directory(tree) as new:
            merge(new, [asset.directory for asset in parts])
            files.write_atomic(new / 'PACKAGES', state)


def package_trees():
    """{suite: directory} in which all packages of a suite seem unpacked."""
    return {suite: paths.CACHE / 'trees' / suite for suite in SUITES}


def versions():
    """(suite, package, version, sha256) of everything unpacked."""
    return [(asset.suite,) + stamp(asset) for asset in ALL if stamp(asset)]
