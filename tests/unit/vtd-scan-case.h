/*
 * Tables and a range made from any bytes, and what must hold for them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For the random test and for the fuzzer: any bytes make a case, and most make
 * one that is not far from an identity mapping.
 */

#ifndef TESTS_UNIT_VTD_SCAN_CASE_H
#define TESTS_UNIT_VTD_SCAN_CASE_H

#include "vtd-test-tables.h"

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
