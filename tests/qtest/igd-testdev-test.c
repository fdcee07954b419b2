/*
 * Registers, BARs, options and life cycle of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Options that must be refused, with the words of the refusal; the forms in
 * which the early scan has to understand options that are right; and a guest
 * that is saved in the middle of a command and goes on elsewhere. The DMA
 * engine has its own test, igd-testdev-dma-test.c.
 */

#include "qemu/osdep.h"
#include "hw/pci/pci_ids.h"
#include "hw/pci/pci_regs.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"
#include "qobject/qdict.h"

#define MIB             0x100000ull
#define RAM_BUF         0x1000000ull

/* Access of @size 1, 2, 4 or 8 bytes to a BAR, as one access of the CPU */
static uint64_t io_read(IGDRig *g, QPCIBar bar, uint64_t off, unsigned size)
{
    switch (size) {
    case 1:
        return qpci_io_readb(g->dev, bar, off);
    case 2:
        return qpci_io_readw(g->dev, bar, off);
    case 4:
        return qpci_io_readl(g->dev, bar, off);
    default:
        return qpci_io_readq(g->dev, bar, off);
    }
}

static void io_write(IGDRig *g, QPCIBar bar, uint64_t off, unsigned size,
                     uint64_t value)
{
    switch (size) {
    case 1:
        qpci_io_writeb(g->dev, bar, off, value);
        break;
    case 2:
        qpci_io_writew(g->dev, bar, off, value);
        break;
    case 4:
        qpci_io_writel(g->dev, bar, off, value);
        break;
    default:
        qpci_io_writeq(g->dev, bar, off, value);
        break;
    }
}

typedef struct GenRow {
    const char *name;
    const char *opts;
    uint16_t device_id;
    uint16_t ggc;
    uint8_t bdsm_offset;
    uint64_t bdsm;
    uint64_t base;
} GenRow;

static const GenRow gen_rows[] = {
    { "gen6", "device-id=0x0116,dsm-base=0x7b800000,gsm-size=2M",
      0x0116, 0x0210, 0x5c, 0x7b800000, 0x7b600000 },
    { "gen7", "device-id=0x0412,dsm-base=0x7ce00000,dsm-size=32M,gsm-size=1M",
      0x0412, 0x0108, 0x5c, 0x7ce00000, 0x7cd00000 },
    { "gen8-broadwell", "device-id=0x1616,dsm-base=0x7b800000,dsm-size=32M",
      0x1616, 0x01c0, 0x5c, 0x7b800000, 0x7b000000 },
    { "gen8-cherryview",
      "device-id=0x22b0,dsm-base=0x7b800000,dsm-size=12M,gsm-size=2M",
      0x22b0, 0x0190, 0x5c, 0x7b800000, 0x7b600000 },
    { "gen9", "dsm-base=0x7b800000", 0x1912, 0x02c0, 0x5c, 0x7b800000,
      0x7b000000 },
    { "gen9-small", "dsm-base=0x7b800000,dsm-size=60M,gsm-size=0",
      0x1912, 0xfe00, 0x5c, 0x7b800000, 0x7b800000 },
    { "gen11", "device-id=0x8a52,dsm-base=0x7b800000,gsm-size=4M",
      0x8a52, 0x0280, 0xc0, 0x7b800000, 0x7b400000 },
    { "gen12", "device-id=0x9a49,dsm-base=0x4b800000,dsm-size=32M",
      0x9a49, 0x01c0, 0xc0, 0x4b800000, 0x4b000000 },
};

static uint64_t config_bdsm(IGDRig *g, const GenRow *row)
{
    uint64_t bdsm = qpci_config_readl(g->dev, row->bdsm_offset);

    if (row->bdsm_offset == 0xc0) {
        bdsm |= (uint64_t)qpci_config_readl(g->dev, 0xc4) << 32;
    }
    return bdsm;
}

