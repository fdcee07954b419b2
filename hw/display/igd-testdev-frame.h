/*
 * Frame buffer of igd-testdev: where its pixels are
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_FRAME_H
#define HW_DISPLAY_IGD_TESTDEV_FRAME_H

#include "hw/display/igd-testdev-regs.h"

/**
 * IGDTestFrame: a frame buffer in the DSM
 * @offset: from the base of the DSM, a multiple of 4 KiB
 * @stride: bytes from one line to the next, a multiple of 64
 * @width, @height: in pixels of 4 bytes, XRGB8888
 */
typedef struct IGDTestFrame {
    uint64_t offset;
    uint32_t stride;
    uint32_t width;
    uint32_t height;
} IGDTestFrame;

/**
 * igd_testdev_frame_check: whether the frame buffer can be shown
 *
 * Returns: IGD_TESTDEV_SCAN_ON, or the value of SCAN_STATUS that says what is
 * wrong. The other functions take only frames for which it is the former.
 */
uint32_t igd_testdev_frame_check(const IGDTestFrame *frame, uint64_t dsm_size);

/**
 * igd_testdev_frame_pages: how many pages of 4 KiB it is in
 */
uint32_t igd_testdev_frame_pages(const IGDTestFrame *frame);

/**
 * igd_testdev_frame_draw: put the pixels of one page into the picture
 * @page: its number, from 0
 * @bytes: what is in it, 4 KiB; or NULL if it could not be read: its pixels
 *      then show the fault pattern
 * @picture: of @height lines, @pitch bytes apart; pixels in host order
 */
void igd_testdev_frame_draw(const IGDTestFrame *frame, uint32_t page,
                            const uint8_t *bytes, void *picture, size_t pitch);

/**
 * igd_testdev_frame_fault: the fault pattern, squares of 8 by 8 pixels in
 * magenta and black
 */
static inline uint32_t igd_testdev_frame_fault(uint32_t x, uint32_t y)
{
    return (x ^ y) & IGD_TESTDEV_SCAN_FAULT_SQUARE ?
           IGD_TESTDEV_SCAN_FAULT_ODD : IGD_TESTDEV_SCAN_FAULT_EVEN;
}

#endif
