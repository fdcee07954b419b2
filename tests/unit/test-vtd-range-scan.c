/*
 * Unit tests of the scan of IOMMU tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else. Tables with what a
 * scan has to find in them, each bit of an entry, and random tables, all
 * against a walk page by page.
 */

#include "qemu/osdep.h"
#include "vtd-test-tables.h"
#include "test-rows.h"

#define PAGES_MOST 1100

#define SECOND VTD_SCAN_SECOND_STAGE
#define FIRST VTD_SCAN_FIRST_STAGE

#define R (1u << 0)                 /* of the second stage */
#define W (1u << 1)
#define P (1u << 0)                 /* of the first stage */
#define RW (1u << 1)
#define US (1u << 2)

typedef struct Range {
    uint64_t base;
    uint64_t limit;
} Range;

/*
 * What is mapped to begin with, by entries of @level: to itself, or to @target
 * on if that is not 0. Level 0 ends the list.
 */
typedef struct Map {
    unsigned level;
    Range range;
    uint64_t target;
} Map;

/* The range to scan, and what is mapped */
typedef struct Mapped {
    Range range;
    Map map[3];
} Mapped;

/* What is changed then, in the entry of @level for @iova */
typedef struct Edit {
    enum {
        NOTHING,
        SET,                        /* the entry is @value */
        CLEAR,                      /* the bits in @value are 0 */
        LOOP,                       /* points to the table that it is in */
        UNREADABLE,                 /* that table cannot be read */
        LEVELS,                     /* that many levels, says the caller */
        WIDTH,                      /* that many bits of address */
        NO_RESERVED,                /* no bits are reserved, all are address */
        ROOT,                       /* the top table is at @value */
    } what;
    unsigned level;
    uint64_t iova;
    uint64_t value;
} Edit;

typedef struct Row {
    const char *name;
    VTDScanFormat format;
    unsigned levels;
    Mapped mapped;
    Edit edit[3];
    VTDScanResult result;
} Row;

#define IDENTITY(reads) { RMRR_REASON_IDENTITY, 0, 0, false, false, reads }
#define PARTIAL(iova, reads) \
    { RMRR_REASON_PARTIAL, iova, 0, false, false, reads }
#define ABSENT(iova, reads) { RMRR_REASON_ABSENT, iova, 0, false, false, reads }
#define FOREIGN(iova, target, reads) \
    { RMRR_REASON_FOREIGN, iova, target, true, true, reads }
#define READ_ONLY(iova, reads) \
    { RMRR_REASON_FOREIGN, iova, iova, true, false, reads }
#define WRITE_ONLY(iova, reads) \
    { RMRR_REASON_FOREIGN, iova, iova, false, true, reads }

/* Ranges: 64 MiB, the demo's 72 MiB, the halves of two large pages... */
#define MIB_64 { 0x78000000, 0x7bffffff }
#define DEMO { 0x7b000000, 0x7f7fffff }
#define STRADDLE { 0x7b100000, 0x7b2fffff }
#define PAGE { 0x7b000000, 0x7b000fff }

/* ...and mappings */
#define PAGES_4K { 1, MIB_64 }
#define PAGES_2M { 2, MIB_64 }
#define GIB_1 { 3, { 0x40000000, 0x7fffffff } }
#define MIB_64_4K { MIB_64, { PAGES_4K } }
#define MIB_64_2M { MIB_64, { PAGES_2M } }
#define SAME(base, limit) { { base, limit }, { { 1, { base, limit } } } }
#define SAME_TOP SAME(0xfffffffffffff000, UINT64_MAX)

