/*
 * Stolen memory of an IGD assigned by vfio-pci
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: learns the region from the device's own config space, from the host's
 * driver if that says it (igd-rmrr-region.c) and from the user's options, all
 * of which have to agree, and asks the machine to place it. The
 * registers are decoded in igd-stolen.c; the machine's half is in hw/i386.
 * Never looks at sysfs at realize: a manager may have passed us no more than
 * file descriptors. (The early scan, which decides nothing, does:
 * igd-rmrr-early.c.)
 *
 * Tested by tests/functional/test_nested.py, through the kernel's vfio-pci.
 */

#include "qemu/osdep.h"
#include <sys/ioctl.h>
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "hw/pci/rmrr_provider.h"
#include "hw/vfio/igd-stolen.h"
#include "igd-rmrr-internal.h"
#include "trace/trace-hw_igd_rmrr.h"

#define IGD_CFG_ASLS            0xfc    /* 32 bits */

/* x-igd-gms counts in these */
#define IGD_GMS_UNIT            (32 * MiB)

VFIOIgdRmrr *vfio_igd_rmrr(VFIOPCIDevice *vdev)
{
    if (!vdev->igd_rmrr) {
        vdev->igd_rmrr = g_new0(VFIOIgdRmrr, 1);
    }
    return vdev->igd_rmrr;
}

bool vfio_igd_rmrr_placed(const VFIOPCIDevice *vdev)
{
    return vdev->igd_rmrr && vdev->igd_rmrr->kind == RMRR_PROVIDER_PLACED;
}

bool vfio_igd_rmrr_settled(const VFIOPCIDevice *vdev)
{
    return vfio_igd_rmrr_placed(vdev) ||
           (vdev->igd_rmrr && vdev->igd_rmrr->no_memory);
}

int vfio_igd_rmrr_gen(const VFIOPCIDevice *vdev)
{
    const IGDStolenLayout *layout =
        igd_stolen_layout(igd_stolen_gen(vdev->device_id));

    return layout ? layout->number : -1;
}

static bool vfio_igd_rmrr_is_igd(VFIOPCIDevice *vdev)
{
    return !vdev->vbasedev.mdev && vfio_is_base_display(vdev) &&
           vfio_pci_is(vdev, PCI_VENDOR_ID_INTEL, PCI_ANY_ID);
}

/*
 * The host's address, which the kernel shows here, is nothing that a guest can
 * use. Firmware that knows etc/igd-opregion writes its own.
 */
static void vfio_igd_rmrr_hide_asls(VFIOPCIDevice *vdev)
{
    pci_set_long(vdev->pdev.config + IGD_CFG_ASLS, 0);
    pci_set_long(vdev->pdev.wmask + IGD_CFG_ASLS, UINT32_MAX);
    pci_set_long(vdev->emulated_config_bits + IGD_CFG_ASLS, UINT32_MAX);
}

/* Learn */

static uint64_t vfio_igd_rmrr_bdsm(VFIOPCIDevice *vdev,
                                   const IGDStolenLayout *layout)
{
    const uint8_t *reg = vdev->pdev.config + layout->bdsm_offset;

    return layout->bdsm_bits == 64 ? pci_get_quad(reg) : pci_get_long(reg);
}

static IGDStolenResult vfio_igd_rmrr_decode(VFIOPCIDevice *vdev,
                                            StolenRegion *region)
{
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    uint16_t ggc = pci_get_word(vdev->pdev.config + IGD_STOLEN_CFG_GGC);
    uint64_t bdsm = layout ? vfio_igd_rmrr_bdsm(vdev, layout) : 0;
    IGDStolenResult result = igd_stolen_decode(vdev->device_id, ggc, bdsm,
                                               region);

    trace_vfio_igd_rmrr_decode(vdev->vbasedev.name, vdev->device_id, ggc, bdsm,
                               igd_stolen_strerror(result));
    return result;
}

