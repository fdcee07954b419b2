/*
 * Unit tests of the set of reserved memory regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/rmrr_set.c and nothing else.
 */

#include "qemu/osdep.h"
#include "../../hw/i386/rmrr_set.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

static const RMRRLimits no_tseg = { .aw_bits = 48, .tseg_base = 1 };
static const RMRRLimits narrow = { .aw_bits = 39, .tseg_base = 1 };
static const RMRRLimits widest = { .aw_bits = 64, .tseg_base = 1 };
static const RMRRLimits with_tseg = {
    .aw_bits = 48, .tseg_base = 0x7a000000, .tseg_limit = 0x7affffff,
};
static const RMRRLimits empty_tseg = {
    .aw_bits = 48, .tseg_base = 0x7c000000, .tseg_limit = 0x7bffffff,
};

static RMRREntry entry(uint64_t base, uint64_t limit)
{
    RMRREntry e = {
        .name = "igd",
        .base = base,
        .limit = limit,
        .scope_type = RMRR_SCOPE_ENDPOINT,
        .nr_hops = 1,
        .path = { { 2, 0 } },
    };

    return e;
}

typedef struct RangeRow {
    const char *name;
    const RMRRLimits *limits;
    uint64_t base;
    uint64_t limit;
    RMRRStatus status;
} RangeRow;

static const RangeRow range_rows[] = {
    { "demo", &no_tseg, 0x7b000000, 0x7f7fffff, RMRR_OK },
    { "one-page", &no_tseg, 0x7b000000, 0x7b000fff, RMRR_OK },
    { "limit-is-a-size", &no_tseg, 0x7b000000, 0x7f800000, RMRR_UNALIGNED },
    { "limit-short", &no_tseg, 0x7b000000, 0x7f7ffffe, RMRR_UNALIGNED },
    { "base-unaligned", &no_tseg, 0x7b000800, 0x7f7fffff, RMRR_UNALIGNED },
    { "empty", &no_tseg, 0x7b000000, 0x7affffff, RMRR_EMPTY },
    { "zero", &no_tseg, 0, 0, RMRR_UNALIGNED },
    { "first-page", &no_tseg, 0, 0xfff, RMRR_BELOW_1M },
    { "below-1m", &no_tseg, 0xff000, 0x100fff, RMRR_BELOW_1M },
    { "at-1m", &no_tseg, 0x100000, 0x1fffff, RMRR_OK },
    { "39-bits-last", &narrow, 0x7ffffff000, 0x7fffffffff, RMRR_OK },
    { "39-bits-across", &narrow, 0x7ffffff000, 0x8000000fff,
      RMRR_ABOVE_ADDRESS_WIDTH },
    { "39-bits-above", &narrow, 0x8000000000, 0x8000000fff,
      RMRR_ABOVE_ADDRESS_WIDTH },
    { "top-of-64-bits", &widest, 0xfffffffffffff000, UINT64_MAX, RMRR_OK },
    { "top-of-48-bits-above", &no_tseg, 0xfffffffffffff000, UINT64_MAX,
      RMRR_ABOVE_ADDRESS_WIDTH },
    { "interrupt-first-page", &no_tseg, 0xfedff000, 0xfee00fff,
      RMRR_INTERRUPT_RANGE },
    { "interrupt-last-page", &no_tseg, 0xfeeff000, 0xfef00fff,
      RMRR_INTERRUPT_RANGE },
    { "below-interrupts", &no_tseg, 0xfed00000, 0xfedfffff, RMRR_OK },
    { "above-interrupts", &no_tseg, 0xfef00000, 0xfef00fff, RMRR_OK },
    { "tseg-first-page", &with_tseg, 0x79fff000, 0x7a000fff, RMRR_TSEG },
    { "tseg-last-page", &with_tseg, 0x7afff000, 0x7f7fffff, RMRR_TSEG },
    { "empty-tseg-inside", &empty_tseg, 0x7b000000, 0x7f7fffff, RMRR_OK },
    { "above-tseg", &with_tseg, 0x7b000000, 0x7f7fffff, RMRR_OK },
    { "below-tseg", &with_tseg, 0x79000000, 0x79ffffff, RMRR_OK },
};

static void test_range(gconstpointer data)
{
    const RangeRow *row = data;
    g_autoptr(GArray) set = rmrr_set_new();
    RMRREntry e = entry(row->base, row->limit);
    RMRRStatus status = rmrr_set_add(set, &e, row->limits, NULL);

    g_assert_cmpstr(rmrr_status_text(status), ==,
                    rmrr_status_text(row->status));
    g_assert_cmpuint(set->len, ==, row->status == RMRR_OK ? 1 : 0);
}

typedef struct PathRow {
    const char *name;
    uint8_t scope_type;
    uint8_t nr_hops;
    RMRRHop last;
    RMRRStatus status;
} PathRow;

static const PathRow path_rows[] = {
    { "one-hop", RMRR_SCOPE_ENDPOINT, 1, { 31, 7 }, RMRR_OK },
    { "bridge", RMRR_SCOPE_BRIDGE, 1, { 1, 0 }, RMRR_OK },
    { "longest", RMRR_SCOPE_ENDPOINT, RMRR_MAX_HOPS, { 1, 0 }, RMRR_OK },
    { "no-hops", RMRR_SCOPE_ENDPOINT, 0, { 0, 0 }, RMRR_BAD_PATH },
    { "too-long", RMRR_SCOPE_ENDPOINT, RMRR_MAX_HOPS + 1, { 0, 0 },
      RMRR_BAD_PATH },
    { "device-32", RMRR_SCOPE_ENDPOINT, 2, { 32, 0 }, RMRR_BAD_PATH },
    { "function-8", RMRR_SCOPE_ENDPOINT, 2, { 0, 8 }, RMRR_BAD_PATH },
    { "io-apic", 3, 1, { 0, 0 }, RMRR_BAD_PATH },
};

