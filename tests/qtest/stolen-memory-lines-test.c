/*
 * Lines that a guest can make QEMU write
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever a guest repeats, for each thing that it can do wrong there are
 * lines enough to learn of it, and then no more.
 */

#include "qemu/osdep.h"
#include "igd-rmrr-util.h"
#include "libqos/libqos-pc.h"
#include "policy-guest.h"

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
    Lines l = {
        .path = g_strdup_printf("%s/stolen-memory-lines-%d.log",
                                g_get_tmp_dir(), getpid()),
    };

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
static void test_guest_errors(void)
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("stolen-memory-lines/mmconfig", test_ecam);
    qtest_add_func("stolen-memory-lines/bars", test_bars);
    qtest_add_func("stolen-memory-lines/map-failed", test_map_failed);
    qtest_add_func("stolen-memory-lines/guest-errors", test_guest_errors);
    return g_test_run();
}
