# The demo's two scenes, its pictures and its words: verdicts that can fail
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

import pytest

import demo
from guestlib import assets, boot, catalog, checks, picture, runner, scene
from guestlib.evidence import Evidence
from guestlib.picture import Picture, PictureError
from igdrmrr import paths

# Begins with bytes that are blanks in a header, and ends with others.
SMALL = Picture(2, 3, b'\n\x20\t' + bytes(range(12)) + b'\xff\n\0')

STOCK_LOG = '[    2.065077] DMAR: No RMRR found\n'
HERE_SAYS = '''\
@@L2 picture drawn 0x7b800000
@@L2 picture status 0x1
@@L2 picture waits
@@L2 picture frames 1 faults 0 at 0xffffffffffffffff
@@L2 finished 9.00
'''
STOCK_CONFIG = bytes(0x5c) + (0xaf00000).to_bytes(4, 'little') + bytes(0xa0)
STOCK_SAYS = f'''\
@@L2 config 0000:00:02.0 {STOCK_CONFIG.hex(' ')}
@@L2 picture drawn 0xaf00000
@@L2 picture frames 1 faults 150 at 0x000000007b800000
@@L2 finished 9.00
'''


def ppm(shown):
    return b'P6\n%d %d\n255\n' % (shown.width, shown.height) + shown.rgb


def outcome(spec, directory, shown, says, l1_log='', l2_log=''):
    if shown:
        (directory / scene.DUMP).write_bytes(ppm(shown))
    run = runner.Run(directory, 1, 0, False, l1_log, says, l2_log, '')
    return boot.Outcome(spec, run, Evidence('L1', l1_log, says),
                        Evidence('L2', l2_log, says))


def wrong(lines):
    return [number for number, (_, check) in enumerate(lines) if not check]


def one_pixel_off(shown):
    return picture.Picture(shown.width, shown.height,
                           shown.rgb[:-1] + b'\1')


@pytest.mark.parametrize('shown, before, after, failed', [
    (picture.test_card(), '', '', []),
    (None, '', '', [2]),
    (picture.all_faults(), '', '', [2]),
    (one_pixel_off(picture.test_card()), '', '', [2]),
    (picture.shown(lambda page: page != 149), '', '', [2]),
    (picture.test_card(), 'drawn 0x7b800000', 'drawn 0xaf00000', [0]),
    (picture.test_card(), 'picture drawn', 'picture problem', [0]),
    (picture.test_card(), 'frames 1', 'frames 0', [1]),
    (picture.test_card(), 'faults 0', 'faults 1', [1]),
], ids=['good', 'none', 'faults', 'pixel', 'last-page', 'moved', 'problem',
        'no-refresh', 'one-fault'])
def test_here(tmp_path, shown, before, after, failed):
    says = HERE_SAYS.replace(before, after)
    assert wrong(scene.here(outcome(catalog.DEMO, tmp_path, shown,
                                    says))) == failed


@pytest.mark.parametrize('shown, before, after, failed', [
    (picture.all_faults(), '', '', []),
    (picture.test_card(), '', '', [5]),
    (picture.shown(lambda page: page == 149), '', '', [5]),
    (picture.all_faults(), STOCK_CONFIG.hex(' '),
     STOCK_CONFIG.replace(b'\xf0\x0a', b'\x80\x7b').hex(' '), [2, 3]),
    (picture.all_faults(), 'faults 150', 'faults 149', [4]),
    (picture.all_faults(), '7b800000', '0af00000', [4]),
    (picture.all_faults(), '@@L2 finished', '', [0]),
], ids=['good', 'card', 'one-page', 'same-base', 'one-read', 'elsewhere',
        'unfinished'])
def test_on_stock(tmp_path, shown, before, after, failed):
    says = STOCK_SAYS.replace(before, after)
    assert wrong(scene.on_stock(outcome(
        catalog.DEMO_STOCK, tmp_path, shown, says, STOCK_LOG,
        STOCK_LOG))) == failed


@pytest.mark.parametrize('l1, l2, failed', [
    ('', STOCK_LOG, [0]),
    (STOCK_LOG, 'DMAR: RMRR base: 0x7b000000 end: 0x7f7fffff\n', [1]),
], ids=['l1-silent', 'l2-has-one'])
def test_on_stock_rmrr(tmp_path, l1, l2, failed):
    assert wrong(scene.on_stock(outcome(
        catalog.DEMO_STOCK, tmp_path, picture.all_faults(), STOCK_SAYS, l1,
        l2))) == failed


# Its pictures

def test_png_there_and_back():
    assert picture.from_png(picture.to_png(SMALL)) == SMALL


@pytest.mark.parametrize('at', [0, 20, 30, 45, -1])
def test_png_refused(at):
    data = bytearray(picture.to_png(SMALL))
    data[at] ^= 1
    with pytest.raises(PictureError):
        picture.from_png(bytes(data))


def test_frame():
    """What the guest draws is what the device shows, line by line."""
    frame = picture.frame(picture.test_card())
    for x, y in ((0, 0), (1, 0), (399, 299), (200, 150), (7, 181)):
        at = y * picture.STRIDE + 4 * x
        assert int.from_bytes(frame[at:at + 4], 'little') == (
            picture.test_card().pixel(x, y))
    assert len(frame) == picture.STRIDE * picture.HEIGHT


README_PICTURES = [(scene.HERE, picture.test_card),
                   (scene.STOCK, picture.all_faults)]


@pytest.mark.parametrize('name, wanted', README_PICTURES)
def test_readme_picture(name, wanted):
    """A README that shows what the demo no longer makes."""
    kept = scene.read_png(scene.README / name)
    assert picture.difference(kept, wanted()) is None
    assert f'docs/pictures/{name}' in (paths.ROOT / 'README.rst').read_text()


# Its words

def test_table():
    good, bad = (checks.Check('', '', passed, '') for passed in (True, False))
    lines = list(scene.table([
        ('L1', {'found': good, 'handed on': good}),
        ('L2, stock', {'found': bad, 'handed on': None})]))
    assert [line.split() for line in lines] == [
        ['found', 'handed', 'on'], ['L1', 'yes', 'yes'],
        ['L2,', 'stock', 'NO', '-']]


def test_words_of_what_stock_does(capsys):
    lines = [('L1', checks.Check('RMRR', 'none', True, 'none')),
             ('L2', checks.Check('BDSM', 'there', False, 'elsewhere'))]
    words = ('as expected', 'not as expected')
    assert demo.report(lines, None, words) == (1, 1)
    out = capsys.readouterr().out
    assert '  L1  as expected  RMRR: none\n' in out
    assert '  L2  not as expected  BDSM: there (wanted elsewhere)\n' in out


def test_card_comes_whole(tmp_path, monkeypatch):
    """In a new clone, too, and while another guest is made with it."""
    monkeypatch.setattr(assets, 'LOGS', tmp_path / 'build' / 'functional')
    monkeypatch.setattr(assets.guest_program, 'build', tmp_path.joinpath)
    card = dict(assets.bring(['test-card']))['card']
    with card.open('rb') as first:
        assets.bring(['test-card'])
        assert os.fstat(first.fileno()).st_nlink == 0
    assert card.read_bytes() == picture.frame(picture.test_card())
