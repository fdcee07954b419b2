/*
 * Stolen memory of an IGD assigned by vfio-pci
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: learns the region from the device's own config space, from the host's
 * driver igd-vfio-pci if that has a region of it (the stock vfio-pci has not,
 * and nothing here needs it) and from the user's options, all of which have to
 * agree, and asks the machine to place it. The registers are decoded in
 * igd-stolen.c; the machine's half is in hw/i386. Never looks at sysfs at
 * realize: a manager may have passed us no more than file descriptors. (The
 * early scan, which decides nothing, does.)
 *
 * Tested by tests/functional/test_nested.py, through the kernel's vfio-pci, and
 * test_driver_nested.py, through igd-vfio-pci.
 */

#include "qemu/osdep.h"
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "qom/qom-qobject.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/vfio/igd-stolen.h"
#include "hw/vfio/igd_vfio_stolen.h"
#include "pci.h"
#if QEMU_SINCE(10, 2)
#include "vfio-helpers.h"
#endif
#include "trace/trace-hw_igd_rmrr.h"

#define IGD_CFG_ASLS            0xfc    /* 32 bits */

#define SYSFS_CLASS_DISPLAY     "0x03"
#define SYSFS_VENDOR_INTEL      "0x8086"

bool vfio_igd_rmrr_settled(const VFIOPCIDevice *vdev)
{
    return vdev->igd_rmrr.placed || vdev->igd_rmrr.no_memory;
}

/* Before the machine exists: whatever makes no sense means "not known" */

static bool vfio_igd_rmrr_sysfs_is(const char *dir, const char *file,
                                   const char *prefix)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) &&
           g_str_has_prefix(text, prefix);
}

static bool vfio_igd_rmrr_sysfs_region(const VFIOPCIDevice *vdev,
                                       StolenRegion *region)
{
    const PCIHostDeviceAddress *host = &vdev->host;
    g_autofree char *dir = vdev->vbasedev.sysfsdev ?
        g_strdup(vdev->vbasedev.sysfsdev) :
        g_strdup_printf("/sys/bus/pci/devices/%04x:%02x:%02x.%x", host->domain,
                        host->bus, host->slot, host->function);
    g_autofree char *path =
        g_build_filename(dir, "iommu_group/reserved_regions", NULL);
    g_autofree char *text = NULL;

    /* With several, only the device's registers can tell which it is. */
    return vfio_igd_rmrr_sysfs_is(dir, "class", SYSFS_CLASS_DISPLAY) &&
           vfio_igd_rmrr_sysfs_is(dir, "vendor", SYSFS_VENDOR_INTEL) &&
           g_file_get_contents(path, &text, NULL, NULL) &&
           igd_reserved_regions_parse(text, region) == 1;
}

/* Sets those options that matter here; a device is not realized for that */
static bool vfio_igd_rmrr_early_options(Object *obj, const QDict *opts)
{
    static const char *const names[] = {
        "host", "sysfsdev", "x-igd-stolen", "x-igd-stolen-base",
        "x-igd-stolen-size", "x-igd-stolen-memory",
    };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        QObject *value = qdict_get(opts, names[i]);
        const char *str = qdict_get_try_str(opts, names[i]);

        if (value && !(str ? object_property_parse(obj, names[i], str, NULL)
                           : object_property_set_qobject(obj, names[i], value,
                                                         NULL))) {
            return false;
        }
    }
    return true;
}

static bool vfio_igd_rmrr_early(const QDict *opts, StolenRegion *region)
{
    Object *obj = object_new(qdict_get_str(opts, "driver"));
    VFIOPCIDevice *vdev = VFIO_PCI(obj);
    const VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
    bool found = vfio_igd_rmrr_early_options(obj, opts) &&
                 g_strcmp0(rmrr->mode, "off") &&
                 g_strcmp0(rmrr->mode, "firmware");

    if (found && rmrr->base && rmrr->size &&
        rmrr->size - 1 <= UINT64_MAX - rmrr->base) {
        *region = (StolenRegion) { rmrr->base, rmrr->base + rmrr->size - 1,
                                   rmrr->base };
    } else if (found) {
        found = vfio_igd_rmrr_sysfs_region(vdev, region);
    }
    object_unref(obj);
    return found;
}

