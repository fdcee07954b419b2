/*
 * A guest that drives a VT-d at random, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vtd-model.h"
#include "iova-runs.h"
#include "vtd-scalable.h"

#define LOW_RAM 0x10000000ull       /* plain RAM below the region */
#define LOW_RAM_SIZE 0x60000000ull
#define STRANGER 0x77               /* a domain id that no context has */

uint32_t vtd_model_pick(VTDModel *m, uint32_t n)
{
    return g_rand_int_range(m->rand, 0, n);
}

uint64_t vtd_model_pick_size(VTDModel *m)
{
    uint32_t n = vtd_model_pick(m, 10);

    return n < 6 ? VTD_PAGE_4K : n < 9 ? VTD_PAGE_2M : VTD_PAGE_1G;
}

uint64_t vtd_model_pick_iova(VTDModel *m, uint64_t size)
{
    static const uint64_t near[] = {
        RIG_BASE, RIG_BASE, RIG_LIMIT + 1, RIG_LIMIT + 1, RIG_MSI_BASE,
        RIG_MSI_LIMIT + 1, 0x40000000, 0xc0000000, 0x100000000, 0x4000000000,
        (RIG_BASE + RIG_LIMIT) / 2,
    };
    uint64_t center = near[vtd_model_pick(m, G_N_ELEMENTS(near))];
    uint64_t reach = vtd_model_pick(m, 3) ? 16 * VTD_PAGE_4K : 4 * VTD_PAGE_2M;

    return (center - reach + vtd_model_pick(m, 2 * reach)) & ~(size - 1);
}

uint64_t vtd_model_pick_gpa(VTDModel *m, uint64_t size)
{
    uint64_t where = (uint64_t)vtd_model_pick(m, UINT16_MAX) << 16;

    switch (size == VTD_PAGE_1G ? 0 : vtd_model_pick(m, 8)) {
    case 0 ... 3:
        where %= RIG_HIGH_SIZE / VTD_PAGE_1G * VTD_PAGE_1G;
        return RIG_HIGH + (where & ~(size - 1));
    case 4 ... 5:
        return LOW_RAM + (where % LOW_RAM_SIZE & ~(size - 1));
    case 6:         /* the region's memory, from elsewhere */
        return 0x7c000000 + (where % 0x2000000 & ~(size - 1));
    default:        /* no memory at all: cannot be mapped */
        return 0xd0000000 + (where % 0x8000000 & ~(size - 1));
    }
}

VTDModelDomain *vtd_model_current(VTDModel *m)
{
    if (!m->on || m->context >= VTD_MODEL_DOMAINS) {
        return NULL;
    }
    return &m->domain[m->context];
}

void vtd_model_settle(VTDModel *m)
{
    for (int i = 0; i < VTD_MODEL_DOMAINS; i++) {
        g_array_set_size(m->domain[i].owed, 0);
    }
}

void vtd_model_set_context(VTDModel *m, VTDModelContext context)
{
    m->context = context;
    if (context == VTD_CONTEXT_NONE) {
        vtd_context_clear(m->g, RIG_SID);
    } else {
        vtd_context_set(m->g, RIG_SID, context == VTD_CONTEXT_PASS_THROUGH ?
                        NULL : &m->domain[context].d);
    }
}

void vtd_model_flush_context(VTDModel *m)
{
    switch (vtd_model_pick(m, 3)) {
    case 0:
        vtd_inv_context_global(m->g);
        break;
    case 1:
        vtd_inv_context_domain(m->g, m->domain[0].d.id);
        break;
    case 2:
        vtd_inv_context_device(m->g, RIG_SID);
        break;
    }
    vtd_model_look(m, true);
    vtd_model_settle(m);
}

void vtd_model_flush_pasid(VTDModel *m)
{
    switch (vtd_model_pick(m, 3)) {
    case 0:
        vtd_inv_pasid_global(m->g);
        break;
    case 1:
        vtd_inv_pasid_domain(m->g, m->domain[0].d.id);
        break;
    case 2:
        vtd_inv_pasid_one(m->g, m->domain[0].d.id);
        break;
    }
    vtd_model_look(m, true);
    vtd_model_settle(m);
}

