/*
 * DMA engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: owns the engine's registers, its timing, and the mover. A bottom
 * half does one slice at a time, and nothing while the VM is stopped, so that
 * resets, aborts and migration find the engine between two slices. The mover
 * copies, fills and sums guest memory through the device's address space, so
 * through the vIOMMU, in large pieces. When one fails it goes over that piece
 * again in pieces that stay within a page, to learn which address failed.
 *
 * Registers: docs/specs/igd-testdev.rst. Test:
 * tests/qtest/igd-testdev-dma-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "hw/pci/msi.h"
#include "system/runstate.h"
#include "igd-testdev.h"
#include "trace/trace-hw_igd_rmrr.h"

#define SLICE_SIZE      (2 * MiB)
#define LEN_UNIT        4       /* LEN is a multiple of this */
#define PIECE_SIZE      (64 * KiB)
#define FAULT_PAGE      (4 * KiB)
#define WORD            4       /* bytes in a word of FILL and CHECKSUM */

/* Registers of this engine, and of the scan-out's */

/* The entry that @reg is, or is one half of */
static const IGDTestReg *igd_testdev_reg_find(const IGDTestReg *list,
                                              uint32_t reg)
{
    for (; list->bits; list++) {
        if (reg - list->reg < list->bits / BITS_PER_BYTE) {
            return list;
        }
    }
    return NULL;
}

uint32_t igd_testdev_reg_read(const IGDTestReg *list, const void *engine,
                              uint32_t reg)
{
    const IGDTestReg *r = igd_testdev_reg_find(list, reg);

    if (!r) {
        return 0;
    }
    if (r->bits == 32) {
        return *(const uint32_t *)(engine + r->field);
    }
    return *(const uint64_t *)(engine + r->field) >>
           (reg - r->reg) * BITS_PER_BYTE;
}

void igd_testdev_reg_write(const IGDTestReg *list, void *engine, uint32_t reg,
                           uint32_t value)
{
    const IGDTestReg *r = igd_testdev_reg_find(list, reg);

    if (!r || !r->writable) {
        qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": write of 0x%x to "
                      "read-only register 0x%x\n", value, reg);
    } else if (r->bits == 32) {
        *(uint32_t *)(engine + r->field) = value;
    } else {
        uint64_t *field = engine + r->field;

        *field = deposit64(*field, (reg - r->reg) * BITS_PER_BYTE, 32, value);
    }
}

/* The mover */

/* Whether a command reads SRC, or writes DST; for an unknown one neither */
static bool igd_testdev_move_reads_src(uint32_t cmd)
{
    cmd &= IGD_TESTDEV_CMD_MASK;
    return cmd == IGD_TESTDEV_CMD_COPY || cmd == IGD_TESTDEV_CMD_CHECKSUM;
}

static bool igd_testdev_move_writes_dst(uint32_t cmd)
{
    cmd &= IGD_TESTDEV_CMD_MASK;
    return cmd == IGD_TESTDEV_CMD_COPY || cmd == IGD_TESTDEV_CMD_FILL;
}

MemTxResult igd_testdev_move_rw(PCIDevice *pdev, uint64_t addr, void *buf,
                                uint64_t size, DMADirection dir)
{
    return pci_dma_rw(pdev, addr, buf, size, dir,
                      (MemTxAttrs) { .memory = true });
}

/* The pattern's first byte has to be where byte @run->pos of it would be */
static void igd_testdev_move_pattern(const IGDTestMove *run, uint8_t *buf,
                                     uint64_t size)
{
    uint32_t word = ror32(run->fill, (run->pos % WORD) * BITS_PER_BYTE);
    uint64_t i;

    for (i = 0; i < size; i += WORD) {
        stl_le_p(buf + i, word);
    }
}

/* A piece need not start or end at a word */
static void igd_testdev_move_sum(IGDTestMove *run, const uint8_t *buf,
                                 uint64_t size)
{
    uint64_t i = 0;

    while (i < size) {
        unsigned byte = (run->pos + i) % WORD;

        if (byte == 0 && size - i >= WORD) {
            run->sum += (uint32_t)ldl_le_p(buf + i);
            i += WORD;
        } else {
            run->sum += (uint64_t)buf[i] << (byte * BITS_PER_BYTE);
            i++;
        }
    }
}

/*
 * Moves @size bytes and advances, or returns the status to fail with and sets
 * the address. @buf has room for PIECE_SIZE and one more word.
 */
