/*
 * Reserved regions as they are seen from outside, and at what cost
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * query-rmrr, "info rmrr", guest errors, the option, the counters that show
 * when the guest's tables are looked at, registers written in the wrong size,
 * and how many lines a guest can make QEMU write.
 */

#include "qemu/osdep.h"
#include "hw/igd-rmrr-version.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"
#include "hw/i386/intel_iommu.h"
#include "hw/i386/intel_iommu_internal.h"
#include "libqos/libqos-pc.h"

#define FAR 0x90000000ull
#define Q35 "-machine q35 -nodefaults -vga none "
#define TIMES 20
#define BARS_SAID 8
#define ERRORS_SAID 8

/* A file for what QEMU writes, and the argument that makes it write there */
typedef struct Lines {
    char *path;
    char *argument;
} Lines;

static Lines lines_new(const char *how)
{
    Lines l = { .path = test_path("log") };

    l.argument = g_strdup_printf("%s%s", how, l.path);
    return l;
}

/* How many lines have @words; the file is gone then */
static unsigned lines_end(Lines *l, const char *words)
{
    unsigned n = igd_rig_find(l->path, words);

    unlink(l->path);
    g_free(l->path);
    g_free(l->argument);
    return n;
}

static uint64_t counter(IGDRig *t, const char *name)
{
    return igd_rig_counter(t, name);
}

static void test_counters(void)
{
    g_autoptr(IGDRig) t = policy_guest_start("keep", "", "map");
    uint64_t scans, reads;

    policy_set_identity(t);
    scans = counter(t, "x-scans");
    reads = counter(t, "x-table-reads");

    /* Beside the region */
    for (int i = 0; i < 10; i++) {
        vtd_inv_iotlb_page(t->g, t->a.id, FAR + i * VTD_PAGE_4K, 0);
    }
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_BASE - VTD_PAGE_4K, 0);
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_LIMIT + 1, 0);
    g_assert_cmpuint(counter(t, "x-scans"), ==, scans);
    g_assert_cmpuint(counter(t, "x-table-reads"), ==, reads);

    /* Another domain's */
    vtd_inv_iotlb_page(t->g, t->b.id, RIG_BASE, 9);
    vtd_inv_iotlb_domain(t->g, t->b.id);
    g_assert_cmpuint(counter(t, "x-scans"), ==, scans);

    /* The region's first and last page, all of the domain, all domains */
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_BASE, 0);
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_LIMIT, 0);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    vtd_inv_iotlb_global(t->g);
    g_assert_cmpuint(counter(t, "x-scans"), ==, scans + 4);
    /*
     * Four levels for a page; and for all of it three, and a table for each
     * 2 MiB that the region touches
     */
    g_assert_cmpuint(counter(t, "x-table-reads"), ==,
                     reads + 2 * 4 + 2 * (3 + RIG_SIZE / VTD_PAGE_2M + 1));
    g_assert_cmpuint(counter(t, "switches"), ==, 2);

    /* Translation off: nothing to look at */
    vtd_guest_set_translation(t->g, false);
    scans = counter(t, "x-scans");
    vtd_inv_iotlb_global(t->g);
    g_assert_cmpuint(counter(t, "x-scans"), ==, scans);
}

static void test_info(void)
{
    g_autoptr(IGDRig) t = policy_guest_start_more("exact", "", "", "map", "");
    g_autofree char *off = qtest_hmp(t->qts, "info rmrr"), *foreign = NULL;

    assert_says(off, "igd-stolen@7b100000: 0x7b100000-0x7f8fffff, "
                "BDSM 0x7b900000, policy exact",
                "/machine/peripheral/igd0 (00:02.0): kept mapped: "
                "translation is off", NULL);
    vtd_guest_enable(t->g, true);
    policy_set_foreign(t);
    foreign = qtest_hmp(t->qts, "info rmrr");
    assert_says(foreign, "igd0 (00:02.0): not kept mapped: the guest maps "
                "something else there", "switches 1, failures 0", NULL);
}

static void test_info_none(void)
{
    QTestState *qts = qtest_init("-machine q35 -nodefaults");
    g_autofree char *text = qtest_hmp(qts, "info rmrr");

    g_assert_cmpstr(text, ==, "No device has a reserved region.\r\n");
    qtest_quit(qts);

    qts = qtest_init("-machine q35 -m 4G -nodefaults -device igd-testdev,"
                     "addr=02.0,dsm-base=0x7b800000");
    g_free(text);
    text = qtest_hmp(qts, "info rmrr");
    assert_says(text, "policy none", "not kept mapped: no intel-iommu", NULL);
    qtest_quit(qts);
}

