/*
 * What a guest's paging tables map, as a test knows it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and stdint only.
 */

#include "qemu/osdep.h"
#include "vtd-leaves.h"

#define PERM_RW 3

GArray *vtd_leaves_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(VTDLeaf));
}

static uint64_t vtd_leaf_limit(const VTDLeaf *leaf)
{
    return leaf->iova + leaf->size - 1;
}

const VTDLeaf *vtd_leaves_find(const GArray *leaves, uint64_t iova,
                               uint64_t size)
{
    for (guint i = 0; i < leaves->len; i++) {
        const VTDLeaf *leaf = &VTD_LEAF(leaves, i);

        if (leaf->iova <= iova + size - 1 && vtd_leaf_limit(leaf) >= iova) {
            return leaf;
        }
    }
    return NULL;
}

static void vtd_leaves_add_part(GArray *leaves, const VTDLeaf *leaf,
                                uint64_t first, uint64_t last)
{
    VTDLeaf part = *leaf;

    if (leaves && first <= last) {
        part.iova = first;
        part.gpa += first - leaf->iova;
        part.size = last - first + 1;
        g_array_append_val(leaves, part);
    }
}

void vtd_leaves_cut(GArray *leaves, uint64_t iova, uint64_t size,
                    GArray *removed)
{
    g_autoptr(GArray) old = g_array_copy(leaves);
    uint64_t limit = iova + size - 1;

    g_array_set_size(leaves, 0);
    for (guint i = 0; i < old->len; i++) {
        VTDLeaf leaf = VTD_LEAF(old, i);
        uint64_t last = vtd_leaf_limit(&leaf);
        bool inside = leaf.iova >= iova && last <= limit;

        if (last < iova || leaf.iova > limit ||
            (!inside && leaf.size == leaf.page)) {
            g_array_append_val(leaves, leaf);
            continue;
        }
        if (leaf.iova < iova) {
            vtd_leaves_add_part(leaves, &leaf, leaf.iova, iova - 1);
        }
        if (last > limit) {
            vtd_leaves_add_part(leaves, &leaf, limit + 1, last);
        }
        vtd_leaves_add_part(removed, &leaf, MAX(leaf.iova, iova),
                            MIN(last, limit));
    }
}

uint64_t vtd_leaves_gap(const GArray *leaves, uint64_t base, uint64_t limit,
                        uint64_t *size)
{
    uint64_t next = limit + 1;
    const VTDLeaf *leaf;

    while (base <= limit && (leaf = vtd_leaves_find(leaves, base, 1))) {
        base = vtd_leaf_limit(leaf) + 1;
    }
    for (guint i = 0; i < leaves->len; i++) {
        if (VTD_LEAF(leaves, i).iova > base) {
            next = MIN(next, VTD_LEAF(leaves, i).iova);
        }
    }
    *size = base > limit ? 0 : next - base;
    return base;
}

VTDLeavesState vtd_leaves_state(const GArray *leaves, uint64_t base,
                                uint64_t limit)
{
    uint64_t mapped = 0;

    for (guint i = 0; i < leaves->len; i++) {
        const VTDLeaf *leaf = &VTD_LEAF(leaves, i);
        uint64_t first = MAX(leaf->iova, base);
        uint64_t last = MIN(vtd_leaf_limit(leaf), limit);

        if (first > last) {
            continue;
        }
        if (leaf->gpa != leaf->iova || leaf->perm != PERM_RW) {
            return VTD_LEAVES_FOREIGN;
        }
        mapped += last - first + 1;
    }
    return mapped == 0 ? VTD_LEAVES_ABSENT :
           mapped == limit - base + 1 ? VTD_LEAVES_IDENTITY :
           VTD_LEAVES_PARTIAL;
}
