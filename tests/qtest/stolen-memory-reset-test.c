/*
 * The stolen region's contents: reset, sleep, core dumps, unplug
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"
#include "qobject/qdict.h"

#define PATTERN 0x5a

static void fill(IGDRig *rig)
{
    qtest_memset(rig->qts, RIG_BASE, PATTERN, RIG_SIZE);
}

/* Every byte of the region, summed by the device */
static void check_filled(IGDRig *rig, uint8_t with)
{
    uint64_t word = with * 0x01010101u;

    igd_rig_dma_setup(rig, RIG_SID);
    igd_rig_dma_check(rig, RIG_SID, IGD_TESTDEV_CMD_CHECKSUM, RIG_BASE, 0,
                      RIG_SIZE, 0, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(igd_rig_dma_checksum(rig, RIG_SID), ==,
                    word * (RIG_SIZE / 4));
    g_assert_cmphex(qtest_readl(rig->qts, RIG_BASE), ==, word);
    g_assert_cmphex(qtest_readl(rig->qts, RIG_LIMIT - 3), ==, word);
}

static void test_cleared(void)
{
    IGDRig *rig = igd_rig_start("", "", "", "");

    check_filled(rig, 0);
    qtest_writel(rig->qts, RIG_BASE - 4, 0x11223344);
    for (int i = 0; i < 2; i++) {
        fill(rig);
        qtest_system_reset(rig->qts);
        check_filled(rig, 0);
    }
    g_assert_cmphex(qtest_readl(rig->qts, RIG_BASE - 4), ==, 0x11223344);
    igd_rig_stop(rig);
}

static void test_kept(void)
{
    IGDRig *rig = igd_rig_start("", ",stolen-keep=on", "", "");

    fill(rig);
    qtest_system_reset(rig->qts);
    check_filled(rig, PATTERN);
    igd_rig_stop(rig);
}

/* Of two devices only the one that does not ask to keep its contents */
static void test_each(void)
{
    const uint64_t other = RIG_IGD1_BASE;
    IGDRig *rig = igd_rig_start("", ",stolen-keep=on", "",
                                RIG_IGD1 ",addr=03.0");

    fill(rig);
    qtest_memset(rig->qts, other, PATTERN, 4096);
    qtest_system_reset(rig->qts);
    check_filled(rig, PATTERN);
    g_assert_cmphex(qtest_readl(rig->qts, other), ==, 0);
    igd_rig_stop(rig);
}

/* DMA that runs when the machine is reset does not write afterwards */
static void test_during_dma(void)
{
    IGDRig *rig = igd_rig_start("", "", "", "");

    for (int i = 0; i < 4; i++) {
        uint64_t bar;

        igd_rig_dma_setup(rig, RIG_SID);
        bar = 0xe0000000 + (RIG_SID >> 3) * IGD_TESTDEV_BAR_REGS_SIZE;
        qtest_writeq(rig->qts, bar + IGD_TESTDEV_DMA_DST, RIG_BASE);
        qtest_writeq(rig->qts, bar + IGD_TESTDEV_DMA_LEN, RIG_SIZE);
        qtest_writel(rig->qts, bar + IGD_TESTDEV_DMA_FILL, 0x5a5a5a5a);
        qtest_writel(rig->qts, bar + IGD_TESTDEV_DMA_CMD,
                     IGD_TESTDEV_CMD_FILL);
        qtest_system_reset(rig->qts);
        check_filled(rig, 0);
    }
    igd_rig_stop(rig);
}

/* A guest that sleeps finds its screen again */
static void test_sleep(void)
{
    IGDRig *rig = igd_rig_start("", "", "", "");

    fill(rig);
    /* ICH9's PM1a control, at the I/O address that firmware would give it */
    {
        QPCIDevice *lpc = qpci_device_find(rig->bus, 0xf8);

        qpci_config_writel(lpc, 0x40, 0x601);
        qpci_config_writeb(lpc, 0x44, 0x80);
        g_free(lpc);
    }
    qtest_outw(rig->qts, 0x604, 1 << 13 | 1 << 10);     /* SLP_EN, S3 */
    qtest_qmp_eventwait(rig->qts, "SUSPEND");
    qtest_qmp_assert_success(rig->qts, "{ 'execute': 'system_wakeup' }");
    qtest_qmp_eventwait(rig->qts, "WAKEUP");
    check_filled(rig, PATTERN);
    igd_rig_stop(rig);
}

/* The kernel's own note on the mapping: left out of a core dump ("dd") */
static void test_core_dump(void)
{
    IGDRig *rig = igd_rig_start("", "", "", "");
    g_autofree char *path = g_strdup_printf("/proc/%d/smaps",
                                            qtest_pid(rig->qts));
    g_autofree char *text = NULL;
    g_autofree char *size = g_strdup_printf("Size:           %8" PRIu64 " kB",
                                            (uint64_t)RIG_SIZE / 1024);
    const char *at, *flags;

    fill(rig);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    at = strstr(text, size);
    g_assert_nonnull(at);
    flags = strstr(at, "VmFlags:");
    g_assert_nonnull(flags);
    g_assert_nonnull(g_strstr_len(flags, strchr(flags, '\n') - flags, " dd"));
    igd_rig_stop(rig);
}

static void test_hot_plug(void)
{
    IGDRig *rig = igd_rig_start("", "", "", "-device pcie-root-port,id=rp,"
                                "addr=04.0,chassis=1");
    QDict *answer = qtest_qmp(rig->qts, "{ 'execute': 'device_add', "
                              "'arguments': { 'driver': 'igd-testdev', 'id': "
                              "'late', 'bus': 'rp', 'dsm-base': 2248146944, "
                              "'dsm-size': 33554432 } }");
    const char *why = qdict_get_str(qdict_get_qdict(answer, "error"), "desc");

    assert_says(why, "cannot be hot-plugged", "late (igd-testdev at ",
                "give it on the command line", NULL);
    /* which is an option of vfio-pci alone */
    g_assert_null(strstr(why, "x-igd-stolen"));
    qobject_unref(answer);
    igd_rig_stop(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("stolen-memory-reset/cleared", test_cleared);
    qtest_add_func("stolen-memory-reset/kept", test_kept);
    qtest_add_func("stolen-memory-reset/each", test_each);
    qtest_add_func("stolen-memory-reset/during-dma", test_during_dma);
    qtest_add_func("stolen-memory-reset/sleep", test_sleep);
    qtest_add_func("stolen-memory-reset/core-dump", test_core_dump);
    qtest_add_func("stolen-memory-reset/hot-plug", test_hot_plug);
    return g_test_run();
}
