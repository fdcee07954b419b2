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
 * alias is beside them and never moves, so that every view of the device's
 * address space has the very same FlatRange there and VFIO keeps its one
 * mapping through all of it. The IOMMU's notifiers exclude the range.
 *
 * What that hole needs from the rest of intel_iommu.c is at the end of this
 * file. Requests with a PASID are translated as ever: only the address space
 * without PASID has the alias.
 *
 * VT-d specification (revision 4.1) 3.16. Tested by
 * tests/qtest/intel-iommu-rmrr-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/iova-tree.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_rmrr.h"
#include "trace.h"

/* Above the containers that translation switches (0), below iommu_ir_fault. */
#define VTD_RMRR_PRIORITY 1

typedef struct VTDRmrrMapping {
    struct rcu_head rcu;
    VTDAddressSpace *as;
    hwaddr base;
    hwaddr limit;
    MemoryRegion alias;
} VTDRmrrMapping;

static GPtrArray *vtd_rmrr_mappings(void)
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

static void vtd_rmrr_set_windows(VTDAddressSpace *as)
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
        new->window[new->nr].base = m->base;
        new->window[new->nr].limit = m->limit;
        new->nr++;
    }

    qatomic_rcu_set(&as->rmrr, new);
    if (old) {
        g_free_rcu(old, rcu);
    }
}

static VTDRmrrMapping *vtd_rmrr_find(VTDAddressSpace *as, hwaddr base)
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
    m->base = region->base;
    m->limit = region->limit;
    memory_region_init_alias(&m->alias, OBJECT(s), "vtd-rmrr", mr, 0,
                             memory_region_size(mr));
    g_ptr_array_add(vtd_rmrr_mappings(), m);

    /* The windows first: notifiers are to find them when the view changes. */
    vtd_rmrr_set_windows(as);
    memory_region_add_subregion_overlap(&as->root, m->base, &m->alias,
                                        VTD_RMRR_PRIORITY);
    trace_vtd_rmrr_map(pci_bus_num(as->bus), PCI_SLOT(as->devfn),
                       PCI_FUNC(as->devfn), m->base, m->limit);
    return true;
}

void vtd_rmrr_unmap(const MemoryRegion *mr)
{
    GPtrArray *mappings = vtd_rmrr_mappings();
    unsigned i;

    for (i = 0; i < mappings->len; i++) {
        VTDRmrrMapping *m = g_ptr_array_index(mappings, i);

        if (m->alias.alias != mr) {
            continue;
        }
        trace_vtd_rmrr_unmap(pci_bus_num(m->as->bus), PCI_SLOT(m->as->devfn),
                             PCI_FUNC(m->as->devfn), m->base, m->limit);
        memory_region_del_subregion(&m->as->root, &m->alias);
        g_ptr_array_remove_index(mappings, i);
        vtd_rmrr_set_windows(m->as);
        object_unparent(OBJECT(&m->alias));
        g_free_rcu(m, rcu);
        return;
    }
}

/* What the hole needs from the rest of the IOMMU */

bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask)
{
    const VTDRmrrWindows *w = qatomic_rcu_read(&as->rmrr);
    unsigned i;

    for (i = 0; w && i < w->nr; i++) {
        if (iova >= w->window[i].base && iova <= w->window[i].limit &&
            mask <= w->window[i].limit - iova) {
            return true;
        }
    }
    return false;
}

static hwaddr vtd_rmrr_shrink_mask(hwaddr addr, hwaddr mask, hwaddr base,
                                   hwaddr limit)
{
    while (mask && (addr & ~mask) <= limit && (addr | mask) >= base) {
        mask >>= 1;
    }
    return mask;
}

void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry)
{
    const VTDRmrrWindows *w = qatomic_rcu_read(&as->rmrr);
    hwaddr mask = entry->addr_mask;
    unsigned i;

    /* The interrupt range is a hole of every device, and translated never. */
    if (as->pasid == PCI_NO_PASID) {
        mask = vtd_rmrr_shrink_mask(addr, mask, VTD_INTERRUPT_ADDR_FIRST,
                                    VTD_INTERRUPT_ADDR_LAST);
    }
    for (i = 0; w && i < w->nr; i++) {
        mask = vtd_rmrr_shrink_mask(addr, mask, w->window[i].base,
                                    w->window[i].limit);
    }

    entry->translated_addr += (addr & ~mask) - entry->iova;
    entry->iova = addr & ~mask;
    entry->addr_mask = mask;
}

static void vtd_rmrr_keep_outside(GArray *kept, const DMAMap *node,
                                  const IOMMUNotifier *n)
{
    hwaddr limit = node->iova + node->size;
    DMAMap part = *node;

    if (node->iova < n->start) {
        part.size = n->start - 1 - node->iova;
        g_array_append_val(kept, part);
    }
    if (limit > n->end) {
        part.iova = n->end + 1;
        part.size = limit - part.iova;
        part.translated_addr = node->translated_addr +
                               (part.iova - node->iova);
        g_array_append_val(kept, part);
    }
}

void vtd_rmrr_forget(VTDAddressSpace *as, const IOMMUNotifier *n)
{
    g_autoptr(GArray) kept = g_array_new(false, false, sizeof(DMAMap));
    const hwaddr edges[] = { n->start, n->end };
    DMAMap all = { .iova = n->start, .size = n->end - n->start };
    unsigned i;

    /* Only a node at an edge can reach beyond the range. */
    for (i = 0; i < ARRAY_SIZE(edges); i++) {
        DMAMap edge = { .iova = edges[i] };
        const DMAMap *node = iova_tree_find(as->iova_tree, &edge);

        if (node) {
            vtd_rmrr_keep_outside(kept, node, n);
            edge = *node;
            iova_tree_remove(as->iova_tree, edge);
        }
    }

    iova_tree_remove(as->iova_tree, all);
    for (i = 0; i < kept->len; i++) {
        iova_tree_insert(as->iova_tree, &g_array_index(kept, DMAMap, i));
    }
}
