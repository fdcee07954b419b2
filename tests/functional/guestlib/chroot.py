# A clean Debian to install packages in: made once, copied for each test
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# debootstrap's minimal system comes from the machine's own mirror and is kept
# in the cache, chroot/SUITE. A command in a copy has mounts and processes of
# its own, which end with it: nothing is ever mounted in this system. With
# packages installed it is kept as well, as chroot/SUITE-NAME-DIGEST, with the
# NAME of the first of them.

import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from igdrmrr import apt, files, paths
from igdrmrr.ui import Failure, output, run_logged, say

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

# What a container without privileges does not allow, root or not.
TRIAL = 'mknod "$1/null" c 1 3 && echo > "$1/null" && mount -t tmpfs none "$1"'


def unshare(*more, propagation=None):
    """The beginning of a command line that has mounts of its own."""
    return ['unshare', '--mount', '--propagation',
            propagation or usable_propagation()[0], '--pid', '--fork',
            '--kill-child', *more]


def trial(propagation):
    """Why there can be no clean Debian with this propagation, or ''."""
    paths.BUILD.mkdir(exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=paths.BUILD, prefix='.trial-'))
    try:
        output([*unshare(propagation=propagation), 'sh', '-ec', TRIAL, 'sh',
                place])
        if not place.is_mount():
            return ''
        subprocess.run(['umount', place], check=True)
        return 'what is mounted apart is seen outside'
    except Failure as failure:
        return 'root may make no mount or device here: %s' % failure
    finally:
        shutil.rmtree(place)


@functools.cache
def usable_propagation():
    """
    The first that will do, and why there is none, or ''.

    The second is for a root directory that is no mount point, as in a chroot:
    as good as the first as long as nobody outside sees what is mounted.
    """
    if os.geteuid():
        return None, 'needs root'
    reasons = {kind: trial(kind) for kind in ('private', 'unchanged')}
    return next((kind for kind, why in reasons.items() if not why),
                None), '' if '' in reasons.values() else reasons['private']


def obstacle():
    """Why there can be no clean Debian here, or ''."""
    return usable_propagation()[1]


def environment():
    return {'PATH': PATH, 'LC_ALL': 'C.UTF-8', 'HOME': '/root',
            'DEBIAN_FRONTEND': 'noninteractive', **{
                name: value for name, value in os.environ.items()
                if re.fullmatch(r'(?i)(https?|no)_proxy', name)}}


def proxies(text):
    """apt's proxies as debootstrap's wget takes them; those of no host."""
    found = re.findall(r'^Acquire::(https?)::Proxy "([^"]+)";$', text,
                       re.I | re.M)
    return {kind.lower() + '_proxy': '' if proxy == 'DIRECT' else proxy
            for kind, proxy in found}


def debootstrap(suite, target, keep):
    """A minimal system with what its apt needs to reach the mirror."""
    mirror, _security = apt.mirrors()
    settings = '\n'.join(line for line in apt.machine_settings().splitlines()
                         if not line.startswith('Dir::')) + '\n'
    include = ['--include=ca-certificates'] if mirror.startswith(
        'https') else []
    run_logged('debootstrap ' + suite,
               ['debootstrap', '--variant=minbase', *include,
                '--keyring=' + apt.KEYRING, suite, target, mirror],
               'chroot-%s.log' % suite, keep=keep,
               env={**os.environ, **proxies(settings)})
    etc = target / 'etc'
    (etc / 'apt/sources.list').unlink(missing_ok=True)
    files.write_atomic(etc / 'apt/sources.list.d/debian.sources',
                       apt.sources(suite).replace('deb deb-src', 'deb'))
    # A proxy's password may be among them.
    files.write_atomic(etc / 'apt/apt.conf.d/90machine', settings, 0o600)
    files.write_atomic(target / 'usr/sbin/policy-rc.d', NO_SERVICES, 0o755)
    for archive in (target / 'var/cache/apt/archives').glob('*.deb'):
        archive.unlink()


def base(suite, packages=()):
    """
    The pristine system; whoever uses it copies it.

    It has @packages, as apt-get satisfy names them, and those of another set
    that begins with the same one are removed.
    """
    if obstacle():
        raise Failure('no clean Debian: ' + obstacle())
    origin = base(suite) if packages else None
    wanted = ', '.join(packages)
    kind = '-'.join((suite, *packages[:1]))
    final = paths.CACHE / 'chroot' / (kind + (
        '-' + hashlib.sha256(wanted.encode()).hexdigest()[:12]
        if packages else ''))
    with files.Lock(paths.CACHE / '.lock-chroot', 'the chroots') as lock:
        if final.exists():
            return final
        say('making a minimal %s%s; it stays in the cache' % (
            suite, ' with ' + packages[0] if packages else ''))
        files.sweep(final.parent)
        for old in final.parent.glob(kind + '-*') if packages else ():
            files.remove_tree(old)
        with files.new_directory(final) as new:
            if packages:
                system = Chroot(suite, new, 'chroot-%s.log' % suite,
                                keep=(lock.fd,))
                system.copy(origin)
                system.run(
                    'installing ' + packages[0], 'apt-get -q update\n'
                    'apt-get -q -y dist-upgrade\n'
                    'apt-get -q -y --no-install-recommends satisfy '
                    "'%s'\napt-get clean" % wanted)
            else:
                debootstrap(suite, new, (lock.fd,))
    return final


class Chroot:
    """A copy of the pristine system, in @root."""

    def __init__(self, suite, root, log, packages=(), keep=()):
        self.suite = suite
        self.root = root
        self.log = log
        self.packages = packages
        self.keep = keep

    def make(self):
        files.remove_tree(self.root)
        self.root.mkdir(parents=True)
        self.copy(base(self.suite, self.packages))

    def copy(self, origin):
        run_logged('copying the minimal ' + self.suite,
                   ['cp', '-a', '%s/.' % origin, self.root], self.log,
                   keep=self.keep)
        for name in ('etc/resolv.conf', 'etc/hosts'):
            shutil.copyfile('/' + name, self.root / name)

    def remove(self):
        files.remove_tree(self.root)

    def run(self, what, command):
        """Runs a shell command in it; returns what it printed."""
        return self.run_unshared(
            what, [*unshare('--mount-proc=%s' % (self.root / 'proc')),
                   'chroot', self.root, '/bin/sh', '-ec', command])

    def run_booted(self, what, command, seconds):
        """
        The same, with what is mounted in a system that was booted.

        It has no network, and is gone after so many seconds. The shell is its
        first process, which is to wait for those that daemons leave behind.
        """
        return self.run_unshared(
            what, ['timeout', '-k', '5', '%d' % seconds, *unshare('--net'),
                   '/bin/sh', '-ec', BOOTED, 'sh', self.root,
                   '/bin/sh', '-ec', command + '\nexit'])

    def run_unshared(self, what, command):
        lines = []
        run_logged(what, command, self.log, append=True, keep=self.keep,
                   on_line=lines.append, env=environment())
        return '\n'.join(lines)
