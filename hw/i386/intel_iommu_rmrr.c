/*
 * Reserved regions behind the emulated VT-d: kept mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: for each device with a region, a window over the containers of the
 * device's address space that the guest switches by turning translation on and
 * off. It has an alias of the region's memory, so that every view has the very
 * same FlatRange there, and VFIO keeps its one mapping through all of it. The
 * IOMMU's notifiers exclude the range. Without translation system memory shows
 * that FlatRange by itself; then the window is off, and the device shares its
 * view of memory with all others.
 *
 * The alias is on or off by what the guest's tables say: vtd_range_scan.c reads
 * the region in them and rmrr_policy.c decides. This happens when translation,
 * root, context or PASID caches change, when an IOTLB invalidation touches the
 * region, and after reset and migration; at no other time. Never inside a walk
 * of the list of address spaces with notifiers, which a change of the view
 * edits. The alias comes back only where the device's mappings are gone anyway,
 * in one transaction with the switch that took them: so it costs nothing, and a
 * host that cannot map it can be told from one that cannot map the rest. Then
 * the window is on and has nothing in it: never system memory, where the view
 * would have that same FlatRange and VFIO would not hear of its return.
 *
 * Requests with a PASID are translated as ever: only the address space without
 * PASID has a window.
 *
 * VT-d specification (revision 4.1) 3.16, 6.5. Tested by
 * tests/qtest/intel-iommu-{rmrr,policy,return,events,model}-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/rcu_queue.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/core/qdev-prop-internal.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_known.h"
#include "intel_iommu_rmrr.h"
#include "trace/trace-hw_igd_rmrr.h"

/*
 * Above the containers that translation switches (0). At 0xfee00000, where
 * no region can be, iommu_ir_fault has 2.
 */
#define VTD_RMRR_PRIORITY 1

/* An 8-bit length of a scope entry in the DMAR, 6 + 2 * hops, has room for */
#define VTD_RMRR_MAX_HOPS 124

/* Guest errors logged for a region: a guest can go on making them for ever */
#define VTD_RMRR_FOREIGN_LOGGED 8

static void vtd_rmrr_set_policy(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    ERRP_GUARD();

    qdev_propinfo_set_enum(obj, v, name, opaque, errp);
    if (*errp) {
        error_append_hint(errp, "It has to be one of keep, exact, lock.\n");
    }
}

const PropertyInfo vtd_rmrr_policy_info = {
    .type = "RmrrPolicy",
    .description = "reserved regions: keep (the guest's tables win, what they "
                   "once mapped stays), exact (they win), lock (always mapped)",
    .enum_table = &RmrrPolicy_lookup,
    .get = qdev_propinfo_get_enum,
    .set = vtd_rmrr_set_policy,
    .set_default_value = qdev_propinfo_set_default_value_enum,
};

VTDAddressSpace *vtd_rmrr_find_as(PCIDevice *pdev)
{
    AddressSpace *as = pci_device_iommu_address_space(pdev);

    return as == &address_space_memory ? NULL :
           container_of(as, VTDAddressSpace, as);
}

const char *vtd_rmrr_problem(IntelIOMMUState *s, PCIDevice *pdev,
                             const StolenRegion *region)
{
    PCIBus *bus = pci_get_bus(pdev);
    unsigned hops;

    for (hops = 1; !pci_bus_is_root(bus); hops++) {
        bus = pci_get_bus(pci_bridge_get_device(bus));
    }
    if (hops > VTD_RMRR_MAX_HOPS) {
        return "belongs to a device whose PCI path cannot be expressed";
    }
    if (region->limit >> s->aw_bits) {
        return "ends above the IOMMU's address width (aw-bits)";
    }
    if (stolen_region_overlaps(region, VTD_INTERRUPT_ADDR_FIRST,
                               VTD_INTERRUPT_ADDR_LAST)) {
        return "overlaps the interrupt range fee00000-feefffff";
    }
    return NULL;
}

/* The guest's tables */

