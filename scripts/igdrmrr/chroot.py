# A clean Debian to install packages in: made once, copied for each test
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debootstrap's minimal system comes from the machine's own mirror and is kept
# in the cache, chroot/SUITE. A command in a copy has mounts and processes of
# its own, which end with it: nothing is ever mounted in this system. With
# packages installed it is kept as well, as chroot/SUITE-DIGEST.

import functools
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from . import apt, files, paths
from .ui import Failure, run_logged, say, stop_group

PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
# Not there when services would be started by a package.
NO_SERVICES = '#!/bin/sh\nexit 101\n'
# The root directory has to be a mount point for who makes namespaces, /dev too.
BOOTED = '''
mount --bind "$1" "$1"
mount --make-rprivate "$1"
cd "$1"
shift
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --bind dev dev
mount -t devpts devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs tmpfs run
exec chroot . "$@"
'''
# Kernel's own, or empty outside a command.
NOT_LISTED = ('proc', 'sys', 'dev')


# What a container without privileges does not allow, root or not.
TRIAL = 'mknod "$1/null" c 1 3 && echo > "$1/null" && mount -t tmpfs none "$1"'
# The second is for a root directory that is no mount point, as in a chroot: it
# is as good as the first as long as nobody outside sees what is mounted.
PROPAGATION = ('private', 'unchanged')


