/*
 * Stolen memory of assigned IGDs on the PC machines: placement
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: has one RAM MemoryRegion for each region of stolen memory, above
 * RAM, the PCI hole and MMCONFIG in priority, so that inside RAM, partly
 * inside and outside are one case. What may be where is decided in
 * stolen_memory_check.c, and what the guest's firmware and OS read of it is
 * in stolen_memory_acpi.c.
 *
 * Memory for the regions that the early scan knows of is in place before any
 * device realizes: a vfio container that attaches later maps it together with
 * the rest of guest RAM and can still fail in a civil way. A region that no
 * device has claimed when the machine is complete goes away again.
 *
 * Tested by tests/qtest/stolen-memory-test.c and stolen-memory-unplug-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/madvise.h"
#include "qemu/error-report.h"
#include "hw/i386/pc.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci_bus.h"
#include "migration/vmstate.h"
#include "system/system.h"
#include "e820_memory_layout.h"
#include "intel_iommu_rmrr.h"
#include "stolen_memory_internal.h"
#include "stolen_plan.h"
#include "trace/trace-hw_igd_rmrr.h"

/* RAM is 0, the PCI hole -1, MMCONFIG 0, SMRAM and PAM 1. */
#define STOLEN_PRIORITY 2

#define STOLEN_FW_CFG_BASE "etc/igd-stolen-base"
#define STOLEN_FW_CFG_DEVFN PCI_DEVFN(2, 0)

GPtrArray *stolen_memory_all(void)
{
    static GPtrArray *all;

    if (!all) {
        all = g_ptr_array_new_with_free_func(object_unref);
    }
    return all;
}

static StolenMemory *stolen_memory_find(const PCIDevice *pdev)
{
    GPtrArray *all = stolen_memory_all();
    unsigned i;

    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (sm->pdev == pdev) {
            return sm;
        }
    }
    return NULL;
}

StolenMemory *stolen_memory_overlapping(const StolenRegion *region,
                                        bool claimed)
{
    GPtrArray *all = stolen_memory_all();
    unsigned i;

    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (!!sm->pdev == claimed &&
            stolen_region_overlaps(&sm->region, region->base,
                                   region->limit)) {
            return sm;
        }
    }
    return NULL;
}

/* Memory */

OBJECT_DEFINE_SIMPLE_TYPE(StolenMemory, stolen_memory, STOLEN_MEMORY, OBJECT)

static void stolen_memory_init(Object *obj)
{
}

static void stolen_memory_class_init(ObjectClass *klass, void *data)
{
}

/* Its last user is gone, and @mr with it. */
static void stolen_memory_finalize(Object *obj)
{
    StolenMemory *sm = STOLEN_MEMORY(obj);

    if (sm->memory) {
        munmap(sm->memory, stolen_region_size(&sm->region));
    }
}

/*
 * Take a region out of the guest's address space. Its memory goes with its
 * last user: a DMA in flight, a view of memory, a picture on a screen.
 */
static void stolen_memory_remove(StolenMemory *sm)
{
    if (!sm->memory) {
        /* Its name may be wanted again before that. */
        vmstate_unregister_ram(&sm->mr, NULL);
    }
    memory_region_del_subregion(get_system_memory(), &sm->mr);
    g_ptr_array_remove(stolen_memory_all(), sm);
}

static void stolen_memory_machine_done(Notifier *notifier, void *unused)
{
    GPtrArray *all = stolen_memory_all();
    int i;

    for (i = all->len - 1; i >= 0; i--) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (!sm->pdev) {
            trace_stolen_memory_unclaimed(sm->region.base, sm->region.limit);
            stolen_memory_remove(sm);
            continue;
        }
        /* The IOMMU may have come after the device. */
        vtd_rmrr_check(sm->pdev, &sm->region, &error_fatal);
        if (vtd_rmrr_map(sm->pdev, &sm->region, &sm->mr) && !sm->mapped &&
            rmrr_provider_maps_iova(sm->pdev)) {
            error_report("%s: -device intel-iommu has to come before this "
                         "device. QEMU makes the devices given as key=value "
                         "first, in their order, then those given as JSON, "
                         "as libvirt gives its own: put -device intel-iommu "
                         "first; with libvirt, give the IGD as <hostdev> and "
                         "not on <qemu:commandline>",
                         rmrr_provider_name(sm->pdev));
            exit(EXIT_FAILURE);
        }
    }
}

