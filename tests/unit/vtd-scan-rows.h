/*
 * Tables, ranges and what a scan has to find: rows of test-vtd-range-scan.c
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VTD_SCAN_ROWS_H
#define TESTS_UNIT_VTD_SCAN_ROWS_H

#include "vtd-test-tables.h"

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
    Range range;
    Map map[3];
    Edit edit[3];
    VTDScanResult result;
} Row;

#define IDENTITY(reads) { RMRR_REASON_IDENTITY, 0, 0, false, false, reads }
#define PARTIAL(iova, reads) \
    { RMRR_REASON_PARTIAL, iova, 0, false, false, reads }
#define ABSENT(iova, reads) { RMRR_REASON_ABSENT, iova, 0, false, false, reads }
#define FOREIGN(iova, target, r, w, reads) \
    { RMRR_REASON_FOREIGN, iova, target, r, w, reads }

/* Ranges: 64 MiB, the demo's 72 MiB, the halves of two large pages... */
#define MIB_64 { 0x78000000, 0x7bffffff }
#define DEMO { 0x7b000000, 0x7f7fffff }
#define STRADDLE { 0x7b100000, 0x7b2fffff }
#define PAGE { 0x7b000000, 0x7b000fff }
#define TOP { 0xfffffffffffff000, UINT64_MAX }

/* ...and mappings */
#define MIB_64_4K { 1, MIB_64 }
#define MIB_64_2M { 2, MIB_64 }
#define GIB_1 { 3, { 0x40000000, 0x7fffffff } }

