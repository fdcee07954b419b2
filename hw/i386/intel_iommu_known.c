/*
 * Mappings that map notifiers of the emulated VT-d know
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: keeps VTDAddressSpace.iova_tree, which has a node for each mapping
 * that the device's map notifiers (VFIO) were told of.
 *
 * A few pages of tables that point to each other describe 2^36 mappings, and a
 * walk of them takes hours and all memory. So both are bounded by the size of
 * the guest's memory. A device whose tables have more reaches nothing at all:
 * then nothing that it reaches is wrong, and each invalidation walks them anew
 * from the beginning. DMA that QEMU translates itself needs none of this.
 *
 * A window in the address space (intel_iommu_rmrr.c) splits the range of its
 * notifiers, so a replay for one must not forget what the others were told.
 *
 * Tested by tests/qtest/intel-iommu-{known,events,model}-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/boards.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_known.h"
#include "intel_iommu_rmrr.h"

/*
 * Every page of RAM once, in pages of 4 KiB, and as many mappings as VFIO
 * allows by itself. A table has 512 of them: eight times the tables that it
 * takes, and one for each of VFIO's.
 */
#define VTD_KNOWN_MORE 65536
#define VTD_KNOWN_PAGES_PER_TABLE 64

static uint64_t vtd_known_ram_pages(void)
{
    return current_machine->maxram_size / VTD_PAGE_SIZE;
}

static void vtd_known_too_much(VTDAddressSpace *as)
{
    as->known_incomplete = true;
    warn_report_once("intel-iommu: the guest's tables for device %02x:%02x.%x "
                     "map more than all of its memory, or refer to "
                     "themselves; they are ignored, and the device reaches "
                     "nothing, until an invalidation finds them mended",
                     pci_bus_num(as->bus), PCI_SLOT(as->devfn),
                     PCI_FUNC(as->devfn));
}

bool vtd_known_insert(VTDAddressSpace *as, const DMAMap *map)
{
    if (as->known_mappings >= vtd_known_ram_pages() + VTD_KNOWN_MORE) {
        vtd_known_too_much(as);
        return false;
    }
    if (iova_tree_insert(as->iova_tree, map) == IOVA_OK) {
        as->known_mappings++;
    }
    return true;
}

void vtd_known_remove(VTDAddressSpace *as, DMAMap range)
{
    const DMAMap *node;

    while ((node = iova_tree_find(as->iova_tree, &range))) {
        DMAMap one = *node;

        iova_tree_remove(as->iova_tree, one);
        as->known_mappings--;
    }
}

DMAMap vtd_known_whole(const VTDAddressSpace *as, DMAMap range)
{
    hwaddr last = range.iova + range.size;
    DMAMap first_byte = { .iova = range.iova }, last_byte = { .iova = last };
    const DMAMap *node = iova_tree_find(as->iova_tree, &first_byte);

    if (node) {
        range.iova = node->iova;
    }
    node = iova_tree_find(as->iova_tree, &last_byte);
    if (node) {
        last = node->iova + node->size;
    }
    range.size = last - range.iova;
    return range;
}

static void vtd_known_forget(VTDAddressSpace *as)
{
    DMAMap all = { .size = HWADDR_MAX };
    IOMMUNotifier *n;

    IOMMU_NOTIFIER_FOREACH(n, &as->iommu) {
        vtd_address_space_unmap(as, n);
    }
    vtd_known_remove(as, all);
}

void vtd_known_range(VTDAddressSpace *as, hwaddr *addr, hwaddr *size)
{
    DMAMap range = { .iova = *addr, .size = *size - 1 };

    if (as->known_incomplete) {
        vtd_known_forget(as);
        as->known_incomplete = false;
        *addr = 0;
        *size = UINT64_MAX;
        return;
    }
    range = vtd_known_whole(as, range);
    *addr = range.iova;
    *size = range.size + 1;
}

void vtd_known_begin_anew(IntelIOMMUState *s)
{
    GHashTableIter iter;
    gpointer as;

    g_hash_table_iter_init(&iter, s->vtd_address_spaces);
    while (g_hash_table_iter_next(&iter, NULL, &as)) {
        ((VTDAddressSpace *)as)->known_incomplete = false;
    }
}