/*
 * What a listener could not map while memory was put in place, after a vfio
 * container was there: then realize fails, and not QEMU.
 */
static struct {
    const MemoryRegion *mr;
    Error *err;
} stolen_memory_adding;

static bool stolen_memory_map_failed(const AddressSpace *as,
                                     const MemoryRegion *mr, Error *err)
{
    if (!mr || mr != stolen_memory_adding.mr) {
        return vtd_rmrr_map_failed(as, mr, err);
    }
    if (stolen_memory_adding.err) {
        error_free(err);
    } else {
        stolen_memory_adding.err = err;
    }
    return true;
}

static bool stolen_memory_add(StolenMemory *sm, Error **errp)
{
    ERRP_GUARD();

    g_ptr_array_add(stolen_memory_all(), sm);
    stolen_memory_adding.mr = &sm->mr;
    memory_region_add_subregion_overlap(get_system_memory(), sm->region.base,
                                        &sm->mr, STOLEN_PRIORITY);
    stolen_memory_adding.mr = NULL;
    if (!stolen_memory_adding.err) {
        return true;
    }
    error_propagate(errp, stolen_memory_adding.err);
    error_prepend(errp, "stolen memory 0x%" PRIx64 "-0x%" PRIx64 " (0x%" PRIx64
                  " bytes more to lock): ", sm->region.base, sm->region.limit,
                  stolen_region_size(&sm->region));
    error_append_hint(errp, "Raise the limit on locked memory "
                      "(ulimit -l, or libvirt's <hard_limit>).\n");
    stolen_memory_adding.err = NULL;
    stolen_memory_remove(sm);
    return false;
}

/* @memory, if there is any, is taken over */
static StolenMemory *stolen_memory_create(const StolenRegion *region,
                                          void *memory, Error **errp)
{
    static Notifier done;
    uint64_t size = stolen_region_size(region);
    StolenMemory *sm = STOLEN_MEMORY(object_new(TYPE_STOLEN_MEMORY));
    g_autofree char *name = g_strdup_printf("igd-stolen@%" PRIx64,
                                            region->base);

    sm->region = *region;
    sm->memory = memory;
    if (memory) {
        memory_region_init_ram_ptr(&sm->mr, OBJECT(sm), name, size, memory);
    } else if (memory_region_init_ram_nomigrate(&sm->mr, OBJECT(sm), name,
                                                size, errp)) {
        /* Without a device, so that the block's name is @name alone */
        vmstate_register_ram(&sm->mr, NULL);
    } else {
        object_unref(sm);
        return NULL;
    }
    /* What was on a screen does not belong in a core dump. */
    qemu_madvise(memory_region_get_ram_ptr(&sm->mr), size,
                 QEMU_MADV_DONTDUMP);

    if (!done.notify) {
        done.notify = stolen_memory_machine_done;
        qemu_add_machine_init_done_notifier(&done);
        stolen_memory_reset_register();
        rmrr_provider_on_map_failed(stolen_memory_map_failed);
    }
    return stolen_memory_add(sm, errp) ? sm : NULL;
}

