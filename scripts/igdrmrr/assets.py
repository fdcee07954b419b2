# Paths of the kernels, firmware and tools unpacked in the cache
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Of Debian 12 and 13, and the kernel of 13's backports. A path that is not in
# the cache raises MissingAsset, which says what to run.

import collections
import re
from dataclasses import dataclass

from . import paths
from .ui import Failure

SUITES = ('bookworm', 'trixie')
BACKPORTS = 'trixie-backports'
KERNEL_SUITES = SUITES + (BACKPORTS,)

OvmfImages = collections.namedtuple('OvmfImages', 'code vars')
KernelHeaders = collections.namedtuple('KernelHeaders',
                                       'flavour common kbuild')


class MissingAsset(Failure):
    """Something that was never fetched into this cache."""


@dataclass(frozen=True)
class Asset:
    """
    A binary package of a suite, and where it is unpacked.

    A part of a kernel has a pattern for @releases, as uname -r but for the
    flavour; one of them goes into its name. All parts are of one release.
    With @keep, (archive inside the package, patterns), those files of that
    archive are all that is kept.
    """
    suite: str
    package: str
    name: str
    releases: str = ''
    keep: tuple = ()

    @property
    def directory(self):
        return paths.CACHE / 'assets' / self.suite / self.name

    def of(self, release):
        """The name of the package for a release of the kernel."""
        return self.package.replace('%s', release)


def kernel_parts(suite, releases, packages):
    return [Asset(suite, package, name, releases)
            for name, package in packages.items()]


HEADERS = {'linux-headers': 'linux-headers-%s-amd64',
           'linux-headers-common': 'linux-headers-%s-common',
           'linux-kbuild': 'linux-kbuild-%s'}
# The kernel itself is the first part.
KERNELS = {
    'bookworm': kernel_parts('bookworm', r'6\.1\.0-\d+', {
        'linux-image': 'linux-image-%s-amd64', **HEADERS,
        'linux-kbuild': 'linux-kbuild-6.1'}),
    'trixie': kernel_parts('trixie', r'6\.12\.[^-]+', {
        'linux-image': 'linux-image-%s-amd64', **HEADERS}),
    # Kernel and modules are in packages of their own there.
    BACKPORTS: kernel_parts(BACKPORTS, r'\d[^-]*', {
        'linux-image': 'linux-binary-%s-amd64', **HEADERS,
        'linux-modules': 'linux-modules-%s-amd64'}),
}


def packages(suite, *names):
    return [Asset(suite, name, name) for name in names]


# What QEMU's configure and the built emulator need ...
FOR_BUILD = packages('trixie', 'meson', 'seabios', 'qemu-system-data',
                     'ipxe-qemu')
# ... and the guests of the demonstration and of the tests.
FOR_DEMO = (FOR_BUILD + packages('bookworm', 'busybox-static')
            + KERNELS['bookworm'][:1])
# The kernel driver: headers, the libraries of trixie's build tools (which a
# Debian 12 does not have), DKMS, and the kernel's checkpatch; virtiofsd, which
# a Debian 12 does not have either.
FOR_TESTS = (
    FOR_BUILD + packages('bookworm', 'busybox-static', 'ovmf', 'seabios',
                         'dkms')
    + packages('trixie', 'busybox-static', 'ovmf', 'dkms', 'libc6',
               'libelf1t64', 'zlib1g', 'libzstd1', 'virtiofsd')
    + [Asset(suite, 'xen-hypervisor-%s-amd64' % version, 'xen-hypervisor')
       for suite, version in (('bookworm', '4.17'), ('trixie', '4.20'))]
    + [Asset('trixie', 'linux-source-6.12', 'linux-source', keep=(
        'usr/src/linux-source-6.12.tar.xz',
        ('*/scripts/checkpatch.pl', '*/scripts/spelling.txt',
         '*/scripts/const_structs.checkpatch')))]
    + [part for parts in KERNELS.values() for part in parts])


def stamp(asset):
    """(package, version, sha256) of what is unpacked, or None."""
    try:
        words = (asset.directory / 'STAMP').read_text().split()
    except OSError:
        return None
    return tuple(words) if len(words) == 3 else None


def find(suite, name):
    """The directory in which a package of a suite is unpacked."""
    asset, = [one for one in FOR_TESTS
              if (one.suite, one.name) == (suite, name)]
    if not stamp(asset):
        raise MissingAsset('%s of %s is not in the cache; "./run check" '
                           'fetches it' % (name, suite))
    return asset.directory


def only(suite, name, pattern):
    """The one file of a package with that name; directories alike."""
    directory = find(suite, name)
    found = sorted(directory.glob(pattern))
    if len(found) != 1:
        raise MissingAsset('%d files %s in %s, expected 1'
                           % (len(found), pattern, directory))
    return found[0]


def kernel(suite):
    return only(suite, 'linux-image', 'usr/lib/modules/*/vmlinuz'
                if suite == BACKPORTS else 'boot/vmlinuz-*')


def kernel_version(suite):
    image = kernel(suite)
    return image.parent.name if suite == BACKPORTS else image.name[
        len('vmlinuz-'):]


def module_dir(suite):
    """Holds kernel/; modules.dep is not there (depmod makes it)."""
    return only(suite, 'linux-modules' if suite == BACKPORTS else
                'linux-image', '**/lib/modules/' + kernel_version(suite))


def busybox(suite):
    return only(suite, 'busybox-static', '**/bin/busybox')


def xen(suite):
    return only(suite, 'xen-hypervisor', 'boot/xen-*-amd64.gz')


def ovmf(suite):
    """Code and variables for two pflash drives."""
    root = find(suite, 'ovmf') / 'usr/share/OVMF'
    return OvmfImages(root / 'OVMF_CODE_4M.fd', root / 'OVMF_VARS_4M.fd')


def firmware_dirs():
    """Where the emulator finds its firmware: option ROMs, BIOS, NIC ROMs."""
    return [find('trixie', 'qemu-system-data') / 'usr/share/qemu',
            find('trixie', 'seabios') / 'usr/share/seabios',
            find('trixie', 'ipxe-qemu') / 'usr/share/qemu']


def meson_path():
    """For PYTHONPATH: a meson new enough for QEMU's configure."""
    return find('trixie', 'meson') / 'usr/lib/python3/dist-packages'


def kernel_headers(suite):
    """The directories that a module is built with, as they are unpacked."""
    return KernelHeaders(
        only(suite, 'linux-headers', 'usr/src/linux-headers-*-amd64'),
        only(suite, 'linux-headers-common', 'usr/src/linux-headers-*-common'),
        only(suite, 'linux-kbuild', 'usr/lib/linux-kbuild-*'))


def library_dirs():
    """Where trixie's loader and libraries are, for trixie's programs."""
    return [find('trixie', name) / 'usr/lib/x86_64-linux-gnu'
            for name in ('libc6', 'libelf1t64', 'zlib1g', 'libzstd1')]


def virtiofsd():
    return find('trixie', 'virtiofsd') / 'usr/libexec/virtiofsd'


def dkms(suite):
    return find(suite, 'dkms') / 'usr/sbin/dkms'


def checkpatch():
    return only('trixie', 'linux-source', '*/scripts/checkpatch.pl')


def release_of(asset):
    """The release of the kernel that an unpacked part is of, or None."""
    there = stamp(asset)
    found = there and re.fullmatch(
        asset.package.replace('%s', '(%s)' % asset.releases), there[0])
    return found and found[1]