static uint32_t igd_testdev_move_piece(PCIDevice *pdev, IGDTestMove *run,
                                       uint8_t *buf, uint64_t size)
{
    uint64_t src = run->src + run->pos;
    uint64_t dst = run->dst + run->pos;

    if (!igd_testdev_move_reads_src(run->cmd)) {
        igd_testdev_move_pattern(run, buf, size);
    } else if (igd_testdev_move_rw(pdev, src, buf, size,
                                   DMA_DIRECTION_TO_DEVICE) != MEMTX_OK) {
        run->fault_addr = src;
        return IGD_TESTDEV_STATUS_READ_FAILED;
    }
    if (!igd_testdev_move_writes_dst(run->cmd)) {
        igd_testdev_move_sum(run, buf, size);
    } else if (igd_testdev_move_rw(pdev, dst, buf, size,
                                   DMA_DIRECTION_FROM_DEVICE) != MEMTX_OK) {
        run->fault_addr = dst;
        return IGD_TESTDEV_STATUS_WRITE_FAILED;
    }
    run->pos += size;
    return IGD_TESTDEV_STATUS_DONE;
}

/* How many of @left bytes can be moved without leaving a page */
static uint64_t igd_testdev_move_to_page_end(const IGDTestMove *run,
                                             uint64_t left)
{
    if (igd_testdev_move_reads_src(run->cmd)) {
        left = MIN(left, FAULT_PAGE - (run->src + run->pos) % FAULT_PAGE);
    }
    if (igd_testdev_move_writes_dst(run->cmd)) {
        left = MIN(left, FAULT_PAGE - (run->dst + run->pos) % FAULT_PAGE);
    }
    return left;
}

/* Moves @size bytes, at most PIECE_SIZE */
static uint32_t igd_testdev_move_retry(PCIDevice *pdev, IGDTestMove *run,
                                       uint8_t *buf, uint64_t size)
{
    uint64_t end = run->pos + size;
    uint32_t status = igd_testdev_move_piece(pdev, run, buf, size);

    while (run->pos < end) {
        size = igd_testdev_move_to_page_end(run, end - run->pos);
        status = igd_testdev_move_piece(pdev, run, buf, size);
        if (status != IGD_TESTDEV_STATUS_DONE) {
            return status;
        }
    }
    run->fault_addr = IGD_TESTDEV_NO_FAULT;
    return status;
}

/*
 * Goes on with a command, for @size bytes or to its end. Returns STATUS_DONE,
 * or the status to fail with.
 */
static uint32_t igd_testdev_move(PCIDevice *pdev, IGDTestMove *run,
                                 uint64_t size)
{
    g_autofree uint8_t *buf = g_malloc(PIECE_SIZE + WORD);
    uint64_t end = run->pos + MIN(run->len - run->pos, size);
    uint32_t status = IGD_TESTDEV_STATUS_DONE;

    while (run->pos < end && status == IGD_TESTDEV_STATUS_DONE) {
        status = igd_testdev_move_retry(pdev, run, buf,
                                        MIN(end - run->pos, PIECE_SIZE));
    }
    return status;
}

/* The engine */

static bool igd_testdev_dma_is_master(const IGDTestDMA *dma)
{
    return pci_get_word(dma->pdev->config + PCI_COMMAND) & PCI_COMMAND_MASTER;
}

static void igd_testdev_dma_finish(IGDTestDMA *dma, uint32_t status)
{
    trace_igd_testdev_dma_finish(pci_get_bdf(dma->pdev), status,
                                 dma->run.fault_addr);
    dma->status = status;
    dma->done_count++;
    dma->irq |= IGD_TESTDEV_IRQ_FINISHED;
    if (dma->run.cmd & IGD_TESTDEV_CMD_MSI && msi_enabled(dma->pdev)) {
        msi_notify(dma->pdev, 0);
    }
}

static void igd_testdev_dma_slice(void *opaque)
{
    IGDTestDMA *dma = opaque;
    IGDTestMove *run = &dma->run;
    uint32_t status;

    if (dma->status != IGD_TESTDEV_STATUS_BUSY || !runstate_is_running()) {
        return;
    }
    status = igd_testdev_move(dma->pdev, run, SLICE_SIZE);
    if (status == IGD_TESTDEV_STATUS_DONE && run->pos < run->len) {
        qemu_bh_schedule(dma->bh);
        return;
    }
    if (status == IGD_TESTDEV_STATUS_DONE &&
        !igd_testdev_move_writes_dst(run->cmd)) {
        dma->checksum = run->sum;
    }
    igd_testdev_dma_finish(dma, status);
}

