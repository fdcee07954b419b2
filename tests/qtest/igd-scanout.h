/*
 * Frame buffers and pictures of igd-testdev's scan-out engine, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_IGD_SCANOUT_H
#define TESTS_QTEST_IGD_SCANOUT_H

#include "igd-testdev-util.h"

#define SCAN_OPTS       IGD_DEFAULT_OPTS ",scanout=on"

/* The frame buffer that most tests use: lines and pages end at odd places */
#define SCAN_OFFSET     0x3000ull
#define SCAN_STRIDE     448u
#define SCAN_WIDTH      100u
#define SCAN_HEIGHT     60u
#define SCAN_PAGES      7u

/**
 * Picture: what a screendump has
 * @pixels: @width times @height, 0x00RRGGBB; to be freed
 */
typedef struct Picture {
    unsigned width;
    unsigned height;
    uint32_t *pixels;
} Picture;

/**
 * scan_write: write a register; one of 64 bits is written as two
 * @bar: address of BAR0
 */
void scan_write(QTestState *qts, uint64_t bar, uint32_t reg, uint32_t value);
uint32_t scan_read(QTestState *qts, uint64_t bar, uint32_t reg);
uint64_t scan_read64(QTestState *qts, uint64_t bar, uint32_t reg);

/**
 * scan_enable: show that frame buffer
 *
 * Returns: SCAN_STATUS.
 */
uint32_t scan_enable(QTestState *qts, uint64_t bar, uint64_t offset,
                     uint32_t stride, uint32_t width, uint32_t height);

/**
 * scan_enable_usual: show the usual one; it has to be taken
 */
void scan_enable_usual(QTestState *qts, uint64_t bar);

/**
 * scan_paint: the CPU writes a page of a frame buffer, at guest address
 * @addr: each of its words is scan_colour(@seed + its number)
 */
void scan_paint(QTestState *qts, uint64_t addr, uint32_t seed);
uint32_t scan_colour(uint32_t number);

/**
 * scan_paint_usual: all pages of the usual frame buffer, which begins at
 * guest address @addr, such that no two words are equal
 */
void scan_paint_usual(QTestState *qts, uint64_t addr);

/**
 * scan_dump: have the device refresh its picture, and take it
 */
Picture scan_dump(QTestState *qts);

/* What a page of a picture is to show, instead of how it was painted */
#define SCAN_FAULT      0xffffffffu
#define SCAN_PAINTED    0xfffffffeu

/**
 * scan_check_dump: take a picture of the usual frame buffer and look at every
 * pixel
 * @pages: of each page, SCAN_PAINTED, SCAN_FAULT, or the seed of what was
 *      painted in its place
 */
void scan_check_dump(QTestState *qts, const uint32_t pages[SCAN_PAGES]);

/**
 * scan_check_dump_all: the same if all pages are alike
 */
void scan_check_dump_all(QTestState *qts, uint32_t page);

/**
 * scan_check_off: the picture is what there is when nothing is shown
 */
void scan_check_off(QTestState *qts);

/**
 * scan_open_painted: a machine without an IOMMU whose device shows the usual
 * frame buffer, painted
 */
IGDGuest *scan_open_painted(void);

/* Address of BAR0, for the functions above */
uint64_t scan_bar(IGDGuest *g);

#endif
