/*
 * Options of igd-testdev, and its state in a migration stream
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Options that must be refused, with the words of the refusal; the forms in
 * which the early scan has to understand options that are right; and a guest
 * that is saved in the middle of a command and goes on elsewhere.
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qobject/qdict.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"

#define GIB             0x40000000ull
#define MIB             0x100000ull
#define RAM_BUF         0x1000000ull

/* @remedy is in the message as it stands, and added to the options helps */
typedef struct RefusalRow {
    const char *name;
    const char *opts;
    const char *remedy;
    const char *value;
    const char *limit;
} RefusalRow;

static const RefusalRow refusal_rows[] = {
    { "unknown-id", "device-id=0x1234,dsm-base=0x7b800000",
      "device-id=0x1912", "device-id 0x1234", "unknown" },
    { "id-zero", "device-id=0,dsm-base=0x7b800000",
      "device-id=0x9a49", "device-id 0x0000", "unknown" },
    { "meteor-lake", "device-id=0x7d55,dsm-base=0x7b800000",
      "device-id=0x1912", "device-id 0x7d55", "no BDSM register" },
    { "no-dsm-base", "dsm-size=64M", "dsm-base=0x7b800000", "missing",
      "0x100000" },
    { "dsm-base-zero", "dsm-base=0", "dsm-base=0x7b800000", "missing or 0",
      "0x100000" },
    { "dsm-base-mib", "dsm-base=1976", "dsm-base=0x7b800000",
      "dsm-base 0x7b8 ", "0x100000 (1 MiB)" },
    { "dsm-base-64k", "dsm-base=0x7b810000", "dsm-base=0x7b800000",
      "dsm-base 0x7b810000 ", "0x100000 (1 MiB)" },
    { "dsm-base-odd", "dsm-base=0x7b800001", "dsm-base=0x7b800000",
      "dsm-base 0x7b800001 ", "0x100000 (1 MiB)" },
    { "dsm-base-4g", "dsm-base=0x100000000", "dsm-base=0xfac00000",
      "dsm-base 0x100000000 ", "0xfec00000" },
    { "dsm-ends-above-4g", "dsm-base=0xfc100000", "dsm-base=0xfac00000",
      "dsm-base 0xfc100000 ", "0xfec00000" },
    { "dsm-base-ones", "dsm-base=0xfffffffffff00000", "dsm-base=0xfac00000",
      "dsm-base 0xfffffffffff00000 ", "0xfec00000" },
    { "gsm-larger", "dsm-base=0x700000", "dsm-base=0x1800000",
      "dsm-base 0x700000 ", "gsm-size 0x800000 " },
    { "gsm-to-zero", "dsm-base=0x800000", "dsm-base=0x1800000",
      "dsm-base 0x800000 ", "0x1000000 (16 MiB)" },
    { "dsm-size-zero", "dsm-base=0x7b800000,dsm-size=0", "dsm-size=64M",
      "dsm-size 0x0 ", "32 to 7648 MiB" },
    { "dsm-size-4g", "dsm-base=0x7b800000,dsm-size=4G", "dsm-size=64M",
      "dsm-size 0x100000000 ", "0xfec00000" },
    { "dsm-size-gen6", "device-id=0x0116,dsm-base=0x7b800000,dsm-size=1G,"
      "gsm-size=2M", "dsm-size=64M", "0x40000000 (1 GiB)", "32 to 512 MiB" },
    { "dsm-size-broadwell", "device-id=0x1616,dsm-base=0x7b800000,"
      "dsm-size=48M", "dsm-size=64M", "0x3000000 (48 MiB)",
      "steps of 32 MiB" },
    { "dsm-size-cherryview", "device-id=0x22b0,dsm-base=0x7b800000,"
      "dsm-size=4M", "dsm-size=64M", "0x400000 (4 MiB)", "8 to 60 MiB" },
    { "dsm-size-gen9", "dsm-base=0x7b800000,dsm-size=65M", "dsm-size=64M",
      "0x4100000 (65 MiB)", "4 to 60 MiB" },
    { "dsm-size-gen12", "device-id=0x9a49,dsm-base=0x7b800000,dsm-size=100k",
      "dsm-size=64M", "0x19000 (100 KiB)", "gen 12" },
    { "gsm-size-gen7", "device-id=0x0412,dsm-base=0x7b800000",
      "gsm-size=2M", "0x800000 (8 MiB)", "0, 1, 2 or 3 MiB" },
    { "gsm-size-gen9", "dsm-base=0x7b800000,gsm-size=1M", "gsm-size=2M",
      "0x100000 (1 MiB)", "0, 2, 4 or 8 MiB" },
    { "gsm-size-gen11", "device-id=0x8a52,dsm-base=0x7b800000,gsm-size=16M",
      "gsm-size=2M", "0x1000000 (16 MiB)", "0, 2, 4 or 8 MiB" },
    { "aperture-odd", "dsm-base=0x7b800000,aperture-size=96M",
      "aperture-size=256M", "aperture-size 0x6000000 ", "power of two" },
    { "aperture-small", "dsm-base=0x7b800000,aperture-size=64k",
      "aperture-size=256M", "aperture-size 0x10000 ", "0x100000 (1 MiB)" },
    { "aperture-large", "dsm-base=0x7b800000,aperture-size=8G",
      "aperture-size=256M", "aperture-size 0x200000000 ",
      "0x100000000 (4 GiB)" },
    { "class", "dsm-base=0x7b800000,class=vga", "class=display", "'vga'",
      "secondary or other" },
    /* What the machine refuses */
    { "low", "dsm-base=0x1000000", "dsm-base=0x1800000",
      "0x800000-0x4ffffff", "0x1000000" },
    { "chipset", "dsm-base=0xfb000000", "dsm-base=0xfac00000",
      "0xfa800000-0xfeffffff", "0xfec00000" },
    { "seabios-mmconfig", "dsm-base=0xb8000000", "dsm-base=0xac000000",
      "0xb7800000-0xbbffffff", "MMCONFIG at 0xb0000000-0xbfffffff" },
};