uint64_t stolen_memory_low_ram(MachineState *machine, uint64_t low_ram_size)
{
    const GArray *hints = rmrr_provider_hints();
    g_autoptr(GArray) regions = g_array_new(false, false,
                                            sizeof(StolenRegion));
    StolenLayout layout = { .firmware = STOLEN_FIRMWARE_OTHER };
    unsigned i;

    if (!hints->len) {
        return low_ram_size;
    }

    for (i = 0; i < hints->len; i++) {
        g_array_append_val(regions,
            g_array_index(hints, RMRRProviderHint, i).region);
    }

    low_ram_size = MIN(low_ram_size, machine->ram_size);
    layout.low_ram_size = stolen_plan_low_ram(low_ram_size,
                                              (StolenRegion *)regions->data,
                                              regions->len);
    for (i = 0; i < regions->len; i++) {
        StolenRegion *region = &g_array_index(regions, StolenRegion, i);
        StolenPlan plan = stolen_plan_place(&layout, region);

        trace_stolen_memory_early(region->base, region->limit, plan.status,
                                  layout.low_ram_size);
        if (plan.status == STOLEN_PLAN_OK &&
            !stolen_memory_overlapping(region, false)) {
            /* Should it fail, the device will say why it fails. */
            stolen_memory_create(region, NULL, NULL);
        }
    }

    return layout.low_ram_size;
}

/* Plug */

static void stolen_memory_publish_base(PCIDevice *pdev,
                                       const StolenRegion *region)
{
    FWCfgState *fw_cfg = fw_cfg_find();
    uint64_t *base;

    /* Firmware that knows of stolen memory looks at 00:02.0 only. */
    if (!fw_cfg || pdev->devfn != STOLEN_FW_CFG_DEVFN ||
        !pci_bus_is_root(pci_get_bus(pdev)) ||
        pci_bus_num(pci_get_bus(pdev))) {
        return;
    }

    base = g_new(uint64_t, 1);
    *base = cpu_to_le64(region->dsm_base);
    fw_cfg_add_file(fw_cfg, STOLEN_FW_CFG_BASE, base, sizeof(*base));
}

/*
 * Take the memory that is in place, unless it is not where it has to be, or
 * the device brings its own. None of it is another device's any more.
 */
static StolenMemory *stolen_memory_claim(PCIDevice *pdev,
                                         const StolenRegion *region,
                                         void *memory, Error **errp)
{
    StolenMemory *sm;

    while ((sm = stolen_memory_overlapping(region, false))) {
        bool same = stolen_region_is(&sm->region, region->base,
                                     region->limit);

        if (same && !memory) {
            return sm;
        }
        if (!same) {
            warn_report("%s: stolen memory was expected at 0x%" PRIx64 "-0x%"
                        PRIx64 ", but the device says 0x%" PRIx64 "-0x%"
                        PRIx64, rmrr_provider_name(pdev), sm->region.base,
                        sm->region.limit, region->base, region->limit);
        }
        stolen_memory_remove(sm);
    }
    return stolen_memory_create(region, memory, errp);
}

bool rmrr_provider_plug(PCIDevice *pdev, const StolenRegion *region,
                          Error **errp)
{
    return rmrr_provider_plug_memory(pdev, region, NULL, errp);
}

bool rmrr_provider_plug_memory(PCIDevice *pdev, const StolenRegion *region,
                                 void *memory, Error **errp)
{
    StolenMemory *sm;

    if (!stolen_memory_check(pdev, region, errp)) {
        if (memory) {
            munmap(memory, stolen_region_size(region));
        }
        return false;
    }

    sm = stolen_memory_claim(pdev, region, memory, errp);
    if (!sm) {
        return false;
    }

    sm->pdev = pdev;
    sm->region = *region;
    sm->mapped = vtd_rmrr_map(pdev, region, &sm->mr);
    e820_add_entry(region->base, stolen_region_size(region), E820_RESERVED);
    stolen_memory_publish_base(pdev, region);
    stolen_memory_register_state(sm);
    trace_stolen_memory_plug(pdev->name, region->base, region->limit,
                             region->dsm_base);
    return true;
}

void rmrr_provider_unplug(PCIDevice *pdev)
{
    StolenMemory *sm = stolen_memory_find(pdev);

    if (!sm) {
        return;
    }
    trace_stolen_memory_unplug(pdev->name, sm->region.base, sm->region.limit);
    stolen_memory_unregister_state(sm);
    vtd_rmrr_unmap(&sm->mr);
    stolen_memory_remove(sm);
}
