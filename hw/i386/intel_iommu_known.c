/*
 * What map notifiers of the emulated VT-d have been told, and no more than fits
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: keeps VTDAddressSpace.iova_tree, which has a node for each mapping
 * that the device's map notifiers (VFIO) were told of.
 *
 * A few pages of tables that point to each other describe 2^36 mappings, and a
 * walk of them takes hours and all memory there is. So both are bounded by
 * what the guest's memory can hold; see the limits below. A device whose
 * tables have more reaches nothing at all: then nothing that it reaches is
 * wrong, and at each invalidation they are looked at anew from the beginning.
 * DMA that QEMU translates itself, an emulated device's, needs none of this.
 *
 * Tested by tests/qtest/intel-iommu-known-test.c.
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
        vtd_rmrr_core.unmap(as, n);
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
