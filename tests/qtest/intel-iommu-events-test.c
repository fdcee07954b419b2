/*
 * IOMMU events that reach over the edge of a hole in the address space
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each row is something a guest may do, and what must be mapped afterwards.
 * With the hole of the stolen region, or with the interrupt window alone
 * (U1 to U6), each ends an emulator whose memory core sends an event to a
 * notifier whole or not at all; those that do not are marked.
 */

#include "qemu/osdep.h"
#include "igd-rmrr-util.h"
#include "policy-guest.h"

#define TARGET RIG_HIGH         /* 1 GiB aligned RAM to map */
#define DOMAIN_ID 7
#define GIB(n) ((n) * VTD_PAGE_1G)

/* Beginnings of the pages at the region's edges */
#define BASE_2M (RIG_BASE & ~(VTD_PAGE_2M - 1))
#define LIMIT_2M (RIG_LIMIT & ~(VTD_PAGE_2M - 1))
#define BELOW (RIG_BASE - VTD_PAGE_4K)

/*
 * @iova, @size: a page that is mapped to TARGET, and has to arrive
 * @run: what follows
 * @then, @then_size: of a table or an invalidation, for @run
 */
typedef struct EventRow EventRow;
struct EventRow {
    const char *name;
    const char *iommu;
    const char *listener;
    uint64_t iova, size;
    void (*run)(const EventRow *row, IGDRig *rig, VTDDomain *d);
    uint64_t then, then_size;
};

/* The page, and the region, are mapped, and nothing else */
static void check_page(const EventRow *row, IGDRig *rig)
{
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    igd_rig_expect_page(rig, expected, row->iova, TARGET, row->size, true);
    igd_rig_check_map(rig, expected, row->name);
}

static void check_region_only(const EventRow *row, IGDRig *rig)
{
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    igd_rig_check_map(rig, expected, row->name);
}

/*
 * The unmap events since the counters were reset must cover exactly the
 * ranges given, however many events that took
 */
static void check_unmap_events(IGDRig *rig, const char *want)
{
    g_autofree char *text = igd_rig_get_string(rig, "igd0", "events");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GArray) runs = iova_runs_new();
    g_autofree char *have = NULL;

    for (char **line = lines; *line && **line; line++) {
        IOVARun run = { .block = "unmapped" };

        g_assert_cmpint(sscanf(*line, "unmap 0x%" SCNx64 "-0x%" SCNx64,
                               &run.iova, &run.limit), ==, 2);
        run.offset = run.iova;
        g_array_append_val(runs, run);
    }
    have = iova_runs_format(runs);
    g_assert_cmpstr(have, ==, want);
}

/* The table goes that has the page in it; one page is flushed, or all */
static void table_gone(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_clear_entry(rig->g, d, row->then, row->then_size);
    if (row->then_size == VTD_PAGE_2M) {
        vtd_inv_iotlb_page(rig->g, d->id, row->iova, 0);
    } else {
        vtd_inv_iotlb_global(rig->g);
    }
    check_region_only(row, rig);
}

/* The device's own TLB is not what VFIO has mapped */
static void device_iotlb(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_device_iotlb(rig->g, RIG_SID, row->then, row->then_size);
    check_page(row, rig);
}

static void row_u6(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_iotlb_page(rig->g, d->id, GIB(3), 18);
    check_unmap_events(rig, "0xc0000000-0xfedfffff unmapped+0xc0000000 ro\n"
                       "0xfef00000-0xffffffff unmapped+0xfef00000 ro\n");
}

