/*
 * Stolen memory of assigned IGDs on the PC machines: what it looks like
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: the QMP command query-rmrr and the monitor's "info rmrr". Reads only.
 * The pure enums and those of QAPI have the same members in the same order,
 * which is checked when this file is compiled.
 *
 * Tested by tests/qtest/intel-iommu-policy-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/pci.h"
#include "monitor/hmp-target.h"
#include "monitor/monitor.h"
#include "qapi/qapi-commands-rmrr-target.h"
#include "intel_iommu_rmrr.h"
#include "stolen_memory_internal.h"

QEMU_BUILD_BUG_ON((int)QAPI_RMRR_POLICY_KEEP != (int)RMRR_POLICY_KEEP);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_POLICY_EXACT != (int)RMRR_POLICY_EXACT);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_POLICY_LOCK != (int)RMRR_POLICY_LOCK);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_POLICY__MAX != (int)RMRR_POLICY__MAX);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_TRANSLATION_OFF !=
                  (int)RMRR_REASON_TRANSLATION_OFF);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_PASS_THROUGH !=
                  (int)RMRR_REASON_PASS_THROUGH);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_IDENTITY !=
                  (int)RMRR_REASON_IDENTITY);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_KEPT != (int)RMRR_REASON_KEPT);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_LOCKED != (int)RMRR_REASON_LOCKED);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_NO_CONTEXT !=
                  (int)RMRR_REASON_NO_CONTEXT);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_ABSENT != (int)RMRR_REASON_ABSENT);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_PARTIAL != (int)RMRR_REASON_PARTIAL);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_FOREIGN != (int)RMRR_REASON_FOREIGN);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_WAITING != (int)RMRR_REASON_WAITING);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON_MAP_FAILED !=
                  (int)RMRR_REASON_MAP_FAILED);
QEMU_BUILD_BUG_ON((int)QAPI_RMRR_REASON__MAX != (int)RMRR_REASON__MAX);

static RmrrDevice *stolen_query_device(PCIDevice *pdev,
                                       const VTDRmrrMapping *m)
{
    RmrrDevice *device = g_new0(RmrrDevice, 1);
    RMRRReason reason = RMRR_REASON__MAX;
    VTDRmrrStats stats = { };

    vtd_rmrr_describe(m, &reason, &stats, &device->sid);
    device->device = object_get_canonical_path(OBJECT(pdev));
    device->mapped = rmrr_reason_mapped(reason);
    device->reason = (RmrrReason)reason;
    device->scans = stats.scans;
    device->table_reads = stats.table_reads;
    device->switches = stats.switches;
    device->failures = stats.failures;
    device->clipped = stats.clipped;
    device->invalidations = stats.invalidations;
    device->invalidations_outside = stats.invalidations_outside;
    return device;
}

static RmrrRegion *stolen_query_region(const StolenRegion *region,
                                       const char *name, bool placed)
{
    RmrrRegion *info = g_new0(RmrrRegion, 1);

    info->name = g_strdup(name);
    info->base = region->base;
    info->limit = region->limit;
    info->dsm_base = region->dsm_base;
    info->placed = placed;
    return info;
}

static RmrrRegion *stolen_query_placed(StolenMemory *sm)
{
    VTDRmrrMapping *m = vtd_rmrr_mapping(&sm->mr);
    RmrrRegion *info = stolen_query_region(&sm->region,
                                           memory_region_name(&sm->mr), true);

    if (m) {
        info->has_policy = true;
        info->policy = (RmrrPolicy)vtd_rmrr_iommu()->rmrr_policy;
        QAPI_LIST_PREPEND(info->devices, stolen_query_device(sm->pdev, m));
    }
    return info;
}

/* Those that guest firmware has placed are in no list of ours. */
static int stolen_query_firmware(Object *obj, void *opaque)
{
    RmrrRegionList ***tail = opaque;
    RMRRProviderClass *rrc;
    StolenRegion region;

    if (!object_dynamic_cast(obj, TYPE_RMRR_PROVIDER) ||
        !DEVICE(obj)->realized) {
        return 0;
    }
    rrc = RMRR_PROVIDER_GET_CLASS(obj);
    if (rrc->get(RMRR_PROVIDER(obj), &region) ==
        RMRR_PROVIDER_FIRMWARE) {
        QAPI_LIST_APPEND(*tail, stolen_query_region(&region, "firmware",
                                                    false));
    }
    return 0;
}

RmrrRegionList *qmp_query_rmrr(Error **errp)
{
    GPtrArray *all = stolen_memory_all();
    RmrrRegionList *list = NULL, **tail = &list;
    unsigned i;

    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (sm->pdev) {
            QAPI_LIST_APPEND(tail, stolen_query_placed(sm));
        }
    }
    object_child_foreach_recursive(object_get_root(), stolen_query_firmware,
                                   &tail);
    return list;
}

static void stolen_query_print(Monitor *mon, const RmrrDevice *device)
{
    monitor_printf(mon, "  %s (%02x:%02x.%x): %s: %s\n", device->device,
                   PCI_BUS_NUM(device->sid), PCI_SLOT(device->sid),
                   PCI_FUNC(device->sid),
                   device->mapped ? "kept mapped" : "not kept mapped",
                   rmrr_reason_text((RMRRReason)device->reason));
    monitor_printf(mon, "    scans %" PRIu64 " (%" PRIu64 " table pages), "
                   "switches %" PRIu64 ", failures %" PRIu64
                   ", clipped events %" PRIu64 "\n", device->scans,
                   device->table_reads, device->switches, device->failures,
                   device->clipped);
    monitor_printf(mon, "    IOTLB invalidations: %" PRIu64
                   " inside, %" PRIu64 " outside\n", device->invalidations,
                   device->invalidations_outside);
}

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
                       rmrr_policy_name((RMRRPolicy)region->policy) :
                       "none");
        if (!region->devices) {
            monitor_printf(mon, "  not kept mapped: %s\n", region->placed ?
                           "no intel-iommu" : "guest firmware placed it");
        }
        for (d = region->devices; d; d = d->next) {
            stolen_query_print(mon, d->value);
        }
    }
}
