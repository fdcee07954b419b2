/*
 * Tables and a range made from any bytes, and what must hold for them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Head: format and levels, where the range is, its first page (2 bytes), its
 * pages (2 bytes), the size of its mappings, what is odd about the format.
 * Edit: what to do, level, page of the range (2 bytes), value (4 bytes).
 */

#include "qemu/osdep.h"
#include "vtd-scan-case.h"

#define TABLE_PAGES 24
#define SMALL_RANGE 48              /* pages */
#define LARGE_RANGE 1200
#define MIB_2 0x200000ull

/* Edges of tables at each level, of widths, and of what is an address */
static const uint64_t places[] = {
    0x7b000000, 0x7b200000, 0x80000000, 0xc0000000, 0, 0x400000,
    0x8000000000, 0x4000000000, 0x800000000000, 0x1000000000000,
    0x200000000000000, 0x400000000000, 0xffff800000000000, 0xffffffc000000000,
};
#define PLACES_BELOW_4G 6

/* Low levels more often: a wrong entry of a high one spoils the whole range */
static const uint8_t levels[32] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5,
};

static uint64_t number(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;

    while (size--) {
        value = value << 8 | bytes[size];
    }
    return value;
}

/* The range: from up to 512 pages below a place to as many above it */
static void choose_range(VTDScanCase *c, const uint8_t *head)
{
    uint64_t place = places[head[1] & 0xc0 ? head[1] % PLACES_BELOW_4G :
                                             head[1] % G_N_ELEMENTS(places)];
    uint64_t most = head[5] & 0x80 ? LARGE_RANGE : SMALL_RANGE;
    uint64_t pages = number(head + 4, 2) % 0x8000 % most + 1;
    int64_t from = (int64_t)(number(head + 2, 2) % 1024) - 512;

    if (most == SMALL_RANGE && head[3] & 0x80) {
        from %= 16;
    }
    c->base = place + (uint64_t)(from * 4096);
    c->limit = c->base + pages * 4096 - 1;
    if (c->limit < c->base) {
        c->limit = UINT64_MAX;
    }
}

/* An identity mapping of the range and a bit more, in pages of all sizes */
static void map_range(VTDScanCase *c, uint8_t sizes)
{
    uint64_t first = c->base & ~(MIB_2 - 1);
    uint64_t pieces = (c->limit - first) / MIB_2 + 1;
    uint64_t i;

    if ((sizes & 3) == 3) {
        vtd_test_map(c->test, 3, c->base & ~0x3fffffffull, c->limit,
                     c->base & ~0x3fffffffull);
        return;
    }
    for (i = 0; i < pieces; i++) {
        uint64_t at = first + i * MIB_2;

        vtd_test_map(c->test, sizes >> i & 1 ? 2 : 1, at, at + MIB_2 - 1, at);
    }
}

/* Formats that no unit has, in which other bits decide */
static void make_odd(VTDScanTables *tables, uint8_t how)
{
    switch (how % 32) {
    case 6:
        memset(tables->reserved, 0, sizeof(tables->reserved));
        memset(tables->reserved_large, 0, sizeof(tables->reserved_large));
        break;
    case 1:
        tables->address_mask &= ~(1ull << (12 + how / 32));
        break;
    case 2:
        tables->address_mask = 0xfffffffffffff000;
        memset(tables->reserved, 0, sizeof(tables->reserved));
        break;
    case 3:
        tables->reserved[1 + how / 32 % 5] |= 1ull << (12 + how / 64);
        break;
    case 4:
        tables->levels = how / 32;
        break;
    case 5:
        tables->root += 4096ull * (how / 32);
        break;
    case 7:
        tables->width = 30 + how / 32 * 3;
        break;
    default:
        break;
    }
}

static uint64_t changed(const VTDScanCase *c, uint64_t entry, unsigned level,
                        uint64_t iova, unsigned what, uint64_t value)
{
    uint64_t size = 1ull << (9 * level + 3);

    switch (what) {
    case 0:
        return entry ^ 1ull << value % 64;
    case 1:
        return entry & ~(value % 8);
    case 2:
        return UINT64_MAX;
    case 3:
        return vtd_test_open(c->test, level, value << 12, value & 1);
    case 4:
        return vtd_test_open(c->test, level, iova & -size, true);
    case 5:
        return vtd_test_open(c->test, level, VTD_TEST_MEMORY +
                             value % TABLE_PAGES * 4096, false);
    case 6:
        return entry ^ value << value % 32;
    default:
        return 0;
    }
}

