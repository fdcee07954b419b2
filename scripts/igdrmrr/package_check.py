# The suite "package": the packages by lintian, and in a clean Debian
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The clean Debian is the release that this machine runs; with "./run check
# --full", for packages of Debian 12 also Debian 13, where they install as well.
# Each check returns a list of complaints.

import re
import shutil
import subprocess

from . import chroot, package, paths, results, suites
from .cases import Cases
from .ui import Failure, say

STEPS = ('install', 'emulator', 'firmware', 'tool', 'driver', 'nothing_left')
DIRECTORY = paths.BUILD / 'package/test'

# What apt, dpkg and their like write whatever is installed; and what depmod,
# called by DKMS, makes for a kernel of which only the headers are there. It
# goes with that kernel.
THEIR_OWN = re.compile(
    r'var/(lib/(apt|dpkg)|cache/(apt|debconf|ldconfig)|log)(/|$)'
    r'|etc/ld\.so\.cache$'
    r'|(usr/)?lib/modules(/[^/]+(/modules\.[a-z.]+)?)?$')

# Three kinds of firmware are looked for: the BIOS, a card's, a display's.
EMULATOR = r'''
printf 'info rmrr\nquit\n' | qemu-system-x86_64-igd-rmrr \
    -machine q35,accel=tcg -m 512M -display none -nodefaults -S \
    -monitor stdio -device intel-iommu,intremap=on,caching-mode=on \
    -device VGA,addr=03.0 -device e1000,addr=04.0 \
    -device igd-testdev,addr=02.0,dsm-base=0x7b800000
'''
# SeaBIOS tells the port 0x402 what it does; with nothing to boot it resets.
BOOT = r'''
timeout 60 qemu-system-x86_64-igd-rmrr -machine q35,accel=tcg -m 512M \
    -display none -nodefaults -chardev stdio,id=bios \
    -boot reboot-timeout=100 -no-reboot \
    -device isa-debugcon,iobase=0x402,chardev=bios \
    -device intel-iommu,intremap=on,caching-mode=on \
    -device igd-testdev,addr=02.0,dsm-base=0x7b800000
'''


def wants(text, *expected):
    return ['%r is not in:\n%s' % (line, text) for line in expected
            if line not in text]


def check_lintian():
    done = subprocess.run(
        ['lintian', '--allow-root', '--profile', 'debian', '--fail-on',
         'error', package.changes()], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines() if done.returncode else []


class Stay:
    """The packages' stay in a clean Debian, one step a case."""

    def __init__(self, suite):
        self.system = chroot.Chroot(suite, DIRECTORY / suite)
        self.before = {}

    def check_install(self):
        """
        What ours need first, then a list of all files, then ours.

        So a file that another package leaves behind is no file of ours.
        """
        self.system.make()
        self.system.run('bringing it up to date', 'apt-get -q update\n'
                        'apt-get -q -y dist-upgrade')
        # Headers, so that DKMS has a kernel to build for.
        self.system.run(
            'installing what ours depend on',
            'apt-get -q -y --no-install-recommends satisfy '
            "'%s'\napt-get clean" % ', '.join(
                ['linux-headers-amd64', *package.dependencies()]))
        packages = {*self.installed()}
        self.before = self.system.files()
        names = ['/tmp/' + path.name for path in package.debs()]
        for path in package.debs():
            shutil.copyfile(path, self.system.root / 'tmp' / path.name)
        self.system.run('installing', 'apt-get -q -y --no-install-recommends '
                        'install {0}\nrm {0}'.format(' '.join(names)))
        new = {*self.installed()} - packages
        return [] if new == {*package.PACKAGES} else [
            'new packages: ' + ' '.join(sorted(new))]

    def check_emulator(self):
        return wants(
            self.system.run('the emulator', EMULATOR),
            'igd-stolen@7b000000: 0x7b000000-0x7f7fffff, BDSM 0x7b800000, '
            'policy keep')

    def check_firmware(self):
        return wants(self.system.run('SeaBIOS', BOOT), 'SeaBIOS (version',
                     'No bootable device')

    def check_tool(self):
        bundle = paths.ROOT / 'tests/data/hosts/skylake-ready.bundle'
        shutil.copyfile(bundle, self.system.root / 'tmp/bundle')
        text = self.system.run(
            'igd-stolen', 'igd-stolen probe --from /tmp/bundle\n'
            'rm /tmp/bundle')
        return wants(text, 'Checking whether the IGD can be assigned',
                     'PASS (yes')

    def check_driver(self):
        text = self.system.run('DKMS', 'dkms status')
        if not re.search(r'igd-vfio-pci/\S+ .*: installed', text):
            return ['dkms status: ' + text]
        return []

    def installed(self):
        """All packages that dpkg knows, those with mere remains too."""
        return self.system.run(
            'dpkg', "dpkg-query -W -f '${Package}\\n'").split()

    def check_nothing_left(self):
        self.system.run('removing', 'apt-get -q -y purge '
                        + ' '.join(package.PACKAGES))
        wrong = ['dpkg still knows ' + name for name in package.PACKAGES
                 if name in self.installed()]
        after = self.system.files()
        for name in sorted({*self.before, *after}):
            if (self.before.get(name) != after.get(name)
                    and not THEIR_OWN.match(name)):
                wrong.append('%s: %s, was %s' % (
                    name, after.get(name), self.before.get(name)))
        if not wrong:
            self.system.remove()
        return wrong


def releases():
    """Where the packages made here are installed."""
    own = package.release()[1]
    return {'bookworm': ('bookworm', 'trixie')}.get(
        own, (own,)) if suites.full() else (own,)


def cases():
    """Name and function of each case."""
    yield 'lintian', check_lintian
    for suite in releases():
        stay = Stay(suite)
        for step in STEPS:
            yield ('%s, %s' % (suite, step.replace('_', ' ')),
                   getattr(stay, 'check_' + step))


def suite_package():
    run = Cases('package')
    try:
        package.build()
    except Failure as failure:
        say(str(failure))
        return results.Counts(failed=['package: could not be built'])
    obstacle = chroot.obstacle()
    for name, function in cases():
        if obstacle and function != check_lintian:
            run.skip(name, 'no clean Debian: ' + obstacle)
        else:
            run.run(name, function)
    return run.end()
