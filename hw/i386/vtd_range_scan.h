/*
 * What a guest's IOMMU tables say of one range of addresses
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: the tables are read through a callback, one whole 4 KiB page at a
 * time, and nothing is written (no accessed or dirty bit either).
 */

#ifndef HW_I386_VTD_RANGE_SCAN_H
#define HW_I386_VTD_RANGE_SCAN_H

#include "qapi/qapi-types-rmrr-target.h"

#define VTD_SCAN_ENTRIES 512        /* of 8 bytes, in each table page */
#define VTD_SCAN_LEVELS_MIN 3
#define VTD_SCAN_LEVELS_MAX 5

/**
 * VTDScanFormat: VT-d specification (revision 4.1) chapter 9
 * @VTD_SCAN_SECOND_STAGE: 9.8. An entry is present if its read or its write
 *      bit is set; permissions are those of all levels together
 * @VTD_SCAN_FIRST_STAGE: 9.7. An entry is present if its P bit is set; one
 *      without U/S counts as not present, because no device gets through it
 */
typedef enum VTDScanFormat {
    VTD_SCAN_SECOND_STAGE,
    VTD_SCAN_FIRST_STAGE,
} VTDScanFormat;

/**
 * VTDScanTables: the tables to look at
 * @format: how entries read
 * @root: guest physical address of the top table, 4 KiB aligned
 * @levels: VTD_SCAN_LEVELS_MIN to VTD_SCAN_LEVELS_MAX; with another number
 *      nothing is mapped
 * @width: bits of an address that is translated, if that is less than the
 *      levels have
 * @address_mask: the bits of an entry that are an address, for 4 KiB
 * @reserved: for each level, bits of an entry that points to a table or maps
 *      4 KiB which have to be zero; index 0 is not used
 * @reserved_large: the same for an entry that maps a large page; only levels
 *      2 and 3 can
 */
typedef struct VTDScanTables {
    VTDScanFormat format;
    uint64_t root;
    unsigned levels;
    unsigned width;
    uint64_t address_mask;
    uint64_t reserved[VTD_SCAN_LEVELS_MAX + 1];
    uint64_t reserved_large[VTD_SCAN_LEVELS_MAX + 1];
} VTDScanTables;

/**
 * VTDScanRead: read one page of a table, at @gpa (4 KiB aligned), as it is in
 * guest memory (little endian entries); false if there is no memory
 */
typedef bool VTDScanRead(void *opaque, uint64_t gpa,
                         uint64_t table[VTD_SCAN_ENTRIES]);

/**
 * VTDScanResult: the state of a range
 * @state: of the range as a whole: RMRR_REASON_ABSENT, _PARTIAL, _IDENTITY or
 *      _FOREIGN. A page that a device could not get through is not mapped: an
 *      entry with a reserved bit set, and all below a table that cannot be read
 * @iova: first page that keeps the range from being identity mapped: the first
 *      foreign one, or else the first that is not mapped; 0 otherwise
 * @target, @readable, @writable: of a foreign page
 * @reads: how many table pages were read, those that failed included
 */
typedef struct VTDScanResult {
    RmrrReason state;
    uint64_t iova;
    uint64_t target;
    bool readable;
    bool writable;
    unsigned reads;
} VTDScanResult;

/**
 * vtd_range_scan: how the tables map [@base, @limit], in whole pages of 4 KiB
 *
 * Reads each table page that covers a part of the range once, so a table that
 * points to itself costs no more than any other; at most
 * size / 2 MiB + @levels + 1 pages or so. Stops at the first foreign page.
 */
VTDScanResult vtd_range_scan(const VTDScanTables *tables, uint64_t base,
                             uint64_t limit, VTDScanRead *read, void *opaque);

/**
 * VTDScanMap: what is known of a range, 2 MiB by 2 MiB
 *
 * So that a change of one page costs the same whatever the range's size is.
 */
typedef struct VTDScanMap VTDScanMap;

/* Nothing is known of [@base, @limit] yet; free with g_free() */
VTDScanMap *vtd_scan_map_new(uint64_t base, uint64_t limit);

/* The tables may say something new of [@base, @limit], or part of it */
void vtd_scan_map_changed(VTDScanMap *map, uint64_t base, uint64_t limit);

/**
 * vtd_scan_map_state: the range as a whole
 * @base, @limit: the range, as vtd_scan_map_new() had it
 * @tables: with another root, format, width or number of levels than before,
 *      nothing is known
 * @reads: filled in as VTDScanResult has it
 *
 * Reads the tables of what is not known, and no more than it takes: while a
 * part is known to be foreign, so is the whole.
 *
 * Returns: the state that vtd_range_scan() finds, if vtd_scan_map_changed()
 * was told of every change since the last call.
 */
RmrrReason vtd_scan_map_state(VTDScanMap *map, uint64_t base, uint64_t limit,
                              const VTDScanTables *tables, VTDScanRead *read,
                              void *opaque, unsigned *reads);

#endif
