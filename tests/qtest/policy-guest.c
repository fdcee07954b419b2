/*
 * A guest that brings the stolen region into each state a policy knows
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "policy-guest.h"

void policy_guest_new_domains(IGDRig *t)
{
    t->a = vtd_domain_new(t->g, 7, 4);
    t->b = vtd_domain_new(t->g, 8, t->g->mode == VTD_FIRST_STAGE ? 4 : 3);
    vtd_map_page(t->g, &t->a, POLICY_NEIGHBOUR, POLICY_TARGET + RIG_SIZE,
                 VTD_PAGE_4K, VTD_RW);
}

IGDRig *policy_guest_start_more(const char *policy, const char *iommu,
                                const char *device, const char *listener,
                                const char *more)
{
    g_autofree char *all = g_strconcat(iommu, ",rmrr-policy=", policy, NULL);
    IGDRig *t = igd_rig_start(all, device, listener, more);

    t->fill = 0x5a170000;
    policy_guest_new_domains(t);
    igd_rig_dma_setup(t, RIG_SID);
    return t;
}

IGDRig *policy_guest_start(const char *policy, const char *iommu,
                           const char *listener)
{
    IGDRig *t = policy_guest_start_more(policy, iommu, "", listener, "");

    vtd_guest_enable(t->g, true);
    return t;
}

IGDRig *policy_kind_start(const PolicyKind *kind, const char *policy)
{
    return policy_guest_start(policy, kind->iommu, kind->listener);
}

bool policy_kind_maps(const PolicyKind *kind)
{
    return g_str_has_prefix(kind->listener, "map");
}

uint64_t policy_guest_write_lands(IGDRig *t, uint64_t iova)
{
    const uint64_t places[] = { iova, POLICY_TARGET + (iova - RIG_BASE) };
    uint32_t status;

    t->fill++;
    status = igd_guest_fill(t, iova, 4, t->fill);
    if (status != IGD_TESTDEV_STATUS_DONE) {
        g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_WRITE_FAILED);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (qtest_readl(t->qts, places[i]) == t->fill) {
            return places[i];
        }
    }
    g_assert_not_reached();
}

void policy_guest_lands(IGDRig *t, uint64_t iova, uint64_t want)
{
    g_assert_cmphex(policy_guest_write_lands(t, iova), ==, want);
}

void policy_guest_expect(IGDRig *t, const char *reason, uint64_t lands,
                         const char *where)
{
    igd_rig_reason(t, reason, where);
    policy_guest_lands(t, POLICY_HOLE, lands);
}

void policy_guest_enter(IGDRig *t, const VTDDomain *d)
{
    igd_rig_detach(t);
    igd_rig_attach(t, d);
    vtd_inv_iotlb_global(t->g);
}

void policy_guest_change(IGDRig *t, const VTDDomain *d)
{
    if (t->g->mode == VTD_LEGACY) {
        igd_rig_attach(t, d);
    } else {
        vtd_pasid_set(t->g, RIG_SID, d);
        vtd_inv_pasid_global(t->g);
    }
}

void policy_guest_map_page(IGDRig *t, const VTDDomain *d, uint64_t iova,
                           uint64_t gpa)
{
    vtd_map_page(t->g, d, iova, gpa, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, d->id, iova, 0);
}

void policy_guest_unmap_page(IGDRig *t, const VTDDomain *d, uint64_t iova)
{
    vtd_clear_entry(t->g, d, iova, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, d->id, iova, 0);
}

/* The table's states */

void policy_set_off(IGDRig *t)
{
    vtd_guest_set_translation(t->g, false);
}

void policy_set_pass_through(IGDRig *t)
{
    policy_guest_enter(t, NULL);
}

void policy_set_identity(IGDRig *t)
{
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, RIG_SIZE);
    policy_guest_enter(t, &t->a);
}

void policy_set_hole_in_complete(IGDRig *t)
{
    policy_set_identity(t);
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
}

static void policy_set_nothing_in_complete(IGDRig *t)
{
    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->a.id);
}

void policy_set_hole(IGDRig *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_clear_entry(t->g, &t->b, POLICY_HOLE, VTD_PAGE_4K);
    policy_guest_enter(t, &t->b);
}

void policy_set_nothing(IGDRig *t)
{
    policy_guest_enter(t, &t->b);
}

