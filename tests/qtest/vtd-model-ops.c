/*
 * What a random guest does to its tables, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vtd-model-ops.h"

#define REGION_SIZE (RIG_LIMIT - RIG_BASE + 1)

/* A change the IOMMU has to be told of */
static void vtd_model_owe(VTDModel *m, VTDModelDomain *md, const VTDLeaf *leaf)
{
    if (md == vtd_model_current(m)) {
        g_array_append_val(md->owed, *leaf);
    }
}

static void vtd_model_flush(VTDModel *m, VTDModelDomain *md)
{
    if (md == vtd_model_current(m)) {
        vtd_model_inv_domain(m, md);
        g_array_set_size(md->owed, 0);
    }
}

/* Nothing may be mapped there, or owed */
static void vtd_model_map(VTDModel *m, VTDModelDomain *md, const VTDLeaf *leaf)
{
    if (leaf->size > leaf->page) {
        vtd_map_range(m->g, &md->d, leaf->iova, leaf->gpa, leaf->size);
    } else {
        vtd_map_page(m->g, &md->d, leaf->iova, leaf->gpa, leaf->size,
                     leaf->perm);
    }
    g_array_append_val(md->leaves, *leaf);
    vtd_model_owe(m, md, leaf);
}

static bool vtd_model_free(VTDModelDomain *md, uint64_t iova, uint64_t size)
{
    return !vtd_leaves_find(md->leaves, iova, size) &&
           !vtd_leaves_find(md->owed, iova, size);
}

/* The entry that covers @size; no larger page may be there */
static void vtd_model_clear(VTDModel *m, VTDModelDomain *md, uint64_t iova,
                            uint64_t size)
{
    g_autoptr(GArray) removed = vtd_leaves_new();

    vtd_clear_entry(m->g, &md->d, iova, size);
    vtd_leaves_cut(md->leaves, iova & ~(size - 1), size, removed);
    for (guint i = 0; i < removed->len; i++) {
        vtd_model_owe(m, md, &VTD_LEAF(removed, i));
    }
}

void vtd_model_op_map(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf leaf = { .size = vtd_model_pick_size(m) };

    leaf.page = leaf.size;
    leaf.perm = 1 + vtd_model_pick(m, 3);
    leaf.iova = vtd_model_pick_iova(m, leaf.size);
    leaf.gpa = vtd_model_pick_gpa(m, leaf.size);
    if (vtd_model_free(md, leaf.iova, leaf.size)) {
        vtd_model_map(m, md, &leaf);
    }
}

/* One page of what is mapped */
static bool vtd_model_pick_page(VTDModel *m, VTDModelDomain *md, VTDLeaf *page)
{
    uint64_t at;

    if (!md->leaves->len) {
        return false;
    }
    *page = VTD_LEAF(md->leaves, vtd_model_pick(m, md->leaves->len));
    at = page->page * vtd_model_pick(m, page->size / page->page);
    page->iova += at;
    page->gpa += at;
    page->size = page->page;
    return true;
}

void vtd_model_op_replace(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf page;

    if (!vtd_model_pick_page(m, md, &page)) {
        return;
    }
    vtd_leaves_cut(md->leaves, page.iova, page.size, NULL);
    /* Higher up there is memory in smaller pieces than a page */
    if (page.iova > RIG_LIMIT || vtd_model_pick(m, 3)) {
        page.gpa = vtd_model_pick_gpa(m, page.size);
    } else {
        page.gpa = page.iova;
    }
    page.perm = 1 + vtd_model_pick(m, 3);
    vtd_model_map(m, md, &page);
}

void vtd_model_op_unmap(VTDModel *m, VTDModelDomain *md)
{
    static const uint64_t sizes[] = { VTD_PAGE_4K, VTD_PAGE_2M, VTD_PAGE_1G };
    uint64_t size = sizes[vtd_model_pick(m, 10) < 7 ? 0 :
                          1 + vtd_model_pick(m, 2)];
    VTDLeaf page;

    if (vtd_model_pick_page(m, md, &page)) {
        vtd_model_clear(m, md, page.iova, MAX(size, page.page));
    }
}

/* The region to itself, from @first on, which is as large as a table at most */
static void vtd_model_map_same(VTDModel *m, VTDModelDomain *md, uint64_t first,
                               uint64_t size, uint64_t page)
{
    uint64_t step = page == VTD_PAGE_4K ? size : page;

    for (uint64_t iova = first; iova < first + size; iova += step) {
        VTDLeaf leaf = {
            .iova = iova, .gpa = iova, .size = step, .page = page,
            .perm = VTD_RW,
        };

        vtd_model_map(m, md, &leaf);
    }
}

void vtd_model_op_region(VTDModel *m, VTDModelDomain *md)
{
    const uint64_t first = RIG_BASE & ~(VTD_PAGE_2M - 1);
    const uint64_t inner = RIG_BASE + VTD_PAGE_2M / 2;
    const uint64_t inner_end = RIG_LIMIT & ~(VTD_PAGE_2M - 1);

    /* All of it is in one table of 1 GiB */
    vtd_model_clear(m, md, RIG_BASE, VTD_PAGE_1G);
    vtd_model_flush(m, md);
    switch (vtd_model_pick(m, 6)) {
    case 0 ... 1:
        vtd_model_map_same(m, md, RIG_BASE, REGION_SIZE, VTD_PAGE_4K);
        break;
    case 2:
        vtd_model_map_same(m, md, RIG_BASE, inner - RIG_BASE, VTD_PAGE_4K);
        vtd_model_map_same(m, md, inner, inner_end - inner, VTD_PAGE_2M);
        vtd_model_map_same(m, md, inner_end, RIG_LIMIT + 1 - inner_end,
                           VTD_PAGE_4K);
        break;
    case 3:
        vtd_model_map_same(m, md, first, inner_end + VTD_PAGE_2M - first,
                           VTD_PAGE_2M);
        break;
    case 4:
        vtd_model_map_same(m, md, RIG_BASE & ~(VTD_PAGE_1G - 1), VTD_PAGE_1G,
                           VTD_PAGE_1G);
        break;
    default:
        break;
    }
    if (vtd_model_pick(m, 2)) {
        vtd_model_flush(m, md);
    }
}

void vtd_model_op_hole(VTDModel *m, VTDModelDomain *md)
{
    uint64_t iova = RIG_BASE + VTD_PAGE_4K *
                    vtd_model_pick(m, REGION_SIZE / VTD_PAGE_4K);
    const VTDLeaf *leaf = vtd_leaves_find(md->leaves, iova, 1);

    if (leaf) {
        vtd_model_clear(m, md, iova, leaf->page);
    }
}

void vtd_model_op_fill(VTDModel *m, VTDModelDomain *md)
{
    uint32_t how = vtd_model_pick(m, 5);
    uint64_t size;
    uint64_t iova = vtd_leaves_gap(md->leaves, RIG_BASE, RIG_LIMIT, &size);
    VTDLeaf leaf = { .page = VTD_PAGE_4K, .perm = VTD_RW };

    if (!size) {
        return;
    }
    leaf.iova = iova;
    leaf.size = how < 3 ? size : VTD_PAGE_4K;
    leaf.gpa = how < 4 ? iova : vtd_model_pick_gpa(m, VTD_PAGE_4K);
    if (!vtd_model_free(md, leaf.iova, leaf.size)) {
        vtd_model_flush(m, md);
    }
    if (vtd_model_free(md, leaf.iova, leaf.size)) {
        vtd_model_map(m, md, &leaf);
    }
}
