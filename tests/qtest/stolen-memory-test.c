/*
 * Placement of stolen memory on the PC machines
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the guest's CPU and firmware see, with igd-testdev as the device. The
 * refusals are command lines that must not start.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "libqos/libqos-pc.h"
#include "igd-rmrr-util.h"

#define E820_RAM 1
#define E820_RESERVED 2

#define Q35 "-M q35 -nodefaults -vga none "
#define PC "-M pc -nodefaults -vga none "
#define IOMMU "-device intel-iommu,intremap=on,caching-mode=on "
#define DEMO "dsm-base=0x7b800000,dsm-size=64M,gsm-size=8M"
#define IGD "-device igd-testdev,addr=02.0," DEMO " "

#define REGION_BASE 0x7b000000ULL
#define REGION_LIMIT 0x7f7fffffULL
#define DSM_BASE 0x7b800000ULL

typedef struct E820Entry {
    uint64_t address;
    uint64_t length;
    uint32_t type;
} QEMU_PACKED E820Entry;

/* Whether etc/e820 has exactly this entry */
static bool e820_has(const GArray *e820, uint64_t base, uint64_t limit,
                     uint32_t type)
{
    const E820Entry *entry = (const E820Entry *)e820->data;
    unsigned i;

    g_assert_cmpuint(e820->len % sizeof(E820Entry), ==, 0);
    for (i = 0; i < e820->len / sizeof(E820Entry); i++) {
        if (le64_to_cpu(entry[i].address) == base &&
            le64_to_cpu(entry[i].length) == limit - base + 1 &&
            le32_to_cpu(entry[i].type) == type) {
            return true;
        }
    }
    return false;
}

typedef struct LayoutCase {
    const char *name;
    const char *args;
    uint64_t base;          /* of the region, and its limit */
    uint64_t limit;
    uint64_t low_ram;       /* bytes */
    uint64_t high_ram;
} LayoutCase;

static const LayoutCase layouts[] = {
    { "above-ram", Q35 "-m 1G " IGD, REGION_BASE, REGION_LIMIT, 1 * GiB, 0 },
    { "at-ram-end", Q35 "-m 1968M " IGD, REGION_BASE, REGION_LIMIT,
      0x7b000000, 0 },
    { "inside-ram", Q35 "-m 2G " IGD, REGION_BASE, REGION_LIMIT, 0x7b000000,
      0x5000000 },
    { "partly-inside-ram", Q35 "-m 2000M " IGD, REGION_BASE, REGION_LIMIT,
      0x7b000000, 0x2000000 },
    { "big-ram", Q35 "-m 4G " IGD, REGION_BASE, REGION_LIMIT, 0x7b000000,
      4 * GiB - 0x7b000000 },
    { "json", Q35 "-m 4G -device "
      "'{\"driver\":\"igd-testdev\",\"addr\":\"02.0\","
      "\"dsm-base\":2071986176,\"dsm-size\":67108864}'",
      REGION_BASE, REGION_LIMIT, 0x7b000000, 4 * GiB - 0x7b000000 },
    { "with-iommu", Q35 "-m 4G " IOMMU IGD, REGION_BASE, REGION_LIMIT,
      0x7b000000, 4 * GiB - 0x7b000000 },
    { "pc", PC "-m 4G " IGD, REGION_BASE, REGION_LIMIT, 0x7b000000,
      4 * GiB - 0x7b000000 },
    { "pc-above-ram", PC "-m 1G " IGD, REGION_BASE, REGION_LIMIT, 1 * GiB,
      0 },
    { "pci-window", Q35 "-m 4G -device igd-testdev,dsm-base=0xce000000,"
      "dsm-size=32M,gsm-size=0", 0xce000000, 0xcfffffff, 2 * GiB, 2 * GiB },
    { "user-cap-is-lower", "-M q35,max-ram-below-4g=1G -nodefaults -m 4G " IGD,
      REGION_BASE, REGION_LIMIT, 1 * GiB, 3 * GiB },
    { "two", Q35 "-m 4G " IGD "-device igd-testdev,dsm-base=0x72000000,"
      "dsm-size=32M,gsm-size=2M", 0x71e00000, 0x73ffffff, 0x71e00000,
      4 * GiB - 0x71e00000 },
};

