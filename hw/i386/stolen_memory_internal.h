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
#include "hw/pci/rmrr_provider.h"
#include "qom/object.h"

/**
 * StolenMemoryState: what a migration stream says of a region
 * @base, @limit, @dsm_base: StolenRegion
 * @policy: RMRRPolicy; RMRR_POLICY__MAX where no IOMMU keeps it mapped
 * @mapped, @kept, @kept_root, @kept_id: see vtd_rmrr_save()
 */
typedef struct StolenMemoryState {
    uint64_t base;
    uint64_t limit;
    uint64_t dsm_base;
    uint8_t policy;
    bool mapped;
    bool kept;
    uint64_t kept_root;
    uint16_t kept_id;
} StolenMemoryState;

#define TYPE_STOLEN_MEMORY "stolen-memory"
OBJECT_DECLARE_SIMPLE_TYPE(StolenMemory, STOLEN_MEMORY)

/**
 * StolenMemory: one region and the memory behind it
 * @region: where
 * @mr: the memory, of exactly the region's size; owned by this object, so
 *      that whoever uses the memory keeps both
 * @memory: what rmrr_provider_plug_memory() was given; NULL if it is RAM
 * @pdev: the device it belongs to; NULL while only the early scan has asked
 * @mapped: the device was behind the IOMMU when it realized
 * @state: used while state is saved or loaded
 * @ecam_reported: an MMCONFIG over it was complained about
 * @bars_reported: how many BARs over it were complained about
 */
struct StolenMemory {
    Object parent_obj;
    StolenRegion region;
    MemoryRegion mr;
    void *memory;
    PCIDevice *pdev;
    bool mapped;
    StolenMemoryState state;
    bool ecam_reported;
    unsigned bars_reported;
};

/**
 * stolen_memory_all: every region in place
 *
 * Returns: (element-type StolenMemory) never NULL, owned by stolen_memory.c.
 */
GPtrArray *stolen_memory_all(void);

/**
 * stolen_memory_overlapping: a region in place that overlaps @region
 * @claimed: one that belongs to a device, or one that does not
 *
 * Returns: NULL if there is none.
 */
StolenMemory *stolen_memory_overlapping(const StolenRegion *region,
                                        bool claimed);

/**
 * stolen_memory_check: whether a region can be placed, and why not
 * @pdev: the device that is being realized
 * @region: where it wants its memory
 * @errp: as rmrr_provider_plug() has it
 *
 * Changes nothing.
 */
bool stolen_memory_check(PCIDevice *pdev, const StolenRegion *region,
                         Error **errp);

/**
 * stolen_memory_reset_register: have all regions cleared at machine reset,
 * unless rmrr_provider_keeps_contents(); to be called once
 */
void stolen_memory_reset_register(void);

/**
 * stolen_memory_register_state: make a claimed region part of a migration
 * stream, under its device's name; stolen_memory_unregister_state undoes it
 */
void stolen_memory_register_state(StolenMemory *sm);
void stolen_memory_unregister_state(StolenMemory *sm);

#endif
