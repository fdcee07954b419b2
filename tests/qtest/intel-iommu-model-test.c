/*
 * Random guests, against a model of what must be mapped, and hostile
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest never reuses an address before it is flushed. After every step
 * query-rmrr must say what the model says of the region. Whenever the guest
 * owes no flush, the mapped set must equal its tables minus the holes, plus
 * the region if that is kept mapped, and the device's DMA must go there.
 *
 * The hostile guest keeps no rule. Whatever it does to its tables, and whatever
 * it flushes or forgets to, the emulator must live and nothing may be left
 * behind. Under policy lock the region's mapping must never be touched.
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "vtd-model.h"
#include "hw/display/igd-testdev-regs.h"

#define DMA_BUFFER 0x10000000ull

/* One word written by the device, near something that matters */
static void check_dma(VTDModel *m, const char *where)
{
    uint64_t iova = vtd_model_pick_iova(m, 4), gpa = iova;
    VTDModelDomain *md = vtd_model_current(m);
    bool kept = m->region.mapped && iova >= RIG_BASE && iova <= RIG_LIMIT;
    bool all = !m->on || m->context == VTD_CONTEXT_PASS_THROUGH;
    const VTDLeaf *leaf = md ? vtd_leaves_find(md->leaves, iova, 4) : NULL;
    g_autoptr(GArray) memory = iova_runs_new();
    uint32_t status, fill = vtd_model_pick(m, INT32_MAX);

    if (iova >= RIG_MSI_BASE && iova <= RIG_MSI_LIMIT) {
        return;
    }
    if (!kept && !all && leaf) {
        gpa = leaf->gpa + (iova - leaf->iova);
    }
    iova_runs_add_slice(memory, m->rig->identity, gpa, gpa + 3, gpa, true);
    if ((kept || all || leaf) &&
        !(memory->len && g_array_index(memory, IOVARun, 0).writable)) {
        return;     /* where a device may be, or is read-only memory */
    }
    status = igd_guest_fill(m->rig, iova, 4, fill);
    if (!kept && !all && !(leaf && leaf->perm & VTD_WRITE)) {
        if (status != IGD_TESTDEV_STATUS_WRITE_FAILED) {
            g_printerr("%s: DMA to 0x%" PRIx64 "\n", where, iova);
        }
        g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_WRITE_FAILED);
        return;
    }
    if (status != IGD_TESTDEV_STATUS_DONE ||
        qtest_readl(m->rig->qts, gpa) != fill) {
        g_printerr("%s: DMA to 0x%" PRIx64 "\n", where, iova);
    }
    g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(m->rig->qts, gpa), ==, fill);
}

/* What may never have happened; the first two only with policy lock */
static void check_counters(VTDModel *m, const char *where)
{
    static const char *const never[] = {
        "region-maps", "region-unmaps", "fatal", "surrendered", "eexist",
        "einval", "enospc", NULL,
    };
    bool lock = !strcmp(m->kind->policy, "lock");

    igd_rig_check_never(m->rig, lock ? never : never + 2, where);
    g_assert_cmpuint(igd_rig_counter(m->rig, "switches"), ==,
                     m->region.switches);
}

static void check(VTDModel *m, const char *what)
{
    g_autofree char *where = g_strdup_printf("seed %u step %u: %s", m->seed,
                                             m->step, what);
    VTDModelDomain *md = vtd_model_current(m);
    g_autoptr(GArray) expected = NULL;

    igd_rig_reason(m->rig, m->region.reason, where);
    if (md && md->owed->len) {
        return;
    }
    expected = vtd_model_expect(m);
    igd_rig_check_map(m->rig, expected, where);
    if (!vtd_model_pick(m, 4)) {
        check_counters(m, where);
        check_dma(m, where);
    }
}

/*
 * What the guest does to its tables. None of these uses an address again before
 * it is flushed; those that have to flush for it do.
 */

/* A change the IOMMU has to be told of */
static void guest_owe(VTDModel *m, VTDModelDomain *md, const VTDLeaf *leaf)
{
    if (md == vtd_model_current(m)) {
        g_array_append_val(md->owed, *leaf);
    }
}

static void guest_flush(VTDModel *m, VTDModelDomain *md)
{
    if (md == vtd_model_current(m)) {
        vtd_model_inv_domain(m, md);
        g_array_set_size(md->owed, 0);
    }
}

/* Nothing may be mapped there, or owed */
static void guest_map(VTDModel *m, VTDModelDomain *md, const VTDLeaf *leaf)
{
    if (leaf->size > leaf->page) {
        vtd_map_range(m->g, &md->d, leaf->iova, leaf->gpa, leaf->size);
    } else {
        vtd_map_page(m->g, &md->d, leaf->iova, leaf->gpa, leaf->size,
                     leaf->perm);
    }
    g_array_append_val(md->leaves, *leaf);
    guest_owe(m, md, leaf);
}

