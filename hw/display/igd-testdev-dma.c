/*
 * DMA engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: owns the engine's registers and its timing. A bottom half does
 * one slice at a time, and nothing while the VM is stopped, so that resets,
 * aborts and migration find the engine between two slices. The bytes are
 * moved by igd-testdev-move.c.
 *
 * Registers: docs/specs/igd-testdev.rst. Test: tests/qtest/igd-testdev-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "hw/pci/msi.h"
#include "hw/display/igd-testdev-regs.h"
#include "system/runstate.h"
#include "igd-testdev-dma.h"
#include "trace/trace-hw_igd_rmrr.h"

#define SLICE_SIZE      (2 * MiB)
#define LEN_UNIT        4       /* LEN is a multiple of this */

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

/* The 64 bit register that @reg is one half of, if it is a writable one */
static uint64_t *igd_testdev_dma_reg64(IGDTestDMA *dma, uint32_t reg)
{
    switch (QEMU_ALIGN_DOWN(reg, sizeof(uint64_t))) {
    case IGD_TESTDEV_DMA_SRC:
        return &dma->src;
    case IGD_TESTDEV_DMA_DST:
        return &dma->dst;
    case IGD_TESTDEV_DMA_LEN:
        return &dma->len;
    default:
        return NULL;
    }
}

uint32_t igd_testdev_dma_read(const IGDTestDMA *dma, uint32_t reg)
{
    switch (reg) {
    case IGD_TESTDEV_DMA_ID:
        return IGD_TESTDEV_DMA_ID_VALUE;
    case IGD_TESTDEV_DMA_VERSION:
        return IGD_TESTDEV_DMA_VERSION_VALUE;
    case IGD_TESTDEV_DMA_STATUS:
        return dma->status;
    case IGD_TESTDEV_DMA_SRC:
    case IGD_TESTDEV_DMA_DST:
    case IGD_TESTDEV_DMA_LEN:
        return *igd_testdev_dma_reg64((IGDTestDMA *)dma, reg);
    case IGD_TESTDEV_DMA_SRC + 4:
    case IGD_TESTDEV_DMA_DST + 4:
    case IGD_TESTDEV_DMA_LEN + 4:
        return *igd_testdev_dma_reg64((IGDTestDMA *)dma, reg) >> 32;
    case IGD_TESTDEV_DMA_FILL:
        return dma->fill;
    case IGD_TESTDEV_DMA_CHECKSUM:
        return dma->checksum;
    case IGD_TESTDEV_DMA_CHECKSUM + 4:
        return dma->checksum >> 32;
    case IGD_TESTDEV_DMA_FAULT_ADDR:
        return dma->run.fault_addr;
    case IGD_TESTDEV_DMA_FAULT_ADDR + 4:
        return dma->run.fault_addr >> 32;
    case IGD_TESTDEV_DMA_DONE_COUNT:
        return dma->done_count;
    case IGD_TESTDEV_DMA_IRQ:
        return dma->irq;
    default:
        return 0;       /* CMD is write-only */
    }
}

void igd_testdev_dma_write(IGDTestDMA *dma, uint32_t reg, uint32_t value)
{
    uint64_t *reg64 = igd_testdev_dma_reg64(dma, reg);

    if (reg64) {
        *reg64 = deposit64(*reg64, (reg % sizeof(uint64_t)) * BITS_PER_BYTE,
                           32, value);
        return;
    }

    switch (reg) {
    case IGD_TESTDEV_DMA_CMD:
        igd_testdev_dma_start(dma, value);
        break;
    case IGD_TESTDEV_DMA_FILL:
        dma->fill = value;
        break;
    case IGD_TESTDEV_DMA_IRQ:
        dma->irq &= ~value;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "igd-testdev: write of 0x%x to "
                      "read-only register 0x%x\n", value, reg);
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
