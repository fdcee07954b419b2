/*
 * The stolen memory region of a VFIO device: what its information says
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: stdint and the kernel's structs only. The region is specified in
 * docs/specs/vfio-igd-stolen.rst.
 */

#ifndef HW_VFIO_IGD_STOLEN_INFO_H
#define HW_VFIO_IGD_STOLEN_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include "hw/pci/stolen_region.h"

/**
 * IGDStolenInfoResult: what a region's information is
 * @IGD_STOLEN_INFO_OK: that of the stolen memory region
 * @IGD_STOLEN_INFO_OTHER: that of another region
 */
typedef enum IGDStolenInfoResult {
    IGD_STOLEN_INFO_OK,
    IGD_STOLEN_INFO_OTHER,
    /* of the stolen memory region, and wrong */
    IGD_STOLEN_INFO_CHAIN,
    IGD_STOLEN_INFO_NO_PLACE,
    IGD_STOLEN_INFO_VERSION,
    IGD_STOLEN_INFO_FLAGS,
    IGD_STOLEN_INFO_SIZE,
    IGD_STOLEN_INFO_PLACE,
    IGD_STOLEN_INFO__MAX,
} IGDStolenInfoResult;

/**
 * IGDStolenInfo: the region
 * @region: where the kernel says that stolen memory is
 * @offset: of the DSM in the device's file
 * @access: the DSM can be read, written and mapped there
 */
typedef struct IGDStolenInfo {
    StolenRegion region;
    uint64_t offset;
    bool access;
} IGDStolenInfo;

/**
 * igd_stolen_info_parse: read a struct vfio_region_info and its capabilities
 * @bytes: as the kernel filled it in; nothing of it is trusted
 * @size: of @bytes
 * @info: set when IGD_STOLEN_INFO_OK is returned
 */
IGDStolenInfoResult igd_stolen_info_parse(const void *bytes, size_t size,
                                          IGDStolenInfo *info);

/**
 * igd_stolen_info_strerror: one clause in English, without a final dot
 */
const char *igd_stolen_info_strerror(IGDStolenInfoResult result);

#endif