void vtd_model_switch(VTDModel *m, bool on)
{
    m->on = on;
    vtd_guest_set_translation(m->g, on);
    vtd_model_look(m, true);
    vtd_model_settle(m);
}

void vtd_model_set_root(VTDModel *m)
{
    vtd_guest_set_root(m->g, m->g->root);
    vtd_model_look(m, true);
    vtd_inv_context_global(m->g);
    vtd_model_look(m, true);
    vtd_model_inv_global(m);
    vtd_model_settle(m);
}

void vtd_model_reset(VTDModel *m)
{
    qtest_system_reset(m->rig->qts);
    igd_rig_dma_setup(m->rig, RIG_SID);
    m->on = false;
    vtd_model_look(m, true);
    vtd_model_settle(m);
}

void vtd_model_noise(VTDModel *m)
{
    bool all = !vtd_model_pick(m, 4);
    uint64_t size = all ? 0 : VTD_PAGE_4K << vtd_model_pick(m, 20);
    uint64_t iova = all ? 0 : vtd_model_pick_iova(m, size);

    if (m->g->queued && vtd_model_pick(m, 3)) {
        vtd_inv_device_iotlb(m->g, RIG_SID, iova, size);
    } else if (vtd_model_pick(m, 2)) {
        vtd_inv_iotlb_page(m->g, STRANGER, iova, vtd_model_pick(m, 19));
    } else {
        vtd_inv_iotlb_domain(m->g, STRANGER);
    }
}

VTDModel *vtd_model_start(const VTDModelRun *run)
{
    g_autofree char *iommu = g_strconcat(run->kind->iommu, ",rmrr-policy=",
                                         run->kind->policy, NULL);
    VTDModel *m = g_new0(VTDModel, 1);

    m->kind = run->kind;
    m->rig = igd_rig_start(iommu, ",listener=map", "");
    m->g = &m->rig->vtd;
    m->seed = run->seed;
    m->rand = g_rand_new_with_seed(run->seed);
    m->context = VTD_CONTEXT_NONE;
    m->region = (VTDModelRegion) { .kept = -1, .seen = -1, .mapped = true };
    for (int i = 0; i < VTD_MODEL_DOMAINS; i++) {
        m->domain[i].d = vtd_domain_new(m->g, 7 + i, 4 - i);
        m->domain[i].leaves = vtd_leaves_new();
        m->domain[i].owed = vtd_leaves_new();
    }
    vtd_guest_enable(m->g, run->seed % 2 || m->g->mode != VTD_LEGACY);
    m->on = true;
    vtd_model_look(m, true);
    igd_rig_dma_setup(m->rig, RIG_SID);
    igd_rig_reset_stats(m->rig, "igd0");
    return m;
}

void vtd_model_stop(VTDModel *m)
{
    for (int i = 0; i < VTD_MODEL_DOMAINS; i++) {
        g_array_unref(m->domain[i].leaves);
        g_array_unref(m->domain[i].owed);
    }
    g_rand_free(m->rand);
    igd_rig_stop(m->rig);
    g_free(m);
}

void vtd_model_add_tests(const char *name, const VTDModelKind *kinds,
                         size_t nr, void (*test)(const void *))
{
    const char *seeds = g_getenv("IGD_RMRR_SEEDS");

    for (size_t i = 0; i < nr; i++) {
        g_auto(GStrv) list = g_strsplit(seeds ?: kinds[i].seeds, " ", -1);

        for (char **seed = list; *seed; seed++) {
            g_autofree char *path = g_strconcat("intel-iommu-rmrr/", name,
                                                kinds[i].name, "-", *seed,
                                                NULL);
            VTDModelRun *run = g_new(VTDModelRun, 1);

            run->kind = &kinds[i];
            run->seed = g_ascii_strtoull(*seed, NULL, 0);
            if (**seed) {
                qtest_add_data_func_full(path, run, test, g_free);
            } else {
                g_free(run);
            }
        }
    }
}
