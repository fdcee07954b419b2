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

/*
 * Cases. Head: format and levels, where the range is, its first page (2 bytes),
 * its pages (2 bytes), the size of its mappings, what is odd about the format.
 * Edit: what to do, level, page of the range (2 bytes), value (4 bytes).
 */

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
