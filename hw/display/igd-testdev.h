/*
 * State of igd-testdev, shared by its files
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_H
#define HW_DISPLAY_IGD_TESTDEV_H

#include "hw/display/igd-testdev-regs.h"
#include "hw/pci/pci_device.h"
#include "qom/object.h"
#include "igd-testdev-dma.h"
#include "igd-testdev-listener.h"
#include "igd-testdev-opts.h"
#include "igd-testdev-scanout.h"

OBJECT_DECLARE_SIMPLE_TYPE(IGDTestDevState, IGD_TESTDEV)

/**
 * IGDTestDevState: the device
 * @opts, @aperture_size, @class_name, @listener_name, @listener_limit,
 *      @listener_fail, @listener_hole, @stolen_keep, @config_unlocked,
 *      @scanout, @place, @device_memory: properties
 * @ggc, @region, @reserved: follow from @opts, and stay while the device is
 *      realized; the last is the register STOLEN_RESERVED
 * @io_index: register INDEX of BAR4
 */
struct IGDTestDevState {
    PCIDevice parent_obj;

    IGDTestDevOpts opts;
    uint64_t aperture_size;
    char *class_name;
    char *listener_name;
    uint32_t listener_limit;
    uint32_t listener_fail;
    uint64_t listener_hole;
    bool stolen_keep;
    bool config_unlocked;
    bool scanout;
    bool place;
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
    IGDTestListener *listener;
};

/**
 * igd_testdev_bar_register: create and register the three BARs
 */
void igd_testdev_bar_register(IGDTestDevState *s);

#endif
