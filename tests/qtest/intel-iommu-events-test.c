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
#include "igd-testdev-rig.h"
#include "iova-runs.h"
#include "test-rows.h"

#define TARGET RIG_HIGH         /* 1 GiB aligned RAM to map */
#define DOMAIN_ID 7
#define GIB(n) ((n) * VTD_PAGE_1G)

typedef struct EventRow EventRow;
struct EventRow {
    const char *name;
    const char *iommu;
    const char *listener;
    void (*run)(const EventRow *row, IGDRig *rig, VTDDomain *d);
};

/* Map one page, tell the IOMMU, and see that it arrives */
static void map_and_check(const EventRow *row, IGDRig *rig, VTDDomain *d,
                          uint64_t iova, uint64_t size)
{
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    vtd_map_page(rig->g, d, iova, TARGET, size, VTD_RW);
    vtd_inv_iotlb_global(rig->g);
    igd_rig_expect_page(rig, expected, iova, TARGET, size, true);
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

static void row_u1(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, RIG_MSI_BASE, VTD_PAGE_2M);
}

static void row_u2(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, GIB(3), VTD_PAGE_1G);
}

static void row_u3(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, 0xfffff000, VTD_PAGE_4K);
    vtd_clear_entry(rig->g, d, GIB(3), VTD_PAGE_1G);
    vtd_inv_iotlb_global(rig->g);
    check_region_only(row, rig);
}

static void row_u4(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    map_and_check(row, rig, d, GIB(2), VTD_PAGE_4K);
    vtd_inv_device_iotlb(rig->g, RIG_SID, 0, 0);
    igd_rig_expect_page(rig, expected, GIB(2), TARGET, VTD_PAGE_4K, true);
    igd_rig_check_map(rig, expected, row->name);
}

static void row_u6(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_iotlb_page(rig->g, d->id, GIB(3), 18);
    check_unmap_events(rig, "0xc0000000-0xfedfffff unmapped+0xc0000000 ro\n"
                       "0xfef00000-0xffffffff unmapped+0xfef00000 ro\n");
}

static void row_h1(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, RIG_BASE & ~(VTD_PAGE_2M - 1), VTD_PAGE_2M);
}

static void row_h1_end(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, RIG_LIMIT & ~(VTD_PAGE_2M - 1), VTD_PAGE_2M);
}

static void row_h2(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, GIB(1), VTD_PAGE_1G);
}

static void row_h3(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    uint64_t iova = RIG_BASE - VTD_PAGE_4K;

    map_and_check(row, rig, d, iova, VTD_PAGE_4K);
    vtd_clear_entry(rig->g, d, iova, VTD_PAGE_2M);
    vtd_inv_iotlb_page(rig->g, d->id, iova, 0);
    check_region_only(row, rig);
}

static void row_h4(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, 0x50000000, VTD_PAGE_4K);
    vtd_clear_entry(rig->g, d, GIB(1), VTD_PAGE_1G);
    vtd_inv_iotlb_global(rig->g);
    check_region_only(row, rig);
}

