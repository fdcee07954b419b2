/*
 * Stolen memory behind the emulated VT-d: who decides at present
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: reads where a device's tables are, has vtd_range_scan.c look at the
 * region in them and rmrr_policy.c decide, and enables or disables the alias
 * of the region's memory. It runs when translation, root, context or PASID
 * caches change, when an IOTLB invalidation touches the region, and after
 * reset and migration; at no other time.
 *
 * Never inside a walk of the list of address spaces with notifiers, which a
 * change of a region edits; never under the IOMMU's own lock. The alias comes
 * back only where the device's mappings are gone anyway, in one transaction
 * with the switch that made them go, so that it costs nothing and a host that
 * cannot map it can be told from the rest.
 *
 * VT-d specification (revision 4.1) 3.16, 6.5. Tested by
 * tests/qtest/intel-iommu-policy-test.c and intel-iommu-rmrr-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_rmrr_internal.h"
#include "trace/trace-hw_igd_rmrr.h"

/* What the tables are */

static void vtd_rmrr_second_stage(IntelIOMMUState *s, VTDScanTables *t)
{
    bool tm = X86_IOMMU_DEVICE(s)->dt_supported && s->stale_tm;
    bool snoop = s->scalable_mode || s->snoop_control;
    uint64_t leaf = snoop ? ~VTD_SPTE_SNP : UINT64_MAX;
    uint8_t aw = s->aw_bits;

    t->format = VTD_SCAN_SECOND_STAGE;
    t->reserved[1] = VTD_SPTE_PAGE_L1_RSVD_MASK(aw, tm) & leaf;
    t->reserved[2] = VTD_SPTE_PAGE_L2_RSVD_MASK(aw);
    t->reserved[3] = VTD_SPTE_PAGE_L3_RSVD_MASK(aw);
    t->reserved[4] = VTD_SPTE_PAGE_L4_RSVD_MASK(aw);
    t->reserved_large[2] = VTD_SPTE_LPAGE_L2_RSVD_MASK(aw, tm) & leaf;
    t->reserved_large[3] = VTD_SPTE_LPAGE_L3_RSVD_MASK(aw, tm) & leaf;
}

static void vtd_rmrr_first_stage(IntelIOMMUState *s, VTDScanTables *t)
{
    uint8_t aw = s->aw_bits;

    t->format = VTD_SCAN_FIRST_STAGE;
    t->reserved[1] = VTD_FPTE_PAGE_L1_RSVD_MASK(aw);
    t->reserved[2] = VTD_FPTE_PAGE_L2_RSVD_MASK(aw);
    t->reserved[3] = VTD_FPTE_PAGE_L3_RSVD_MASK(aw);
    t->reserved[4] = VTD_FPTE_PAGE_L4_RSVD_MASK(aw);
    t->reserved_large[2] = VTD_FPTE_LPAGE_L2_RSVD_MASK(aw);
    t->reserved_large[3] = VTD_FPTE_LPAGE_L3_RSVD_MASK(aw);
}

static bool vtd_rmrr_uses_first_stage(const IntelIOMMUState *s)
{
    return s->flts && s->root_scalable;
}

static bool vtd_rmrr_read_table(void *opaque, uint64_t gpa,
                                uint64_t table[VTD_SCAN_ENTRIES])
{
    return vtd_rmrr_table_rw(gpa, table, VTD_SCAN_ENTRIES * sizeof(table[0]),
                             DMA_DIRECTION_TO_DEVICE) == MEMTX_OK;
}

static RMRRTables vtd_rmrr_tables_of(VTDScanState state)
{
    switch (state) {
    case VTD_SCAN_ABSENT:
        return RMRR_TABLES_ABSENT;
    case VTD_SCAN_PARTIAL:
        return RMRR_TABLES_PARTIAL;
    case VTD_SCAN_IDENTITY:
        return RMRR_TABLES_IDENTITY;
    case VTD_SCAN_FOREIGN:
        break;
    }
    return RMRR_TABLES_FOREIGN;
}

/*
 * Where the device's tables are, and whose, as far as there are any: else
 * @view says why not, and false is returned
 */
