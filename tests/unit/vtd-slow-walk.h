/*
 * Translation of one request at a time, to compare a faster way with
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VTD_SLOW_WALK_H
#define TESTS_UNIT_VTD_SLOW_WALK_H

#include "../../hw/i386/vtd_range_scan.h"

/* Reads the entry at @gpa, as it is in memory; false if nothing is there */
typedef bool VTDSlowRead(void *opaque, uint64_t gpa, uint64_t *entry);

/*
 * What vtd_range_scan() has to return, @reads included: asked page by page,
 * with a read request and a write request that go through the tables as the
 * hardware does. Also counts how many tables of each level the walks entered,
 * taking one entered for consecutive pages as one.
 */
VTDScanResult vtd_slow_walk(const VTDScanTables *tables, uint64_t base,
                            uint64_t limit, VTDSlowRead *read, void *opaque);

/* The most tables that a scan of the range may read, whatever is in them */
uint64_t vtd_slow_most_reads(unsigned levels, uint64_t base, uint64_t limit);

#endif