static bool vtd_rmrr_read_table(void *opaque, uint64_t gpa,
                                uint64_t table[VTD_SCAN_ENTRIES])
{
    return vtd_table_rw(gpa, table, VTD_SCAN_ENTRIES * sizeof(table[0]),
                        DMA_DIRECTION_TO_DEVICE) == MEMTX_OK;
}

/* With rmrr-policy=lock the guest may have other plans */
static void vtd_rmrr_log_foreign(VTDRmrrMapping *m, const VTDScanTables *tables)
{
    bool was = m->foreign;
    VTDScanResult result;

    m->foreign = m->reason == RMRR_REASON_LOCKED &&
                 m->view.tables == RMRR_REASON_FOREIGN;
    if (!m->foreign || was || m->foreign_logged == VTD_RMRR_FOREIGN_LOGGED) {
        return;
    }
    /* Which page it is; so far it is only known that there is one. */
    result = vtd_range_scan(tables, m->region->base, m->region->limit,
                            vtd_rmrr_read_table, NULL);
    if (result.state != RMRR_REASON_FOREIGN) {
        return;
    }
    m->foreign_logged++;
    qemu_log_mask(LOG_GUEST_ERROR, "%s: the guest maps IOVA 0x%" PRIx64
                  " of its reserved region 0x%" PRIx64 "-0x%" PRIx64
                  " to 0x%" PRIx64 " (%s%s); the region stays mapped to "
                  "itself because of rmrr-policy=lock%s\n", m->pdev->name,
                  result.iova, m->region->base, m->region->limit,
                  result.target, result.readable ? "r" : "-",
                  result.writable ? "w" : "-",
                  m->foreign_logged == VTD_RMRR_FOREIGN_LOGGED ?
                  "; no more of these will be logged" : "");
}

/* The view */

/*
 * A cache of translations, vhost's say, hears of nothing inside the region. It
 * must not go on with its own entries once the tables decide, or no longer do.
 */
static void vtd_rmrr_flush_caches(VTDRmrrMapping *m)
{
    IOMMUNotifier *n;

    IOMMU_NOTIFIER_FOREACH(n, &m->as->iommu) {
        IOMMUTLBEvent event = {
            .type = n->notifier_flags & IOMMU_NOTIFIER_DEVIOTLB_UNMAP ?
                    IOMMU_NOTIFIER_DEVIOTLB_UNMAP : IOMMU_NOTIFIER_UNMAP,
            .entry = {
                .target_as = &address_space_memory,
                .iova = m->region->base,
                .addr_mask = m->region->limit - m->region->base,
                .perm = IOMMU_NONE,
            },
        };

        if (!(n->notifier_flags & IOMMU_NOTIFIER_MAP)) {
            memory_region_notify_iommu_one(n, &event);
        }
    }
}

/* @reason, or whether the device is translated, has changed. */
static void vtd_rmrr_show(VTDRmrrMapping *m)
{
    memory_region_set_enabled(&m->memory, rmrr_reason_mapped(m->reason));
    memory_region_set_enabled(&m->window,
                              MEMORY_REGION(&m->as->iommu)->enabled ||
                              m->reason == RMRR_REASON_MAP_FAILED);
}

static void vtd_rmrr_set_reason(VTDRmrrMapping *m, RmrrReason reason)
{
    bool was = rmrr_reason_mapped(m->reason);
    bool is = rmrr_reason_mapped(reason);

    if (reason == m->reason) {
        return;
    }
    /* Before the view changes: the replay of the tables asks for it. */
    qatomic_set(&m->reason, reason);
    trace_vtd_rmrr_state(pci_bus_num(m->as->bus), PCI_SLOT(m->as->devfn),
                         PCI_FUNC(m->as->devfn), m->region->base,
                         m->region->limit, is, rmrr_reason_text(reason));
    if (was != is) {
        m->switches++;
        m->went_off = !is;
        if (is) {
            vtd_rmrr_flush_caches(m);
            vtd_known_cut(m->as, m->region->base, m->region->limit);
        }
    }
    vtd_rmrr_show(m);
}

