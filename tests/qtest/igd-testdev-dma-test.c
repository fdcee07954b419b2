/*
 * DMA engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Without an IOMMU: what the engine moves, each way a command can fail, and
 * what a reset or a stopped machine does to a running one. While the machine
 * is stopped the engine makes no progress, so "running" is a state that a
 * test can hold.
 */

#include "qemu/osdep.h"
#include "hw/pci/pci_regs.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"

#define RAM_SRC     0x1000000ull
#define RAM_DST     0x2000000ull
#define KIB         0x400ull
#define MIB         0x100000ull

/* Where a transfer leaves memory: above RAM there is nothing */
#define HOLE        IGD_GUEST_RAM

#define COPY        IGD_TESTDEV_CMD_COPY
#define FILL        IGD_TESTDEV_CMD_FILL
#define CHECKSUM    IGD_TESTDEV_CMD_CHECKSUM

static uint8_t *random_bytes(size_t size)
{
    uint8_t *bytes = g_malloc(size);
    size_t i;

    for (i = 0; i < size; i++) {
        bytes[i] = g_test_rand_int();
    }
    return bytes;
}

static uint64_t checksum_of(const uint8_t *bytes, size_t size)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        sum += (uint64_t)bytes[i] << (i % 4 * 8);
    }
    return sum;
}

static void stop(IGDRig *g)
{
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'stop' }");
}

static void cont(IGDRig *g)
{
    qtest_qmp_assert_success(g->qts, "{ 'execute': 'cont' }");
}

/* Copy, sum and copy back; memory around each destination has to stay */
static void check_copy(IGDRig *g, uint64_t src, uint64_t dst, size_t size)
{
    g_autofree uint8_t *sent = random_bytes(size);
    g_autofree uint8_t *got = g_malloc(size + 2);

    g_test_message("0x%" PRIx64 " to 0x%" PRIx64 ", 0x%zx bytes", src, dst,
                   size);
    qtest_memwrite(g->qts, src, sent, size);
    qtest_memset(g->qts, dst - 1, 0x5a, size + 2);
    igd_guest_dma_check(g, COPY, src, dst, size, IGD_TESTDEV_STATUS_DONE);
    qtest_memread(g->qts, dst - 1, got, size + 2);
    g_assert_cmpmem(got + 1, size, sent, size);
    g_assert_cmphex(got[0], ==, 0x5a);
    g_assert_cmphex(got[size + 1], ==, 0x5a);

    igd_guest_dma_check(g, CHECKSUM, dst, 0, size, IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(g, IGD_TESTDEV_DMA_CHECKSUM, checksum_of(sent, size));
    igd_guest_check64(g, IGD_TESTDEV_DMA_FAULT_ADDR, IGD_TESTDEV_NO_FAULT);
}

static void test_copy(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    check_copy(g, RAM_SRC, RAM_DST, 4);
    check_copy(g, RAM_SRC, IGD_DEFAULT_BDSM, 64 * KIB);
    check_copy(g, IGD_DEFAULT_BDSM, RAM_DST, 64 * KIB + 4);
    check_copy(g, RAM_SRC + 1, IGD_DEFAULT_BASE + 0xffe, 200 * KIB);
    check_copy(g, IGD_DEFAULT_BASE + 1, IGD_DEFAULT_BDSM + 3, 4);
    check_copy(g, RAM_SRC, IGD_DEFAULT_LIMIT - 3 * MIB, 3 * MIB);
}

static void test_fill(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    const uint8_t pattern[4] = { 0x78, 0x56, 0x34, 0x12 };
    size_t size = 3 * MIB + 64 * KIB + 4, i;
    g_autofree uint8_t *got = g_malloc(size);

    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x12345678);
    igd_guest_dma_check(g, FILL, 0, IGD_DEFAULT_BASE + 1, size,
                        IGD_TESTDEV_STATUS_DONE);
    qtest_memread(g->qts, IGD_DEFAULT_BASE + 1, got, size);
    for (i = 0; i < size; i++) {
        g_assert_cmphex(got[i], ==, pattern[i % 4]);
    }
    g_assert_cmphex(qtest_readb(g->qts, IGD_DEFAULT_BASE), ==, 0);
    g_assert_cmphex(qtest_readb(g->qts, IGD_DEFAULT_BASE + 1 + size), ==, 0);
}

/* 32 MiB, for those who measure: the time is printed, and not judged */
static void test_large(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    gint64 start = g_get_monotonic_time();

    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x01020304);
    igd_guest_dma_check(g, FILL, 0, IGD_DEFAULT_BDSM, 32 * MIB,
                        IGD_TESTDEV_STATUS_DONE);
    igd_guest_dma_check(g, COPY, IGD_DEFAULT_BDSM, RAM_DST, 32 * MIB,
                        IGD_TESTDEV_STATUS_DONE);
    igd_guest_dma_check(g, CHECKSUM, RAM_DST, 0, 32 * MIB,
                        IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(g, IGD_TESTDEV_DMA_CHECKSUM, 0x01020304ull * 8 * MIB);
    g_test_message("fill, copy and checksum of 32 MiB: %" G_GINT64_FORMAT
                   " us", g_get_monotonic_time() - start);
}