/* The device says nothing about where its stolen memory is. */
static bool vfio_igd_rmrr_silent(IGDStolenResult result)
{
    return result == IGD_STOLEN_UNKNOWN_DEVICE ||
           result == IGD_STOLEN_BDSM_ZERO ||
           result == IGD_STOLEN_BDSM_ALL_ONES;
}

/* Whether the options are right in themselves, and agree with @decoded */
static bool vfio_igd_rmrr_check_user(VFIOPCIDevice *vdev,
                                     const StolenRegion *decoded,
                                     Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    IGDStolenResult result;

    if (!rmrr->base || !rmrr->size) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ", x-igd-stolen-size="
                   "0x%" PRIx64 " and x-igd-stolen-gsm-size=0x%" PRIx64
                   " are for one region: give base and size, or leave all of "
                   "them out", rmrr->base, rmrr->size, rmrr->gsm_size);
        return false;
    }

    result = igd_stolen_check_user(decoded, rmrr->base, rmrr->size);
    if (result == IGD_STOLEN_USER_BASE_DIFFERS ||
        result == IGD_STOLEN_USER_SIZE_DIFFERS ||
        (result == IGD_STOLEN_OK && decoded && rmrr->gsm_size &&
         rmrr->gsm_size != decoded->dsm_base - decoded->base)) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ",x-igd-stolen-size="
                   "0x%" PRIx64 ",x-igd-stolen-gsm-size=0x%" PRIx64
                   " disagrees with the device, whose %s say base 0x%" PRIx64
                   ", size 0x%" PRIx64 ", GSM size 0x%" PRIx64 "; leave these "
                   "options out, or give the device's values", rmrr->base,
                   rmrr->size, rmrr->gsm_size,
                   rmrr->has_info ? "driver and registers" : "registers",
                   decoded->base, stolen_region_size(decoded),
                   decoded->dsm_base - decoded->base);
        return false;
    }
    if (result != IGD_STOLEN_OK) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ",x-igd-stolen-size="
                   "0x%" PRIx64 ": %s; leave both out to have the device's "
                   "own", rmrr->base, rmrr->size, igd_stolen_strerror(result));
        return false;
    }
    return true;
}

/* How much of a region that only the user knows is GSM */
static bool vfio_igd_rmrr_user_gsm(VFIOPCIDevice *vdev, uint64_t *gsm_size,
                                   Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    uint16_t ggc = pci_get_word(vdev->pdev.config + IGD_STOLEN_CFG_GGC);

    if (rmrr->gsm_size) {
        *gsm_size = rmrr->gsm_size;
    } else if (igd_stolen_gsm_size(igd_stolen_gen(vdev->device_id), ggc,
                                   gsm_size) != IGD_STOLEN_OK) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ": device id 0x%04x "
                   "is not a known IGD, so where BDSM is has to be said: add "
                   "x-igd-stolen-gsm-size, which is BDSM less the base (on "
                   "most IGDs x-igd-stolen-gsm-size=8M)", rmrr->base,
                   vdev->device_id);
        return false;
    }
    if (*gsm_size & (IGD_STOLEN_ALIGN - 1) || *gsm_size >= rmrr->size) {
        error_setg(errp, "a GSM of 0x%" PRIx64 " bytes does not leave a DSM in "
                   "whole MiB of x-igd-stolen-size=0x%" PRIx64 "; give "
                   "x-igd-stolen-gsm-size, a multiple of 1 MiB below that "
                   "size", *gsm_size, rmrr->size);
        return false;
    }
    return true;
}

