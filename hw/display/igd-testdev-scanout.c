/*
 * Scan-out engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: owns the engine's registers and its console. A refresh of the
 * console reads the whole frame buffer, page by page, with the device's DMA,
 * so through the vIOMMU; nothing of the picture before is kept. What cannot be
 * read shows the fault pattern. Nothing is read while the VM is stopped, since
 * a fault would change the state of the vIOMMU.
 *
 * Registers: docs/specs/igd-testdev.rst.
 * Test: tests/qtest/igd-testdev-scanout-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "hw/igd-rmrr-compat.h"
#include "system/runstate.h"
#include "igd-testdev.h"
#include "trace/trace-hw_igd_rmrr.h"

#define IDLE_WIDTH      640
#define IDLE_HEIGHT     480

static void igd_testdev_scanout_show_nothing(IGDTestScanout *scan)
{
    DisplaySurface *surface = qemu_console_surface(scan->con);

    if (!surface || !surface_is_placeholder(surface)) {
        dpy_gfx_replace_surface(scan->con, qemu_create_placeholder_surface(
            IDLE_WIDTH, IDLE_HEIGHT, "igd-testdev: scan-out is off"));
    }
}

static void igd_testdev_scanout_show_page(IGDTestScanout *scan, uint32_t page,
                                          DisplaySurface *surface)
{
    uint8_t bytes[IGD_TESTDEV_SCAN_PAGE];
    uint64_t addr = scan->dsm_base + scan->shown.offset +
                    (uint64_t)page * sizeof(bytes);
    bool ok = igd_testdev_move_rw(scan->pdev, addr, bytes, sizeof(bytes),
                                  DMA_DIRECTION_TO_DEVICE) == MEMTX_OK;

    if (!ok && scan->fault_count++ == 0) {
        scan->fault_addr = addr;
    }
    igd_testdev_frame_draw(&scan->shown, page, ok ? bytes : NULL,
                           surface_data(surface), surface_stride(surface));
}

static void igd_testdev_scanout_refresh(void *opaque)
{
    IGDTestScanout *scan = opaque;
    uint32_t page;

    if (!runstate_is_running()) {
        return;
    }
    if (scan->status != IGD_TESTDEV_SCAN_ON) {
        igd_testdev_scanout_show_nothing(scan);
        return;
    }

    qemu_console_resize(scan->con, scan->shown.width, scan->shown.height);
    scan->fault_addr = IGD_TESTDEV_NO_FAULT;
    scan->fault_count = 0;
    for (page = 0; page < igd_testdev_frame_pages(&scan->shown); page++) {
        igd_testdev_scanout_show_page(scan, page,
                                      qemu_console_surface(scan->con));
    }
    scan->frames++;
    trace_igd_testdev_scanout_refresh(pci_get_bdf(scan->pdev), scan->frames,
                                      scan->fault_count, scan->fault_addr);
    dpy_gfx_update_full(scan->con);
}

#if QEMU_SINCE(11, 1)
static bool igd_testdev_scanout_update(void *opaque)
{
    igd_testdev_scanout_refresh(opaque);
    return true;
}
#else
#define igd_testdev_scanout_update igd_testdev_scanout_refresh
#endif

static const GraphicHwOps igd_testdev_scanout_ops = {
    .gfx_update = igd_testdev_scanout_update,
};

static uint32_t igd_testdev_scanout_check(const IGDTestScanout *scan,
                                          uint32_t ctrl)
{
    if (ctrl & ~IGD_TESTDEV_SCAN_ENABLE) {
        return IGD_TESTDEV_SCAN_BAD_CTRL;
    }
    if (!ctrl) {
        return IGD_TESTDEV_SCAN_OFF;
    }
    return igd_testdev_frame_check(&scan->next, scan->dsm_size);
}

static void igd_testdev_scanout_control(IGDTestScanout *scan, uint32_t ctrl)
{
    const IGDTestFrame *next = &scan->next;

    scan->status = igd_testdev_scanout_check(scan, ctrl);
    scan->shown = *next;
    trace_igd_testdev_scanout_control(pci_get_bdf(scan->pdev), ctrl,
                                      next->offset, next->stride, next->width,
                                      next->height, scan->status);
    if (scan->status != IGD_TESTDEV_SCAN_ON &&
        scan->status != IGD_TESTDEV_SCAN_OFF) {
        qemu_log_mask(LOG_GUEST_ERROR, "igd-testdev: SCAN_CTRL 0x%x refused: "
                      "status 0x%x; scan-out is off\n", ctrl, scan->status);
    }
}

static const IGDTestReg igd_testdev_scanout_regs[] = {
    { IGD_TESTDEV_SCAN_STATUS, 32, false, offsetof(IGDTestScanout, status) },
    { IGD_TESTDEV_SCAN_STRIDE, 32, true,
      offsetof(IGDTestScanout, next.stride) },
    { IGD_TESTDEV_SCAN_WIDTH, 32, true, offsetof(IGDTestScanout, next.width) },
    { IGD_TESTDEV_SCAN_HEIGHT, 32, true,
      offsetof(IGDTestScanout, next.height) },
    { IGD_TESTDEV_SCAN_OFFSET, 64, true,
      offsetof(IGDTestScanout, next.offset) },
    { IGD_TESTDEV_SCAN_FAULT_ADDR, 64, false,
      offsetof(IGDTestScanout, fault_addr) },
    { IGD_TESTDEV_SCAN_FAULT_COUNT, 32, false,
      offsetof(IGDTestScanout, fault_count) },
    { IGD_TESTDEV_SCAN_FRAMES, 32, false, offsetof(IGDTestScanout, frames) },
    { }
};

uint32_t igd_testdev_scanout_read(const IGDTestScanout *scan, uint32_t reg)
{
    if (!scan->con) {
        return 0;
    }
    switch (reg) {
    case IGD_TESTDEV_SCAN_LIMITS:
        return IGD_TESTDEV_SCAN_MAX_HEIGHT << 16 | IGD_TESTDEV_SCAN_MAX_WIDTH;
    case IGD_TESTDEV_SCAN_CTRL:
        return scan->status == IGD_TESTDEV_SCAN_ON ? IGD_TESTDEV_SCAN_ENABLE
                                                   : 0;
    default:
        return igd_testdev_reg_read(igd_testdev_scanout_regs, scan, reg);
    }
}

void igd_testdev_scanout_write(IGDTestScanout *scan, uint32_t reg,
                               uint32_t value)
{
    if (!scan->con) {
        qemu_log_mask(LOG_GUEST_ERROR, "igd-testdev: write of 0x%x to register "
                      "0x%x of the scan-out engine, which is not there "
                      "(scanout=off)\n", value, reg);
    } else if (reg == IGD_TESTDEV_SCAN_CTRL) {
        igd_testdev_scanout_control(scan, value);
    } else {
        igd_testdev_reg_write(igd_testdev_scanout_regs, scan, reg, value);
    }
}

void igd_testdev_scanout_reset(IGDTestScanout *scan)
{
    scan->status = IGD_TESTDEV_SCAN_OFF;
    scan->next = (IGDTestFrame) { 0 };
    scan->shown = scan->next;
    scan->fault_addr = IGD_TESTDEV_NO_FAULT;
    scan->fault_count = 0;
    scan->frames = 0;
}

void igd_testdev_scanout_init(IGDTestScanout *scan, PCIDevice *pdev,
                              uint64_t dsm_base, uint64_t dsm_size)
{
    scan->pdev = pdev;
    scan->dsm_base = dsm_base;
    scan->dsm_size = dsm_size;
    igd_testdev_scanout_reset(scan);
    scan->con = graphic_console_init(DEVICE(pdev), 0,
                                     &igd_testdev_scanout_ops, scan);
}

void igd_testdev_scanout_cleanup(IGDTestScanout *scan)
{
    if (scan->con) {
        graphic_console_close(scan->con);
        scan->con = NULL;
    }
}

/*
 * What comes in a stream is held to the same rules as what a guest writes;
 * and a picture must not get lost where there is no console.
 */
