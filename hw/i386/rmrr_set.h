/*
 * A set of reserved memory regions to report in the DMAR table
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: the invariant is kept by rmrr_set_add(), rmrr_dmar.c relies on it.
 */

#ifndef HW_I386_RMRR_SET_H
#define HW_I386_RMRR_SET_H

#include <glib.h>

/* VT-d specification 8.3.1: scope entry types that an RMRR may have */
#define RMRR_SCOPE_ENDPOINT 1
#define RMRR_SCOPE_BRIDGE 2

/* What the 8-bit length of a scope entry, 6 + 2 * hops, can say */
#define RMRR_MAX_HOPS 124

/**
 * RMRRHop: one step of a PCI path
 * @device: PCI device number, 0 to 31
 * @function: PCI function number, 0 to 7
 */
typedef struct RMRRHop {
    uint8_t device;
    uint8_t function;
} RMRRHop;

/**
 * RMRREntry: one region and the device it is for
 * @name: the device, for messages; not owned
 * @segment: PCI segment
 * @base: first byte of the region
 * @limit: its last byte, inclusive
 * @scope_type: RMRR_SCOPE_ENDPOINT or RMRR_SCOPE_BRIDGE
 * @start_bus: number of the root bus the path begins on
 * @nr_hops: length of @path, 1 to RMRR_MAX_HOPS
 * @path: from the root bus to the device
 */
typedef struct RMRREntry {
    const char *name;
    uint16_t segment;
    uint64_t base;
    uint64_t limit;
    uint8_t scope_type;
    uint8_t start_bus;
    uint8_t nr_hops;
    RMRRHop path[RMRR_MAX_HOPS];
} RMRREntry;

/**
 * RMRRLimits: where no region may be
 * @aw_bits: the IOMMU's address width; nothing at or above 2^aw_bits
 * @tseg_base: first byte of the memory that SMM may take, at its largest
 * @tseg_limit: its last byte; below @tseg_base when there is none
 */
typedef struct RMRRLimits {
    uint8_t aw_bits;
    uint64_t tseg_base;
    uint64_t tseg_limit;
} RMRRLimits;

typedef enum RMRRStatus {
    RMRR_OK,
    RMRR_EMPTY,             /* limit below base: empty or wrapping */
    RMRR_UNALIGNED,         /* base or limit + 1 is not 4 KiB aligned */
    RMRR_BELOW_1M,
    RMRR_ABOVE_ADDRESS_WIDTH,
    RMRR_INTERRUPT_RANGE,   /* overlaps fee00000-feefffff */
    RMRR_TSEG,
    RMRR_OVERLAP,           /* with another entry of the set */
    RMRR_BAD_PATH,          /* no hops, too many, or numbers out of range */
} RMRRStatus;

/**
 * rmrr_set_new: an empty set
 *
 * Returns: (element-type RMRREntry) free with g_array_unref().
 */
GArray *rmrr_set_new(void);

/**
 * rmrr_set_add: validate an entry and put it in its place
 * @set: sorted by segment and base, no two entries of a segment overlap
 * @entry: copied, unless refused
 * @limits: of the IOMMU the device is behind
 * @other: with RMRR_OVERLAP, the index of the entry it overlaps; may be NULL
 *
 * Returns: RMRR_OK, or why @set was left unchanged.
 */
RMRRStatus rmrr_set_add(GArray *set, const RMRREntry *entry,
                        const RMRRLimits *limits, unsigned *other);

/**
 * rmrr_status_text: what a status means, to complete "the region ..."
 *
 * Returns: a static string.
 */
const char *rmrr_status_text(RMRRStatus status);

#endif
