/*
 * A guest that drives a VT-d at random: what becomes of its stolen region
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table in docs/devel/design.rst a second time, in as few words as it
 * takes, from what the guest knows of its own tables.
 */

#include "qemu/osdep.h"
#include "vtd-model.h"
#include "iova-runs.h"

#define ANY_DOMAIN (-1)
#define VTD_CHUNK_NEW 0xff

static const char *vtd_model_keeps(VTDModel *m, const char *reason)
{
    if (!strcmp(m->kind->policy, "lock")) {
        return "locked";
    }
    if (!strcmp(m->kind->policy, "keep") && m->region.kept >= 0) {
        return "kept";
    }
    return reason;
}

/* The guest has said that its tables have changed there */
static void vtd_model_chunks_new(VTDModel *m, uint64_t iova, uint64_t limit)
{
    for (uint64_t at = MAX(iova, RIG_BASE) >> 21;
         at <= MIN(limit, RIG_LIMIT) >> 21; at++) {
        m->region.chunk[at - (RIG_BASE >> 21)] = VTD_CHUNK_NEW;
    }
}

/*
 * What the IOMMU has seen of the region: it looks at what is new, from the
 * beginning, as long as nothing that it has seen is foreign
 */
static VTDLeavesState vtd_model_seen(VTDModel *m, const GArray *leaves)
{
    uint8_t *chunk = m->region.chunk;
    bool all = true, none = true;

    if (memchr(chunk, VTD_LEAVES_FOREIGN, VTD_MODEL_CHUNKS)) {
        return VTD_LEAVES_FOREIGN;
    }
    for (uint64_t i = 0; i < VTD_MODEL_CHUNKS; i++) {
        uint64_t base = ((RIG_BASE >> 21) + i) << 21;

        if (chunk[i] == VTD_CHUNK_NEW) {
            chunk[i] = vtd_leaves_state(leaves, MAX(base, RIG_BASE),
                                        MIN(base + VTD_PAGE_2M - 1,
                                            RIG_LIMIT));
        }
        if (chunk[i] == VTD_LEAVES_FOREIGN) {
            return VTD_LEAVES_FOREIGN;
        }
        all &= chunk[i] == VTD_LEAVES_IDENTITY;
        none &= chunk[i] == VTD_LEAVES_ABSENT;
    }
    return all ? VTD_LEAVES_IDENTITY :
           none ? VTD_LEAVES_ABSENT : VTD_LEAVES_PARTIAL;
}

/* The reason if only the tables mattered; updates what is remembered */
static const char *vtd_model_tables(VTDModel *m)
{
    static const char *const reasons[] = {
        [VTD_LEAVES_ABSENT] = "absent",
        [VTD_LEAVES_PARTIAL] = "partial",
        [VTD_LEAVES_IDENTITY] = "identity",
        [VTD_LEAVES_FOREIGN] = "foreign",
    };
    VTDModelDomain *md = vtd_model_current(m);
    VTDLeavesState state;

    m->region.seen = md ? m->context : -1;
    if (!md) {
        m->region.kept = -1;
        return !m->on ? "translation-off" :
               m->context == VTD_CONTEXT_PASS_THROUGH ? "pass-through" :
               "no-context";
    }
    state = vtd_model_seen(m, md->leaves);
    if (state == VTD_LEAVES_FOREIGN || !m->region.mapped ||
        m->region.kept != (int)m->context) {
        m->region.kept = -1;
    }
    return reasons[state];
}

static void vtd_model_look_again(VTDModel *m, bool may_return)
{
    static const char *const good[] = {
        "translation-off", "pass-through", "identity", NULL,
    };
    const char *reason = vtd_model_tables(m);
    const char *other = vtd_model_keeps(m, reason);
    bool want = true;

    if (!g_strv_contains(good, reason)) {
        want = other != reason;
        reason = other;
    }
    if (want && !m->region.mapped && !may_return) {
        want = false;
        reason = "waiting";
    }
    if (want && !strcmp(reason, "identity")) {
        m->region.kept = m->context;
    }
    m->region.switches += want != m->region.mapped;
    m->region.mapped = want;
    m->region.reason = reason;
}

void vtd_model_look(VTDModel *m, bool may_return)
{
    vtd_model_chunks_new(m, RIG_BASE, RIG_LIMIT);
    vtd_model_look_again(m, may_return);
}

static void vtd_model_look_iotlb(VTDModel *m, int domain, uint64_t iova,
                                 uint64_t size)
{
    if (iova <= RIG_LIMIT && iova + size - 1 >= RIG_BASE &&
        (domain == ANY_DOMAIN || domain == m->region.seen)) {
        vtd_model_chunks_new(m, iova, iova + size - 1);
        vtd_model_look_again(m, false);
    }
}

static int vtd_model_index(VTDModel *m, const VTDModelDomain *md)
{
    return md - m->domain;
}

void vtd_model_inv_global(VTDModel *m)
{
    vtd_inv_iotlb_global(m->g);
    vtd_model_look_iotlb(m, ANY_DOMAIN, 0, 0);
}

void vtd_model_inv_domain(VTDModel *m, const VTDModelDomain *md)
{
    vtd_inv_iotlb_domain(m->g, md->d.id);
    vtd_model_look_iotlb(m, vtd_model_index(m, md), 0, 0);
}

void vtd_model_inv_page(VTDModel *m, const VTDModelDomain *md, uint64_t iova,
                        unsigned int order)
{
    vtd_inv_iotlb_page(m->g, md->d.id, iova, order);
    vtd_model_look_iotlb(m, vtd_model_index(m, md), iova,
                         VTD_PAGE_4K << order);
}

GArray *vtd_model_expect(VTDModel *m)
{
    VTDModelDomain *md = vtd_model_current(m);
    GArray *expected;

    if (!m->on || m->context == VTD_CONTEXT_PASS_THROUGH) {
        return g_array_copy(m->rig->identity);
    }
    expected = iova_runs_new();
    for (guint i = 0; md && i < md->leaves->len; i++) {
        VTDLeaf *leaf = &VTD_LEAF(md->leaves, i);

        iova_runs_add_slice(expected, m->rig->identity, leaf->gpa,
                            leaf->gpa + leaf->size - 1, leaf->iova,
                            leaf->perm & VTD_WRITE);
    }
    iova_runs_cut(expected, RIG_MSI_BASE, RIG_MSI_LIMIT);
    if (m->region.mapped) {
        iova_runs_cut(expected, RIG_BASE, RIG_LIMIT);
        iova_runs_add_slice(expected, m->rig->identity, RIG_BASE, RIG_LIMIT,
                            RIG_BASE, true);
    }
    return expected;
}