static void test_registers(const void *data)
{
    const GenRow *row = data;
    g_autoptr(IGDRig) g = igd_guest_open(row->opts);
    uint8_t other = row->bdsm_offset == 0xc0 ? 0x5c : 0xc0;

    g_assert_cmphex(qpci_config_readw(g->dev, PCI_VENDOR_ID), ==,
                    PCI_VENDOR_ID_INTEL);
    g_assert_cmphex(qpci_config_readw(g->dev, PCI_DEVICE_ID), ==,
                    row->device_id);
    g_assert_cmphex(qpci_config_readl(g->dev, PCI_CLASS_REVISION) >> 8, ==,
                    0x030000);
    g_assert_cmphex(qpci_config_readw(g->dev, 0x50), ==, row->ggc);
    g_assert_cmphex(config_bdsm(g, row), ==, row->bdsm);
    g_assert_cmphex(qpci_config_readl(g->dev, other), ==, 0);
    g_assert_cmphex(qpci_config_readl(g->dev, 0xfc), ==, 0);

    igd_guest_check(g, IGD_TESTDEV_REG_GGC, row->ggc);
    igd_guest_check64(g, IGD_TESTDEV_REG_BDSM, row->bdsm);
    igd_guest_check64(g, IGD_TESTDEV_REG_GSMBASE, row->base);
    igd_guest_check(g, IGD_TESTDEV_DMA_ID, 0x54444749);
    igd_guest_check(g, IGD_TESTDEV_DMA_VERSION, 1);
    g_assert_cmphex(qpci_find_capability(g->dev, PCI_CAP_ID_MSI, 0), ==, 0xac);
    g_assert_cmphex(qpci_find_capability(g->dev, PCI_CAP_ID_PM, 0), ==, 0xd0);
    g_assert_cmphex(qpci_find_capability(g->dev, PCI_CAP_ID_EXP, 0), ==, 0x70);
}

/* Writes that touch a read-only register, crossing its ends or not */
static void check_config_ro(IGDRig *g, unsigned reg, unsigned size)
{
    unsigned first = reg & ~3u, n = 16, i;
    uint8_t before[16];

    for (i = 0; i < n; i++) {
        before[i] = qpci_config_readb(g->dev, first + i);
    }
    for (i = reg - first; i < reg - first + size; i++) {
        qpci_config_writeb(g->dev, first + i, ~before[i]);
        if ((first + i) % 4 < 3) {
            qpci_config_writew(g->dev, first + i, 0x5aa5);
        }
        qpci_config_writel(g->dev, (first + i) & ~3u, 0xffffffff);
        qpci_config_writel(g->dev, (first + i) & ~3u, 0);
    }
    for (i = 0; i < n; i++) {
        g_assert_cmphex(qpci_config_readb(g->dev, first + i), ==, before[i]);
        if ((first + i) % 4 < 3) {
            g_assert_cmphex(qpci_config_readw(g->dev, first + i), ==,
                            before[i] | before[i + 1] << 8);
        }
    }
}

/* Every access of 1, 2, 4 and 8 bytes that touches the register */
static void check_mirror_ro(IGDRig *g, uint32_t reg, unsigned reg_size)
{
    uint8_t before[32];
    unsigned size, off;

    qtest_memread(g->qts, g->regs.addr + reg - 8, before, sizeof(before));
    for (size = 1; size <= 8; size *= 2) {
        for (off = 8 - size + 1; off < 8 + reg_size; off++) {
            uint64_t want = 0;

            memcpy(&want, before + off, size);
            io_write(g, g->regs, reg - 8 + off, size, ~want);
            g_assert_cmphex(io_read(g, g->regs, reg - 8 + off, size),
                            ==, want);
        }
    }
}

