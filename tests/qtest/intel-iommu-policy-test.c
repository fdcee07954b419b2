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
#include "igd-testdev-rig.h"
#include "iova-runs.h"
#include "rmrr-query.h"
#include "hw/display/igd-testdev-regs.h"

#define DEVFN 0x10              /* igd0 */
#define SIZE (RIG_LIMIT - RIG_BASE + 1)
#define TARGET RIG_HIGH         /* other memory that the guest maps there */
#define NEIGHBOUR (RIG_BASE - VTD_PAGE_4K)
#define HOLE (RIG_BASE + 5 * VTD_PAGE_4K)

typedef struct Guest {
    IGDRig *rig;
    VTDGuest *g;
    VTDDomain a, b;
    uint32_t fill;
} Guest;

static Guest *guest_start(const char *iommu, const char *device)
{
    Guest *t = g_new0(Guest, 1);

    t->rig = igd_rig_start(iommu, device, "");
    t->g = &t->rig->vtd;
    t->fill = 0x5a170000;
    t->a = vtd_domain_new(t->g, 7, 4);
    t->b = vtd_domain_new(t->g, 8, 3);
    vtd_map_page(t->g, &t->a, NEIGHBOUR, TARGET + SIZE, VTD_PAGE_4K, VTD_RW);
    igd_rig_dma_setup(t->rig, DEVFN);
    return t;
}

static void guest_stop(Guest *t)
{
    igd_rig_stop(t->rig);
    g_free(t);
}

/* Where a write by the device at @iova ends up; 0 if it does not */
static uint64_t write_lands(Guest *t, uint64_t iova)
{
    const uint64_t places[] = { iova, TARGET + (iova - RIG_BASE) };
    uint32_t status;

    t->fill++;
    status = igd_rig_dma(t->rig, DEVFN, IGD_TESTDEV_CMD_FILL, 0, iova, 4,
                         t->fill);
    if (status != IGD_TESTDEV_STATUS_DONE) {
        g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_WRITE_FAILED);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (qtest_readl(t->rig->qts, places[i]) == t->fill) {
            return places[i];
        }
    }
    g_assert_not_reached();
}

static void enter(Guest *t, const VTDDomain *d)
{
    vtd_context_clear(t->g, RIG_SID);
    vtd_inv_context_device(t->g, RIG_SID);
    vtd_context_set(t->g, RIG_SID, d);
    vtd_inv_context_device(t->g, RIG_SID);
    vtd_inv_iotlb_global(t->g);
}

static void unmap_page(Guest *t, const VTDDomain *d, uint64_t iova)
{
    vtd_clear_entry(t->g, d, iova, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, d->id, iova, 0);
}

/* The table's states */

static void set_off(Guest *t)
{
    vtd_guest_set_translation(t->g, false);
}

static void set_pass_through(Guest *t)
{
    enter(t, NULL);
}

static void set_identity(Guest *t)
{
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, SIZE);
    enter(t, &t->a);
}

static void set_hole_in_complete(Guest *t)
{
    set_identity(t);
    unmap_page(t, &t->a, HOLE);
}

static void set_nothing_in_complete(Guest *t)
{
    set_identity(t);
    vtd_clear_entry(t->g, &t->a, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->a.id);
}

static void set_hole(Guest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, SIZE);
    vtd_clear_entry(t->g, &t->b, HOLE, VTD_PAGE_4K);
    enter(t, &t->b);
}

static void set_nothing(Guest *t)
{
    enter(t, &t->b);
}

static void set_no_context(Guest *t)
{
    vtd_context_clear(t->g, RIG_SID);
    vtd_inv_context_device(t->g, RIG_SID);
}

static void set_foreign(Guest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, TARGET, SIZE);
    enter(t, &t->b);
}

static void set_read_only(Guest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, SIZE);
    vtd_map_page(t->g, &t->b, HOLE, HOLE, VTD_PAGE_4K, VTD_READ);
    enter(t, &t->b);
}