/* Guest errors under lock: one when it begins, none for an access */
static void test_guest_errors(void)
{
    const char *said = "of its reserved region";
    Lines l = lines_new("-d guest_errors -D ");
    IGDRig *t = policy_guest_start_more("lock", "", "", "", l.argument);

    vtd_guest_enable(t->g, true);
    policy_set_nothing(t);
    g_assert_cmpuint(igd_rig_find(l.path, said), ==, 0);
    policy_set_foreign(t);
    g_assert_cmpuint(igd_rig_find(l.path, said), ==, 1);
    for (int i = 0; i < 5; i++) {
        vtd_inv_iotlb_global(t->g);
        policy_guest_write_lands(t, POLICY_HOLE);
    }
    g_assert_cmpuint(igd_rig_find(l.path, said), ==, 1);
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, VTD_PAGE_4K);
    vtd_inv_iotlb_global(t->g);
    g_assert_cmpuint(igd_rig_find(l.path, said), ==, 1);
    /* The same once more, after it was right for a while */
    policy_set_identity(t);
    policy_set_foreign(t);
    policy_set_identity(t);
    policy_set_foreign(t);
    g_assert_cmpuint(igd_rig_find(l.path, said), ==, 3);
    igd_rig_stop(t);

    g_assert_cmpuint(lines_end(&l, "igd-testdev: the guest maps IOVA "
        "0x7b100000 of its reserved region 0x7b100000-0x7f8fffff to "
        "0x100000000 (rw)"), >=, 1);
}

static void test_option(void)
{
    refusal_assert("-machine q35 -device intel-iommu,rmrr-policy=always",
                   "rmrr-policy=always", "keep, exact, lock", NULL);
    refusal_assert("-machine q35 -device intel-iommu,rmrr-policy=",
                   "rmrr-policy=", "keep, exact, lock", NULL);
}

/* The policy is the machine's, not something to change under a guest */
static void test_option_fixed(void)
{
    g_autoptr(QTestState) qts = qtest_init("-machine q35 -nodefaults -device "
                                           "intel-iommu,id=vtd");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': { "
                              "'path': '/machine/peripheral/vtd', 'property': "
                              "'rmrr-policy', 'value': 'lock' } }");

    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
}

/* 8 bytes where two registers of 4 are (U8), and everywhere else */
static void test_register_sizes(void)
{
    static const uint64_t values[] = { 0, UINT64_MAX, 0x8000000080000000 };
    g_autoptr(QTestState) qts = qtest_init("-machine q35 -nodefaults -device "
                                           "intel-iommu,intremap=on");
    uint64_t base = Q35_HOST_BRIDGE_IOMMU_ADDR;

    qtest_writeq(qts, base + DMAR_FECTL_REG, 0x1234ull << 32);
    g_assert_cmphex(qtest_readl(qts, base + DMAR_FECTL_REG), ==, 0);
#if QEMU_SINCE(11, 1)
    g_assert_cmphex(qtest_readl(qts, base + DMAR_FEDATA_REG), ==, 0);
#else
    g_assert_cmphex(qtest_readl(qts, base + DMAR_FEDATA_REG), ==, 0x1234);
#endif
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        for (unsigned reg = 0; reg < DMAR_REG_SIZE; reg += 4) {
            qtest_writel(qts, base + reg, values[i]);
            qtest_readl(qts, base + reg);
            if (reg % 8 == 0) {
                qtest_writeq(qts, base + reg, values[i]);
                qtest_readq(qts, base + reg);
            }
        }
    }
    qtest_qmp_assert_success(qts, "{ 'execute': 'query-status' }");
}

/*
 * Whatever a guest repeats, for each thing that it can do wrong there are
 * lines enough to learn of it, and then no more.
 */

/* q35's host bridge: PCIEXBAR at 0x60 */
static void test_ecam(void)
{
    Lines l = lines_new("2>");
    QOSState *qs = qtest_pc_boot(Q35 "-m 2G -device igd-testdev,addr=02.0,"
                                 "dsm-base=0x8e000000,dsm-size=64M %s",
                                 l.argument);

    for (int i = 0; i < TIMES; i++) {
        g_autoptr(GArray) dsdt = NULL;

        pc_config_write(qs->qts, 0, 0x64, 0);
        pc_config_write(qs->qts, 0, 0x60, i % 2 ? 0x90000001 : 0x80000001);
        dsdt = acpi_fetch(qs, "DSDT");
        g_assert_nonnull(dsdt);
        qtest_system_reset(qs->qts);
    }
    qtest_shutdown(qs);
    g_assert_cmpuint(lines_end(&l, "firmware put MMCONFIG at"), ==, 1);
}