static void test_read_only(const void *data)
{
    const GenRow *row = data;
    g_autoptr(IGDRig) g = igd_guest_open(row->opts);

    check_config_ro(g, 0x50, 2);
    check_config_ro(g, row->bdsm_offset, row->bdsm_offset == 0xc0 ? 8 : 4);
    check_config_ro(g, 0xf0, 16);
    g_assert_cmphex(qpci_config_readw(g->dev, 0x50), ==, row->ggc);
    g_assert_cmphex(config_bdsm(g, row), ==, row->bdsm);

    check_mirror_ro(g, IGD_TESTDEV_REG_GGC, 4);
    check_mirror_ro(g, IGD_TESTDEV_REG_BDSM, 8);
    check_mirror_ro(g, IGD_TESTDEV_REG_GSMBASE, 8);
    igd_guest_check(g, IGD_TESTDEV_REG_GGC, row->ggc);
    igd_guest_check64(g, IGD_TESTDEV_REG_BDSM, row->bdsm);
    igd_guest_check64(g, IGD_TESTDEV_REG_GSMBASE, row->base);
}

static void sweep(IGDRig *g, QPCIBar bar, uint64_t first, uint64_t limit,
                  unsigned max_size)
{
    static const uint64_t values[] = { UINT64_MAX, 0, 0x0102030405060708 };
    unsigned size, i;
    uint64_t off;

    for (off = first; off <= limit; off++) {
        for (size = 1; size <= max_size; size *= 2) {
            for (i = 0; i < G_N_ELEMENTS(values); i++) {
                io_write(g, bar, off, size, values[i]);
                io_read(g, bar, off, size);
            }
        }
    }
}

/* No access may end QEMU, nor leave the device unusable */
static void test_sweep(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    sweep(g, g->regs, 0, 8, 8);
    sweep(g, g->regs, IGD_TESTDEV_DMA_BLOCK - 8, IGD_TESTDEV_DMA_BLOCK +
          IGD_TESTDEV_DMA_BLOCK_SIZE + 8, 8);
    sweep(g, g->regs, IGD_TESTDEV_BAR_REGS_SIZE - 16,
          IGD_TESTDEV_BAR_REGS_SIZE - 1, 8);
    sweep(g, g->aperture, IGD_DEFAULT_DSM - 16, IGD_DEFAULT_DSM + 16, 8);
    sweep(g, g->aperture, 256 * MIB - 16, 256 * MIB - 9, 8);
    sweep(g, g->io, 0, IGD_TESTDEV_BAR_IO_SIZE - 1, 4);

    igd_guest_dma_wait(g);
    qtest_writel(g->qts, RAM_BUF, 0xfeedbeef);
    igd_guest_dma_check(g, IGD_TESTDEV_CMD_COPY, RAM_BUF, IGD_DEFAULT_BDSM, 4,
                        IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0xfeedbeef);
}

/* A write of part of a register does nothing, a read of part works */
static void test_access_size(void)
{
    static const uint32_t engine_ro[] = {
        IGD_TESTDEV_DMA_ID, IGD_TESTDEV_DMA_VERSION, IGD_TESTDEV_DMA_STATUS,
        IGD_TESTDEV_DMA_CHECKSUM, IGD_TESTDEV_DMA_CHECKSUM + 4,
        IGD_TESTDEV_DMA_FAULT_ADDR, IGD_TESTDEV_DMA_DONE_COUNT,
    };
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    uint32_t src = IGD_TESTDEV_DMA_SRC;

    igd_guest_write64(g, src, 0x1122334455667788);
    io_write(g, g->regs, src, 1, 0xff);
    io_write(g, g->regs, src, 2, 0xffff);
    io_write(g, g->regs, src + 2, 4, 0xffffffff);
    igd_guest_check64(g, src, 0x1122334455667788);
    g_assert_cmphex(io_read(g, g->regs, src + 3, 2), ==, 0x4455);
    g_assert_cmphex(io_read(g, g->regs, src + 1, 1), ==, 0x77);
    igd_guest_write(g, src + 4, 0xaabbccdd);
    igd_guest_check64(g, src, 0xaabbccdd55667788);
    igd_guest_write(g, src, 0);
    igd_guest_check64(g, src, 0xaabbccdd00000000);
    for (size_t i = 0; i < G_N_ELEMENTS(engine_ro); i++) {
        uint32_t value = igd_guest_read(g, engine_ro[i]);

        igd_guest_write(g, engine_ro[i], ~value);
        igd_guest_check(g, engine_ro[i], value);
    }
    igd_guest_check(g, IGD_TESTDEV_DMA_CMD, 0);
}

