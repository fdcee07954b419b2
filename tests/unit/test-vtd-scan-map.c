/*
 * Unit tests of what is kept of a scan of IOMMU tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else. Random changes of
 * tables, each told of by its range: the map has to say what a scan of the
 * whole range finds, and must not read more than the changes take.
 */

#include "qemu/osdep.h"
#include "vtd-test-tables.h"
#include "test-rows.h"

#define ROUNDS 20000
#define PAGES_MOST 64
#define MIB_2 0x200000ull
#define GIB_1 0x40000000ull

typedef struct Range {
    const char *name;
    uint64_t base;
    uint64_t limit;
} Range;

static const Range ranges[] = {
    { "one-page", 0x7b105000, 0x7b105fff },
    { "odd-ends", 0x7b100000, 0x7f8fffff },
    { "across-gib", 0x7fe00000, 0x803fffff },
    { "one-chunk", 0x7b200000, 0x7b3fffff },
};

typedef struct Guest {
    VTDTestTables *test;
    VTDScanMap *map;
    GRand *rand;
    const Range *range;
} Guest;

static uint32_t pick(Guest *g, uint32_t n)
{
    return g_rand_int_range(g->rand, 0, n);
}

/* New tables: all of the range, and what is beside it, to itself by 4 KiB */
static void map_all(Guest *g)
{
    uint64_t first = g->range->base & ~(MIB_2 - 1);

    memset(g->test->page, 0, PAGES_MOST * sizeof(g->test->page[0]));
    memset(g->test->unreadable, 0, PAGES_MOST);
    g->test->n_pages = 1;
    vtd_test_map(g->test, 1, first, g->range->limit | (MIB_2 - 1), first);
    vtd_scan_map_changed(g->map, first, g->range->limit);
}

/* One entry of any level becomes a leaf, nothing, or read-only */
static void change_entry(Guest *g)
{
    uint64_t pages = (g->range->limit - g->range->base) / 4096 + 1;
    uint64_t iova = g->range->base + pick(g, pages) * 4096ull;
    unsigned level = pick(g, 40) ? 1 : 2 + pick(g, 2);
    uint64_t size = 1ull << (9 * level + 3);
    uint64_t *entry = vtd_test_entry(g->test, level, iova, false);
    uint64_t value = 0;

    iova &= ~(size - 1);
    if (!entry) {
        return;
    }
    switch (pick(g, 6)) {
    case 0:
        break;
    case 1:
        value = vtd_test_open(g->test, level, iova + size, true);
        break;
    case 2:
        value = vtd_test_open(g->test, level, iova, true) & ~2ull;
        break;
    default:
        value = vtd_test_open(g->test, level, iova, true);
        break;
    }
    *entry = GUINT64_TO_LE(value);
    vtd_scan_map_changed(g->map, iova, iova + size - 1);
}

/* A table of the lowest level cannot be read, or can again */
static void change_readable(Guest *g)
{
    uint64_t chunks = (g->range->limit - g->range->base) / MIB_2 + 1;
    uint64_t iova = g->range->base + pick(g, chunks) * MIB_2;
    unsigned page;

    if (vtd_test_page_of(g->test, 1, iova, &page)) {
        g->test->unreadable[page] ^= true;
        iova &= ~(MIB_2 - 1);
        vtd_scan_map_changed(g->map, iova, iova + MIB_2 - 1);
    }
}

static RmrrReason map_state(Guest *g, unsigned *reads)
{
    return vtd_scan_map_state(g->map, g->range->base, g->range->limit,
                              &g->test->tables, vtd_test_read, g->test, reads);
}

static RmrrReason check(Guest *g, unsigned most)
{
    VTDScanResult whole = vtd_range_scan(&g->test->tables, g->range->base,
                                         g->range->limit, vtd_test_read,
                                         g->test);
    unsigned reads;
    RmrrReason state = map_state(g, &reads);

    g_assert_cmpint(state, ==, whole.state);
    g_assert_cmpuint(reads, <=, most);
    /* Nothing changed since, and nothing is read */
    g_assert_cmpint(map_state(g, &reads), ==, state);
    g_assert_cmpuint(reads, ==, 0);
    return state;
}

