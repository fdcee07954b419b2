/*
 * Stolen memory of assigned IGDs on the PC machines: shared state
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_I386_STOLEN_MEMORY_INTERNAL_H
#define HW_I386_STOLEN_MEMORY_INTERNAL_H

#include "hw/i386/stolen_memory.h"
#include "hw/pci/reserved_region_provider.h"
#include "qemu/rcu.h"

/**
 * StolenMemory: one region and the memory behind it
 * @region: where
 * @mr: the memory, of exactly the region's size
 * @pdev: the device it belongs to; NULL while only the early scan has asked
 * @mapped: the device was behind the IOMMU when it realized
 * @ecam_base: of the MMCONFIG that was last complained about, 0 for none
 */
typedef struct StolenMemory {
    struct rcu_head rcu;
    StolenRegion region;
    MemoryRegion mr;
    PCIDevice *pdev;
    bool mapped;
    uint64_t ecam_base;
} StolenMemory;

/**
 * stolen_memory_all: every region in place
 *
 * Returns: (element-type StolenMemory) never NULL, owned by stolen_memory.c.
 */
GPtrArray *stolen_memory_all(void);

/**
 * stolen_memory_overlapping: a region in place that overlaps @region
 *
 * Returns: NULL if there is none.
 */
StolenMemory *stolen_memory_overlapping(const StolenRegion *region);

/**
 * stolen_memory_check: whether a region can be placed, and why not
 * @pdev: the device that is being realized
 * @region: where it wants its memory
 * @errp: as reserved_region_plug() has it
 *
 * Changes nothing.
 */
bool stolen_memory_check(PCIDevice *pdev, const StolenRegion *region,
                         Error **errp);

#endif