/* Learn */

int vfio_igd_rmrr_gen(const VFIOPCIDevice *vdev)
{
    const IGDStolenLayout *layout =
        igd_stolen_layout(igd_stolen_gen(vdev->device_id));

    return layout ? layout->number : -1;
}

/* Gives the guest a register of its own, which firmware can write or not */
static void vfio_igd_rmrr_emulate(VFIOPCIDevice *vdev, unsigned offset,
                                  unsigned bytes, uint64_t value, bool writable)
{
    stn_le_p(PCI_DEVICE(vdev)->config + offset, bytes, value);
    memset(PCI_DEVICE(vdev)->wmask + offset, writable ? 0xff : 0, bytes);
    memset(vdev->emulated_config_bits + offset, 0xff, bytes);
}

static uint64_t vfio_igd_rmrr_bdsm(VFIOPCIDevice *vdev,
                                   const IGDStolenLayout *layout)
{
    return ldn_le_p(PCI_DEVICE(vdev)->config + layout->bdsm_offset,
                    layout->bdsm_bits / 8);
}

static IGDStolenResult vfio_igd_rmrr_decode(VFIOPCIDevice *vdev,
                                            StolenRegion *region)
{
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    uint16_t ggc = pci_get_word(PCI_DEVICE(vdev)->config + IGD_STOLEN_CFG_GGC);
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

/* What the host's driver says; false if it has a region that is wrong */
static bool vfio_igd_rmrr_read_driver(VFIOPCIDevice *vdev, Error **errp)
{
    const uint32_t all = VFIO_REGION_INFO_FLAG_READ |
                         VFIO_REGION_INFO_FLAG_WRITE |
                         VFIO_REGION_INFO_FLAG_MMAP;
    VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
#if QEMU_SINCE(10, 2)
    struct vfio_region_info *info;  /* The device's own */
#else
    g_autofree struct vfio_region_info *info = NULL;
#endif
    struct vfio_region_info_cap_igd_stolen *stolen;
    const char *wrong = NULL;

    if (vfio_get_dev_region_info(&vdev->vbasedev,
                                 VFIO_REGION_TYPE_PCI_VENDOR_TYPE |
                                 PCI_VENDOR_ID_INTEL,
                                 VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN,
                                 &info)) {
        return true;
    }
    /* The header is the first member */
    stolen = (void *)vfio_get_region_info_cap(info,
                                              VFIO_REGION_INFO_CAP_IGD_STOLEN);
    if (!stolen) {
        wrong = "it does not say where it is";
    } else if (stolen->header.version != 1) {
        wrong = "it is of a version not known here";
    } else if (info->size != stolen->dsm_size) {
        wrong = "its size and the DSM's differ";
    } else if ((stolen->dsm_size | stolen->gsm_size) % STOLEN_ALIGN ||
               stolen->dsm_base - stolen->gsm_size != stolen->base ||
               igd_stolen_region(stolen->dsm_base, stolen->dsm_size,
                                 stolen->gsm_size, &rmrr->driver_region) !=
               IGD_STOLEN_OK) {
        wrong = "it is where no stolen memory can be";
    }
    if (wrong) {
        error_setg(errp, "region %u of the device, stolen memory: %s; "
                   "bind the device to the kernel's vfio-pci instead",
                   info->index, wrong);
        return false;
    }
    rmrr->has_driver_region = true;
    rmrr->dsm_offset = info->offset;
    rmrr->dsm_access = (info->flags & all) == all;
    return true;
}

/* On success @decoded and @region are what is known with the driver's word */
static bool vfio_igd_rmrr_apply_driver(VFIOPCIDevice *vdev,
                                       IGDStolenResult *decoded,
                                       StolenRegion *region, Error **errp)
{
    VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
    const StolenRegion *said = &rmrr->driver_region;
    bool device_memory = !strcmp(rmrr->memory, "device");

    if (!vfio_igd_rmrr_read_driver(vdev, errp)) {
        return false;
    }
    if (device_memory && !rmrr->dsm_access) {
        error_setg(errp, "x-igd-stolen-memory=device: the host's driver gives "
                   "no access to the device's stolen memory; bind the device "
                   "to igd-vfio-pci with dsm_cpu_access=1 (the "
                   "kernel's log says why if that is set), or set "
                   "x-igd-stolen-memory=ram");
        return false;
    }
    if (!rmrr->has_driver_region) {
        return true;
    }
    trace_vfio_igd_rmrr_region(vdev->vbasedev.name, said->base, said->limit,
                               said->dsm_base);

    if (*decoded == IGD_STOLEN_OK ? memcmp(said, region, sizeof(*said))
                                  : !vfio_igd_rmrr_silent(*decoded)) {
        g_autofree char *registers = *decoded == IGD_STOLEN_OK ?
            g_strdup_printf("the device's registers say 0x%" PRIx64 "-0x%"
                            PRIx64 " with BDSM 0x%" PRIx64, region->base,
                            region->limit, region->dsm_base) :
            g_strdup_printf("of the device's registers: %s",
                            igd_stolen_strerror(*decoded));

        error_setg(errp, "the host's driver says that stolen memory is 0x%"
                   PRIx64 "-0x%" PRIx64 " with BDSM 0x%" PRIx64 ", but %s; "
                   "bind the device anew", said->base, said->limit,
                   said->dsm_base, registers);
        return false;
    }
    *region = *said;
    *decoded = IGD_STOLEN_OK;
    return true;
}

/* A region that the user knows, and the device does not */
static bool vfio_igd_rmrr_user_region(VFIOPCIDevice *vdev,
                                      StolenRegion *region, Error **errp)
{
    const VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    uint64_t dsm_size, gsm_size = rmrr->gsm_size;
    IGDStolenResult result;

    if (!gsm_size && !igd_stolen_layout(gen)) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ": device id 0x%04x "
                   "is not a known IGD, so where BDSM is has to be said: add "
                   "x-igd-stolen-gsm-size, which is BDSM less the base (on "
                   "most IGDs x-igd-stolen-gsm-size=8M)", rmrr->base,
                   vdev->device_id);
        return false;
    }
    if (!gsm_size) {
        igd_stolen_sizes(gen, pci_get_word(PCI_DEVICE(vdev)->config +
                                           IGD_STOLEN_CFG_GGC),
                         &dsm_size, &gsm_size);
    }
    if (gsm_size % STOLEN_ALIGN || gsm_size >= rmrr->size) {
        error_setg(errp, "a GSM of 0x%" PRIx64 " bytes does not leave a DSM in "
                   "whole MiB of x-igd-stolen-size=0x%" PRIx64 "; give "
                   "x-igd-stolen-gsm-size, a multiple of 1 MiB below that "
                   "size", gsm_size, rmrr->size);
        return false;
    }
    result = igd_stolen_region(rmrr->base + gsm_size, rmrr->size - gsm_size,
                               gsm_size, region);
    if (result != IGD_STOLEN_OK || rmrr->size % STOLEN_ALIGN) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ",x-igd-stolen-size="
                   "0x%" PRIx64 ": %s; leave both out to have the device's "
                   "own", rmrr->base, rmrr->size, result != IGD_STOLEN_OK ?
                   igd_stolen_strerror(result) : "not in whole MiB");
        return false;
    }
    return true;
}

