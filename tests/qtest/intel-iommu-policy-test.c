/*
 * Who decides about the stolen region: rmrr-policy=
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each row of the table in docs/devel/design.rst under each policy: what
 * query-rmrr says, what VFIO would have mapped, and where the device's DMA
 * ends up.
 */

#include "qemu/osdep.h"
#include "iova-runs.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"

/* The last two have no VFIO: emulated, and with a vhost backend */
static const PolicyKind tables[] = {
    { "table", "", "map" },
    { "table-emulated", "", "" },
    { "table-unmap-notifier", "", "unmap" },
};

/* The L2 guest's life, as L1's VT-d driver acts it out */

static void test_hand_over(const void *policy)
{
    IGDRig *t = policy_guest_start(policy, "", "map");
    g_autoptr(GArray) nothing = iova_runs_new();

    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_NEIGHBOUR, 0);
    igd_rig_check_region(t, RIG_BASE, "L1 has it");
    qtest_memset(t->qts, RIG_BASE, 0x11, VTD_PAGE_2M);

    policy_set_no_context(t);
    igd_rig_check_map(t, nothing, "detached");
    policy_guest_enter(t, &t->b);
    igd_rig_check_map(t, nothing, "VFIO's empty domain");
    policy_guest_lands(t, POLICY_HOLE, 0);

    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, RIG_SIZE);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    igd_rig_check_region(t, POLICY_TARGET, "L2 has it");
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE_TARGET);
    g_assert_cmphex(qtest_readl(t->qts, POLICY_HOLE), ==, 0x11111111);

    vtd_clear_entry(t->g, &t->b, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    igd_rig_check_map(t, nothing, "L2 is gone");
    policy_set_no_context(t);
    igd_rig_reset_stats(t);
    igd_rig_attach(t, &t->a);
    igd_rig_check_region(t, RIG_BASE, "L1 has it again");
    igd_rig_reason(t, "identity", "L1 again");
    g_assert_cmpuint(igd_rig_count(t, "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "entries"), ==, 1);
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE);
    igd_rig_stop(t);
}

/* Changed in place: it waits, and nobody's mapping is touched meanwhile */

static void test_waits(void)
{
    IGDRig *t = policy_guest_start("keep", "", "map");
    const char *reason;

    policy_set_identity(t);
    igd_rig_reset_stats(t);

    policy_guest_map_page(t, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET);
    policy_guest_expect(t, "foreign", POLICY_HOLE_TARGET, "one page");
    /* The region's one mapping went, its pages came; no neighbour did */
    g_assert_cmpuint(igd_rig_count(t, "unmaps"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "maps"), ==, RIG_SIZE / VTD_PAGE_4K);
    g_assert_cmpuint(igd_rig_count(t, "region-maps"), ==,
                     RIG_SIZE / VTD_PAGE_4K);

    policy_guest_map_page(t, &t->a, POLICY_HOLE, POLICY_HOLE);
    reason = "waiting";
    policy_guest_expect(t, reason, POLICY_HOLE, "identity again");

    vtd_inv_context_device(t->g, RIG_SID);
    policy_guest_expect(t, "identity", POLICY_HOLE, "context");
    g_assert_cmpuint(igd_rig_count(t, "entries"), ==, 2);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    igd_rig_stop(t);
}

/*
 * 1 GiB that the guest maps, and unmaps, page by page, with an invalidation
 * each: that costs what the pages cost, not the region (each reads a table of
 * each level, and no other)
 */

#define GIB_BASE 0x40000000ull
#define GIB_SIZE (VTD_PAGE_1G + 8 * 1024 * 1024)
#define GIB_REGION ",dsm-base=0x40800000,dsm-size=1G,gsm-size=8M"

static void page_by_page(IGDRig *t, bool map)
{
    uint64_t reads = igd_rig_counter(t, "x-table-reads");
    gint64 start = g_get_monotonic_time();

    for (uint64_t at = 0; at < GIB_SIZE; at += VTD_PAGE_2M) {
        if (map) {
            vtd_map_range(t->g, &t->a, GIB_BASE + at, GIB_BASE + at,
                          VTD_PAGE_2M);
        } else {
            vtd_clear_entry(t->g, &t->a, GIB_BASE + at, VTD_PAGE_2M);
        }
        vtd_inv_iotlb_each(t->g, t->a.id, GIB_BASE + at,
                           VTD_PAGE_2M / VTD_PAGE_4K);
    }
    g_test_message("%s page by page: %" PRId64 " ms", map ? "mapped" :
                   "unmapped", (g_get_monotonic_time() - start) / 1000);
    reads = igd_rig_counter(t, "x-table-reads") - reads;
    g_assert_cmpuint(reads, <=, 4 * GIB_SIZE / VTD_PAGE_4K);
}

static void test_page_by_page(void)
{
    IGDRig *t = policy_guest_start_more("keep", "", GIB_REGION, "", "");

    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_guest_enable(t->g, true);
    policy_guest_enter(t, &t->a);
    igd_rig_reason(t, "absent", "empty");
    page_by_page(t, true);
    igd_rig_reason(t, "waiting", "complete");
    vtd_inv_context_device(t->g, RIG_SID);
    igd_rig_reason(t, "identity", "context");
    page_by_page(t, false);
    igd_rig_reason(t, "kept", "empty again");
    igd_rig_stop(t);
}

/* What waits is not there, so its holes are not kept when the time comes */
static void test_waits_incomplete(void)
{
    IGDRig *t = policy_guest_start("keep", "", "map");

    policy_guest_enter(t, &t->a);
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    igd_rig_reason(t, "waiting", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    igd_rig_reason(t, "partial", "hole");
    vtd_inv_context_device(t->g, RIG_SID);
    policy_guest_expect(t, "partial", 0, "context");
    igd_rig_stop(t);
}

/*
 * The address mask of an invalidation says which low bits of its address do
 * not count, so what is below the address may be meant (L8)
 */
static void test_unaligned(const void *opaque)
{
    const uint64_t last = RIG_LIMIT & ~(VTD_PAGE_4K - 1);
    const uint64_t pair = POLICY_TARGET, two = 1, all = 14;
    IGDRig *t = policy_kind_start(opaque, "keep");
    g_autoptr(GArray) expected = NULL;

    policy_set_identity(t);
    policy_guest_lands(t, last, last);
    vtd_map_page(t->g, &t->a, last, POLICY_TARGET + RIG_SIZE - VTD_PAGE_4K,
                 VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_LIMIT + 1 + 0x700000 - VTD_PAGE_4K,
                       all);
    igd_rig_reason(t, "foreign", "the region's end");
    policy_guest_lands(t, last, POLICY_TARGET + RIG_SIZE - VTD_PAGE_4K);

    /* Beside the region: the first of two pages goes */
    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_map_page(t->g, &t->a, pair, pair, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_global(t->g);
    vtd_clear_entry(t->g, &t->a, pair, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, t->a.id, pair + VTD_PAGE_4K, two);
    igd_rig_reason(t, "identity", "beside it");
    if (policy_kind_maps(opaque)) {
        expected = igd_rig_expect(t);
        igd_rig_check_map(t, expected, "beside the region");
    }
    igd_rig_stop(t);
}

/* Without caching mode nobody hears of a page that appears */

static void test_blind(void)
{
    IGDRig *t = policy_guest_start("keep", ",caching-mode=off", "");

    policy_set_identity(t);
    igd_rig_reason(t, "identity", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    policy_guest_expect(t, "partial", 0, "hole");
    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET, VTD_PAGE_4K,
                 VTD_RW);
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE_TARGET);
    igd_rig_stop(t);
}

static const PolicyKind kinds[] = {
    { "legacy", "", "map" },
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-policy/unaligned", kinds, test_unaligned);
    policy_add_tables("intel-iommu-policy", tables, G_N_ELEMENTS(tables));
    policy_add("intel-iommu-policy/hand-over", test_hand_over, 2);
    qtest_add_func("intel-iommu-policy/waits", test_waits);
    qtest_add_func("intel-iommu-policy/waits-incomplete",
                   test_waits_incomplete);
    qtest_add_func("intel-iommu-policy/page-by-page", test_page_by_page);
    qtest_add_func("intel-iommu-policy/no-caching-mode", test_blind);
    return g_test_run();
}
