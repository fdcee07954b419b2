/*
 * Stolen memory behind the emulated VT-d: published and kept mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_I386_INTEL_IOMMU_RMRR_H
#define HW_I386_INTEL_IOMMU_RMRR_H

#include "hw/pci/reserved_region_provider.h"
#include "hw/i386/intel_iommu.h"
#include "qemu/rcu.h"
#include CONFIG_DEVICES

/**
 * VTDRmrrWindows: the holes in one device's translated address space, in
 * VTDAddressSpace.rmrr
 * @nr: how many
 * @window: first and last byte of each, never two that overlap
 *
 * NULL, as it is for nearly every device, means none. Read under RCU
 * (translations run without the BQL), replaced as a whole under the BQL.
 */
struct VTDRmrrWindows {
    struct rcu_head rcu;
    unsigned nr;
    struct {
        hwaddr base;
        hwaddr limit;
    } window[];
};

#ifdef CONFIG_VTD

/**
 * vtd_rmrr_iommu: the machine's intel-iommu
 *
 * Returns: NULL if it has none.
 */
IntelIOMMUState *vtd_rmrr_iommu(void);

/**
 * vtd_rmrr_find_as: the address space that a device's DMA goes through
 *
 * Returns: NULL if the device is not behind @s.
 */
VTDAddressSpace *vtd_rmrr_find_as(IntelIOMMUState *s, PCIDevice *pdev);

/**
 * vtd_rmrr_check: whether a region can be published and kept mapped
 * @pdev: the device it is for
 * @region: the region
 * @errp: names the device, the value, the limit and the option
 *
 * Fine when the machine has no IOMMU at all: then there is nothing to do.
 *
 * Returns: true, or false with @errp set.
 */
bool vtd_rmrr_check(PCIDevice *pdev, const StolenRegion *region,
                    Error **errp);

/**
 * vtd_rmrr_map: keep @mr mapped at IOVA = GPA in a device's address space
 * @pdev: the device; vtd_rmrr_check() has passed
 * @region: the region
 * @mr: the memory, of the region's size
 *
 * Does nothing if it is mapped already or there is no IOMMU (yet).
 *
 * Returns: true if it is mapped now.
 */
bool vtd_rmrr_map(PCIDevice *pdev, const StolenRegion *region,
                  MemoryRegion *mr);

/**
 * vtd_rmrr_unmap: undo vtd_rmrr_map()
 * @mr: the memory; nothing happens if it is not mapped anywhere
 *
 * The device may be off its bus already.
 */
void vtd_rmrr_unmap(const MemoryRegion *mr);

/**
 * vtd_rmrr_build_dmar: append the RMRR structures of all devices
 * @table: the DMAR table, after its DRHD
 * @s: the IOMMU
 */
void vtd_rmrr_build_dmar(GArray *table, IntelIOMMUState *s);

/**
 * vtd_rmrr_hides: whether no notifier can ever want [@iova, @iova + @mask]
 * @as: the device's address space
 * @iova: first byte, @mask: size - 1
 *
 * Returns: true if the range is wholly inside a window.
 */
bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask);

/**
 * vtd_rmrr_shrink: make a translation stop at the edge of a window, and of
 * the interrupt range
 * @as: the device's address space
 * @addr: the address that was translated, outside all of these
 * @entry: a successful translation; addr_mask is halved until the range
 *      touches no window, iova and translated_addr follow
 */
void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry);

/**
 * vtd_rmrr_forget: forget known mappings before a replay for one notifier
 * @as: the device's address space
 * @n: the notifier
 *
 * Nodes of the tree that reach beyond the notifier's range keep the part
 * that is outside: another notifier still has that mapped.
 */
void vtd_rmrr_forget(VTDAddressSpace *as, const IOMMUNotifier *n);

#else

static inline bool vtd_rmrr_check(PCIDevice *pdev, const StolenRegion *region,
                                  Error **errp)
{
    return true;
}

static inline bool vtd_rmrr_map(PCIDevice *pdev, const StolenRegion *region,
                                MemoryRegion *mr)
{
    return false;
}

static inline void vtd_rmrr_unmap(const MemoryRegion *mr)
{
}

static inline void vtd_rmrr_build_dmar(GArray *table, IntelIOMMUState *s)
{
}

#endif /* CONFIG_VTD */
#endif