/* Changes an entry, or a run of them, or takes the whole table away */
static void edit(VTDScanCase *c, const uint8_t *bytes)
{
    unsigned level = levels[bytes[1] % G_N_ELEMENTS(levels)];
    uint64_t pages = (c->limit - c->base) / 4096 + 1;
    uint64_t iova = c->base + number(bytes + 2, 2) % pages * 4096;
    uint64_t value = number(bytes + 4, 4);
    unsigned root = bytes[1] / G_N_ELEMENTS(levels);
    unsigned run = (bytes[0] & 0xa0) == 0xa0 ? 4 * root * root : 0;
    uint64_t *entry;
    unsigned i, page;

    if (bytes[0] % 16 == 15) {
        if (vtd_test_page_of(c->test, level, iova, &page)) {
            c->test->unreadable[page] = true;
        }
        return;
    }
    for (i = 0; i <= run; i++, iova += 1ull << (9 * level + 3)) {
        entry = vtd_test_entry(c->test, level, iova, bytes[0] & 0x40);
        if (!entry) {
            return;
        }
        *entry = GUINT64_TO_LE(changed(c, GUINT64_FROM_LE(*entry), level, iova,
                                       bytes[0] % 8, value));
    }
}

VTDScanCase *vtd_case_new(const uint8_t *bytes, size_t size)
{
    VTDScanCase *c = g_new0(VTDScanCase, 1);
    uint8_t head[VTD_CASE_HEAD] = { 0 };
    size_t at;

    memcpy(head, bytes, MIN(size, VTD_CASE_HEAD));
    size = MIN(size, VTD_CASE_HEAD + VTD_CASE_EDITS_MAX * VTD_CASE_EDIT);
    c->test = vtd_test_new(head[0] & 1 ? VTD_SCAN_FIRST_STAGE :
                                         VTD_SCAN_SECOND_STAGE,
                           3 + head[0] / 2 % 3, TABLE_PAGES);
    choose_range(c, head);
    map_range(c, head[6]);
    for (at = VTD_CASE_HEAD; at + VTD_CASE_EDIT <= size; at += VTD_CASE_EDIT) {
        edit(c, bytes + at);
    }
    make_odd(&c->test->tables, head[7]);
    return c;
}

void vtd_case_free(VTDScanCase *c)
{
    vtd_test_free(c->test);
    g_free(c);
}

static char *describe(const VTDScanResult *result)
{
    return g_strdup_printf("state %d at 0x%" PRIx64 " to 0x%" PRIx64
                           " read %d write %d, %u reads",
                           result->state, result->iova, result->target,
                           result->readable, result->writable, result->reads);
}

/* A map of the same range: all of it new, then a part that did not change */
static bool map_agrees(VTDScanCase *c, const VTDScanResult *result)
{
    const VTDScanTables *tables = &c->test->tables;
    g_autofree VTDScanMap *map = vtd_scan_map_new(c->base, c->limit);
    unsigned reads, more;
    RmrrReason first, second;

    first = vtd_scan_map_state(map, c->base, c->limit, tables, vtd_test_read,
                               c->test, &reads);
    vtd_scan_map_changed(map, c->base + 4096, c->base + 4096);
    second = vtd_scan_map_state(map, c->base, c->limit, tables, vtd_test_read,
                                c->test, &more);
    return first == result->state && second == result->state &&
           reads <= result->reads && more <= reads;
}

char *vtd_case_check(VTDScanCase *c, VTDScanResult *result)
{
    const VTDScanTables *tables = &c->test->tables;
    g_autofree char *is = NULL, *should = NULL;
    VTDScanResult slow;
    unsigned calls;

    *result = vtd_range_scan(tables, c->base, c->limit, vtd_test_read,
                             c->test);
    calls = c->test->reads;
    slow = vtd_slow_walk(c->test, c->base, c->limit);
    is = describe(result);
    should = describe(&slow);
    if (!map_agrees(c, result)) {
        return g_strdup_printf("the map does not say: %s", is);
    }
    if (calls == result->reads && g_str_equal(is, should) &&
        result->reads <= vtd_slow_most_reads(tables->levels, c->base,
                                             c->limit)) {
        return NULL;
    }
    return g_strdup_printf("format %d, %u levels, 0x%" PRIx64 "-0x%" PRIx64
                           ": %s, %u calls; should be: %s", tables->format,
                           tables->levels, c->base, c->limit, is, calls,
                           should);
}
