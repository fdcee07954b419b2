/*
 * Stolen memory behind the emulated VT-d: what the hole needs
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: while a region is kept mapped it is a hole in the address space that
 * the guest's tables describe. These are called from intel_iommu.c where its
 * walks, replays and translations meet an edge of the hole. A region that is
 * not kept mapped is no hole, and then nothing here takes effect.
 *
 * Tested by tests/qtest/intel-iommu-events-test.c, -dma-test.c and
 * -model-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "hw/boards.h"
#include "hw/cxl/cxl.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_internal.h"
#include "intel_iommu_known.h"
#include "intel_iommu_rmrr_internal.h"

static PCMachineState *vtd_rmrr_machine_with_cxl(void)
{
    PCMachineState *pcms = PC_MACHINE(qdev_get_machine());

    return pcms->cxl_devices_state.fixed_windows ? pcms : NULL;
}

/* CXL windows do not move, and nothing can be put over them */
static bool vtd_rmrr_in_cxl_window(hwaddr addr, hwaddr len)
{
    PCMachineState *pcms = vtd_rmrr_machine_with_cxl();
    GList *it;

    for (it = pcms ? pcms->cxl_devices_state.fixed_windows : NULL; it;
         it = it->next) {
        const CXLFixedWindow *fw = it->data;

        if (addr >= fw->base && addr - fw->base < fw->size) {
            return len <= fw->size - (addr - fw->base);
        }
    }
    return false;
}

MemTxResult vtd_rmrr_table_rw(hwaddr addr, void *buf, hwaddr len,
                              DMADirection dir)
{
    MemTxAttrs attrs = { .memory = 1 };
    MemTxResult ret = dma_memory_rw(&address_space_memory, addr, buf, len,
                                    dir, attrs);

    if (ret != MEMTX_OK && vtd_rmrr_in_cxl_window(addr, len)) {
        attrs.memory = 0;
        ret = dma_memory_rw(&address_space_memory, addr, buf, len, dir, attrs);
    }
    return ret;
}

BQLLockAuto *vtd_rmrr_table_lock(void)
{
    if (bql_locked() || !vtd_rmrr_machine_with_cxl()) {
        return NULL;
    }
    return bql_auto_lock(__FILE__, __LINE__);
}

bool vtd_rmrr_hides(const VTDAddressSpace *as, hwaddr iova, hwaddr mask)
{
    const VTDRmrrWindows *w = qatomic_rcu_read(&as->rmrr);
    hwaddr last = iova + mask;
    unsigned i;

    for (i = 0; w && i < w->nr; i++) {
        if (iova > w->window[i].limit || last < w->window[i].base) {
            continue;
        }
        w->window[i].mapping->stats.clipped++;
        if (iova >= w->window[i].base && last <= w->window[i].limit) {
            return true;
        }
    }
    return false;
}

void vtd_rmrr_shrink(const VTDAddressSpace *as, hwaddr addr,
                     IOMMUTLBEntry *entry)
{
    const VTDRmrrWindows *w = qatomic_rcu_read(&as->rmrr);
    unsigned i;

    for (i = 0; w && i < w->nr; i++) {
        vtd_end_translation_at(entry, addr, w->window[i].base,
                               w->window[i].limit);
    }
}

static void vtd_rmrr_keep_outside(GArray *kept, const DMAMap *node,
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

/*
 * Forget a range. Only a node at an edge can reach beyond it; what it has
 * outside is returned, and forgotten as well.
 */
static GArray *vtd_rmrr_take_range(VTDAddressSpace *as, hwaddr base,
                                   hwaddr limit)
{
    GArray *kept = g_array_new(false, false, sizeof(DMAMap));
    const hwaddr edges[] = { base, limit };
    DMAMap all = { .iova = base, .size = limit - base };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(edges); i++) {
        DMAMap edge = { .iova = edges[i] };
        const DMAMap *node = iova_tree_find(as->iova_tree, &edge);

        if (node) {
            vtd_rmrr_keep_outside(kept, node, base, limit);
            edge = *node;
            vtd_known_remove(as, edge);
        }
    }
    vtd_known_remove(as, all);
    return kept;
}

static void vtd_rmrr_put_back(VTDAddressSpace *as, const GArray *kept)
{
    unsigned i;

    for (i = 0; i < kept->len; i++) {
        const DMAMap *part = &g_array_index(kept, DMAMap, i);

        if (!iova_tree_find(as->iova_tree, part)) {
            vtd_known_insert(as, part);
        }
    }
}

void vtd_rmrr_forget_range(VTDAddressSpace *as, hwaddr base, hwaddr limit)
{
    g_autoptr(GArray) kept = vtd_rmrr_take_range(as, base, limit);

    vtd_rmrr_put_back(as, kept);
}

GArray *vtd_rmrr_replay_begin(VTDAddressSpace *as, const IOMMUNotifier *n)
{
    return vtd_rmrr_take_range(as, n->start, n->end);
}

/* Whether every one of @parts is in @kept */
static bool vtd_rmrr_all_kept(const GArray *kept, const GArray *parts)
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
 * The walk has put whole entries into the tree. One that reaches over an edge
 * of the notifier's range, and says something new outside of it, is cut.
 */
static void vtd_rmrr_cut_at(VTDAddressSpace *as, const IOMMUNotifier *n,
                            hwaddr edge, const GArray *kept)
{
    g_autoptr(GArray) outside = g_array_new(false, false, sizeof(DMAMap));
    DMAMap at = { .iova = edge }, inside, whole;
    const DMAMap *node = iova_tree_find(as->iova_tree, &at);

    if (!node) {
        return;
    }
    inside = whole = *node;
    vtd_rmrr_keep_outside(outside, &whole, n->start, n->end);
    if (vtd_rmrr_all_kept(kept, outside)) {
        return;
    }
    inside.iova = MAX(whole.iova, n->start);
    inside.size = MIN(whole.iova + whole.size, n->end) - inside.iova;
    inside.translated_addr += inside.iova - whole.iova;
    vtd_known_remove(as, whole);
    vtd_known_insert(as, &inside);
}

void vtd_rmrr_replay_end(VTDAddressSpace *as, const IOMMUNotifier *n,
                         GArray *kept)
{
    vtd_rmrr_cut_at(as, n, n->start, kept);
    vtd_rmrr_cut_at(as, n, n->end, kept);
    vtd_rmrr_put_back(as, kept);
    g_array_unref(kept);
}
