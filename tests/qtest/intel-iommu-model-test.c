/*
 * Random guests against a model of what must be mapped
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest never reuses an address before it is flushed. Whenever it owes no
 * flush, the mapped set must equal its tables minus the holes, plus the
 * region.
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "vtd-model.h"
#include "iova-runs.h"

static bool overlaps(GArray *leaves, uint64_t iova, uint64_t size)
{
    for (guint i = 0; i < leaves->len; i++) {
        if (VTD_LEAF(leaves, i).iova < iova + size &&
            iova < VTD_LEAF(leaves, i).iova + VTD_LEAF(leaves, i).size) {
            return true;
        }
    }
    return false;
}

static void owe(VTDModel *m, VTDModelDomain *md, const VTDLeaf *leaf)
{
    if (md == vtd_model_current(m)) {
        g_array_append_val(md->owed, *leaf);
    }
}

static void check(VTDModel *m, const char *what)
{
    g_autofree char *where = g_strdup_printf("seed %u step %u: %s", m->seed,
                                             m->step, what);
    g_autoptr(GArray) expected = igd_rig_expect(m->rig);
    VTDModelDomain *md = vtd_model_current(m);

    if (md && md->owed->len) {
        return;
    }
    igd_rig_check_kept(m->rig, where);
    if (!m->on || m->context == VTD_CONTEXT_PASS_THROUGH) {
        igd_rig_check_map(m->rig, m->rig->identity, where);
        return;
    }
    for (guint i = 0; md && i < md->leaves->len; i++) {
        VTDLeaf *leaf = &VTD_LEAF(md->leaves, i);

        igd_rig_expect_page(m->rig, expected, leaf->iova, leaf->gpa,
                            leaf->size, leaf->perm & VTD_WRITE);
    }
    igd_rig_check_map(m->rig, expected, where);
}

static void op_map(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf leaf = { .size = vtd_model_pick_size(m) };

    leaf.perm = 1 + vtd_model_pick(m, 3);
    leaf.iova = vtd_model_pick_iova(m, leaf.size);
    leaf.gpa = vtd_model_pick_gpa(m, leaf.size);
    if (overlaps(md->leaves, leaf.iova, leaf.size) ||
        overlaps(md->owed, leaf.iova, leaf.size)) {
        return;
    }
    vtd_map_page(m->g, &md->d, leaf.iova, leaf.gpa, leaf.size, leaf.perm);
    g_array_append_val(md->leaves, leaf);
    owe(m, md, &leaf);
}

/* Another target or other rights in place */
static void op_replace(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf *leaf;

    if (!md->leaves->len) {
        return;
    }
    leaf = &VTD_LEAF(md->leaves, vtd_model_pick(m, md->leaves->len));
    leaf->gpa = vtd_model_pick_gpa(m, leaf->size);
    leaf->perm = 1 + vtd_model_pick(m, 3);
    vtd_map_page(m->g, &md->d, leaf->iova, leaf->gpa, leaf->size, leaf->perm);
    owe(m, md, leaf);
}

/* A leaf, or a whole table with all that is in it */
static void op_unmap(VTDModel *m, VTDModelDomain *md)
{
    static const uint64_t sizes[] = { VTD_PAGE_4K, VTD_PAGE_2M, VTD_PAGE_1G };
    uint64_t base, size;

    if (!md->leaves->len) {
        return;
    }
    base = VTD_LEAF(md->leaves, vtd_model_pick(m, md->leaves->len)).iova;
    size = sizes[vtd_model_pick(m, 10) < 7 ? 0 : 1 + vtd_model_pick(m, 2)];
    for (guint i = 0; i < md->leaves->len; i++) {
        if (VTD_LEAF(md->leaves, i).iova == base) {
            size = MAX(size, VTD_LEAF(md->leaves, i).size);
        }
    }
    vtd_clear_entry(m->g, &md->d, base, size);
    base &= ~(size - 1);
    for (guint i = md->leaves->len; i-- > 0;) {
        VTDLeaf leaf = VTD_LEAF(md->leaves, i);

        if (leaf.iova - base < size) {
            g_array_remove_index_fast(md->leaves, i);
            owe(m, md, &leaf);
        }
    }
}

