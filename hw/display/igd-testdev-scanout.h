/*
 * Scan-out engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All functions are called under the BQL.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_SCANOUT_H
#define HW_DISPLAY_IGD_TESTDEV_SCANOUT_H

#include "hw/pci/pci_device.h"
#include "migration/vmstate.h"
#include "ui/console.h"
#include "igd-testdev-frame.h"

/**
 * IGDTestScanout: the engine
 * @con: its console; NULL if the device has no scan-out engine, and then
 *      nothing else of it is used
 * @dsm_base, @dsm_size: the stolen memory that it reads
 * @shown: the frame buffer that is shown while @status says that it is on. It
 *      is a copy, so a guest may prepare the next one in the registers.
 * The others are the registers.
 */
typedef struct IGDTestScanout {
    PCIDevice *pdev;
    QemuConsole *con;
    uint64_t dsm_base;
    uint64_t dsm_size;
    uint32_t status;
    IGDTestFrame next;
    IGDTestFrame shown;
    uint64_t fault_addr;
    uint32_t fault_count;
    uint32_t frames;
} IGDTestScanout;

extern const VMStateDescription vmstate_igd_testdev_scanout;

/**
 * igd_testdev_scanout_init: make the engine ready and reset, and its console
 */
void igd_testdev_scanout_init(IGDTestScanout *scan, PCIDevice *pdev,
                              uint64_t dsm_base, uint64_t dsm_size);

/**
 * igd_testdev_scanout_cleanup: the reverse; also if there is none
 */
void igd_testdev_scanout_cleanup(IGDTestScanout *scan);

/**
 * igd_testdev_scanout_reset: put all registers to their reset values: off
 *
 * The picture goes with the next refresh.
 */
void igd_testdev_scanout_reset(IGDTestScanout *scan);

/**
 * igd_testdev_scanout_read: read a register
 * @reg: offset in BAR0, a multiple of 4 in the engine's block
 */
uint32_t igd_testdev_scanout_read(const IGDTestScanout *scan, uint32_t reg);

/**
 * igd_testdev_scanout_write: write a register
 * @reg: as above
 */
void igd_testdev_scanout_write(IGDTestScanout *scan, uint32_t reg,
                               uint32_t value);

#endif
