/*
 * Stolen memory of assigned IGDs on the PC machines: what firmware and OS read
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: lists the regions, cuts them out of the host bridge's _CRS, names them
 * by a motherboard resource device, publishes an RMRR for each (VT-d
 * specification, revision 4.1, 8.4), and reports where firmware put something
 * on them. Without a region not a byte is added. The tables are built once at
 * start and again when firmware fetches them: only then is it known where
 * firmware has placed a region, MMCONFIG and the BARs.
 *
 * Tested by tests/qtest/stolen-memory-test.c, dmar-rmrr-test.c and
 * tests/functional.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/range.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci_bridge.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pcie_host.h"
#include "acpi-build.h"
#include "stolen_memory.h"
#include "trace/trace-hw_igd_rmrr.h"

#define DMAR_TYPE_RMRR 1
#define DMAR_RMRR_FIXED_SIZE 24
#define DMAR_SCOPE_ENDPOINT 1
#define DMAR_SCOPE_BRIDGE 2
#define DMAR_SCOPE_FIXED_SIZE 6

/* A region that guest firmware has placed is known to its device alone. */
static int stolen_memory_add_firmware(Object *obj, void *opaque)
{
    StolenMemoryUser user = { };
    RMRRProviderClass *rrc;

    if (!object_dynamic_cast(obj, TYPE_RMRR_PROVIDER) ||
        !DEVICE(obj)->realized) {
        return 0;
    }
    rrc = RMRR_PROVIDER_GET_CLASS(obj);
    if (rrc->by_firmware && rrc->by_firmware(RMRR_PROVIDER(obj),
                                             &user.region)) {
        user.pdev = PCI_DEVICE(obj);
        g_array_append_val((GArray *)opaque, user);
    }
    return 0;
}

GArray *stolen_memory_users(void)
{
    GArray *users = g_array_new(false, false, sizeof(StolenMemoryUser));

    for (GSList *l = stolen_memory_all(); l; l = l->next) {
        StolenMemory *sm = l->data;
        StolenMemoryUser user = { sm->pdev, sm->region, sm };

        if (sm->pdev) {
            g_array_append_val(users, user);
        }
    }
    object_child_foreach_recursive(object_get_root(),
                                   stolen_memory_add_firmware, users);
    return users;
}

/* @reports: how often that was said; the guest can do it again for ever */
static void stolen_memory_report(const StolenMemory *sm, unsigned *reports,
                                 unsigned max, const char *what, uint64_t base,
                                 uint64_t limit, const char *so)
{
    if (*reports < max) {
        ++*reports;
        error_report("%s: firmware put %s at 0x%" PRIx64 "-0x%" PRIx64 ", on "
                     "the device's stolen memory 0x%" PRIx64 "-0x%" PRIx64
                     "; %s", sm->pdev->name, what, base, limit,
                     sm->region.base, sm->region.limit, so);
    }
}

/* @opaque: (element-type StolenMemoryUser) an array */
static int stolen_memory_check_bars(Object *obj, void *opaque)
{
    GArray *users = opaque;
    PCIDevice *dev = (PCIDevice *)object_dynamic_cast(obj, TYPE_PCI_DEVICE);

    for (int bar = 0; dev && bar < PCI_NUM_REGIONS; bar++) {
        const PCIIORegion *r = &dev->io_regions[bar];
        uint64_t limit = r->addr + r->size - 1;

        if (!r->size || r->addr == PCI_BAR_UNMAPPED ||
            (r->type & PCI_BASE_ADDRESS_SPACE_IO)) {
            continue;
        }
        for (unsigned i = 0; i < users->len; i++) {
            StolenMemory *sm = g_array_index(users, StolenMemoryUser, i).sm;

            if (sm && stolen_region_overlaps(&sm->region, r->addr, limit)) {
                g_autofree char *what =
                    g_strdup_printf("BAR%d of %s (%02x:%02x.%x)", bar,
                                    dev->name, pci_dev_bus_num(dev),
                                    PCI_SLOT(dev->devfn),
                                    PCI_FUNC(dev->devfn));

                stolen_memory_report(sm, &sm->bars_reported, 8, what, r->addr,
                                     limit, "the BAR will not work. Give the "
                                     "guest fewer or smaller BARs, or other "
                                     "firmware");
            }
        }
    }
    return 0;
}