static void flush_page(VTDModel *m, VTDModelDomain *md)
{
    VTDLeaf leaf = VTD_LEAF(md->owed, vtd_model_pick(m, md->owed->len));
    unsigned int order = MIN(18, ctz64(leaf.size / VTD_PAGE_4K) +
                                 vtd_model_pick(m, 3));
    uint64_t size = VTD_PAGE_4K << order;
    uint64_t base = leaf.iova & ~(size - 1);

    vtd_inv_iotlb_page(m->g, md->d.id, base, order);
    for (guint i = md->owed->len; i-- > 0;) {
        if (VTD_LEAF(md->owed, i).iova - base < size &&
            VTD_LEAF(md->owed, i).size <= size) {
            g_array_remove_index_fast(md->owed, i);
        }
    }
}

static void op_flush(VTDModel *m)
{
    VTDModelDomain *md = vtd_model_current(m);
    uint32_t how = vtd_model_pick(m, 10);

    if (md && md->owed->len && how < 6) {
        flush_page(m, md);
    } else if (md && how < 8) {
        vtd_inv_iotlb_domain(m->g, md->d.id);
        vtd_model_settle(m);
    } else {
        vtd_inv_iotlb_global(m->g);
        vtd_model_settle(m);
    }
}

static void op_context(VTDModel *m)
{
    vtd_model_set_context(m, VTD_CONTEXT_NONE);
    vtd_model_flush_context(m);
    check(m, "context cleared");
    vtd_model_set_context(m, vtd_model_pick(m, VTD_CONTEXT_NR));
    vtd_model_flush_context(m);
    check(m, "context set");
}

static void op_translation(VTDModel *m)
{
    m->on = !m->on;
    vtd_guest_set_translation(m->g, m->on);
    vtd_model_settle(m);
    check(m, m->on ? "translation on" : "translation off");
}

static void op_root(VTDModel *m)
{
    vtd_guest_set_root(m->g, m->g->root);
    vtd_inv_context_global(m->g);
    vtd_inv_iotlb_global(m->g);
    vtd_model_settle(m);
    check(m, "root table");
}

static void op_reset(VTDModel *m)
{
    bool queued = m->g->queued;

    qtest_system_reset(m->rig->qts);
    m->on = false;
    vtd_model_settle(m);
    check(m, "reset");
    vtd_guest_enable(m->g, queued);
    m->on = true;
    check(m, "enabled after reset");
}

static void model_step(VTDModel *m)
{
    VTDModelDomain *md = &m->domain[vtd_model_pick(m, VTD_MODEL_DOMAINS)];
    uint32_t what = vtd_model_pick(m, 200);

    if (vtd_model_current(m) && vtd_model_pick(m, 8)) {
        md = vtd_model_current(m);
    }
    if (what < 60) {
        op_map(m, md);
    } else if (what < 100) {
        op_unmap(m, md);
    } else if (what < 110) {
        op_replace(m, md);
    } else if (what < 175) {
        op_flush(m);
    } else if (what < 185) {
        vtd_model_noise(m);
    } else if (what < 191) {
        op_context(m);
    } else if (what < 196) {
        op_translation(m);
    } else if (what < 199) {
        op_root(m);
    } else {
        op_reset(m);
    }
    check(m, "step");
}

static void test_model(const void *opaque)
{
    VTDModel *m = vtd_model_start(GPOINTER_TO_UINT(opaque));

    for (m->step = 0; m->step < VTD_MODEL_STEPS; m->step++) {
        model_step(m);
    }
    vtd_inv_iotlb_global(m->g);
    vtd_model_settle(m);
    check(m, "end");
    vtd_model_stop(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vtd_model_add_tests("model", test_model);
    return g_test_run();
}
