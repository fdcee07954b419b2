/*
 * Stolen memory behind the emulated VT-d: published and kept mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_I386_INTEL_IOMMU_RMRR_H
#define HW_I386_INTEL_IOMMU_RMRR_H

#include "hw/pci/rmrr_provider.h"
#include "hw/i386/intel_iommu.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "system/dma.h"
#include "rmrr_policy.h"
#include CONFIG_DEVICES

typedef struct VTDRmrrMapping VTDRmrrMapping;

/**
 * VTDRmrrWindows: the holes in one device's translated address space, in
 * VTDAddressSpace.rmrr
 * @nr: how many there are now: a region that is not kept mapped at present is
 *      none, so it can be 0
 * @window: first and last byte of each, never two that overlap, and the
 *      mapping (only under the BQL)
 *
 * NULL, as it is for nearly every device, means that the device has no
 * region. Read under RCU (translations run without the BQL), replaced as a
 * whole under the BQL.
 */
struct VTDRmrrWindows {
    struct rcu_head rcu;
    unsigned nr;
    struct {
        hwaddr base;
        hwaddr limit;
        VTDRmrrMapping *mapping;
    } window[];
};

/**
 * VTDRmrrStats: what happened to one mapping since it was made
 * @scans: how often the guest's tables were looked at
 * @table_reads: pages of tables read for it
 * @switches: how often the region became mapped or ceased to be
 * @failures: how often the host could not map it when it was to come back
 * @clipped: events of the guest's tables that were cut at an edge of the
 *      region or withheld because they were inside
 * @invalidations: IOTLB invalidations that touched the region in its domain
 * @invalidations_outside: those that did not touch it, at the cost of a
 *      comparison
 */
typedef struct VTDRmrrStats {
    uint64_t scans;
    uint64_t table_reads;
    uint64_t switches;
    uint64_t failures;
    uint64_t clipped;
    uint64_t invalidations;
    uint64_t invalidations_outside;
} VTDRmrrStats;

/* For vtd_rmrr_iotlb_changed() */
#define VTD_RMRR_ANY_DOMAIN (-1)

#ifdef CONFIG_VTD

/**
 * VTDRmrrCore: functions of intel_iommu.c that ours call
 * @context_entry: reads and checks a device's context entry, in scalable mode
 *      its PASID entry too; 0 on success
 * @pass_through: whether it says pass-through
 * @tables_root, @tables_level, @tables_width, @domain_id: what it says of the
 *      tables
 * @switch_address_space: make the device's view agree with it
 * @sync: tell the map notifiers all that changed in the tables
 * @unmap: tell a notifier that nothing is mapped, and forget what was
 */
typedef struct VTDRmrrCore {
    int (*context_entry)(IntelIOMMUState *s, uint8_t bus_num, uint8_t devfn,
                         VTDContextEntry *ce);
    bool (*pass_through)(IntelIOMMUState *s, VTDContextEntry *ce,
                         uint32_t pasid);
    dma_addr_t (*tables_root)(IntelIOMMUState *s, VTDContextEntry *ce,
                              uint32_t pasid);
    uint32_t (*tables_level)(IntelIOMMUState *s, VTDContextEntry *ce,
                             uint32_t pasid);
    uint32_t (*tables_width)(IntelIOMMUState *s, VTDContextEntry *ce,
                             uint32_t pasid);
    uint16_t (*domain_id)(IntelIOMMUState *s, VTDContextEntry *ce,
                          uint32_t pasid);
    bool (*switch_address_space)(VTDAddressSpace *as);
    int (*sync)(VTDAddressSpace *as);
    void (*unmap)(VTDAddressSpace *as, IOMMUNotifier *n);
} VTDRmrrCore;

/* Defined in intel_iommu.c */
extern const VTDRmrrCore vtd_rmrr_core;

/* The option intel-iommu,rmrr-policy=, a uint8_t that holds an RMRRPolicy */
extern const PropertyInfo vtd_rmrr_policy_info;
#define DEFINE_PROP_RMRR_POLICY(_name, _state, _field) \
    DEFINE_PROP_UNSIGNED(_name, _state, _field, RMRR_POLICY_KEEP, \
                         vtd_rmrr_policy_info, uint8_t)

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
 * vtd_rmrr_mapping: how a region is mapped
 * @mr: its memory
 *
 * Returns: NULL if no device behind the IOMMU has it.
 */
VTDRmrrMapping *vtd_rmrr_mapping(const MemoryRegion *mr);

/**
 * vtd_rmrr_map_failed: a listener of the device's address space could not map
 * a region at run time
 * @as: the address space the listener listens to
 * @mr: what it could not map
 * @err: why; taken over on success
 *
 * The region will not be kept mapped, once the change of the view that is
 * under way is complete.
 *
 * Returns: false if it is no business of ours.
 */
bool vtd_rmrr_map_failed(const AddressSpace *as, const MemoryRegion *mr,
                         Error *err);

