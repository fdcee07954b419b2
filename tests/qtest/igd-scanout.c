/*
 * Frame buffers and pictures of igd-testdev's scan-out engine, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qemu/bswap.h"
#include "igd-scanout.h"

#define PAGE            IGD_TESTDEV_SCAN_PAGE
#define PAGE_WORDS      (PAGE / 4)

void scan_write(QTestState *qts, uint64_t bar, uint32_t reg, uint32_t value)
{
    qtest_writel(qts, bar + reg, value);
}

uint32_t scan_read(QTestState *qts, uint64_t bar, uint32_t reg)
{
    return qtest_readl(qts, bar + reg);
}

uint64_t scan_read64(QTestState *qts, uint64_t bar, uint32_t reg)
{
    return qtest_readq(qts, bar + reg);
}

uint32_t scan_enable(QTestState *qts, uint64_t bar, uint64_t offset,
                     uint32_t stride, uint32_t width, uint32_t height)
{
    qtest_writeq(qts, bar + IGD_TESTDEV_SCAN_OFFSET, offset);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_STRIDE, stride);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_WIDTH, width);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_HEIGHT, height);
    scan_write(qts, bar, IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    return scan_read(qts, bar, IGD_TESTDEV_SCAN_STATUS);
}

void scan_enable_usual(QTestState *qts, uint64_t bar)
{
    g_assert_cmphex(scan_enable(qts, bar, SCAN_OFFSET, SCAN_STRIDE, SCAN_WIDTH,
                                SCAN_HEIGHT), ==, IGD_TESTDEV_SCAN_ON);
}

/* No two of the first 2^24 are equal */
uint32_t scan_colour(uint32_t number)
{
    return (number * 0x9e3779u) & 0xffffff;
}

void scan_paint(QTestState *qts, uint64_t addr, uint32_t seed)
{
    uint32_t words[PAGE_WORDS];
    unsigned i;

    for (i = 0; i < PAGE_WORDS; i++) {
        words[i] = cpu_to_le32(scan_colour(seed + i) | 0xa5000000);
    }
    qtest_memwrite(qts, addr, words, sizeof(words));
}

void scan_paint_usual(QTestState *qts, uint64_t addr)
{
    unsigned page;

    for (page = 0; page < SCAN_PAGES; page++) {
        scan_paint(qts, addr + page * PAGE, page * PAGE_WORDS);
    }
}

/* A binary PPM with 8 bits a colour, as screendump writes it */
static Picture scan_parse(const char *data, size_t size)
{
    Picture p = { 0 };
    const uint8_t *rgb;
    int header = 0;
    size_t i;

    g_assert_cmpint(sscanf(data, "P6 %u %u 255%n", &p.width, &p.height,
                           &header), ==, 2);
    g_assert_cmpint(header, >, 0);
    g_assert_cmpuint(size, ==, header + 1 + 3ul * p.width * p.height);
    rgb = (const uint8_t *)data + header + 1;
    p.pixels = g_new(uint32_t, p.width * p.height);
    for (i = 0; i < (size_t)p.width * p.height; i++) {
        p.pixels[i] = rgb[3 * i] << 16 | rgb[3 * i + 1] << 8 | rgb[3 * i + 2];
    }
    return p;
}

Picture scan_dump(QTestState *qts)
{
    g_autofree char *path = g_strdup_printf("%s/igd-scanout-%d.ppm",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *data = NULL;
    size_t size;

    qtest_qmp_assert_success(qts, "{ 'execute': 'screendump', 'arguments': "
                             "{ 'filename': %s } }", path);
    g_assert_true(g_file_get_contents(path, &data, &size, NULL));
    g_unlink(path);
    return scan_parse(data, size);
}

static uint32_t scan_expected(uint32_t page, uint32_t x, uint32_t y)
{
    uint32_t word = (y * SCAN_STRIDE + x * 4) / 4;

    if (page == SCAN_FAULT) {
        return (x / 8 + y / 8) % 2 ? 0 : 0xff00ff;
    }
    return scan_colour(page == SCAN_PAINTED ? word :
                                              page + word % PAGE_WORDS);
}

void scan_check_dump(QTestState *qts, const uint32_t pages[SCAN_PAGES])
{
    Picture p = scan_dump(qts);
    uint32_t i;

    g_assert_cmpuint(p.width, ==, SCAN_WIDTH);
    g_assert_cmpuint(p.height, ==, SCAN_HEIGHT);
    for (i = 0; i < SCAN_WIDTH * SCAN_HEIGHT; i++) {
        uint32_t x = i % SCAN_WIDTH, y = i / SCAN_WIDTH;
        uint32_t page = pages[(y * SCAN_STRIDE + x * 4) / PAGE];

        if (p.pixels[i] != scan_expected(page, x, y)) {
            g_printerr("pixel %u,%u\n", x, y);
        }
        g_assert_cmphex(p.pixels[i], ==, scan_expected(page, x, y));
    }
    g_free(p.pixels);
}

void scan_check_dump_all(QTestState *qts, uint32_t page)
{
    uint32_t pages[SCAN_PAGES];
    unsigned i;

    for (i = 0; i < SCAN_PAGES; i++) {
        pages[i] = page;
    }
    scan_check_dump(qts, pages);
}

void scan_check_off(QTestState *qts)
{
    Picture p = scan_dump(qts);

    g_assert_cmpuint(p.width, ==, 640);
    g_assert_cmpuint(p.height, ==, 480);
    g_free(p.pixels);
}

uint64_t scan_bar(IGDGuest *g)
{
    return g->regs.addr;
}

IGDGuest *scan_open_painted(void)
{
    IGDGuest *g = igd_guest_open(SCAN_OPTS);

    scan_paint_usual(g->qts, IGD_DEFAULT_BDSM + SCAN_OFFSET);
    scan_enable_usual(g->qts, scan_bar(g));
    scan_check_dump_all(g->qts, SCAN_PAINTED);
    return g;
}