static void igd_testdev_dma_resume(void *opaque, bool running, RunState state)
{
    IGDTestDMA *dma = opaque;

    if (running && dma->status == IGD_TESTDEV_STATUS_BUSY) {
        qemu_bh_schedule(dma->bh);
    }
}

static bool igd_testdev_dma_range_ok(uint64_t addr, uint64_t len)
{
    return addr + (len - 1) >= addr;
}

/* IGD_TESTDEV_STATUS_BUSY if the command can run, or what is wrong with it */
static uint32_t igd_testdev_dma_check(const IGDTestMove *run)
{
    if (run->cmd & ~(IGD_TESTDEV_CMD_MASK | IGD_TESTDEV_CMD_MSI) ||
        (!igd_testdev_move_reads_src(run->cmd) &&
         !igd_testdev_move_writes_dst(run->cmd))) {
        return IGD_TESTDEV_STATUS_BAD_CMD;
    }
    if (run->len == 0 || run->len % LEN_UNIT) {
        return IGD_TESTDEV_STATUS_BAD_LEN;
    }
    if ((igd_testdev_move_reads_src(run->cmd) &&
         !igd_testdev_dma_range_ok(run->src, run->len)) ||
        (igd_testdev_move_writes_dst(run->cmd) &&
         !igd_testdev_dma_range_ok(run->dst, run->len))) {
        return IGD_TESTDEV_STATUS_WRAPS;
    }
    return IGD_TESTDEV_STATUS_BUSY;
}

static void igd_testdev_dma_start(IGDTestDMA *dma, uint32_t cmd)
{
    uint16_t bdf = pci_get_bdf(dma->pdev);
    uint32_t status;

    if (dma->status == IGD_TESTDEV_STATUS_BUSY) {
        trace_igd_testdev_dma_refuse(bdf, cmd);
        qemu_log_mask(LOG_GUEST_ERROR, "igd-testdev: CMD 0x%x ignored: "
                      "another command is running\n", cmd);
        return;
    }

    dma->run = (IGDTestMove) {
        .cmd = cmd,
        .fill = dma->fill,
        .src = dma->src,
        .dst = dma->dst,
        .len = dma->len,
        .fault_addr = IGD_TESTDEV_NO_FAULT,
    };
    trace_igd_testdev_dma_start(bdf, cmd, dma->src, dma->dst, dma->len);

    status = igd_testdev_dma_check(&dma->run);
    if (status == IGD_TESTDEV_STATUS_BUSY && !igd_testdev_dma_is_master(dma)) {
        status = IGD_TESTDEV_STATUS_NO_MASTER;
    }
    if (status == IGD_TESTDEV_STATUS_BUSY) {
        dma->status = status;
        qemu_bh_schedule(dma->bh);
    } else {
        qemu_log_mask(LOG_GUEST_ERROR, "igd-testdev: CMD 0x%x refused: "
                      "status 0x%x\n", cmd, status);
        igd_testdev_dma_finish(dma, status);
    }
}

static const IGDTestReg igd_testdev_dma_regs[] = {
    { IGD_TESTDEV_DMA_STATUS, 32, false, offsetof(IGDTestDMA, status) },
    { IGD_TESTDEV_DMA_SRC, 64, true, offsetof(IGDTestDMA, src) },
    { IGD_TESTDEV_DMA_DST, 64, true, offsetof(IGDTestDMA, dst) },
    { IGD_TESTDEV_DMA_LEN, 64, true, offsetof(IGDTestDMA, len) },
    { IGD_TESTDEV_DMA_FILL, 32, true, offsetof(IGDTestDMA, fill) },
    { IGD_TESTDEV_DMA_CHECKSUM, 64, false, offsetof(IGDTestDMA, checksum) },
    { IGD_TESTDEV_DMA_FAULT_ADDR, 64, false,
      offsetof(IGDTestDMA, run.fault_addr) },
    { IGD_TESTDEV_DMA_DONE_COUNT, 32, false,
      offsetof(IGDTestDMA, done_count) },
    { IGD_TESTDEV_DMA_IRQ, 32, false, offsetof(IGDTestDMA, irq) },
    { }
};

