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

/*
 * The slow walk knows nothing of ranges: each request starts at the top table
 * and ends with an address or a fault, as in chapter 3 of the specification.
 */

typedef struct SlowWalk {
    const VTDTestTables *test;
    unsigned entered;
    /* By level: what the last table entered there translates, plus 1 */
    uint64_t inside[VTD_SCAN_LEVELS_MAX + 1];
} SlowWalk;

static bool bit(uint64_t entry, unsigned number)
{
    return (entry >> number) & 1;
}

static bool in_reach(const VTDScanTables *tables, uint64_t iova)
{
    unsigned unused;

    if (tables->levels != 3 && tables->levels != 4 && tables->levels != 5) {
        return false;
    }
    unused = 64 - MIN(tables->levels * 9 + 12, tables->width);
    if (tables->format == VTD_SCAN_FIRST_STAGE) {
        return (uint64_t)((int64_t)(iova << unused) >> unused) == iova;
    }
    return iova << unused >> unused == iova;
}

static bool lets_through(const VTDScanTables *tables, uint64_t entry,
                         bool write)
{
    if (tables->format == VTD_SCAN_SECOND_STAGE) {
        return bit(entry, write ? 1 : 0);
    }
    /* Present, and for users; every such page can be read. */
    return bit(entry, 0) && bit(entry, 2) && (!write || bit(entry, 1));
}

static bool read_entry(const VTDTestTables *test, uint64_t gpa, uint64_t *entry)
{
    unsigned page;

    if (!page_at(test, gpa, &page) || test->unreadable[page]) {
        return false;
    }
    *entry = GUINT64_FROM_LE(test->page[page][(gpa & 4095) / sizeof(*entry)]);
    return true;
}

static void enter(SlowWalk *walk, unsigned level, uint64_t iova)
{
    uint64_t here = (iova >> (9 * level + 12)) + 1;

    if (walk->inside[level] != here) {
        walk->inside[level] = here;
        walk->entered++;
    }
}

/* True if the request gets through, to @target */
static bool request(SlowWalk *walk, uint64_t iova, bool write,
                    uint64_t *target)
{
    const VTDScanTables *tables = &walk->test->tables;
    uint64_t table = tables->root;
    unsigned level;

    if (!in_reach(tables, iova)) {
        return false;
    }
    for (level = tables->levels; ; level--) {
        unsigned shift = 9 * level + 3;
        uint64_t below = (1ull << shift) - 1;
        uint64_t number = (iova >> shift) % 512;
        uint64_t entry;
        bool large;

        enter(walk, level, iova);
        if (!read_entry(walk->test, table + 8 * number, &entry) ||
            entry == UINT64_MAX || !lets_through(tables, entry, write)) {
            return false;
        }
        large = bit(entry, 7) && (level == 3 || level == 2);
        if (large ? entry & tables->reserved_large[level]
                  : entry & tables->reserved[level]) {
            return false;
        }
        table = entry & tables->address_mask;
        if (large || level == 1) {
            *target = (table & ~below) + (iova & below);
            return true;
        }
    }
}

VTDScanResult vtd_slow_walk(const VTDTestTables *test, uint64_t base,
                            uint64_t limit)
{
    SlowWalk walk = { .test = test };
    uint64_t pages = (limit - base) / 4096 + 1;
    uint64_t mapped = 0, first_absent = 0;
    VTDScanResult result = { .state = RMRR_REASON_IDENTITY };
    uint64_t i;

    for (i = 0; i < pages; i++) {
        uint64_t iova = base + i * 4096;
        uint64_t target = 0;
        bool readable = request(&walk, iova, false, &target);
        bool writable = request(&walk, iova, true, &target);

        if (!readable && !writable) {
            if (i == mapped) {
                first_absent = iova;
            }
        } else if (!readable || !writable || target != iova) {
            return (VTDScanResult) {
                RMRR_REASON_FOREIGN, iova, target, readable, writable,
                walk.entered,
            };
        } else {
            mapped++;
        }
    }
    if (mapped < pages) {
        result.state = mapped ? RMRR_REASON_PARTIAL : RMRR_REASON_ABSENT;
        result.iova = first_absent;
    }
    result.reads = walk.entered;
    return result;
}

uint64_t vtd_slow_most_reads(unsigned levels, uint64_t base, uint64_t limit)
{
    uint64_t most = 0;
    unsigned level;

    if (levels < VTD_SCAN_LEVELS_MIN || levels > VTD_SCAN_LEVELS_MAX) {
        return 0;
    }
    for (level = 1; level <= levels; level++) {
        unsigned shift = 9 * level + 12;

        most += (limit >> shift) - (base >> shift) + 1;
    }
    return most;
}