static const Row rows[] = {
    /* Mappings that are right, and how many tables they have */
    { "4k", SECOND, 4, MIB_64, { MIB_64_4K }, { }, IDENTITY(35) },
    { "4k/3-levels", SECOND, 3, MIB_64, { MIB_64_4K }, { }, IDENTITY(34) },
    { "4k/5-levels", SECOND, 5, MIB_64, { MIB_64_4K }, { }, IDENTITY(36) },
    { "4k/demo", SECOND, 4, DEMO, { { 1, DEMO } }, { }, IDENTITY(39) },
    { "2m", SECOND, 4, MIB_64, { MIB_64_2M }, { }, IDENTITY(3) },
    { "2m/3-levels", SECOND, 3, MIB_64, { MIB_64_2M }, { }, IDENTITY(2) },
    { "2m/5-levels", SECOND, 5, MIB_64, { MIB_64_2M }, { }, IDENTITY(4) },
    { "1g", SECOND, 4, MIB_64, { GIB_1 }, { }, IDENTITY(2) },
    { "1g/3-levels", SECOND, 3, MIB_64, { GIB_1 }, { }, IDENTITY(1) },
    { "1g/5-levels", SECOND, 5, MIB_64, { GIB_1 }, { }, IDENTITY(3) },
    { "first/4k", FIRST, 4, MIB_64, { MIB_64_4K }, { }, IDENTITY(35) },
    { "first/4k/3-levels", FIRST, 3, MIB_64, { MIB_64_4K }, { },
      IDENTITY(34) },
    { "first/2m/5-levels", FIRST, 5, MIB_64, { MIB_64_2M }, { }, IDENTITY(4) },
    { "first/1g", FIRST, 4, MIB_64, { GIB_1 }, { }, IDENTITY(2) },
    { "4k-and-2m", SECOND, 4, MIB_64,
      { { 1, { 0x78000000, 0x79ffffff } }, { 2, { 0x7a000000, 0x7bffffff } } },
      { }, IDENTITY(19) },
    { "1g-and-4k", SECOND, 4, { 0x7ff00000, 0x800fffff },
      { GIB_1, { 1, { 0x80000000, 0x800fffff } } }, { }, IDENTITY(4) },
    { "2m-and-1g", FIRST, 4, { 0x7fe00000, 0x803fffff },
      { { 2, { 0x7fe00000, 0x7fffffff } },
        { 3, { 0x80000000, 0xbfffffff } } }, { }, IDENTITY(3) },

    /* One page, and ranges that cross what one table translates */
    { "one-page", SECOND, 4, PAGE, { MIB_64_4K }, { }, IDENTITY(4) },
    { "one-page/2m", SECOND, 4, PAGE, { MIB_64_2M }, { }, IDENTITY(3) },
    { "one-page/1g", SECOND, 4, PAGE, { GIB_1 }, { }, IDENTITY(2) },
    { "one-page/absent", SECOND, 4, PAGE, { MIB_64_4K },
      { { SET, 1, 0x7b000000, 0 } }, ABSENT(0x7b000000, 4) },
    { "one-page/foreign", SECOND, 4, PAGE, { MIB_64_4K },
      { { SET, 1, 0x7b000000, 0x7b001003 } },
      FOREIGN(0x7b000000, 0x7b001000, true, true, 4) },
    { "across-2m", SECOND, 4, { 0x7b1ff000, 0x7b200fff }, { MIB_64_4K }, { },
      IDENTITY(5) },
    { "across-1g", SECOND, 4, { 0x7ffff000, 0x80000fff },
      { { 1, { 0x7ffff000, 0x80000fff } } }, { }, IDENTITY(6) },
    { "across-512g", SECOND, 4, { 0x7ffffff000, 0x8000000fff },
      { { 1, { 0x7ffffff000, 0x8000000fff } } }, { }, IDENTITY(7) },
    { "across-256t", SECOND, 5, { 0xfffffffff000, 0x1000000000fff },
      { { 1, { 0xfffffffff000, 0x1000000000fff } } }, { { NO_RESERVED } },
      IDENTITY(9) },

    /* Nothing there */
    { "absent", SECOND, 4, MIB_64, { }, { }, ABSENT(0x78000000, 1) },
    { "absent/first-page", SECOND, 4, MIB_64,
      { { 1, { 0x78001000, 0x7bffffff } } }, { }, PARTIAL(0x78000000, 35) },
    { "absent/last-page", SECOND, 4, MIB_64,
      { { 1, { 0x78000000, 0x7bffefff } } }, { }, PARTIAL(0x7bfff000, 35) },
    { "absent/all-but-ends", SECOND, 4, MIB_64,
      { { 1, { 0x78000000, 0x78000fff } },
        { 1, { 0x7bfff000, 0x7bffffff } } }, { }, PARTIAL(0x78001000, 5) },
    { "absent/last-page-only-there", SECOND, 4, MIB_64,
      { { 1, { 0x7bfff000, 0x7bffffff } } }, { }, PARTIAL(0x78000000, 4) },
    { "absent/2m-of-4k", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 2, 0x79200000, 0 }, { SET, 1, 0x79600000, 0 } },
      PARTIAL(0x79200000, 34) },
    { "absent/one-2m", SECOND, 4, MIB_64, { MIB_64_2M },
      { { SET, 2, 0x7be00000, 0 } }, PARTIAL(0x7be00000, 3) },

    /* Mapped elsewhere */
    { "foreign", SECOND, 4, MIB_64, { { 1, MIB_64, 0x100000000 } }, { },
      FOREIGN(0x78000000, 0x100000000, true, true, 4) },
    { "foreign/first-page", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x78000000, 0x1003 } },
      FOREIGN(0x78000000, 0x1000, true, true, 4) },
    { "foreign/last-page", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x7bfff000, 0x7bffe003 } },
      FOREIGN(0x7bfff000, 0x7bffe000, true, true, 35) },
    { "foreign/first-of-two", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x78003000, 0x1003 }, { SET, 1, 0x78002000, 0x2003 } },
      FOREIGN(0x78002000, 0x2000, true, true, 4) },
    { "foreign/after-a-hole", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x78003000, 0 }, { SET, 1, 0x78005000, 0x1003 } },
      FOREIGN(0x78005000, 0x1000, true, true, 4) },
    { "foreign/address-0", FIRST, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x78005000, 7 } }, FOREIGN(0x78005000, 0, true, true, 4) },
    { "foreign/shared-table", SECOND, 4, { 0x78000000, 0x783fffff },
      { { 1, { 0x78000000, 0x781fffff } } },
      { { SET, 2, 0x78200000, (VTD_TEST_MEMORY + 0x3000) | R | W } },
      FOREIGN(0x78200000, 0x78000000, true, true, 5) },
    { "foreign/neighbours", SECOND, 4, { 0x7b005000, 0x7b00cfff },
      { { 1, { 0x7b004000, 0x7b004fff }, 0x1000 },
        { 1, { 0x7b005000, 0x7b00cfff } },
        { 1, { 0x7b00d000, 0x7b00dfff }, 0x1000 } }, { }, IDENTITY(4) },
    { "absent/neighbours", SECOND, 4, { 0x7b005000, 0x7b00cfff },
      { { 1, { 0x7b005000, 0x7b00cfff } } }, { }, IDENTITY(4) },

    /* Large pages that reach out of the range */
    { "straddle", SECOND, 4, STRADDLE, { MIB_64_2M }, { }, IDENTITY(3) },
    { "straddle/foreign-below", SECOND, 4, STRADDLE, { MIB_64_2M },
      { { SET, 2, 0x7b000000, 0x80000083 } },
      FOREIGN(0x7b100000, 0x80100000, true, true, 3) },
    { "straddle/foreign-above", SECOND, 4, STRADDLE, { MIB_64_2M },
      { { SET, 2, 0x7b200000, 0x80000083 } },
      FOREIGN(0x7b200000, 0x80000000, true, true, 3) },
    { "straddle/absent-below", SECOND, 4, STRADDLE, { MIB_64_2M },
      { { SET, 2, 0x7b000000, 0 } }, PARTIAL(0x7b100000, 3) },
    { "straddle/absent-above", SECOND, 4, STRADDLE, { MIB_64_2M },
      { { SET, 2, 0x7b200000, 0 } }, PARTIAL(0x7b200000, 3) },
    { "straddle/foreign-1g", FIRST, 4, MIB_64,
      { { 3, { 0x40000000, 0x7fffffff }, 0xc0000000 } }, { },
      FOREIGN(0x78000000, 0xf8000000, true, true, 2) },

    { "large/level-4", SECOND, 4, MIB_64, { { 4, { 0, 0x7fffffffff } } }, { },
      ABSENT(0x78000000, 1) },
    { "large/level-4-as-table", FIRST, 4, MIB_64,
      { { 4, { 0, 0x7fffffffff } } }, { { NO_RESERVED } },
      ABSENT(0x78000000, 2) },
    { "large/level-5", FIRST, 5, MIB_64, { { 5, { 0, 0xffffffffffff } } },
      { }, ABSENT(0x78000000, 1) },

    /* Permissions of one page, and of all levels together */
    { "rights/read-only", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 1, 0x79234000, W } },
      FOREIGN(0x79234000, 0x79234000, true, false, 13) },
    { "rights/write-only", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 1, 0x79234000, R } },
      FOREIGN(0x79234000, 0x79234000, false, true, 13) },
    { "rights/read-only-2m", SECOND, 4, STRADDLE, { MIB_64_2M },
      { { CLEAR, 2, 0x7b000000, W } },
      FOREIGN(0x7b100000, 0x7b100000, true, false, 3) },
    { "rights/not-at-level-2", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 2, 0x79200000, W } },
      FOREIGN(0x79200000, 0x79200000, true, false, 13) },
    { "rights/not-at-level-3", SECOND, 4, MIB_64, { MIB_64_2M },
      { { CLEAR, 3, 0x78000000, R } },
      FOREIGN(0x78000000, 0x78000000, false, true, 3) },
    { "rights/not-at-level-4", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 4, 0x78000000, W } },
      FOREIGN(0x78000000, 0x78000000, true, false, 4) },
    { "rights/nothing-left", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 4, 0x78000000, W }, { CLEAR, 3, 0x78000000, R } },
      ABSENT(0x78000000, 2) },
    { "rights/nothing-left-of-one", SECOND, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 4, 0x78000000, W }, { CLEAR, 1, 0x78000000, R } },
      FOREIGN(0x78001000, 0x78001000, true, false, 4) },
    { "first/not-present", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 1, 0x79234000, P } }, PARTIAL(0x79234000, 35) },
    { "first/supervisor", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 1, 0x79234000, US } }, PARTIAL(0x79234000, 35) },
    { "first/read-only", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 1, 0x79234000, RW } },
      FOREIGN(0x79234000, 0x79234000, true, false, 13) },
    { "first/read-only-at-level-2", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 2, 0x79200000, RW } },
      FOREIGN(0x79200000, 0x79200000, true, false, 13) },
    { "first/supervisor-at-level-3", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 3, 0x78000000, US } }, ABSENT(0x78000000, 2) },
    { "first/not-present-at-level-4", FIRST, 4, MIB_64, { MIB_64_4K },
      { { CLEAR, 4, 0x78000000, P } }, ABSENT(0x78000000, 1) },

    /* What no table can say: above the last index, another depth */
    { "reach/3-levels", SECOND, 3, { 0x8000000000, 0x8000000fff },
      { { 1, { 0, 0xfff }, 0x8000000000 } }, { }, ABSENT(0x8000000000, 0) },
    { "reach/3-levels-across", SECOND, 3, { 0x7ffffff000, 0x8000000fff },
      { { 1, { 0x7ffffff000, 0x8000000fff } } }, { },
      PARTIAL(0x8000000000, 3) },
    { "reach/4-levels-across", SECOND, 4, { 0xfffffffff000, 0x1000000000fff },
      { { 1, { 0xfffffffff000, 0x1000000000fff } } }, { { NO_RESERVED } },
      PARTIAL(0x1000000000000, 4) },
    { "reach/5-levels-across", SECOND, 5,
      { 0x1fffffffffff000, 0x200000000000fff },
      { { 1, { 0x1fffffffffff000, 0x200000000000fff } } },
      { { NO_RESERVED } }, PARTIAL(0x200000000000000, 5) },
    { "reach/foreign-before-it", SECOND, 3, { 0x7ffffff000, 0x8000000fff },
      { { 1, { 0x7ffffff000, 0x7fffffffff }, 0x1000 } }, { },
      FOREIGN(0x7ffffff000, 0x1000, true, true, 3) },
    { "reach/top", SECOND, 4, TOP, { { 1, TOP } }, { { NO_RESERVED } },
      ABSENT(0xfffffffffffff000, 0) },
    { "reach/everything", SECOND, 4, { 0, UINT64_MAX }, { }, { },
      ABSENT(0, 1) },
    { "reach/first/3-levels", FIRST, 3, { 0x3ffffff000, 0x4000000fff },
      { { 1, { 0x3ffffff000, 0x4000000fff } } }, { },
      PARTIAL(0x4000000000, 3) },
    { "reach/first/4-levels", FIRST, 4, { 0x7ffffffff000, 0x800000000fff },
      { { 1, { 0x7ffffffff000, 0x800000000fff } } }, { { NO_RESERVED } },
      PARTIAL(0x800000000000, 4) },
    { "reach/first/canonical", FIRST, 4,
      { 0xffff800000000000, 0xffff800000000fff },
      { { 1, { 0xffff800000000000, 0xffff800000000fff } } },
      { { NO_RESERVED } }, IDENTITY(4) },
    { "reach/first/below-canonical", FIRST, 4,
      { 0xffff7ffffffff000, 0xffff800000000fff },
      { { 1, { 0xffff7ffffffff000, 0xffff800000000fff } } },
      { { NO_RESERVED } }, PARTIAL(0xffff7ffffffff000, 4) },
    { "reach/first/top", FIRST, 4, TOP, { { 1, TOP } },
      { { NO_RESERVED } }, IDENTITY(4) },
    { "reach/first/top-all-ones", FIRST, 4, TOP, { { 1, TOP } },
      { { NO_RESERVED }, { SET, 1, 0xfffffffffffff000, UINT64_MAX } },
      ABSENT(0xfffffffffffff000, 4) },
    { "reach/first/everything", FIRST, 4, { 0, UINT64_MAX }, { }, { },
      ABSENT(0, 2) },
    { "reach/above-all-memory", SECOND, 4, { 0x400000000000, 0x400000000fff },
      { { 1, { 0x400000000000, 0x400000000fff }, 0x1000 } }, { },
      FOREIGN(0x400000000000, 0x1000, true, true, 4) },
    { "width/first/31", FIRST, 4, MIB_64, { MIB_64_4K },
      { { WIDTH, 0, 0, 31 } }, ABSENT(0x78000000, 0) },
    { "width/first/32", FIRST, 4, MIB_64, { MIB_64_4K },
      { { WIDTH, 0, 0, 32 } }, IDENTITY(35) },
    { "width/first/top", FIRST, 4, TOP, { { 1, TOP } },
      { { NO_RESERVED }, { WIDTH, 0, 0, 30 } }, IDENTITY(4) },
    { "width/second/30", SECOND, 4, MIB_64, { MIB_64_4K },
      { { WIDTH, 0, 0, 30 } }, ABSENT(0x78000000, 0) },
    { "width/second/31", SECOND, 4, MIB_64, { MIB_64_4K },
      { { WIDTH, 0, 0, 31 } }, IDENTITY(35) },
    { "levels/0", SECOND, 4, PAGE, { MIB_64_4K }, { { LEVELS, 0, 0, 0 } },
      ABSENT(0x7b000000, 0) },
    { "levels/2", SECOND, 4, { 0x3b000000, 0x3b000fff },
      { { 1, { 0x3b000000, 0x3b000fff } } }, { { LEVELS, 0, 0, 2 } },
      ABSENT(0x3b000000, 0) },
    { "levels/6", FIRST, 4, PAGE, { MIB_64_4K }, { { LEVELS, 0, 0, 6 } },
      ABSENT(0x7b000000, 0) },
    { "levels/most", FIRST, 4, PAGE, { MIB_64_4K },
      { { LEVELS, 0, 0, UINT_MAX } }, ABSENT(0x7b000000, 0) },

    /* Tables that are not there */
    { "unreadable/level-4", SECOND, 4, MIB_64, { MIB_64_4K },
      { { UNREADABLE, 4, 0x78000000 } }, ABSENT(0x78000000, 1) },
    { "unreadable/level-3", SECOND, 4, MIB_64, { MIB_64_4K },
      { { UNREADABLE, 3, 0x78000000 } }, ABSENT(0x78000000, 2) },
    { "unreadable/level-2", FIRST, 4, MIB_64, { MIB_64_4K },
      { { UNREADABLE, 2, 0x78000000 } }, ABSENT(0x78000000, 3) },
    { "unreadable/level-1", SECOND, 4, MIB_64, { MIB_64_4K },
      { { UNREADABLE, 1, 0x79200000 } }, PARTIAL(0x79200000, 35) },
    { "unreadable/hides-foreign", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 1, 0x79234000, 0x1003 }, { UNREADABLE, 1, 0x79234000 } },
      PARTIAL(0x79200000, 35) },
    { "unreadable/base-inside", SECOND, 4, { 0x79234000, 0x79400fff },
      { MIB_64_4K }, { { UNREADABLE, 1, 0x79234000 } },
      PARTIAL(0x79234000, 5) },
    { "unreadable/no-memory", SECOND, 4, MIB_64, { MIB_64_4K },
      { { SET, 2, 0x79200000, 0x123456789003 } }, PARTIAL(0x79200000, 35) },
    { "unreadable/root", SECOND, 4, MIB_64, { MIB_64_4K },
      { { ROOT, 0, 0, 0x1000 } }, ABSENT(0x78000000, 1) },
    { "root-is-another-table", SECOND, 4, MIB_64, { MIB_64_4K },
      { { ROOT, 0, 0, VTD_TEST_MEMORY + 0x1000 } }, ABSENT(0x78000000, 1) },

    /* What QEMU takes for an entry that it could not read */
    { "ones/level-4", SECOND, 4, MIB_64, { MIB_64_4K },
      { { NO_RESERVED }, { SET, 4, 0x78000000, UINT64_MAX } },
      ABSENT(0x78000000, 1) },
    { "ones/level-3", SECOND, 4, MIB_64, { MIB_64_4K },
      { { NO_RESERVED }, { SET, 3, 0x78000000, UINT64_MAX } },
      ABSENT(0x78000000, 2) },
    { "ones/level-2", FIRST, 4, MIB_64, { MIB_64_4K },
      { { NO_RESERVED }, { SET, 2, 0x79200000, UINT64_MAX } },
      PARTIAL(0x79200000, 34) },
    { "ones/level-1", SECOND, 4, MIB_64, { MIB_64_4K },
      { { NO_RESERVED }, { SET, 1, 0x79234000, UINT64_MAX } },
      PARTIAL(0x79234000, 35) },

    /* Tables that contain themselves */
    { "loop/level-4", SECOND, 4, { 0, 0xfff }, { }, { { LOOP, 4, 0 } },
      FOREIGN(0, VTD_TEST_MEMORY, true, true, 4) },
    { "loop/level-2", SECOND, 4, { 0x40202000, 0x403fffff },
      { { 2, { 0x40200000, 0x403fffff } } }, { { LOOP, 2, 0x40200000 } },
      ABSENT(0x40202000, 4) },
};

#endif