uint32_t igd_testdev_dma_read(const IGDTestDMA *dma, uint32_t reg)
{
    switch (reg) {
    case IGD_TESTDEV_DMA_ID:
        return IGD_TESTDEV_DMA_ID_VALUE;
    case IGD_TESTDEV_DMA_VERSION:
        return IGD_TESTDEV_DMA_VERSION_VALUE;
    default:
        return igd_testdev_reg_read(igd_testdev_dma_regs, dma, reg);
    }
}

void igd_testdev_dma_write(IGDTestDMA *dma, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case IGD_TESTDEV_DMA_CMD:
        igd_testdev_dma_start(dma, value);
        break;
    case IGD_TESTDEV_DMA_IRQ:
        dma->irq &= ~value;
        break;
    default:
        igd_testdev_reg_write(igd_testdev_dma_regs, dma, reg, value);
    }
}

void igd_testdev_dma_master_changed(IGDTestDMA *dma)
{
    if (dma->status == IGD_TESTDEV_STATUS_BUSY &&
        !igd_testdev_dma_is_master(dma)) {
        igd_testdev_dma_finish(dma, IGD_TESTDEV_STATUS_ABORTED);
    }
}

void igd_testdev_dma_reset(IGDTestDMA *dma)
{
    bool busy = dma->status == IGD_TESTDEV_STATUS_BUSY;

    dma->status = busy ? IGD_TESTDEV_STATUS_ABORTED : IGD_TESTDEV_STATUS_IDLE;
    dma->fill = 0;
    dma->src = 0;
    dma->dst = 0;
    dma->len = 0;
    dma->checksum = 0;
    dma->done_count = 0;
    dma->irq = 0;
    dma->run = (IGDTestMove) { .fault_addr = IGD_TESTDEV_NO_FAULT };
}

void igd_testdev_dma_init(IGDTestDMA *dma, PCIDevice *pdev)
{
    dma->pdev = pdev;
    dma->bh = qemu_bh_new_guarded(igd_testdev_dma_slice, dma,
                                  &DEVICE(pdev)->mem_reentrancy_guard);
    dma->resume = qemu_add_vm_change_state_handler(igd_testdev_dma_resume,
                                                   dma);
    dma->status = IGD_TESTDEV_STATUS_IDLE;
    igd_testdev_dma_reset(dma);
}

void igd_testdev_dma_cleanup(IGDTestDMA *dma)
{
    g_clear_pointer(&dma->resume, qemu_del_vm_change_state_handler);
    g_clear_pointer(&dma->bh, qemu_bh_delete);
    dma->status = IGD_TESTDEV_STATUS_IDLE;
}

/* What comes in a stream is held to the same rules as what a guest writes */
static int igd_testdev_dma_post_load(void *opaque, int version_id)
{
    IGDTestDMA *dma = opaque;

    if (dma->status == IGD_TESTDEV_STATUS_BUSY &&
        (igd_testdev_dma_check(&dma->run) != IGD_TESTDEV_STATUS_BUSY ||
         dma->run.pos > dma->run.len)) {
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_igd_testdev_move = {
    .name = "igd-testdev/move",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(cmd, IGDTestMove),
        VMSTATE_UINT32(fill, IGDTestMove),
        VMSTATE_UINT64(src, IGDTestMove),
        VMSTATE_UINT64(dst, IGDTestMove),
        VMSTATE_UINT64(len, IGDTestMove),
        VMSTATE_UINT64(pos, IGDTestMove),
        VMSTATE_UINT64(sum, IGDTestMove),
        VMSTATE_UINT64(fault_addr, IGDTestMove),
        VMSTATE_END_OF_LIST()
    },
};

const VMStateDescription vmstate_igd_testdev_dma = {
    .name = "igd-testdev/dma",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = igd_testdev_dma_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(status, IGDTestDMA),
        VMSTATE_UINT32(fill, IGDTestDMA),
        VMSTATE_UINT64(src, IGDTestDMA),
        VMSTATE_UINT64(dst, IGDTestDMA),
        VMSTATE_UINT64(len, IGDTestDMA),
        VMSTATE_UINT64(checksum, IGDTestDMA),
        VMSTATE_UINT32(done_count, IGDTestDMA),
        VMSTATE_UINT32(irq, IGDTestDMA),
        VMSTATE_STRUCT(run, IGDTestDMA, 1, vmstate_igd_testdev_move,
                       IGDTestMove),
        VMSTATE_END_OF_LIST()
    },
};
