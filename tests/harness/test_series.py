# The series for QEMU's maintainers: what is in which patch
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import series, source
from igdrmrr.ui import Failure


def patch(name, files=(), hooks=()):
    return series.Patch(name, 'subject', 'body', hooks, files, ())


OWN = {
    'hw/i386/a.c': b'#include "qemu/osdep.h"\n#include "a.h"\n',
    'hw/i386/a.h': b'#include "hw/pci/c.h"\n',
    'hw/i386/b.c': b'#include "a.h"\n#include "b.h"\n',
    'hw/i386/b.h': b'',
    'include/hw/pci/c.h': b'',
}


# Files

def test_headers_go_with_who_includes_them_first():
    assert series.assign([patch('1', ('hw/i386/a.c',)),
                          patch('2', ('hw/i386/b.*',))], OWN) == [
        {'hw/i386/a.c', 'hw/i386/a.h', 'include/hw/pci/c.h'},
        {'hw/i386/b.c', 'hw/i386/b.h'}]


def test_headers_go_with_a_hook_that_includes_them():
    own = {'include/hw/i386/stolen_memory.h': b'', 'hw/x/intel_iommu.h': b''}
    assert series.assign([patch('1', (), ('feature/pc-low-ram.patch',)),
                          patch('2', ('*',))], own) == [
        {'include/hw/i386/stolen_memory.h'}, {'hw/x/intel_iommu.h'}]


def test_a_file_in_no_patch_is_refused():
    with pytest.raises(Failure, match=r'in no patch .*: hw/i386/b.c, '):
        series.assign([patch('1', ('hw/i386/a.c',))], OWN)


def test_a_pattern_of_no_file_is_refused():
    with pytest.raises(Failure, match=r'/1: there is no hw/i386/d\.\*'):
        series.assign([patch('1', ('hw/i386/d.*', '*'))], OWN)


def test_every_file_is_in_one_patch():
    own = series.read_own()
    taken = series.assign(series.read_patches(), own)
    assert sum(map(len, taken)) == len(own)
    assert set().union(*taken) == set(source.overlay())


def test_no_tab_is_left():
    assert [name for name, content in series.read_own().items()
            if b'\t' in content and not name.startswith('tests/data')] == []


def test_the_kernels_header_has_our_licence():
    header = series.read_own()['include/hw/vfio/igd_vfio_stolen.h']
    assert header.startswith(b'/* SPDX-License-Identifier: '
                             b'GPL-2.0-or-later */\n')


# Hooks

def test_every_hook_is_in_one_patch():
    series.check_hooks(series.read_patches())


def test_a_hook_left_out_is_refused():
    with pytest.raises(Failure, match='fixes/memory-split-iommu-events.patch'):
        series.check_hooks(series.read_patches()[1:])


def test_a_hook_twice_is_refused():
    patches = series.read_patches()
    with pytest.raises(Failure, match='fixes/memory-split-iommu-events.patch'):
        series.check_hooks([patches[0], *patches])


# Texts

def test_hook_speaks_for_itself(tmp_path):
    path = tmp_path / '01-x'
    path.write_text('--\nHooks: fixes/memory-split-iommu-events.patch\n')
    read = series.read_patch(path)
    assert read.subject.startswith('memory: ')
    assert read.body.startswith('A device')
    assert '---' not in read.body


def test_a_key_can_be_there_twice(tmp_path):
    path = tmp_path / '01-x'
    path.write_text('subject\n\nbody\n--\nFiles: a b\nHooks: h\nFiles: c\n'
                    'Maintained: m\n')
    assert series.read_patch(path) == series.Patch(
        '01-x', 'subject', 'body', ('h',), ('a', 'b', 'c'), ('m',))


@pytest.mark.parametrize('text, message', [
    ('subject\n\nbody\n--\nFile: x\n',
     '01-x: "File: x" does not begin with one of Files, Hooks, Maintained'),
    ('subject\n\nbody\n--\nfiles\n', '"files" does not begin'),
    ('subject\n--\nFiles: x\n', '01-x says nothing'),
    ('--\nFiles: x\n', '01-x says nothing'),
])
def test_a_wrong_file_is_refused(tmp_path, text, message):
    path = tmp_path / '01-x'
    path.write_text(text)
    with pytest.raises(Failure, match=message):
        series.read_patch(path)


# Build files

@pytest.mark.parametrize('before, after', [
    (b"files(\n  'a.c',\n  'b.c'))\n", b"files(\n  'a.c',\n  ))\n"),
    (b"files(\n  'b.c',\n  'a.c'))\n", b"files(\n  'a.c'))\n"),
    (b"  'a.c', 'b.c',\n", b"  'a.c',\n"),
    (b"x += files('b.c')\n", b"x += files()\n"),
    (b"  'a.c'), if_false: files('b.c'))\n", b"  'a.c'))\n"),
    (b"\n  'c.c',\n\n", b"\n  'c.c',\n\n"),
])
def test_list_of_files(before, after):
    assert series.without_absent(before, 'hw/i386/meson.build',
                                 {'hw/i386/b.c', 'hw/vfio/a.c'}) == after


def test_list_of_tests():
    assert series.without_absent(
        b"q = {\n  'a-test': x,\n  'b-test': x + files(\n"
        b"    '../c.c', '../d.c'),\n  'e-test': x + files('../c.c'),\n}\n",
        'tests/qtest/own/meson.build',
        {'tests/qtest/b-test.c', 'tests/qtest/d.c'}) == (
            b"q = {\n  'a-test': x,\n  'e-test': x + files('../c.c'),\n}\n")


def test_trace_events():
    assert series.without_absent(
        b'# a.c\na() ""\n\n# b.c\nb() ""\nbb() ""\n\n# c.c\nc() ""\n',
        'hw/i386/trace-events', {'hw/i386/b.c'}) == (
            b'# a.c\na() ""\n\n# c.c\nc() ""\n')


def test_a_source_file_stays_as_it_is():
    assert series.without_absent(b"'b.c'", 'hw/i386/a.c',
                                 {'hw/i386/b.c'}) == b"'b.c'"


# MAINTAINERS

@pytest.mark.parametrize('name, pattern, found', [
    ('hw/vfio/igd-rmrr.c', 'hw/vfio/igd-rmrr*', True),
    ('hw/vfio/igd-rmrr.c', 'hw/vfio/igd-rmrr.h', False),
    ('hw/vfio/igd-rmrr.c', 'hw/vfio/', True),
    ('hw/vfio/igd-rmrr.c', 'hw/*', False),
])
def test_who_maintains(name, pattern, found):
    assert series.is_maintained(name, ['x', pattern]) == found


def test_a_section_of_our_own(tmp_path):
    (tmp_path / 'MAINTAINERS').write_text(
        'One\nM: A <a@b>\n\nVT-d Emulation\nM: B <b@c>\n')
    assert series.maintainers(tmp_path, ['a/', 'b*'], 'W <w@x>') == (
        b'One\nM: A <a@b>\n\nIGD stolen memory\nM: W <w@x>\nS: Maintained\n'
        b'F: a/\nF: b*\n\nVT-d Emulation\nM: B <b@c>\n')
    assert b'IGD' not in series.maintainers(tmp_path, [], 'W <w@x>')