static void test_aperture(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    io_write(g, g->aperture, 0, 4, 0x11223344);
    io_write(g, g->aperture, 5, 8, 0x0102030405060708);
    io_write(g, g->aperture, IGD_DEFAULT_DSM - 1, 1, 0x77);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0x11223344);
    g_assert_cmphex(qtest_readq(g->qts, IGD_DEFAULT_BDSM + 5), ==,
                    0x0102030405060708);
    g_assert_cmphex(qtest_readb(g->qts, IGD_DEFAULT_LIMIT), ==, 0x77);

    qtest_writeq(g->qts, IGD_DEFAULT_BDSM + MIB, 0xaabbccddeeff0011);
    g_assert_cmphex(io_read(g, g->aperture, MIB, 8), ==, 0xaabbccddeeff0011);
    g_assert_cmphex(io_read(g, g->aperture, MIB + 1, 2), ==, 0xff00);

    io_write(g, g->aperture, IGD_DEFAULT_DSM - 4, 8, 0);
    g_assert_cmphex(qtest_readb(g->qts, IGD_DEFAULT_LIMIT), ==, 0x77);
    g_assert_cmphex(io_read(g, g->aperture, IGD_DEFAULT_DSM - 4, 8),
                    ==, UINT64_MAX);
    g_assert_cmphex(io_read(g, g->aperture, IGD_DEFAULT_DSM, 4), ==,
                    UINT32_MAX);

    igd_guest_set_master(g, false);
    g_assert_cmphex(io_read(g, g->aperture, MIB, 4), ==, UINT32_MAX);
    io_write(g, g->aperture, MIB, 4, 0);
    igd_guest_set_master(g, true);
    g_assert_cmphex(io_read(g, g->aperture, MIB, 4), ==, 0xeeff0011);
}

static uint32_t indexed_read(IGDRig *g, uint32_t index)
{
    qpci_io_writel(g->dev, g->io, IGD_TESTDEV_IO_INDEX, index);
    g_assert_cmphex(qpci_io_readl(g->dev, g->io, IGD_TESTDEV_IO_INDEX), ==,
                    index);
    return qpci_io_readl(g->dev, g->io, IGD_TESTDEV_IO_DATA);
}

static void test_index_data(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    g_assert_cmphex(indexed_read(g, IGD_TESTDEV_REG_BDSM), ==,
                    IGD_DEFAULT_BDSM);
    g_assert_cmphex(indexed_read(g, IGD_TESTDEV_DMA_FILL), ==, 0);
    qpci_io_writel(g->dev, g->io, IGD_TESTDEV_IO_DATA, 0x5eed);
    igd_guest_check(g, IGD_TESTDEV_DMA_FILL, 0x5eed);
    g_assert_cmphex(indexed_read(g, IGD_TESTDEV_DMA_FILL + 1), ==, UINT32_MAX);
    qpci_io_writel(g->dev, g->io, IGD_TESTDEV_IO_DATA, 0);
    g_assert_cmphex(indexed_read(g, IGD_TESTDEV_BAR_REGS_SIZE), ==,
                    UINT32_MAX);
    g_assert_cmphex(indexed_read(g, IGD_TESTDEV_DMA_FILL), ==, 0x5eed);
}

