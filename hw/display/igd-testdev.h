/*
 * State of igd-testdev, shared by its files
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All functions are called under the BQL.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_H
#define HW_DISPLAY_IGD_TESTDEV_H

#include "hw/display/igd-testdev-regs.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/stolen_region.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include "ui/console.h"
#include "igd-testdev-frame.h"

OBJECT_DECLARE_SIMPLE_TYPE(IGDTestDevState, IGD_TESTDEV)

/**
 * IGDTestMove: a command of the DMA engine, and how far it is
 * @cmd: as written to CMD
 * @len: not 0; @src + @len and @dst + @len do not wrap where they are used
 * @pos: bytes finished; the command is over when it reaches @len
 * @sum: checksum of those bytes, if the command is to sum
 * @fault_addr: first address of the piece that failed, if one has
 */
typedef struct IGDTestMove {
    uint32_t cmd;
    uint32_t fill;
    uint64_t src;
    uint64_t dst;
    uint64_t len;
    uint64_t pos;
    uint64_t sum;
    uint64_t fault_addr;
} IGDTestMove;

/**
 * IGDTestDMA: the DMA engine
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

/**
 * IGDTestScanout: the scan-out engine
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

/* The options that say where stolen memory is */
typedef struct IGDTestDevOpts {
    uint64_t dsm_base;
    uint64_t dsm_size;
    uint64_t gsm_size;
    uint64_t reserved_size;
    uint16_t device_id;
} IGDTestDevOpts;

/**
 * IGDTestDevState: the device
 * @opts, @aperture_size, @class_name, @stolen_keep, @config_unlocked,
 *      @scanout, @place, @maps_iova, @device_memory: properties
 * @ggc, @region, @reserved: follow from @opts, and stay while the device is
 *      realized; the last is the register STOLEN_RESERVED
 * @io_index: register INDEX of BAR4
 */
struct IGDTestDevState {
    PCIDevice parent_obj;

    IGDTestDevOpts opts;
    uint64_t aperture_size;
    char *class_name;
    bool stolen_keep;
    bool config_unlocked;
    bool scanout;
    bool place;
    bool maps_iova;
    bool device_memory;

    uint16_t ggc;
    uint32_t reserved;
    StolenRegion region;
    bool plugged;

    MemoryRegion regs;
    MemoryRegion aperture;
    MemoryRegion io;
    uint32_t io_index;
    IGDTestDMA dma;
    IGDTestScanout scan;
};

/**
 * igd_testdev_bar_register: create and register the three BARs
 */
void igd_testdev_bar_register(IGDTestDevState *s);

/**
 * IGDTestReg: a register of an engine that is a field of its state
 * @reg: offset in BAR0
 * @bits: 32 or 64; one of 64 bits is two of them, low half first; 0 ends a
 *      list
 * @field: offset in the engine's state
 */
typedef struct IGDTestReg {
    uint32_t reg;
    uint8_t bits;
    bool writable;
    size_t field;
} IGDTestReg;

/**
 * igd_testdev_reg_read, igd_testdev_reg_write: a register of @list
 * @reg: offset in BAR0, a multiple of 4. What is not in the list reads as 0; a
 *      write to it, or to what is not writable, is logged and has no effect
 */
uint32_t igd_testdev_reg_read(const IGDTestReg *list, const void *engine,
                              uint32_t reg);
void igd_testdev_reg_write(const IGDTestReg *list, void *engine, uint32_t reg,
                           uint32_t value);

/**
 * igd_testdev_move_rw: one transfer by the device, at once
 *
 * Reaches memory only: no access by the device ends in a register of another
 * device, or in its own.
 */
MemTxResult igd_testdev_move_rw(PCIDevice *pdev, uint64_t addr, void *buf,
                                uint64_t size, DMADirection dir);

extern const VMStateDescription vmstate_igd_testdev_dma;

/**
 * igd_testdev_dma_init: make the engine ready and reset
 * igd_testdev_dma_cleanup: the reverse; a running command is forgotten
 */
void igd_testdev_dma_init(IGDTestDMA *dma, PCIDevice *pdev);
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

/* @reg: offset in BAR0, a multiple of 4 in the engine's block */
uint32_t igd_testdev_dma_read(const IGDTestDMA *dma, uint32_t reg);
void igd_testdev_dma_write(IGDTestDMA *dma, uint32_t reg, uint32_t value);

extern const VMStateDescription vmstate_igd_testdev_scanout;

/**
 * igd_testdev_scanout_init: make the engine ready and reset, and its console
 * igd_testdev_scanout_cleanup: the reverse; also if there is none
 */
void igd_testdev_scanout_init(IGDTestScanout *scan, PCIDevice *pdev,
                              uint64_t dsm_base, uint64_t dsm_size);
void igd_testdev_scanout_cleanup(IGDTestScanout *scan);

/**
 * igd_testdev_scanout_reset: put all registers to their reset values: off
 *
 * The picture goes with the next refresh.
 */
void igd_testdev_scanout_reset(IGDTestScanout *scan);

/* @reg: as for the DMA engine */
uint32_t igd_testdev_scanout_read(const IGDTestScanout *scan, uint32_t reg);
void igd_testdev_scanout_write(IGDTestScanout *scan, uint32_t reg,
                               uint32_t value);

#endif