/* On success the user's region is in @region, if there is one */
static bool vfio_igd_rmrr_apply_user(VFIOPCIDevice *vdev,
                                     IGDStolenResult *decoded,
                                     StolenRegion *region, Error **errp)
{
    const VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;

    if (!rmrr->base && !rmrr->size && !rmrr->gsm_size) {
        return true;
    }
    if (!rmrr->base || !rmrr->size) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ", x-igd-stolen-size="
                   "0x%" PRIx64 " and x-igd-stolen-gsm-size=0x%" PRIx64
                   " are for one region: give base and size, or leave all of "
                   "them out", rmrr->base, rmrr->size, rmrr->gsm_size);
        return false;
    }
    if (*decoded == IGD_STOLEN_OK) {
        uint64_t gsm_size = region->dsm_base - region->base;
        bool same = rmrr->base == region->base &&
                    rmrr->size == stolen_region_size(region) &&
                    (!rmrr->gsm_size || rmrr->gsm_size == gsm_size);

        if (!same) {
            error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 ",x-igd-stolen-"
                       "size=0x%" PRIx64 ",x-igd-stolen-gsm-size=0x%" PRIx64
                       " disagrees with the device, whose %s say base 0x%"
                       PRIx64 ", size 0x%" PRIx64 ", GSM size 0x%" PRIx64
                       "; leave these options out, or give the device's "
                       "values", rmrr->base, rmrr->size, rmrr->gsm_size,
                       rmrr->has_driver_region ? "driver and registers"
                                               : "registers", region->base,
                       stolen_region_size(region), gsm_size);
        }
        return same;
    }
    if (!vfio_igd_rmrr_silent(*decoded)) {
        error_setg(errp, "x-igd-stolen-base=0x%" PRIx64 " cannot be checked "
                   "against the device: %s; leave x-igd-stolen-base, "
                   "x-igd-stolen-size and x-igd-stolen-gsm-size out",
                   rmrr->base, igd_stolen_strerror(*decoded));
        return false;
    }
    if (!vfio_igd_rmrr_user_region(vdev, region, errp)) {
        return false;
    }
    *decoded = IGD_STOLEN_OK;
    return true;
}