/* The message goes to RAM, where it can be seen */
static void test_msi(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    uint8_t msi = IGD_TESTDEV_CFG_MSI;
    uint32_t cmd = IGD_TESTDEV_CMD_CHECKSUM;

    qpci_config_writel(g->dev, msi + PCI_MSI_ADDRESS_LO, RAM_BUF);
    qpci_config_writel(g->dev, msi + PCI_MSI_ADDRESS_HI, 0);
    qpci_config_writew(g->dev, msi + PCI_MSI_DATA_64, 0x4321);

    igd_guest_dma(g, cmd | IGD_TESTDEV_CMD_MSI, 0, 0, 4);
    g_assert_cmphex(qtest_readl(g->qts, RAM_BUF), ==, 0);
    qpci_config_writew(g->dev, msi + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE);
    igd_guest_dma(g, cmd, 0, 0, 4);
    g_assert_cmphex(qtest_readl(g->qts, RAM_BUF), ==, 0);
    igd_guest_dma(g, cmd | IGD_TESTDEV_CMD_MSI, 0, 0, 4);
    g_assert_cmphex(qtest_readl(g->qts, RAM_BUF), ==, 0x4321);

    qtest_writel(g->qts, RAM_BUF, 0);
    igd_guest_dma(g, cmd | IGD_TESTDEV_CMD_MSI, 0, 0, 3);
    g_assert_cmphex(qtest_readl(g->qts, RAM_BUF), ==, 0x4321);
}

static void test_flr(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    g_assert_cmphex(qpci_config_readl(g->dev, IGD_TESTDEV_CFG_PCIE +
                                      PCI_EXP_DEVCAP) & PCI_EXP_DEVCAP_FLR,
                    ==, PCI_EXP_DEVCAP_FLR);
    qtest_writel(g->qts, IGD_DEFAULT_BDSM, 0xcafe);
    indexed_read(g, IGD_TESTDEV_REG_GGC);
    igd_guest_flr(g);
    g_assert_cmphex(qpci_config_readw(g->dev, PCI_COMMAND), ==, 0);
    g_assert_cmphex(qpci_config_readl(g->dev, PCI_BASE_ADDRESS_0), ==, 0x4);
    g_assert_cmphex(qpci_config_readw(g->dev, IGD_TESTDEV_CFG_PCIE +
                                      PCI_EXP_DEVCTL) &
                    PCI_EXP_DEVCTL_BCR_FLR, ==, 0);

    igd_guest_enable(g);
    g_assert_cmphex(qpci_io_readl(g->dev, g->io, IGD_TESTDEV_IO_INDEX), ==, 0);
    g_assert_cmphex(qpci_config_readw(g->dev, 0x50), ==, 0x02c0);
    g_assert_cmphex(qpci_config_readl(g->dev, 0x5c), ==, IGD_DEFAULT_BDSM);
    igd_guest_check64(g, IGD_TESTDEV_REG_GSMBASE, IGD_DEFAULT_BASE);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0xcafe);
}

/* A conventional bus has no 4 KiB of config space, and so no FLR */
static void test_conventional(void)
{
    g_autoptr(IGDRig) g = igd_guest_start(IGD_DEFAULT_OPTS, "-machine pc");

    igd_guest_enable(g);
    g_assert_cmphex(qpci_find_capability(g->dev, PCI_CAP_ID_EXP, 0), ==, 0);
    g_assert_cmphex(qpci_find_capability(g->dev, PCI_CAP_ID_MSI, 0), ==, 0xac);
    check_config_ro(g, 0x50, 2);
    check_config_ro(g, 0x5c, 4);
    igd_guest_check64(g, IGD_TESTDEV_REG_GSMBASE, IGD_DEFAULT_BASE);
    qtest_writel(g->qts, RAM_BUF, 0x1df00d);
    igd_guest_dma_check(g, IGD_TESTDEV_CMD_COPY, RAM_BUF, IGD_DEFAULT_BDSM, 4,
                        IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(g->qts, IGD_DEFAULT_BDSM), ==, 0x1df00d);
}

