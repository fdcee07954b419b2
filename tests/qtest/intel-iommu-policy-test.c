/*
 * Who decides about the stolen region: rmrr-policy=
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each row of the table in docs/devel/design.rst under each policy, in legacy
 * and in scalable mode: what query-rmrr says, what VFIO would have mapped, and
 * where the device's DMA ends up. Then PASID entries that change in place, and
 * what only first-stage entries have.
 */

#include "qemu/osdep.h"
#include "hw/igd-rmrr-version.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"

#define BLIND ",caching-mode=off"

static const PolicyKind kinds[] = {
    { "legacy", "", "map" },
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

static const PolicyKind blind = { "blind", BLIND, "" };

/* The last two have no VFIO: emulated, and with a vhost backend */
static const PolicyKind tables[] = {
    { "table", "", "map" },
    { "table-emulated", "", "" },
    { "table-unmap-notifier", "", "unmap" },
};

/* The L2 guest's life, as L1's VT-d driver acts it out */

static void test_hand_over(const void *policy)
{
    g_autoptr(IGDRig) t = policy_guest_start(policy, "", "map");
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
}

/* Changed in place: it waits, and nobody's mapping is touched meanwhile */

static void test_waits(void)
{
    g_autoptr(IGDRig) t = policy_guest_start("keep", "", "map");
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
    g_autoptr(IGDRig) t = policy_guest_start_more("keep", "", GIB_REGION,
                                                  "", "");

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
}

/* What waits is not there, so its holes are not kept when the time comes */
static void test_waits_incomplete(void)
{
    g_autoptr(IGDRig) t = policy_guest_start("keep", "", "map");

    policy_guest_enter(t, &t->a);
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    igd_rig_reason(t, "waiting", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    igd_rig_reason(t, "partial", "hole");
    vtd_inv_context_device(t->g, RIG_SID);
    policy_guest_expect(t, "partial", 0, "context");
}

/*
 * The address mask of an invalidation says which low bits of its address do
 * not count, so what is below the address may be meant (L8)
 */
static void test_unaligned(const void *opaque)
{
    const uint64_t last = RIG_LIMIT & ~(VTD_PAGE_4K - 1);
    const uint64_t pair = POLICY_TARGET, two = 1, all = 14;
    g_autoptr(IGDRig) t = policy_kind_start(opaque, "keep");
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
}

/*
 * Without caching mode, which does not cover first-stage tables either, nobody
 * hears of a hole that is filled: under keep too there must be none in what is
 * kept mapped
 */
static void test_blind(const void *opaque)
{
    g_autoptr(IGDRig) t = policy_kind_start(opaque, "keep");

    policy_set_identity(t);
    igd_rig_reason(t, "identity", "complete");
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
    policy_guest_expect(t, "partial", 0, "hole");
    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET, VTD_PAGE_4K,
                 VTD_RW);
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE_TARGET);
}

static const PolicyKind scalable[] = {
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "second-stage-emulated", RIG_SECOND_STAGE, "" },
    { "first-stage", RIG_FIRST_STAGE, "" },
    { "first-stage-unmap", RIG_FIRST_STAGE, "unmap" },
    { }
};

/* The table, with every kind of listener there can be */
static const PolicyKind scalable_tables[] = {
    { "table", RIG_SECOND_STAGE, "map" },
    { "table-emulated", RIG_SECOND_STAGE, "" },
    { "table-blind", RIG_SECOND_STAGE BLIND, "" },
    { "table-first-stage", RIG_FIRST_STAGE, "" },
    { "table-first-stage-blind", RIG_FIRST_STAGE BLIND, "" },
    { "table-first-stage-unmap", RIG_FIRST_STAGE, "unmap" },
};

static void check_mapped(IGDRig *t, const PolicyKind *kind, uint64_t gpa,
                         const char *where)
{
    if (policy_kind_maps(kind)) {
        igd_rig_check_region(t, gpa, where);
    }
}

/*
 * A PASID entry changes in place, and only the PASID cache is invalidated:
 * nothing happens before, and all of it then. The IOTLB has nothing to add.
 */

static void change(IGDRig *t, const VTDDomain *d,
                   void (*flush)(VTDGuest *g, uint16_t domain),
                   uint16_t flushed, const char *reason)
{
    g_autofree char *before = igd_rig_reason_of(t, "igd0");
    uint64_t scans = igd_rig_counter(t, "x-scans");

    vtd_pasid_set(t->g, RIG_SID, d);
    igd_rig_reason(t, before, "changed, nothing invalidated");
    g_assert_cmpuint(igd_rig_counter(t, "x-scans"), ==, scans);
    flush(t->g, flushed);
    igd_rig_reason(t, reason, "PASID cache");
}

