/*
 * Stolen memory of assigned IGDs on the PC machines: query-rmrr
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: describes the regions for QMP, and that for "info rmrr". An x86
 * emulator without a PC machine has none.
 *
 * Tested by tests/qtest/intel-iommu-seen-test.c.
 */

#include "qemu/osdep.h"
#include "monitor/hmp.h"
#include "monitor/monitor.h"
#include "qapi/qapi-commands-rmrr-query-target.h"
#include "stolen_memory.h"

#ifdef CONFIG_PC
static RmrrDevice *stolen_query_device(const VTDRmrrMapping *m)
{
    RmrrDevice *device = g_new0(RmrrDevice, 1);

    device->device = object_get_canonical_path(OBJECT(m->pdev));
    device->sid = PCI_BUILD_BDF(pci_bus_num(m->as->bus), m->as->devfn);
    device->mapped = rmrr_reason_mapped(m->reason);
    device->reason = m->reason;
    device->switches = m->switches;
    device->failures = m->failures;
    device->x_scans = m->scans;
    device->x_table_reads = m->table_reads;
    return device;
}

static RmrrRegion *stolen_query_region(const StolenMemoryUser *user)
{
    RmrrRegion *info = g_new0(RmrrRegion, 1);
    StolenMemory *sm = user->sm;

    info->name = g_strdup(sm ? memory_region_name(&sm->mr) : "firmware");
    info->base = user->region.base;
    info->limit = user->region.limit;
    info->dsm_base = user->region.dsm_base;
    info->placed = sm;
    if (sm && sm->mapping) {
        info->has_policy = true;
        info->policy = vtd_rmrr_iommu()->rmrr_policy;
        QAPI_LIST_PREPEND(info->devices, stolen_query_device(sm->mapping));
    }
    return info;
}

RmrrRegionList *qmp_query_rmrr(Error **errp)
{
    g_autoptr(GArray) users = stolen_memory_users();
    RmrrRegionList *list = NULL, **tail = &list;
    unsigned i;

    for (i = 0; i < users->len; i++) {
        QAPI_LIST_APPEND(tail, stolen_query_region(
            &g_array_index(users, StolenMemoryUser, i)));
    }
    return list;
}
#else
RmrrRegionList *qmp_query_rmrr(Error **errp)
{
    return NULL;
}
#endif

void hmp_info_rmrr(Monitor *mon, const QDict *qdict)
{
    g_autoptr(RmrrRegionList) list = qmp_query_rmrr(NULL);
    RmrrRegionList *r;
    RmrrDeviceList *d;

    if (!list) {
        monitor_printf(mon, "No device has a reserved region.\n");
    }
    for (r = list; r; r = r->next) {
        RmrrRegion *region = r->value;

        monitor_printf(mon, "%s: 0x%08" PRIx64 "-0x%08" PRIx64 ", BDSM 0x%08"
                       PRIx64 ", policy %s\n", region->name, region->base,
                       region->limit, region->dsm_base, region->has_policy ?
                       RmrrPolicy_str(region->policy) : "none");
        if (!region->devices) {
            monitor_printf(mon, "  not kept mapped: %s\n", region->placed ?
                           "no intel-iommu" : "guest firmware placed it");
        }
        for (d = region->devices; d; d = d->next) {
            RmrrDevice *device = d->value;

            monitor_printf(mon, "  %s (%02x:%02x.%x): %s: %s\n",
                           device->device, PCI_BUS_NUM(device->sid),
                           PCI_SLOT(device->sid), PCI_FUNC(device->sid),
                           device->mapped ? "kept mapped" : "not kept mapped",
                           rmrr_reason_text(device->reason));
            monitor_printf(mon, "    switches %" PRIu64 ", failures %" PRIu64
                           "\n", device->switches, device->failures);
        }
    }
}
