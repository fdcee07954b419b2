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


def megabytes(text):
    return '%.1f MB' % (int(text) / 1e6)


class Fetcher:
    """Brings things into the cache; use under the cache's lock."""

    def __init__(self, lock_fd=None, newest=False):
        self.newest = newest
        self.archives = {suite: Archive(suite, lock_fd)
                         for suite in assets.KERNEL_SUITES}
        self.keep = () if lock_fd is None else (lock_fd,)
        self.reused = []

    # Binary packages

    def candidates(self, archive, asset):
        """Pairs of package and stanza, newest first."""
        if isinstance(asset, assets.KernelAsset):
            return self.with_kernel(archive, asset)
        stanzas = archive.binary_versions(asset.package)
        if not stanzas:
            raise Failure('%s has no package %s' % (archive.suite,
                                                    asset.package))
        if not asset.by_dependency:
            return [(asset.package, stanza) for stanza in stanzas]
        # linux-image-amd64 is empty; the kernel is what it depends on.
        pairs = []
        for stanza in stanzas:
            found = re.match(r'(\S+) \(= ([^)]+)\)', stanza['Depends'])
            if found:
                name, version = found.groups()
                pairs += [(name, real) for real in
                          archive.binary_versions(name)
                          if real['Version'] == version]
        return pairs

    def with_kernel(self, archive, asset):
        """Those that go with the kernel, its own version first."""
        image, version, _ = asset.kernel()
        package = asset.package
        if not asset.keep:
            package = image.replace('linux-image', 'linux-headers')
        if asset.pattern:
            depends = [stanza['Depends']
                       for stanza in archive.binary_versions(package)
                       if stanza['Version'] == version]
            found = depends and re.search(asset.pattern, depends[0])
            package = found.group(0) if found else asset.name
        pairs = [(package, stanza)
                 for stanza in archive.binary_versions(package)
                 if asset.keep or asset.fits(stanza['Version'], version)]
        pairs.sort(key=lambda pair: pair[1]['Version'] != version)
        if not pairs:
            raise Failure('the mirror no longer has %s %s, of the kernel in '
                          'the cache; ./run update' % (package, version))
        return pairs

    def unpack_binary(self, archive, package, stanza, final, keep=None):
        version = stanza['Version']
        say('fetching %s %s from %s (%s)' % (package, version, archive.suite,
                                             megabytes(stanza['Size'])))
        with files.new_directory(final) as new:
            archive.download(package, version, new)
            deb, = new.glob('*.deb')
            digest = files.sha256(deb)
            if digest != stanza['SHA256']:
                raise Failure('%s is damaged: sha256 %s, the signed list says '
                              '%s' % (deb.name, digest, stanza['SHA256']))
            run_logged('unpacking ' + deb.name,
                       ['dpkg-deb', '-x', deb, new], 'unpack.log',
                       keep=self.keep)
            deb.unlink()
            if keep:
                self.keep_only(new, *keep)
            files.write_atomic(new / 'STAMP', '%s %s %s\n'
                               % (package, version, digest))

    def keep_only(self, directory, archive, patterns):
        """Files of an archive in @directory, and nothing else of it."""
        run_logged('unpacking ' + archive,
                   ['tar', '-x', '-C', directory, '-f', directory / archive,
                    '--wildcards', *patterns], 'unpack.log', keep=self.keep)
        files.remove_tree(directory / archive.split('/')[0])

    def asset(self, asset):
        """One unpacked binary package of the cache (see assets.py)."""
        stamp = assets.stamp(asset)
        outdated = (isinstance(asset, assets.KernelAsset) and not asset.keep
                    and stamp
                    and not asset.fits(stamp[1], asset.kernel()[1]))
        if stamp and not self.newest and not outdated:
            self.reused.append('%s %s' % stamp[:2])
            return
        archive = self.archives[asset.suite]
        archive.refresh()
        error = None
        for package, stanza in self.candidates(archive, asset):
            if stamp and stamp[:2] == (package, stanza['Version']):
                self.reused.append('%s %s' % stamp[:2])
                return
            try:
                self.unpack_binary(archive, package, stanza, asset.directory,
                                   getattr(asset, 'keep', None))
                return
            except Failure as failure:
                warn('%s\nrun: trying an older version' % failure)
                error = failure
        raise error or Failure('no version of %s in %s'
                               % (asset.package, asset.suite))

    def newest_kernel(self):
        """
        The newest kernel of the backports of which the mirror has all parts.

        A mirror can list one before it has it.
        """
        parts = assets.NEWEST_KERNEL
        have = [assets.stamp(part) for part in parts]
        whole = None not in have and len({stamp[1] for stamp in have}) == 1
        if whole and not self.newest:
            self.reused += ['%s %s' % stamp[:2] for stamp in have]
            return
        archive = self.archives[assets.BACKPORTS]
        archive.refresh()
        error = Failure('no kernel with headers in %s' % archive.suite)
        for release in archive.kernel_releases():
            try:
                self.kernel_parts(archive, release, whole and have)
                return
            except Failure as failure:
                warn('%s\nrun: Linux %s is not to be had whole, trying an '
                     'older one' % (failure, release))
                error = failure
        raise error

    def kernel_parts(self, archive, release, have):
        for index, part in enumerate(assets.NEWEST_KERNEL):
            package = part.package.replace('%s', release)
            stanzas = archive.binary_versions(package)
            if not stanzas:
                raise Failure('%s has no package %s' % (archive.suite,
                                                        package))
            version = stanzas[0]['Version']
            if have and have[index][:2] == (package, version):
                self.reused.append('%s %s' % (package, version))
            else:
                self.unpack_binary(archive, package, stanzas[0],
                                   part.directory)

    # The source package

    def source(self):
        """QEMU's source package; returns its record."""
        record = files.read_json(SOURCE / 'current.json')
        if record and not self.newest:
            self.reused.append('QEMU source ' + record['version'])
            return record
        archive = self.archives['trixie']
        archive.refresh()
        versions = [s for s in archive.source_versions('qemu')
                    if s['Version'].split(':')[-1].startswith(QEMU_SERIES)]
        if not versions:
            raise Failure("no QEMU %s* source package on this machine's "
                          'mirror' % QEMU_SERIES)
        for stanza in versions:
            if record and record['version'] == stanza['Version']:
                self.reused.append('QEMU source ' + record['version'])
                return record
            try:
                return self.take_source(archive, stanza)
            except Failure as failure:
                warn('%s\nrun: QEMU %s is not to be had, trying the next'
                     % (failure, stanza['Version']))
        raise Failure('none of the listed QEMU source packages could be '
                      'fetched')

    def take_source(self, archive, stanza):
        version = stanza['Version']
        sums = {}
        size = 0
        for line in stanza['Checksums-Sha256'].strip().splitlines():
            digest, length, name = line.split()
            sums[name] = digest
            size += int(length)
        say('fetching the source of QEMU %s (%s)' % (version,
                                                     megabytes(size)))
        directory = 'qemu_' + re.sub(r'[^A-Za-z0-9.+-]', '_', version)
        with files.new_directory(SOURCE / directory) as new:
            archive.download_source('qemu', version, new)
            check_files(new, sums)
        dsc, = [name for name in sums if name.endswith('.dsc')]
        record = {'version': version, 'directory': directory, 'dsc': dsc,
                  'sha256': sums}
        files.write_json(SOURCE / 'current.json', record)
        return record


