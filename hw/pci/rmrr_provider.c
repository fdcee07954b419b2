/*
 * Devices that need a reserved region of guest memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: the interface type and the early scan. The layout of guest RAM is fixed
 * when the board initializes, long before a device realizes, so its region has
 * to be read off its options. The scan asks the class of each device; it knows
 * no device by name, and reports no error (the device will).
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qobject/qdict.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/pci/rmrr_provider.h"
#include "trace/trace-hw_igd_rmrr.h"

void rmrr_provider_scan_device(MachineState *machine, const QDict *opts)
{
    const char *driver = qdict_get_try_str(opts, "driver");
    ObjectClass *oc = driver ? module_object_class_by_name(driver) : NULL;
    RMRRProviderClass *rrc = (RMRRProviderClass *)
        object_class_dynamic_cast(oc, TYPE_RMRR_PROVIDER);
    StolenRegion region;

    if (!rrc || !rrc->early || !rrc->early(opts, &region)) {
        return;
    }

    trace_rmrr_provider_hint(qdict_get_try_str(opts, "id") ?: driver,
                             region.base, region.limit);
    if (!machine->rmrr_hints) {
        machine->rmrr_hints = g_array_new(false, false, sizeof(region));
    }
    g_array_append_val(machine->rmrr_hints, region);
}

int rmrr_provider_scan_opts(void *opaque, QemuOpts *opts, Error **errp)
{
    g_autoptr(QDict) dict = qemu_opts_to_qdict(opts, NULL);

    rmrr_provider_scan_device(opaque, dict);
    return 0;
}

static const TypeInfo rmrr_provider_types[] = {
    {
        .name = TYPE_RMRR_PROVIDER,
        .parent = TYPE_INTERFACE,
        .class_size = sizeof(RMRRProviderClass),
    },
};

DEFINE_TYPES(rmrr_provider_types)
