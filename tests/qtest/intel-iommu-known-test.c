/*
 * What VT-d's map notifiers are told of tables that are odd, or too much
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tables that point to themselves describe more than any memory holds: QEMU
 * must go on, not grow, and leave nothing mapped that is wrong (U9, E13, J5).
 * A page that becomes smaller ones in place must go as a whole (E17).
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"

#define MIB 0x100000
#define FAR 0x80000000ull           /* an address that is nobody's */
#define ENTRIES 512
#define GROWTH_MOST (256 * MIB)     /* RAM is 4 GiB: 1.1 million mappings */
#define SECONDS_MOST 120

static const PolicyKind kinds[] = {
    { "legacy", "", "map,limit=65535" },
    { "second-stage", RIG_SECOND_STAGE,
      "map,limit=65535" },
};

static uint64_t resident(IGDRig *t)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status",
                                            qtest_pid(t->qts));
    g_autofree char *text = NULL;
    const char *at;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strstr(text, "VmRSS:");
    g_assert_nonnull(at);
    return g_ascii_strtoull(at + strlen("VmRSS:"), NULL, 10) * 1024;
}

/* What was freed stays in the address sanitizer's quarantine: 256 MiB */
static uint64_t growth_most(void)
{
    return g_getenv("LSAN_OPTIONS") ? 2 * GROWTH_MOST : GROWTH_MOST;
}

static void fill_table(IGDRig *t, uint64_t table, uint64_t entry)
{
    g_autofree uint64_t *page = g_new(uint64_t, ENTRIES);

    for (int i = 0; i < ENTRIES; i++) {
        page[i] = cpu_to_le64(entry);
    }
    qtest_memwrite(t->qts, table, page, VTD_PAGE_4K);
}

/* Every address is mapped to the top table */
static void fill_self(IGDRig *t)
{
    fill_table(t, t->a.root, t->a.root | VTD_RW);
}

/* No address is mapped, and to find that out takes 2^27 tables */
static void fill_empty(IGDRig *t)
{
    uint64_t table = t->a.root;

    for (int level = 4; level > 1; level--) {
        uint64_t next = vtd_guest_alloc(t->g);

        fill_table(t, table, next | VTD_RW);
        table = next;
    }
}

static void check_listener(IGDRig *t, const char *where)
{
    static const char *const never[] = { "fatal", "eexist", "einval", NULL };

    igd_rig_check_never(t, never, where);
}

static void run_endless(const PolicyKind *kind, void (*fill)(IGDRig *t))
{
    g_autoptr(IGDRig) t = policy_kind_start(kind, "keep");
    g_autoptr(GArray) nothing = iova_runs_new();
    g_autoptr(GArray) mended = iova_runs_new();
    gint64 start = g_get_monotonic_time();
    uint64_t before;

    vtd_guest_set_translation(t->g, false);
    vtd_context_set(t->g, RIG_SID, &t->a);
    before = resident(t);
    fill(t);
    vtd_guest_set_translation(t->g, true);
    igd_rig_check_map(t, nothing, "translation on");
    vtd_inv_iotlb_page(t->g, t->a.id, FAR, 0);
    igd_rig_check_map(t, nothing, "invalidated");
    g_test_message("%" PRIu64 " MiB more, %" PRId64 " ms",
                   (resident(t) - before) / MIB,
                   (g_get_monotonic_time() - start) / 1000);
    g_assert_cmpuint(resident(t), <, before + growth_most());
    g_assert_cmpint((g_get_monotonic_time() - start) / G_USEC_PER_SEC, <,
                    SECONDS_MOST);

    /* One page, said of another one: all of them are looked at */
    fill_table(t, t->a.root, 0);
    vtd_map_page(t->g, &t->a, FAR, POLICY_TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, FAR + VTD_PAGE_2M, 0);
    igd_rig_expect_page(t, mended, FAR, POLICY_TARGET, VTD_PAGE_4K, true);
    igd_rig_check_map(t, mended, "mended");
    policy_set_identity(t);
    igd_rig_reason(t, "identity", "mended");
    check_listener(t, "mended");
}

