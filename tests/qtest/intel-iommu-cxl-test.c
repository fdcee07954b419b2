/*
 * VT-d's tables in CXL memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CXL memory is memory to a guest, which may put any table there; to QEMU it
 * is behind a device's handlers. Tables behind those of other devices are
 * refused: intel-iommu-pasid-hostile-test.c.
 */

#include "qemu/osdep.h"
#include "hw/cxl/cxl_component.h"
#include "hw/pci/pci_regs.h"
#include "policy-guest.h"
#include "test-rows.h"

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

static const PolicyKind kinds[] = {
    { "legacy", "", "map" },
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "first-stage", RIG_FIRST_STAGE, "" },
};

static void config(QTestState *qts, unsigned bus, unsigned reg, uint32_t value)
{
    qtest_outl(qts, 0xcf8, 0x80000000 | bus << 16 | reg);
    qtest_outl(qts, 0xcfc, value);
}

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

    config(qts, BUS, PCI_PRIMARY_BUS, (BUS + 1) << 16 | (BUS + 1) << 8 | BUS);
    config(qts, BUS, PCI_MEMORY_BASE,
           (REGISTERS >> 16 & 0xfff0) | (REGISTERS & 0xfff00000));
    config(qts, BUS, PCI_COMMAND, COMMAND_MEMORY);
    config(qts, BUS + 1, PCI_BASE_ADDRESS_0, REGISTERS);
    config(qts, BUS + 1, PCI_BASE_ADDRESS_1, 0);
    config(qts, BUS + 1, PCI_COMMAND, COMMAND_MEMORY);
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
    g_autofree char *iommu = g_strconcat(kind->iommu, ",rmrr-policy=exact",
                                         NULL);
    IGDRig *t = policy_guest_start_more(iommu, "", kind->listener, MACHINE);
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
    igd_rig_stop(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-cxl", kinds, test_tables);
    return g_test_run();
}