/* Options, and the state in a migration stream */

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
    g_autoptr(QTestState) qts = qtest_initf("-machine q35 -m 4G -nodefaults "
                                            "-device %s", row->device);
    uint64_t top = 0x200000000 - IGD_DEFAULT_BASE;

    qtest_writel(qts, IGD_DEFAULT_BASE - 4, 0x600d);
    g_assert_cmphex(qtest_readl(qts, IGD_DEFAULT_BASE - 4), ==, 0x600d);
    qtest_writel(qts, IGD_DEFAULT_LIMIT + 1, 0xbad);
    g_assert_cmphex(qtest_readl(qts, IGD_DEFAULT_LIMIT + 1), !=, 0xbad);
    qtest_writel(qts, top - 4, 0x600d);
    g_assert_cmphex(qtest_readl(qts, top - 4), ==, 0x600d);
    qtest_writel(qts, top, 0xbad);
    g_assert_cmphex(qtest_readl(qts, top), !=, 0xbad);
}

/* Saves while a fill of the region is running and RAM_BUF is the next source */
static void save_running(const char *opts)
{
    g_autoptr(IGDRig) g = igd_guest_open(opts);

    qtest_writeq(g->qts, IGD_DEFAULT_BASE, 0x1122334455667788);
    qtest_writel(g->qts, IGD_DEFAULT_LIMIT - 3, 0x99aabbcc);
    qpci_io_writel(g->dev, g->io, IGD_TESTDEV_IO_INDEX, IGD_TESTDEV_DMA_FILL);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x44444444);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    igd_guest_dma_start(g, IGD_TESTDEV_CMD_FILL, 0, IGD_DEFAULT_BDSM, MIB);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x55555555);
    igd_guest_write64(g, IGD_TESTDEV_DMA_SRC, RAM_BUF);
    migration_save(g->qts);
}

static void test_migrate(void)
{
    IGDRig *g;

    save_running(IGD_DEFAULT_OPTS);
    g = igd_guest_load(IGD_DEFAULT_OPTS);
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
    IGDRig *g = igd_guest_open(IGD_DEFAULT_OPTS);

    qtest_memset(g->qts, RAM_BUF, 0x01, MIB);
    igd_guest_dma_start(g, IGD_TESTDEV_CMD_CHECKSUM, RAM_BUF, 0,
                        IGD_GUEST_RAM - RAM_BUF);
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
    g_test_message("STATUS 0x%x", igd_guest_read(g, IGD_TESTDEV_DMA_STATUS));
    migration_save(g->qts);
    igd_rig_stop(g);

    g = igd_guest_load(IGD_DEFAULT_OPTS);
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
    g_autofree char *err = NULL;

    save_running("dsm-base=0x7b400000,dsm-size=60M,gsm-size=4M");
    err = migration_refused("-m 512M -device igd-testdev,addr=02.0,"
                            "dsm-base=0x7b800000,dsm-size=56M,gsm-size=8M");
    assert_says(err, "BDSM 0x7b800000", "in the stream 0x7b400000", NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("igd-testdev/registers", gen_rows, test_registers);
    TEST_ROWS("igd-testdev/read-only", gen_rows, test_read_only);
    qtest_add_func("igd-testdev/sweep", test_sweep);
    qtest_add_func("igd-testdev/access-size", test_access_size);
    qtest_add_func("igd-testdev/aperture", test_aperture);
    qtest_add_func("igd-testdev/index-data", test_index_data);
    qtest_add_func("igd-testdev/msi", test_msi);
    qtest_add_func("igd-testdev/flr", test_flr);
    qtest_add_func("igd-testdev/conventional", test_conventional);
    TEST_ROWS("igd-testdev/refuses", refusal_rows, test_refusal);
    TEST_ROWS("igd-testdev/early", early_rows, test_early);
    qtest_add_func("igd-testdev/migrate/running", test_migrate);
    qtest_add_func("igd-testdev/migrate/progress", test_migrate_progress);
    qtest_add_func("igd-testdev/migrate/mismatch", test_migrate_mismatch);
    return g_test_run();
}