/* On success the user's region is in @region, if there is one. */
static bool vfio_igd_rmrr_apply_user(VFIOPCIDevice *vdev,
                                     IGDStolenResult *decoded,
                                     StolenRegion *region, Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    bool known = *decoded == IGD_STOLEN_OK;
    uint64_t gsm_size;

    if (!rmrr->base && !rmrr->size && !rmrr->gsm_size) {
        return true;
    }
    if (!vfio_igd_rmrr_check_user(vdev, known ? region : NULL, errp)) {
        return false;
    }
    if (known) {
        return true;
    }
    if (!vfio_igd_rmrr_silent(*decoded)) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 " cannot be checked "
                   "against the device: %s; leave x-igd-stolen-base, "
                   "x-igd-stolen-size and x-igd-stolen-gsm-size out",
                   rmrr->base, igd_stolen_strerror(*decoded));
        return false;
    }
    if (!vfio_igd_rmrr_user_gsm(vdev, &gsm_size, errp)) {
        return false;
    }

    region->base = rmrr->base;
    region->limit = rmrr->base + rmrr->size - 1;
    region->dsm_base = rmrr->base + gsm_size;
    *decoded = IGD_STOLEN_OK;
    return true;
}

/* Place */

static void vfio_igd_rmrr_preset(VFIOPCIDevice *vdev)
{
    const StolenRegion *region = &vdev->igd_rmrr->region;
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    PCIDevice *pdev = &vdev->pdev;

    if (!layout) {
        return;
    }

    /* GGC: the device's own value, so the real sizes */
    pci_set_word(pdev->wmask + IGD_STOLEN_CFG_GGC, 0);
    pci_set_word(vdev->emulated_config_bits + IGD_STOLEN_CFG_GGC, UINT16_MAX);

    if (layout->bdsm_bits == 64) {
        pci_set_quad(pdev->config + layout->bdsm_offset, region->dsm_base);
        pci_set_quad(pdev->wmask + layout->bdsm_offset, 0);
        pci_set_quad(vdev->emulated_config_bits + layout->bdsm_offset,
                     UINT64_MAX);
    } else {
        pci_set_long(pdev->config + layout->bdsm_offset, region->dsm_base);
        pci_set_long(pdev->wmask + layout->bdsm_offset, 0);
        pci_set_long(vdev->emulated_config_bits + layout->bdsm_offset,
                     UINT32_MAX);
    }
}

/* The size is the device's own: its registers cannot be changed */
static bool vfio_igd_rmrr_check_gms(VFIOPCIDevice *vdev,
                                    const StolenRegion *region, Error **errp)
{
    uint64_t asked = vdev->igd_gms * IGD_GMS_UNIT;
    uint64_t own = region->limit + 1 - region->dsm_base;

    if (!asked || asked == own) {
        return true;
    }
    error_setg(errp, "x-igd-gms=%u asks for 0x%" PRIx64 " bytes of stolen "
               "memory, and the device has 0x%" PRIx64 ", which it keeps; "
               "leave x-igd-gms out", vdev->igd_gms, asked, own);
    return false;
}

static bool vfio_igd_rmrr_place(VFIOPCIDevice *vdev, StolenRegion *region,
                                Error **errp)
{
    if (!vfio_igd_rmrr_plug(vdev, region, errp)) {
        return false;
    }

    vdev->igd_rmrr->kind = RMRR_PROVIDER_PLACED;
    vdev->igd_rmrr->region = *region;
    vfio_igd_rmrr_preset(vdev);
    return true;
}

static void vfio_igd_rmrr_fall_back(VFIOPCIDevice *vdev, const char *why)
{
    const char *name = vdev->vbasedev.name;

    vdev->igd_rmrr->kind = RMRR_PROVIDER_FIRMWARE;
    trace_vfio_igd_rmrr_fall_back(name, why);
    warn_report("vfio %s: stolen memory is not at the host's base: %s. Guest "
                "firmware chooses another place (x-igd-stolen=firmware); "
                "x-igd-stolen=identity makes this an error", name, why);
}