/* Place */

/*
 * GSM of the guest's own, because the CPU must not touch the host's, and
 * directly behind it the device's DSM
 */
static void *vfio_igd_rmrr_map(VFIOPCIDevice *vdev, const StolenRegion *region,
                               Error **errp)
{
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
             MAP_SHARED | MAP_FIXED, vdev->vbasedev.fd,
             vdev->igd_rmrr.dsm_offset) == MAP_FAILED) {
        error_setg_errno(errp, errno, "x-igd-stolen-memory=device: the DSM "
                         "(0x%" PRIx64 ", 0x%" PRIx64 " bytes) cannot be "
                         "mapped; set x-igd-stolen-memory=ram",
                         region->dsm_base, dsm_size);
        munmap(memory, stolen_region_size(region));
        return NULL;
    }
    return memory;
}

/* The size is the device's own: its registers cannot be changed */
static bool vfio_igd_rmrr_check_gms(VFIOPCIDevice *vdev,
                                    const StolenRegion *region, Error **errp)
{
    uint64_t asked = vdev->igd_gms * (32 * MiB);
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
    const IGDStolenLayout *layout =
        igd_stolen_layout(igd_stolen_gen(vdev->device_id));
    bool device_memory = !strcmp(vdev->igd_rmrr.memory, "device");
    void *memory = device_memory ? vfio_igd_rmrr_map(vdev, region, errp) : NULL;

    if ((device_memory && !memory) ||
        !rmrr_provider_plug(PCI_DEVICE(vdev), region, memory, errp)) {
        return false;
    }
    vdev->igd_rmrr.placed = true;
    if (layout) {
        /* GGC: the device's own value, so the real sizes */
        vfio_igd_rmrr_emulate(vdev, IGD_STOLEN_CFG_GGC, 2,
                              pci_get_word(PCI_DEVICE(vdev)->config +
                                           IGD_STOLEN_CFG_GGC), false);
        vfio_igd_rmrr_emulate(vdev, layout->bdsm_offset, layout->bdsm_bits / 8,
                              region->dsm_base, false);
    }
    return true;
}

