/*
 * Benchmark of the scan of IOMMU tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else. A line for each
 * kind of table and range, all identity mapped:
 *
 *     FORMAT PAGE_SIZE RANGE_BYTES MICROSECONDS READS
 *
 * FORMAT is "second" or "first"; the time is the median of ROUNDS scans, with
 * 4 levels and with each table page copied once.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include <time.h>
#include "vtd-test-tables.h"

#define ROUNDS 301
#define BASE 0x40000000ull
#define MIB 0x100000ull

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static bool measure(VTDScanFormat format, unsigned level, uint64_t size)
{
    uint64_t page_size = 1ull << (12 + 9 * (level - 1));
    uint64_t limit = BASE + size - 1;
    /* The top three, and one for each 2 MiB */
    g_autoptr(VTDTestTables) test = vtd_test_new(format, 4,
                                                 3 + size / (2 * MIB));
    VTDScanResult result = { .state = RMRR_REASON_ABSENT };
    double took[ROUNDS];
    unsigned i;

    vtd_test_map(test, level, BASE, limit, BASE);
    for (i = 0; i < ROUNDS; i++) {
        double start = now();

        result = vtd_range_scan(&test->tables, BASE, limit, vtd_test_read,
                                test);
        took[i] = now() - start;
    }
    qsort(took, ROUNDS, sizeof(took[0]), compare);
    printf("%s %" PRIu64 " %" PRIu64 " %.2f %u\n",
           format == VTD_SCAN_FIRST_STAGE ? "first" : "second", page_size,
           size, took[ROUNDS / 2], result.reads);
    return result.state == RMRR_REASON_IDENTITY;
}

int main(void)
{
    static const VTDScanFormat formats[] = {
        VTD_SCAN_SECOND_STAGE, VTD_SCAN_FIRST_STAGE,
    };
    bool right = true;
    unsigned f, level;
    uint64_t size;

    for (f = 0; f < G_N_ELEMENTS(formats); f++) {
        for (level = 1; level <= 3; level++) {
            for (size = 64 * MIB; size <= 1024 * MIB; size *= 2) {
                right &= measure(formats[f], level, size);
            }
        }
    }
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