static bool guest_can_map(VTDModelDomain *md, uint64_t iova, uint64_t size)
{
    return !vtd_leaves_find(md->leaves, iova, size) &&
           !vtd_leaves_find(md->owed, iova, size);
}

/* The entry that covers @size; no larger page may be there */
static void guest_clear(VTDModel *m, VTDModelDomain *md, uint64_t iova,
                        uint64_t size)
{
    g_autoptr(GArray) removed = vtd_leaves_new();

    vtd_clear_entry(m->g, &md->d, iova, size);
    vtd_leaves_cut(md->leaves, iova & ~(size - 1), size, removed);
    for (guint i = 0; i < removed->len; i++) {
        guest_owe(m, md, &VTD_LEAF(removed, i));
    }
}

/* Map one page somewhere, if nothing is there */
static void op_map(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf leaf = { .size = vtd_model_pick_size(m) };

    leaf.page = leaf.size;
    leaf.perm = 1 + vtd_model_pick(m, 3);
    leaf.iova = vtd_model_pick_iova(m, leaf.size);
    leaf.gpa = vtd_model_pick_gpa(m, leaf.size);
    if (guest_can_map(md, leaf.iova, leaf.size)) {
        guest_map(m, md, &leaf);
    }
}

/* One page of what is mapped */
static bool guest_pick_page(VTDModel *m, VTDModelDomain *md, VTDLeaf *page)
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

/* Another target or other rights in place */
static void op_replace(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf page;

    if (!guest_pick_page(m, md, &page)) {
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
    guest_map(m, md, &page);
}

/* A leaf, or a whole table with all that is in it */
static void op_unmap(VTDModel *m, VTDModelDomain *md)
{
    static const uint64_t sizes[] = { VTD_PAGE_4K, VTD_PAGE_2M, VTD_PAGE_1G };
    uint64_t size = sizes[vtd_model_pick(m, 10) < 7 ? 0 :
                          1 + vtd_model_pick(m, 2)];
    VTDLeaf page;

    if (guest_pick_page(m, md, &page)) {
        guest_clear(m, md, page.iova, MAX(size, page.page));
    }
}

/* The region to itself, from @first on, which is as large as a table at most */
static void guest_map_same(VTDModel *m, VTDModelDomain *md, uint64_t first,
                           uint64_t size, uint64_t page)
{
    uint64_t step = page == VTD_PAGE_4K ? size : page;

    for (uint64_t iova = first; iova < first + size; iova += step) {
        VTDLeaf leaf = {
            .iova = iova, .gpa = iova, .size = step, .page = page,
            .perm = VTD_RW,
        };

        guest_map(m, md, &leaf);
    }
}

/*
 * Unmap the region and what shares its tables, and map all of it to itself, in
 * pages of one size or of two, or leave it unmapped
 */
static void op_region(VTDModel *m, VTDModelDomain *md)
{
    const uint64_t first = RIG_BASE & ~(VTD_PAGE_2M - 1);
    const uint64_t inner = RIG_BASE + VTD_PAGE_2M / 2;
    const uint64_t inner_end = RIG_LIMIT & ~(VTD_PAGE_2M - 1);

    /* All of it is in one table of 1 GiB */
    guest_clear(m, md, RIG_BASE, VTD_PAGE_1G);
    guest_flush(m, md);
    switch (vtd_model_pick(m, 6)) {
    case 0 ... 1:
        guest_map_same(m, md, RIG_BASE, RIG_SIZE, VTD_PAGE_4K);
        break;
    case 2:
        guest_map_same(m, md, RIG_BASE, inner - RIG_BASE, VTD_PAGE_4K);
        guest_map_same(m, md, inner, inner_end - inner, VTD_PAGE_2M);
        guest_map_same(m, md, inner_end, RIG_LIMIT + 1 - inner_end,
                       VTD_PAGE_4K);
        break;
    case 3:
        guest_map_same(m, md, first, inner_end + VTD_PAGE_2M - first,
                       VTD_PAGE_2M);
        break;
    case 4:
        guest_map_same(m, md, RIG_BASE & ~(VTD_PAGE_1G - 1), VTD_PAGE_1G,
                       VTD_PAGE_1G);
        break;
    default:
        break;
    }
    if (vtd_model_pick(m, 2)) {
        guest_flush(m, md);
    }
}

/* Unmap one page of the region */
static void op_hole(VTDModel *m, VTDModelDomain *md)
{
    uint64_t iova = RIG_BASE + VTD_PAGE_4K *
                    vtd_model_pick(m, RIG_SIZE / VTD_PAGE_4K);
    const VTDLeaf *leaf = vtd_leaves_find(md->leaves, iova, 1);

    if (leaf) {
        guest_clear(m, md, iova, leaf->page);
    }
}

/*
 * Map what is not mapped in the region to itself, as it is or one page of it
 * only, or one page to other memory
 */
static void op_fill(VTDModel *m, VTDModelDomain *md)
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
    if (!guest_can_map(md, leaf.iova, leaf.size)) {
        guest_flush(m, md);
    }
    if (guest_can_map(md, leaf.iova, leaf.size)) {
        guest_map(m, md, &leaf);
    }
}