static bool vtd_rmrr_find_tables(const VTDRmrrMapping *m, VTDScanTables *tables,
                                 RMRRView *view)
{
    VTDAddressSpace *as = m->as;
    IntelIOMMUState *s = as->iommu_state;
    VTDContextEntry ce;

    *view = (RMRRView) { .tables = RMRR_TABLES_OFF };
    if (!s->dmar_enabled) {
        return false;
    }
    if (vtd_rmrr_core.context_entry(s, pci_bus_num(as->bus), as->devfn,
                                    &ce)) {
        view->tables = RMRR_TABLES_NO_CONTEXT;
        return false;
    }
    if (vtd_rmrr_core.pass_through(s, &ce, as->pasid)) {
        view->tables = RMRR_TABLES_PASS_THROUGH;
        return false;
    }

    if (vtd_rmrr_uses_first_stage(s)) {
        vtd_rmrr_first_stage(s, tables);
    } else {
        vtd_rmrr_second_stage(s, tables);
    }
    tables->address_mask = VTD_PT_BASE_ADDR_MASK(s->aw_bits);
    tables->root = vtd_rmrr_core.tables_root(s, &ce, as->pasid);
    tables->levels = vtd_rmrr_core.tables_level(s, &ce, as->pasid);
    tables->width = MIN(vtd_rmrr_core.tables_width(s, &ce, as->pasid),
                        s->aw_bits);
    view->domain.root = tables->root;
    view->domain.id = vtd_rmrr_core.domain_id(s, &ce, as->pasid);
    return true;
}

static void vtd_rmrr_look(VTDRmrrMapping *m)
{
    VTDScanTables tables = { };
    unsigned reads;

    if (vtd_rmrr_find_tables(m, &tables, &m->view)) {
        m->view.tables = vtd_rmrr_tables_of(
            vtd_scan_map_state(m->seen, &tables, vtd_rmrr_read_table, NULL,
                               &reads));
        m->stats.scans++;
        m->stats.table_reads += reads;
    }
}

/* What follows from it */

/* Guest errors logged for a region: a guest can go on making them for ever */
#define VTD_RMRR_COMPLAINTS 8

static void vtd_rmrr_complain(VTDRmrrMapping *m)
{
    bool foreign = m->reason == RMRR_REASON_LOCKED &&
                   m->view.tables == RMRR_TABLES_FOREIGN;
    VTDScanTables tables = { };
    VTDScanResult result;
    RMRRView view;

    if (foreign == m->complaining) {
        return;
    }
    m->complaining = foreign;
    if (!foreign || m->complaints == VTD_RMRR_COMPLAINTS ||
        !vtd_rmrr_find_tables(m, &tables, &view)) {
        return;
    }
    /* The first one; that there is one is all that is known by now */
    result = vtd_range_scan(&tables, m->base, m->limit, vtd_rmrr_read_table,
                            NULL);
    if (result.state != VTD_SCAN_FOREIGN) {
        return;
    }
    m->complaints++;
    qemu_log_mask(LOG_GUEST_ERROR, "%s: the guest maps IOVA 0x%" PRIx64
                  " of its reserved region 0x%" PRIx64 "-0x%" PRIx64
                  " to 0x%" PRIx64 " (%s%s); the region stays mapped to "
                  "itself because of rmrr-policy=lock%s\n", m->pdev->name,
                  result.iova, m->base, m->limit, result.target,
                  result.readable ? "r" : "-", result.writable ? "w" : "-",
                  m->complaints == VTD_RMRR_COMPLAINTS ?
                  "; no more of these will be logged" : "");
}

/*
 * A cache of translations, vhost's say, hears of nothing inside the hole. It
 * must not go on with what it knows once the tables decide, or no longer do.
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
                .iova = m->base,
                .addr_mask = m->limit - m->base,
                .perm = IOMMU_NONE,
            },
        };

        if (!(n->notifier_flags & IOMMU_NOTIFIER_MAP)) {
            memory_region_notify_iommu_one(n, &event);
        }
    }
}

static void vtd_rmrr_set_reason(VTDRmrrMapping *m, RMRRReason reason)
{
    bool was = rmrr_reason_mapped(m->reason);
    bool is = rmrr_reason_mapped(reason);

    if (reason == m->reason) {
        return;
    }
    m->reason = reason;
    trace_vtd_rmrr_state(pci_bus_num(m->as->bus), PCI_SLOT(m->as->devfn),
                         PCI_FUNC(m->as->devfn), m->base, m->limit, is,
                         rmrr_reason_text(reason));
    memory_region_set_enabled(&m->nothing, reason == RMRR_REASON_MAP_FAILED);
    if (was == is) {
        return;
    }

    m->stats.switches++;
    if (is) {
        vtd_rmrr_flush_caches(m);
        vtd_rmrr_forget_range(m->as, m->base, m->limit);
    }
    m->went_off = !is;
    /* Before the view changes: the replay of the tables asks for them. */
    vtd_rmrr_set_windows(m->as);
    memory_region_set_enabled(&m->memory, is);
}