static void test_layout(gconstpointer data)
{
    const LayoutCase *c = data;
    g_autoptr(QOSState) qs = qtest_pc_boot("%s", c->args);
    g_autoptr(GArray) e820 = fw_cfg_fetch(qs, "etc/e820");

    g_assert_true(e820_has(e820, c->base, c->limit, E820_RESERVED));
    g_assert_true(e820_has(e820, 0, c->low_ram - 1, E820_RAM));
    g_assert_true(!c->high_ram ||
                  e820_has(e820, 4 * GiB, 4 * GiB + c->high_ram - 1,
                           E820_RAM));

    /* It is memory, from the first byte to the last, and zero at first. */
    g_assert_cmphex(qtest_readq(qs->qts, c->base), ==, 0);
    g_assert_cmphex(qtest_readq(qs->qts, c->limit - 7), ==, 0);
    qtest_writeq(qs->qts, c->base, 0x1122334455667788);
    qtest_writeq(qs->qts, c->limit - 7, 0x99aabbccddeeff00);
    g_assert_cmphex(qtest_readq(qs->qts, c->base), ==, 0x1122334455667788);
    g_assert_cmphex(qtest_readq(qs->qts, c->limit - 7), ==,
                    0x99aabbccddeeff00);
}

/* Memory of its own: what is in it is not in any part of RAM. */
static void test_own_memory(void)
{
    g_autoptr(QOSState) qs = qtest_pc_boot(Q35 "-m 4G " IGD);
    const uint64_t high = 4 * GiB;

    qtest_memset(qs->qts, REGION_BASE, 0xa5, 4096);
    qtest_memset(qs->qts, REGION_LIMIT - 4095, 0xa5, 4096);
    /* the last RAM below it, and the first and last above 4 GiB */
    g_assert_cmphex(qtest_readq(qs->qts, REGION_BASE - 8), ==, 0);
    g_assert_cmphex(qtest_readq(qs->qts, high), ==, 0);
    g_assert_cmphex(qtest_readq(qs->qts, high + 4 * GiB - REGION_BASE - 8),
                    ==, 0);
    /* and nothing behind its end */
    qtest_writeq(qs->qts, REGION_LIMIT + 1, 0x1234);
    g_assert_cmphex(qtest_readq(qs->qts, REGION_LIMIT + 1), !=, 0x1234);
}

static void test_fw_cfg(void)
{
    g_autoptr(QOSState) qs = qtest_pc_boot(Q35 IGD);
    g_autoptr(GArray) base = fw_cfg_fetch(qs, "etc/igd-stolen-base");

    g_assert_nonnull(base);
    g_assert_cmpuint(base->len, ==, 8);
    g_assert_cmphex(ldq_le_p(base->data), ==, DSM_BASE);
    g_assert_null(fw_cfg_fetch(qs, "etc/igd-bdsm-size"));
}

static void test_fw_cfg_other_slot(void)
{
    g_autoptr(QOSState) qs = qtest_pc_boot(Q35 "-device igd-testdev,addr=03.0,"
                                           DEMO);

    g_assert_null(fw_cfg_fetch(qs, "etc/igd-stolen-base"));
}

/* Count of a byte sequence in a table */
static unsigned count_bytes(const GArray *table, const void *bytes,
                            size_t size)
{
    unsigned n = 0;
    size_t i;

    for (i = 0; i + size <= table->len; i++) {
        n += !memcmp(table->data + i, bytes, size);
    }
    return n;
}

