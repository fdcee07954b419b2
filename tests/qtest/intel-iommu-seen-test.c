/*
 * What can be seen of reserved regions from outside, and at what cost
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * query-rmrr, "info rmrr", guest errors, the option, the counters that show
 * when the guest's tables are looked at, and registers written in the wrong
 * size.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"
#include "hw/i386/intel_iommu.h"
#include "hw/i386/intel_iommu_internal.h"

#define FAR 0x90000000ull

static uint64_t counter(IGDRig *t, const char *name)
{
    return igd_rig_counter(t, name);
}

static void test_counters(void)
{
    IGDRig *t = policy_guest_start("keep", "", "map");
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
    igd_rig_stop(t);
}

static void test_info(void)
{
    IGDRig *t = policy_guest_start_more("exact", "", "", "map", "");
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
    igd_rig_stop(t);
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

static unsigned count_errors(const char *path)
{
    return igd_rig_find(path, "of its reserved region");
}

static void test_guest_errors(void)
{
    g_autofree char *path = g_strdup_printf("%s/rmrr-seen-%d.log",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *more = g_strdup_printf("-d guest_errors -D %s", path);
    IGDRig *t = policy_guest_start_more("lock", "", "", "", more);

    vtd_guest_enable(t->g, true);
    policy_set_nothing(t);
    g_assert_cmpuint(count_errors(path), ==, 0);
    policy_set_foreign(t);
    g_assert_cmpuint(count_errors(path), ==, 1);
    for (int i = 0; i < 5; i++) {
        vtd_inv_iotlb_global(t->g);
        policy_guest_write_lands(t, POLICY_HOLE);
    }
    g_assert_cmpuint(count_errors(path), ==, 1);
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, VTD_PAGE_4K);
    vtd_inv_iotlb_global(t->g);
    g_assert_cmpuint(count_errors(path), ==, 1);
    /* The same once more, after it was right for a while */
    policy_set_identity(t);
    policy_set_foreign(t);
    policy_set_identity(t);
    policy_set_foreign(t);
    g_assert_cmpuint(count_errors(path), ==, 3);
    igd_rig_stop(t);

    g_assert_cmpuint(igd_rig_find(path, "igd-testdev: the guest maps IOVA "
        "0x7b100000 of its reserved region 0x7b100000-0x7f8fffff to "
        "0x100000000 (rw)"), >=, 1);
    unlink(path);
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
    QTestState *qts = qtest_init("-machine q35 -nodefaults -device "
                                 "intel-iommu,id=vtd");
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': { "
                              "'path': '/machine/peripheral/vtd', 'property': "
                              "'rmrr-policy', 'value': 'lock' } }");

    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
    qtest_quit(qts);
}

/* 8 bytes where two registers of 4 are (U8), and everywhere else */
static void test_register_sizes(void)
{
    static const uint64_t values[] = { 0, UINT64_MAX, 0x8000000080000000 };
    QTestState *qts = qtest_init("-machine q35 -nodefaults -device "
                                 "intel-iommu,intremap=on");
    uint64_t base = Q35_HOST_BRIDGE_IOMMU_ADDR;

    qtest_writeq(qts, base + DMAR_FECTL_REG, 0x1234ull << 32);
    g_assert_cmphex(qtest_readl(qts, base + DMAR_FECTL_REG), ==, 0);
    g_assert_cmphex(qtest_readl(qts, base + DMAR_FEDATA_REG), ==, 0x1234);
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
    qtest_quit(qts);
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
    return g_test_run();
}
