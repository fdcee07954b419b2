/*
 * The table of rmrr-policy=, row by row
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "policy-table.h"
#include "rmrr-query.h"

static const char *const policies[] = { "keep", "exact", "lock" };

PolicyGuest *policy_kind_start(const PolicyKind *kind, const char *policy)
{
    g_autofree char *iommu = g_strconcat(kind->iommu, ",rmrr-policy=", policy,
                                         NULL);
    PolicyGuest *t = policy_guest_start(iommu, kind->device);

    vtd_guest_enable(t->g, true);
    return t;
}

bool policy_kind_maps(const PolicyKind *kind)
{
    return strstr(kind->device, "listener=map");
}

/*
 * A letter for each policy: where the device's write at POLICY_HOLE ends up.
 * r: in the region, f: nowhere, t: in the other memory
 */
static const struct Row {
    const char *name;
    void (*set)(PolicyGuest *t);
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

static void check_lands(PolicyGuest *t, char where, const char *name)
{
    uint64_t want = where == 'r' ? POLICY_HOLE :
                    where == 't' ? POLICY_HOLE_TARGET : 0;
    uint64_t have = policy_guest_write_lands(t, POLICY_HOLE);

    if (have != want) {
        g_printerr("%s: DMA\n", name);
    }
    g_assert_cmphex(have, ==, want);
}

static void check_row(PolicyGuest *t, const struct Row *row, int p,
                      bool listener)
{
    static const char *const never[] = { "fatal", "eexist", "einval", NULL };

    rmrr_query_assert(t->rig->qts, "igd0", row->reasons[p], row->name);
    check_lands(t, row->lands[p], row->name);
    if (listener) {
        igd_rig_check_never(t->rig, never, row->name);
    }
}

void policy_table_run(const char *policy, const char *iommu,
                      const char *device)
{
    const PolicyKind kind = { .iommu = iommu, .device = device };
    PolicyGuest *t = policy_kind_start(&kind, policy);
    int p = 0;

    while (strcmp(policies[p], policy)) {
        p++;
    }
    if (p == 0 && (strstr(iommu, "caching-mode=off") ||
                   strstr(iommu, "x-flts=on"))) {
        p = 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        vtd_guest_set_translation(t->g, false);
        policy_guest_new_domains(t);
        vtd_guest_set_translation(t->g, true);
        table[i].set(t);
        check_row(t, &table[i], p, *device);
    }
    policy_guest_stop(t);
}

void policy_table_add(const char *path, void (*function)(const void *),
                      unsigned nr)
{
    g_assert_cmpuint(nr, <=, G_N_ELEMENTS(policies));
    for (unsigned i = 0; i < nr; i++) {
        g_autofree char *full = g_strconcat(path, "/", policies[i], NULL);

        qtest_add_data_func(full, policies[i], function);
    }
}
