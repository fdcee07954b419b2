/*
 * Stolen memory of an IGD assigned by vfio-pci: shared state
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VFIO_IGD_RMRR_INTERNAL_H
#define HW_VFIO_IGD_RMRR_INTERNAL_H

#include "igd-rmrr.h"

#define IGD_RMRR_DEFAULT_MODE "auto"

/**
 * VFIOIgdRmrr: options and state of one vfio-pci device
 * @mode: x-igd-stolen as given, NULL for the default
 * @base, @size: x-igd-stolen-base and -size, 0 when not given
 * @kind: what the device has
 * @region: valid with RESERVED_REGION_PLACED
 * @keep: x-igd-stolen-keep
 * @explained: the user knows that the device id has no layout
 */
struct VFIOIgdRmrr {
    char *mode;
    uint64_t base;
    uint64_t size;
    ReservedRegionKind kind;
    StolenRegion region;
    bool keep;
    bool explained;
};

/**
 * vfio_igd_rmrr: the options and state of a device, made when first needed
 */
VFIOIgdRmrr *vfio_igd_rmrr(VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_get: ReservedRegionProviderClass.get
 */
ReservedRegionKind vfio_igd_rmrr_get(ReservedRegionProvider *provider,
                                     StolenRegion *region);

/**
 * vfio_igd_rmrr_keeps_contents: ReservedRegionProviderClass.keeps_contents
 */
bool vfio_igd_rmrr_keeps_contents(ReservedRegionProvider *provider);

/**
 * vfio_igd_rmrr_maps_iova: ReservedRegionProviderClass.maps_iova
 */
bool vfio_igd_rmrr_maps_iova(ReservedRegionProvider *provider);

#endif
