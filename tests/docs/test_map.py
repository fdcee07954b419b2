# The map of the book: what is committed is what its numbers make
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from xml.etree import ElementTree

import pytest

from conftest import ROOT
from igdrmrr import address_map, address_map_files, address_map_text

FILES = (address_map_files.SVG, address_map_files.TEXT,
         address_map_files.PAGE)


@pytest.fixture(scope='module')
def made():
    return address_map_files.made()


@pytest.fixture(scope='module')
def spaces():
    return address_map.spaces()


@pytest.mark.parametrize('name', FILES)
def test_committed(name, made):
    """scripts/address-map.py writes them anew."""
    assert (ROOT / name).read_text() == made[name]


def test_same_again(made):
    assert address_map_files.made() == made


def test_region_is_the_same_everywhere(spaces):
    regions = {tuple((row.base, row.limit) for row in space.rows
                     if row.kind == 'stolen') for space in spaces}
    assert regions == {((0x7b000000, 0x7b7fffff), (0x7b800000, 0x7f7fffff))}


def test_kinds_that_the_map_has_to_show(spaces):
    for space in spaces[1:]:
        assert {'ram', 'stolen', 'mmconfig', 'pci'} <= {
            row.kind for row in space.rows}
        assert address_map.above(space)


def test_region_at_one_height(made):
    """Rectangles of the region have as many heights as it has parts."""
    tree = ElementTree.fromstring(made[address_map_files.SVG])
    stolen = [rect for rect in tree.iter('{http://www.w3.org/2000/svg}rect')
              if rect.get('fill') == '#b4491a']
    assert len(stolen) == 6
    assert len({rect.get('x') for rect in stolen}) == 3
    assert len({(rect.get('y'), rect.get('height')) for rect in stolen}) == 2


def test_pieces_are_whole(spaces):
    edges = address_map.edges(spaces)
    for space in spaces:
        pieces = address_map.pieces(space, edges)
        assert pieces[0][0] == 0 and pieces[-1][1] == address_map.FOUR_GIB
        for before, after in zip(pieces, pieces[1:]):
            assert before[1] == after[0]
        assert [piece[2] for piece in pieces if piece[2]] == [
            row for row in space.rows if row.base < address_map.FOUR_GIB]


def test_fits_a_terminal(made):
    assert max(map(len, made[address_map_files.TEXT].splitlines())) <= 74


def test_name_that_has_no_kind():
    with pytest.raises(ValueError, match='Persistent'):
        address_map.row({'name': 'Persistent Memory', 'base': '0x0',
                         'limit': '0x1'})


def test_name_that_does_not_fit():
    row = address_map.Row(0, (1 << 30) - 1, 'ram', 'a very long name')
    with pytest.raises(ValueError, match='too long'):
        address_map_text.label(row)