static void map_identity(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_map_range(rig->g, d, RIG_BASE, RIG_BASE, RIG_LIMIT - RIG_BASE + 1);
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

static void row_h7(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    g_autoptr(GArray) expected = igd_rig_expect(rig);
    uint64_t iova = RIG_BASE - VTD_PAGE_4K;

    map_and_check(row, rig, d, iova, VTD_PAGE_4K);
    vtd_inv_device_iotlb(rig->g, RIG_SID, RIG_BASE & ~(VTD_PAGE_2M - 1),
                         VTD_PAGE_2M);
    igd_rig_expect_page(rig, expected, iova, TARGET, VTD_PAGE_4K, true);
    igd_rig_check_map(rig, expected, row->name);
}

static void row_h7_devtlb(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    vtd_inv_device_iotlb(rig->g, RIG_SID, RIG_BASE & ~(VTD_PAGE_2M - 1),
                         VTD_PAGE_2M);
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
    vtd_inv_iotlb_page(rig->g, d->id, RIG_BASE & ~(VTD_PAGE_2M - 1), 9);
    check_unmap_events(rig, "0x7b000000-0x7b0fffff unmapped+0x7b000000 ro\n");
}

static void row_h9(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    VTDDomain empty = vtd_domain_new(rig->g, DOMAIN_ID + 1, d->levels);

    vtd_map_range(rig->g, d, RIG_BASE, RIG_BASE, RIG_LIMIT - RIG_BASE + 1);
    map_and_check(row, rig, d, RIG_BASE - VTD_PAGE_4K, VTD_PAGE_4K);
    vtd_context_set(rig->g, RIG_SID, &empty);
    vtd_inv_context_device(rig->g, RIG_SID);
    check_region_only(row, rig);
}

/* What Linux 6.1 does when it gives a group to VFIO */
static void row_l1(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    VTDDomain empty = vtd_domain_new(rig->g, DOMAIN_ID + 1, d->levels);

    map_identity(row, rig, d);
    vtd_context_clear(rig->g, RIG_SID);
    vtd_inv_context_device(rig->g, RIG_SID);
    vtd_inv_iotlb_domain(rig->g, d->id);
    check_region_only(row, rig);
    vtd_context_set(rig->g, RIG_SID, &empty);
    vtd_inv_context_device(rig->g, RIG_SID);
    vtd_inv_iotlb_domain(rig->g, empty.id);
    check_region_only(row, rig);
}

static void row_h10(const EventRow *row, IGDRig *rig, VTDDomain *d)
{
    map_and_check(row, rig, d, GIB(1), VTD_PAGE_1G);
    vtd_context_clear(rig->g, RIG_SID);
    vtd_inv_context_device(rig->g, RIG_SID);
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
    vtd_context_clear(rig->g, RIG_SID);
    vtd_inv_context_device(rig->g, RIG_SID);
    igd_rig_check_map(rig, expected, row->name);
}

static const EventRow rows[] = {
    { "u1-2m-over-msi-window", "", "map", row_u1 },
    { "u2-1g-over-msi-window", "", "map", row_u2 },
    { "u3-table-over-msi-window", "", "map", row_u3 },
    { "u4-device-iotlb-all", "", "map", row_u4 },
    { "u6-page-over-msi-window-vhost", "", "unmap", row_u6 },
    { "h1-2m-over-base", "", "map", row_h1 },
    { "h1-2m-over-end", "", "map", row_h1_end },
    { "h2-1g-over-region", "", "map", row_h2 },
    { "h3-table-over-base", "", "map", row_h3 },
    { "h4-table-over-region", "", "map", row_h4 },
    { "h5-identity", "", "map", row_h5 }, /* never fatal */
    { "h6-identity-table-freed", "", "map", row_h6 },
    { "h7-device-iotlb-over-base", "", "map", row_h7 },
    { "h7-device-iotlb-over-base-vhost-ats", ",device-iotlb=on",
      "devtlb", row_h7_devtlb }, /* never fatal */
    { "h8-page-over-base-vhost", "", "unmap", row_h8 },
    { "h9-context-replaced", "", "map", row_h9 },
    { "h10-detach-and-reset", "", "map", row_h10 },
    { "h15-hole-above-aw-bits", ",aw-bits=39",
      "map,hole=0x8000000000", row_h15 },
    { "l1-linux-vfio-attach", "", "map", row_l1 },
};

static void test_row(const void *opaque)
{
    const EventRow *row = opaque;
    IGDRig *rig = igd_rig_start(row->iommu, "", row->listener, "");
    unsigned int levels = strstr(row->iommu, "aw-bits=39") ? 3 : 4;
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, levels);

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_guest_enable(rig->g, true);
    igd_rig_reset_stats(rig);
    row->run(row, rig, &d);
    if (g_str_has_prefix(row->listener, "map")) {
        igd_rig_check_kept(rig, row->name);
    }
    igd_rig_stop(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-rmrr", rows, test_row);
    return g_test_run();
}
