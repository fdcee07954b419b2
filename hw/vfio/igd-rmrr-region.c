/*
 * Stolen memory of an IGD assigned by vfio-pci: the kernel's region of it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: finds the region that the kernel driver igd-vfio-pci has for the
 * device, compares what it says with the device's registers, and maps it when
 * it is to be the guest's stolen memory. The stock vfio-pci has no such region
 * and nothing here needs it.
 *
 * The CPU must not touch the host's GSM, so the guest's GSM is memory of its
 * own in any case. Tested by tests/functional/test_driver_nested.py.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/vfio/igd-stolen.h"
#include "igd-rmrr-internal.h"
#include "trace/trace-hw_igd_rmrr.h"

/* Sets @found if the device has one; false if it is there and wrong */
static bool vfio_igd_rmrr_find(VFIOPCIDevice *vdev, IGDStolenInfo *info,
                               bool *found, Error **errp)
{
    VFIODevice *vbasedev = &vdev->vbasedev;
    unsigned i;

    *found = false;
    for (i = VFIO_PCI_NUM_REGIONS; i < vbasedev->num_regions; i++) {
        g_autofree struct vfio_region_info *bytes = NULL;
        IGDStolenInfoResult result;

        if (vfio_get_region_info(vbasedev, i, &bytes)) {
            continue;
        }
        result = igd_stolen_info_parse(bytes, bytes->argsz, info);
        if (result == IGD_STOLEN_INFO_OTHER) {
            continue;
        }
        if (result == IGD_STOLEN_INFO_OK && *found) {
            error_setg(errp, "region %u of the device is a second one of "
                       "stolen memory", i);
            return false;
        }
        if (result != IGD_STOLEN_INFO_OK) {
            error_setg(errp, "region %u of the device, stolen memory: %s; "
                       "bind the device to the kernel's vfio-pci instead", i,
                       igd_stolen_info_strerror(result));
            return false;
        }
        *found = true;
    }
    return true;
}

bool vfio_igd_rmrr_apply_region(VFIOPCIDevice *vdev, bool silent,
                                IGDStolenResult *decoded, StolenRegion *region,
                                Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    const StolenRegion *said = &rmrr->info.region;

    if (!vfio_igd_rmrr_find(vdev, &rmrr->info, &rmrr->has_info, errp)) {
        return false;
    }
    if (!rmrr->has_info) {
        if (rmrr->device_memory) {
            error_setg(errp, "x-igd-stolen-memory=device: the host's driver "
                       "gives no access to the device's stolen memory; bind "
                       "the device to igd-vfio-pci, or set "
                       "x-igd-stolen-memory=ram");
        }
        return !rmrr->device_memory;
    }
    if (rmrr->device_memory && !rmrr->info.access) {
        error_setg(errp, "x-igd-stolen-memory=device: the host's driver says "
                   "where the device's stolen memory is and gives no access "
                   "to it; load igd-vfio-pci with dsm_cpu_access=1 (the "
                   "kernel's log says why if that is set), or set "
                   "x-igd-stolen-memory=ram");
        return false;
    }
    trace_vfio_igd_rmrr_region(vdev->vbasedev.name, said->base, said->limit,
                               said->dsm_base);

    if (*decoded == IGD_STOLEN_OK &&
        (!stolen_region_is(said, region->base, region->limit) ||
         said->dsm_base != region->dsm_base)) {
        error_setg(errp, "the host's driver says that stolen memory is 0x%"
                   PRIx64 "-0x%" PRIx64 " with BDSM 0x%" PRIx64 ", but the "
                   "device's registers say 0x%" PRIx64 "-0x%" PRIx64 " with "
                   "BDSM 0x%" PRIx64 "; bind the device anew", said->base,
                   said->limit, said->dsm_base, region->base, region->limit,
                   region->dsm_base);
        return false;
    }
    if (*decoded != IGD_STOLEN_OK && !silent) {
        error_setg(errp, "the host's driver says that stolen memory is 0x%"
                   PRIx64 "-0x%" PRIx64 ", but of the device's registers: %s; "
                   "bind the device anew", said->base, said->limit,
                   igd_stolen_strerror(*decoded));
        return false;
    }
    *region = *said;
    *decoded = IGD_STOLEN_OK;
    return true;
}

/* GSM of the guest's own, and directly behind it the device's DSM */
static void *vfio_igd_rmrr_map(VFIOPCIDevice *vdev, const IGDStolenInfo *info,
                               Error **errp)
{
    const StolenRegion *region = &info->region;
    uint64_t gsm_size = region->dsm_base - region->base;
    uint64_t dsm_size = region->limit + 1 - region->dsm_base;
    char *memory;

    memory = mmap(NULL, stolen_region_size(region), PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        error_setg_errno(errp, errno, "x-igd-stolen-memory=device: no 0x%"
                         PRIx64 " bytes of address space",
                         stolen_region_size(region));
        return NULL;
    }
    if (mmap(memory + gsm_size, dsm_size, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED, vdev->vbasedev.fd, info->offset) ==
        MAP_FAILED) {
        error_setg_errno(errp, errno, "x-igd-stolen-memory=device: the DSM "
                         "(0x%" PRIx64 ", 0x%" PRIx64 " bytes) cannot be "
                         "mapped; set x-igd-stolen-memory=ram",
                         region->dsm_base, dsm_size);
        munmap(memory, stolen_region_size(region));
        return NULL;
    }
    return memory;
}

bool vfio_igd_rmrr_plug(VFIOPCIDevice *vdev, const StolenRegion *region,
                        Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    void *memory;

    if (!rmrr->device_memory) {
        return rmrr_provider_plug(&vdev->pdev, region, errp);
    }
    memory = vfio_igd_rmrr_map(vdev, &rmrr->info, errp);
    return memory &&
           rmrr_provider_plug_memory(&vdev->pdev, region, memory, errp);
}