/* Mended while translation is off: no invalidation is due */
static void test_mended(const void *opaque)
{
    g_autoptr(IGDRig) t = policy_kind_start(opaque, "keep");
    g_autoptr(GArray) nothing = iova_runs_new();
    g_autoptr(GArray) mended = iova_runs_new();

    vtd_guest_set_translation(t->g, false);
    vtd_context_set(t->g, RIG_SID, &t->a);
    fill_self(t);
    vtd_guest_set_translation(t->g, true);
    igd_rig_check_map(t, nothing, "translation on");
    vtd_guest_set_translation(t->g, false);
    fill_table(t, t->a.root, 0);
    vtd_map_page(t->g, &t->a, FAR, POLICY_TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_guest_set_translation(t->g, true);
    igd_rig_expect_page(t, mended, FAR, POLICY_TARGET, VTD_PAGE_4K, true);
    igd_rig_check_map(t, mended, "mended while off");
    check_listener(t, "mended while off");
}

static void test_self(const void *opaque)
{
    run_endless(opaque, fill_self);
}

static void test_empty(const void *opaque)
{
    run_endless(opaque, fill_empty);
}

/* An emulated device's own translation has no limit and never stops */
static void test_self_emulated(void)
{
    const PolicyKind kind = { "emulated", "", "" };
    g_autoptr(IGDRig) t = policy_kind_start(&kind, "exact");
    const uint64_t offset = 0x800;

    igd_rig_attach(t, &t->a);
    fill_self(t);
    vtd_inv_iotlb_global(t->g);
    g_assert_cmphex(igd_guest_fill(t, FAR + offset, 4, 0x5a5a5a5a), ==,
                    IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(t->qts, t->a.root + offset), ==, 0x5a5a5a5a);
}

/* @large becomes a table in which one page of @small is mapped elsewhere */
static void run_split(IGDRig *t, uint64_t at, uint64_t large,
                      uint64_t small, unsigned order, bool same)
{
    uint64_t iova = at & ~(large - 1), page = iova + 3 * small;
    g_autoptr(GArray) expected = NULL;

    policy_guest_new_domains(t);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    policy_guest_enter(t, &t->a);
    vtd_map_page(t->g, &t->a, iova, POLICY_TARGET, large, VTD_RW);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    expected = igd_rig_expect(t);
    igd_rig_expect_page(t, expected, iova, POLICY_TARGET, large, true);
    igd_rig_check_map(t, expected, "large page");

    vtd_clear_entry(t->g, &t->a, iova, large);
    if (same) {
        vtd_map_page(t->g, &t->a, iova, POLICY_TARGET, small, VTD_RW);
    }
    vtd_map_page(t->g, &t->a, page, POLICY_TARGET + large, small, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, page, order);
    g_array_unref(g_steal_pointer(&expected));
    expected = igd_rig_expect(t);
    if (same) {
        igd_rig_expect_page(t, expected, iova, POLICY_TARGET, small, true);
    }
    igd_rig_expect_page(t, expected, page, POLICY_TARGET + large, small, true);
    igd_rig_check_map(t, expected, "split");
    check_listener(t, "split");
}

static void test_split(const void *opaque)
{
    g_autoptr(IGDRig) t = policy_kind_start(opaque, "lock");

    for (int same = 0; same < 2; same++) {
        for (int order = 0; order <= 18; order += 9) {
            run_split(t, FAR, VTD_PAGE_2M, VTD_PAGE_4K, order, same);
            run_split(t, FAR, VTD_PAGE_1G, VTD_PAGE_2M, order, same);
            run_split(t, RIG_BASE, VTD_PAGE_2M, VTD_PAGE_4K, order, same);
            run_split(t, RIG_LIMIT, VTD_PAGE_2M, VTD_PAGE_4K, order, same);
        }
    }
}

/*
 * When translation is switched on, the notifiers below and above the interrupt
 * range are told their parts of a page one after the other. All of it goes.
 */
static void test_split_parts(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "lock");
    uint64_t iova = RIG_MSI_BASE & ~(VTD_PAGE_1G - 1);
    g_autoptr(GArray) whole = igd_rig_expect(t);
    g_autoptr(GArray) small = igd_rig_expect(t);

    vtd_guest_set_translation(t->g, false);
    vtd_context_set(t->g, RIG_SID, &t->a);
    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    vtd_map_page(t->g, &t->a, iova, POLICY_TARGET, VTD_PAGE_1G, VTD_RW);
    vtd_guest_set_translation(t->g, true);
    igd_rig_expect_page(t, whole, iova, POLICY_TARGET, VTD_PAGE_1G, true);
    igd_rig_check_map(t, whole, "large page");

    vtd_clear_entry(t->g, &t->a, iova, VTD_PAGE_1G);
    vtd_map_page(t->g, &t->a, iova, POLICY_TARGET + VTD_PAGE_2M, VTD_PAGE_2M,
                 VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, iova, 9);
    igd_rig_expect_page(t, small, iova, POLICY_TARGET + VTD_PAGE_2M,
                        VTD_PAGE_2M, true);
    igd_rig_check_map(t, small, "split");
    check_listener(t, "split");
    igd_rig_stop(t);
}

