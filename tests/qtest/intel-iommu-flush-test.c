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
#include "igd-rmrr-util.h"

#define REGION_EVENT "unmap 0x7b100000-0x7f8fffff\n"
#define HOLE_EVENT "unmap 0x7b105000-0x7b105fff\n"

static const PolicyKind kinds[] = {
    { "unmap", "", "unmap" },
    { "devtlb", ",device-iotlb=on", "devtlb" },
    { "unmap-second-stage", RIG_SECOND_STAGE, "unmap" },
    { "unmap-first-stage", RIG_FIRST_STAGE, "unmap" },
    { "devtlb-first-stage", RIG_FIRST_STAGE ",device-iotlb=on",
      "devtlb" },
};

static void check_events(IGDRig *t, const char *want, const char *where)
{
    g_autofree char *have = igd_rig_get_string(t, "igd0", "events");

    if (strcmp(have, want)) {
        g_printerr("%s:\n", where);
    }
    g_assert_cmpstr(have, ==, want);
    igd_rig_reset_stats(t);
}

static void change_page(IGDRig *t, uint64_t gpa)
{
    policy_guest_map_page(t, &t->a, POLICY_HOLE, gpa);
}

static void test_flush(const void *opaque)
{
    const PolicyKind *kind = opaque;
    bool devtlb = strstr(kind->listener, "devtlb");
    const char *own = devtlb ? "" : HOLE_EVENT;
    IGDRig *t = policy_kind_start(kind, "exact");

    policy_set_identity(t);
    igd_rig_reset_stats(t);

    /* Nothing changes: no notifier is in the hole to hear of it */
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    check_events(t, "", "identity");

    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    igd_rig_reason(t, "partial", "hole");
    check_events(t, devtlb ? REGION_EVENT : REGION_EVENT HOLE_EVENT, "hole");

    /* It is off already */
    change_page(t, POLICY_HOLE_TARGET);
    igd_rig_reason(t, "foreign", "foreign");
    check_events(t, own, "foreign");

    /* It comes back: nothing is to be dropped, as nothing changes */
    change_page(t, POLICY_HOLE);
    igd_rig_reason(t, "waiting", "identity");
    check_events(t, own, "waiting");
    vtd_guest_set_translation(t->g, false);
    vtd_guest_set_translation(t->g, true);
    igd_rig_reason(t, "identity", "identity");
    igd_rig_reset_stats(t);

    change_page(t, POLICY_HOLE_TARGET);
    check_events(t, devtlb ? REGION_EVENT : REGION_EVENT HOLE_EVENT, "again");
    igd_rig_stop(t);
}

/* A device that can no longer reach anything may have cached all of it */
static void test_no_context(const void *opaque)
{
    const PolicyKind *kind = opaque;
    IGDRig *t = policy_kind_start(kind, "exact");
    g_autofree char *events = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned region = 0;

    policy_set_identity(t);
    igd_rig_reset_stats(t);
    policy_set_no_context(t);
    events = igd_rig_get_string(t, "igd0", "events");
    lines = g_strsplit(events, "\n", -1);
    for (char **line = lines; *line; line++) {
        region += g_str_has_prefix(REGION_EVENT, *line) && **line;
    }
    g_assert_cmpuint(region, >=, 1);
    igd_rig_stop(t);
}

/* Another domain in place: both ways the region's translations are void */
static void test_in_place(void)
{
    IGDRig *t = policy_guest_start("keep", "", "unmap");
    const VTDDomain *domains[] = { &t->b, &t->a };
    static const char *const reasons[] = { "foreign", "identity" };

    policy_set_identity(t);
    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, RIG_SIZE);
    for (size_t i = 0; i < G_N_ELEMENTS(domains); i++) {
        g_autofree char *events = NULL;

        igd_rig_reset_stats(t);
        igd_rig_attach(t, domains[i]);
        igd_rig_reason(t, reasons[i], "in place");
        events = igd_rig_get_string(t, "igd0", "events");
        g_assert_nonnull(strstr(events, REGION_EVENT));
    }
    igd_rig_stop(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-flush/page", kinds, test_flush);
    TEST_ROWS("intel-iommu-flush/no-context", kinds, test_no_context);
    qtest_add_func("intel-iommu-flush/in-place", test_in_place);
    return g_test_run();
}