/* An IGD whose registers QEMU cannot read, and no region given by the user. */
static bool vfio_igd_rmrr_unreadable(VFIOPCIDevice *vdev, bool identity,
                                     IGDStolenResult why, Error **errp)
{
    VFIOIgdRmrr *rmrr = vdev->igd_rmrr;
    const char *name = vdev->vbasedev.name;

    if (identity) {
        error_setg(errp, "x-igd-stolen=identity: device id 0x%04x: %s; %s",
                   vdev->device_id, igd_stolen_strerror(why),
                   why == IGD_STOLEN_UNKNOWN_DEVICE ?
                   "give x-igd-stolen-base, x-igd-stolen-size and "
                   "x-igd-stolen-gsm-size, or set x-igd-stolen=off" :
                   why == IGD_STOLEN_NO_BDSM || why == IGD_STOLEN_NONE ?
                   "set x-igd-stolen=off" :
                   "give x-igd-stolen-base and x-igd-stolen-size, or set "
                   "x-igd-stolen=firmware");
        return false;
    }

    switch (why) {
    case IGD_STOLEN_NONE:
        rmrr->no_memory = true;
        return true;
    case IGD_STOLEN_NO_BDSM:
        rmrr->no_memory = true;
        info_report("vfio %s: device id 0x%04x (Meteor Lake or later) has no "
                    "stolen memory below 4 GiB: nothing is reserved", name,
                    vdev->device_id);
        return true;
    case IGD_STOLEN_UNKNOWN_DEVICE:
        rmrr->no_memory = true;
        warn_report("vfio %s: device id 0x%04x is not a known IGD: no stolen "
                    "memory is reserved; if it has any, give "
                    "x-igd-stolen-base, x-igd-stolen-size and "
                    "x-igd-stolen-gsm-size", name, vdev->device_id);
        return true;
    default:
        vfio_igd_rmrr_fall_back(vdev, igd_stolen_strerror(why));
        return true;
    }
}

static bool vfio_igd_rmrr_learn_and_place(VFIOPCIDevice *vdev, bool identity,
                                          Error **errp)
{
    StolenRegion region;
    IGDStolenResult decoded = vfio_igd_rmrr_decode(vdev, &region);
    Error *err = NULL;

    if (!vfio_igd_rmrr_apply_region(vdev, vfio_igd_rmrr_silent(decoded),
                                    &decoded, &region, errp) ||
        !vfio_igd_rmrr_apply_user(vdev, &decoded, &region, errp)) {
        return false;
    }
    if (decoded != IGD_STOLEN_OK) {
        return vfio_igd_rmrr_unreadable(vdev, identity, decoded, errp);
    }

    if (identity && !vfio_igd_rmrr_check_gms(vdev, &region, errp)) {
        return false;
    }
    /* A hot-plugged IGD has no place to fall back to either. */
    if (identity || DEVICE(vdev)->hotplugged) {
        return vfio_igd_rmrr_place(vdev, &region, errp);
    }
    if (!vfio_igd_rmrr_place(vdev, &region, &err)) {
        vfio_igd_rmrr_fall_back(vdev, error_get_pretty(err));
        error_free(err);
    } else if (!vfio_igd_rmrr_check_gms(vdev, &region, &err)) {
        /* The device keeps its own size */
        warn_reportf_err(err, "vfio %s: ", vdev->vbasedev.name);
    }
    return true;
}

bool vfio_igd_rmrr_realize(VFIOPCIDevice *vdev, Error **errp)
{
    VFIOIgdRmrr *rmrr = vfio_igd_rmrr(vdev);
    const char *mode = rmrr->mode ?: IGD_RMRR_DEFAULT_MODE;

    if (!vfio_igd_rmrr_is_igd(vdev)) {
        if (rmrr->mode || rmrr->base || rmrr->size || rmrr->gsm_size ||
            rmrr->keep || rmrr->device_memory) {
            error_setg(errp, "%04x:%04x of class %04x is not an Intel graphics "
                       "device (8086, class 03xx): leave all options that "
                       "begin with x-igd-stolen out", vdev->vendor_id,
                       vdev->device_id,
                       pci_get_word(vdev->pdev.config + PCI_CLASS_DEVICE));
            return false;
        }
        return true;
    }
    vfio_igd_rmrr_hide_asls(vdev);

    if (rmrr->device_memory &&
        (!strcmp(mode, "off") || !strcmp(mode, "firmware"))) {
        error_setg(errp, "x-igd-stolen-memory=device is for stolen memory at "
                   "the host's base, not for x-igd-stolen=%s; leave one of "
                   "them out", mode);
        return false;
    }
    if (!strcmp(mode, "off")) {
        return true;
    }
    if (!strcmp(mode, "firmware")) {
        rmrr->kind = RMRR_PROVIDER_FIRMWARE;
        return true;
    }
    return vfio_igd_rmrr_learn_and_place(vdev, !strcmp(mode, "identity") ||
                                         rmrr->device_memory, errp);
}