static int igd_testdev_scanout_post_load(void *opaque, int version_id)
{
    IGDTestScanout *scan = opaque;

    if (!scan->con) {
        return -EINVAL;
    }
    if (scan->status == IGD_TESTDEV_SCAN_ON &&
        igd_testdev_frame_check(&scan->shown, scan->dsm_size) !=
        IGD_TESTDEV_SCAN_ON) {
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_igd_testdev_frame = {
    .name = "igd-testdev/frame",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(offset, IGDTestFrame),
        VMSTATE_UINT32(stride, IGDTestFrame),
        VMSTATE_UINT32(width, IGDTestFrame),
        VMSTATE_UINT32(height, IGDTestFrame),
        VMSTATE_END_OF_LIST()
    },
};

const VMStateDescription vmstate_igd_testdev_scanout = {
    .name = "igd-testdev/scanout/state",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = igd_testdev_scanout_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(status, IGDTestScanout),
        VMSTATE_STRUCT(next, IGDTestScanout, 1, vmstate_igd_testdev_frame,
                       IGDTestFrame),
        VMSTATE_STRUCT(shown, IGDTestScanout, 1, vmstate_igd_testdev_frame,
                       IGDTestFrame),
        VMSTATE_UINT64(fault_addr, IGDTestScanout),
        VMSTATE_UINT32(fault_count, IGDTestScanout),
        VMSTATE_UINT32(frames, IGDTestScanout),
        VMSTATE_END_OF_LIST()
    },
};
