/*
 * Stolen memory behind the emulated VT-d: shared state
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_I386_INTEL_IOMMU_RMRR_INTERNAL_H
#define HW_I386_INTEL_IOMMU_RMRR_INTERNAL_H

#include "intel_iommu_rmrr.h"
#include "vtd_range_scan.h"

/**
 * VTDRmrrMapping: one region in one device's address space
 * @as: the address space
 * @pdev: the device whose region it is
 * @base, @limit: the region
 * @memory: alias of the region's memory, in @as->root; enabled while the
 *      machine keeps the region mapped
 * @tables: alias of @as->iommu below it, never merged with its neighbours, so
 *      that switching @memory on or off changes the view inside the region
 *      and nowhere else
 * @nothing: below both, and above system memory; enabled while the host could
 *      not map the region, so that its return is a change of the view
 * @reason: why @memory is enabled, or is not
 * @failed: a listener could not map it; the switch that did it undoes it
 * @went_off: @memory was disabled in the transaction under way
 * @seen: what was seen of it in the tables
 * @view, @kept: see rmrr_policy.h
 * @complaining: the tables are foreign, and a guest error is logged of that
 * @complaints: how many of them were logged
 * @stats: see VTDRmrrStats
 *
 * All of it under the BQL.
 */
struct VTDRmrrMapping {
    struct rcu_head rcu;
    VTDAddressSpace *as;
    PCIDevice *pdev;
    hwaddr base;
    hwaddr limit;
    MemoryRegion memory;
    MemoryRegion tables;
    MemoryRegion nothing;
    RMRRReason reason;
    bool failed;
    bool went_off;
    VTDScanMap *seen;
    RMRRView view;
    RMRRKept kept;
    bool complaining;
    unsigned complaints;
    VTDRmrrStats stats;
};

/**
 * vtd_rmrr_mappings: every mapping there is
 *
 * Returns: (element-type VTDRmrrMapping) never NULL, owned by
 * intel_iommu_rmrr.c.
 */
GPtrArray *vtd_rmrr_mappings(void);

/**
 * vtd_rmrr_set_windows: make @as->rmrr say what is mapped now
 */
void vtd_rmrr_set_windows(VTDAddressSpace *as);

/**
 * vtd_rmrr_forget_range: forget known mappings in [@base, @limit]
 *
 * Nodes of @as->iova_tree that reach beyond it keep the part outside.
 */
void vtd_rmrr_forget_range(VTDAddressSpace *as, hwaddr base, hwaddr limit);

/**
 * vtd_rmrr_evaluate: look at all that the guest's tables say of the region,
 * and map it, or not
 * @m: the mapping
 * @may_return: the device's other mappings are gone, or nobody has any
 */
void vtd_rmrr_evaluate(VTDRmrrMapping *m, bool may_return);

#endif
