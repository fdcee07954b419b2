/*
 * Stolen memory behind the emulated VT-d: published in the DMAR table
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: collects the regions of all devices behind the IOMMU, has rmrr_set.c
 * validate and sort them and rmrr_dmar.c encode them. Runs when a device
 * realizes (to refuse it) and whenever the tables are built, the second time
 * when guest firmware fetches them: by then a region that firmware places is
 * known.
 *
 * VT-d specification (revision 4.1) 8.4. Tested by
 * tests/qtest/dmar-rmrr-test.c and stolen-memory-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "hw/boards.h"
#include "hw/i386/pc.h"
#include "hw/i386/stolen_memory.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "intel_iommu_rmrr.h"
#include "rmrr_dmar.h"
#include "rmrr_set.h"
#include "trace/trace-hw_igd_rmrr.h"

static void vtd_rmrr_fill_path(RMRREntry *entry, PCIDevice *pdev)
{
    PCIDevice *dev = pdev;
    PCIBus *bus;
    int hops = 0;

    for (;;) {
        hops++;
        bus = pci_get_bus(dev);
        if (pci_bus_is_root(bus)) {
            break;
        }
        dev = pci_bridge_get_device(bus);
    }

    entry->start_bus = pci_bus_num(bus);
    entry->nr_hops = MIN(hops, UINT8_MAX);
    if (hops > RMRR_MAX_HOPS) {
        return; /* rmrr_set_add() refuses it */
    }
    for (dev = pdev; hops; dev = pci_bridge_get_device(pci_get_bus(dev))) {
        hops--;
        entry->path[hops].device = PCI_SLOT(dev->devfn);
        entry->path[hops].function = PCI_FUNC(dev->devfn);
    }
}

static RMRRStatus vtd_rmrr_add(GArray *set, IntelIOMMUState *s,
                               PCIDevice *pdev, const StolenRegion *region,
                               RMRRProviderKind kind)
{
    bool bridge = object_dynamic_cast(OBJECT(pdev), TYPE_PCI_BRIDGE);
    g_autofree RMRREntry *entry = g_new0(RMRREntry, 1);
    RMRRLimits limits = {
        .aw_bits = s->aw_bits,
        .tseg_base = UINT64_MAX,
    };

    entry->name = pdev->name;
    entry->base = region->base;
    entry->limit = region->limit;
    entry->scope_type = bridge ? RMRR_SCOPE_BRIDGE : RMRR_SCOPE_ENDPOINT;
    vtd_rmrr_fill_path(entry, pdev);

    if (kind == RMRR_PROVIDER_PLACED) {
        stolen_memory_tseg(&limits.tseg_base, &limits.tseg_limit);
    }
    return rmrr_set_add(set, entry, &limits, NULL);
}

typedef struct VTDRmrrCollect {
    IntelIOMMUState *iommu;
    GArray *set;
} VTDRmrrCollect;

static int vtd_rmrr_collect_one(Object *obj, void *opaque)
{
    VTDRmrrCollect *collect = opaque;
    RMRRProviderClass *rrc;
    RMRRProviderKind kind;
    StolenRegion region;
    RMRRStatus status;

    if (!object_dynamic_cast(obj, TYPE_RMRR_PROVIDER) ||
        !DEVICE(obj)->realized) {
        return 0;
    }

    rrc = RMRR_PROVIDER_GET_CLASS(obj);
    kind = rrc->get(RMRR_PROVIDER(obj), &region);
    if (kind == RMRR_PROVIDER_NONE ||
        !vtd_rmrr_find_as(collect->iommu, PCI_DEVICE(obj))) {
        return 0;
    }

    status = vtd_rmrr_add(collect->set, collect->iommu, PCI_DEVICE(obj),
                          &region, kind);
    trace_vtd_rmrr_publish(PCI_DEVICE(obj)->name, region.base, region.limit,
                           status);
    if (status != RMRR_OK) {
        /* Firmware chooses the base, each time that the guest resets itself */
        warn_report_once("%s: no RMRR is published: its stolen memory "
                         "0x%" PRIx64 "-0x%" PRIx64 " %s",
                         PCI_DEVICE(obj)->name, region.base, region.limit,
                         rmrr_status_text(status));
    }
    return 0;
}

static GArray *vtd_rmrr_collect(IntelIOMMUState *s)
{
    VTDRmrrCollect collect = { .iommu = s, .set = rmrr_set_new() };

    object_child_foreach_recursive(object_get_root(), vtd_rmrr_collect_one,
                                   &collect);
    return collect.set;
}

void vtd_rmrr_build_dmar(GArray *table, IntelIOMMUState *s)
{
    g_autoptr(GArray) set = vtd_rmrr_collect(s);

    rmrr_dmar_append(table, set);
}

static bool vtd_rmrr_check_shadowing(IntelIOMMUState *s, PCIDevice *pdev,
                                     Error **errp)
{
    if (!rmrr_provider_maps_iova(pdev)) {
        return true;
    }
    if (s->flts) {
        error_setg(errp, "%s: a device that shadows IOMMU mappings and has "
                   "stolen memory needs second-stage translation; set "
                   "intel-iommu,x-flts=off", rmrr_provider_name(pdev));
        return false;
    }
    if (!s->caching_mode) {
        error_setg(errp, "%s: a device that shadows IOMMU mappings needs "
                   "intel-iommu,caching-mode=on", rmrr_provider_name(pdev));
        return false;
    }
    if (s->snoop_control) {
        error_setg(errp, "%s: a device that shadows IOMMU mappings cannot have "
                   "snoop control; set intel-iommu,snoop-control=off",
                   rmrr_provider_name(pdev));
        return false;
    }
    return true;
}

bool vtd_rmrr_check(PCIDevice *pdev, const StolenRegion *region,
                    Error **errp)
{
    PCMachineState *pcms = PC_MACHINE(qdev_get_machine());
    IntelIOMMUState *s = vtd_rmrr_iommu();
    g_autoptr(GArray) set = NULL;
    RMRRStatus status;

    if (!s) {
        if (pcms->iommu) {
            error_setg(errp, "%s: %s cannot report reserved memory; use "
                       "-device intel-iommu%s", rmrr_provider_name(pdev),
                       object_get_typename(OBJECT(pcms->iommu)),
                       rmrr_provider_or_off(pdev));
            return false;
        }
        return true;
    }

    if (!vtd_rmrr_find_as(s, pdev)) {
        error_setg(errp, "%s: an RMRR needs the device behind the intel-iommu, "
                   "but its root bus bypasses it; set "
                   "default-bus-bypass-iommu=off (-machine) or "
                   "bypass_iommu=off (of the expander bridge)",
                   rmrr_provider_name(pdev));
        return false;
    }
    if (!vtd_rmrr_check_shadowing(s, pdev, errp)) {
        return false;
    }
    if (DEVICE(pdev)->realized) {
        return true; /* it is in the set already */
    }

    set = vtd_rmrr_collect(s);
    status = vtd_rmrr_add(set, s, pdev, region, RMRR_PROVIDER_PLACED);
    if (status != RMRR_OK) {
        error_setg(errp, "%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64
                   " cannot be an RMRR: it %s", rmrr_provider_name(pdev),
                   region->base, region->limit, rmrr_status_text(status));
        return false;
    }
    return true;
}