static void vfio_igd_rmrr_fall_back(VFIOPCIDevice *vdev, const char *why)
{
    const char *name = vdev->vbasedev.name;

    vdev->igd_rmrr.by_firmware = true;
    trace_vfio_igd_rmrr_fall_back(name, why);
    warn_report("vfio %s: stolen memory is not at the host's base: %s. Guest "
                "firmware chooses another place (x-igd-stolen=firmware); "
                "x-igd-stolen=identity makes this an error", name, why);
}

/* An IGD whose registers QEMU cannot read, and no region given by the user. */
static bool vfio_igd_rmrr_unreadable(VFIOPCIDevice *vdev, bool identity,
                                     IGDStolenResult why, Error **errp)
{
    VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
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

    rmrr->no_memory = why == IGD_STOLEN_NONE || why == IGD_STOLEN_NO_BDSM ||
                      why == IGD_STOLEN_UNKNOWN_DEVICE;
    if (why == IGD_STOLEN_NO_BDSM) {
        info_report("vfio %s: device id 0x%04x (Meteor Lake or later) has no "
                    "stolen memory below 4 GiB: nothing is reserved", name,
                    vdev->device_id);
    } else if (why == IGD_STOLEN_UNKNOWN_DEVICE) {
        warn_report("vfio %s: device id 0x%04x is not a known IGD: no stolen "
                    "memory is reserved; if it has any, give "
                    "x-igd-stolen-base, x-igd-stolen-size and "
                    "x-igd-stolen-gsm-size", name, vdev->device_id);
    } else if (!rmrr->no_memory) {
        vfio_igd_rmrr_fall_back(vdev, igd_stolen_strerror(why));
    }
    return true;
}