static void vtd_rmrr_decide(VTDRmrrMapping *m, bool is_mapped, bool may_return)
{
    IntelIOMMUState *s = m->as->iommu_state;
    /* Caching mode does not cover first-stage tables (6.1) */
    bool sees_maps = s->caching_mode && !vtd_rmrr_uses_first_stage(s);
    RMRRReason reason;

    vtd_rmrr_look(m);
    reason = rmrr_policy_decide(s->rmrr_policy, sees_maps, &m->view, &m->kept,
                                is_mapped, may_return);
    if (reason == RMRR_REASON_WAITING &&
        m->reason == RMRR_REASON_MAP_FAILED) {
        reason = RMRR_REASON_MAP_FAILED;
    }
    vtd_rmrr_set_reason(m, reason);
    vtd_rmrr_complain(m);
}

void vtd_rmrr_evaluate(VTDRmrrMapping *m, bool may_return)
{
    vtd_scan_map_changed(m->seen, m->base, m->limit);
    vtd_rmrr_decide(m, rmrr_reason_mapped(m->reason), may_return);
}

/* After a transaction in which something may have gone wrong */
static void vtd_rmrr_settle(VTDRmrrMapping *m)
{
    if (m->failed) {
        m->failed = false;
        m->stats.failures++;
        vtd_rmrr_set_reason(m, RMRR_REASON_MAP_FAILED);
    }
    if (m->went_off) {
        m->went_off = false;
        vtd_rmrr_flush_caches(m);
    }
}

void vtd_rmrr_load(VTDRmrrMapping *m, bool mapped, const RMRRKept *kept)
{
    memory_region_transaction_begin();
    m->kept = *kept;
    if (!mapped) {
        vtd_rmrr_set_reason(m, RMRR_REASON_WAITING);
    }
    vtd_scan_map_changed(m->seen, m->base, m->limit);
    vtd_rmrr_decide(m, mapped, mapped);
    memory_region_transaction_commit();
    vtd_rmrr_settle(m);
}

bool vtd_rmrr_map_failed(const AddressSpace *as, const MemoryRegion *mr,
                         Error *err)
{
    VTDRmrrMapping *m = vtd_rmrr_mapping(mr);

    if (!m || &m->as->as != as) {
        return false;
    }
    m->failed = true;
    if (m->stats.failures) {
        error_free(err); /* said once, counted ever after */
        return true;
    }
    error_reportf_err(err, "%s: its stolen memory 0x%" PRIx64 "-0x%" PRIx64
                      " is not kept mapped until its IOMMU context changes "
                      "next: ", m->pdev->name, m->base, m->limit);
    return true;
}

/* What happens in the rest of the IOMMU */

void vtd_rmrr_switch_begin(VTDAddressSpace *as)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    if (!as->rmrr) {
        return;
    }
    memory_region_transaction_begin();
    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->as == as) {
            vtd_rmrr_evaluate(m, true);
        }
    }
}

void vtd_rmrr_switch_end(VTDAddressSpace *as)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    if (!as->rmrr) {
        return;
    }
    memory_region_transaction_commit();
    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->as == as) {
            vtd_rmrr_settle(m);
        }
    }
}

static bool vtd_rmrr_in_domain(const VTDRmrrMapping *m, int domain_id)
{
    return domain_id == VTD_RMRR_ANY_DOMAIN ||
           (m->view.tables >= RMRR_TABLES_ABSENT &&
            m->view.domain.id == domain_id);
}

void vtd_rmrr_iotlb_changed(IntelIOMMUState *s, int domain_id, hwaddr base,
                            hwaddr size)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    hwaddr limit = base + size - 1;
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (base > m->limit || limit < m->base) {
            m->stats.invalidations_outside++;
        } else if (vtd_rmrr_in_domain(m, domain_id)) {
            m->stats.invalidations++;
            vtd_scan_map_changed(m->seen, base, limit);
            vtd_rmrr_decide(m, rmrr_reason_mapped(m->reason), false);
            vtd_rmrr_settle(m);
        }
    }
}

void vtd_rmrr_pasid_changed(IntelIOMMUState *s)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        vtd_rmrr_switch_begin(m->as);
        vtd_rmrr_core.switch_address_space(m->as);
        vtd_rmrr_switch_end(m->as);
        vtd_rmrr_core.sync(m->as);
    }
}