/* And to the rest */

static void flush_page(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf leaf = VTD_LEAF(md->owed, vtd_model_pick(m, md->owed->len));
    uint64_t page = leaf.iova + leaf.page *
                    vtd_model_pick(m, leaf.size / leaf.page);
    unsigned int order = MIN(18, ctz64(leaf.page / VTD_PAGE_4K) +
                             vtd_model_pick(m, 3));
    uint64_t size;

    if (leaf.size > leaf.page && vtd_model_pick(m, 2)) {
        order = 18;
    }
    size = VTD_PAGE_4K << order;
    page &= ~(size - 1);
    vtd_model_inv_page(m, md, page, order);
    vtd_leaves_cut(md->owed, page, size, NULL);
}

static void op_flush(VTDModel *m)
{
    VTDModelDomain *md = vtd_model_current(m);
    uint32_t how = vtd_model_pick(m, 10);

    if (md && md->owed->len && how < 6) {
        flush_page(m, md);
    } else if (md && how < 8) {
        vtd_model_inv_domain(m, md);
        vtd_model_settle(m);
    } else {
        vtd_model_inv_global(m);
        vtd_model_settle(m);
    }
}

/* Between pass-through and a domain the entry may change in place */
static void op_context(VTDModel *m)
{
    VTDModelContext next = vtd_model_pick(m, VTD_CONTEXT_NR);
    bool through = m->context == VTD_CONTEXT_PASS_THROUGH ||
                   next == VTD_CONTEXT_PASS_THROUGH;

    if (!through || vtd_model_pick(m, 2)) {
        vtd_model_set_context(m, VTD_CONTEXT_NONE);
        vtd_model_flush_context(m, false);
        check(m, "context cleared");
    }
    through = m->context != VTD_CONTEXT_NONE && next != VTD_CONTEXT_NONE;
    vtd_model_set_context(m, next);
    vtd_model_flush_context(m, through && m->g->mode != VTD_LEGACY);
    check(m, "context set");
    vtd_model_inv_global(m);
    check(m, "context set, IOTLB flushed");
}

static void op_reset(VTDModel *m)
{
    bool queued = m->g->queued;

    vtd_model_reset(m);
    check(m, "reset");
    vtd_guest_enable(m->g, queued);
    m->on = true;
    vtd_model_look(m, true);
    check(m, "enabled after reset");
}

static void op_tables(VTDModel *m, VTDModelDomain *md, uint32_t what)
{
    if (what < 45) {
        op_map(m, md);
    } else if (what < 80) {
        op_unmap(m, md);
    } else if (what < 90) {
        op_replace(m, md);
    } else if (what < 98) {
        op_region(m, md);
    } else if (what < 106) {
        op_hole(m, md);
    } else {
        op_fill(m, md);
    }
}

static void model_step(VTDModel *m)
{
    VTDModelDomain *md = &m->domain[vtd_model_pick(m, VTD_MODEL_DOMAINS)];
    uint32_t what = vtd_model_pick(m, 200);

    if (vtd_model_current(m) && vtd_model_pick(m, 8)) {
        md = vtd_model_current(m);
    }
    if (what < 115) {
        op_tables(m, md, what);
    } else if (what < 175) {
        op_flush(m);
    } else if (what < 180) {
        vtd_model_noise(m);
    } else if (what < 189) {
        op_context(m);
    } else if (what < 195) {
        vtd_model_switch(m, !m->on);
        check(m, m->on ? "translation on" : "translation off");
        vtd_model_inv_global(m);
    } else if (what < 198) {
        vtd_model_set_root(m);
    } else {
        op_reset(m);
    }
    check(m, "step");
}

static void test_model(const void *opaque)
{
    VTDModel *m = vtd_model_start(opaque);

    for (m->step = 0; m->step < VTD_MODEL_STEPS; m->step++) {
        model_step(m);
    }
    vtd_model_inv_global(m);
    vtd_model_settle(m);
    check(m, "end");
    check_counters(m, "end");
    vtd_model_stop(m);
}

