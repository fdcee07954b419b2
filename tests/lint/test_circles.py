# Files that call each other are found, and those that do not are not
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

import circles

A = '''
#include "b.h"
/* c_get(x) is only named here. */
static int helper(int x)
{
    return b_get(x);
}
int a_get(
    int x)
{
    return helper(x);
}
'''
B = '''
int b_get(int x)
{
    log("a_get(x)");
    return %s;
}
static int helper(void)
{
    return 0;
}
'''
C = 'int c_get(int x)\n{\n    return a_get(x);\n}\n'


def c_files(root, called):
    (root / 'hw').mkdir()
    for name, text in (('a', A), ('b', B % called), ('c', C)):
        (root / 'hw' / (name + '.c')).write_text(text)
    return list(circles.complaints(root))


def test_c_without_a_circle(tmp_path):
    assert c_files(tmp_path, 'helper()') == []


@pytest.mark.parametrize('called, size, line', [
    ('a_get(x)', 2, '  hw/b.c -> hw/a.c: a_get'),
    ('c_get (x)', 3, '  hw/c.c -> hw/a.c: a_get')])
def test_c_circle(tmp_path, called, size, line):
    found = c_files(tmp_path, called)
    assert found[0] == 'a circle of %d files:' % size
    assert line in found and '  hw/a.c -> hw/b.c: b_get' in found


@pytest.mark.parametrize('text, found', [
    ('from . import one', True), ('    from .one import f', True),
    ('from . import (zero,\n               one)', True),
    ('from igdrmrr import one', True), ('import one', True),
    ('import igdrmrr.one', True), ('# from . import one', False),
    ('from guestlib import one', False),
    ('from guestlib.one import f', False)])
def test_python(tmp_path, text, found):
    package = tmp_path / 'scripts/igdrmrr'
    package.mkdir(parents=True)
    (package / 'one.py').write_text('from . import two\n')
    (package / 'two.py').write_text(text + '\n')
    assert bool(list(circles.complaints(tmp_path))) == found
