/*
 * Stolen memory of an IGD assigned by vfio-pci: before the machine exists
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VFIO_IGD_RMRR_EARLY_H
#define HW_VFIO_IGD_RMRR_EARLY_H

#include "hw/pci/rmrr_provider.h"

/**
 * vfio_igd_rmrr_early: RMRRProviderClass.early of vfio-pci
 *
 * Takes x-igd-stolen-base and x-igd-stolen-size, or else what the kernel's
 * reserved_regions of the device (host=, sysfsdev=) says. The file is
 * readable by everyone. StolenRegion.dsm_base is not known yet and equals
 * base.
 */
bool vfio_igd_rmrr_early(const QDict *opts, StolenRegion *region);

#endif
