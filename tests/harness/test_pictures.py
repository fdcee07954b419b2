# Pictures: their files, the test card, and those of the README
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'tests/functional'))

from guestlib import card, picture, scene  # noqa: E402
from guestlib.picture import Picture, PictureError  # noqa: E402
from igdrmrr import guest_program  # noqa: E402

# Begins with bytes that are blanks in a header, and ends with others.
SMALL = Picture(2, 3, b'\n\x20\t' + bytes(range(12)) + b'\xff\n\0')
PPM = b'P6\n2 3\n255\n' + SMALL.rgb


def test_ppm():
    assert picture.from_ppm(PPM) == SMALL


@pytest.mark.parametrize('data', [
    b'', b'P6', b'P5\n2 3\n255\n' + SMALL.rgb, PPM[:-1], PPM + b'\0',
    PPM.replace(b'255', b'65535'), b'P6\n# x\n2 3\n255\n' + SMALL.rgb],
    ids=['empty', 'short', 'grey', 'cut', 'long', 'deep', 'comment'])
def test_ppm_refused(data):
    with pytest.raises(PictureError):
        picture.from_ppm(data)


def test_png_there_and_back():
    assert picture.from_png(picture.to_png(SMALL)) == SMALL


def test_png_is_one():
    data = picture.to_png(SMALL)
    assert data[:8] == b'\x89PNG\r\n\x1a\n'
    assert data[12:29] == b'IHDR\0\0\0\x02\0\0\0\x03\x08\x02\0\0\0'
    assert data[29:33] == zlib.crc32(data[12:29]).to_bytes(4, 'big')
    assert data.endswith(b'\0\0\0\0IEND\xaeB\x60\x82')


@pytest.mark.parametrize('at', [0, 20, 30, 45, -1])
def test_png_refused(at):
    data = bytearray(picture.to_png(SMALL))
    data[at] ^= 1
    with pytest.raises(PictureError):
        picture.from_png(bytes(data))


def test_difference():
    other = Picture(2, 3, SMALL.rgb[:9] + b'\1\2\3' + SMALL.rgb[12:])
    assert picture.difference(SMALL, SMALL) is None
    assert picture.difference(other, SMALL) == (
        '1 pixels differ, the first at 1,1: 010203 instead of 060708')
    assert picture.difference(Picture(3, 2, SMALL.rgb), SMALL) == (
        '3x2 pixels instead of 2x3')


def test_card_is_what_the_guest_draws():
    """The program draws in C what card.py has in Python."""
    drawn = subprocess.run([guest_program.build('test-card')], check=True,
                           stdout=subprocess.PIPE).stdout
    found = Picture(card.WIDTH, card.HEIGHT, drawn)
    assert picture.difference(found, card.test_card()) is None


def test_card_has_no_fault_pattern():
    """No square of it could be taken for a page that was not read."""
    shown, fault = card.test_card(), card.all_faults()
    for y in range(0, card.HEIGHT - 8, 8):
        for x in range(0, card.WIDTH - 16, 8):
            assert any(shown.pixel(x + dx, y) != fault.pixel(x + dx, y)
                       for dx in range(16))


def test_one_page_missing():
    """Which pixels of the card one page has."""
    found = card.shown(lambda page: page != 2).lines()
    whole = card.test_card().lines()
    assert [y for y in range(card.HEIGHT) if found[y] != whole[y]] == [4, 5]


README_PICTURES = [(scene.HERE, card.test_card), (scene.STOCK, card.all_faults)]


@pytest.mark.parametrize('name, wanted', README_PICTURES)
def test_readme_picture(name, wanted):
    """A README that shows what the demo no longer makes."""
    kept = scene.read_png(scene.README / name)
    assert picture.difference(kept, wanted()) is None
    assert f'docs/pictures/{name}' in (ROOT / 'README.rst').read_text()