/* @is_mapped, @may_return: as rmrr_policy_decide() has them */
static void vtd_rmrr_decide(VTDRmrrMapping *m, bool is_mapped, bool may_return)
{
    IntelIOMMUState *s = m->as->iommu_state;
    /* Caching mode does not cover first-stage tables (6.1) */
    bool sees_maps = s->caching_mode && !(s->flts && s->root_scalable);
    VTDScanTables tables = { };
    RmrrReason reason;
    unsigned reads;

    if (vtd_rmrr_find_tables(m->as, &tables, &m->view)) {
        m->view.tables = vtd_scan_map_state(m->seen, m->region->base,
                                            m->region->limit, &tables,
                                            vtd_rmrr_read_table, NULL, &reads);
        m->scans++;
        m->table_reads += reads;
    }
    reason = rmrr_policy_decide(s->rmrr_policy, sees_maps, &m->view, &m->kept,
                                is_mapped, may_return);
    if (reason == RMRR_REASON_WAITING && m->reason == RMRR_REASON_MAP_FAILED) {
        reason = RMRR_REASON_MAP_FAILED;
    }
    vtd_rmrr_set_reason(m, reason);
    vtd_rmrr_log_foreign(m, &tables);
}

/* All that the tables say of the region may be new. In a transaction */
static void vtd_rmrr_evaluate(VTDRmrrMapping *m, bool is_mapped,
                              bool may_return)
{
    m->mr->map_errp = &m->map_err;
    vtd_scan_map_changed(m->seen, m->region->base, m->region->limit);
    vtd_rmrr_decide(m, is_mapped, may_return);
    vtd_rmrr_show(m);
}

/* After a transaction in which something may have gone wrong */
static void vtd_rmrr_settle(VTDRmrrMapping *m)
{
    m->mr->map_errp = NULL;
    if (m->map_err) {
        if (!m->failures++) {
            error_reportf_err(m->map_err, "%s: its stolen memory 0x%" PRIx64
                              "-0x%" PRIx64 " is not kept mapped until its "
                              "IOMMU context changes next: ", m->pdev->name,
                              m->region->base, m->region->limit);
        } else {
            error_free(m->map_err); /* said once, counted ever after */
        }
        m->map_err = NULL;
        vtd_rmrr_set_reason(m, RMRR_REASON_MAP_FAILED);
    }
    if (m->went_off) {
        m->went_off = false;
        vtd_rmrr_flush_caches(m);
    }
}

/* Walks and translations */

bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask)
{
    VTDRmrrMapping *m;

    QLIST_FOREACH_RCU(m, &as->rmrr, in_as) {
        if (rmrr_reason_mapped(qatomic_read(&m->reason)) &&
            iova >= m->region->base && iova + mask <= m->region->limit) {
            return true;
        }
    }
    return false;
}

void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry)
{
    VTDRmrrMapping *m;

    QLIST_FOREACH_RCU(m, &as->rmrr, in_as) {
        /* A thread may still have the view in which the tables decide. */
        if (rmrr_reason_mapped(qatomic_read(&m->reason)) &&
            !stolen_region_overlaps(m->region, addr, addr)) {
            vtd_end_translation_at(entry, addr, m->region->base,
                                   m->region->limit);
        }
    }
}

/* Events */

void vtd_rmrr_switched(VTDAddressSpace *as)
{
    VTDRmrrMapping *m;

    QLIST_FOREACH(m, &as->rmrr, in_as) {
        vtd_rmrr_evaluate(m, rmrr_reason_mapped(m->reason), true);
    }
    memory_region_transaction_commit();
    QLIST_FOREACH(m, &as->rmrr, in_as) {
        vtd_rmrr_settle(m);
    }
}

void vtd_rmrr_iotlb_changed(IntelIOMMUState *s, int domain_id, hwaddr base,
                            hwaddr size)
{
    hwaddr limit = base + size - 1;
    VTDRmrrMapping *m;

    QLIST_FOREACH(m, &s->rmrr, in_iommu) {
        if (stolen_region_overlaps(m->region, base, limit) &&
            (domain_id == VTD_RMRR_ANY_DOMAIN ||
             (m->view.translated && m->view.domain.id == domain_id))) {
            vtd_scan_map_changed(m->seen, base, limit);
            vtd_rmrr_decide(m, rmrr_reason_mapped(m->reason), false);
            vtd_rmrr_settle(m);
        }
    }
}

