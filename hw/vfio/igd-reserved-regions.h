/*
 * Reader of /sys/kernel/iommu_groups/N/reserved_regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: works on the text of the file.
 */

#ifndef HW_VFIO_IGD_RESERVED_REGIONS_H
#define HW_VFIO_IGD_RESERVED_REGIONS_H

#include "hw/pci/stolen_region.h"

/**
 * igd_reserved_regions_parse: find the relaxable direct regions of a group
 * @text: the whole file, one "0xBASE 0xLIMIT TYPE" a line (Linux
 *      drivers/iommu/iommu.c, iommu_group_show_resv_regions())
 * @region: the first region of type "direct-relaxable", the type Linux gives
 *      to the RMRRs of display and USB devices; dsm_base is set to base,
 *      since the file does not tell GSM from DSM
 *
 * Returns: how many such regions there are; lines of any other form or type
 * do not count.
 */
unsigned igd_reserved_regions_parse(const char *text, StolenRegion *region);

#endif
