/*
 * Translation tables in a small memory, for tests of what reads them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The memory has table pages and nothing else. Page 0 is the top table.
 */

#ifndef TESTS_UNIT_VTD_TEST_TABLES_H
#define TESTS_UNIT_VTD_TEST_TABLES_H

#include "../../hw/i386/vtd_range_scan.h"

#define VTD_TEST_MEMORY 0x2345000ull    /* address of page 0 */
#define VTD_TEST_HOST_BITS 46           /* physical addresses are below 2^46 */
#define VTD_TEST_RW 3u                  /* of an entry of the second stage */
#define VTD_TEST_PRW_US 7u              /* of one of the first stage */
#define VTD_TEST_LARGE (1ull << 7)

typedef uint64_t VTDTestPage[VTD_SCAN_ENTRIES];

/*
 * @tables: what to scan; tests may change all of it
 * @page: the memory, little endian
 * @unreadable: for each page
 * @reads: how often vtd_test_read() was called
 */
typedef struct VTDTestTables {
    VTDScanTables tables;
    VTDTestPage *page;
    bool *unreadable;
    unsigned n_pages;
    unsigned max_pages;
    unsigned reads;
} VTDTestTables;

/* Empty tables, with the reserved bits that QEMU's unit has */
VTDTestTables *vtd_test_new(VTDScanFormat format, unsigned levels,
                            unsigned max_pages);
void vtd_test_free(VTDTestTables *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VTDTestTables, vtd_test_free)

/*
 * The entry of @level for @iova, whatever the ones above it say; with @make,
 * tables that are missing on the way are made. NULL if there is none, or no
 * page left for it.
 */
uint64_t *vtd_test_entry(VTDTestTables *test, unsigned level, uint64_t iova,
                         bool make);

/* Which page the table of @level for @iova is; false if there is none */
bool vtd_test_page_of(VTDTestTables *test, unsigned level, uint64_t iova,
                      unsigned *page);

/* An open entry of @level that maps @target, or points to a table there */
uint64_t vtd_test_open(const VTDTestTables *test, unsigned level,
                       uint64_t target, bool leaf);

/*
 * Maps [@first, @last] to @target on, by entries of @level, for all access;
 * does as much of it as the memory has pages for.
 */
void vtd_test_map(VTDTestTables *test, unsigned level, uint64_t first,
                  uint64_t last, uint64_t target);

/* A VTDScanRead; @opaque is the VTDTestTables */
bool vtd_test_read(void *opaque, uint64_t gpa, VTDTestPage table);

/*
 * What vtd_range_scan() has to return, @reads included: asked page by page,
 * with a read request and a write request that go through the tables as the
 * hardware does. Also counts how many tables of each level the walks entered,
 * taking one entered for consecutive pages as one.
 */
VTDScanResult vtd_slow_walk(const VTDTestTables *test, uint64_t base,
                            uint64_t limit);

/* The most tables that a scan of the range may read, whatever is in them */
uint64_t vtd_slow_most_reads(unsigned levels, uint64_t base, uint64_t limit);

/*
 * Tables and a range made from any bytes, for the random test and for the
 * fuzzer: most bytes make a case that is not far from an identity mapping
 */

#define VTD_CASE_HEAD 8             /* bytes that say what to begin with */
#define VTD_CASE_EDIT 8             /* bytes for each change of an entry */
#define VTD_CASE_EDITS_MAX 64

typedef struct VTDScanCase {
    VTDTestTables *test;
    uint64_t base;
    uint64_t limit;
} VTDScanCase;

VTDScanCase *vtd_case_new(const uint8_t *bytes, size_t size);
void vtd_case_free(VTDScanCase *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VTDScanCase, vtd_case_free)

/*
 * Scans, and compares with the slow walk. Returns NULL if all is as it should
 * be, else what is not, to be freed by the caller.
 */
char *vtd_case_check(VTDScanCase *c, VTDScanResult *result);

#endif