/* How often the DSDT has the device, its memory, and windows beside it */
typedef struct DsdtCase {
    const char *name;
    const char *args;
    unsigned region, below, above, whole;
} DsdtCase;

static const DsdtCase dsdt_cases[] = {
    { "dsdt", Q35 "-m 1G " IGD, 1, 1, 1, 0 },
    { "dsdt-at-ram-end", Q35 "-m 4G " IGD, 1, 0, 1, 0 },
    { "dsdt-without", Q35 "-m 1G -device edu,addr=02.0", 0, 0, 0, 1 },
};

static void test_dsdt(gconstpointer data)
{
    const uint32_t low = 0x40000000, top = 0xfebfffff;
    const DsdtCase *c = data;
    g_autoptr(QOSState) qs = qtest_pc_boot("%s", c->args);
    g_autoptr(GArray) dsdt = acpi_fetch(qs, "DSDT");
    /* ACPI 6.4.3.4 32-bit fixed memory range descriptor */
    const uint32_t fixed[] = {
        cpu_to_le32(0x01000986), cpu_to_le32(REGION_BASE),
        cpu_to_le32(REGION_LIMIT - REGION_BASE + 1),
    };
    /* ACPI 6.4.3.5.2 DWord address space descriptor: min and max of it */
    const struct {
        uint32_t window[2];
        unsigned count;
    } windows[] = {
        { { cpu_to_le32(low), cpu_to_le32(REGION_BASE - 1) }, c->below },
        { { cpu_to_le32(REGION_LIMIT + 1), cpu_to_le32(top) }, c->above },
        { { cpu_to_le32(low), cpu_to_le32(top) }, c->whole },
    };

    g_assert_cmpuint(count_bytes(dsdt, "STLN", 4), ==, c->region);
    g_assert_cmpuint(count_bytes(dsdt, fixed, sizeof(fixed)), ==, c->region);
    for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
        g_assert_cmpuint(count_bytes(dsdt, windows[i].window,
                                     sizeof(windows[i].window)), ==,
                         windows[i].count);
    }
}

/*
 * Firmware programs MMCONFIG over the region: the region wins, and QEMU goes
 * on. q35's host bridge: PCIEXBAR at 0x60.
 */
static void test_ecam_over_region(void)
{
    g_autoptr(QTestState) qts = qtest_init(Q35 "-m 1G " IGD);

    pc_config_write(qts, 0, 0x64, 0);
    pc_config_write(qts, 0, 0x60, 0x70000001);
    qtest_writeq(qts, REGION_BASE, 0x5aa5);
    g_assert_cmphex(qtest_readq(qts, REGION_BASE), ==, 0x5aa5);
    /* bus 0 is elsewhere and works */
    g_assert_cmphex(qtest_readl(qts, 0x70000000), ==, 0x29c08086);
}

/* Refusals */

#define IGD0 "-device igd-testdev,id=igd0,addr=02.0,dsm-base=0x7b800000 "
#define IGD0_ON "-device igd-testdev,id=igd0,addr=02.0,maps-iova=on," DEMO " "
#define NAME "igd0 (igd-testdev at 0000:00:02.0): "
#define BYPASS "-M q35,default-bus-bypass-iommu="