def check_files(directory, sums):
    """Compares files with their sha256, as the signed list gave them."""
    for name, digest in sums.items():
        path = directory / name
        if not path.exists():
            # A detached signature can be listed and not fetched.
            if name.endswith('.asc'):
                continue
            raise Failure('%s is missing' % path)
        found = files.sha256(path)
        if found != digest:
            raise Failure('%s is damaged: sha256 %s, recorded was %s\n'
                          'run: remove %s and run this again'
                          % (path, found, digest, directory.parent))


def fetch(wanted, newest=False):
    """
    Makes sure that the source and the assets @wanted are in the cache.

    Returns the record of the source package.
    """
    with files.Lock(paths.CACHE / '.lock', 'the cache') as lock:
        for directory in [SOURCE] + [asset.directory.parent
                                     for asset in assets.ALL] + [
                                         paths.CACHE / 'trees']:
            files.sweep(directory)
        fetcher = Fetcher(lock.fd, newest)
        record = fetcher.source()
        for asset in wanted:
            if asset.suite != assets.BACKPORTS:
                fetcher.asset(asset)
        if any(asset.suite == assets.BACKPORTS for asset in wanted):
            fetcher.newest_kernel()
        assets.make_trees()
    if fetcher.reused:
        say('in the cache already: ' + ', '.join(fetcher.reused))
    return record


def unpack_source(record, directory, log_name, keep=()):
    """Unpacks the source package, checked again, into a new directory."""
    origin = SOURCE / record['directory']
    check_files(origin, record['sha256'])
    run_logged("unpacking QEMU's source",
               ['dpkg-source', '--no-check', '-x', origin / record['dsc'],
                directory], log_name, keep=keep)
