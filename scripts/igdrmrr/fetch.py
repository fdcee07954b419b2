# Fills the cache: QEMU's source package, firmware, kernels, build tools
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is in the cache already is used as it is and the network left alone.
# Each item gets its name only when it is complete and checked.

import hashlib
import os
import re
import shutil
from pathlib import Path

from . import apt, assets, files, paths
from .apt import Archive
from .ui import Failure, output, run_logged, say, warn

# QEMU as --qemu names it: the archive of its source, what its version is.
QEMUS = {'10.0': ('trixie', r'10\.0\.'), '10.2': (apt.NEWEST, r'10\.2\.'),
         'newest': (apt.NEWEST, '')}
# The newest that the hooks are for.
NEWEST = (11, 1)
SOURCE = paths.CACHE / 'source'


def version_of(text):
    """(major, minor); a development version, 10.2.50, is of the next, 11.0."""
    major, minor, micro = map(int, re.match(
        r'(?:\d+:)?(\d+)\.(\d+)\.?(\d*)', text + '.0').groups())
    if micro < 50:
        return major, minor
    return (major, minor + 1) if minor < 2 else (major + 1, 0)


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
                         for suite in (*assets.KERNEL_SUITES, apt.NEWEST)}
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

    def source(self, which):
        """The source package of one of QEMUS; returns its record."""
        record = files.read_json(current(which))
        if record and not self.newest:
            self.reuse(('QEMU source', record['version']))
            return record
        suite, series = QEMUS[which]
        archive = self.archive(suite)

        listed = [stanza['Version'] for stanza in archive.source_versions(
            'qemu') if re.match(r'(\d+:)?' + series, stanza['Version'])]

        def take(version):
            if record and record['version'] == version:
                self.reuse(('QEMU source', version))
                return record
            return self.take_source(archive, version, which,
                                    listed[:listed.index(version)])

        return first_to_be_had(
            [version for version in listed if version_of(version) <= NEWEST],
            take, "source package of QEMU '%s'" % which)

    def take_source(self, archive, version, which, newer):
        say('fetching the source of QEMU ' + version)
        directory = 'qemu_' + re.sub(r'[^A-Za-z0-9.+-]', '_', version)
        with files.new_directory(SOURCE / directory) as new:
            archive.download('qemu', version, new, 'source',
                             '--download-only', '--only-source')
            sums = {path.name: files.sha256(path) for path in new.iterdir()}
        dsc, = [name for name in sums if name.endswith('.dsc')]
        record = {'version': version, 'directory': directory, 'dsc': dsc,
                  'sha256': sums, 'newer': newer}
        files.write_json(current(which), record)
        return record


def current(which):
    """The record of the source package that stands for one of QEMUS."""
    return SOURCE / ('current.json' if which == '10.0'
                     else 'current-%s.json' % which)


def tree_record(tree):
    """A directory with QEMU's source: its version and what tells changes."""
    if not (tree / 'VERSION').is_file():
        raise Failure('%s is not a source tree of QEMU: no file VERSION'
                      % tree)
    state = output(['find', tree, '(', '-path', tree / '.git', '-o', '-path',
                    tree / 'build', ')', '-prune', '-o', '-printf',
                    '%P %s %T@\n'])
    return {'tree': str(tree),
            'version': (tree / 'VERSION').read_text().strip(),
            'sha256': hashlib.sha256(state.encode()).hexdigest()}


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


def fetch(wanted, newest=False, qemu=paths.QEMU):
    """
    Makes sure that the source and the assets @wanted are in the cache.

    Returns the record of the source package, or of a tree.
    """
    with files.Lock(paths.CACHE / '.lock', 'the cache') as lock:
        for directory in {SOURCE, *(asset.directory.parent
                                    for asset in assets.FOR_TESTS)}:
            files.sweep(directory)
        fetcher = Fetcher(lock.fd, newest)
        record = (tree_record(Path(qemu)) if os.path.isabs(qemu)
                  else fetcher.source(qemu))
        for asset in wanted:
            if not asset.releases:
                fetcher.asset(asset)
        for suite, all_parts in assets.KERNELS.items():
            parts = [part for part in all_parts if part in wanted]
            if parts:
                fetcher.kernel(suite, parts)
    if fetcher.reused:
        say('in the cache already: ' + ', '.join(fetcher.reused))
    if record.get('newer'):
        say('QEMU %s; newer ones are listed, and answer 404 or are newer than '
            'the hooks: %s' % (record['version'], ', '.join(record['newer'])))
    return record


def update():
    """The newest of all; the minimal Debians of the tests are made anew."""
    for qemu in QEMUS:
        if qemu == '10.0' or current(qemu).exists():
            fetch(assets.FOR_TESTS if qemu == '10.0' else (), True, qemu)
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots'):
        files.remove_tree(paths.CACHE / 'chroot')


def unpack_source(record, directory, log_name, keep=()):
    """Unpacks the source package, checked again, into a new directory."""
    if 'tree' in record:
        shutil.copytree(record['tree'], directory, symlinks=True,
                        ignore=lambda where, _: ('.git', 'build') if (
                            where == record['tree']) else ())
        return
    origin = SOURCE / record['directory']
    check_files(origin, record['sha256'])
    run_logged("unpacking QEMU's source",
               ['dpkg-source', '--no-check', '-x', origin / record['dsc'],
                directory], log_name, keep=keep)
