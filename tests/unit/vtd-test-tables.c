/*
 * Translation tables in a small memory, for tests of what reads them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vtd-test-tables.h"

static uint64_t bits(unsigned from, unsigned to)
{
    return (UINT64_MAX >> (63 - to)) & (UINT64_MAX << from);
}

static void set_reserved(VTDScanTables *tables)
{
    bool first_stage = tables->format == VTD_SCAN_FIRST_STAGE;
    uint64_t upper = bits(VTD_TEST_HOST_BITS, 51);
    uint64_t common = first_stage ? upper : upper | bits(11, 11) | bits(62, 62);
    unsigned level;

    for (level = 1; level <= VTD_SCAN_LEVELS_MAX; level++) {
        tables->reserved[level] = common;
        if (level > 3) {
            tables->reserved[level] |= VTD_TEST_LARGE;
        }
    }
    /* Bit 12 of a large page of the first stage is about its caching. */
    tables->reserved_large[2] = common | bits(first_stage ? 13 : 12, 20);
    tables->reserved_large[3] = common | bits(first_stage ? 13 : 12, 29);
}

VTDTestTables *vtd_test_new(VTDScanFormat format, unsigned levels,
                            unsigned max_pages)
{
    VTDTestTables *test = g_new0(VTDTestTables, 1);

    test->page = g_new0(VTDTestPage, max_pages);
    test->unreadable = g_new0(bool, max_pages);
    test->max_pages = max_pages;
    test->n_pages = 1;
    test->tables.format = format;
    test->tables.levels = levels;
    test->tables.width = 57;
    test->tables.root = VTD_TEST_MEMORY;
    test->tables.address_mask = bits(12, VTD_TEST_HOST_BITS - 1);
    set_reserved(&test->tables);
    return test;
}

void vtd_test_free(VTDTestTables *test)
{
    g_free(test->page);
    g_free(test->unreadable);
    g_free(test);
}

uint64_t vtd_test_open(const VTDTestTables *test, unsigned level,
                       uint64_t target, bool leaf)
{
    uint64_t entry = test->tables.format == VTD_SCAN_FIRST_STAGE ?
                     VTD_TEST_PRW_US : VTD_TEST_RW;

    return entry | target | (leaf && level > 1 ? VTD_TEST_LARGE : 0);
}

static bool page_at(const VTDTestTables *test, uint64_t gpa, unsigned *page)
{
    uint64_t number = (gpa - VTD_TEST_MEMORY) >> 12;

    *page = number;
    return gpa >= VTD_TEST_MEMORY && number < test->n_pages;
}

static unsigned index_of(uint64_t iova, unsigned level)
{
    return (iova >> (12 + 9 * (level - 1))) & 511;
}

uint64_t *vtd_test_entry(VTDTestTables *test, unsigned level, uint64_t iova,
                         bool make)
{
    unsigned page = 0;
    unsigned at;

    for (at = test->tables.levels; at > level; at--) {
        uint64_t *entry = &test->page[page][index_of(iova, at)];
        uint64_t gpa = GUINT64_FROM_LE(*entry) & test->tables.address_mask;

        if (page_at(test, gpa, &page)) {
            continue;
        }
        if (!make || test->n_pages == test->max_pages) {
            return NULL;
        }
        page = test->n_pages++;
        gpa = VTD_TEST_MEMORY + (uint64_t)page * 4096;
        *entry = GUINT64_TO_LE(vtd_test_open(test, at, gpa, false));
    }
    return at == level ? &test->page[page][index_of(iova, level)] : NULL;
}

bool vtd_test_page_of(VTDTestTables *test, unsigned level, uint64_t iova,
                      unsigned *page)
{
    uint64_t *entry = vtd_test_entry(test, level, iova, false);

    if (entry) {
        *page = (entry - test->page[0]) / VTD_SCAN_ENTRIES;
    }
    return entry;
}

void vtd_test_map(VTDTestTables *test, unsigned level, uint64_t first,
                  uint64_t last, uint64_t target)
{
    uint64_t size = 1ull << (12 + 9 * (level - 1));
    uint64_t steps = (last - first) / size;
    uint64_t i;

    for (i = 0; i <= steps; i++) {
        uint64_t *entry = vtd_test_entry(test, level, first + i * size, true);

        if (!entry) {
            return;
        }
        *entry = GUINT64_TO_LE(vtd_test_open(test, level, target + i * size,
                                             true));
    }
}

bool vtd_test_read(void *opaque, uint64_t gpa, VTDTestPage table)
{
    VTDTestTables *test = opaque;
    unsigned page;

    g_assert_cmphex(gpa & 4095, ==, 0);
    test->reads++;
    if (!page_at(test, gpa, &page) || test->unreadable[page]) {
        return false;
    }
    memcpy(table, test->page[page], sizeof(VTDTestPage));
    return true;
}

bool vtd_test_read_entry(void *opaque, uint64_t gpa, uint64_t *entry)
{
    VTDTestTables *test = opaque;
    unsigned page;

    if (!page_at(test, gpa, &page) || test->unreadable[page]) {
        return false;
    }
    *entry = test->page[page][(gpa & 4095) / sizeof(*entry)];
    return true;
}
