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
#include "policy-table.h"
#include "rmrr-query.h"
#include "hw/display/igd-testdev-regs.h"

static void test_table(const void *policy)
{
    policy_table_run(policy, "", ",listener=map");
}

/* No VFIO: an emulated device, and one with a vhost backend */
static void test_table_emulated(const void *policy)
{
    policy_table_run(policy, "", "");
}

static void test_table_unmap(const void *policy)
{
    policy_table_run(policy, "", ",listener=unmap");
}

/* The L2 guest's life, as L1's VT-d driver acts it out */

static void check_mapped(PolicyGuest *t, uint64_t gpa, const char *where)
{
    g_autoptr(GArray) expected = iova_runs_new();

    iova_runs_add_slice(expected, t->rig->identity, gpa, gpa + POLICY_SIZE - 1,
                        RIG_BASE, true);
    igd_rig_check_map(t->rig, expected, where);
}

static void test_hand_over(const void *policy)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", (char *)policy,
                                         NULL);
    PolicyGuest *t = policy_guest_start(iommu, ",listener=map");
    g_autoptr(GArray) nothing = iova_runs_new();

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_NEIGHBOUR, 0);
    check_mapped(t, RIG_BASE, "L1 has it");
    qtest_memset(t->rig->qts, RIG_BASE, 0x11, VTD_PAGE_2M);

    policy_set_no_context(t);
    igd_rig_check_map(t->rig, nothing, "detached");
    policy_guest_enter(t, &t->b);
    igd_rig_check_map(t->rig, nothing, "VFIO's empty domain");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, 0);

    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, POLICY_SIZE);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    check_mapped(t, POLICY_TARGET, "L2 has it");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==,
                    POLICY_HOLE_TARGET);
    g_assert_cmphex(qtest_readl(t->rig->qts, POLICY_HOLE), ==, 0x11111111);

    vtd_clear_entry(t->g, &t->b, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    igd_rig_check_map(t->rig, nothing, "L2 is gone");
    policy_set_no_context(t);
    igd_rig_reset_stats(t->rig, "igd0");
    vtd_context_set(t->g, RIG_SID, &t->a);
    vtd_inv_context_device(t->g, RIG_SID);
    check_mapped(t, RIG_BASE, "L1 has it again");
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "L1 again");
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "entries"), ==, 1);
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, POLICY_HOLE);
    policy_guest_stop(t);
}

/* Changed in place: it waits, and nobody's mapping is touched meanwhile */

static void test_waits(void)
{
    PolicyGuest *t = policy_guest_start(",rmrr-policy=keep", ",listener=map");
    const char *reason;

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    igd_rig_reset_stats(t->rig, "igd0");

    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET, VTD_PAGE_4K,
                 VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    rmrr_query_assert(t->rig->qts, "igd0", "foreign", "one page");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==,
                    POLICY_HOLE_TARGET);
    /* The region's one mapping went, its pages came; no neighbour did */
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "unmaps"), ==, 1);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "maps"), ==,
                     POLICY_SIZE / VTD_PAGE_4K);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "region-maps"), ==,
                     POLICY_SIZE / VTD_PAGE_4K);

    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    reason = "waiting";
    rmrr_query_assert(t->rig->qts, "igd0", reason, "identity again");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, POLICY_HOLE);

    vtd_inv_context_device(t->g, RIG_SID);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "context");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, POLICY_HOLE);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "entries"), ==, 2);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "fatal"), ==, 0);
    policy_guest_stop(t);
}

/*
 * 1 GiB that the guest maps, and unmaps, page by page, with an invalidation
 * each: that costs what the pages cost, not the region (each reads a table of
 * each level, and no other)
 */

#define GIB_BASE 0x40000000ull
#define GIB_SIZE (VTD_PAGE_1G + 8 * 1024 * 1024)
#define GIB_REGION ",dsm-base=0x40800000,dsm-size=1G,gsm-size=8M"

static void page_by_page(PolicyGuest *t, bool map)
{
    uint64_t reads = rmrr_query_counter(t->rig->qts, "igd0", "table-reads");
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
    reads = rmrr_query_counter(t->rig->qts, "igd0", "table-reads") - reads;
    g_assert_cmpuint(reads, <=, 4 * GIB_SIZE / VTD_PAGE_4K);
}