static void stolen_memory_check_ecam(StolenMemory *sm)
{
    Object *host = object_dynamic_cast(acpi_get_i386_pci_host(),
                                       TYPE_PCIE_HOST_BRIDGE);
    const PCIExpressHost *ecam = host ? PCIE_HOST_BRIDGE(host) : NULL;

    if (ecam && ecam->base_addr != PCIE_BASE_ADDR_UNMAPPED &&
        stolen_region_overlaps(&sm->region, ecam->base_addr,
                               ecam->base_addr + ecam->size - 1)) {
        stolen_memory_report(sm, &sm->ecam_reported, 1, "MMCONFIG",
                             ecam->base_addr, ecam->base_addr + ecam->size - 1,
                             "the stolen memory stays, and PCI buses whose "
                             "configuration space it hides cannot be used. Use "
                             "firmware that puts MMCONFIG elsewhere");
    }
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

void stolen_memory_build_dsdt(Aml *dsdt, GPtrArray *used, Range *pci_hole)
{
    g_autoptr(GArray) users = stolen_memory_users();
    Aml *scope, *dev, *crs = aml_resource_template();
    unsigned i, placed = 0;

    for (i = 0; i < users->len; i++) {
        StolenMemoryUser *user = &g_array_index(users, StolenMemoryUser, i);
        uint64_t base = MAX(user->region.base, range_lob(pci_hole));
        uint64_t limit = MIN(user->region.limit, range_upb(pci_hole));

        if (!user->sm) {
            continue;
        }
        placed++;
        stolen_memory_check_ecam(user->sm);
        if (base <= limit) {
            stolen_memory_exclude(used, base, limit);
        }
        aml_append(crs, aml_memory32_fixed(user->region.base,
                                           stolen_region_size(&user->region),
                                           AML_READ_WRITE));
    }
    if (!placed) {
        return;
    }
    object_child_foreach_recursive(object_get_root(),
                                   stolen_memory_check_bars, users);

    dev = aml_device("STLN");
    aml_append(dev, aml_name_decl("_HID", aml_eisaid("PNP0C02")));
    aml_append(dev, aml_name_decl("_UID", aml_string("IGD stolen memory")));
    aml_append(dev, aml_name_decl("_CRS", crs));

    scope = aml_scope("_SB");
    aml_append(scope, dev);
    aml_append(dsdt, scope);
}

/* RMRR */

/* From the root bus, whose number is returned, to the device */
static uint8_t stolen_memory_append_path(GArray *path, PCIDevice *pdev)
{
    PCIBus *bus = pci_get_bus(pdev);
    uint8_t start_bus = pci_bus_is_root(bus) ? pci_bus_num(bus) :
        stolen_memory_append_path(path, pci_bridge_get_device(bus));

    build_append_int_noprefix(path, PCI_SLOT(pdev->devfn), 1);
    build_append_int_noprefix(path, PCI_FUNC(pdev->devfn), 1);
    return start_bus;
}

static void stolen_memory_append_rmrr(GArray *dmar,
                                      const StolenMemoryUser *user)
{
    bool bridge = object_dynamic_cast(OBJECT(user->pdev), TYPE_PCI_BRIDGE);
    g_autoptr(GArray) path = g_array_new(false, false, 1);
    uint8_t start_bus = stolen_memory_append_path(path, user->pdev);
    unsigned scope_size = DMAR_SCOPE_FIXED_SIZE + path->len;

    /* Type */
    build_append_int_noprefix(dmar, DMAR_TYPE_RMRR, 2);
    /* Length */
    build_append_int_noprefix(dmar, DMAR_RMRR_FIXED_SIZE + scope_size, 2);
    /* Reserved */
    build_append_int_noprefix(dmar, 0, 2);
    /* Segment Number */
    build_append_int_noprefix(dmar, 0, 2);
    /* Reserved Memory Region Base Address */
    build_append_int_noprefix(dmar, user->region.base, 8);
    /* Reserved Memory Region Limit Address */
    build_append_int_noprefix(dmar, user->region.limit, 8);

    /* Device Scope (8.3.1): Type */
    build_append_int_noprefix(dmar, bridge ? DMAR_SCOPE_BRIDGE :
                                             DMAR_SCOPE_ENDPOINT, 1);
    /* Length */
    build_append_int_noprefix(dmar, scope_size, 1);
    /* Reserved */
    build_append_int_noprefix(dmar, 0, 2);
    /* Enumeration ID: of I/O APICs, HPETs and ACPI devices only */
    build_append_int_noprefix(dmar, 0, 1);
    /* Start Bus Number */
    build_append_int_noprefix(dmar, start_bus, 1);
    /* Path */
    g_array_append_vals(dmar, path->data, path->len);
}

/* Firmware chooses the base of some: NULL if @user can be one of @rmrrs */
static const char *stolen_memory_rmrr_problem(IntelIOMMUState *s,
                                              const GArray *rmrrs,
                                              const StolenMemoryUser *user)
{
    unsigned i;

    for (i = 0; i < rmrrs->len; i++) {
        if (stolen_region_overlaps(&g_array_index(rmrrs, StolenMemoryUser,
                                                  i).region,
                                   user->region.base, user->region.limit)) {
            return "overlaps the region of another device";
        }
    }
    return vtd_rmrr_problem(s, user->pdev, &user->region);
}

static int stolen_memory_compare(const void *a, const void *b)
{
    const StolenMemoryUser *x = a, *y = b;

    return x->region.base < y->region.base ? -1 : 1;
}

void stolen_memory_build_rmrr(GArray *dmar, IntelIOMMUState *s)
{
    g_autoptr(GArray) users = stolen_memory_users();
    g_autoptr(GArray) rmrrs = g_array_new(false, false,
                                          sizeof(StolenMemoryUser));
    unsigned i;

    for (i = 0; i < users->len; i++) {
        StolenMemoryUser *user = &g_array_index(users, StolenMemoryUser, i);
        const char *problem;

        if (!vtd_rmrr_find_as(user->pdev)) {
            continue;
        }
        problem = stolen_memory_rmrr_problem(s, rmrrs, user);
        trace_stolen_memory_rmrr(user->pdev->name, user->region.base,
                                 user->region.limit, problem ?: "is published");
        if (problem) {
            /* The guest can reset itself, and choose anew, for ever. */
            warn_report_once("%s: no RMRR is published: its stolen memory "
                             "0x%" PRIx64 "-0x%" PRIx64 " %s",
                             user->pdev->name, user->region.base,
                             user->region.limit, problem);
        } else {
            g_array_append_val(rmrrs, *user);
        }
    }
    g_array_sort(rmrrs, stolen_memory_compare);
    for (i = 0; i < rmrrs->len; i++) {
        stolen_memory_append_rmrr(dmar, &g_array_index(rmrrs, StolenMemoryUser,
                                                       i));
    }
}
