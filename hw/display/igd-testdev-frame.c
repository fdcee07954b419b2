/*
 * Frame buffer of igd-testdev: where its pixels are
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: the geometry of a frame buffer, and its way from pages of guest memory
 * into a picture. Knows no device; lines, and not pages, make a picture, so
 * a page has parts of one or more lines.
 *
 * Registers: docs/specs/igd-testdev.rst.
 * Test: tests/unit/test-igd-testdev-frame.c.
 */

#include "qemu/osdep.h"
#include "igd-testdev-frame.h"

#define PAGE            IGD_TESTDEV_SCAN_PAGE
#define PIXEL           4       /* bytes */

/* To the end of the last pixel: nothing of the last line's stride is read */
static uint64_t igd_testdev_frame_size(const IGDTestFrame *frame)
{
    return (uint64_t)frame->stride * (frame->height - 1) +
           (uint64_t)frame->width * PIXEL;
}

uint32_t igd_testdev_frame_check(const IGDTestFrame *frame, uint64_t dsm_size)
{
    if (frame->width == 0 || frame->width > IGD_TESTDEV_SCAN_MAX_WIDTH ||
        frame->height == 0 || frame->height > IGD_TESTDEV_SCAN_MAX_HEIGHT) {
        return IGD_TESTDEV_SCAN_BAD_SIZE;
    }
    if (frame->stride % IGD_TESTDEV_SCAN_STRIDE_UNIT ||
        frame->stride < frame->width * PIXEL ||
        frame->stride > IGD_TESTDEV_SCAN_MAX_STRIDE) {
        return IGD_TESTDEV_SCAN_BAD_STRIDE;
    }
    if (frame->offset % PAGE) {
        return IGD_TESTDEV_SCAN_BAD_OFFSET;
    }
    if (frame->offset > dsm_size ||
        igd_testdev_frame_size(frame) > dsm_size - frame->offset) {
        return IGD_TESTDEV_SCAN_BEYOND_DSM;
    }
    return IGD_TESTDEV_SCAN_ON;
}

uint32_t igd_testdev_frame_pages(const IGDTestFrame *frame)
{
    return (igd_testdev_frame_size(frame) + PAGE - 1) / PAGE;
}

static uint32_t igd_testdev_frame_pixel(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8 | (uint32_t)bytes[2] << 16;
}

void igd_testdev_frame_draw(const IGDTestFrame *frame, uint32_t page,
                            const uint8_t *bytes, void *picture, size_t pitch)
{
    uint64_t first = (uint64_t)page * PAGE;
    uint32_t in_page;

    for (in_page = 0; in_page < PAGE; in_page += PIXEL) {
        uint32_t y = (first + in_page) / frame->stride;
        uint32_t x = (first + in_page) % frame->stride / PIXEL;

        if (x < frame->width && y < frame->height) {
            uint32_t *line = (uint32_t *)((uint8_t *)picture + y * pitch);

            line[x] = bytes ? igd_testdev_frame_pixel(bytes + in_page) :
                              igd_testdev_frame_fault(x, y);
        }
    }
}
