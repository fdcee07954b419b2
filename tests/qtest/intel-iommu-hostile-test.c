/*
 * Random guests that keep no rule
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever they do to their tables, and whatever they flush or forget to, the
 * emulator must live and nothing may be left behind. Under policy lock the
 * region's mapping must never be touched.
 */

#include "qemu/osdep.h"
#include "vtd-model.h"

/* All of the region to itself, or the most of it */
static void hostile_region(VTDModel *m, VTDModelDomain *md)
{
    uint64_t size = RIG_LIMIT + 1 - RIG_BASE;

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
        vtd_model_flush_context(m);
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

static const VTDModelKind kinds[] = {
    { "", "lock", "", "1 2" },
    { "-keep", "keep", "", "1 2" },
    { "-exact", "exact", "", "1" },
    { "-keep-scalable", "keep", ",x-scalable-mode=on", "1" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    vtd_model_add_tests("hostile", kinds, G_N_ELEMENTS(kinds), test_hostile);
    return g_test_run();
}
