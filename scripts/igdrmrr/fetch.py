# Fills the cache: QEMU's source package, firmware, kernels, build tools
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is in the cache already is used as it is and the network left alone.
# Each item gets its name only when it is complete and checked.

import re

from . import assets, files, paths
from .apt import Archive
from .ui import Failure, run_logged, say, warn

QEMU_SERIES = '10.0.'
SOURCE = paths.CACHE / 'source'


def first_to_be_had(choices, take, what):
    """
    take(choice) of the first choice for which it works.

    A mirror can list what it has not got yet, or has got no longer.
    """
    error = Failure('nothing to choose from: ' + what)
    for choice in choices:
        try:
            return take(choice)
        except Failure as failure:
            warn('%s\nrun: this %s is not to be had, trying an older one'
                 % (failure, what))
            error = failure
    raise error


class Fetcher:
    """Brings things into the cache; use under the cache's lock."""

    def __init__(self, lock_fd=None, newest=False):
        self.newest = newest
        self.archives = {suite: Archive(suite, lock_fd)
                         for suite in assets.KERNEL_SUITES}
        self.keep = () if lock_fd is None else (lock_fd,)
        self.reused = []

    def reuse(self, stamp):
        self.reused.append('%s %s' % stamp[:2])

    # Binary packages

    def unpack_binary(self, archive, package, stanza, asset):
        version = stanza['Version']
        say('fetching %s %s from %s (%.1f MB)' % (
            package, version, archive.suite, int(stanza['Size']) / 1e6))
        with files.new_directory(asset.directory) as new:
            archive.download(package, version, new)
            deb, = new.glob('*.deb')
            digest = files.sha256(deb)
            run_logged('unpacking ' + deb.name,
                       ['dpkg-deb', '-x', deb, new], 'unpack.log',
                       keep=self.keep)
            deb.unlink()
            if asset.keep:
                archived, patterns = asset.keep
                run_logged('unpacking ' + archived,
                           ['tar', '-x', '-C', new, '-f', new / archived,
                            '--wildcards', *patterns], 'unpack.log',
                           keep=self.keep)
                files.remove_tree(new / archived.split('/')[0])
            files.write_atomic(new / 'STAMP', '%s %s %s\n'
                               % (package, version, digest))

    def archive(self, suite):
        self.archives[suite].refresh()
        return self.archives[suite]

    def asset(self, asset):
        """One unpacked binary package of the cache (see assets.py)."""
        stamp = assets.stamp(asset)
        if stamp and not self.newest:
            return self.reuse(stamp)
        archive = self.archive(asset.suite)

        def take(stanza):
            if stamp and stamp[:2] == (asset.package, stanza['Version']):
                self.reuse(stamp)
            else:
                self.unpack_binary(archive, asset.package, stanza, asset)

        return first_to_be_had(archive.binary_versions(asset.package), take,
                               asset.package)

    def kernel(self, suite, parts):
        """
        Parts of one kernel, of the newest release that has all of them.

        The release of the kernel in the cache stays as long as it has them.
        """
        kept = assets.release_of(assets.KERNELS[suite][0])
        if not self.newest and kept and all(
                (assets.stamp(part) or ' ')[0] == part.of(kept)
                for part in parts):
            for part in parts:
                self.reuse(assets.stamp(part))
            return
        archive = self.archive(suite)
        releases = archive.kernel_releases(parts[0].releases)
        if kept in releases and not self.newest:
            releases.insert(0, kept)

        def take(release):
            for part in parts:
                package = part.of(release)
                stamp = assets.stamp(part) or ('', '')
                stanza = archive.binary_versions(package)[0]
                if stamp[0] == package and stamp[1] == stanza['Version'] or (
                        stamp[0] == package and not self.newest):
                    self.reuse(stamp)
                else:
                    self.unpack_binary(archive, package, stanza, part)

        first_to_be_had(releases, take, 'kernel of ' + suite)

    # The source package

    def source(self):
        """QEMU's source package; returns its record."""
        record = files.read_json(SOURCE / 'current.json')
        if record and not self.newest:
            self.reuse(('QEMU source', record['version']))
            return record
        archive = self.archive('trixie')

        def take(stanza):
            if record and record['version'] == stanza['Version']:
                self.reuse(('QEMU source', record['version']))
                return record
            return self.take_source(archive, stanza)

        return first_to_be_had(
            [stanza for stanza in archive.source_versions('qemu')
             if stanza['Version'].split(':')[-1].startswith(QEMU_SERIES)],
            take, 'QEMU %s* source package' % QEMU_SERIES)

    def take_source(self, archive, stanza):
        version = stanza['Version']
        say('fetching the source of QEMU ' + version)
        directory = 'qemu_' + re.sub(r'[^A-Za-z0-9.+-]', '_', version)
        with files.new_directory(SOURCE / directory) as new:
            archive.download('qemu', version, new, 'source',
                             '--download-only', '--only-source')
            sums = {path.name: files.sha256(path) for path in new.iterdir()}
        dsc, = [name for name in sums if name.endswith('.dsc')]
        record = {'version': version, 'directory': directory, 'dsc': dsc,
                  'sha256': sums}
        files.write_json(SOURCE / 'current.json', record)
        return record


def check_files(directory, sums):
    """Compares files with their sha256, as they were when apt had them."""
    for name, digest in sums.items():
        path = directory / name
        # A detached signature can be listed and not fetched.
        found = path.exists() and files.sha256(path)
        if found != digest and not (name.endswith('.asc') and not found):
            raise Failure('%s is %s\nrun: remove %s and run this again' % (
                path, 'damaged: sha256 %s, recorded was %s' % (found, digest)
                if found else 'missing', directory.parent))


def fetch(wanted, newest=False):
    """
    Makes sure that the source and the assets @wanted are in the cache.

    Returns the record of the source package.
    """
    with files.Lock(paths.CACHE / '.lock', 'the cache') as lock:
        for directory in {SOURCE, *(asset.directory.parent
                                    for asset in assets.FOR_TESTS)}:
            files.sweep(directory)
        fetcher = Fetcher(lock.fd, newest)
        record = fetcher.source()
        for asset in wanted:
            if not asset.releases:
                fetcher.asset(asset)
        for suite, all_parts in assets.KERNELS.items():
            parts = [part for part in all_parts if part in wanted]
            if parts:
                fetcher.kernel(suite, parts)
    if fetcher.reused:
        say('in the cache already: ' + ', '.join(fetcher.reused))
    return record


def update():
    """The newest of all; the minimal Debians of the tests are made anew."""
    fetch(assets.FOR_TESTS, newest=True)
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots'):
        files.remove_tree(paths.CACHE / 'chroot')


def unpack_source(record, directory, log_name, keep=()):
    """Unpacks the source package, checked again, into a new directory."""
    origin = SOURCE / record['directory']
    check_files(origin, record['sha256'])
    run_logged("unpacking QEMU's source",
               ['dpkg-source', '--no-check', '-x', origin / record['dsc'],
                directory], log_name, keep=keep)
