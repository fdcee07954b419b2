/*
 * A guest that drives a VT-d at random, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What becomes of its stolen region is the table in docs/devel/design.rst a
 * second time, in as few words as it takes, from what the guest knows of its
 * own tables; written without a look at the emulator's walk of them.
 */

#include "qemu/osdep.h"
#include "vtd-model.h"

#define LOW_RAM 0x10000000ull       /* plain RAM below the region */
#define LOW_RAM_SIZE 0x60000000ull
#define STRANGER 0x77               /* a domain id that no context has */
#define ANY_DOMAIN (-1)
#define VTD_CHUNK_NEW 0xff

/* What the guest's paging tables map: never two leaves that overlap */

/* What they make of a range as a whole */
typedef enum VTDLeavesState {
    VTD_LEAVES_ABSENT,
    VTD_LEAVES_PARTIAL,
    VTD_LEAVES_IDENTITY,
    VTD_LEAVES_FOREIGN,
} VTDLeavesState;

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

static VTDLeavesState vtd_leaves_state(const GArray *leaves, uint64_t base,
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
        if (leaf->gpa != leaf->iova || leaf->perm != VTD_RW) {
            return VTD_LEAVES_FOREIGN;
        }
        mapped += last - first + 1;
    }
    return mapped == 0 ? VTD_LEAVES_ABSENT :
           mapped == limit - base + 1 ? VTD_LEAVES_IDENTITY :
           VTD_LEAVES_PARTIAL;
}

/* The guest */

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

void vtd_model_flush_context(VTDModel *m, bool pasid)
{
    uint16_t id = m->domain[0].d.id;

    switch (vtd_model_pick(m, 3) + (pasid ? 3 : 0)) {
    case 0:
        vtd_inv_context_global(m->g);
        break;
    case 1:
        vtd_inv_context_domain(m->g, id);
        break;
    case 2:
        vtd_inv_context_device(m->g, RIG_SID);
        break;
    case 3:
        vtd_inv_pasid_global(m->g);
        break;
    case 4:
        vtd_inv_pasid_domain(m->g, id);
        break;
    case 5:
        vtd_inv_pasid_one(m->g, id);
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
    m->rig = igd_rig_start(iommu, "", "map", "");
    m->g = m->rig->g;
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
    igd_rig_reset_stats(m->rig);
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
            VTDModelRun run = { &kinds[i], g_ascii_strtoull(*seed, NULL, 0) };

            if (**seed) {
                qtest_add_data_func_full(path, g_memdup2(&run, sizeof(run)),
                                         test, g_free);
            }
        }
    }
}

/* What becomes of the region */

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

void vtd_model_inv_global(VTDModel *m)
{
    vtd_inv_iotlb_global(m->g);
    vtd_model_look_iotlb(m, ANY_DOMAIN, 0, 0);
}

void vtd_model_inv_domain(VTDModel *m, const VTDModelDomain *md)
{
    vtd_inv_iotlb_domain(m->g, md->d.id);
    vtd_model_look_iotlb(m, md - m->domain, 0, 0);
}

void vtd_model_inv_page(VTDModel *m, const VTDModelDomain *md, uint64_t iova,
                        unsigned int order)
{
    vtd_inv_iotlb_page(m->g, md->d.id, iova, order);
    vtd_model_look_iotlb(m, md - m->domain, iova,
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
