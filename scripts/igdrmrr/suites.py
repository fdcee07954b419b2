# The test programs: their names, and how one of them is run
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import sys

from . import paths

TESTS = paths.ROOT / 'tests'
FUNCTIONAL = TESTS / 'functional'
# The suites of pytest cases, in their order: tests/NAME, and the guests.
PYTEST = {'guest': FUNCTIONAL, **{name: TESTS / name for name in (
    'package', 'libvirt', 'lint', 'driver', 'docs', 'tool', 'harness', 'fuzz',
    'series')}}

# QEMU's own tests of what the hooks touch. bios-tables-test compares every
# table of the machines without a region with QEMU's blessed ones.
STOCK_QTESTS = ('intel-iommu-test', 'q35-test', 'i440fx-test', 'fw_cfg-test',
                'bios-tables-test')

# For bios-tables-test: an emulator that does not ask what the host's KVM can
# do, and without the cases that an unmodified QEMU fails here as well: one
# depends on where QEMU's own build of SeaBIOS puts a buffer, two need KVM.
TCG_ONLY = paths.ROOT / 'scripts/tcg-only/qemu-system-x86_64'
NOT_HERE = ('/x86_64/acpi/piix4/dimmpxm', '/x86_64/acpi/q35/core-count2',
            '/x86_64/acpi/q35/thread-count2')

# Set by "./run check --full": then pytest runs what is marked "full" as well.
FULL = 'IGD_RMRR_FULL'
FUZZ_SECONDS = 'IGD_RMRR_FUZZ_SECONDS'


# The guests of a QEMU that is not the main one: one L1, and one nested guest.
OTHER_GUESTS = ('-k', 'stray-dma or demo and not stock')
# Not for those: the same hook serves all, and dmar-rmrr-test sees it.
SLOW_QTESTS = ('bios-tables-test',)


def full():
    return FULL in os.environ


def few():
    """Whether a QEMU that is not the main one is checked in short."""
    return paths.QEMU != '10.0' and not full()


def our_qtests():
    """One program for each tests/qtest/NAME-test.c of ours."""
    return sorted(path.stem for path in (TESTS / 'qtest').glob('*-test.c'))


def qtest_names():
    return our_qtests() + list(STOCK_QTESTS)


def qtest_environment():
    """Also says where the blessed ACPI tables are (see "./run bless")."""
    return dict(
        os.environ, QTEST_QEMU_BINARY='./qemu-system-x86_64',
        PYTHON='/usr/bin/python3', G_TEST_SRCDIR=str(paths.QEMU_SRC),
        IGD_RMRR_ACPI_DATA=str(TESTS / 'data/acpi/x86/q35'))


def run_qtest(name, directory=paths.QEMU_BUILD, more=None):
    """Replaces this process by a qtest program, in a build directory."""
    program = directory / 'tests/qtest' / name
    if not (program.exists() and (directory / TCG_ONLY.name).exists()):
        print('Bail out! %s is not built, ./run qtest does' % name)
        return 1
    env = dict(qtest_environment(), **(more or {}))
    words = [str(program), '--tap', '-k']
    if name == 'bios-tables-test':
        env['QTEST_QEMU_BINARY'] = str(TCG_ONLY)
        for case in NOT_HERE:
            words += ['-s', case]
    os.chdir(directory)
    sys.stdout.flush()
    os.execve(program, words, env)


def pytest_command(*arguments):
    return ['/usr/bin/python3', '-m', 'pytest', '-p', 'no:cacheprovider',
            '-o', 'junit_family=xunit2', *arguments]


def pytest_environment():
    return dict(os.environ, IGD_RMRR_CACHE=str(paths.CACHE),
                PYTHONDONTWRITEBYTECODE='1',
                PYTHONPATH='%s:%s' % (paths.ROOT / 'scripts', FUNCTIONAL))


def run_pytest(suite):
    """Replaces this process by all pytest cases of a suite."""
    os.chdir(PYTEST[suite])
    command = pytest_command('-v')
    os.execve(command[0], command, pytest_environment())