/*
 * A letter for each policy, keep, exact and lock: where the device's write
 * at HOLE ends up. r: in the region, f: nowhere, t: in the other memory
 */
static const struct Row {
    const char *name;
    void (*set)(Guest *t);
    const char *reasons[3];
    const char *lands;
} table[] = {
    { "off", set_off, { "translation-off", "translation-off",
                        "translation-off" }, "rrr" },
    { "pass-through", set_pass_through, { "pass-through", "pass-through",
                                          "pass-through" }, "rrr" },
    { "identity", set_identity, { "identity", "identity", "identity" },
      "rrr" },
    { "hole-in-complete", set_hole_in_complete, { "kept", "partial",
                                                  "locked" }, "rfr" },
    { "nothing-in-complete", set_nothing_in_complete, { "kept", "absent",
                                                        "locked" }, "rfr" },
    { "hole", set_hole, { "partial", "partial", "locked" }, "ffr" },
    { "nothing", set_nothing, { "absent", "absent", "locked" }, "ffr" },
    { "no-context", set_no_context, { "no-context", "no-context", "locked" },
      "ffr" },
    { "foreign", set_foreign, { "foreign", "foreign", "locked" }, "ttr" },
    { "read-only", set_read_only, { "foreign", "foreign", "locked" }, "ffr" },
};

static const char *const policies[] = { "keep", "exact", "lock" };

static void check_lands(Guest *t, char where, const char *name)
{
    uint64_t want = where == 'r' ? HOLE :
                    where == 't' ? TARGET + (HOLE - RIG_BASE) : 0;
    uint64_t have = write_lands(t, HOLE);

    if (have != want) {
        g_printerr("%s: DMA\n", name);
    }
    g_assert_cmphex(have, ==, want);
}

static void run_table(const char *policy, const char *device)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", policy, NULL);
    int p = !strcmp(policy, "keep") ? 0 : !strcmp(policy, "exact") ? 1 : 2;

    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        Guest *t = guest_start(iommu, device);

        vtd_guest_enable(t->g, true);
        table[i].set(t);
        rmrr_query_assert(t->rig->qts, "igd0", table[i].reasons[p],
                          table[i].name);
        check_lands(t, table[i].lands[p], table[i].name);
        if (*device) {
            g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "fatal"), ==, 0);
            g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "eexist"), ==, 0);
            g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "einval"), ==, 0);
        }
        guest_stop(t);
    }
}

static void test_table(const void *policy)
{
    run_table(policy, ",listener=map");
}

/* No VFIO: an emulated device, and one with a vhost backend */
static void test_table_emulated(const void *policy)
{
    run_table(policy, "");
}

static void test_table_unmap(const void *policy)
{
    run_table(policy, ",listener=unmap");
}

/* The L2 guest's life, as L1's VT-d driver acts it out */

static void check_mapped(Guest *t, uint64_t gpa, const char *where)
{
    g_autoptr(GArray) expected = iova_runs_new();

    iova_runs_add_slice(expected, t->rig->identity, gpa, gpa + SIZE - 1,
                        RIG_BASE, true);
    igd_rig_check_map(t->rig, expected, where);
}

