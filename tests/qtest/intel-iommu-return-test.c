/*
 * The stolen region comes back, and a host that cannot map it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * VFIO ends QEMU when a piece of RAM cannot be mapped at run time; the
 * listener counts that as "fatal". Whatever the guest does to be handed its
 * region back, that must stay zero.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "qobject/qnum.h"
#include "igd-rmrr-util.h"

#define VFIO_LIMIT "65535"

/* What A maps beside the region, page by page */
#define BESIDE 0x90000000ull
#define BESIDE_PAGES 6

static void set_fail_in(IGDRig *t, uint64_t calls)
{
    igd_rig_set(t, "igd0", "fail-in", QOBJECT(qnum_from_uint(calls)));
}

static IGDRig *start(const char *listener)
{
    IGDRig *t = policy_guest_start("keep", "", listener);

    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_map_range(t->g, &t->a, BESIDE, POLICY_TARGET + RIG_SIZE,
                  BESIDE_PAGES * VTD_PAGE_4K);
    return t;
}

/* L1 has it, VFIO attaches, L2 maps some, goes, L1 has it again: twice */
static void life(IGDRig *t)
{
    for (int round = 0; round < 2; round++) {
        igd_rig_attach(t, &t->a);
        igd_rig_detach(t);
        igd_rig_attach(t, &t->b);
        for (int i = 0; i < 4; i++) {
            uint64_t iova = RIG_BASE + (i - 1) * VTD_PAGE_4K;

            vtd_map_page(t->g, &t->b, iova, POLICY_TARGET + i * VTD_PAGE_4K,
                         VTD_PAGE_4K, VTD_RW);
            vtd_inv_iotlb_page(t->g, t->b.id, iova, 0);
        }
        vtd_clear_entry(t->g, &t->b, RIG_BASE, VTD_PAGE_1G);
        vtd_inv_iotlb_domain(t->g, t->b.id);
        /* In place, as no Linux does: the old domain's pages are there */
        igd_rig_attach(t, &t->a);
        igd_rig_detach(t);
    }
    igd_rig_attach(t, &t->a);
}

static void check_home(IGDRig *t, const char *where)
{
    g_autoptr(GArray) expected = igd_rig_expect(t);

    igd_rig_reason(t, "identity", where);
    igd_rig_expect_page(t, expected, POLICY_NEIGHBOUR,
                        POLICY_TARGET + RIG_SIZE, VTD_PAGE_4K, true);
    for (int i = 0; i < BESIDE_PAGES; i++) {
        igd_rig_expect_page(t, expected, BESIDE + i * VTD_PAGE_4K,
                            POLICY_TARGET + RIG_SIZE + i * VTD_PAGE_4K,
                            VTD_PAGE_4K, true);
    }
    igd_rig_check_map(t, expected, where);
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE);
}

static void test_fail_each(void)
{
    IGDRig *t = start("map");
    uint64_t calls, surrendered = 0, n;

    igd_rig_reset_stats(t);
    life(t);
    check_home(t, "nothing failed");
    calls = igd_rig_count(t, "maps");
    g_assert_cmpuint(igd_rig_count(t, "region-maps"), >=, 5);
    igd_rig_stop(t);

    for (n = 1; n <= calls; n++) {
        g_autofree char *where = g_strdup_printf("call %" PRIu64, n);

        t = start("map");
        set_fail_in(t, n);
        life(t);
        g_assert_cmpuint(igd_rig_count(t, "injected"), ==, 1);
        g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
        surrendered += igd_rig_count(t, "surrendered");

        igd_rig_detach(t);
        igd_rig_attach(t, &t->a);
        check_home(t, where);
        g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
        igd_rig_stop(t);
    }
    /* The region's own mapping was among those that failed */
    g_assert_cmpuint(surrendered, >=, 4);
}

/*
 * The region's own mapping fails where it is to return, and the guest goes on
 * with nothing that would change what is there. "mapped" is true to the host's
 * mappings all the time, and the next change brings the region back.
 */
typedef struct Return {
    const char *name;
    void (*leave)(IGDRig *t);      /* the region is not mapped */
    void (*come)(IGDRig *t);       /* it is, if the host can */
    const char *reason;
    bool translated;                    /* the guest's tables map it as well */
} Return;

typedef struct Back {
    const char *name;
    const char *(*go)(IGDRig *t, const Return *r); /* gives the reason */
} Back;

static void leave_empty(IGDRig *t)
{
    vtd_guest_set_translation(t->g, true);
    igd_rig_detach(t);
    igd_rig_attach(t, &t->b);
    igd_rig_reason(t, "absent", "leave");
}

static void leave_nothing(IGDRig *t)
{
    vtd_guest_set_translation(t->g, true);
    igd_rig_detach(t);
    igd_rig_reason(t, "no-context", "leave");
}