static void test_random(gconstpointer opaque)
{
    const Range *range = opaque;
    Guest g = {
        .test = vtd_test_new(VTD_SCAN_SECOND_STAGE, 4, PAGES_MOST),
        .map = vtd_scan_map_new(range->base, range->limit),
        .rand = g_rand_new_with_seed(7),
        .range = range,
    };
    unsigned seen[RMRR_REASON_FOREIGN + 1] = { 0 };
    unsigned round, i;

    for (round = 0; round < ROUNDS; round++) {
        unsigned changes = pick(&g, 4);

        if (!pick(&g, 20)) {
            map_all(&g);
        }
        for (i = 0; i < changes; i++) {
            if (pick(&g, 20)) {
                change_entry(&g);
            } else {
                change_readable(&g);
            }
        }
        if (!pick(&g, 50)) {
            g.test->tables.width = g.test->tables.width == 57 ? 30 : 57;
        }
        seen[check(&g, 64)]++;
    }
    g_assert_cmpuint(seen[RMRR_REASON_IDENTITY], >, 100);
    g_assert_cmpuint(seen[RMRR_REASON_FOREIGN], >, 100);
    g_assert_cmpuint(seen[RMRR_REASON_ABSENT], >, 100);
    if (range->limit - range->base >= MIB_2) {
        g_assert_cmpuint(seen[RMRR_REASON_PARTIAL], >, 100);
    }
    g_free(g.map);
    vtd_test_free(g.test);
    g_rand_free(g.rand);
}

/* One page of 1 GiB: a table of each level, however large the range is */
static void test_linear(void)
{
    const Range range = { "1g", GIB_1, 2 * GIB_1 - 1 };
    Guest g = {
        .test = vtd_test_new(VTD_SCAN_SECOND_STAGE, 4, 3 + 512),
        .map = vtd_scan_map_new(range.base, range.limit),
        .range = &range,
    };
    unsigned reads;
    uint64_t iova;

    map_state(&g, &reads);
    g_assert_cmpuint(reads, ==, 1);
    for (iova = range.base; iova < range.limit; iova += MIB_2 / 4) {
        vtd_test_map(g.test, 1, iova, iova + 4095, iova);
        vtd_scan_map_changed(g.map, iova, iova + 4095);
        g_assert_cmpint(check(&g, 4), ==, RMRR_REASON_PARTIAL);
    }
    g_free(g.map);
    vtd_test_free(g.test);
}

/* A change beside the range, beyond its first and last 2 MiB, is not one */
static void test_outside(void)
{
    const Range range = { "1m", 0x7b100000, 0x7b1fffff };
    Guest g = {
        .test = vtd_test_new(VTD_SCAN_SECOND_STAGE, 4, 8),
        .map = vtd_scan_map_new(range.base, range.limit),
        .range = &range,
    };
    unsigned reads;

    map_state(&g, &reads);
    vtd_scan_map_changed(g.map, 0, 0x7affffff);
    vtd_scan_map_changed(g.map, 0x7b200000, UINT64_MAX);
    map_state(&g, &reads);
    g_assert_cmpuint(reads, ==, 0);
    vtd_scan_map_changed(g.map, 0, UINT64_MAX);
    map_state(&g, &reads);
    g_assert_cmpuint(reads, ==, 1);

    /* Other tables: nothing is known of them */
    g.test->tables.root += 4096;
    map_state(&g, &reads);
    g_assert_cmpuint(reads, ==, 1);
    g_free(g.map);
    vtd_test_free(g.test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("/vtd-scan-map/random", ranges, test_random);
    g_test_add_func("/vtd-scan-map/linear", test_linear);
    g_test_add_func("/vtd-scan-map/outside", test_outside);
    return g_test_run();
}
