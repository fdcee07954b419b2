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
 * A hole in the IOMMU's range, the interrupt range say, has a notifier on each
 * side, so a replay for one must not forget what the others were told.
 *
 * Tested by tests/qtest/intel-iommu-{known,events,model}-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_known.h"

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

static void vtd_known_add(VTDAddressSpace *as, const DMAMap *map)
{
    if (iova_tree_insert(as->iova_tree, map) == IOVA_OK) {
        as->known_mappings++;
    }
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

static DMAMap vtd_known_part(const DMAMap *map, hwaddr first, hwaddr last)
{
    DMAMap part = *map;

    part.iova = first;
    part.size = last - first;
    part.translated_addr += first - map->iova;
    return part;
}

/* Whether @n was told its part of @map, if there is one */
static bool vtd_known_by(const VTDAddressSpace *as, const IOMMUNotifier *n,
                         const DMAMap *map)
{
    hwaddr first = MAX(map->iova, n->start), map_last = map->iova + map->size;
    hwaddr last = MIN(map_last, n->end), node_last;
    DMAMap at = { .iova = first };
    const DMAMap *node = iova_tree_find(as->iova_tree, &at);

    if (first > last || !node) {
        return first > last;
    }
    node_last = node->iova + node->size;
    return node->iova >= map->iova && node_last >= last &&
           node_last <= map_last && node->perm == map->perm &&
           node->translated_addr - node->iova ==
           map->translated_addr - map->iova;
}

bool vtd_known_insert(VTDAddressSpace *as, const DMAMap *map)
{
    const IOMMUNotifier *n = as->known_replay, *other;
    DMAMap told = *map;

    if (as->known_mappings >= vtd_known_ram_pages() + VTD_KNOWN_MORE) {
        vtd_known_too_much(as);
        return false;
    }
    if (n) {
        IOMMU_NOTIFIER_FOREACH(other, &as->iommu) {
            if (n != other && !vtd_known_by(as, other, map)) {
                told = vtd_known_part(map, MAX(map->iova, n->start),
                                      MIN(map->iova + map->size, n->end));
            }
        }
        vtd_known_cut(as, told.iova, told.iova + told.size);
    }
    vtd_known_add(as, &told);
    return true;
}

const DMAMap *vtd_known_find(const VTDAddressSpace *as, const DMAMap *map)
{
    return as->known_replay ? NULL : iova_tree_find(as->iova_tree, map);
}

void vtd_known_cut(VTDAddressSpace *as, hwaddr base, hwaddr limit)
{
    DMAMap range = { .iova = base, .size = limit - base };
    const DMAMap *node;

    while ((node = iova_tree_find(as->iova_tree, &range))) {
        DMAMap whole = *node, part;
        hwaddr last = whole.iova + whole.size;

        vtd_known_remove(as, whole);
        if (whole.iova < base) {
            part = vtd_known_part(&whole, whole.iova, base - 1);
            vtd_known_add(as, &part);
        }
        if (last > limit) {
            part = vtd_known_part(&whole, limit + 1, last);
            vtd_known_add(as, &part);
        }
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
        memory_region_unmap_iommu_notifier_range(n);
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
    as->known_tables = 0;
    if (as->known_incomplete) {
        vtd_known_forget(as);
    }
    return ret;
}