static bool vfio_igd_rmrr_learn_and_place(VFIOPCIDevice *vdev, bool identity,
                                          Error **errp)
{
    StolenRegion region;
    IGDStolenResult decoded = vfio_igd_rmrr_decode(vdev, &region);
    Error *err = NULL;

    if (!vfio_igd_rmrr_apply_driver(vdev, &decoded, &region, errp) ||
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

/* Sets the first of @values if none was given */
static bool vfio_igd_rmrr_one_of(const char *const *values, const char *name,
                                 char **value, Error **errp)
{
    g_autofree char *all = g_strjoinv(", ", (char **)values);

    if (!*value) {
        *value = g_strdup(values[0]);
    }
    if (!g_strv_contains(values, *value)) {
        error_setg(errp, "%s=%s: has to be one of %s", name, *value, all);
        return false;
    }
    return true;
}

bool vfio_igd_rmrr_realize(VFIOPCIDevice *vdev, Error **errp)
{
    static const char *const modes[] = {
        "auto", "identity", "firmware", "off", NULL
    };
    static const char *const memories[] = { "ram", "device", NULL };
    VFIOIgdRmrr *rmrr = &vdev->igd_rmrr;
    bool is_igd = !vdev->vbasedev.mdev && vfio_is_base_display(vdev) &&
                  vfio_pci_is(vdev, PCI_VENDOR_ID_INTEL, PCI_ANY_ID);
    bool device_memory;

    if (!is_igd && (rmrr->mode || rmrr->base || rmrr->size || rmrr->gsm_size ||
                    rmrr->keep || rmrr->memory)) {
        error_setg(errp, "%04x:%04x of class %04x is not an Intel graphics "
                   "device (8086, class 03xx): leave all options that "
                   "begin with x-igd-stolen out", vdev->vendor_id,
                   vdev->device_id,
                   pci_get_word(PCI_DEVICE(vdev)->config + PCI_CLASS_DEVICE));
        return false;
    }
    if (!vfio_igd_rmrr_one_of(modes, "x-igd-stolen", &rmrr->mode, errp) ||
        !vfio_igd_rmrr_one_of(memories, "x-igd-stolen-memory", &rmrr->memory,
                              errp)) {
        return false;
    }
    if (!is_igd) {
        return true;
    }
    /*
     * The host's address, which the kernel shows here, is of no use to a guest.
     * Firmware that knows etc/igd-opregion writes its own.
     */
    vfio_igd_rmrr_emulate(vdev, IGD_CFG_ASLS, 4, 0, true);

    device_memory = !strcmp(rmrr->memory, "device");
    if (strcmp(rmrr->mode, "off") && strcmp(rmrr->mode, "firmware")) {
        return vfio_igd_rmrr_learn_and_place(
            vdev, device_memory || !strcmp(rmrr->mode, "identity"), errp);
    }
    if (device_memory) {
        error_setg(errp, "x-igd-stolen-memory=device is for stolen memory at "
                   "the host's base, not for x-igd-stolen=%s; leave one of "
                   "them out", rmrr->mode);
        return false;
    }
    rmrr->by_firmware = !strcmp(rmrr->mode, "firmware");
    return true;
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
    if (vdev->igd_rmrr.placed) {
        vfio_igd_rmrr_quiesce(vdev);
        rmrr_provider_unplug(PCI_DEVICE(vdev));
        vdev->igd_rmrr.placed = false;
    }
}

/* Provider */

/* Firmware reserves the DSM only. */
static bool vfio_igd_rmrr_by_firmware(RMRRProvider *provider,
                                      StolenRegion *region)
{
    VFIOPCIDevice *vdev = VFIO_PCI(provider);
    IGDStolenGen gen = igd_stolen_gen(vdev->device_id);
    uint16_t ggc = pci_get_word(PCI_DEVICE(vdev)->config + IGD_STOLEN_CFG_GGC);
    uint64_t dsm_size, gsm_size;

    return vdev->igd_rmrr.by_firmware &&
           igd_stolen_sizes(gen, ggc, &dsm_size, &gsm_size) == IGD_STOLEN_OK &&
           igd_stolen_region(QEMU_ALIGN_DOWN(
               vfio_igd_rmrr_bdsm(vdev, igd_stolen_layout(gen)), STOLEN_ALIGN),
               dsm_size, 0, region) == IGD_STOLEN_OK;
}

static bool vfio_igd_rmrr_maps_iova(RMRRProvider *provider)
{
    return true;
}

static bool vfio_igd_rmrr_keeps_contents(RMRRProvider *provider)
{
    return VFIO_PCI(provider)->igd_rmrr.keep;
}

/* Options */

static const Property vfio_igd_rmrr_properties[] = {
    DEFINE_PROP_STRING("x-igd-stolen", VFIOPCIDevice, igd_rmrr.mode),
    DEFINE_PROP_SIZE("x-igd-stolen-base", VFIOPCIDevice, igd_rmrr.base, 0),
    DEFINE_PROP_SIZE("x-igd-stolen-size", VFIOPCIDevice, igd_rmrr.size, 0),
    DEFINE_PROP_SIZE("x-igd-stolen-gsm-size", VFIOPCIDevice,
                     igd_rmrr.gsm_size, 0),
    DEFINE_PROP_STRING("x-igd-stolen-memory", VFIOPCIDevice, igd_rmrr.memory),
    DEFINE_PROP_BOOL("x-igd-stolen-keep", VFIOPCIDevice, igd_rmrr.keep, false),
};

void vfio_igd_rmrr_class_init(ObjectClass *klass)
{
    RMRRProviderClass *rrc = RMRR_PROVIDER_CLASS(klass);

    rrc->early = vfio_igd_rmrr_early;
    rrc->by_firmware = vfio_igd_rmrr_by_firmware;
    rrc->maps_iova = vfio_igd_rmrr_maps_iova;
    rrc->keeps_contents = vfio_igd_rmrr_keeps_contents;
    rrc->off_option = "x-igd-stolen=off";

    /* vfio-pci's own come after these, and are what "info qtree" shows */
    device_class_set_props(DEVICE_CLASS(klass), vfio_igd_rmrr_properties);
}
