/*
 * Stolen memory of an IGD assigned by vfio-pci: shared state
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VFIO_IGD_RMRR_INTERNAL_H
#define HW_VFIO_IGD_RMRR_INTERNAL_H

#include "hw/vfio/igd-stolen.h"
#include "igd-rmrr.h"
#include "igd-stolen-info.h"

#define IGD_RMRR_DEFAULT_MODE "auto"

/**
 * VFIOIgdRmrr: options and state of one vfio-pci device
 * @mode: x-igd-stolen as given, NULL for the default
 * @base, @size: x-igd-stolen-base and -size, 0 when not given
 * @gsm_size: x-igd-stolen-gsm-size, 0 when not given
 * @kind: what the device has
 * @region: valid with RMRR_PROVIDER_PLACED
 * @keep: x-igd-stolen-keep
 * @device_memory: x-igd-stolen-memory=device
 * @has_info: the host's driver has a region of stolen memory
 * @info: that region
 * @no_memory: the device has none that would need a place, as far as known
 */
struct VFIOIgdRmrr {
    char *mode;
    uint64_t base;
    uint64_t size;
    uint64_t gsm_size;
    RMRRProviderKind kind;
    StolenRegion region;
    bool keep;
    bool device_memory;
    bool has_info;
    IGDStolenInfo info;
    bool no_memory;
};

/**
 * vfio_igd_rmrr: the options and state of a device, made when first needed
 */
VFIOIgdRmrr *vfio_igd_rmrr(VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_apply_region: take into account what the host's driver says
 * @silent: the registers say nothing, rather than something wrong
 * @decoded, @region: what the registers say; on success what is known now
 *
 * Returns: false with @errp set when the two differ, when the driver's region
 * is not as specified, or when the device's own memory is asked for and there
 * is no access to it.
 */
bool vfio_igd_rmrr_apply_region(VFIOPCIDevice *vdev, bool silent,
                                IGDStolenResult *decoded, StolenRegion *region,
                                Error **errp);

/**
 * vfio_igd_rmrr_plug: place the region, with the memory that was asked for
 */
bool vfio_igd_rmrr_plug(VFIOPCIDevice *vdev, const StolenRegion *region,
                        Error **errp);

/**
 * vfio_igd_rmrr_get: RMRRProviderClass.get
 */
RMRRProviderKind vfio_igd_rmrr_get(RMRRProvider *provider,
                                     StolenRegion *region);

/**
 * vfio_igd_rmrr_keeps_contents: RMRRProviderClass.keeps_contents
 */
bool vfio_igd_rmrr_keeps_contents(RMRRProvider *provider);

/**
 * vfio_igd_rmrr_maps_iova: RMRRProviderClass.maps_iova
 */
bool vfio_igd_rmrr_maps_iova(RMRRProvider *provider);

#endif