static const Row rows[] = {
    /* Mappings that are right, and how many tables they have */
    { "4k", SECOND, 4, MIB_64_4K, { }, IDENTITY(35) },
    { "4k/3-levels", SECOND, 3, MIB_64_4K, { }, IDENTITY(34) },
    { "4k/5-levels", SECOND, 5, MIB_64_4K, { }, IDENTITY(36) },
    { "4k/demo", SECOND, 4, { DEMO, { { 1, DEMO } } }, { }, IDENTITY(39) },
    { "2m", SECOND, 4, MIB_64_2M, { }, IDENTITY(3) },
    { "2m/3-levels", SECOND, 3, MIB_64_2M, { }, IDENTITY(2) },
    { "2m/5-levels", SECOND, 5, MIB_64_2M, { }, IDENTITY(4) },
    { "1g", SECOND, 4, { MIB_64, { GIB_1 } }, { }, IDENTITY(2) },
    { "1g/3-levels", SECOND, 3, { MIB_64, { GIB_1 } }, { }, IDENTITY(1) },
    { "1g/5-levels", SECOND, 5, { MIB_64, { GIB_1 } }, { }, IDENTITY(3) },
    { "first/4k", FIRST, 4, MIB_64_4K, { }, IDENTITY(35) },
    { "first/4k/3-levels", FIRST, 3, MIB_64_4K, { }, IDENTITY(34) },
    { "first/2m/5-levels", FIRST, 5, MIB_64_2M, { }, IDENTITY(4) },
    { "first/1g", FIRST, 4, { MIB_64, { GIB_1 } }, { }, IDENTITY(2) },
    { "4k-and-2m", SECOND, 4,
      { MIB_64,
        { { 1, { 0x78000000, 0x79ffffff } },
          { 2, { 0x7a000000, 0x7bffffff } } } },
      { }, IDENTITY(19) },
    { "1g-and-4k", SECOND, 4,
      { { 0x7ff00000, 0x800fffff },
        { GIB_1, { 1, { 0x80000000, 0x800fffff } } } },
      { }, IDENTITY(4) },
    { "2m-and-1g", FIRST, 4,
      { { 0x7fe00000, 0x803fffff },
        { { 2, { 0x7fe00000, 0x7fffffff } },
          { 3, { 0x80000000, 0xbfffffff } } } },
      { }, IDENTITY(3) },

    /* One page, and ranges that cross what one table translates */
    { "one-page", SECOND, 4, { PAGE, { PAGES_4K } }, { }, IDENTITY(4) },
    { "one-page/2m", SECOND, 4, { PAGE, { PAGES_2M } }, { }, IDENTITY(3) },
    { "one-page/1g", SECOND, 4, { PAGE, { GIB_1 } }, { }, IDENTITY(2) },
    { "one-page/absent", SECOND, 4, { PAGE, { PAGES_4K } },
      { { SET, 1, 0x7b000000, 0 } }, ABSENT(0x7b000000, 4) },
    { "one-page/foreign", SECOND, 4, { PAGE, { PAGES_4K } },
      { { SET, 1, 0x7b000000, 0x7b001003 } },
      FOREIGN(0x7b000000, 0x7b001000, 4) },
    { "across-2m", SECOND, 4, { { 0x7b1ff000, 0x7b200fff }, { PAGES_4K } }, { },
      IDENTITY(5) },
    { "across-1g", SECOND, 4, SAME(0x7ffff000, 0x80000fff), { }, IDENTITY(6) },
    { "across-512g", SECOND, 4, SAME(0x7ffffff000, 0x8000000fff), { },
      IDENTITY(7) },
    { "across-256t", SECOND, 5, SAME(0xfffffffff000, 0x1000000000fff),
      { { NO_RESERVED } }, IDENTITY(9) },

    /* Nothing there */
    { "absent", SECOND, 4, { MIB_64, { } }, { }, ABSENT(0x78000000, 1) },
    { "absent/first-page", SECOND, 4,
      { MIB_64, { { 1, { 0x78001000, 0x7bffffff } } } }, { },
      PARTIAL(0x78000000, 35) },
    { "absent/last-page", SECOND, 4,
      { MIB_64, { { 1, { 0x78000000, 0x7bffefff } } } }, { },
      PARTIAL(0x7bfff000, 35) },
    { "absent/all-but-ends", SECOND, 4,
      { MIB_64,
        { { 1, { 0x78000000, 0x78000fff } },
          { 1, { 0x7bfff000, 0x7bffffff } } } },
      { }, PARTIAL(0x78001000, 5) },
    { "absent/last-page-only-there", SECOND, 4,
      { MIB_64, { { 1, { 0x7bfff000, 0x7bffffff } } } }, { },
      PARTIAL(0x78000000, 4) },
    { "absent/2m-of-4k", SECOND, 4, MIB_64_4K,
      { { SET, 2, 0x79200000, 0 }, { SET, 1, 0x79600000, 0 } },
      PARTIAL(0x79200000, 34) },
    { "absent/one-2m", SECOND, 4, MIB_64_2M, { { SET, 2, 0x7be00000, 0 } },
      PARTIAL(0x7be00000, 3) },

    /* Mapped elsewhere */
    { "foreign", SECOND, 4, { MIB_64, { { 1, MIB_64, 0x100000000 } } }, { },
      FOREIGN(0x78000000, 0x100000000, 4) },
    { "foreign/first-page", SECOND, 4, MIB_64_4K,
      { { SET, 1, 0x78000000, 0x1003 } }, FOREIGN(0x78000000, 0x1000, 4) },
    { "foreign/last-page", SECOND, 4, MIB_64_4K,
      { { SET, 1, 0x7bfff000, 0x7bffe003 } },
      FOREIGN(0x7bfff000, 0x7bffe000, 35) },
    { "foreign/first-of-two", SECOND, 4, MIB_64_4K,
      { { SET, 1, 0x78003000, 0x1003 }, { SET, 1, 0x78002000, 0x2003 } },
      FOREIGN(0x78002000, 0x2000, 4) },
    { "foreign/after-a-hole", SECOND, 4, MIB_64_4K,
      { { SET, 1, 0x78003000, 0 }, { SET, 1, 0x78005000, 0x1003 } },
      FOREIGN(0x78005000, 0x1000, 4) },
    { "foreign/address-0", FIRST, 4, MIB_64_4K, { { SET, 1, 0x78005000, 7 } },
      FOREIGN(0x78005000, 0, 4) },
    { "foreign/shared-table", SECOND, 4,
      { { 0x78000000, 0x783fffff }, { { 1, { 0x78000000, 0x781fffff } } } },
      { { SET, 2, 0x78200000, (VTD_TEST_MEMORY + 0x3000) | R | W } },
      FOREIGN(0x78200000, 0x78000000, 5) },
    { "foreign/neighbours", SECOND, 4,
      { { 0x7b005000, 0x7b00cfff },
        { { 1, { 0x7b004000, 0x7b004fff }, 0x1000 },
          { 1, { 0x7b005000, 0x7b00cfff } },
          { 1, { 0x7b00d000, 0x7b00dfff }, 0x1000 } } },
      { }, IDENTITY(4) },
    { "absent/neighbours", SECOND, 4, SAME(0x7b005000, 0x7b00cfff), { },
      IDENTITY(4) },

    /* Large pages that reach out of the range */
    { "straddle", SECOND, 4, { STRADDLE, { PAGES_2M } }, { }, IDENTITY(3) },
    { "straddle/foreign-below", SECOND, 4, { STRADDLE, { PAGES_2M } },
      { { SET, 2, 0x7b000000, 0x80000083 } },
      FOREIGN(0x7b100000, 0x80100000, 3) },
    { "straddle/foreign-above", SECOND, 4, { STRADDLE, { PAGES_2M } },
      { { SET, 2, 0x7b200000, 0x80000083 } },
      FOREIGN(0x7b200000, 0x80000000, 3) },
    { "straddle/absent-below", SECOND, 4, { STRADDLE, { PAGES_2M } },
      { { SET, 2, 0x7b000000, 0 } }, PARTIAL(0x7b100000, 3) },
    { "straddle/absent-above", SECOND, 4, { STRADDLE, { PAGES_2M } },
      { { SET, 2, 0x7b200000, 0 } }, PARTIAL(0x7b200000, 3) },
    { "straddle/foreign-1g", FIRST, 4,
      { MIB_64, { { 3, { 0x40000000, 0x7fffffff }, 0xc0000000 } } }, { },
      FOREIGN(0x78000000, 0xf8000000, 2) },

    { "large/level-4", SECOND, 4, { MIB_64, { { 4, { 0, 0x7fffffffff } } } },
      { }, ABSENT(0x78000000, 1) },
    { "large/level-4-as-table", FIRST, 4,
      { MIB_64, { { 4, { 0, 0x7fffffffff } } } }, { { NO_RESERVED } },
      ABSENT(0x78000000, 2) },
    { "large/level-5", FIRST, 5, { MIB_64, { { 5, { 0, 0xffffffffffff } } } },
      { }, ABSENT(0x78000000, 1) },

    /* Permissions of one page, and of all levels together */
    { "rights/read-only", SECOND, 4, MIB_64_4K, { { CLEAR, 1, 0x79234000, W } },
      READ_ONLY(0x79234000, 13) },
    { "rights/write-only", SECOND, 4, MIB_64_4K,
      { { CLEAR, 1, 0x79234000, R } }, WRITE_ONLY(0x79234000, 13) },
    { "rights/read-only-2m", SECOND, 4, { STRADDLE, { PAGES_2M } },
      { { CLEAR, 2, 0x7b000000, W } }, READ_ONLY(0x7b100000, 3) },
    { "rights/not-at-level-2", SECOND, 4, MIB_64_4K,
      { { CLEAR, 2, 0x79200000, W } }, READ_ONLY(0x79200000, 13) },
    { "rights/not-at-level-3", SECOND, 4, MIB_64_2M,
      { { CLEAR, 3, 0x78000000, R } }, WRITE_ONLY(0x78000000, 3) },
    { "rights/not-at-level-4", SECOND, 4, MIB_64_4K,
      { { CLEAR, 4, 0x78000000, W } }, READ_ONLY(0x78000000, 4) },
    { "rights/nothing-left", SECOND, 4, MIB_64_4K,
      { { CLEAR, 4, 0x78000000, W }, { CLEAR, 3, 0x78000000, R } },
      ABSENT(0x78000000, 2) },
    { "rights/nothing-left-of-one", SECOND, 4, MIB_64_4K,
      { { CLEAR, 4, 0x78000000, W }, { CLEAR, 1, 0x78000000, R } },
      READ_ONLY(0x78001000, 4) },
    { "first/not-present", FIRST, 4, MIB_64_4K, { { CLEAR, 1, 0x79234000, P } },
      PARTIAL(0x79234000, 35) },
    { "first/supervisor", FIRST, 4, MIB_64_4K, { { CLEAR, 1, 0x79234000, US } },
      PARTIAL(0x79234000, 35) },
    { "first/read-only", FIRST, 4, MIB_64_4K, { { CLEAR, 1, 0x79234000, RW } },
      READ_ONLY(0x79234000, 13) },
    { "first/read-only-at-level-2", FIRST, 4, MIB_64_4K,
      { { CLEAR, 2, 0x79200000, RW } }, READ_ONLY(0x79200000, 13) },
    { "first/supervisor-at-level-3", FIRST, 4, MIB_64_4K,
      { { CLEAR, 3, 0x78000000, US } }, ABSENT(0x78000000, 2) },
    { "first/not-present-at-level-4", FIRST, 4, MIB_64_4K,
      { { CLEAR, 4, 0x78000000, P } }, ABSENT(0x78000000, 1) },

    /* What no table can say: above the last index, another depth */
    { "reach/3-levels", SECOND, 3,
      { { 0x8000000000, 0x8000000fff }, { { 1, { 0, 0xfff }, 0x8000000000 } } },
      { }, ABSENT(0x8000000000, 0) },
    { "reach/3-levels-across", SECOND, 3, SAME(0x7ffffff000, 0x8000000fff), { },
      PARTIAL(0x8000000000, 3) },
    { "reach/4-levels-across", SECOND, 4, SAME(0xfffffffff000, 0x1000000000fff),
      { { NO_RESERVED } }, PARTIAL(0x1000000000000, 4) },
    { "reach/5-levels-across", SECOND, 5,
      SAME(0x1fffffffffff000, 0x200000000000fff), { { NO_RESERVED } },
      PARTIAL(0x200000000000000, 5) },
    { "reach/foreign-before-it", SECOND, 3,
      { { 0x7ffffff000, 0x8000000fff },
        { { 1, { 0x7ffffff000, 0x7fffffffff }, 0x1000 } } },
      { }, FOREIGN(0x7ffffff000, 0x1000, 3) },
    { "reach/top", SECOND, 4, SAME_TOP, { { NO_RESERVED } },
      ABSENT(0xfffffffffffff000, 0) },
    { "reach/everything", SECOND, 4, { { 0, UINT64_MAX }, { } }, { },
      ABSENT(0, 1) },
    { "reach/first/3-levels", FIRST, 3, SAME(0x3ffffff000, 0x4000000fff), { },
      PARTIAL(0x4000000000, 3) },
    { "reach/first/4-levels", FIRST, 4, SAME(0x7ffffffff000, 0x800000000fff),
      { { NO_RESERVED } }, PARTIAL(0x800000000000, 4) },
    { "reach/first/canonical", FIRST, 4,
      SAME(0xffff800000000000, 0xffff800000000fff), { { NO_RESERVED } },
      IDENTITY(4) },
    { "reach/first/below-canonical", FIRST, 4,
      SAME(0xffff7ffffffff000, 0xffff800000000fff), { { NO_RESERVED } },
      PARTIAL(0xffff7ffffffff000, 4) },
    { "reach/first/top", FIRST, 4, SAME_TOP, { { NO_RESERVED } }, IDENTITY(4) },
    { "reach/first/top-all-ones", FIRST, 4, SAME_TOP,
      { { NO_RESERVED }, { SET, 1, 0xfffffffffffff000, UINT64_MAX } },
      ABSENT(0xfffffffffffff000, 4) },
    { "reach/first/everything", FIRST, 4, { { 0, UINT64_MAX }, { } }, { },
      ABSENT(0, 2) },
    { "reach/above-all-memory", SECOND, 4,
      { { 0x400000000000, 0x400000000fff },
        { { 1, { 0x400000000000, 0x400000000fff }, 0x1000 } } },
      { }, FOREIGN(0x400000000000, 0x1000, 4) },
    { "width/first/31", FIRST, 4, MIB_64_4K, { { WIDTH, 0, 0, 31 } },
      ABSENT(0x78000000, 0) },
    { "width/first/32", FIRST, 4, MIB_64_4K, { { WIDTH, 0, 0, 32 } },
      IDENTITY(35) },
    { "width/first/top", FIRST, 4, SAME_TOP,
      { { NO_RESERVED }, { WIDTH, 0, 0, 30 } }, IDENTITY(4) },
    { "width/second/30", SECOND, 4, MIB_64_4K, { { WIDTH, 0, 0, 30 } },
      ABSENT(0x78000000, 0) },
    { "width/second/31", SECOND, 4, MIB_64_4K, { { WIDTH, 0, 0, 31 } },
      IDENTITY(35) },
    { "levels/0", SECOND, 4, { PAGE, { PAGES_4K } }, { { LEVELS, 0, 0, 0 } },
      ABSENT(0x7b000000, 0) },
    { "levels/2", SECOND, 4, SAME(0x3b000000, 0x3b000fff),
      { { LEVELS, 0, 0, 2 } }, ABSENT(0x3b000000, 0) },
    { "levels/6", FIRST, 4, { PAGE, { PAGES_4K } }, { { LEVELS, 0, 0, 6 } },
      ABSENT(0x7b000000, 0) },
    { "levels/most", FIRST, 4, { PAGE, { PAGES_4K } },
      { { LEVELS, 0, 0, UINT_MAX } }, ABSENT(0x7b000000, 0) },

    /* Tables that are not there */
    { "unreadable/level-4", SECOND, 4, MIB_64_4K,
      { { UNREADABLE, 4, 0x78000000 } }, ABSENT(0x78000000, 1) },
    { "unreadable/level-3", SECOND, 4, MIB_64_4K,
      { { UNREADABLE, 3, 0x78000000 } }, ABSENT(0x78000000, 2) },
    { "unreadable/level-2", FIRST, 4, MIB_64_4K,
      { { UNREADABLE, 2, 0x78000000 } }, ABSENT(0x78000000, 3) },
    { "unreadable/level-1", SECOND, 4, MIB_64_4K,
      { { UNREADABLE, 1, 0x79200000 } }, PARTIAL(0x79200000, 35) },
    { "unreadable/hides-foreign", SECOND, 4, MIB_64_4K,
      { { SET, 1, 0x79234000, 0x1003 }, { UNREADABLE, 1, 0x79234000 } },
      PARTIAL(0x79200000, 35) },
    { "unreadable/base-inside", SECOND, 4,
      { { 0x79234000, 0x79400fff }, { PAGES_4K } },
      { { UNREADABLE, 1, 0x79234000 } }, PARTIAL(0x79234000, 5) },
    { "unreadable/no-memory", SECOND, 4, MIB_64_4K,
      { { SET, 2, 0x79200000, 0x123456789003 } }, PARTIAL(0x79200000, 35) },
    { "unreadable/root", SECOND, 4, MIB_64_4K, { { ROOT, 0, 0, 0x1000 } },
      ABSENT(0x78000000, 1) },
    { "root-is-another-table", SECOND, 4, MIB_64_4K,
      { { ROOT, 0, 0, VTD_TEST_MEMORY + 0x1000 } }, ABSENT(0x78000000, 1) },

    /* What QEMU takes for an entry that it could not read */
    { "ones/level-4", SECOND, 4, MIB_64_4K,
      { { NO_RESERVED }, { SET, 4, 0x78000000, UINT64_MAX } },
      ABSENT(0x78000000, 1) },
    { "ones/level-3", SECOND, 4, MIB_64_4K,
      { { NO_RESERVED }, { SET, 3, 0x78000000, UINT64_MAX } },
      ABSENT(0x78000000, 2) },
    { "ones/level-2", FIRST, 4, MIB_64_4K,
      { { NO_RESERVED }, { SET, 2, 0x79200000, UINT64_MAX } },
      PARTIAL(0x79200000, 34) },
    { "ones/level-1", SECOND, 4, MIB_64_4K,
      { { NO_RESERVED }, { SET, 1, 0x79234000, UINT64_MAX } },
      PARTIAL(0x79234000, 35) },

    /* Tables that contain themselves */
    { "loop/level-4", SECOND, 4, { { 0, 0xfff }, { } }, { { LOOP, 4, 0 } },
      FOREIGN(0, VTD_TEST_MEMORY, 4) },
    { "loop/level-2", SECOND, 4,
      { { 0x40202000, 0x403fffff }, { { 2, { 0x40200000, 0x403fffff } } } },
      { { LOOP, 2, 0x40200000 } }, ABSENT(0x40202000, 4) },
};

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
    uint64_t base = row->mapped.range.base;
    uint64_t limit = row->mapped.range.limit;
    VTDScanResult result, slow;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(row->mapped.map) &&
                row->mapped.map[i].level; i++) {
        const Map *map = &row->mapped.map[i];

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
        slow = vtd_slow_walk(test, base, limit);
        assert_result(&slow, &row->result);
    }
}