/*
 * The region is mapped by a large page that reaches below it, and then left to
 * the tables because of another page: only its own notifier hears of that.
 */
#define EDGE (RIG_BASE & ~(VTD_PAGE_2M - 1))

static IGDRig *start_edge(const PolicyKind *kind)
{
    IGDRig *t = policy_kind_start(kind, "exact");

    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_2M);
    for (uint64_t at = EDGE; at < RIG_LIMIT; at += VTD_PAGE_2M) {
        vtd_map_page(t->g, &t->a, at, at, VTD_PAGE_2M, VTD_RW);
    }
    policy_guest_enter(t, &t->a);
    igd_rig_reason(t, "identity", "entered");
    return t;
}

/* Another page than that at the edge */
static void leave_to_tables(IGDRig *t)
{
    vtd_map_page(t->g, &t->a, EDGE + VTD_PAGE_2M, POLICY_TARGET, VTD_PAGE_2M,
                 VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, EDGE + VTD_PAGE_2M, 9);
    igd_rig_reason(t, "foreign", "left");
}

static void check_lowest(IGDRig *t, const char *expected)
{
    g_autofree char *map = igd_rig_get_string(t, "igd0", "map");

    if (!g_str_has_prefix(map, expected)) {
        g_assert_cmpstr(map, ==, expected);
    }
}

/* The page at the edge goes as a whole, when its second half is told of late */
static void test_edge_split(const void *opaque)
{
    IGDRig *t = start_edge(opaque);
    uint64_t page = EDGE + 3 * VTD_PAGE_4K;

    leave_to_tables(t);
    check_lowest(t, "0x7b000000-0x7b0fffff pc.ram+0x7b000000 rw");
    vtd_clear_entry(t->g, &t->a, EDGE, VTD_PAGE_2M);
    vtd_map_page(t->g, &t->a, page, POLICY_TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, page, 0);
    check_lowest(t, "0x7b003000-0x7b003fff pc.ram+0x7b100000 rw\n"
                 "0x7b200000-0x7b3fffff pc.ram+0x7b100000 rw\n");
    igd_rig_stop(t);
}

/* It is another one already, and that is said after the region was left */
static void test_edge_changed(const void *opaque)
{
    IGDRig *t = start_edge(opaque);

    vtd_map_page(t->g, &t->a, EDGE, POLICY_TARGET + 2 * VTD_PAGE_2M,
                 VTD_PAGE_2M, VTD_RW);
    leave_to_tables(t);
    check_lowest(t, "0x7b000000-0x7b0fffff pc.ram+0x7b000000 rw");
    vtd_inv_iotlb_page(t->g, t->a.id, EDGE, 9);
    check_lowest(t, "0x7b000000-0x7b1fffff pc.ram+0x7b500000 rw");
    igd_rig_stop(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-known/self", kinds, test_self);
    TEST_ROWS("intel-iommu-known/mended", kinds, test_mended);
    qtest_add_data_func("intel-iommu-known/empty", &kinds[0], test_empty);
    TEST_ROWS("intel-iommu-known/split", kinds, test_split);
    TEST_ROWS("intel-iommu-known/split-parts", kinds, test_split_parts);
    TEST_ROWS("intel-iommu-known/edge-split", kinds, test_edge_split);
    TEST_ROWS("intel-iommu-known/edge-changed", kinds, test_edge_changed);
    qtest_add_func("intel-iommu-known/self-emulated", test_self_emulated);
    return g_test_run();
}
