/*
 * Stand-in for the placement of reserved regions, in the reference emulator
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: an unmodified QEMU knows of no reserved region, so a region is
 * whatever is at its addresses, as a rule guest RAM. Only the emulator that
 * the benchmark and the demo compare with has this file; see
 * scripts/igdrmrr/stock.py.
 */

#include "qemu/osdep.h"
#include "hw/pci/rmrr_provider.h"

bool rmrr_provider_plug(PCIDevice *pdev, const StolenRegion *region,
                        void *memory, Error **errp)
{
    if (memory) {
        munmap(memory, stolen_region_size(region));
    }
    return true;
}

void rmrr_provider_unplug(PCIDevice *pdev)
{
}
