/*
 * Unit tests of the frame buffer of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/display/igd-testdev-frame.c and nothing else.
 */

#include "qemu/osdep.h"
#include "../../hw/display/igd-testdev-frame.h"
#include "test-rows.h"

#define DSM 0x4000000ull
#define PAGE IGD_TESTDEV_SCAN_PAGE
#define LAST UINT64_MAX

/* What no pixel of a test is */
#define UNTOUCHED 0xeeeeeeeeu

#define S(status) IGD_TESTDEV_SCAN_##status

typedef struct CheckRow {
    const char *name;
    IGDTestFrame frame;
    uint32_t status;
    uint32_t pages;
} CheckRow;

static const CheckRow check_rows[] = {
    { "one-pixel", { 0, 64, 1, 1 }, S(ON), 1 },
    { "one-page", { 0, 64, 16, 64 }, S(ON), 1 },
    { "one-page-and-a-line", { 0, 64, 16, 65 }, S(ON), 2 },
    { "last-stride-unread", { 0, 4096, 1, 2 }, S(ON), 2 },
    { "largest", { 0, 16384, 2048, 2048 }, S(ON), 8190 },
    { "to-the-end", { DSM - 0x1000, 64, 16, 64 }, S(ON), 1 },
    { "pixel-too-far", { DSM - 0x1000, 64, 1, 65 }, S(BEYOND_DSM) },
    { "begins-at-the-end", { DSM, 64, 1, 1 }, S(BEYOND_DSM) },
    { "begins-beyond", { DSM + 0x1000, 64, 1, 1 }, S(BEYOND_DSM) },
    { "would-wrap", { LAST - 0xfff, 64, 16, 128 }, S(BEYOND_DSM) },
    { "offset-odd", { 1, 64, 1, 1 }, S(BAD_OFFSET) },
    { "offset-half-page", { 0x800, 64, 1, 1 }, S(BAD_OFFSET) },
    { "offset-ones", { LAST, 64, 1, 1 }, S(BAD_OFFSET) },
    { "no-width", { 0, 64, 0, 1 }, S(BAD_SIZE) },
    { "no-height", { 0, 64, 1, 0 }, S(BAD_SIZE) },
    { "too-wide", { 0, 16384, 2049, 1 }, S(BAD_SIZE) },
    { "too-high", { 0, 64, 1, 2049 }, S(BAD_SIZE) },
    { "sizes-ones", { 0, 64, UINT32_MAX, UINT32_MAX }, S(BAD_SIZE) },
    /* 4 times this is 0 in 32 bits */
    { "width-wraps", { 0, 64, 0x40000000, 1 }, S(BAD_SIZE) },
    { "no-stride", { 0, 0, 1, 1 }, S(BAD_STRIDE) },
    { "stride-odd", { 0, 68, 16, 1 }, S(BAD_STRIDE) },
    { "stride-short", { 0, 64, 17, 1 }, S(BAD_STRIDE) },
    { "stride-long", { 0, 16448, 16, 1 }, S(BAD_STRIDE) },
    { "stride-ones", { 0, UINT32_MAX, 16, 1 }, S(BAD_STRIDE) },
};

static void test_check(const void *opaque)
{
    const CheckRow *row = opaque;

    g_assert_cmphex(igd_testdev_frame_check(&row->frame, DSM), ==,
                    row->status);
    if (row->status == IGD_TESTDEV_SCAN_ON) {
        g_assert_cmpuint(igd_testdev_frame_pages(&row->frame), ==, row->pages);
    }
}

static void test_no_dsm(void)
{
    const IGDTestFrame frame = { 0, 64, 1, 1 };

    g_assert_cmphex(igd_testdev_frame_check(&frame, 0), ==,
                    IGD_TESTDEV_SCAN_BEYOND_DSM);
    g_assert_cmphex(igd_testdev_frame_check(&frame, 4), ==,
                    IGD_TESTDEV_SCAN_ON);
}

/* In XRGB8888, little-endian; the byte that is not shown is not 0 */
static uint32_t colour_at(uint64_t byte)
{
    return (byte / 4 * 0x10203) & 0xffffff;
}

static void fill_page(uint8_t *bytes, uint32_t page)
{
    unsigned i;

    for (i = 0; i < PAGE; i += 4) {
        uint32_t colour = colour_at((uint64_t)page * PAGE + i);

        bytes[i] = colour;
        bytes[i + 1] = colour >> 8;
        bytes[i + 2] = colour >> 16;
        bytes[i + 3] = 0xff;
    }
}

/*
 * Draws every page but @missing, and looks at every pixel and around them; a
 * page at a time, so that a page that draws what is not its own is seen.
 */
static void check_drawn(const IGDTestFrame *frame, uint32_t missing)
{
    unsigned pitch = frame->width + 3;
    unsigned size = pitch * (frame->height + 1);
    g_autofree uint32_t *picture = g_new(uint32_t, size);
    uint8_t bytes[PAGE];
    uint32_t page;
    unsigned i;

    memset(picture, 0xee, size * sizeof(*picture));
    for (page = igd_testdev_frame_pages(frame); page-- > 0; ) {
        fill_page(bytes, page);
        igd_testdev_frame_draw(frame, page, page == missing ? NULL : bytes,
                               picture, pitch * sizeof(*picture));
    }
    for (i = 0; i < size; i++) {
        uint32_t x = i % pitch, y = i / pitch;
        uint64_t byte = (uint64_t)y * frame->stride + x * 4;

        if (x >= frame->width || y >= frame->height) {
            g_assert_cmphex(picture[i], ==, UNTOUCHED);
        } else if (byte / PAGE == missing) {
            g_assert_cmphex(picture[i], ==, igd_testdev_frame_fault(x, y));
        } else {
            g_assert_cmphex(picture[i], ==, colour_at(byte));
        }
    }
}

/* Lines that are part of a page, and pages that are part of a line */
static const IGDTestFrame drawn[] = {
    { 0, 64, 1, 1 },
    { 0, 64, 16, 65 },
    { 0, 1600, 400, 9 },
    { 0, 1664, 400, 9 },
    { 0, 8192, 2048, 3 },
    { 0, 16384, 1025, 2 },
};

static void test_draw(void)
{
    unsigned i, missing;

    for (i = 0; i < G_N_ELEMENTS(drawn); i++) {
        for (missing = 0; missing <= igd_testdev_frame_pages(&drawn[i]);
             missing++) {
            check_drawn(&drawn[i], missing);
        }
    }
}

static void test_fault_pattern(void)
{
    g_assert_cmphex(igd_testdev_frame_fault(0, 0), ==, 0xff00ff);
    g_assert_cmphex(igd_testdev_frame_fault(4, 0), ==, 0xff00ff);
    g_assert_cmphex(igd_testdev_frame_fault(0, 4), ==, 0xff00ff);
    g_assert_cmphex(igd_testdev_frame_fault(7, 7), ==, 0xff00ff);
    g_assert_cmphex(igd_testdev_frame_fault(8, 7), ==, 0);
    g_assert_cmphex(igd_testdev_frame_fault(7, 8), ==, 0);
    g_assert_cmphex(igd_testdev_frame_fault(8, 8), ==, 0xff00ff);
    g_assert_cmphex(igd_testdev_frame_fault(2047, 0), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("/igd-testdev-frame/check", check_rows, test_check);
    g_test_add_func("/igd-testdev-frame/check-dsm", test_no_dsm);
    g_test_add_func("/igd-testdev-frame/draw", test_draw);
    g_test_add_func("/igd-testdev-frame/fault-pattern", test_fault_pattern);
    return g_test_run();
}