typedef struct StatusRow {
    const char *name;
    uint32_t cmd;
    uint64_t src;
    uint64_t dst;
    uint64_t len;
    uint32_t status;
    uint64_t fault_addr;
} StatusRow;

#define NO_FAULT IGD_TESTDEV_NO_FAULT
#define S(status) IGD_TESTDEV_STATUS_##status

static const StatusRow status_rows[] = {
    { "cmd 0", 0, RAM_SRC, RAM_DST, 4, S(BAD_CMD), NO_FAULT },
    { "cmd 4", 4, RAM_SRC, RAM_DST, 4, S(BAD_CMD), NO_FAULT },
    { "cmd 15", 15, RAM_SRC, RAM_DST, 4, S(BAD_CMD), NO_FAULT },
    { "reserved bit 4", 0x11, RAM_SRC, RAM_DST, 4, S(BAD_CMD), NO_FAULT },
    { "reserved bit 31", 0x80000001, RAM_SRC, RAM_DST, 4, S(BAD_CMD),
      NO_FAULT },
    { "length 0", COPY, RAM_SRC, RAM_DST, 0, S(BAD_LEN), NO_FAULT },
    { "length 6", FILL, RAM_SRC, RAM_DST, 6, S(BAD_LEN), NO_FAULT },
    { "length ~0", CHECKSUM, 0, 0, UINT64_MAX, S(BAD_LEN), NO_FAULT },
    { "source wraps", COPY, UINT64_MAX - 6, RAM_DST, 8, S(WRAPS), NO_FAULT },
    { "destination wraps", FILL, RAM_SRC, 8, UINT64_MAX - 3, S(WRAPS),
      NO_FAULT },
    { "unused source may wrap", FILL, UINT64_MAX, RAM_DST, 8, S(DONE),
      NO_FAULT },
    { "unused destination may wrap", CHECKSUM, RAM_SRC, UINT64_MAX, 8,
      S(DONE), NO_FAULT },
    { "last byte of the space", CHECKSUM, UINT64_MAX - 7, 0, 8,
      S(READ_FAILED), UINT64_MAX - 7 },
    { "read fails at once", COPY, HOLE, RAM_DST, 8, S(READ_FAILED), HOLE },
    { "read fails in a page", CHECKSUM, HOLE + 0x123, 0, 64 * KIB,
      S(READ_FAILED), HOLE + 0x123 },
    { "read fails later", COPY, HOLE - 3 * MIB + 4, RAM_DST, 3 * MIB,
      S(READ_FAILED), HOLE },
    { "write fails at once", FILL, 0, HOLE, 8, S(WRITE_FAILED), HOLE },
    { "write fails later", COPY, RAM_SRC, HOLE - 100 * KIB, 200 * KIB,
      S(WRITE_FAILED), HOLE },
    { "below the region", COPY, RAM_SRC, IGD_DEFAULT_BASE - 8, 16,
      S(WRITE_FAILED), IGD_DEFAULT_BASE - 8 },
    { "above the region", CHECKSUM, IGD_DEFAULT_LIMIT - 3, 0, 8,
      S(READ_FAILED), IGD_DEFAULT_LIMIT + 1 },
    { "registers are no memory", COPY, 0xfed00000, RAM_DST, 8,
      S(READ_FAILED), 0xfed00000 },
};

static void test_status(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);
    const StatusRow *row;
    uint32_t done = 0;

    for (row = status_rows; row < status_rows + G_N_ELEMENTS(status_rows);
         row++) {
        g_test_message("%s", row->name);
        igd_guest_dma_check(g, row->cmd, row->src, row->dst, row->len,
                            row->status);
        igd_guest_check64(g, IGD_TESTDEV_DMA_FAULT_ADDR, row->fault_addr);
        g_assert_cmpint(igd_guest_read(g, IGD_TESTDEV_DMA_DONE_COUNT), ==,
                        ++done);
        igd_guest_check(g, IGD_TESTDEV_DMA_IRQ, IGD_TESTDEV_IRQ_FINISHED);
        igd_guest_write(g, IGD_TESTDEV_DMA_IRQ, IGD_TESTDEV_IRQ_FINISHED);
        igd_guest_check(g, IGD_TESTDEV_DMA_IRQ, 0);
    }
}

/* All that is before the address that failed has been done */
static void test_partial(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0xa5a5a5a5);
    igd_guest_dma_check(g, FILL, 0, HOLE - 70 * KIB, MIB,
                        IGD_TESTDEV_STATUS_WRITE_FAILED);
    g_assert_cmphex(qtest_readl(g->qts, HOLE - 70 * KIB), ==, 0xa5a5a5a5);
    g_assert_cmphex(qtest_readl(g->qts, HOLE - 4), ==, 0xa5a5a5a5);
    g_assert_cmphex(qtest_readl(g->qts, HOLE - 70 * KIB - 4), ==, 0);

    /* The pattern goes on over pieces whose size is not that of a word */
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x44332211);
    igd_guest_dma_check(g, FILL, 0, HOLE - 8 * KIB + 1, MIB,
                        IGD_TESTDEV_STATUS_WRITE_FAILED);
    g_assert_cmphex(qtest_readl(g->qts, HOLE - 4 * KIB), ==, 0x33221144);
    g_assert_cmphex(qtest_readl(g->qts, HOLE - 4), ==, 0x33221144);
}