static void flush_all(VTDGuest *g, uint16_t domain)
{
    vtd_inv_pasid_global(g);
}

static void run_in_place(const PolicyKind *kind, const char *policy)
{
    g_autoptr(IGDRig) t = policy_kind_start(kind, policy);

    vtd_clear_entry(t->g, &t->a, POLICY_NEIGHBOUR, VTD_PAGE_4K);
    policy_set_identity(t);
    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, RIG_SIZE);
    igd_rig_reason(t, "identity", "start");

    for (int round = 0; round < 2; round++) {
        change(t, &t->b, vtd_inv_pasid_one, t->a.id, "foreign");
        check_mapped(t, kind, POLICY_TARGET, "foreign");
        policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE_TARGET);
        vtd_inv_piotlb_domain(t->g, t->a.id);
        vtd_inv_piotlb_domain(t->g, t->b.id);
        igd_rig_reason(t, "foreign", "IOTLB");
        check_mapped(t, kind, POLICY_TARGET, "foreign, IOTLB");

        change(t, NULL, vtd_inv_pasid_domain, t->b.id, "pass-through");
        policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE);
        vtd_inv_piotlb_domain(t->g, t->b.id);
        igd_rig_reason(t, "pass-through", "IOTLB");
        if (policy_kind_maps(kind)) {
            igd_rig_check_map(t, t->identity, "pass-through");
        }

        change(t, &t->a, flush_all, 0, "identity");
        check_mapped(t, kind, RIG_BASE, "identity");
        vtd_inv_piotlb_page(t->g, t->a.id, RIG_BASE, 9);
        policy_guest_expect(t, "identity", POLICY_HOLE, "IOTLB");
    }
}

static void test_in_place(const void *policy)
{
    for (const PolicyKind *kind = scalable; kind->name; kind++) {
        run_in_place(kind, policy);
    }
}

/* No PASID entry, or no table of them, is no context */

static void run_missing(const PolicyKind *kind, const char *policy)
{
    const char *reason = strcmp(policy, "lock") ? "no-context" : "locked";
    uint64_t lands = strcmp(policy, "lock") ? 0 : POLICY_HOLE;
    g_autoptr(IGDRig) t = policy_kind_start(kind, policy);
    uint64_t directory = vtd_pasid_directory(t->g, RIG_SID);
    uint64_t value;

    policy_set_identity(t);
    vtd_pasid_clear(t->g, RIG_SID);
    igd_rig_reason(t, "identity", "not flushed");
    vtd_inv_pasid_one(t->g, t->a.id);
    policy_guest_expect(t, reason, lands, "no PASID entry");
    vtd_inv_piotlb_domain(t->g, t->a.id);
    vtd_inv_iotlb_global(t->g);
    igd_rig_reason(t, reason, "no PASID entry, IOTLB");
    vtd_pasid_set(t->g, RIG_SID, &t->a);
    vtd_inv_pasid_one(t->g, t->a.id);
    policy_guest_expect(t, "identity", POLICY_HOLE, "again");

    value = qtest_readq(t->qts, directory);
    qtest_writeq(t->qts, directory, 0);
    vtd_inv_pasid_domain(t->g, t->a.id);
    policy_guest_expect(t, reason, lands, "no table");
    qtest_writeq(t->qts, directory, value);
    vtd_inv_pasid_global(t->g);
    igd_rig_reason(t, "identity", "again");
    if (*kind->listener) {
        g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    }
}

static void test_missing(const void *policy)
{
    for (const PolicyKind *kind = scalable; kind->name; kind++) {
        run_missing(kind, policy);
    }
}

/*
 * A device that has no valid entry any more reaches nothing: what it had mapped
 * beside the region has to go as well.
 */