static void test_refusal(const void *data)
{
    const RefusalRow *row = data;
    g_autofree char *args =
        g_strdup_printf("-machine q35 -device igd-testdev,addr=02.0,%s",
                        row->opts);
    g_autofree char *fixed = g_strdup_printf("%s,%s", args, row->remedy);

    refusal_assert(args, ": igd-testdev", row->remedy, row->value,
                   row->limit, NULL);
    refusal_helped(fixed);
}

/*
 * All of these are the region [0x7b000000, 0x7f7fffff], so a machine of 4 GiB
 * whose early scan has understood them has RAM up to 0x7b000000, and
 * 4 GiB - 0x7b000000 above 4 GiB.
 */
typedef struct EarlyRow {
    const char *name;
    const char *device;
} EarlyRow;

static const EarlyRow early_rows[] = {
    { "hex", "igd-testdev,addr=02.0,dsm-base=0x7b800000,dsm-size=64M" },
    { "decimal", "igd-testdev,addr=02.0,dsm-base=2071986176,"
                 "dsm-size=67108864,gsm-size=8388608,device-id=6418" },
    { "size-hex", "igd-testdev,addr=02.0,dsm-base=0x7b800000,"
                  "dsm-size=0x4000000,gsm-size=0x800000" },
    { "size-units", "igd-testdev,addr=02.0,dsm-base=0x7b800000,"
                    "dsm-size=65536k,gsm-size=8192K,device-id=0x9a49" },
    { "defaults", "igd-testdev,dsm-base=0x7b800000,addr=02.0" },
    { "json", "'{\"driver\": \"igd-testdev\", \"addr\": \"02.0\", "
              "\"dsm-base\": 2071986176, \"dsm-size\": 67108864}'" },
};

static void test_early(const void *data)
{
    const EarlyRow *row = data;
    QTestState *qts = qtest_initf("-machine q35 -m 4G -nodefaults "
                                  "-device %s", row->device);
    uint64_t top = 8 * GIB - IGD_DEFAULT_BASE;

    qtest_writel(qts, IGD_DEFAULT_BASE - 4, 0x600d);
    g_assert_cmphex(qtest_readl(qts, IGD_DEFAULT_BASE - 4), ==, 0x600d);
    qtest_writel(qts, IGD_DEFAULT_LIMIT + 1, 0xbad);
    g_assert_cmphex(qtest_readl(qts, IGD_DEFAULT_LIMIT + 1), !=, 0xbad);
    qtest_writel(qts, top - 4, 0x600d);
    g_assert_cmphex(qtest_readl(qts, top - 4), ==, 0x600d);
    qtest_writel(qts, top, 0xbad);
    g_assert_cmphex(qtest_readl(qts, top), !=, 0xbad);
    qtest_quit(qts);
}

static void save_and_stop(IGDRig *g, const char *uri)
{
    migration_save(g->qts, uri);
    igd_rig_stop(g);
}