static void map_identity(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_map_range(rig->g, d, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_inv_iotlb_domain(rig->g, d->id);
    check_region_only(row, rig);
}

static void row_h5(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_identity(row, rig, d);
    g_assert_cmpuint(igd_rig_count(rig, "entries"), ==, 1);
}

static void row_h6(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_identity(row, rig, d);
    vtd_clear_entry(rig->g, d, GIB(1), VTD_PAGE_1G);
    vtd_inv_iotlb_domain(rig->g, d->id);
    check_region_only(row, rig);
}

static void row_h7_devtlb(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_device_iotlb(rig->g, RIG_SID, BASE_2M, VTD_PAGE_2M);
    check_unmap_events(rig, "0x7b000000-0x7b0fffff unmapped+0x7b000000 ro\n");
    igd_rig_reset_stats(rig);
    vtd_inv_device_iotlb(rig->g, RIG_SID, 0, 0);
    check_unmap_events(rig, "0x0-0x7b0fffff unmapped+0x0 ro\n"
                       "0x7f900000-0xfedfffff unmapped+0x7f900000 ro\n"
                       "0xfef00000-0xffffffffffffffff "
                       "unmapped+0xfef00000 ro\n");
}

static void row_h8(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_iotlb_page(rig->g, d->id, BASE_2M, 9);
    check_unmap_events(rig, "0x7b000000-0x7b0fffff unmapped+0x7b000000 ro\n");
}

static void row_h9(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    VTDDomain empty = vtd_domain_new(rig->g, DOMAIN_ID + 1, d->levels);

    vtd_map_range(rig->g, d, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_inv_iotlb_global(rig->g);
    check_page(row, rig);
    igd_rig_attach(rig, &empty);
    check_region_only(row, rig);
}

/* What Linux 6.1 does when it gives a group to VFIO */
static void row_l1(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    VTDDomain empty = vtd_domain_new(rig->g, DOMAIN_ID + 1, d->levels);

    map_identity(row, rig, d);
    igd_rig_detach(rig);
    vtd_inv_iotlb_domain(rig->g, d->id);
    check_region_only(row, rig);
    igd_rig_attach(rig, &empty);
    vtd_inv_iotlb_domain(rig->g, empty.id);
    check_region_only(row, rig);
}

static void row_h10(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    igd_rig_detach(rig);
    check_region_only(row, rig);
    qtest_system_reset(rig->qts);
    igd_rig_check_map(rig, rig->identity, row->name);
}

/* The extra hole is as much part of every expectation as the region */
static void row_h15(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    const uint64_t hole = 1ull << 39, hole_limit = hole + 0xfffff;
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    iova_runs_add_slice(expected, rig->identity, hole, hole_limit, hole, true);
    g_assert_cmpuint(expected->len, ==, 2);
    vtd_map_page(rig->g, d, GIB(2), TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_global(rig->g);
    igd_rig_detach(rig);
    igd_rig_check_map(rig, expected, row->name);
}

static const EventRow rows[] = {
    { "u1-2m-over-msi-window", "", "map", RIG_MSI_BASE, VTD_PAGE_2M },
    { "u2-1g-over-msi-window", "", "map", GIB(3), VTD_PAGE_1G },
    { "u3-table-over-msi-window", "", "map", 0xfffff000, VTD_PAGE_4K,
      table_gone, GIB(3), VTD_PAGE_1G },
    { "u4-device-iotlb-all", "", "map", GIB(2), VTD_PAGE_4K, device_iotlb },
    { "u6-page-over-msi-window-vhost", "", "unmap", .run = row_u6 },
    { "h1-2m-over-base", "", "map", BASE_2M, VTD_PAGE_2M },
    { "h1-2m-over-end", "", "map", LIMIT_2M, VTD_PAGE_2M },
    { "h2-1g-over-region", "", "map", GIB(1), VTD_PAGE_1G },
    { "h3-table-over-base", "", "map", BELOW, VTD_PAGE_4K, table_gone, BELOW,
      VTD_PAGE_2M },
    { "h4-table-over-region", "", "map", 0x50000000, VTD_PAGE_4K, table_gone,
      GIB(1), VTD_PAGE_1G },
    { "h5-identity", "", "map", .run = row_h5 }, /* never fatal */
    { "h6-identity-table-freed", "", "map", .run = row_h6 },
    { "h7-device-iotlb-over-base", "", "map", BELOW, VTD_PAGE_4K,
      device_iotlb, BASE_2M, VTD_PAGE_2M },
    { "h7-device-iotlb-over-base-vhost-ats", ",device-iotlb=on", "devtlb",
      .run = row_h7_devtlb }, /* never fatal */
    { "h8-page-over-base-vhost", "", "unmap", .run = row_h8 },
    { "h9-context-replaced", "", "map", BELOW, VTD_PAGE_4K, row_h9 },
    { "h10-detach-and-reset", "", "map", GIB(1), VTD_PAGE_1G, row_h10 },
    { "h15-hole-above-aw-bits", ",aw-bits=39", "map,hole=0x8000000000",
      .run = row_h15 },
    { "l1-linux-vfio-attach", "", "map", .run = row_l1 },
};

static void test_row(const void *opaque)
{
    const EventRow *row = opaque;
    g_autoptr(IGDRig) rig = igd_rig_start(row->iommu, "", row->listener, "");
    unsigned int levels = strstr(row->iommu, "aw-bits=39") ? 3 : 4;
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, levels);

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_guest_enable(rig->g, true);
    igd_rig_reset_stats(rig);
    if (row->size) {
        vtd_map_page(rig->g, &d, row->iova, TARGET, row->size, VTD_RW);
        vtd_inv_iotlb_global(rig->g);
        check_page(row, rig);
    }
    if (row->run) {
        row->run(row, rig, &d);
    }
    if (g_str_has_prefix(row->listener, "map")) {
        igd_rig_check_kept(rig, row->name);
    }
}

/*
 * A cache of translations: vhost, or a device with a TLB of its own, has cached
 * the region while it was a hole. Once the tables decide it has to drop all of
 * it: one event for exactly the region, before that of the guest's own if there
 * is one, and none at any other time.
 */

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
    g_autoptr(IGDRig) t = policy_kind_start(kind, "exact");

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
}

/* A device that can no longer reach anything may have cached all of it */
static void test_no_context(const void *opaque)
{
    const PolicyKind *kind = opaque;
    g_autoptr(IGDRig) t = policy_kind_start(kind, "exact");
    g_autofree char *events = NULL;

    policy_set_identity(t);
    igd_rig_reset_stats(t);
    policy_set_no_context(t);
    events = igd_rig_get_string(t, "igd0", "events");
    assert_says(events, REGION_EVENT, NULL);
}

/* Another domain in place: both ways the region's translations are void */
static void test_in_place(void)
{
    g_autoptr(IGDRig) t = policy_guest_start("keep", "", "unmap");
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
        assert_says(events, REGION_EVENT, NULL);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-rmrr", rows, test_row);
    TEST_ROWS("intel-iommu-flush/page", kinds, test_flush);
    TEST_ROWS("intel-iommu-flush/no-context", kinds, test_no_context);
    qtest_add_func("intel-iommu-flush/in-place", test_in_place);
    return g_test_run();
}