void vtd_known_walk_begin(VTDAddressSpace *as)
{
    as->known_tables = 0;
}

bool vtd_known_walk_table(VTDAddressSpace *as)
{
    if (as->known_tables++ <
        vtd_known_ram_pages() / VTD_KNOWN_PAGES_PER_TABLE + VTD_KNOWN_MORE) {
        return true;
    }
    vtd_known_too_much(as);
    return false;
}

int vtd_known_walk_end(VTDAddressSpace *as, int ret)
{
    if (as->known_incomplete) {
        vtd_known_forget(as);
    }
    return ret;
}

static void vtd_known_keep_outside(GArray *kept, const DMAMap *node,
                                  hwaddr base, hwaddr limit)
{
    hwaddr last = node->iova + node->size;
    DMAMap part = *node;

    if (node->iova < base) {
        part.size = base - 1 - node->iova;
        g_array_append_val(kept, part);
    }
    if (last > limit) {
        part.iova = limit + 1;
        part.size = last - part.iova;
        part.translated_addr = node->translated_addr +
                               (part.iova - node->iova);
        g_array_append_val(kept, part);
    }
}

GArray *vtd_known_take(VTDAddressSpace *as, hwaddr base, hwaddr limit)
{
    GArray *kept = g_array_new(false, false, sizeof(DMAMap));
    DMAMap all = { .iova = base, .size = limit - base };
    const DMAMap *node;

    while ((node = iova_tree_find(as->iova_tree, &all))) {
        vtd_known_keep_outside(kept, node, base, limit);
        vtd_known_remove(as, *node);
    }
    return kept;
}

void vtd_known_put_back(VTDAddressSpace *as, GArray *kept)
{
    unsigned i;

    for (i = 0; i < kept->len; i++) {
        const DMAMap *part = &g_array_index(kept, DMAMap, i);

        if (!iova_tree_find(as->iova_tree, part)) {
            vtd_known_insert(as, part);
        }
    }
    g_array_unref(kept);
}

/* Whether every one of @parts is in @kept */
static bool vtd_known_all_kept(const GArray *kept, const GArray *parts)
{
    unsigned i, k, found = 0;

    for (i = 0; i < parts->len; i++) {
        const DMAMap *part = &g_array_index(parts, DMAMap, i);

        for (k = 0; k < kept->len; k++) {
            const DMAMap *old = &g_array_index(kept, DMAMap, k);

            found += old->iova == part->iova && old->size == part->size &&
                     old->translated_addr == part->translated_addr &&
                     old->perm == part->perm;
        }
    }
    return found == parts->len;
}

/*
 * The walk has put whole entries into the tree. The other notifiers have not
 * heard of a new entry, so one that crosses an edge of @n's range is cut there.
 */
static void vtd_known_cut_at(VTDAddressSpace *as, const IOMMUNotifier *n,
                            hwaddr edge, const GArray *kept)
{
    g_autoptr(GArray) outside = g_array_new(false, false, sizeof(DMAMap));
    DMAMap at = { .iova = edge }, inside, whole;
    const DMAMap *node = iova_tree_find(as->iova_tree, &at);

    if (!node) {
        return;
    }
    inside = whole = *node;
    vtd_known_keep_outside(outside, &whole, n->start, n->end);
    if (vtd_known_all_kept(kept, outside)) {
        return;
    }
    inside.iova = MAX(whole.iova, n->start);
    inside.size = MIN(whole.iova + whole.size, n->end) - inside.iova;
    inside.translated_addr += inside.iova - whole.iova;
    vtd_known_remove(as, whole);
    vtd_known_insert(as, &inside);
}

void vtd_known_replayed(VTDAddressSpace *as, const IOMMUNotifier *n,
                        GArray *kept)
{
    vtd_known_cut_at(as, n, n->start, kept);
    vtd_known_cut_at(as, n, n->end, kept);
    vtd_known_put_back(as, kept);
}
