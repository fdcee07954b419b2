/*
 * Stolen memory of an IGD assigned by vfio-pci: before the machine exists
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: reads -device options and sysfs. Whatever it cannot make sense of
 * means "not known": realize will look at the device itself and complain.
 *
 * Tested by tests/functional/test_nested.py.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "igd-reserved-regions.h"
#include "igd-rmrr-early.h"

#define SYSFS_PCI_DEVICES "/sys/bus/pci/devices"
#define SYSFS_CLASS_DISPLAY "0x03"
#define SYSFS_VENDOR_INTEL "0x8086"

static uint64_t vfio_igd_rmrr_opt_size(const QDict *opts, const char *name)
{
    const char *str = qdict_get_try_str(opts, name);
    const QNum *num = qobject_to(QNum, qdict_get(opts, name));
    uint64_t value;

    if (str) {
        return qemu_strtosz(str, NULL, &value) ? 0 : value;
    }
    return num && qnum_get_try_uint(num, &value) ? value : 0;
}

static char *vfio_igd_rmrr_sysfs_path(const QDict *opts)
{
    const char *sysfsdev = qdict_get_try_str(opts, "sysfsdev");
    const char *host = qdict_get_try_str(opts, "host");
    unsigned domain, bus, slot, function;
    char rest;

    if (sysfsdev) {
        return g_strdup(sysfsdev);
    }
    if (!host) {
        return NULL;
    }
    if (sscanf(host, "%x:%x:%x.%x%c", &domain, &bus, &slot, &function,
               &rest) != 4) {
        domain = 0;
        if (sscanf(host, "%x:%x.%x%c", &bus, &slot, &function, &rest) != 3) {
            return NULL;
        }
    }
    return g_strdup_printf(SYSFS_PCI_DEVICES "/%04x:%02x:%02x.%x", domain,
                           bus, slot, function);
}

static char *vfio_igd_rmrr_read(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static bool vfio_igd_rmrr_sysfs_is(const char *dir, const char *file,
                                   const char *prefix)
{
    g_autofree char *text = vfio_igd_rmrr_read(dir, file);

    return text && g_str_has_prefix(text, prefix);
}

static bool vfio_igd_rmrr_sysfs_region(const QDict *opts, StolenRegion *region)
{
    g_autofree char *dir = vfio_igd_rmrr_sysfs_path(opts);
    g_autofree char *text = NULL;

    if (!dir || !vfio_igd_rmrr_sysfs_is(dir, "class", SYSFS_CLASS_DISPLAY) ||
        !vfio_igd_rmrr_sysfs_is(dir, "vendor", SYSFS_VENDOR_INTEL)) {
        return false;
    }

    text = vfio_igd_rmrr_read(dir, "iommu_group/reserved_regions");
    /* With several, only the device's registers can tell which it is. */
    return text && igd_reserved_regions_parse(text, region) == 1;
}

bool vfio_igd_rmrr_early(const QDict *opts, StolenRegion *region)
{
    const char *mode = qdict_get_try_str(opts, "x-igd-stolen");
    uint64_t base = vfio_igd_rmrr_opt_size(opts, "x-igd-stolen-base");
    uint64_t size = vfio_igd_rmrr_opt_size(opts, "x-igd-stolen-size");

    if (mode && (!strcmp(mode, "off") || !strcmp(mode, "firmware"))) {
        return false;
    }
    if (base && size && size - 1 <= UINT64_MAX - base) {
        *region = (StolenRegion) {
            .base = base,
            .limit = base + size - 1,
            .dsm_base = base,
        };
        return true;
    }
    return vfio_igd_rmrr_sysfs_region(opts, region);
}
