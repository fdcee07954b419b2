/*
 * Stolen memory of assigned IGDs on the PC machines
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device's side of it is in hw/pci/rmrr_provider.h.
 */

#ifndef HW_I386_STOLEN_MEMORY_H
#define HW_I386_STOLEN_MEMORY_H

#include "hw/acpi/aml-build.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/pci/rmrr_provider.h"
#include "intel_iommu_rmrr.h"

#define TYPE_STOLEN_MEMORY "stolen-memory"
OBJECT_DECLARE_SIMPLE_TYPE(StolenMemory, STOLEN_MEMORY)

/**
 * StolenMemory: one region and the memory behind it
 * @region: the one place that says where it is
 * @mr: the memory; owned by this object, so that whoever uses the memory keeps
 *      both
 * @memory: what rmrr_provider_plug() was given; NULL if it is RAM
 * @pdev: the device it belongs to; NULL while only the early scan has asked
 * @mapping: how the IOMMU maps it for @pdev; NULL without an IOMMU
 * @blocker: of migration, with @memory
 * @sent, @policy, @mapped, @kept: for a migration stream; see vtd_rmrr_load()
 * @ecam_reported, @bars_reported: how many MMCONFIGs and BARs over it were
 */
struct StolenMemory {
    Object parent_obj;
    StolenRegion region;
    MemoryRegion mr;
    void *memory;
    PCIDevice *pdev;
    VTDRmrrMapping *mapping;
    Error *blocker;
    StolenRegion sent;
    uint8_t policy;
    bool mapped;
    RMRRKept kept;
    unsigned ecam_reported;
    unsigned bars_reported;
};

/* (element-type StolenMemory): the regions that the machine has placed */
GSList *stolen_memory_all(void);

/**
 * StolenMemoryUser: a device and its region
 * @sm: NULL if guest firmware has placed the region in guest RAM
 */
typedef struct StolenMemoryUser {
    PCIDevice *pdev;
    StolenRegion region;
    StolenMemory *sm;
} StolenMemoryUser;

/**
 * stolen_memory_users: every region of a realized device: those that the
 * machine has placed, then those that guest firmware has
 *
 * Returns: (element-type StolenMemoryUser) free with g_array_unref().
 */
GArray *stolen_memory_users(void);

/**
 * stolen_memory_low_ram: end low RAM below the stolen memory of the devices
 * on the command line, and put the memory itself in place
 * @machine: a PC machine that is being initialized
 * @low_ram_size: bytes of RAM the machine would put below 4 GiB
 *
 * Returns: the new size of low RAM, at most @low_ram_size.
 */
uint64_t stolen_memory_low_ram(MachineState *machine, uint64_t low_ram_size);

/**
 * stolen_memory_build_dsdt: keep the OS from placing a BAR on stolen memory:
 * name it by a motherboard resource device (PNP0C02) and exclude it from the
 * host bridge's _CRS; report BARs and the MMCONFIG that are there already
 * @used: (element-type CrsRangeEntry) ranges below 4 GiB to exclude from the
 *      _CRS; the regions are added
 * @pci_hole: _CRS is cut out of it
 */
void stolen_memory_build_dsdt(Aml *dsdt, GPtrArray *used, Range *pci_hole);

/* Appends an RMRR structure for each region to the DMAR, after its DRHD. */
void stolen_memory_build_rmrr(GArray *dmar, IntelIOMMUState *s);

#endif