static IGDRig *migrate_incoming(const char *uri)
{
    IGDRig *g = igd_guest_start(IGD_DEFAULT_OPTS, "-S -incoming defer");

    migration_load(g->qts, uri);
    igd_guest_enable(g);    /* the same addresses as those in the stream */
    return g;
}

/* Saves while a fill of the region is running and RAM_BUF is the next source */
static void save_running(const char *opts, const char *uri)
{
    IGDRig *g = igd_guest_open(opts);

    qtest_writeq(g->qts, IGD_DEFAULT_BASE, 0x1122334455667788);
    qtest_writel(g->qts, IGD_DEFAULT_LIMIT - 3, 0x99aabbcc);
    qpci_io_writel(g->dev, g->io, IGD_TESTDEV_IO_INDEX, IGD_TESTDEV_DMA_FILL);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x44444444);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    igd_guest_dma_start(g, IGD_TESTDEV_CMD_FILL, 0, IGD_DEFAULT_BDSM, MIB);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x55555555);
    igd_guest_write64(g, IGD_TESTDEV_DMA_SRC, RAM_BUF);
    save_and_stop(g, uri);
}

static char *state_file(char **uri)
{
    char *path = g_strdup_printf("%s/igd-testdev-%d.state", g_get_tmp_dir(),
                                 getpid());

    *uri = g_strdup_printf("file:%s", path);
    return path;
}

static void test_migrate(void)
{
    g_autofree char *uri = NULL;
    g_autofree char *path = state_file(&uri);
    IGDRig *g;

    save_running(IGD_DEFAULT_OPTS, uri);
    g = migrate_incoming(uri);
    g_unlink(path);
    g_assert_cmphex(qpci_io_readl(g->dev, g->io, IGD_TESTDEV_IO_INDEX), ==,
                    IGD_TESTDEV_DMA_FILL);
    igd_guest_check(g, IGD_TESTDEV_DMA_STATUS, IGD_TESTDEV_STATUS_BUSY);
    igd_guest_check(g, IGD_TESTDEV_DMA_FILL, 0x55555555);
    igd_guest_check64(g, IGD_TESTDEV_DMA_SRC, RAM_BUF);
    g_assert_cmphex(qtest_readq(g->qts, IGD_DEFAULT_BASE), ==,
                    0x1122334455667788);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0);

    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    g_assert_cmphex(igd_guest_dma_wait(g), ==, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0x44444444);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM + MIB - 4), ==,
                    0x44444444);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_LIMIT - 3), ==,
                    0x99aabbcc);
    igd_rig_stop(g);
}

/*
 * Stopped somewhere in the middle: what was summed before the stop must
 * neither be lost nor be summed again
 */
static void test_migrate_progress(void)
{
    g_autofree char *uri = NULL;
    g_autofree char *path = state_file(&uri);
    IGDRig *g = igd_guest_open(IGD_DEFAULT_OPTS);

    qtest_memset(g->qts, RAM_BUF, 0x01, MIB);
    igd_guest_dma_start(g, IGD_TESTDEV_CMD_CHECKSUM, RAM_BUF, 0,
                        IGD_GUEST_RAM - RAM_BUF);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    g_test_message("STATUS 0x%x", igd_guest_read(g, IGD_TESTDEV_DMA_STATUS));
    save_and_stop(g, uri);

    g = migrate_incoming(uri);
    g_unlink(path);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
    g_assert_cmphex(igd_guest_dma_wait(g), ==, IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(g, IGD_TESTDEV_DMA_CHECKSUM, 0x01010101ull * (MIB / 4));
    igd_rig_stop(g);
}

/*
 * A destination whose registers are different must not take the stream; the
 * two regions are equal, so that nothing but the registers tells them apart
 */
static void test_migrate_mismatch(void)
{
    g_autofree char *uri = NULL;
    g_autofree char *path = state_file(&uri);
    g_autofree char *err = NULL;

    save_running("dsm-base=0x7b400000,dsm-size=60M,gsm-size=4M", uri);
    err = migration_refused("-m 512M -device igd-testdev,addr=02.0,"
                            "dsm-base=0x7b800000,dsm-size=56M,gsm-size=8M",
                            uri);
    assert_says(err, "7b800000 != 7b400000", "This is BDSM of stolen memory",
                NULL);
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("igd-testdev/refuses", refusal_rows, test_refusal);
    TEST_ROWS("igd-testdev/early", early_rows, test_early);
    qtest_add_func("igd-testdev/migrate/running", test_migrate);
    qtest_add_func("igd-testdev/migrate/progress", test_migrate_progress);
    qtest_add_func("igd-testdev/migrate/mismatch", test_migrate_mismatch);
    return g_test_run();
}
