"""The test card, and the pattern of a page that the device cannot read.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.  Made apart from the C code that draws them (test-card/card.c,
hw/display/igd-testdev-frame.h), so that a picture is right only if both agree.
"""

import functools

from .picture import Picture

WIDTH, HEIGHT = 400, 300
STRIDE = 2048
PAGE = 4096

BARS = (0xC0C0C0, 0xC0C000, 0x00C0C0, 0x00C000,
        0xC000C0, 0xC00000, 0x0000C0, 0x202020)
LETTERS = ("#      ### ",
           "#     #   #",
           "#         #",
           "#        # ",
           "#       #  ",
           "#      #   ",
           "##### #####")
SCALE = 14
LEFT = (WIDTH - 11 * SCALE) // 2
TOP = (HEIGHT - 7 * SCALE) // 2
OUTER, INNER = 130, 126


def card_pixel(x, y):
    """The card's colour at that place."""
    if x in (0, WIDTH - 1) or y in (0, HEIGHT - 1):
        return 0xFFFFFF
    square = (x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2
    if INNER ** 2 < square <= OUTER ** 2:
        return 0xFFFFFF
    if lettered((x - LEFT) // SCALE, (y - TOP) // SCALE):
        return 0x000000
    if y < 180:
        return BARS[x // (WIDTH // len(BARS))]
    if y < 240:
        return (x & 0xFF) << 16 | y << 8 | (x ^ y) & 0xFF
    return x * 255 // (WIDTH - 1) * 0x010101


def lettered(column, row):
    """Whether there is a letter in that square."""
    return (0 <= row < len(LETTERS) and 0 <= column < len(LETTERS[row])
            and LETTERS[row][column] == "#")


def fault_pixel(x, y):
    """Magenta and black squares."""
    return 0x000000 if (x // 8 + y // 8) % 2 else 0xFF00FF


def shown(readable=lambda page: True):
    """The card as the device shows it; readable(page) of its memory pages."""
    def pixel(x, y):
        page = (y * STRIDE + 4 * x) // PAGE
        return card_pixel(x, y) if readable(page) else fault_pixel(x, y)

    return Picture.of(WIDTH, HEIGHT, pixel)


@functools.cache
def test_card():
    """All of it can be read."""
    return shown()


@functools.cache
def all_faults():
    """None of it can."""
    return shown(lambda page: False)