static const Refusal refusals[] = {
    { "seabios-mmconfig", Q35 "-device igd-testdev,dsm-base=0xb8000000",
      { "0xb7800000-0xbbffffff", "MMCONFIG at 0xb0000000-0xbfffffff",
        "OVMF" } },
    { "across-4g", Q35 "-device igd-testdev,dsm-base=0xfd000000",
      { "0xfd000000", "4 GiB" } },
    { "chipset-inside", Q35 "-device igd-testdev,dsm-base=0xfc000000",
      { "0xfb800000-0xffffffff", "0xfec00000" } },
    { "low", Q35 "-device igd-testdev,addr=03.0,dsm-base=0x1000000",
      { "igd-testdev at 0000:00:03.0: ", "0x800000-0x4ffffff",
        "below 0x1000000", "set dsm-base=0x1800000" },
      Q35 "-device igd-testdev,addr=03.0,dsm-base=0x1800000" },
    { "overlap", Q35 IGD "-device igd-testdev,dsm-base=0x7f000000",
      { "0x7e800000-0x82ffffff", "overlaps", "0x7b000000-0x7f7fffff" } },
    /* The first that overlaps is what was expected of this very device */
    { "overlap-second", Q35 "-m 1G -global igd-testdev.dsm-base=0x58000000 "
      "-global igd-testdev.dsm-size=128M -device igd-testdev,addr=02.0 "
      "-device igd-testdev,addr=03.0,dsm-base=0x53000000",
      { "0x52800000-0x5affffff", "overlaps that of",
        "0x57800000-0x5fffffff" } },
    { "two-same", Q35 IGD0 "-device igd-testdev,dsm-base=0x7b800000,id=igd1,"
      "addr=03.0", { "that of igd0 (igd-testdev at 0000:00:02.0) at ",
      "set dsm-base=0x80000000" },
      Q35 IGD0 "-device igd-testdev,dsm-base=0x80000000,id=igd1,addr=03.0" },
    { "two-at-the-end", Q35 "-device igd-testdev,dsm-base=0xfac00000 "
      "-device igd-testdev,dsm-base=0xf9000000,id=igd1,addr=03.0",
      { "igd1 (igd-testdev at 0000:00:03.0): ", "set dsm-base=0xf6400000" },
      Q35 "-device igd-testdev,dsm-base=0xfac00000 "
      "-device igd-testdev,dsm-base=0xf6400000,id=igd1,addr=03.0" },
    { "tseg", Q35 "-m 2G -global igd-testdev.dsm-base=0x7b800000 "
      "-device igd-testdev,id=igd0,addr=02.0",
      { NAME, "max-ram-below-4g=0x7b000000 (-machine)" },
      "-M q35,max-ram-below-4g=0x7b000000 -m 2G "
      "-global igd-testdev.dsm-base=0x7b800000 "
      "-device igd-testdev,id=igd0,addr=02.0" },
    { "own-memory", Q35 "-device igd-testdev,device-memory=on,"
      "dsm-base=0xfd000000", { "0xfd000000", "4 GiB" } },
    { "microvm", "-M microvm,pcie=on -device igd-testdev,id=igd0,"
      "dsm-base=0x7b800000",
      { "igd0 (igd-testdev at ", "microvm", "-machine q35" },
      Q35 "-device igd-testdev,id=igd0,dsm-base=0x7b800000" },
    { "bypass", BYPASS "on " IOMMU IGD0,
      { NAME, "bypass", "default-bus-bypass-iommu=off" },
      BYPASS "off " IOMMU IGD0 },
    { "bypass-expander", Q35 IOMMU
      "-device pxb-pcie,id=pxb,bus_nr=0x40,bypass_iommu=on "
      "-device pcie-root-port,id=rp,bus=pxb,addr=00.0,chassis=2 "
      "-device igd-testdev,bus=rp,dsm-base=0x7b800000",
      { "bypass", "bypass_iommu=off" } },
    { "bypass-iommu-last", BYPASS "on " IGD IOMMU, { "bypass" } },
    { "amd-iommu", Q35 "-device amd-iommu " IGD,
      { "amd-iommu", "-device intel-iommu" } },
    { "virtio-iommu", Q35 "-device virtio-iommu,addr=04.0 " IGD0,
      { NAME, "use -device intel-iommu" }, Q35 "-device intel-iommu " IGD0 },
    { "caching-mode", Q35 "-device intel-iommu " IGD0_ON,
      { NAME, "intel-iommu,caching-mode=on" },
      Q35 "-device intel-iommu,caching-mode=on " IGD0_ON },
    { "first-stage", Q35 "-device intel-iommu,x-scalable-mode=on,x-flts=on,"
      "caching-mode=on " IGD0_ON, { NAME, "intel-iommu,x-flts=off" },
      Q35 "-device intel-iommu,x-scalable-mode=on,x-flts=off,caching-mode=on "
      IGD0_ON },
    /* By the names of QEMU 11.1, which every one takes */
    { "fsts", Q35 "-device intel-iommu,scalable-mode=on,fsts=on,"
      "caching-mode=on " IGD0_ON, { NAME, "intel-iommu,x-flts=off" },
      Q35 "-device intel-iommu,scalable-mode=on,fsts=off,caching-mode=on "
      IGD0_ON },
    { "snoop-control", Q35 "-device intel-iommu,snoop-control=on,"
      "caching-mode=on " IGD0_ON, { "igd-testdev", "snoop-control=off" } },
    { "iommu-last", Q35 IGD0_ON IOMMU,
      { NAME, "before", "put -device intel-iommu first" },
      Q35 IOMMU IGD0_ON },
};

