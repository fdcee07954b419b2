/*
 * Reserved regions behind the emulated VT-d: kept mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * It is handed a device and its region, and knows nobody who hands it one.
 */

#ifndef HW_I386_INTEL_IOMMU_RMRR_H
#define HW_I386_INTEL_IOMMU_RMRR_H

#include "hw/igd-rmrr-compat.h"
#include "hw/i386/intel_iommu.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/stolen_region.h"
#include "qom/object.h"
#include "system/dma.h"
#include "rmrr_policy.h"
#include "vtd_range_scan.h"
#include CONFIG_DEVICES

#define TYPE_VTD_RMRR "vtd-rmrr"
OBJECT_DECLARE_SIMPLE_TYPE(VTDRmrrMapping, VTD_RMRR)

/**
 * VTDRmrrMapping: one region in one device's address space
 * @in_as: in VTDAddressSpace.rmrr, which is read under RCU (translations run
 *      without the BQL); empty, as for nearly every device: it has no region
 * @in_iommu: in IntelIOMMUState.rmrr
 * @region, @mr: the region, in its owner's entry, and its memory, which keeps
 *      that
 * @window: in @as->root, above the containers that the guest switches. No
 *      access to itself succeeds. It has, from below:
 * @tables: alias of @as->iommu, never merged with its neighbours, so that
 *      switching @memory changes the view inside the region only
 * @memory: alias of @mr; enabled while the machine keeps the region mapped
 * @reason: why @memory is enabled, or is not
 * @map_err: a listener could not map it; the switch that did it undoes it
 * @went_off: @memory was disabled in the transaction under way
 * @seen: the state of the tables, as far as it is known
 * @view, @kept: see rmrr_policy.h
 * @foreign, @foreign_logged: a guest error is logged of the tables as they
 *      are; how many of these were
 * @scans, @table_reads: how often the guest's tables were read; pages of them
 * @switches: how often the region became mapped or ceased to be
 * @failures: how often the host could not map it when it was to come back
 *
 * Changed under the BQL; @reason and @region are read without.
 */
struct VTDRmrrMapping {
    Object parent_obj;
    struct rcu_head rcu;
    QLIST_ENTRY(VTDRmrrMapping) in_as;
    QLIST_ENTRY(VTDRmrrMapping) in_iommu;
    VTDAddressSpace *as;
    PCIDevice *pdev;
    const StolenRegion *region;
    MemoryRegion *mr;
    MemoryRegion window;
    MemoryRegion tables;
    MemoryRegion memory;
    RmrrReason reason;
    Error *map_err;
    bool went_off;
    VTDScanMap *seen;
    RMRRView view;
    RMRRKept kept;
    bool foreign;
    unsigned foreign_logged;
    uint64_t scans;
    uint64_t table_reads;
    uint64_t switches;
    uint64_t failures;
};

/* For vtd_rmrr_iotlb_changed() */
#define VTD_RMRR_ANY_DOMAIN (-1)

/* Returns: the machine's intel-iommu; NULL if it has none */
static inline IntelIOMMUState *vtd_rmrr_iommu(void)
{
    return (IntelIOMMUState *)
        object_dynamic_cast(OBJECT(x86_iommu_get_default()),
                            TYPE_INTEL_IOMMU_DEVICE);
}

#ifdef CONFIG_VTD

/*
 * Of intel_iommu.c: where a device's tables are, and whose, as far as there are
 * any: else @view says why not, and false is returned
 */
bool vtd_rmrr_find_tables(VTDAddressSpace *as, VTDScanTables *tables,
                          RMRRView *view);

/* The option intel-iommu,rmrr-policy=, an int that holds an RmrrPolicy */
extern const PropertyInfo vtd_rmrr_policy_info;
#define DEFINE_PROP_RMRR_POLICY(_name, _state, _field) \
    DEFINE_PROP_SIGNED(_name, _state, _field, RMRR_POLICY_KEEP, \
                       vtd_rmrr_policy_info, int)

/*
 * Returns: the address space of a device's DMA, on a machine with an
 * intel-iommu; NULL if the device is not behind it
 */
VTDAddressSpace *vtd_rmrr_find_as(PCIDevice *pdev);

/**
 * vtd_rmrr_problem: whether an IOMMU can report and keep mapped a region
 *
 * Returns: NULL, or a static string to complete "the region ...".
 */
const char *vtd_rmrr_problem(IntelIOMMUState *s, PCIDevice *pdev,
                             const StolenRegion *region);

/**
 * vtd_rmrr_map: keep @mr mapped at IOVA = GPA in a device's address space
 * @pdev: the device; vtd_rmrr_problem() has none with it
 * @region: the region; as long-lived as @mr
 * @mr: the memory, of the region's size
 *
 * Returns: NULL if there is no IOMMU (yet).
 */
VTDRmrrMapping *vtd_rmrr_map(PCIDevice *pdev, const StolenRegion *region,
                             MemoryRegion *mr);

/* Undoes vtd_rmrr_map(); of NULL, nothing. The device may be off its bus. */
void vtd_rmrr_unmap(VTDRmrrMapping *m);

/**
 * vtd_rmrr_load: carry on with the contents of a migration stream
 * @mapped: it is kept mapped; afterwards only if the guest's tables agree, too
 * @kept: the record for `keep`
 */
void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped, const RMRRKept *kept);

/**
 * vtd_rmrr_switched: the view of a device is another from now on
 * @as: its map notifiers have nothing mapped, or will be synchronized
 *
 * Ends the memory transaction that the switch is in, with the device's regions
 * in it. It must be the outermost one: a listener has to have failed by then.
 */
void vtd_rmrr_switched(VTDAddressSpace *as);

/**
 * vtd_rmrr_iotlb_changed: the guest has invalidated IOTLB entries
 * @s: its own cache is clean already, its notifiers are not told
 * @domain_id: of which domain, or VTD_RMRR_ANY_DOMAIN
 * @base, @size: which addresses; 0 and 0 means every address
 */
void vtd_rmrr_iotlb_changed(IntelIOMMUState *s, int domain_id, hwaddr base,
                            hwaddr size);

/* Whether [@iova, @iova + @mask] is inside a region that is kept mapped */
bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask);

/* A translation of @addr, outside regions kept mapped, ends at their edge */
void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry);

#else

static inline VTDAddressSpace *vtd_rmrr_find_as(PCIDevice *pdev)
{
    return NULL;
}

static inline const char *vtd_rmrr_problem(IntelIOMMUState *s, PCIDevice *pdev,
                                           const StolenRegion *region)
{
    return NULL;
}

static inline VTDRmrrMapping *vtd_rmrr_map(PCIDevice *pdev,
                                           const StolenRegion *region,
                                           MemoryRegion *mr)
{
    return NULL;
}

static inline void vtd_rmrr_unmap(VTDRmrrMapping *m)
{
}

static inline void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped,
                                 const RMRRKept *kept)
{
}

#endif /* CONFIG_VTD */
#endif