void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped, const RMRRKept *kept)
{
    memory_region_transaction_begin();
    m->kept = *kept;
    if (!mapped) {
        vtd_rmrr_set_reason(m, RMRR_REASON_WAITING);
    }
    vtd_rmrr_evaluate(m, mapped, mapped);
    memory_region_transaction_commit();
    vtd_rmrr_settle(m);
}

/* Mappings */

OBJECT_DEFINE_SIMPLE_TYPE(VTDRmrrMapping, vtd_rmrr, VTD_RMRR, OBJECT)

static void vtd_rmrr_init(Object *obj)
{
}

static void vtd_rmrr_class_init(ObjectClass *klass, ClassData *data)
{
}

/* A view of memory names it no more. */
static void vtd_rmrr_finalize(Object *obj)
{
    VTDRmrrMapping *m = VTD_RMRR(obj);

    g_free(m->seen);
    memory_region_unref(m->mr);
}

VTDRmrrMapping *vtd_rmrr_map(PCIDevice *pdev, const StolenRegion *region,
                             MemoryRegion *mr)
{
    IntelIOMMUState *s = vtd_rmrr_iommu();
    VTDAddressSpace *as = s ? vtd_rmrr_find_as(pdev) : NULL;
    uint64_t size = stolen_region_size(region);
    VTDRmrrMapping *m;

    if (!as) {
        return NULL;
    }
    m = VTD_RMRR(object_new(TYPE_VTD_RMRR));
    m->as = as;
    m->pdev = pdev;
    m->region = region;
    m->mr = mr;
    memory_region_ref(mr);
    m->reason = RMRR_REASON_TRANSLATION_OFF;
    m->seen = vtd_scan_map_new(region->base, region->limit);
    memory_region_transaction_begin();
    memory_region_init_io(&m->window, OBJECT(m), NULL, NULL,
                          "vtd-rmrr-window", size);
    memory_region_init_alias(&m->tables, OBJECT(m), "vtd-rmrr-tables",
                             MEMORY_REGION(&as->iommu), region->base, size);
    memory_region_set_unmergeable(&m->tables, true);
    memory_region_init_alias(&m->memory, OBJECT(m), "vtd-rmrr", mr, 0, size);
    memory_region_add_subregion_overlap(&m->window, 0, &m->tables, 1);
    memory_region_add_subregion_overlap(&m->window, 0, &m->memory, 2);
    /* A guest has not run yet, so translation is off. */
    memory_region_set_enabled(&m->window, false);
    memory_region_add_subregion_overlap(&as->root, region->base, &m->window,
                                        VTD_RMRR_PRIORITY);
    memory_region_transaction_commit();
    QLIST_INSERT_HEAD_RCU(&as->rmrr, m, in_as);
    QLIST_INSERT_HEAD(&s->rmrr, m, in_iommu);
    trace_vtd_rmrr_map(pdev->name, region->base, region->limit);
    return m;
}

static void vtd_rmrr_unref(struct rcu_head *head)
{
    object_unref(container_of(head, VTDRmrrMapping, rcu));
}

void vtd_rmrr_unmap(VTDRmrrMapping *m)
{
    if (!m) {
        return;
    }
    trace_vtd_rmrr_unmap(m->pdev->name, m->region->base, m->region->limit);
    QLIST_REMOVE_RCU(m, in_as);
    QLIST_REMOVE(m, in_iommu);
    memory_region_transaction_begin();
    memory_region_del_subregion(&m->as->root, &m->window);
    memory_region_del_subregion(&m->window, &m->memory);
    memory_region_del_subregion(&m->window, &m->tables);
    memory_region_transaction_commit();
    call_rcu1(&m->rcu, vtd_rmrr_unref);
}