/**
 * vtd_rmrr_switch_begin: look at a device's tables before its view is switched
 * vtd_rmrr_switch_end: the view has been switched
 * @as: the device's address space
 *
 * In between, one transaction. Its map notifiers have nothing mapped, or will
 * be synchronized afterwards. Both do nothing for a device without a region.
 */
void vtd_rmrr_switch_begin(VTDAddressSpace *as);
void vtd_rmrr_switch_end(VTDAddressSpace *as);

/**
 * vtd_rmrr_iotlb_changed: the guest has invalidated IOTLB entries
 * @s: the IOMMU; its own cache is clean already, its notifiers are not told
 * @domain_id: of which domain, or VTD_RMRR_ANY_DOMAIN
 * @base: first address
 * @size: bytes; 0 with @base 0 means every address
 */
void vtd_rmrr_iotlb_changed(IntelIOMMUState *s, int domain_id, hwaddr base,
                            hwaddr size);

/**
 * vtd_rmrr_pasid_changed: the guest has invalidated the PASID cache
 *
 * QEMU itself does nothing then; for devices with a region the view is
 * switched and the tables are read anew.
 */
void vtd_rmrr_pasid_changed(IntelIOMMUState *s);

/**
 * vtd_rmrr_table_rw: read or write a part of the guest's tables
 * @dir: DMA_DIRECTION_TO_DEVICE to read
 *
 * Fails where there is no memory: a pointer into a device must not become an
 * access to its registers, with the IOMMU's lock held. CXL memory is behind a
 * device's handlers, and memory for all that.
 */
MemTxResult vtd_rmrr_table_rw(hwaddr addr, void *buf, hwaddr len,
                              DMADirection dir);

/**
 * vtd_rmrr_table_lock: take the BQL, if tables may be in CXL memory
 *
 * Its handlers need it, and it may not be taken after the IOMMU's lock.
 *
 * Returns: to be freed with g_autoptr(BQLLockAuto), which gives it back.
 */
BQLLockAuto *vtd_rmrr_table_lock(void);

/**
 * vtd_rmrr_describe: present state of a mapping
 * @m: the mapping
 * @reason: why it is or is not kept mapped
 * @stats: what happened to it
 * @sid: bus, device and function that the IOMMU knows the device by
 */
void vtd_rmrr_describe(const VTDRmrrMapping *m, RMRRReason *reason,
                       VTDRmrrStats *stats, uint16_t *sid);

/**
 * vtd_rmrr_save, vtd_rmrr_load: what migration has to carry for a mapping
 * @m: the mapping
 * @mapped: it is kept mapped. On load it is so afterwards only if the guest's
 *      tables agree as well
 * @kept: what `keep` has to keep
 */
void vtd_rmrr_save(const VTDRmrrMapping *m, bool *mapped, RMRRKept *kept);
void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped, const RMRRKept *kept);

/**
 * vtd_rmrr_build_dmar: append the RMRR structures of all devices
 * @table: the DMAR table, after its DRHD
 * @s: the IOMMU
 */
void vtd_rmrr_build_dmar(GArray *table, IntelIOMMUState *s);

/**
 * vtd_rmrr_hides: whether no notifier can want [@iova, @iova + @mask] now
 * @as: the device's address space
 * @iova: first byte, @mask: size - 1
 *
 * Counts the event where it touches a window; under the BQL.
 *
 * Returns: true if the range is wholly inside a window.
 */
bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask);

/**
 * vtd_rmrr_shrink: make a translation stop at the edge of a window
 * @as: the device's address space
 * @addr: the address that was translated, outside all windows
 * @entry: a successful translation; addr_mask is halved until the range
 *      touches no window, iova and translated_addr follow
 */
void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry);

/**
 * vtd_rmrr_replay_begin: forget known mappings before a replay for a notifier
 * vtd_rmrr_replay_end: the replay is over
 * @as: the device's address space
 * @n: the notifier
 * @kept: what vtd_rmrr_replay_begin() returned; taken over
 *
 * A page that reaches beyond the notifier's range is known, outside of it, as
 * it was before: the notifiers there have heard nothing.
 */
GArray *vtd_rmrr_replay_begin(VTDAddressSpace *as, const IOMMUNotifier *n);
void vtd_rmrr_replay_end(VTDAddressSpace *as, const IOMMUNotifier *n,
                         GArray *kept);

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

static inline VTDRmrrMapping *vtd_rmrr_mapping(const MemoryRegion *mr)
{
    return NULL;
}

static inline bool vtd_rmrr_map_failed(const AddressSpace *as,
                                       const MemoryRegion *mr, Error *err)
{
    return false;
}

static inline void vtd_rmrr_describe(const VTDRmrrMapping *m,
                                     RMRRReason *reason, VTDRmrrStats *stats,
                                     uint16_t *sid)
{
}

static inline void vtd_rmrr_save(const VTDRmrrMapping *m, bool *mapped,
                                 RMRRKept *kept)
{
}

static inline void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped,
                                 const RMRRKept *kept)
{
}

static inline void vtd_rmrr_build_dmar(GArray *table, IntelIOMMUState *s)
{
}

#endif /* CONFIG_VTD */
#endif