static void come_pass_through(IGDRig *t)
{
    igd_rig_attach(t, NULL);
}

static void come_attach(IGDRig *t)
{
    igd_rig_attach(t, &t->a);
}

static const char *back_context(IGDRig *t, const Return *r)
{
    vtd_inv_context_device(t->g, RIG_SID);
    return r->reason;
}

static const char *back_translation(IGDRig *t, const Return *r)
{
    bool on = !strcmp(r->reason, "translation-off");

    vtd_context_set(t->g, RIG_SID, &t->a);
    vtd_guest_set_translation(t->g, on);
    return on ? "identity" : "translation-off";
}

static const char *back_reset(IGDRig *t, const Return *r)
{
    qtest_system_reset(t->qts);
    igd_rig_dma_setup(t, RIG_SID);
    vtd_guest_set_queue(t->g, true);
    return "translation-off";
}

static const Return returns[] = {
    { "off", leave_empty, policy_set_off, "translation-off", false },
    { "off-detached", leave_nothing, policy_set_off, "translation-off", false },
    { "pass-through", leave_empty, come_pass_through, "pass-through", false },
    { "attach", leave_nothing, come_attach, "identity", true },
    { "return", leave_empty, come_attach, "identity", true },
};

static const Back backs[] = {
    { "context", back_context },
    { "translation", back_translation },
    { "reset", back_reset },
};

/* What the region is to the host and to the device's DMA */
static void check_region(IGDRig *t, const char *reason, bool there,
                         const char *where)
{
    igd_rig_reason(t, reason, where);
    igd_rig_check_there(t, there);
    policy_guest_lands(t, POLICY_HOLE, there ? POLICY_HOLE : 0);
}

