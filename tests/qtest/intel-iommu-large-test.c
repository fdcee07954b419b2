/*
 * Large pages across the edges of the stolen region
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The region begins and ends at odd MiB, so the pages at its edges map what
 * is beside it as well. Whether it is kept mapped or not, and when that
 * changes while such a page is there (H14), each byte must go where the tables
 * and the policy say.
 */

#include "qemu/osdep.h"
#include "iova-runs.h"
#include "policy-guest.h"
#include "test-rows.h"

static const PolicyKind kinds[] = {
    { "legacy", "", "map" },
    { "legacy-emulated", "", "" },
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "second-stage-emulated", RIG_SECOND_STAGE, "" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

static void map_large(IGDRig *t, VTDDomain *d, uint64_t size, uint64_t target)
{
    uint64_t first = RIG_BASE & ~(size - 1);

    for (uint64_t iova = first; iova <= RIG_LIMIT; iova += size) {
        vtd_map_page(t->g, d, iova, target ? target + (iova - first) : iova,
                     size, VTD_RW);
    }
}

/* Two words across an edge have to be at @first and @second then */
static void check_across(IGDRig *t, uint64_t edge, uint64_t first,
                         uint64_t second)
{
    uint32_t fill = ++t->fill;

    igd_rig_dma_check(t, RIG_SID, IGD_TESTDEV_CMD_FILL, 0, edge - 4, 8, fill,
                      IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(t->qts, first), ==, fill);
    g_assert_cmphex(qtest_readl(t->qts, second), ==, fill);
}

/* There is no memory beyond the region, as the tables have it */
static void check_beyond(IGDRig *t)
{
    uint32_t fill = ++t->fill;

    igd_rig_dma_check(t, RIG_SID, IGD_TESTDEV_CMD_FILL, 0, RIG_LIMIT - 3, 8,
                      fill, IGD_TESTDEV_STATUS_WRITE_FAILED);
    g_assert_cmphex(igd_rig_dma_fault(t, RIG_SID), ==, RIG_LIMIT + 1);
    g_assert_cmphex(qtest_readl(t->qts, RIG_LIMIT - 3), ==, fill);
}

static void check_large_map(IGDRig *t, const PolicyKind *kind,
                            uint64_t size, uint64_t target)
{
    uint64_t first = RIG_BASE & ~(size - 1);
    uint64_t last = RIG_LIMIT | (size - 1);
    g_autoptr(GArray) expected = iova_runs_new();

    if (policy_kind_maps(kind)) {
        iova_runs_add_slice(expected, t->identity, target ?: first,
                            (target ?: first) + (last - first), first, true);
        igd_rig_check_map(t, expected, "large pages");
        g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
        g_assert_cmpuint(igd_rig_count(t, "eexist"), ==, 0);
        g_assert_cmpuint(igd_rig_count(t, "einval"), ==, 0);
    }
}

static void run_large(const PolicyKind *kind, uint64_t size)
{
    const uint64_t first = RIG_BASE & ~(size - 1);
    const uint64_t at_base = POLICY_TARGET + (RIG_BASE - first);
    const uint64_t at_end = POLICY_TARGET + (RIG_LIMIT + 1 - first);
    IGDRig *t = policy_kind_start(kind, "keep");

    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    map_large(t, &t->a, size, 0);
    map_large(t, &t->b, size, POLICY_TARGET);
    for (int round = 0; round < 2; round++) {
        policy_guest_enter(t, &t->a);
        igd_rig_reason(t, "identity", "large pages");
        check_large_map(t, kind, size, 0);
        check_across(t, RIG_BASE, RIG_BASE - 4, RIG_BASE);
        check_beyond(t);

        /* The pages at the edges stay while the region goes */
        policy_guest_change(t, &t->b);
        vtd_inv_iotlb_domain(t->g, t->a.id);
        igd_rig_reason(t, "foreign", "large pages");
        check_large_map(t, kind, size, POLICY_TARGET);
        check_across(t, RIG_BASE, at_base - 4, at_base);
        check_across(t, RIG_LIMIT + 1, at_end - 4, at_end);
    }
    /* One page that may not be written: no identity */
    vtd_map_page(t->g, &t->a, first, first, size, VTD_READ);
    policy_guest_enter(t, &t->a);
    igd_rig_reason(t, "foreign", "read-only");
    igd_rig_stop(t);
}

static void test_large(const void *opaque)
{
    run_large(opaque, VTD_PAGE_2M);
    run_large(opaque, VTD_PAGE_1G);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-large", kinds, test_large);
    return g_test_run();
}
