/*
 * Each bit of each table entry: the scan of the region against the walk
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The emulator reads a guest's tables in two places: where it translates for
 * a device, and where it looks whether they map the region to itself. Both
 * must think the same of every bit. So one bit is flipped, on every level, in
 * the entry above a page of the region and in that above a page elsewhere:
 * only if the device can still read and write that one where it was, the
 * tables still map the region to itself.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "test-rows.h"

/*
 * The last page of 1 GiB, in tables of its own where there are such; mapped
 * to where no flipped bit leads to tables. At the same place in a large page
 * there are no tables either.
 */
#define LAST_PAGE (VTD_PAGE_1G - VTD_PAGE_4K)
#define ELSEWHERE_3 (0x100000000ull + LAST_PAGE)
#define ELSEWHERE_4 (VTD_TABLE_512G + LAST_PAGE)
#define TARGET 0x140000000ull

static const PolicyKind kinds[] = {
    { "legacy", "", "" },
    { "legacy-39", ",aw-bits=39", "" },
    { "legacy-device-iotlb", ",device-iotlb=on,stale-tm=on", "" },
    { "second-stage", RIG_SECOND_STAGE, "" },
    { "second-stage-39", RIG_SECOND_STAGE ",aw-bits=39", "" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

typedef struct BitsTest {
    IGDRig *t;
    VTDDomain d;
    uint64_t elsewhere;
} BitsTest;

static bool reaches(BitsTest *b)
{
    IGDRig *t = b->t;
    uint64_t landed = TARGET + LAST_PAGE;

    t->fill++;
    return igd_rig_dma(t, RIG_SID, IGD_TESTDEV_CMD_FILL, 0,
                       b->elsewhere, 4, t->fill) == IGD_TESTDEV_STATUS_DONE &&
           qtest_readl(t->qts, landed) == t->fill &&
           igd_rig_dma(t, RIG_SID, IGD_TESTDEV_CMD_CHECKSUM,
                       b->elsewhere, 0, 4, 0) == IGD_TESTDEV_STATUS_DONE &&
           igd_rig_dma_checksum(t, RIG_SID) == t->fill;
}

static bool maps_region(BitsTest *b)
{
    g_autofree char *reason = rmrr_query_reason(b->t->qts, "igd0");

    return !strcmp(reason, "identity") || !strcmp(reason, "waiting");
}

static void check(BitsTest *b, const char *where)
{
    bool want;

    vtd_inv_iotlb_domain(b->t->g, b->d.id);
    want = reaches(b);
    if (maps_region(b) != want) {
        g_printerr("%s: the walk says %d\n", where, want);
    }
    g_assert_cmpint(maps_region(b), ==, want);
}

static void check_level(BitsTest *b, uint64_t size, const char *what)
{
    QTestState *qts = b->t->qts;
    uint64_t at[] = {
        vtd_entry_at(b->t->g, &b->d, POLICY_HOLE, size),
        vtd_entry_at(b->t->g, &b->d, b->elsewhere, size),
    };
    uint64_t good[] = { qtest_readq(qts, at[0]), qtest_readq(qts, at[1]) };

    for (int bit = 0; bit < 64; bit++) {
        g_autofree char *where = g_strdup_printf("%s of 0x%" PRIx64 ", bit %d",
                                                 what, size, bit);

        for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
            qtest_writeq(qts, at[i], good[i] ^ 1ull << bit);
        }
        check(b, where);
        for (size_t i = 0; i < G_N_ELEMENTS(at); i++) {
            qtest_writeq(qts, at[i], good[i]);
        }
    }
    vtd_inv_iotlb_domain(b->t->g, b->d.id);
    g_assert_true(reaches(b));
    g_assert_true(maps_region(b));
}

/* The region to itself and the page elsewhere, in pages of that size */
static void map(BitsTest *b, uint64_t size)
{
    uint64_t first = RIG_BASE & ~(size - 1);

    if (size == VTD_PAGE_4K) {
        vtd_map_range(b->t->g, &b->d, RIG_BASE, RIG_BASE, RIG_SIZE);
    }
    for (uint64_t iova = first; size > VTD_PAGE_4K && iova <= RIG_LIMIT;
         iova += size) {
        vtd_map_page(b->t->g, &b->d, iova, iova, size, VTD_RW);
    }
    vtd_map_page(b->t->g, &b->d, b->elsewhere & ~(size - 1),
                 TARGET + (LAST_PAGE & ~(size - 1)), size, VTD_RW);
}

/* One machine for each: a flipped bit must not lead to a former table */
static void run_page(const PolicyKind *kind, int page)
{
    static const uint64_t sizes[] = {
        VTD_PAGE_4K, VTD_PAGE_2M, VTD_PAGE_1G, VTD_TABLE_512G,
    };
    bool narrow = strstr(kind->iommu, "aw-bits=39");
    BitsTest b = {
        .t = policy_kind_start(kind, "exact"),
        .elsewhere = narrow ? ELSEWHERE_3 : ELSEWHERE_4,
    };
    int levels = narrow ? 3 : 4;

    b.d = vtd_domain_new(b.t->g, 9, levels);
    map(&b, sizes[page]);
    policy_guest_enter(b.t, &b.d);
    g_assert_true(reaches(&b));
    check_level(&b, sizes[page], "page");
    for (int table = page + 1; table < levels; table++) {
        check_level(&b, sizes[table], "table");
    }
    igd_rig_stop(b.t);
}

static void test_bits(const void *opaque)
{
    for (int page = 0; page < 3; page++) {
        run_page(opaque, page);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-bits", kinds, test_bits);
    return g_test_run();
}
