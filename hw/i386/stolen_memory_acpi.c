/*
 * Stolen memory of assigned IGDs on the PC machines: what firmware and OS see
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: cuts the regions out of the host bridge's _CRS, names them by a
 * motherboard resource device, and says so when firmware put something on
 * them. All of it is derived from the list in stolen_memory.c, and nothing is
 * emitted when that is empty. (The E820 entry is stolen_memory.c's, the RMRR
 * intel_iommu_rmrr.c's.)
 *
 * Tested by tests/qtest/stolen-memory-test.c and tests/functional.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/range.h"
#include "hw/pci/pci.h"
#include "stolen_memory_internal.h"
#include "trace/trace-hw_igd_rmrr.h"

/* A guest may put BARs there, and be reset, as often as it likes */
#define STOLEN_MEMORY_BARS_REPORTED 8

static void stolen_memory_report_bar(PCIDevice *dev, int bar,
                                     const StolenMemory *sm)
{
    const PCIIORegion *r = &dev->io_regions[bar];

    error_report("%s: firmware put BAR%d of %s (%02x:%02x.%x) at "
                 "0x%" PRIx64 "-0x%" PRIx64 ", on the device's stolen memory "
                 "0x%" PRIx64 "-0x%" PRIx64 "; the BAR will not work. Give "
                 "the guest fewer or smaller BARs, or other firmware",
                 sm->pdev->name, bar, dev->name, pci_dev_bus_num(dev),
                 PCI_SLOT(dev->devfn), PCI_FUNC(dev->devfn), r->addr,
                 r->addr + r->size - 1, sm->region.base, sm->region.limit);
}

static int stolen_memory_check_bars(Object *obj, void *opaque)
{
    GPtrArray *all = stolen_memory_all();
    PCIDevice *dev = (PCIDevice *)object_dynamic_cast(obj, TYPE_PCI_DEVICE);
    unsigned i;
    int bar;

    for (bar = 0; dev && bar < PCI_NUM_REGIONS; bar++) {
        const PCIIORegion *r = &dev->io_regions[bar];

        if (!r->size || r->addr == PCI_BAR_UNMAPPED ||
            (r->type & PCI_BASE_ADDRESS_SPACE_IO)) {
            continue;
        }
        for (i = 0; i < all->len; i++) {
            StolenMemory *sm = g_ptr_array_index(all, i);

            if (sm->pdev &&
                sm->bars_reported < STOLEN_MEMORY_BARS_REPORTED &&
                stolen_region_overlaps(&sm->region, r->addr,
                                       r->addr + r->size - 1)) {
                sm->bars_reported++;
                stolen_memory_report_bar(dev, bar, sm);
            }
        }
    }
    return 0;
}

/*
 * crs_replace_with_free_ranges() wants disjoint ranges inside the hole, so a
 * region that overlaps one of them becomes part of it.
 */
static void stolen_memory_exclude(GPtrArray *used, uint64_t base,
                                  uint64_t limit)
{
    unsigned i;

    for (i = 0; i < used->len; i++) {
        CrsRangeEntry *entry = g_ptr_array_index(used, i);

        if (entry->base <= limit && base <= entry->limit) {
            base = MIN(base, entry->base);
            limit = MAX(limit, entry->limit);
            g_ptr_array_remove_index(used, i);
            i = -1; /* the union may overlap one seen before */
        }
    }
    crs_range_insert(used, base, limit);
}

void stolen_memory_exclude_from_crs(GPtrArray *used, Range *pci_hole)
{
    GPtrArray *all = stolen_memory_all();
    unsigned i;

    if (!all->len) {
        return;
    }

    object_child_foreach_recursive(object_get_root(),
                                   stolen_memory_check_bars, NULL);
    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);
        uint64_t base = MAX(sm->region.base, range_lob(pci_hole));
        uint64_t limit = MIN(sm->region.limit, range_upb(pci_hole));

        if (sm->pdev && base <= limit) {
            stolen_memory_exclude(used, base, limit);
        }
    }
}

void stolen_memory_append_aml(Aml *dsdt)
{
    GPtrArray *all = stolen_memory_all();
    Aml *scope, *dev, *crs;
    unsigned i;

    if (!all->len) {
        return;
    }

    crs = aml_resource_template();
    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        aml_append(crs, aml_memory32_fixed(sm->region.base,
                                           stolen_region_size(&sm->region),
                                           AML_READ_WRITE));
    }

    dev = aml_device("STLN");
    aml_append(dev, aml_name_decl("_HID", aml_eisaid("PNP0C02")));
    aml_append(dev, aml_name_decl("_UID", aml_string("IGD stolen memory")));
    aml_append(dev, aml_name_decl("_CRS", crs));

    scope = aml_scope("_SB");
    aml_append(scope, dev);
    aml_append(dsdt, scope);
}

void stolen_memory_check_ecam(uint64_t base, uint64_t size)
{
    GPtrArray *all = stolen_memory_all();
    unsigned i;

    for (i = 0; i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (!sm->pdev || sm->ecam_reported ||
            !stolen_region_overlaps(&sm->region, base, base + size - 1)) {
            continue;
        }
        sm->ecam_reported = true;
        error_report("%s: firmware put MMCONFIG at 0x%" PRIx64 "-0x%" PRIx64
                     ", on the device's stolen memory 0x%" PRIx64 "-0x%" PRIx64
                     "; the stolen memory stays, and PCI buses whose "
                     "configuration space it hides cannot be used. Use "
                     "firmware that puts MMCONFIG elsewhere",
                     sm->pdev->name, base, base + size - 1, sm->region.base,
                     sm->region.limit);
    }
}