static void test_left_behind(const void *opaque)
{
    const PolicyKind *kind = opaque;
    g_autoptr(IGDRig) t = policy_kind_start(kind, "exact");
    g_autoptr(GArray) nothing = iova_runs_new();
    g_autofree char *map = NULL;

    for (int way = 0; way < 3; way++) {
        uint64_t entry = way == 0 ? t->g->root :
                         way == 1 ? vtd_pasid_directory(t->g, RIG_SID) :
                         vtd_pasid_entry(t->g, RIG_SID);
        uint64_t value;

        policy_set_identity(t);
        map = igd_rig_get_string(t, "igd0", "map");
        g_assert_cmpstr(map, !=, "");
        g_clear_pointer(&map, g_free);
        value = qtest_readq(t->qts, entry);
        qtest_writeq(t->qts, entry, 0);
        if (way) {
            vtd_inv_pasid_one(t->g, t->a.id);
        } else {
            vtd_inv_context_device(t->g, RIG_SID);
        }
        igd_rig_check_map(t, nothing, way == 0 ? "root" : way == 1 ?
                          "directory" : "PASID");
        qtest_writeq(t->qts, entry, value);
    }
}

/*
 * What is kept is a domain's, which is its tables and its number: nothing is
 * for one that the device enters in place with either of them changed.
 */
static void test_kept_domain(const void *opaque)
{
    g_autoptr(IGDRig) t = policy_kind_start(opaque, "keep");
    VTDDomain same_tables = { .id = 9, .levels = 4, .root = t->a.root };
    VTDDomain same_id = vtd_domain_new(t->g, t->a.id, 4);
    VTDDomain *const other[] = { &same_tables, &same_id, &t->b };
    const char *reasons[] = { "partial", "absent", "absent" };

    for (size_t i = 0; i < G_N_ELEMENTS(other); i++) {
        policy_set_hole_in_complete(t);
        igd_rig_reason(t, "kept", "domain A");
        policy_guest_change(t, &t->a);
        igd_rig_reason(t, "kept", "domain A again");
        policy_guest_change(t, other[i]);
        policy_guest_expect(t, reasons[i], 0, "another one");
        policy_guest_change(t, &t->a);
        igd_rig_reason(t, "partial", "it has left A");
    }
}

/*
 * The PASID entry's address width counts for first-stage tables too: 0 is 30
 * bits, in which no address from 512 MiB on is canonical
 */
static void test_first_stage_width(void)
{
    static const char *const reasons[] = { "absent", "identity", "identity" };
    g_autoptr(IGDRig) t = policy_kind_start(&scalable[2], "exact");

    policy_set_identity(t);
    for (unsigned int aw = 0; aw < G_N_ELEMENTS(reasons); aw++) {
        vtd_pasid_write(t->g, RIG_SID, VTD_PGTT_FIRST_STAGE, aw, t->a.root, 0,
                        t->a.id);
        vtd_inv_pasid_one(t->g, t->a.id);
        vtd_inv_piotlb_domain(t->g, t->a.id);
        policy_guest_expect(t, reasons[aw], aw ? POLICY_HOLE : 0, "width");
    }
}

/* First-stage tables are scalable mode's, a legacy root's are second-stage */
static void test_legacy_root(void)
{
    g_autoptr(IGDRig) t = policy_guest_start_more("exact", RIG_FIRST_STAGE,
                                                  "", "", "");

    t->g->mode = VTD_LEGACY;
    policy_guest_new_domains(t);
    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    igd_rig_reason(t, "identity", "legacy root");
    vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE, VTD_PAGE_4K,
                 VTD_WRITE);
    vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    policy_guest_expect(t, "foreign", POLICY_HOLE, "write only");
}

/* Requests without PASID may use any, in another table too */
static void test_rid_pasid(void)
{
    const unsigned int pasid = 70, in_table = 64;
    g_autoptr(IGDRig) t = policy_kind_start(scalable, "exact");
    uint64_t context, table, entry[8];

    policy_set_identity(t);
    context = vtd_scalable_context(t->g, RIG_SID);
    table = vtd_guest_alloc(t->g);
    qtest_memread(t->qts, vtd_pasid_entry(t->g, RIG_SID), entry,
                  sizeof(entry));
    vtd_pasid_clear(t->g, RIG_SID);
    qtest_memwrite(t->qts, table + pasid % in_table * sizeof(entry),
                   entry, sizeof(entry));
    qtest_writeq(t->qts, vtd_pasid_directory(t->g, RIG_SID) +
                 pasid / in_table * 8, table | 1);
    vtd_inv_pasid_global(t->g);
    igd_rig_reason(t, "no-context", "PASID 0");
    qtest_writeq(t->qts, context + 8, pasid);
    vtd_inv_context_device(t->g, RIG_SID);
#if QEMU_SINCE(11, 0)
    /* It announces that it has no such field (ECAP.RPS is 0) */
    policy_guest_expect(t, "no-context", 0, "another PASID");
#else
    policy_guest_expect(t, "identity", POLICY_HOLE, "another PASID");
#endif
}