/* Which firmware it is, its contents say, and not the name of its file */

typedef struct FirmwareRow {
    const char *name;
    const char *file;
    bool seabios;
} FirmwareRow;

static const FirmwareRow firmwares[] = {
    { "seabios-by-any-name", "OVMF.fd", true },
    { "not-seabios", "bios-256k.bin", false },
};

static void test_firmware(gconstpointer data)
{
    const FirmwareRow *row = data;
    g_autofree char *dir = g_dir_make_tmp("stolen-memory-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, row->file, NULL);
    g_autofree char *args =
        g_strdup_printf(Q35 "-bios %s -device igd-testdev,"
                        "dsm-base=0xb8000000", path);
    g_autofree char *image = g_malloc0(64 * KiB);

    strcpy(image + 0xf000, row->seabios ? "SeaBIOS (version 1)" : "_FVH");
    g_assert_true(g_file_set_contents(path, image, 64 * KiB, NULL));
    if (row->seabios) {
        refusal_assert(args, "SeaBIOS's MMCONFIG at ", NULL);
    } else {
        refusal_helped(args);
    }
    unlink(path);
    rmdir(dir);
}

/* A start that works prints nothing, low RAM cut or not. */
static void test_silent(void)
{
    g_autofree char *line = g_strdup_printf(
        "timeout 60 %s -accel qtest -display none -m 8G " Q35 IOMMU IGD
        "-qmp stdio", g_getenv("QTEST_QEMU_BINARY"));
    const char *quit = "{'execute':'qmp_capabilities'}{'execute':'quit'}";
    g_autofree char *sh = g_strdup_printf("echo \"%s\" | %s", quit, line);
    const char *argv[] = { "/bin/sh", "-c", sh, NULL };
    g_autofree char *err = NULL;
    g_auto(GStrv) lines = NULL;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, NULL,
                               &err, &status, NULL));
    g_assert_cmpint(status, ==, 0);
    lines = g_strsplit(err, "\n", -1);
    for (char **l = lines; *l; l++) {
        /* The address sanitizer says this of QEMU's coroutines. */
        if (!strstr(*l, "ASan doesn't fully support makecontext")) {
            g_assert_cmpstr(*l, ==, "");
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("stolen-memory/layout", layouts, test_layout);
    qtest_add_func("stolen-memory/own-memory", test_own_memory);
    qtest_add_func("stolen-memory/fw-cfg", test_fw_cfg);
    qtest_add_func("stolen-memory/fw-cfg-other-slot", test_fw_cfg_other_slot);
    TEST_ROWS("stolen-memory", dsdt_cases, test_dsdt);
    qtest_add_func("stolen-memory/ecam-over-region", test_ecam_over_region);
    qtest_add_func("stolen-memory/silent", test_silent);
    TEST_ROWS("stolen-memory/firmware", firmwares, test_firmware);
    TEST_ROWS("stolen-memory/refused", refusals, refusal_test);
    return g_test_run();
}