static void test_no_bus_master(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    igd_guest_set_master(g, false);
    igd_guest_dma_check(g, COPY, RAM_SRC, RAM_DST, 4,
                        IGD_TESTDEV_STATUS_NO_MASTER);
    igd_guest_set_master(g, true);
    igd_guest_dma_check(g, COPY, RAM_SRC, RAM_DST, 4, IGD_TESTDEV_STATUS_DONE);

    stop(g);
    igd_guest_dma_start(g, COPY, RAM_SRC, RAM_DST, MIB);
    igd_guest_check(g, IGD_TESTDEV_DMA_STATUS, IGD_TESTDEV_STATUS_BUSY);
    igd_guest_set_master(g, false);
    igd_guest_check(g, IGD_TESTDEV_DMA_STATUS, IGD_TESTDEV_STATUS_ABORTED);
    g_assert_cmpint(igd_guest_read(g, IGD_TESTDEV_DMA_DONE_COUNT), ==, 3);
}

/* Registers belong to the next command, and CMD is refused, while one runs */
static void test_busy(void)
{
    g_autoptr(IGDRig) g = igd_guest_open(IGD_DEFAULT_OPTS);

    stop(g);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x11111111);
    igd_guest_dma_start(g, FILL, 0, RAM_DST, MIB);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x22222222);
    igd_guest_dma_start(g, FILL, 0, RAM_SRC, MIB);
    igd_guest_check(g, IGD_TESTDEV_DMA_STATUS, IGD_TESTDEV_STATUS_BUSY);
    igd_guest_check(g, IGD_TESTDEV_DMA_IRQ, 0);
    cont(g);
    g_assert_cmphex(igd_guest_dma_wait(g), ==, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(g->qts, RAM_DST + MIB - 4), ==, 0x11111111);
    g_assert_cmphex(qtest_readl(g->qts, RAM_SRC), ==, 0);
    g_assert_cmpint(igd_guest_read(g, IGD_TESTDEV_DMA_DONE_COUNT), ==, 1);
}

static void check_reset_values(IGDRig *g, uint32_t status)
{
    uint32_t reg;

    igd_guest_check(g, IGD_TESTDEV_DMA_STATUS, status);
    for (reg = IGD_TESTDEV_DMA_SRC; reg < IGD_TESTDEV_DMA_FAULT_ADDR;
         reg += 4) {
        igd_guest_check(g, reg, 0);
    }
    igd_guest_check64(g, IGD_TESTDEV_DMA_FAULT_ADDR, IGD_TESTDEV_NO_FAULT);
    igd_guest_check64(g, IGD_TESTDEV_DMA_DONE_COUNT, 0);
}

static void machine_reset(IGDRig *g)
{
    qtest_system_reset(g->qts);
}

typedef struct AbortRow {
    const char *name;
    void (*reset)(IGDRig *g);
} AbortRow;

static const AbortRow abort_rows[] = {
    { "flr-aborts", igd_guest_flr },
    { "reset-aborts", machine_reset },
};

/* A reset in the middle: nothing moves any more, and STATUS tells */
static void test_abort(const void *opaque)
{
    const AbortRow *row = opaque;
    g_autoptr(IGDRig) g = igd_guest_start(IGD_DEFAULT_OPTS, "");

    igd_guest_enable(g);
    qtest_writel(g->qts, RAM_DST, 0);
    stop(g);
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, 0x33333333);
    igd_guest_dma_start(g, FILL, 0, RAM_DST, MIB);
    row->reset(g);
    g_assert_cmphex(qpci_config_readw(g->dev, PCI_COMMAND), ==, 0);
    igd_guest_enable(g);
    check_reset_values(g, IGD_TESTDEV_STATUS_ABORTED);
    cont(g);
    igd_guest_dma_check(g, CHECKSUM, RAM_DST, 0, 4, IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(g, IGD_TESTDEV_DMA_CHECKSUM, 0);
    row->reset(g);
    igd_guest_enable(g);
    check_reset_values(g, IGD_TESTDEV_STATUS_IDLE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("igd-testdev/dma/copy", test_copy);
    qtest_add_func("igd-testdev/dma/fill", test_fill);
    qtest_add_func("igd-testdev/dma/large", test_large);
    qtest_add_func("igd-testdev/dma/status", test_status);
    qtest_add_func("igd-testdev/dma/partial", test_partial);
    qtest_add_func("igd-testdev/dma/no-bus-master", test_no_bus_master);
    qtest_add_func("igd-testdev/dma/busy", test_busy);
    TEST_ROWS("igd-testdev/dma", abort_rows, test_abort);
    return g_test_run();
}
