/*
 * Devices that need a reserved region of guest memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: owns the list of hints and the interface type. The layout of guest
 * RAM is fixed when the board initializes, long before a device realizes, so
 * what a device will need has to be read off its options. It asks the class
 * of each device; it knows no device by name, and reports no error (the
 * device will).
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qobject/qdict.h"
#include "hw/pci/rmrr_provider.h"
#include "trace/trace-hw_igd_rmrr.h"

static GArray *rmrr_provider_hint_list(void)
{
    static GArray *hints;

    if (!hints) {
        hints = g_array_new(false, false, sizeof(RMRRProviderHint));
    }
    return hints;
}

const GArray *rmrr_provider_hints(void)
{
    return rmrr_provider_hint_list();
}

void rmrr_provider_scan_device(const QDict *opts)
{
    const char *driver = qdict_get_try_str(opts, "driver");
    const char *id = qdict_get_try_str(opts, "id");
    RMRRProviderClass *rrc;
    RMRRProviderHint hint;
    ObjectClass *oc;

    oc = driver ? module_object_class_by_name(driver) : NULL;
    rrc = (RMRRProviderClass *)
        (oc ? object_class_dynamic_cast(oc, TYPE_RMRR_PROVIDER)
            : NULL);
    if (!rrc || !rrc->early || !rrc->early(opts, &hint.region)) {
        return;
    }

    hint.name = g_strdup(id ?: driver);
    trace_rmrr_provider_hint(hint.name, hint.region.base,
                               hint.region.limit);
    g_array_append_val(rmrr_provider_hint_list(), hint);
}

int rmrr_provider_scan_opts(void *opaque, QemuOpts *opts, Error **errp)
{
    g_autoptr(QDict) dict = qemu_opts_to_qdict(opts, NULL);

    rmrr_provider_scan_device(dict);
    return 0;
}

bool rmrr_provider_maps_iova(PCIDevice *pdev)
{
    RMRRProviderClass *rrc =
        RMRR_PROVIDER_GET_CLASS(pdev);

    return rrc->maps_iova && rrc->maps_iova(RMRR_PROVIDER(pdev));
}

bool rmrr_provider_keeps_contents(PCIDevice *pdev)
{
    RMRRProviderClass *rrc =
        RMRR_PROVIDER_GET_CLASS(pdev);

    return rrc->keeps_contents &&
           rrc->keeps_contents(RMRR_PROVIDER(pdev));
}

const char *rmrr_provider_name(PCIDevice *pdev)
{
    const char *id = DEVICE(pdev)->id;
    g_autofree char *path = qdev_get_dev_path(DEVICE(pdev));
    g_autofree char *name =
        id ? g_strdup_printf("%s (%s at %s)", id, pdev->name, path)
           : g_strdup_printf("%s at %s", pdev->name, path);

    return g_intern_string(name);
}

const char *rmrr_provider_or_off(PCIDevice *pdev)
{
    RMRRProviderClass *rrc =
        RMRR_PROVIDER_GET_CLASS(pdev);
    g_autofree char *text =
        rrc->off_option ? g_strdup_printf(", or set %s", rrc->off_option)
                        : g_strdup("");

    return g_intern_string(text);
}

static RMRRProviderMapFailed *rmrr_provider_map_failed_function;

void rmrr_provider_on_map_failed(RMRRProviderMapFailed *function)
{
    rmrr_provider_map_failed_function = function;
}

bool rmrr_provider_map_failed(const AddressSpace *as, const MemoryRegion *mr,
                                Error *err)
{
    return rmrr_provider_map_failed_function &&
           rmrr_provider_map_failed_function(as, mr, err);
}

static const TypeInfo rmrr_provider_info = {
    .name = TYPE_RMRR_PROVIDER,
    .parent = TYPE_INTERFACE,
    .class_size = sizeof(RMRRProviderClass),
};

static void rmrr_provider_register_types(void)
{
    type_register_static(&rmrr_provider_info);
}

type_init(rmrr_provider_register_types)