def trial(propagation):
    """Why there can be no clean Debian with this propagation, or ''."""
    paths.BUILD.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=paths.BUILD, prefix='.trial-'))
    done = subprocess.run(
        ['unshare', '--mount', '--propagation', propagation, '--pid', '--fork',
         'sh', '-ec', TRIAL, 'sh', place],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seen = place.is_mount()
    if seen:
        subprocess.run(['umount', place], check=True)
    shutil.rmtree(place)
    if done.returncode:
        return 'root may make no mount or device here: ' + done.stderr.strip()
    return 'what is mounted apart is seen outside' if seen else ''


def propagation():
    """The first that will do, and why there is none, or ''."""
    if os.geteuid():
        return None, 'needs root'
    reasons = []
    for kind in PROPAGATION:
        reason = trial(kind)
        if not reason:
            return kind, ''
        reasons.append(reason)
    return None, reasons[0]


def obstacle():
    """Why there can be no clean Debian here, or ''."""
    return propagation()[1]


def base_directory(suite):
    return paths.CACHE / 'chroot' / suite


def settings():
    """What apt in the chroot needs to know to reach the mirror."""
    return '\n'.join(line for line in apt.machine_settings().splitlines()
                     if not line.startswith('Dir::')) + '\n'


def proxies(text):
    """apt's proxies as debootstrap's wget takes them; those of no host."""
    found = re.findall(r'^Acquire::(https?)::Proxy "([^"]+)";$', text,
                       re.I | re.M)
    return {kind.lower() + '_proxy': '' if proxy == 'DIRECT' else proxy
            for kind, proxy in found}


def debootstrap(suite, target, keep):
    mirror, _security = apt.mirrors()
    include = ['--include=ca-certificates'] if mirror.startswith(
        'https') else []
    run_logged('debootstrap ' + suite,
               ['debootstrap', '--variant=minbase', *include,
                '--keyring=' + apt.keyring(), suite, target, mirror],
               'chroot-%s.log' % suite, keep=keep,
               env={**os.environ, **proxies(settings())})
    etc = target / 'etc'
    (etc / 'apt/sources.list').unlink(missing_ok=True)
    sources = apt.Archive(suite).sources().replace('deb deb-src', 'deb')
    files.write_atomic(etc / 'apt/sources.list.d/debian.sources', sources)
    # A proxy's password may be among them.
    files.write_atomic(etc / 'apt/apt.conf.d/90machine', settings(), 0o600)
    files.write_atomic(target / 'usr/sbin/policy-rc.d', NO_SERVICES, 0o755)
    for archive in (target / 'var/cache/apt/archives').glob('*.deb'):
        archive.unlink()


def base(suite):
    """The pristine system; whoever uses it copies it."""
    reason = obstacle()
    if reason:
        raise Failure('no clean Debian: ' + reason)
    final = base_directory(suite)
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots') as lock:
        if not final.exists():
            say('making a minimal %s; it stays in the cache' % suite)
            files.sweep(final.parent)
            with files.new_directory(final) as new:
                debootstrap(suite, new, (lock.fd,))
    return final


def with_packages(suite, packages):
    """The pristine system with @packages, as apt-get satisfy names them."""
    wanted = ', '.join(packages)
    digest = hashlib.sha256(wanted.encode()).hexdigest()[:12]
    final = base_directory('%s-%s' % (suite, digest))
    origin = base(suite)
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots') as lock:
        if not final.exists():
            say('adding %s to the minimal %s; they stay in the cache'
                % (packages[0], suite))
            files.sweep(final.parent)
            # For other packages than ours depend on now.
            for old in final.parent.glob(suite + '-*'):
                files.remove_tree(old)
            with files.new_directory(final) as new:
                system = Chroot(suite, new / 'root', 'chroot-%s.log' % suite,
                                keep=(lock.fd,))
                system.copy(origin)
                system.run('apt-get update', 'apt-get -q update')
                system.run('installing ' + packages[0],
                           'apt-get -q -y --no-install-recommends satisfy '
                           "'%s'\napt-get clean" % wanted)
    return final / 'root'


def forget():
    """Removes all of them from the cache; the next test makes them anew."""
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots'):
        files.remove_tree(paths.CACHE / 'chroot')


def same_file(path):
    """What a file is, to see whether it is still the same."""
    status = path.lstat()
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFLNK:
        return 'link to ' + os.readlink(path)
    if kind == stat.S_IFREG:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return '%o' % kind


class Chroot:
    """A copy of the pristine system, in @directory."""

    def __init__(self, suite, directory, log=None, packages=(), keep=()):
        self.suite = suite
        self.keep = keep
        self.process = None
        self.root = directory
        self.log = log or 'package-%s.log' % suite
        self.packages = packages

    def make(self):
        self.copy(with_packages(self.suite, self.packages) if self.packages
                  else base(self.suite))

    def copy(self, origin):
        files.remove_tree(self.root)
        self.root.parent.mkdir(parents=True, exist_ok=True)
        run_logged('copying the minimal ' + self.suite,
                   ['cp', '-a', origin, self.root], self.log, keep=self.keep)
        shutil.copyfile('/etc/resolv.conf', self.root / 'etc/resolv.conf')
        shutil.copyfile('/etc/hosts', self.root / 'etc/hosts')

    def remove(self):
        files.remove_tree(self.root)

    def run(self, what, command):
        """Runs a shell command in it; returns what it printed."""
        return self.run_unshared(
            what, '--mount-proc=%s' % (self.root / 'proc'),
            'chroot', self.root, '/bin/sh', '-ec', command)

    def run_booted(self, what, command, seconds):
        """
        The same, with what is mounted in a system that was booted.

        It has no network, and is gone after so many seconds. The shell is its
        first process, which is to wait for those that daemons leave behind.
        """
        return self.run_unshared(
            what, '--net', '/bin/sh', '-ec', BOOTED, 'sh', self.root,
            '/bin/sh', '-ec', command + '\nexit', seconds=seconds)

    def run_unshared(self, what, *command, seconds=0):
        lines = []
        run_logged(
            what, ['timeout', '-k', '5', '%d' % seconds,
                   'unshare', '--mount', '--propagation', self.propagation,
                   '--pid', '--fork', '--kill-child', *command],
            self.log, append=True, on_line=lines.append, keep=self.keep,
            on_start=self.started,
            env={'PATH': PATH, 'LC_ALL': 'C.UTF-8', 'HOME': '/root',
                 'DEBIAN_FRONTEND': 'noninteractive', **{
                     name: value for name, value in os.environ.items()
                     if re.fullmatch(r'(?i)(https?|no)_proxy', name)}})
        return '\n'.join(lines)

    @functools.cached_property
    def propagation(self):
        return propagation()[0]

    def started(self, process):
        self.process = process

    def stop(self):
        """Ends what another thread runs in it."""
        if self.process and self.process.poll() is None:
            stop_group(self.process)

    def files(self):
        """{path: what it is} of all in it but the kernel's own."""
        found = {}
        for directory, subdirs, names in os.walk(self.root):
            if directory == str(self.root):
                subdirs[:] = [n for n in subdirs if n not in NOT_LISTED]
            for name in subdirs + names:
                path = Path(directory, name)
                found[str(path.relative_to(self.root))] = same_file(path)
        return found