static void test_page_by_page(void)
{
    PolicyGuest *t = policy_guest_start(",rmrr-policy=keep", GIB_REGION);

    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_guest_enable(t->g, true);
    policy_guest_enter(t, &t->a);
    rmrr_query_assert(t->rig->qts, "igd0", "absent", "empty");
    page_by_page(t, true);
    rmrr_query_assert(t->rig->qts, "igd0", "waiting", "complete");
    vtd_inv_context_device(t->g, RIG_SID);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "context");
    page_by_page(t, false);
    rmrr_query_assert(t->rig->qts, "igd0", "kept", "empty again");
    policy_guest_stop(t);
}

/* What waits is not there, so its holes are not kept when the time comes */
static void test_waits_incomplete(void)
{
    PolicyGuest *t = policy_guest_start(",rmrr-policy=keep", ",listener=map");

    vtd_guest_enable(t->g, true);
    policy_guest_enter(t, &t->a);
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, POLICY_SIZE);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    rmrr_query_assert(t->rig->qts, "igd0", "waiting", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    rmrr_query_assert(t->rig->qts, "igd0", "partial", "hole");
    vtd_inv_context_device(t->g, RIG_SID);
    rmrr_query_assert(t->rig->qts, "igd0", "partial", "context");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, 0);
    policy_guest_stop(t);
}

/*
 * The address mask of an invalidation says which low bits of its address do
 * not count, so what is below the address may be meant (L8)
 */
static void test_unaligned(const void *opaque)
{
    const uint64_t last = RIG_LIMIT & ~(VTD_PAGE_4K - 1);
    const uint64_t pair = POLICY_TARGET, two = 1, all = 14;
    PolicyGuest *t = policy_kind_start(opaque, "keep");
    g_autoptr(GArray) expected = NULL;

    policy_set_identity(t);
    g_assert_cmphex(policy_guest_write_lands(t, last), ==, last);
    vtd_map_page(t->g, &t->a, last, POLICY_TARGET + POLICY_SIZE - VTD_PAGE_4K,
                 VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_LIMIT + 1 + 0x700000 - VTD_PAGE_4K,
                       all);
    rmrr_query_assert(t->rig->qts, "igd0", "foreign", "the region's end");
    g_assert_cmphex(policy_guest_write_lands(t, last), ==,
                    POLICY_TARGET + POLICY_SIZE - VTD_PAGE_4K);

    /* Beside the region: the first of two pages goes */
    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_map_page(t->g, &t->a, pair, pair, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_global(t->g);
    vtd_clear_entry(t->g, &t->a, pair, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, t->a.id, pair + VTD_PAGE_4K, two);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "beside it");
    if (policy_kind_maps(opaque)) {
        expected = igd_rig_expect(t->rig);
        igd_rig_check_map(t->rig, expected, "beside the region");
    }
    policy_guest_stop(t);
}

/* Without caching mode nobody hears of a page that appears */

static void test_blind(void)
{
    PolicyGuest *t = policy_guest_start(",caching-mode=off,rmrr-policy=keep",
                                        "");

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    rmrr_query_assert(t->rig->qts, "igd0", "partial", "hole");
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==, 0);
    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET, VTD_PAGE_4K,
                 VTD_RW);
    g_assert_cmphex(policy_guest_write_lands(t, POLICY_HOLE), ==,
                    POLICY_HOLE_TARGET);
    policy_guest_stop(t);
}

static const PolicyKind kinds[] = {
    { "legacy", "", ",listener=map" },
    { "second-stage", POLICY_SECOND_STAGE, ",listener=map" },
    { "first-stage", POLICY_FIRST_STAGE, "" },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *path = g_strconcat("intel-iommu-policy/unaligned/",
                                            kinds[i].name, NULL);

        qtest_add_data_func(path, &kinds[i], test_unaligned);
    }
    policy_table_add("intel-iommu-policy/table", test_table, 3);
    policy_table_add("intel-iommu-policy/table-emulated",
                     test_table_emulated, 3);
    policy_table_add("intel-iommu-policy/table-unmap-notifier",
                     test_table_unmap, 3);
    policy_table_add("intel-iommu-policy/hand-over", test_hand_over, 2);
    qtest_add_func("intel-iommu-policy/waits", test_waits);
    qtest_add_func("intel-iommu-policy/waits-incomplete",
                   test_waits_incomplete);
    qtest_add_func("intel-iommu-policy/page-by-page", test_page_by_page);
    qtest_add_func("intel-iommu-policy/no-caching-mode", test_blind);
    return g_test_run();
}