/*
 * First-stage entries: one without U/S is closed to every device, a table
 * that may not be written makes its pages read-only, and looking at them sets
 * no accessed bit.
 */
static void test_first_stage_bits(void)
{
    const uint64_t present = 1, user = 4, open = 7, accessed = 0x20;
    g_autoptr(IGDRig) t = policy_kind_start(&scalable[2], "exact");
    uint64_t leaf, table, value;

    policy_set_identity(t);
    leaf = vtd_entry_at(t->g, &t->a, POLICY_HOLE, VTD_PAGE_4K);
    table = vtd_entry_at(t->g, &t->a, POLICY_HOLE, VTD_PAGE_2M);
    g_assert_cmphex(qtest_readq(t->qts, leaf), ==, POLICY_HOLE | open);

    qtest_writeq(t->qts, leaf, POLICY_HOLE | (open & ~user));
    vtd_inv_piotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    policy_guest_expect(t, "partial", 0, "no U/S");
    policy_guest_lands(t, POLICY_HOLE - 4, POLICY_HOLE - 4);
    value = qtest_readq(t->qts, leaf - 8);
    g_assert_cmphex(value & accessed, ==, accessed);
    g_assert_cmphex(qtest_readq(t->qts, leaf + 8) & accessed, ==, 0);

    qtest_writeq(t->qts, leaf, POLICY_HOLE | open);
    value = qtest_readq(t->qts, table);
    qtest_writeq(t->qts, table, (value & ~open) | present | user);
    vtd_inv_piotlb_domain(t->g, t->a.id);
    policy_guest_expect(t, "foreign", 0, "table read-only");

    qtest_writeq(t->qts, table, (value & ~open) | present | user | open);
    vtd_inv_piotlb_domain(t->g, t->a.id);
    policy_guest_expect(t, "waiting", POLICY_HOLE, "identity again");
    vtd_inv_pasid_one(t->g, t->a.id);
    igd_rig_reason(t, "identity", "flushed");

    /* Reserved in the second stage only */
    qtest_writeq(t->qts, leaf, POLICY_HOLE | open | 1ull << 62);
    vtd_inv_piotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
    igd_rig_reason(t, "identity", "bit 62");
}

/* A device without a region follows its PASID entry as well */
static void test_any_device(void)
{
    const uint16_t sid = 0x18;
    g_autoptr(IGDRig) t = policy_guest_start_more(
        "keep", RIG_SECOND_STAGE, "", "",
        "-device edu,id=edu0,addr=03.0 "
        "-device dma-listener-testdev,id=edu0-dma,for=edu0");
    g_autofree char *map = NULL;

    vtd_map_page(t->g, &t->b, RIG_BASE, POLICY_TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_guest_enable(t->g, true);
    vtd_context_set(t->g, sid, &t->a);
    vtd_inv_context_device(t->g, sid);
    vtd_pasid_set(t->g, sid, &t->b);
    vtd_inv_pasid_one(t->g, t->a.id);
    map = igd_rig_get_string(t, "edu0", "map");
    g_assert_cmpstr(map, ==, "0x7b100000-0x7b100fff pc.ram+0x7b100000 rw\n");
}

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
    qtest_add_data_func("intel-iommu-policy/no-caching-mode", &blind,
                        test_blind);
    policy_add_tables("intel-iommu-scalable", scalable_tables,
                      G_N_ELEMENTS(scalable_tables));
    policy_add("intel-iommu-scalable/in-place", test_in_place, 2);
    policy_add("intel-iommu-scalable/missing", test_missing, 3);
    qtest_add_data_func("intel-iommu-scalable/left-behind", scalable,
                        test_left_behind);
    /* Where keep keeps */
    test_rows_add("intel-iommu-scalable/kept-domain", kinds, sizeof(kinds[0]),
                  2, test_kept_domain);
    qtest_add_data_func("intel-iommu-scalable/first-stage-keep", &scalable[2],
                        test_blind);
    qtest_add_func("intel-iommu-scalable/first-stage-width",
                   test_first_stage_width);
    qtest_add_func("intel-iommu-scalable/legacy-root", test_legacy_root);
    qtest_add_func("intel-iommu-scalable/rid-pasid", test_rid_pasid);
    qtest_add_func("intel-iommu-scalable/first-stage-bits",
                   test_first_stage_bits);
    qtest_add_func("intel-iommu-scalable/any-device", test_any_device);
    return g_test_run();
}