/*
 * The display reads stolen memory for as long as it is on. Straight to the
 * host: what the guest had of the device is gone already.
 */
static void vfio_igd_rmrr_quiesce(VFIOPCIDevice *vdev)
{
    VFIODevice *vbasedev = &vdev->vbasedev;
    const uint16_t off = cpu_to_le16(PCI_COMMAND_INTX_DISABLE);

    if (pwrite(vbasedev->fd, &off, sizeof(off),
               vdev->config_offset + PCI_COMMAND) != sizeof(off) ||
        !vbasedev->reset_works || ioctl(vbasedev->fd, VFIO_DEVICE_RESET)) {
        warn_report("vfio %s: the host cannot reset the device, which may go "
                    "on reading its stolen memory while that is taken away",
                    vbasedev->name);
    }
}

void vfio_igd_rmrr_exit(VFIOPCIDevice *vdev)
{
    if (vfio_igd_rmrr_placed(vdev)) {
        vfio_igd_rmrr_quiesce(vdev);
        rmrr_provider_unplug(&vdev->pdev);
        vdev->igd_rmrr->kind = RMRR_PROVIDER_NONE;
    }
}

void vfio_igd_rmrr_finalize(VFIOPCIDevice *vdev)
{
    /* Still placed if realize failed in a later step */
    vfio_igd_rmrr_exit(vdev);
    if (vdev->igd_rmrr) {
        g_free(vdev->igd_rmrr->mode);
        g_free(vdev->igd_rmrr);
    }
}

/* Provider */

RMRRProviderKind vfio_igd_rmrr_get(RMRRProvider *provider,
                                     StolenRegion *region)
{
    VFIOPCIDevice *vdev = VFIO_PCI(provider);
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    uint64_t dsm_base, dsm_size;

    if (!vdev->igd_rmrr || vdev->igd_rmrr->kind == RMRR_PROVIDER_NONE) {
        return RMRR_PROVIDER_NONE;
    }
    if (vdev->igd_rmrr->kind == RMRR_PROVIDER_PLACED) {
        *region = vdev->igd_rmrr->region;
        return RMRR_PROVIDER_PLACED;
    }

    /* Where firmware put it; it reserves the DSM only. */
    if (!layout ||
        igd_stolen_dsm_size(gen, pci_get_word(vdev->pdev.config +
                                              IGD_STOLEN_CFG_GGC),
                            &dsm_size) != IGD_STOLEN_OK) {
        return RMRR_PROVIDER_NONE;
    }
    dsm_base = QEMU_ALIGN_DOWN(vfio_igd_rmrr_bdsm(vdev, layout),
                               IGD_STOLEN_ALIGN);
    return igd_stolen_region(dsm_base, dsm_size, 0, region) == IGD_STOLEN_OK ?
           RMRR_PROVIDER_FIRMWARE : RMRR_PROVIDER_NONE;
}

bool vfio_igd_rmrr_maps_iova(RMRRProvider *provider)
{
    return true;
}

bool vfio_igd_rmrr_keeps_contents(RMRRProvider *provider)
{
    VFIOIgdRmrr *rmrr = VFIO_PCI(provider)->igd_rmrr;

    return rmrr && rmrr->keep;
}
