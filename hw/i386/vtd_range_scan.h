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

#include <stdbool.h>
#include <stdint.h>

#define VTD_SCAN_ENTRIES 512        /* of 8 bytes, in each table page */
#define VTD_SCAN_LEVELS_MIN 3
#define VTD_SCAN_LEVELS_MAX 5

/**
 * VTDScanFormat: VT-d specification (revision 4.1) chapter 9
 * @VTD_SCAN_SECOND_STAGE: 9.8. An entry is present if its read or its write
 *      bit is set; permissions are those of all levels together
 * @VTD_SCAN_FIRST_STAGE: 9.7. An entry is present if its P bit is set; one
 *      without U/S stops every device there is, as no entry does
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
 * VTDScanRead: read one page of a table
 * @opaque: as given to vtd_range_scan()
 * @gpa: guest physical address, 4 KiB aligned
 * @table: filled in with the page's bytes as they are in guest memory (little
 *      endian entries)
 *
 * Returns: false if there is no memory to read there.
 */
typedef bool VTDScanRead(void *opaque, uint64_t gpa,
                         uint64_t table[VTD_SCAN_ENTRIES]);

/**
 * VTDScanState: the range as a whole
 * @VTD_SCAN_ABSENT: no page of it is mapped
 * @VTD_SCAN_PARTIAL: some pages are mapped, all of these to themselves and
 *      for reading and writing; the others are not mapped
 * @VTD_SCAN_IDENTITY: every page is mapped to itself, for reading and writing
 * @VTD_SCAN_FOREIGN: a page is mapped to another address, or not for reading
 *      and writing both
 *
 * What no device could get through is not mapped: an entry with a reserved
 * bit set, and all below a table that cannot be read.
 */
typedef enum VTDScanState {
    VTD_SCAN_ABSENT,
    VTD_SCAN_PARTIAL,
    VTD_SCAN_IDENTITY,
    VTD_SCAN_FOREIGN,
} VTDScanState;

/**
 * VTDScanResult: the answer
 * @state: of the range
 * @iova: first page that keeps the range from being identity mapped: with
 *      VTD_SCAN_FOREIGN the first foreign page, with VTD_SCAN_PARTIAL and
 *      VTD_SCAN_ABSENT the first one that is not mapped; 0 otherwise
 * @target: with VTD_SCAN_FOREIGN, where that page is mapped to
 * @readable, @writable: with VTD_SCAN_FOREIGN, that page's permissions
 * @reads: how many table pages were read, those that failed included
 */
typedef struct VTDScanResult {
    VTDScanState state;
    uint64_t iova;
    uint64_t target;
    bool readable;
    bool writable;
    unsigned reads;
} VTDScanResult;

/**
 * vtd_range_scan: look at how the tables map [@base, @limit]
 * @tables: the tables
 * @base: first byte, 4 KiB aligned
 * @limit: last byte, inclusive; @limit + 1 is 4 KiB aligned
 * @read: reads a table page
 * @opaque: for @read
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

/**
 * vtd_scan_map_new: nothing is known yet
 * @base, @limit: the range, as vtd_range_scan() has it
 */
VTDScanMap *vtd_scan_map_new(uint64_t base, uint64_t limit);
void vtd_scan_map_free(VTDScanMap *map);

/**
 * vtd_scan_map_changed: the tables may say something new of [@base, @limit]
 *
 * Whatever of it is outside of the map's range does not matter.
 */
void vtd_scan_map_changed(VTDScanMap *map, uint64_t base, uint64_t limit);

/**
 * vtd_scan_map_state: the range as a whole
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
VTDScanState vtd_scan_map_state(VTDScanMap *map, const VTDScanTables *tables,
                                VTDScanRead *read, void *opaque,
                                unsigned *reads);

#endif
