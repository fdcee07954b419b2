/*
 * Fuzz target of the scan of IOMMU tables: any tables, any range
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else. What the bytes mean
 * is in tests/unit/vtd-test-tables.c. The scan has to find what a walk page by
 * page finds, and to read no table twice.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include "../unit/vtd-test-tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VTDScanCase *c = vtd_case_new(data, size);
    VTDScanResult result;
    char *wrong = vtd_case_check(c, &result);

    if (wrong) {
        fprintf(stderr, "wrong: %s\n", wrong);
        abort();
    }
    vtd_case_free(c);
    return 0;
}
