# The demo's two scenes: verdicts that can fail, and when the picture is taken
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'functional'))

from guestlib import (boot, card, catalog, outside, picture,  # noqa: E402
                      port, runner, scene, visits)
from guestlib.evidence import Evidence  # noqa: E402

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
    (card.test_card(), '', '', []),
    (None, '', '', [2]),
    (card.all_faults(), '', '', [2]),
    (one_pixel_off(card.test_card()), '', '', [2]),
    (card.shown(lambda page: page != 149), '', '', [2]),
    (card.test_card(), 'drawn 0x7b800000', 'drawn 0xaf00000', [0]),
    (card.test_card(), 'picture drawn', 'picture problem', [0]),
    (card.test_card(), 'frames 1', 'frames 0', [1]),
    (card.test_card(), 'faults 0', 'faults 1', [1]),
], ids=['good', 'none', 'faults', 'pixel', 'last-page', 'moved', 'problem',
        'no-refresh', 'one-fault'])
def test_here(tmp_path, shown, before, after, failed):
    says = HERE_SAYS.replace(before, after)
    assert wrong(scene.here(outcome(catalog.DEMO, tmp_path, shown,
                                    says))) == failed


@pytest.mark.parametrize('shown, before, after, failed', [
    (card.all_faults(), '', '', []),
    (card.test_card(), '', '', [5]),
    (card.shown(lambda page: page == 149), '', '', [5]),
    (card.all_faults(), STOCK_CONFIG.hex(' '),
     STOCK_CONFIG.replace(b'\xf0\x0a', b'\x80\x7b').hex(' '), [2, 3]),
    (card.all_faults(), 'faults 150', 'faults 149', [4]),
    (card.all_faults(), '7b800000', '0af00000', [4]),
    (card.all_faults(), '@@L2 finished', '', [0]),
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
        catalog.DEMO_STOCK, tmp_path, card.all_faults(), STOCK_SAYS, l1,
        l2))) == failed


def test_kept_as_png(tmp_path):
    shown = outcome(catalog.DEMO, tmp_path, card.test_card(), HERE_SAYS)
    path = tmp_path / 'new/one.png'
    assert scene.write_png(shown, path)
    assert scene.read_png(path) == card.test_card()
    (tmp_path / scene.DUMP).unlink()
    assert not scene.write_png(shown, tmp_path / 'other.png')
    assert not (tmp_path / 'other.png').exists()


# When it is taken

class Monitor:
    def __init__(self):
        self.commands = []

    def execute(self, command, **arguments):
        self.commands.append((command, arguments))


def test_screendump_when_l2_waits(tmp_path):
    """Not before; and a picture of an earlier run is gone by then."""
    says = tmp_path / 'says.log'
    says.write_text('@@L2 picture drawn 0x7b800000\n')
    (tmp_path / scene.DUMP).write_bytes(b'old')
    monitor = Monitor()
    with closing(port.Port(tmp_path)) as mine:
        thread = threading.Thread(target=visits.screendump, args=(
            outside.Outside(monitor, mine, tmp_path),), daemon=True)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive() and not monitor.commands
        assert not (tmp_path / scene.DUMP).exists()
        says.write_text(HERE_SAYS)
        thread.join(10)
    assert monitor.commands == [
        ('screendump', {'filename': str(tmp_path / scene.DUMP)})]


def test_stock_scene_is_the_same():
    """The guests differ in what the first one is run by, and in work."""
    here, stock = catalog.DEMO, catalog.DEMO_STOCK
    assert stock.stock and not here.stock
    for name in ('stolen', 'machine', 'device_options', 'memory', 'release',
                 'parameters', 'visits'):
        assert getattr(here, name) == getattr(stock, name)
    assert here.inner.arguments() == stock.inner.arguments()
