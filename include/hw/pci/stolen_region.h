/*
 * A range of guest physical memory that a device needs at a given place
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: stdint only.
 */

#ifndef HW_PCI_STOLEN_REGION_H
#define HW_PCI_STOLEN_REGION_H

#include <stdbool.h>
#include <stdint.h>

/* Stolen memory comes in units of 1 MiB (BDSM bits 31:20). */
#define STOLEN_ALIGN 0x100000ULL

/* It ends at or below this address. */
#define STOLEN_4G_LIMIT 0xffffffffULL

/* Firmware and the ISA hole live below; no region may begin there. */
#define STOLEN_MIN_BASE 0x1000000ULL

/* I/O APIC, HPET, VT-d, local APIC and flash: fixed on every PC machine. */
#define STOLEN_CHIPSET_BASE 0xfec00000ULL

/**
 * StolenRegion: an Intel IGD's stolen memory, GSM and DSM together
 * @base: first byte (BGSM), 1 MiB aligned
 * @limit: last byte, inclusive; @limit + 1 is 1 MiB aligned
 * @dsm_base: first byte of the data stolen memory (BDSM),
 *      @base <= @dsm_base <= @limit; the GSM is [@base, @dsm_base - 1] and is
 *      empty when the two are equal
 *
 * The same range is reserved in E820, published as the RMRR and mapped at
 * IOVA = GPA: nothing widens, rounds or merges it.
 */
typedef struct StolenRegion {
    uint64_t base;
    uint64_t limit;
    uint64_t dsm_base;
} StolenRegion;

static inline uint64_t stolen_region_size(const StolenRegion *region)
{
    return region->limit - region->base + 1;
}

/* Whether the region is [@base, @limit], no more and no less */
static inline bool stolen_region_is(const StolenRegion *region, uint64_t base,
                                    uint64_t limit)
{
    return region->base == base && region->limit == limit;
}

/* Whether any byte of [@base, @limit] is in the region */
static inline bool stolen_region_overlaps(const StolenRegion *region,
                                          uint64_t base, uint64_t limit)
{
    return region->base <= limit && base <= region->limit;
}

#endif
