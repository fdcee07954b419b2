/*
 * Unit tests of the scan of IOMMU tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else. What each bit of an
 * entry does is in test-vtd-range-scan-bits.c.
 */

#include "qemu/osdep.h"
#include "vtd-scan-rows.h"
#include "vtd-slow-walk.h"
#include "vtd-test-tables.h"

#define PAGES_MOST 1100

static void change(VTDTestTables *test, const Edit *edit)
{
    uint64_t *entry = edit->level ? vtd_test_entry(test, edit->level,
                                                   edit->iova, true) : NULL;
    unsigned page;

    switch (edit->what) {
    case SET:
        *entry = GUINT64_TO_LE(edit->value);
        break;
    case CLEAR:
        g_assert_cmphex(GUINT64_FROM_LE(*entry) & edit->value, !=, 0);
        *entry &= GUINT64_TO_LE(~edit->value);
        break;
    case LOOP:
        g_assert_true(vtd_test_page_of(test, edit->level, edit->iova, &page));
        *entry = GUINT64_TO_LE(vtd_test_open(
            test, edit->level, VTD_TEST_MEMORY + page * 4096ull, false));
        break;
    case UNREADABLE:
        g_assert_true(vtd_test_page_of(test, edit->level, edit->iova, &page));
        test->unreadable[page] = true;
        break;
    case LEVELS:
        test->tables.levels = edit->value;
        break;
    case WIDTH:
        test->tables.width = edit->value;
        break;
    case NO_RESERVED:
        test->tables.address_mask = ~4095ull;
        memset(test->tables.reserved, 0, sizeof(test->tables.reserved));
        memset(test->tables.reserved_large, 0,
               sizeof(test->tables.reserved_large));
        break;
    case ROOT:
        test->tables.root = edit->value;
        break;
    case NOTHING:
        break;
    }
}

static void assert_result(const VTDScanResult *is, const VTDScanResult *should)
{
    g_assert_cmpint(is->state, ==, should->state);
    g_assert_cmphex(is->iova, ==, should->iova);
    g_assert_cmphex(is->target, ==, should->target);
    g_assert_cmpint(is->readable, ==, should->readable);
    g_assert_cmpint(is->writable, ==, should->writable);
    g_assert_cmpuint(is->reads, ==, should->reads);
}

static void test_row(gconstpointer data)
{
    const Row *row = data;
    g_autoptr(VTDTestTables) test = vtd_test_new(row->format, row->levels,
                                                 PAGES_MOST);
    uint64_t base = row->range.base, limit = row->range.limit;
    VTDScanResult result, slow;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(row->map) && row->map[i].level; i++) {
        const Map *map = &row->map[i];

        vtd_test_map(test, map->level, map->range.base, map->range.limit,
                     map->target ? map->target : map->range.base);
    }
    for (i = 0; i < G_N_ELEMENTS(row->edit); i++) {
        change(test, &row->edit[i]);
    }
    result = vtd_range_scan(&test->tables, base, limit, vtd_test_read, test);
    assert_result(&result, &row->result);
    g_assert_cmpuint(test->reads, ==, row->result.reads);
    g_assert_cmpuint(result.reads, <=,
                     vtd_slow_most_reads(test->tables.levels, base, limit));
    /* One page at a time, there is no end to the largest ranges. */
    if (limit - base < 1ull << 31) {
        slow = vtd_slow_walk(&test->tables, base, limit, vtd_test_read_entry,
                             test);
        assert_result(&slow, &row->result);
    }
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/vtd-range-scan/%s",
                                                rows[i].name);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    return g_test_run();
}
