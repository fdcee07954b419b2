/*
 * A cache of translations, when the stolen region is not kept mapped any more
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vhost, or a device with a TLB of its own, has cached the region while it was
 * a hole. Once the tables decide it has to drop all of the region, whatever
 * little the guest invalidated: one event for exactly the region, before that
 * of the guest's own if there is one, and none at any other time.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "policy-table.h"
#include "rmrr-query.h"

#define REGION_EVENT "unmap 0x7b100000-0x7f8fffff\n"
#define HOLE_EVENT "unmap 0x7b105000-0x7b105fff\n"

static const PolicyKind kinds[] = {
    { "unmap", "", ",listener=unmap" },
    { "devtlb", ",device-iotlb=on", ",listener=devtlb" },
    { "unmap-second-stage", POLICY_SECOND_STAGE, ",listener=unmap" },
    { "unmap-first-stage", POLICY_FIRST_STAGE, ",listener=unmap" },
    { "devtlb-first-stage", POLICY_FIRST_STAGE ",device-iotlb=on",
      ",listener=devtlb" },
};

static void check_events(PolicyGuest *t, const char *want, const char *where)
{
    g_autofree char *have = igd_rig_get_string(t->rig, "igd0",
                                               "listener-events");

    if (strcmp(have, want)) {
        g_printerr("%s:\n", where);
    }
    g_assert_cmpstr(have, ==, want);
    igd_rig_reset_stats(t->rig, "igd0");
}

static void change_page(PolicyGuest *t, uint64_t gpa)
{
    vtd_map_page(t->g, &t->a, POLICY_HOLE, gpa, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
}

static void test_flush(const void *opaque)
{
    const PolicyKind *kind = opaque;
    bool devtlb = strstr(kind->device, "devtlb");
    const char *own = devtlb ? "" : HOLE_EVENT;
    PolicyGuest *t = policy_kind_start(kind, "exact");

    policy_set_identity(t);
    igd_rig_reset_stats(t->rig, "igd0");

    /* Nothing changes: no notifier is in the hole to hear of it */
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    check_events(t, "", "identity");

    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    rmrr_query_assert(t->rig->qts, "igd0", "partial", "hole");
    check_events(t, devtlb ? REGION_EVENT : REGION_EVENT HOLE_EVENT, "hole");

    /* It is off already */
    change_page(t, POLICY_HOLE_TARGET);
    rmrr_query_assert(t->rig->qts, "igd0", "foreign", "foreign");
    check_events(t, own, "foreign");

    /* It comes back: nothing is to be dropped, as nothing changes */
    change_page(t, POLICY_HOLE);
    rmrr_query_assert(t->rig->qts, "igd0", "waiting", "identity");
    check_events(t, own, "waiting");
    vtd_guest_set_translation(t->g, false);
    vtd_guest_set_translation(t->g, true);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "identity");
    igd_rig_reset_stats(t->rig, "igd0");

    change_page(t, POLICY_HOLE_TARGET);
    check_events(t, devtlb ? REGION_EVENT : REGION_EVENT HOLE_EVENT, "again");
    policy_guest_stop(t);
}

/* A device that can no longer reach anything may have cached all of it */
static void test_no_context(const void *opaque)
{
    const PolicyKind *kind = opaque;
    PolicyGuest *t = policy_kind_start(kind, "exact");
    g_autofree char *events = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned region = 0;

    policy_set_identity(t);
    igd_rig_reset_stats(t->rig, "igd0");
    policy_set_no_context(t);
    events = igd_rig_get_string(t->rig, "igd0", "listener-events");
    lines = g_strsplit(events, "\n", -1);
    for (char **line = lines; *line; line++) {
        region += g_str_has_prefix(REGION_EVENT, *line) && **line;
    }
    g_assert_cmpuint(region, >=, 1);
    policy_guest_stop(t);
}

/* Another domain in place: both ways the region's translations are void */
static void test_in_place(void)
{
    PolicyGuest *t = policy_guest_start(",rmrr-policy=keep",
                                        ",listener=unmap");
    const VTDDomain *domains[] = { &t->b, &t->a };
    static const char *const reasons[] = { "foreign", "identity" };

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, POLICY_SIZE);
    for (size_t i = 0; i < G_N_ELEMENTS(domains); i++) {
        g_autofree char *events = NULL;

        igd_rig_reset_stats(t->rig, "igd0");
        vtd_context_set(t->g, RIG_SID, domains[i]);
        vtd_inv_context_device(t->g, RIG_SID);
        rmrr_query_assert(t->rig->qts, "igd0", reasons[i], "in place");
        events = igd_rig_get_string(t->rig, "igd0", "listener-events");
        g_assert_nonnull(strstr(events, REGION_EVENT));
    }
    policy_guest_stop(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *one = g_strconcat("intel-iommu-flush/page/",
                                           kinds[i].name, NULL);
        g_autofree char *other = g_strconcat("intel-iommu-flush/no-context/",
                                             kinds[i].name, NULL);

        qtest_add_data_func(one, &kinds[i], test_flush);
        qtest_add_data_func(other, &kinds[i], test_no_context);
    }
    qtest_add_func("intel-iommu-flush/in-place", test_in_place);
    return g_test_run();
}