static void fail_and_back(IGDRig *t, uint64_t n, const Return *r,
                          const Back *b)
{
    g_autofree char *where = g_strdup_printf("%s, %s", r->name, b->name);
    const char *reason;

    r->leave(t);
    igd_rig_reset_stats(t);
    set_fail_in(t, n);
    r->come(t);
    g_assert_cmpuint(igd_rig_count(t, "surrendered"), ==, 1);
    check_region(t, "map-failed", r->translated, where);
    vtd_inv_iotlb_global(t->g);
    check_region(t, "map-failed", r->translated, where);

    igd_rig_reset_stats(t);
    reason = b->go(t, r);
    check_region(t, reason, true, where);
    g_assert_cmpuint(igd_rig_count(t, "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    vtd_inv_iotlb_global(t->g);
    check_region(t, reason, true, where);
}

/*
 * Where translation ends the rest of RAM is mapped then as well, and without
 * that an assigned device is of no use, so there QEMU ends as ever. Never
 * because of the region: that is one call of them.
 */
static void test_fail_return(gconstpointer data)
{
    const Return *r = data;
    uint64_t n, region = 0;

    for (n = 1; n <= 16; n++) {
        IGDRig *t = start("map");
        bool injected, ours;

        r->leave(t);
        igd_rig_reset_stats(t);
        set_fail_in(t, n);
        r->come(t);
        injected = igd_rig_count(t, "injected");
        ours = igd_rig_count(t, "surrendered");
        g_assert_cmpuint(igd_rig_count(t, "fatal") + ours, <=, injected);
        igd_rig_stop(t);
        if (!injected) {
            break;
        }
        for (size_t b = 0; ours && b < G_N_ELEMENTS(backs); b++) {
            t = start("map");
            fail_and_back(t, n, r, &backs[b]);
            igd_rig_stop(t);
        }
        region += ours;
    }
    g_assert_cmpuint(n, >, 1);
    g_assert_cmpuint(n, <=, 16);
    g_assert_cmpuint(region, ==, 1);
}

/*
 * Without caching mode a guest need not say that there is a context entry
 * now. The IOMMU sees that it is pass-through when the device uses it.
 */
static void test_pass_through_unseen(void)
{
    g_autoptr(IGDRig) t = policy_guest_start("keep", ",caching-mode=off", "");

    igd_rig_detach(t);
    policy_guest_expect(t, "no-context", 0, "cleared");
    vtd_context_set(t->g, RIG_SID, NULL);
    for (int i = 0; i < 3; i++) {
        policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE);
    }
    igd_rig_reason(t, "pass-through", "used");
}

/* While the device is being attached it is an error of the device */
static void test_fail_at_start(void)
{
    refusal_assert("-machine q35 -m 4G -device intel-iommu,intremap=on,"
                   "caching-mode=on -device igd-testdev,id=igd0,addr=02.0,"
                   "dsm-base=0x7b800000 "
                   "-device dma-listener-testdev,for=igd0,fail-in=1",
                   "dma-listener-testdev", "cannot map RAM section", NULL);
}

/*
 * A region that is put in place after a container is there, because the early
 * scan does not look at -global. The first map calls are for RAM, and the
 * listener fails then; the next is for the region.
 */
typedef struct LateRow {
    const char *name;
    const char *whose;
    const char *options;
} LateRow;

static const LateRow late_rows[] = {
    { "fail-late", "for=igd0", "" },
    { "fail-late-own", "for=igd0", ",device-memory=on" },
    { "fail-late-vfio", "addr=03.0", ",device-memory=on" },
};

static void test_fail_late(gconstpointer data)
{
    const LateRow *row = data;
    bool late = false;

    for (int n = 1; !late && n < 16; n++) {
        g_autofree char *args = g_strdup_printf(
            "-machine q35 -m 4G "
            "-device intel-iommu,intremap=on,caching-mode=on "
            "-global igd-testdev.dsm-base=0x84000000 -device igd-testdev,"
            "id=igd0,addr=02.0,dsm-base=0x7b800000 "
            "-device dma-listener-testdev,%s,fail-in=%d "
            "-device igd-testdev,addr=03.0%s", row->whose, n, row->options);
        g_autofree char *err = refusal_run(args);

        late = strstr(err, "-device igd-testdev,addr=03.0");
        if (late) {
            assert_says(err, "stolen memory 0x83800000-0x87ffffff "
                        "(0x4800000 bytes more to lock): ", "ulimit -l", NULL);
        }
    }
    g_assert_true(late);
}

/* The guest has used up the host's mappings when the region is to return */
static void test_limit_reached(void)
{
    const uint64_t pages = 64;
    g_autoptr(IGDRig) t = start("map,limit=32");

    igd_rig_detach(t);
    vtd_map_range(t->g, &t->b, BESIDE, POLICY_TARGET, pages * VTD_PAGE_4K);
    igd_rig_attach(t, &t->b);
    g_assert_cmpuint(igd_rig_count(t, "entries"), ==, 32);
    igd_rig_reason(t, "absent", "full");

    igd_rig_reset_stats(t);
    igd_rig_attach(t, &t->a);
    igd_rig_reason(t, "map-failed", "no room");
    g_assert_cmpuint(igd_rig_count(t, "surrendered"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    g_assert_cmpuint(igd_rig_counter(t, "failures"), ==, 1);
    policy_guest_lands(t, POLICY_HOLE, POLICY_HOLE);
    vtd_inv_iotlb_global(t->g);
    igd_rig_reason(t, "map-failed", "still no room");

    igd_rig_detach(t);
    igd_rig_attach(t, &t->a);
    check_home(t, "room again");
}

/* 256 MiB in 4 KiB pages are one more than VFIO maps; the region is one */
static void test_large(void)
{
    const uint64_t size = 264 * 1024 * 1024;
    g_autoptr(IGDRig) t = policy_guest_start_more("keep", "", ",dsm-size=256M",
                                                  "map,limit=" VFIO_LIMIT, "");

    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, size);
    vtd_guest_enable(t->g, true);
    igd_rig_attach(t, &t->a);
    igd_rig_reset_stats(t);

    for (int round = 1; round <= 3; round++) {
        igd_rig_reason(t, "identity", "bound");
        g_assert_cmpuint(igd_rig_count(t, "entries"), ==, 2);
        vtd_inv_iotlb_global(t->g);
        vtd_inv_context_global(t->g);
        igd_rig_detach(t);
        igd_rig_attach(t, &t->b);
        vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, VTD_PAGE_2M);
        vtd_inv_iotlb_domain(t->g, t->b.id);
        igd_rig_reason(t, "foreign", "attached");
        vtd_clear_entry(t->g, &t->b, RIG_BASE, VTD_PAGE_1G);
        vtd_inv_iotlb_domain(t->g, t->b.id);
        igd_rig_detach(t);
        igd_rig_attach(t, &t->a);
        g_assert_cmpuint(igd_rig_count(t, "region-maps"), ==,
                         round * (1 + VTD_PAGE_2M / VTD_PAGE_4K));
    }
    policy_guest_lands(t, RIG_BASE + size - 4, RIG_BASE + size - 4);
    g_assert_cmpuint(igd_rig_count(t, "enospc"), ==, 0);
    g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("intel-iommu-return/fail-each", test_fail_each);
    TEST_ROWS("intel-iommu-return/fail", returns, test_fail_return);
    qtest_add_func("intel-iommu-return/pass-through-unseen",
                   test_pass_through_unseen);
    qtest_add_func("intel-iommu-return/fail-at-start", test_fail_at_start);
    TEST_ROWS("intel-iommu-return", late_rows, test_fail_late);
    qtest_add_func("intel-iommu-return/limit-reached", test_limit_reached);
    qtest_add_func("intel-iommu-return/large", test_large);
    return g_test_run();
}