static void test_path(gconstpointer data)
{
    const PathRow *row = data;
    g_autoptr(GArray) set = rmrr_set_new();
    RMRREntry e = entry(0x7b000000, 0x7f7fffff);

    e.scope_type = row->scope_type;
    e.nr_hops = row->nr_hops;
    if (row->nr_hops && row->nr_hops <= RMRR_MAX_HOPS) {
        e.path[row->nr_hops - 1] = row->last;
    }
    g_assert_cmpint(rmrr_set_add(set, &e, &no_tseg, NULL), ==, row->status);
}

typedef struct PairRow {
    const char *name;
    uint64_t base;
    uint64_t limit;
    uint16_t segment;
    RMRRStatus status;
} PairRow;

/* Beside 7b000000-7f7fffff of segment 0 */
static const PairRow pair_rows[] = {
    { "same", 0x7b000000, 0x7f7fffff, 0, RMRR_OVERLAP },
    { "inside", 0x7c000000, 0x7c000fff, 0, RMRR_OVERLAP },
    { "around", 0x7a000000, 0x7fffffff, 0, RMRR_OVERLAP },
    { "last-page", 0x7f7ff000, 0x7f800fff, 0, RMRR_OVERLAP },
    { "first-page", 0x7afff000, 0x7b000fff, 0, RMRR_OVERLAP },
    { "adjacent-above", 0x7f800000, 0x7fffffff, 0, RMRR_OK },
    { "adjacent-below", 0x7a000000, 0x7affffff, 0, RMRR_OK },
    { "gap", 0x80000000, 0x80000fff, 0, RMRR_OK },
    { "other-segment", 0x7b000000, 0x7f7fffff, 1, RMRR_OK },
};

static void test_pair(gconstpointer data)
{
    const PairRow *row = data;
    g_autoptr(GArray) set = rmrr_set_new();
    RMRREntry first = entry(0x7b000000, 0x7f7fffff);
    RMRREntry second = entry(row->base, row->limit);
    unsigned other = 77;

    second.segment = row->segment;
    g_assert_cmpint(rmrr_set_add(set, &first, &no_tseg, NULL), ==, RMRR_OK);
    g_assert_cmpint(rmrr_set_add(set, &second, &no_tseg, &other), ==,
                    row->status);
    if (row->status == RMRR_OVERLAP) {
        g_assert_cmpuint(other, ==, 0);
        g_assert_cmpuint(set->len, ==, 1);
    } else {
        g_assert_cmpuint(other, ==, 77);
        g_assert_cmpuint(set->len, ==, 2);
    }
}

static void test_sorted(void)
{
    static const struct {
        uint16_t segment;
        uint64_t base;
    } in[] = {
        { 0, 0x9000000 }, { 1, 0x2000000 }, { 0, 0x3000000 },
        { 0, 0xa000000 }, { 1, 0x1000000 }, { 0, 0x5000000 },
    }, out[] = {
        { 0, 0x3000000 }, { 0, 0x5000000 }, { 0, 0x9000000 },
        { 0, 0xa000000 }, { 1, 0x1000000 }, { 1, 0x2000000 },
    };
    g_autoptr(GArray) set = rmrr_set_new();
    unsigned i;

    for (i = 0; i < N_ELEMENTS(in); i++) {
        RMRREntry e = entry(in[i].base, in[i].base + 0xffffff);

        e.segment = in[i].segment;
        g_assert_cmpint(rmrr_set_add(set, &e, &no_tseg, NULL), ==, RMRR_OK);
    }
    for (i = 0; i < N_ELEMENTS(out); i++) {
        const RMRREntry *e = &g_array_index(set, RMRREntry, i);

        g_assert_cmpuint(e->segment, ==, out[i].segment);
        g_assert_cmphex(e->base, ==, out[i].base);
    }
}

static void test_status_texts(void)
{
    RMRRStatus a, b;

    for (a = RMRR_OK; a <= RMRR_BAD_PATH; a++) {
        for (b = RMRR_OK; b < a; b++) {
            g_assert_cmpstr(rmrr_status_text(a), !=, rmrr_status_text(b));
        }
    }
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < N_ELEMENTS(range_rows); i++) {
        g_autofree char *path = g_strdup_printf("/rmrr-set/range/%s",
                                                range_rows[i].name);

        g_test_add_data_func(path, &range_rows[i], test_range);
    }
    for (i = 0; i < N_ELEMENTS(path_rows); i++) {
        g_autofree char *path = g_strdup_printf("/rmrr-set/path/%s",
                                                path_rows[i].name);

        g_test_add_data_func(path, &path_rows[i], test_path);
    }
    for (i = 0; i < N_ELEMENTS(pair_rows); i++) {
        g_autofree char *path = g_strdup_printf("/rmrr-set/pair/%s",
                                                pair_rows[i].name);

        g_test_add_data_func(path, &pair_rows[i], test_pair);
    }
    g_test_add_func("/rmrr-set/sorted", test_sorted);
    g_test_add_func("/rmrr-set/status-texts", test_status_texts);
    return g_test_run();
}
