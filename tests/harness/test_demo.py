"""Tests of what the demo prints: the table and the pictures in the terminal

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests/functional")]

import demo  # noqa: E402
from guestlib import checks, picture  # noqa: E402

CELL = re.compile(r"\x1b\[38;([\d;]+);48;([\d;]+)m\u2580")


def halves(x, y):
    """Red over blue, and green on the right."""
    return 0x00FF00 if x >= 20 else 0xFF0000 if y < 20 else 0x0000FF


@pytest.mark.parametrize("number, red, green, blue", [
    (1 << 24, "2;255;0;0", "2;0;255;0", "2;0;0;255"),
    (256, "5;196", "5;46", "5;21")])
def test_half_blocks(number, red, green, blue):
    shown = picture.Picture.of(40, 40, halves)
    lines = picture.half_blocks([shown, shown], 4, number)
    assert [CELL.findall(line) for line in lines] == [
        ([(red, red)] * 2 + [(green, green)] * 2) * 2,
        ([(blue, blue)] * 2 + [(green, green)] * 2) * 2]
    # The upper half is the foreground.
    shown = picture.Picture.of(2, 2, lambda x, y: 0xFF0000 if y else 0)
    [line] = picture.half_blocks([shown], 2, 1 << 24)
    assert CELL.findall(line) == [("2;0;0;0", "2;255;0;0")] * 2


def test_table():
    good, bad = (checks.Check("", "", passed, "") for passed in (True, False))
    lines = list(demo.table([
        ("L1", {"found": good, "handed on": good}),
        ("L2, stock", {"found": bad, "handed on": None})]))
    assert [line.split() for line in lines] == [
        ["found", "handed", "on"], ["L1", "yes", "yes"],
        ["L2,", "stock", "NO", "-"]]


def test_words_of_what_stock_does(capsys):
    lines = [("L1", checks.Check("RMRR", "none", True, "none")),
             ("L2", checks.Check("BDSM", "there", False, "elsewhere"))]
    assert demo.report(lines, ("as expected", "not as expected")) == (1, 1)
    out = capsys.readouterr().out
    assert "  L1  as expected  RMRR: none\n" in out
    assert "  L2  not as expected  BDSM: there (wanted elsewhere)\n" in out
