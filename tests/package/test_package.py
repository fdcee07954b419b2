# The packages by lintian, piuparts and autopkgtest
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# piuparts installs them in a minimal Debian, removes, installs and purges them,
# and compares all files; autopkgtest runs packaging/debian/tests. Both work on
# copies of a clean Debian of our own (chroot.py), so neither needs to be told
# of a mirror. The release is the one that this machine runs; with "./run check
# --full", for packages of Debian 12 also Debian 13, where they install as well.

import functools
import re

import pytest

from guestlib import chroot
from igdrmrr import files, package, paths, suites, ui

ui.install_signal_handlers()

DIRECTORY = paths.BUILD / 'package/test'
# So that DKMS has a kernel to build for.
HEADERS = 'linux-headers-amd64'
# Which the libraries of some modules bring; the one leaves files behind, the
# other Debian 13's apt does not remove.
SYSTEMD = 'systemd,systemd-sysv'


def releases():
    own = package.release()[1]
    return {'bookworm': ('bookworm', 'trixie')}.get(
        own, (own,)) if suites.full() else (own,)


def names():
    """The names in packaging/debian/tests/control."""
    lines = re.findall(r'^Tests: (.*)$', (
        package.DEBIAN / 'tests/control').read_text(), re.M)
    return re.findall(r'[\w-]+', ' '.join(lines))


@pytest.fixture
def clean():
    if chroot.obstacle():
        pytest.skip('no clean Debian: ' + chroot.obstacle())


def test_lintian():
    changes, = package.output_directory().glob('*.changes')
    ui.run_logged('lintian', ['lintian', '--allow-root', '--profile', 'debian',
                              '--fail-on', 'error', changes],
                  'package-lintian.log')


def purged():
    """
    The packages that piuparts takes.

    Those of modules have nothing but a few files, and need 200 others, which
    it installs and removes twice: with "./run check --full".
    """
    return [path for path in package.debs() if suites.full()
            or not re.match('qemu-(?!system-x86-)', path.name)]


@pytest.mark.parametrize('suite', releases())
def test_piuparts(suite, clean):
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    files.sweep(DIRECTORY)
    for left in DIRECTORY.glob('tmp*'):
        files.remove_tree(left)
    ui.run_logged(
        'piuparts ' + suite,
        [*chroot.unshare('--mount-proc'), 'piuparts', '--distribution', suite,
         '--existing-chroot', chroot.base(suite), '--keep-sources-list',
         '--no-eatmydata', '--no-upgrade-test', '--install-remove-install',
         '--fake-essential-packages', '%s,%s' % (HEADERS, SYSTEMD),
         # Made anew by packages that others bring, and of no package
         '--ignore-regex', r'^/boot/initrd\.img-',
         '--tmpdir', DIRECTORY, *purged()],
        'package-piuparts-%s.log' % suite, env=chroot.environment())


@functools.cache
def autopkgtest(suite):
    """What became of each test of packaging/debian/tests, by its name."""
    system = chroot.Chroot(suite, DIRECTORY / suite, 'package-%s.log' % suite,
                           (HEADERS, *package.dependencies()))
    system.make()
    found = DIRECTORY / ('results-' + suite)
    files.remove_tree(found)
    ui.run_logged(
        'autopkgtest ' + suite,
        [*chroot.unshare('--mount-proc=%s' % (system.root / 'proc')),
         'autopkgtest', '-B', *package.debs(),
         '%s/' % (package.output_directory() / 'source'), '--output-dir',
         found, '--', 'chroot', system.root],
        'package-autopkgtest-%s.log' % suite, check=False,
        env=chroot.environment())
    system.remove()
    return dict(line.split(maxsplit=1) for line in
                (found / 'summary').read_text().splitlines())


@pytest.mark.parametrize('name', names())
@pytest.mark.parametrize('suite', releases())
def test_autopkgtest(suite, name, clean):
    assert autopkgtest(suite).get(name) == 'PASS', ui.tail(
        paths.LOGS / ('package-autopkgtest-%s.log' % suite))