static const VTDModelKind model_kinds[] = {
    { "", "lock", "", "1" },
    { "-keep", "keep", "", "1 2" },
    { "-exact", "exact", "", "1" },
    { "-keep-scalable", "keep", ",x-scalable-mode=on", "1" },
};

/* The hostile guest */

/* All of the region to itself, or the most of it */
static void hostile_region(VTDModel *m, VTDModelDomain *md)
{
    uint64_t size = RIG_SIZE;

    vtd_clear_entry(m->g, &md->d, RIG_BASE, VTD_PAGE_1G);
    if (vtd_model_pick(m, 2)) {
        size &= ~(VTD_PAGE_1G / 16 - 1);
    }
    vtd_map_range(m->g, &md->d, RIG_BASE, RIG_BASE, size);
}

static void hostile_table(VTDModel *m)
{
    VTDModelDomain *md = &m->domain[vtd_model_pick(m, VTD_MODEL_DOMAINS)];
    uint64_t size = vtd_model_pick_size(m), iova = vtd_model_pick_iova(m, size);

    if (!vtd_model_pick(m, 12)) {
        hostile_region(m, md);
    } else if (vtd_model_pick(m, 3)) {
        /* Where a large page is in the way there is no table to write to */
        vtd_clear_entry(m->g, &md->d, iova, VTD_PAGE_1G);
        vtd_map_page(m->g, &md->d, iova, vtd_model_pick_gpa(m, size), size,
                     VTD_RW);
    } else {
        vtd_clear_entry(m->g, &md->d, iova, size);
    }
}

static void hostile_step(VTDModel *m)
{
    uint64_t iova = vtd_model_pick_iova(m, VTD_PAGE_4K);
    VTDModelDomain *md = &m->domain[vtd_model_pick(m, VTD_MODEL_DOMAINS)];

    switch (vtd_model_pick(m, 16)) {
    case 0 ... 6:
        hostile_table(m);
        break;
    case 7 ... 9:
        vtd_inv_iotlb_page(m->g, md->d.id, iova, vtd_model_pick(m, 19));
        break;
    case 10:
        vtd_inv_iotlb_domain(m->g, md->d.id);
        break;
    case 11:
        vtd_inv_iotlb_global(m->g);
        break;
    case 12:
        vtd_model_noise(m);
        break;
    case 13:
        vtd_model_set_context(m, vtd_model_pick(m, VTD_CONTEXT_NR));
        break;
    case 14:
        vtd_model_flush_context(m, false);
        break;
    case 15:
        if (!vtd_model_pick(m, 4)) {
            m->on = !m->on;
            vtd_guest_set_translation(m->g, m->on);
        } else if (!vtd_model_pick(m, 4)) {
            vtd_guest_set_root(m->g, m->g->root);
        }
        break;
    }
}

/* Refused calls are the guest's own fault; these must never happen */
static void hostile_check(VTDModel *m)
{
    static const char *const never[] = {
        "region-maps", "region-unmaps", "fatal", NULL,
    };
    g_autofree char *where = g_strdup_printf("seed %u step %u", m->seed,
                                             m->step);
    bool lock = !strcmp(m->kind->policy, "lock");

    igd_rig_check_never(m->rig, lock ? never : never + 2, where);
}

static void test_hostile(const void *opaque)
{
    VTDModel *m = vtd_model_start(opaque);

    for (m->step = 0; m->step < VTD_MODEL_STEPS; m->step++) {
        hostile_step(m);
        if (m->step % 50 == 0) {
            hostile_check(m);
        }
    }
    vtd_guest_set_translation(m->g, false);
    hostile_check(m);
    igd_rig_check_map(m->rig, m->rig->identity, "after a hostile guest");
    vtd_model_set_context(m, VTD_CONTEXT_NONE);
    vtd_guest_set_translation(m->g, true);
    hostile_check(m);
    g_assert_cmpuint(igd_rig_count(m->rig, "entries"), ==,
                     !strcmp(m->kind->policy, "lock"));
    vtd_model_stop(m);
}

static const VTDModelKind hostile_kinds[] = {
    { "", "lock", "", "1 2" },
    { "-keep", "keep", "", "1 2" },
    { "-exact", "exact", "", "1" },
    { "-keep-scalable", "keep", ",x-scalable-mode=on", "1" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vtd_model_add_tests("model", model_kinds, G_N_ELEMENTS(model_kinds),
                        test_model);
    vtd_model_add_tests("hostile", hostile_kinds, G_N_ELEMENTS(hostile_kinds),
                        test_hostile);
    return g_test_run();
}