void policy_set_no_context(IGDRig *t)
{
    igd_rig_detach(t);
}

void policy_set_foreign(IGDRig *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, RIG_SIZE);
    policy_guest_enter(t, &t->b);
}

static void policy_set_read_only(IGDRig *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_map_page(t->g, &t->b, POLICY_HOLE, POLICY_HOLE, VTD_PAGE_4K, VTD_READ);
    policy_guest_enter(t, &t->b);
}

/* The table */

static const char *const policies[] = { "keep", "exact", "lock" };

/*
 * A letter for each policy: where the device's write at POLICY_HOLE ends up.
 * r: in the region, f: nowhere, t: in the other memory
 */
static const struct Row {
    const char *name;
    void (*set)(IGDRig *t);
    const char *reasons[3];
    const char *lands;
} table[] = {
    { "off", policy_set_off,
      { "translation-off", "translation-off", "translation-off" }, "rrr" },
    { "pass-through", policy_set_pass_through,
      { "pass-through", "pass-through", "pass-through" }, "rrr" },
    { "identity", policy_set_identity,
      { "identity", "identity", "identity" }, "rrr" },
    { "hole-in-complete", policy_set_hole_in_complete,
      { "kept", "partial", "locked" }, "rfr" },
    { "nothing-in-complete", policy_set_nothing_in_complete,
      { "kept", "absent", "locked" }, "rfr" },
    { "hole", policy_set_hole,
      { "partial", "partial", "locked" }, "ffr" },
    { "nothing", policy_set_nothing,
      { "absent", "absent", "locked" }, "ffr" },
    { "no-context", policy_set_no_context,
      { "no-context", "no-context", "locked" }, "ffr" },
    { "foreign", policy_set_foreign,
      { "foreign", "foreign", "locked" }, "ttr" },
    { "read-only", policy_set_read_only,
      { "foreign", "foreign", "locked" }, "ffr" },
};

static void check_lands(IGDRig *t, char where, const char *name)
{
    uint64_t want = where == 'r' ? POLICY_HOLE :
                    where == 't' ? POLICY_HOLE_TARGET : 0;
    uint64_t have = policy_guest_write_lands(t, POLICY_HOLE);

    if (have != want) {
        g_printerr("%s: DMA\n", name);
    }
    g_assert_cmphex(have, ==, want);
}

static void check_row(IGDRig *t, const struct Row *row, int p, bool listener)
{
    static const char *const never[] = { "fatal", "eexist", "einval", NULL };

    igd_rig_reason(t, row->reasons[p], row->name);
    check_lands(t, row->lands[p], row->name);
    if (listener) {
        igd_rig_check_never(t, never, row->name);
    }
}

typedef struct TableRun {
    const PolicyKind *kind;
    int policy;
} TableRun;

static void test_table(const void *opaque)
{
    const TableRun *run = opaque;
    const char *iommu = run->kind->iommu;
    IGDRig *t = policy_kind_start(run->kind, policies[run->policy]);
    bool blind = strstr(iommu, "caching-mode=off") ||
                 strstr(iommu, "x-flts=on");

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        vtd_guest_set_translation(t->g, false);
        policy_guest_new_domains(t);
        vtd_guest_set_translation(t->g, true);
        table[i].set(t);
        check_row(t, &table[i], run->policy == 0 && blind ? 1 : run->policy,
                  *run->kind->listener);
    }
    igd_rig_stop(t);
}

void policy_add_tables(const char *path, const PolicyKind *kinds, size_t nr)
{
    for (size_t i = 0; i < nr * G_N_ELEMENTS(policies); i++) {
        TableRun *run = g_new(TableRun, 1);
        g_autofree char *full = NULL;

        run->kind = &kinds[i / G_N_ELEMENTS(policies)];
        run->policy = i % G_N_ELEMENTS(policies);
        full = g_strdup_printf("%s/%s/%s", path, run->kind->name,
                               policies[run->policy]);
        qtest_add_data_func_full(full, run, test_table, g_free);
    }
}

void policy_add(const char *path, void (*test)(const void *), unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        g_autofree char *full = g_strconcat(path, "/", policies[i], NULL);

        qtest_add_data_func(full, policies[i], test);
    }
}
