/*
 * Stolen memory behind the emulated VT-d: kept mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: owns, for each device with a region, an alias of the region's memory
 * in the root container of the device's address space. The root holds the
 * containers that the guest switches by turning translation on and off; the
 * alias is beside them and does not move, so that every view of the device's
 * address space has the very same FlatRange there and VFIO keeps its one
 * mapping through all of it. The IOMMU's notifiers exclude the range.
 * While the host could not map it there is nothing, or what the guest's tables
 * map: never system memory, where the view would have that same FlatRange, and
 * VFIO would not hear of it when the alias comes back.
 *
 * Whether the alias is enabled at present is decided in
 * intel_iommu_rmrr_state.c. What the hole needs from the rest of
 * intel_iommu.c is in intel_iommu_rmrr_holes.c. Requests with a PASID are
 * translated as ever: only the address space without PASID has the alias.
 *
 * VT-d specification (revision 4.1) 3.16. Tested by
 * tests/qtest/intel-iommu-rmrr-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_rmrr_internal.h"
#include "trace/trace-hw_igd_rmrr.h"

/*
 * Above the containers that translation switches (0). At 0xfee00000, where
 * no region can be, iommu_ir_fault has 2.
 */
#define VTD_RMRR_NOTHING_PRIORITY 1
#define VTD_RMRR_TABLES_PRIORITY 2
#define VTD_RMRR_MEMORY_PRIORITY 3

GPtrArray *vtd_rmrr_mappings(void)
{
    static GPtrArray *mappings;

    if (!mappings) {
        mappings = g_ptr_array_new();
    }
    return mappings;
}

IntelIOMMUState *vtd_rmrr_iommu(void)
{
    X86IOMMUState *iommu = x86_iommu_get_default();

    return (IntelIOMMUState *)
        object_dynamic_cast(OBJECT(iommu), TYPE_INTEL_IOMMU_DEVICE);
}

VTDAddressSpace *vtd_rmrr_find_as(IntelIOMMUState *s, PCIDevice *pdev)
{
    AddressSpace *as = pci_device_iommu_address_space(pdev);
    VTDAddressSpace *vtd_as;
    GHashTableIter iter;

    g_hash_table_iter_init(&iter, s->vtd_address_spaces);
    while (g_hash_table_iter_next(&iter, NULL, (void **)&vtd_as)) {
        if (&vtd_as->as == as) {
            return vtd_as;
        }
    }
    return NULL;
}

void vtd_rmrr_set_windows(VTDAddressSpace *as)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    VTDRmrrWindows *old = as->rmrr, *new = NULL;
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->as != as) {
            continue;
        }
        if (!new) {
            new = g_malloc0(sizeof(*new) +
                            mappings->len * sizeof(new->window[0]));
        }
        if (rmrr_reason_mapped(m->reason)) {
            new->window[new->nr].base = m->base;
            new->window[new->nr].limit = m->limit;
            new->window[new->nr].mapping = m;
            new->nr++;
        }
    }

    qatomic_rcu_set(&as->rmrr, new);
    if (old) {
        g_free_rcu(old, rcu);
    }
}

static VTDRmrrMapping *vtd_rmrr_find(const VTDAddressSpace *as, hwaddr base)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->as == as && m->base == base) {
            return m;
        }
    }
    return NULL;
}

/* Where no access succeeds. A view of memory may name it, so it stays. */
static MemoryRegion *vtd_rmrr_nothing(IntelIOMMUState *s)
{
    static MemoryRegion nothing;

    if (!nothing.ops) {
        memory_region_init_io(&nothing, OBJECT(s), NULL, NULL,
                              "vtd-rmrr-nothing", 4 * GiB);
    }
    return &nothing;
}

bool vtd_rmrr_map(PCIDevice *pdev, const StolenRegion *region,
                  MemoryRegion *mr)
{
    IntelIOMMUState *s = vtd_rmrr_iommu();
    VTDAddressSpace *as = s ? vtd_rmrr_find_as(s, pdev) : NULL;
    VTDRmrrMapping *m;

    if (!as) {
        return false;
    }
    if (vtd_rmrr_find(as, region->base)) {
        return true;
    }

    m = g_new0(VTDRmrrMapping, 1);
    m->as = as;
    m->pdev = pdev;
    m->base = region->base;
    m->limit = region->limit;
    m->reason = RMRR_REASON_TRANSLATION_OFF;
    m->seen = vtd_scan_map_new(m->base, m->limit);
    memory_region_init_alias(&m->memory, OBJECT(s), "vtd-rmrr", mr, 0,
                             memory_region_size(mr));
    memory_region_init_alias(&m->tables, OBJECT(s), "vtd-rmrr-tables",
                             MEMORY_REGION(&as->iommu), m->base,
                             memory_region_size(mr));
    memory_region_set_unmergeable(&m->tables, true);
    memory_region_init_alias(&m->nothing, OBJECT(s), "vtd-rmrr-nothing",
                             vtd_rmrr_nothing(s), m->base,
                             memory_region_size(mr));
    memory_region_set_enabled(&m->nothing, false);
    g_ptr_array_add(vtd_rmrr_mappings(), m);

    /* The windows first: notifiers are to find them when the view changes. */
    vtd_rmrr_set_windows(as);
    memory_region_transaction_begin();
    memory_region_add_subregion_overlap(&as->root, m->base, &m->nothing,
                                        VTD_RMRR_NOTHING_PRIORITY);
    memory_region_add_subregion_overlap(&as->root, m->base, &m->tables,
                                        VTD_RMRR_TABLES_PRIORITY);
    memory_region_add_subregion_overlap(&as->root, m->base, &m->memory,
                                        VTD_RMRR_MEMORY_PRIORITY);
    vtd_rmrr_evaluate(m, true);
    memory_region_transaction_commit();
    trace_vtd_rmrr_map(pci_bus_num(as->bus), PCI_SLOT(as->devfn),
                       PCI_FUNC(as->devfn), m->base, m->limit);
    return true;
}

static void vtd_rmrr_destroy(VTDRmrrMapping *m)
{
    VTDAddressSpace *as = m->as;

    trace_vtd_rmrr_unmap(pci_bus_num(as->bus), PCI_SLOT(as->devfn),
                         PCI_FUNC(as->devfn), m->base, m->limit);
    g_ptr_array_remove(vtd_rmrr_mappings(), m);
    vtd_rmrr_set_windows(as);
    memory_region_transaction_begin();
    memory_region_del_subregion(&as->root, &m->memory);
    memory_region_del_subregion(&as->root, &m->tables);
    memory_region_del_subregion(&as->root, &m->nothing);
    memory_region_transaction_commit();
    object_unparent(OBJECT(&m->memory));
    object_unparent(OBJECT(&m->tables));
    object_unparent(OBJECT(&m->nothing));
    vtd_scan_map_free(m->seen);
    g_free_rcu(m, rcu);
}

void vtd_rmrr_unmap(const MemoryRegion *mr)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->memory.alias == mr) {
            vtd_rmrr_destroy(m);
            return;
        }
    }
}

VTDRmrrMapping *vtd_rmrr_mapping(const MemoryRegion *mr)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->memory.alias == mr) {
            return m;
        }
    }
    return NULL;
}