/* Each bit of an entry */

/* Its indices are different at each level, and none is 0 but the highest */
#define IOVA 0x7b122000ull

/* These bits, one at a time the other way round, make the page so */
typedef struct Effect {
    unsigned from;
    unsigned end;
    RmrrReason state;
} Effect;

#define CHANGES(from, to) { from, (to) + 1, RMRR_REASON_FOREIGN }
#define STOPS(from, to) { from, (to) + 1, RMRR_REASON_ABSENT }

/* A page mapped by an entry of level @leaf, bits of the one at @level */
typedef struct BitsRow {
    const char *name;
    VTDScanFormat format;
    unsigned leaf;
    unsigned level;
    Effect effect[8];               /* of the other bits: none */
} BitsRow;

#define TABLE_SECOND \
    { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 51), STOPS(62, 62) }
#define TABLE_FIRST \
    { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7), STOPS(12, 51) }

static const BitsRow bits_rows[] = {
    { "second/4k", SECOND, 1, 1,
      { CHANGES(0, 1), STOPS(11, 11), CHANGES(12, 45), STOPS(46, 51),
        STOPS(62, 62) } },
    { "second/2m", SECOND, 2, 2,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 20), CHANGES(21, 45),
        STOPS(46, 51), STOPS(62, 62) } },
    { "second/1g", SECOND, 3, 3,
      { CHANGES(0, 1), STOPS(7, 7), STOPS(11, 29), CHANGES(30, 45),
        STOPS(46, 51), STOPS(62, 62) } },
    { "second/level-2", SECOND, 1, 2, TABLE_SECOND },
    { "second/level-3", SECOND, 1, 3, TABLE_SECOND },
    { "second/level-4", SECOND, 1, 4, TABLE_SECOND },
    { "second/level-5", SECOND, 2, 5, TABLE_SECOND },
    { "first/4k", FIRST, 1, 1,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), CHANGES(12, 45),
        STOPS(46, 51) } },
    { "first/2m", FIRST, 2, 2,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7), STOPS(13, 20),
        CHANGES(21, 45), STOPS(46, 51) } },
    { "first/1g", FIRST, 3, 3,
      { STOPS(0, 0), CHANGES(1, 1), STOPS(2, 2), STOPS(7, 7), STOPS(13, 29),
        CHANGES(30, 45), STOPS(46, 51) } },
    { "first/level-2", FIRST, 1, 2, TABLE_FIRST },
    { "first/level-3", FIRST, 2, 3, TABLE_FIRST },
    { "first/level-4", FIRST, 3, 4, TABLE_FIRST },
    { "first/level-5", FIRST, 1, 5, TABLE_FIRST },
};

