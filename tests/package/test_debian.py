# The packages' emulator lists what Debian's qemu-system-x86 lists
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Both are unpacked, with all their modules, and asked by "-device help" and the
# like, and by QMP as libvirt asks. They differ in what packaging/
# full-differences says, and in nothing else.

import pytest

from guestlib import debian_qemu
from igdrmrr import full, package, paths

LISTS = ('device', 'object', 'netdev', 'chardev', 'audiodev', 'display',
         'tpmdev', 'machine', 'accel')
ASKED = ('type', 'command', 'option', 'property')
ROWS = full.table(paths.ROOT / 'packaging/full-differences', 5)


def test_every_row_is_of_a_list():
    assert {row[0] for row in ROWS} <= {
        'module', 'domcapabilities', *LISTS, *ASKED}
    assert {row[1] for row in ROWS} <= {'+', '-', '~'}
    assert {row[3] for row in ROWS} <= {'12', '13', 'all'}


def check(kind, ours, debian):
    assert not debian_qemu.complaints(
        debian_qemu.differences(ours, debian),
        [row[1:] for row in ROWS if row[0] == kind], package.release()[0])


def test_modules(ours, debian):
    check('module', *({path.name: '' for path in modules.glob('*.so')}
                      for _program, modules in (ours, debian)))


@pytest.mark.parametrize('kind', LISTS)
def test_list(kind, ours, debian):
    check(kind, *(debian_qemu.entries(debian_qemu.ask(*one, '-' + kind, 'help'))
                  for one in (ours, debian)))


@pytest.fixture(scope='module')
def introspection(ours, debian):
    return [debian_qemu.introspection(*one) for one in (ours, debian)]


@pytest.mark.parametrize('kind', ASKED)
def test_what_libvirt_asks(kind, introspection):
    assert all(len(one[kind]) > 100 for one in introspection)
    check(kind, *(one[kind] for one in introspection))
