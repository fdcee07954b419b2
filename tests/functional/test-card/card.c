/*
 * Test card: what each pixel of it is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure. Colour bars on top, a texture that is different at every place of a
 * 256 pixel square, and a grey ramp; over them a circle and the letters "L2".
 * Integers only, so that it is the same in every language.
 */

#include "card.h"

#define BARS            8
#define BARS_HEIGHT     180
#define TEXTURE_HEIGHT  60
#define RADIUS          130
#define RING            4

#define GLYPH_SCALE     14
#define GLYPH_COLUMNS   11      /* two of 5, and one between them */
#define GLYPH_ROWS      7

#define WHITE           0xffffffu
#define BLACK           0x000000u

static const uint32_t bars[BARS] = {
    0xc0c0c0, 0xc0c000, 0x00c0c0, 0x00c000,
    0xc000c0, 0xc00000, 0x0000c0, 0x202020,
};

/* "L2", the left column in the highest bit */
static const uint16_t glyphs[GLYPH_ROWS] = {
    0x40e, 0x411, 0x401, 0x402, 0x404, 0x408, 0x7df,
};

static int in_letters(int x, int y)
{
    int left = (CARD_WIDTH - GLYPH_COLUMNS * GLYPH_SCALE) / 2;
    int top = (CARD_HEIGHT - GLYPH_ROWS * GLYPH_SCALE) / 2;
    int column, row;

    if (x < left || y < top) {
        return 0;
    }
    column = (x - left) / GLYPH_SCALE;
    row = (y - top) / GLYPH_SCALE;
    return column < GLYPH_COLUMNS && row < GLYPH_ROWS &&
           glyphs[row] >> (GLYPH_COLUMNS - 1 - column) & 1;
}

static int on_circle(int x, int y)
{
    int dx = x - CARD_WIDTH / 2;
    int dy = y - CARD_HEIGHT / 2;
    int square = dx * dx + dy * dy;

    return square <= RADIUS * RADIUS &&
           square > (RADIUS - RING) * (RADIUS - RING);
}

uint32_t card_pixel(int x, int y)
{
    uint32_t grey = x * 255 / (CARD_WIDTH - 1);

    if (x == 0 || y == 0 || x == CARD_WIDTH - 1 || y == CARD_HEIGHT - 1 ||
        on_circle(x, y)) {
        return WHITE;
    }
    if (in_letters(x, y)) {
        return BLACK;
    }
    if (y < BARS_HEIGHT) {
        return bars[x * BARS / CARD_WIDTH];
    }
    if (y < BARS_HEIGHT + TEXTURE_HEIGHT) {
        return (uint32_t)(x & 0xff) << 16 | (uint32_t)(y & 0xff) << 8 |
               ((x ^ y) & 0xff);
    }
    return grey * 0x010101u;
}
