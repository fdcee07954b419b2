/*
 * VT-d's tables: large pages at the region's edges, each bit, CXL memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/cxl/cxl_component.h"
#include "hw/pci/pci_regs.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"

/*
 * Large pages at the region's edges map what is beside it as well: each byte
 * must go where the tables and the policy say (H14)
 */

static const PolicyKind large_kinds[] = {
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

    g_assert_cmphex(igd_guest_fill(t, edge - 4, 8, fill), ==,
                    IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(t->qts, first), ==, fill);
    g_assert_cmphex(qtest_readl(t->qts, second), ==, fill);
}

/* There is no memory beyond the region, as the tables have it */
static void check_beyond(IGDRig *t)
{
    uint32_t fill = ++t->fill;

    g_assert_cmphex(igd_guest_fill(t, RIG_LIMIT - 3, 8, fill), ==,
                    IGD_TESTDEV_STATUS_WRITE_FAILED);
    igd_guest_check64(t, IGD_TESTDEV_DMA_FAULT_ADDR, RIG_LIMIT + 1);
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
    g_autoptr(IGDRig) t = policy_kind_start(kind, "keep");

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
}

static void test_large(const void *opaque)
{
    run_large(opaque, VTD_PAGE_2M);
    run_large(opaque, VTD_PAGE_1G);
}

/*
 * The walk for a device and the scan of the region must think the same of every
 * bit. One is flipped, on every level, in the entry above a page of the region
 * and in that above a page elsewhere: only if the device still gets through to
 * that one, the tables still map the region to itself.
 */

/*
 * The last page of 1 GiB, in tables of its own where there are such; mapped
 * to where no flipped bit leads to tables. At the same place in a large page
 * there are no tables either.
 */
#define LAST_PAGE (VTD_PAGE_1G - VTD_PAGE_4K)
#define ELSEWHERE_3 (0x100000000ull + LAST_PAGE)
#define ELSEWHERE_4 (VTD_TABLE_512G + LAST_PAGE)
#define TARGET 0x140000000ull

static const PolicyKind bits_kinds[] = {
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
    return igd_guest_fill(t, b->elsewhere, 4, t->fill) ==
               IGD_TESTDEV_STATUS_DONE &&
           qtest_readl(t->qts, landed) == t->fill &&
           igd_guest_dma(t, IGD_TESTDEV_CMD_CHECKSUM, b->elsewhere, 0, 4) ==
               IGD_TESTDEV_STATUS_DONE &&
           igd_guest_read64(t, IGD_TESTDEV_DMA_CHECKSUM) == t->fill;
}

static bool maps_region(BitsTest *b)
{
    g_autofree char *reason = igd_rig_reason_of(b->t, "igd0");

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

/*
 * CXL memory is memory to a guest, which may put any table there; to QEMU it
 * is behind a device's handlers. Tables behind those of other devices are
 * refused: intel-iommu-pasid-hostile-test.c.
 */

#define MIB 0x100000
#define SIZE (256 * MIB)
#define BUS 52
#define REGISTERS 0xe4000000        /* the memory device's BAR0 */
#define CACHE_MEM 0x1000            /* in it */
#define COMMAND_MEMORY 6            /* and bus master */

#define MACHINE "-machine cxl=on -device pxb-cxl,id=cxl.0,bus=pcie.0," \
    "bus_nr=52 -M cxl-fmw.0.targets.0=cxl.0,cxl-fmw.0.size=256M " \
    "-device cxl-rp,id=rp0,bus=cxl.0,chassis=0,slot=0 " \
    "-object memory-backend-ram,id=cxl-mem0,size=256M " \
    "-device cxl-type3,bus=rp0,volatile-memdev=cxl-mem0,id=mem0"

static const PolicyKind cxl_kinds[] = {
    { "legacy", "", "map" },
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

static uint64_t find_window(QTestState *qts)
{
    g_autofree char *tree = qtest_hmp(qts, "info mtree -f");
    const char *at = strstr(tree, "cxl-fixed-memory-region");

    g_assert_nonnull(at);
    while (at > tree && at[-1] != '\n') {
        at--;
    }
    return g_ascii_strtoull(at, NULL, 16);
}

/* What a CXL driver does: the one decoder of the one device, committed */
static uint64_t open_window(QTestState *qts)
{
    const uint64_t decoder = REGISTERS + CACHE_MEM;
    uint64_t window = find_window(qts);

    pc_config_write(qts, BUS << 8, PCI_PRIMARY_BUS,
                    (BUS + 1) << 16 | (BUS + 1) << 8 | BUS);
    pc_config_write(qts, BUS << 8, PCI_MEMORY_BASE,
                    (REGISTERS >> 16 & 0xfff0) | (REGISTERS & 0xfff00000));
    pc_config_write(qts, BUS << 8, PCI_COMMAND, COMMAND_MEMORY);
    pc_config_write(qts, (BUS + 1) << 8, PCI_BASE_ADDRESS_0, REGISTERS);
    pc_config_write(qts, (BUS + 1) << 8, PCI_BASE_ADDRESS_1, 0);
    pc_config_write(qts, (BUS + 1) << 8, PCI_COMMAND, COMMAND_MEMORY);
    qtest_writel(qts, decoder + A_CXL_HDM_DECODER0_BASE_LO, window);
    qtest_writel(qts, decoder + A_CXL_HDM_DECODER0_BASE_HI, window >> 32);
    qtest_writel(qts, decoder + A_CXL_HDM_DECODER0_SIZE_LO, SIZE);
    qtest_writel(qts, decoder + A_CXL_HDM_DECODER0_SIZE_HI, 0);
    qtest_writel(qts, decoder + A_CXL_HDM_DECODER0_CTRL,
                 R_CXL_HDM_DECODER0_CTRL_COMMIT_MASK);

    qtest_writeq(qts, window + MIB, 0x123456789abcdef0);
    g_assert_cmphex(qtest_readq(qts, window + MIB), ==, 0x123456789abcdef0);
    qtest_memset(qts, window, 0, 16 * MIB);
    return window;
}

/* All tables are made there: root, context, PASID and paging */
static void test_tables(const void *opaque)
{
    const PolicyKind *kind = opaque;
    g_autoptr(IGDRig) t = policy_guest_start_more("exact", kind->iommu, "",
                                                  kind->listener, MACHINE);
    VTDMode mode = t->g->mode;
    uint64_t window = open_window(t->qts);

    g_free(t->g);
    t->g = vtd_guest_new(t->qts, mode, window, window + 16 * MIB - 1);
    policy_guest_new_domains(t);
    g_assert_cmphex(t->a.root, >, window);
    vtd_guest_enable(t->g, true);

    policy_set_identity(t);
    policy_guest_expect(t, "identity", POLICY_HOLE, "tables in CXL memory");
    policy_set_foreign(t);
    policy_guest_expect(t, "foreign", POLICY_HOLE_TARGET,
                        "tables in CXL memory");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-large", large_kinds, test_large);
    TEST_ROWS("intel-iommu-bits", bits_kinds, test_bits);
    TEST_ROWS("intel-iommu-cxl", cxl_kinds, test_tables);
    return g_test_run();
}
