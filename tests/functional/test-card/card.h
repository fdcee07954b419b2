/*
 * Test card: what each pixel of it is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TEST_CARD_CARD_H
#define TEST_CARD_CARD_H

#include <stdint.h>

#define CARD_WIDTH      400
#define CARD_HEIGHT     300

/**
 * card_pixel: the colour at a place of the card, 0x00RRGGBB
 *
 * guestlib/card.py has the same card; a difference fails its test.
 */
uint32_t card_pixel(int x, int y);

#endif
