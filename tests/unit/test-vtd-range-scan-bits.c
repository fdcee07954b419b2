/*
 * Unit tests of the scan of IOMMU tables: each bit of an entry, and loops
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else.
 */

#include "qemu/osdep.h"
#include "vtd-slow-walk.h"
#include "vtd-test-tables.h"

#define SECOND VTD_SCAN_SECOND_STAGE
#define FIRST VTD_SCAN_FIRST_STAGE
#define ABSENT RMRR_REASON_ABSENT
#define FOREIGN RMRR_REASON_FOREIGN

/* Its indices are different at each level, and none is 0 but the highest */
#define IOVA 0x7b122000ull

/* These bits, one at a time the other way round, make the page so */
typedef struct Effect {
    unsigned from;
    unsigned count;
    RmrrReason state;
} Effect;

#define CHANGES(from, to) { from, (to) - (from) + 1, FOREIGN }
#define STOPS(from, to) { from, (to) - (from) + 1, ABSENT }

/* A page mapped by an entry of level @leaf, bits of the one at @level */
typedef struct Row {
    const char *name;
    VTDScanFormat format;
    unsigned leaf;
    unsigned level;
    Effect effect[8];               /* of the other bits: none */
} Row;

static const Row rows[] = {
    { "second/4k", SECOND, 1, 1,
      { CHANGES(0, 1), STOPS(11, 11), CHANGES(12, 45), STOPS(46, 51),
        STOPS(62, 62) } },
    { "second/2m", SECOND, 2, 2,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 20), CHANGES(21, 45),
        STOPS(46, 51), STOPS(62, 62) } },
    { "second/1g", SECOND, 3, 3,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 29), CHANGES(30, 45),
        STOPS(46, 51), STOPS(62, 62) } },
    { "second/level-2", SECOND, 1, 2,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 51), STOPS(62, 62) } },
    { "second/level-3", SECOND, 1, 3,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 51), STOPS(62, 62) } },
    { "second/level-4", SECOND, 1, 4,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 51), STOPS(62, 62) } },
    { "second/level-5", SECOND, 2, 5,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 51), STOPS(62, 62) } },
    { "first/4k", FIRST, 1, 1,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), CHANGES(12, 45),
        STOPS(46, 51) } },
    { "first/2m", FIRST, 2, 2,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7), STOPS(13, 20),
        CHANGES(21, 45), STOPS(46, 51) } },
    { "first/1g", FIRST, 3, 3,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7), STOPS(13, 29),
        CHANGES(30, 45), STOPS(46, 51) } },
    { "first/level-2", FIRST, 1, 2,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7),
        STOPS(12, 51) } },
    { "first/level-3", FIRST, 2, 3,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7),
        STOPS(12, 51) } },
    { "first/level-4", FIRST, 3, 4,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7),
        STOPS(12, 51) } },
    { "first/level-5", FIRST, 1, 5,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7),
        STOPS(12, 51) } },
};

static RmrrReason expected(const Row *row, unsigned bit)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(row->effect); i++) {
        const Effect *effect = &row->effect[i];

        if (bit >= effect->from && bit < effect->from + effect->count) {
            return effect->state;
        }
    }
    return RMRR_REASON_IDENTITY;
}

static void test_bits(gconstpointer data)
{
    const Row *row = data;
    uint64_t size = 1ull << (12 + 9 * (row->leaf - 1));
    uint64_t start = IOVA & ~(size - 1);
    unsigned bit;

    for (bit = 0; bit < 64; bit++) {
        g_autoptr(VTDTestTables) test = vtd_test_new(
            row->format, MAX(row->level, 4), 6);
        VTDScanResult result, slow;

        vtd_test_map(test, row->leaf, start, start + size - 1, start);
        *vtd_test_entry(test, row->level, IOVA, false) ^=
            GUINT64_TO_LE(1ull << bit);
        result = vtd_range_scan(&test->tables, IOVA, IOVA + 0xfff,
                                vtd_test_read, test);
        slow = vtd_slow_walk(&test->tables, IOVA, IOVA + 0xfff,
                             vtd_test_read_entry, test);
        if (result.state != expected(row, bit)) {
            g_error("%s, bit %u: state %d, not %d", row->name, bit,
                    result.state, expected(row, bit));
        }
        g_assert_cmphex(result.iova, ==, slow.iova);
        g_assert_cmphex(result.target, ==, slow.target);
        g_assert_cmpuint(result.reads, ==, slow.reads);
    }
}

/*
 * A top table whose entries all point to it, with a bit that is reserved at
 * the lowest level only: so nothing stops the scan but the end of the range.
 */
static void test_loop(void)
{
    g_autoptr(VTDTestTables) test = vtd_test_new(SECOND, 4, 1);
    uint64_t limit = 0x3fffffff;
    VTDScanResult result;
    unsigned i;

    for (i = 0; i < VTD_SCAN_ENTRIES; i++) {
        test->page[0][i] = GUINT64_TO_LE(
            vtd_test_open(test, 4, VTD_TEST_MEMORY, false) | 1ull << 9);
    }
    test->tables.reserved[1] |= 1ull << 9;
    result = vtd_range_scan(&test->tables, 0, limit, vtd_test_read, test);
    g_assert_cmpint(result.state, ==, ABSENT);
    g_assert_cmphex(result.iova, ==, 0);
    g_assert_cmpuint(result.reads, ==, 515);
    g_assert_cmpuint(test->reads, ==, 515);
    g_assert_cmpuint(vtd_slow_most_reads(4, 0, limit), ==, 515);
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/vtd-range-scan/bits/%s",
                                                rows[i].name);

        g_test_add_data_func(path, &rows[i], test_bits);
    }
    g_test_add_func("/vtd-range-scan/loop-everywhere", test_loop);
    return g_test_run();
}