static void test_hand_over(const void *policy)
{
    g_autofree char *iommu = g_strconcat(",rmrr-policy=", (char *)policy,
                                         NULL);
    Guest *t = guest_start(iommu, ",listener=map");
    g_autoptr(GArray) nothing = iova_runs_new();

    vtd_guest_enable(t->g, true);
    set_identity(t);
    vtd_clear_entry(t->g, &t->a, NEIGHBOUR, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, t->a.id, NEIGHBOUR, 0);
    check_mapped(t, RIG_BASE, "L1 has it");
    qtest_memset(t->rig->qts, RIG_BASE, 0x11, VTD_PAGE_2M);

    set_no_context(t);
    igd_rig_check_map(t->rig, nothing, "detached");
    enter(t, &t->b);
    igd_rig_check_map(t->rig, nothing, "VFIO's empty domain");
    g_assert_cmphex(write_lands(t, HOLE), ==, 0);

    vtd_map_range(t->g, &t->b, RIG_BASE, TARGET, SIZE);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    check_mapped(t, TARGET, "L2 has it");
    g_assert_cmphex(write_lands(t, HOLE), ==, TARGET + (HOLE - RIG_BASE));
    g_assert_cmphex(qtest_readl(t->rig->qts, HOLE), ==, 0x11111111);

    vtd_clear_entry(t->g, &t->b, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    igd_rig_check_map(t->rig, nothing, "L2 is gone");
    set_no_context(t);
    igd_rig_reset_stats(t->rig, "igd0");
    vtd_context_set(t->g, RIG_SID, &t->a);
    vtd_inv_context_device(t->g, RIG_SID);
    check_mapped(t, RIG_BASE, "L1 has it again");
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "L1 again");
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "entries"), ==, 1);
    g_assert_cmphex(write_lands(t, HOLE), ==, HOLE);
    guest_stop(t);
}

/* Changed in place: it waits, and nobody's mapping is touched meanwhile */

static void test_waits(void)
{
    Guest *t = guest_start(",rmrr-policy=keep", ",listener=map");
    const char *reason;

    vtd_guest_enable(t->g, true);
    set_identity(t);
    igd_rig_reset_stats(t->rig, "igd0");

    vtd_map_page(t->g, &t->a, HOLE, TARGET + (HOLE - RIG_BASE), VTD_PAGE_4K,
                 VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, HOLE, 0);
    rmrr_query_assert(t->rig->qts, "igd0", "foreign", "one page");
    g_assert_cmphex(write_lands(t, HOLE), ==, TARGET + (HOLE - RIG_BASE));
    /* The region's one mapping went, its pages came; no neighbour did */
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "unmaps"), ==, 1);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "maps"), ==,
                     SIZE / VTD_PAGE_4K);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "region-maps"), ==,
                     SIZE / VTD_PAGE_4K);

    vtd_map_page(t->g, &t->a, HOLE, HOLE, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(t->g, t->a.id, HOLE, 0);
    reason = "waiting";
    rmrr_query_assert(t->rig->qts, "igd0", reason, "identity again");
    g_assert_cmphex(write_lands(t, HOLE), ==, HOLE);

    vtd_inv_context_device(t->g, RIG_SID);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "context");
    g_assert_cmphex(write_lands(t, HOLE), ==, HOLE);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "entries"), ==, 2);
    g_assert_cmpuint(igd_rig_stat(t->rig, "igd0", "fatal"), ==, 0);
    guest_stop(t);
}

/* Without caching mode nobody hears of a page that appears */

static void test_blind(void)
{
    Guest *t = guest_start(",caching-mode=off,rmrr-policy=keep", "");

    vtd_guest_enable(t->g, true);
    set_identity(t);
    rmrr_query_assert(t->rig->qts, "igd0", "identity", "complete");
    unmap_page(t, &t->a, HOLE);
    rmrr_query_assert(t->rig->qts, "igd0", "partial", "hole");
    g_assert_cmphex(write_lands(t, HOLE), ==, 0);
    vtd_map_page(t->g, &t->a, HOLE, TARGET + (HOLE - RIG_BASE), VTD_PAGE_4K,
                 VTD_RW);
    g_assert_cmphex(write_lands(t, HOLE), ==, TARGET + (HOLE - RIG_BASE));
    guest_stop(t);
}

static void add(const char *test, void (*function)(const void *), unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        g_autofree char *path = g_strconcat("intel-iommu-policy/", test, "/",
                                            policies[i], NULL);

        qtest_add_data_func(path, policies[i], function);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("table", test_table, 3);
    add("table-emulated", test_table_emulated, 3);
    add("table-unmap-notifier", test_table_unmap, 3);
    add("hand-over", test_hand_over, 2);
    qtest_add_func("intel-iommu-policy/waits", test_waits);
    qtest_add_func("intel-iommu-policy/no-caching-mode", test_blind);
    return g_test_run();
}
