# Both emulators, unpacked
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from guestlib import debian_qemu
from igdrmrr import fetch, files, package

DIRECTORY = package.DIRECTORY / 'test'


@pytest.fixture(scope='session')
def ours():
    """The program and the directory of its modules, out of the packages."""
    files.sweep(DIRECTORY)
    with files.new_directory(DIRECTORY / 'unpacked') as new:
        for deb in package.debs():
            subprocess.run(['dpkg-deb', '-x', deb, new], check=True)
    top = DIRECTORY / 'unpacked/usr'
    return ([top / 'bin' / package.EMULATOR],
            top / 'lib/x86_64-linux-gnu/qemu-igd-rmrr')


@pytest.fixture(scope='session')
def debian():
    debian_qemu.fetch(fetch.fetch(()))
    return debian_qemu.command(), debian_qemu.modules()