/* BARs on the region, found when the tables are fetched, at each boot */
static void test_bars(void)
{
    Lines l = lines_new("2>");
    QOSState *qs = qtest_pc_boot(Q35 "-m 1G -device igd-testdev,addr=02.0,"
                                 "dsm-base=0x7b800000 %s", l.argument);

    for (int i = 0; i < TIMES; i++) {
        g_autoptr(GArray) dsdt = NULL;

        pc_config_write(qs->qts, 0x10, 0x14, 0);
        pc_config_write(qs->qts, 0x10, 0x10, 0x7c000000);
        pc_config_write(qs->qts, 0x10, 0x04, 2);
        dsdt = acpi_fetch(qs, "DSDT");
        g_assert_nonnull(dsdt);
        qtest_system_reset(qs->qts);
    }
    qtest_shutdown(qs);
    g_assert_cmpuint(lines_end(&l, "firmware put BAR"), ==, BARS_SAID);
}

/* Two domains in place, of which one leaves no room for the region */
static void test_map_failed(void)
{
    Lines l = lines_new("2>");
    IGDRig *t = policy_guest_start_more("keep", "", "",
                                        "map,limit=32", l.argument);

    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, RIG_SIZE);
    vtd_map_range(t->g, &t->b, 0x90000000, POLICY_TARGET, 64 * VTD_PAGE_4K);
    vtd_guest_enable(t->g, true);
    for (int i = 0; i < TIMES; i++) {
        igd_rig_attach(t, i % 2 ? &t->a : &t->b);
    }
    g_assert_cmpuint(igd_rig_counter(t, "failures"), ==, TIMES / 2);
    igd_rig_stop(t);
    g_assert_cmpuint(lines_end(&l, "is not kept mapped until"), ==, 1);
}

/* Under lock, a mapping that is overridden comes and goes */
static void test_lines_guest_errors(void)
{
    Lines l = lines_new("-d guest_errors -D ");
    IGDRig *t = policy_guest_start_more("lock", "", "", "", l.argument);

    vtd_guest_enable(t->g, true);
    policy_set_identity(t);
    for (int i = 0; i < TIMES; i++) {
        vtd_map_page(t->g, &t->a, POLICY_HOLE, POLICY_HOLE_TARGET,
                     VTD_PAGE_4K, VTD_RW);
        vtd_inv_iotlb_page(t->g, t->a.id, POLICY_HOLE, 0);
        policy_guest_map_page(t, &t->a, POLICY_HOLE, POLICY_HOLE);
    }
    igd_rig_stop(t);
    g_assert_cmpuint(lines_end(&l, "of its reserved region"), ==, ERRORS_SAID);
}

/* Reserved bits, cleared errors, and again; legacy mode and scalable */
static void test_descriptors(gconstpointer scalable)
{
    Lines l = lines_new("2>");
    IGDRig *t = policy_guest_start_more("keep",
                                        scalable ? RIG_SECOND_STAGE : "", "",
                                        "", l.argument);

    vtd_guest_enable(t->g, true);
    for (int i = 0; i < TIMES; i++) {
        g_assert_false(vtd_guest_try_submit(t->g, VTD_INV_DESC_WAIT |
                                            1ull << 31, 0));
    }
    igd_rig_stop(t);
    g_assert_cmpuint(lines_end(&l, "reserved nonzero"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("intel-iommu-seen/counters", test_counters);
    qtest_add_func("intel-iommu-seen/info", test_info);
    qtest_add_func("intel-iommu-seen/info-none", test_info_none);
    qtest_add_func("intel-iommu-seen/guest-errors", test_guest_errors);
    qtest_add_func("intel-iommu-seen/option", test_option);
    qtest_add_func("intel-iommu-seen/option-fixed", test_option_fixed);
    qtest_add_func("intel-iommu-seen/register-sizes", test_register_sizes);
    qtest_add_func("stolen-memory-lines/mmconfig", test_ecam);
    qtest_add_func("stolen-memory-lines/bars", test_bars);
    qtest_add_func("stolen-memory-lines/map-failed", test_map_failed);
    qtest_add_func("stolen-memory-lines/guest-errors", test_lines_guest_errors);
    qtest_add_data_func("stolen-memory-lines/descriptors", NULL,
                        test_descriptors);
    qtest_add_data_func("stolen-memory-lines/descriptors-scalable", "",
                        test_descriptors);
    return g_test_run();
}
