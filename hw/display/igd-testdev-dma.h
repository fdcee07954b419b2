/*
 * DMA engine of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All functions are called under the BQL.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_DMA_H
#define HW_DISPLAY_IGD_TESTDEV_DMA_H

#include "hw/pci/pci_device.h"
#include "migration/vmstate.h"
#include "igd-testdev-move.h"

/**
 * IGDTestDMA: the engine
 * @run: the command that is running, or the last one. It has its own copies,
 *      so a guest may prepare the next command in the registers meanwhile.
 * The others from @status on are the registers.
 */
typedef struct IGDTestDMA {
    PCIDevice *pdev;
    QEMUBH *bh;
    VMChangeStateEntry *resume;
    uint32_t status;
    uint32_t fill;
    uint64_t src;
    uint64_t dst;
    uint64_t len;
    uint64_t checksum;
    uint32_t done_count;
    uint32_t irq;
    IGDTestMove run;
} IGDTestDMA;

extern const VMStateDescription vmstate_igd_testdev_dma;

/**
 * igd_testdev_dma_init: make the engine ready and reset
 */
void igd_testdev_dma_init(IGDTestDMA *dma, PCIDevice *pdev);

/**
 * igd_testdev_dma_cleanup: the reverse; a running command is forgotten
 */
void igd_testdev_dma_cleanup(IGDTestDMA *dma);

/**
 * igd_testdev_dma_reset: put all registers to their reset values
 *
 * STATUS says "aborted" if a command was running, and "idle" otherwise.
 */
void igd_testdev_dma_reset(IGDTestDMA *dma);

/**
 * igd_testdev_dma_master_changed: look at the bus master bit again
 *
 * To be called after config space writes; a running command fails if the
 * device may no longer be bus master.
 */
void igd_testdev_dma_master_changed(IGDTestDMA *dma);

/**
 * igd_testdev_dma_read: read a register
 * @reg: offset in BAR0, a multiple of 4 in the engine's block
 */
uint32_t igd_testdev_dma_read(const IGDTestDMA *dma, uint32_t reg);

/**
 * igd_testdev_dma_write: write a register
 * @reg: as above
 */
void igd_testdev_dma_write(IGDTestDMA *dma, uint32_t reg, uint32_t value);

#endif