static RmrrReason expected(const BitsRow *row, unsigned bit)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(row->effect); i++) {
        const Effect *effect = &row->effect[i];

        if (bit >= effect->from && bit < effect->end) {
            return effect->state;
        }
    }
    return RMRR_REASON_IDENTITY;
}

static void test_bits(gconstpointer data)
{
    const BitsRow *row = data;
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
        slow = vtd_slow_walk(test, IOVA, IOVA + 0xfff);
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
    g_assert_cmpint(result.state, ==, RMRR_REASON_ABSENT);
    g_assert_cmphex(result.iova, ==, 0);
    g_assert_cmpuint(result.reads, ==, 515);
    g_assert_cmpuint(test->reads, ==, 515);
    g_assert_cmpuint(vtd_slow_most_reads(4, 0, limit), ==, 515);
}

/* Random tables */

#define ROUNDS 20000
#define EDITS_MOST 8

typedef struct Seed {
    const char *name;
    uint32_t value;
    uint8_t head_or;                /* 0x80: only large ranges */
    uint8_t head_and;               /* 0x7f: only small ones */
} Seed;

static const Seed seeds[] = {
    { "small-ranges", 1, 0, 0x7f },
    { "more-small-ranges", 2, 0, 0x7f },
    { "large-ranges", 3, 0x80, 0xff },
};

/* Few edits as often as many; a third without one */
static size_t random_bytes(GRand *rand, const Seed *seed, uint8_t *bytes)
{
    int edits = g_rand_int_range(rand, -EDITS_MOST / 2, EDITS_MOST + 1);
    size_t size = VTD_CASE_HEAD + MAX(edits, 0) * VTD_CASE_EDIT;
    size_t i;

    for (i = 0; i < size; i++) {
        bytes[i] = g_rand_int(rand);
    }
    bytes[5] = (bytes[5] | seed->head_or) & seed->head_and;
    return size;
}

static void test_seed(gconstpointer data)
{
    const Seed *seed = data;
    GRand *rand = g_rand_new_with_seed(seed->value);
    static const RmrrReason states[] = {
        RMRR_REASON_IDENTITY, RMRR_REASON_ABSENT, RMRR_REASON_PARTIAL,
        RMRR_REASON_FOREIGN,
    };
    unsigned seen[RMRR_REASON__MAX] = { 0 };
    unsigned round, i;

    for (round = 0; round < ROUNDS; round++) {
        uint8_t bytes[VTD_CASE_HEAD + EDITS_MOST * VTD_CASE_EDIT];
        size_t size = random_bytes(rand, seed, bytes);
        g_autoptr(VTDScanCase) c = vtd_case_new(bytes, size);
        VTDScanResult result;
        g_autofree char *wrong = vtd_case_check(c, &result);

        if (wrong) {
            g_error("round %u: %s", round, wrong);
        }
        seen[result.state]++;
    }
    g_rand_free(rand);
    for (i = 0; i < G_N_ELEMENTS(states); i++) {
        g_test_message("state %u: %u times", states[i], seen[states[i]]);
        g_assert_cmpuint(seen[states[i]], >, ROUNDS / 20);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("/vtd-range-scan", rows, test_row);
    TEST_ROWS("/vtd-range-scan/bits", bits_rows, test_bits);
    TEST_ROWS("/vtd-range-scan/random", seeds, test_seed);
    g_test_add_func("/vtd-range-scan/loop-everywhere", test_loop);
    return g_test_run();
}
