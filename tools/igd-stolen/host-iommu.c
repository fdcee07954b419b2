/*
 * What is known of a host and its IGD: the IOMMU and how wide it is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. VT-d specification 11.4.2, "Capability Register".
 * Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "host.h"

#define SYSFS_IOMMU     "/sys/class/iommu"

/* Supported adjusted guest address widths: a bit for each depth of table */
#define CAP_SAGAW_SHIFT 8
#define CAP_SAGAW_39    0x2
#define CAP_SAGAW_48    0x4
#define CAP_SAGAW_57    0x8
/* Maximum guest address width, minus one */
#define CAP_MGAW_SHIFT  16
#define CAP_MGAW_MASK   0x3f

static unsigned host_capability_width(uint64_t capability)
{
    unsigned sagaw = capability >> CAP_SAGAW_SHIFT;
    unsigned mgaw = (capability >> CAP_MGAW_SHIFT & CAP_MGAW_MASK) + 1;
    unsigned tables = sagaw & CAP_SAGAW_57 ? 57 :
                      sagaw & CAP_SAGAW_48 ? 48 :
                      sagaw & CAP_SAGAW_39 ? 39 : 30;

    return MIN(tables, mgaw);
}

static void host_load_width(Host *host, HostStore *store)
{
    g_autofree char *path = NULL;

    if (!host->unit) {
        host_fact_unknown(&host->iommu_width,
                          g_strdup("the kernel drives no IOMMU for the "
                                   "device"));
        return;
    }
    path = g_strdup_printf(SYSFS_IOMMU "/%s/intel-iommu/cap", host->unit);
    if (read_file_number(store, 16, &host->iommu_width, path)) {
        host->iommu_width.value =
            host_capability_width(host->iommu_width.value);
    }
}

static void host_load_table(Host *host, HostStore *store)
{
    g_auto(GStrv) tables = read_names(store, "/sys/firmware/acpi/tables");
    const HostEntry *entry = host_store_get(store, HOST_FILE, HOST_DMAR);
    const char *wrong;

    host->dmar_there = entry->status == HOST_OK ||
                       entry->status == HOST_DENIED ||
                       g_strv_contains((const char *const *)tables, "DMAR");
    if (entry->status != HOST_OK) {
        host->dmar_why = host_entry_why(entry);
        return;
    }
    wrong = dmar_parse(entry->data, entry->size, &host->dmar);
    if (wrong) {
        host->dmar_why = g_strdup_printf("%s has %s", HOST_DMAR, wrong);
    }
}

void host_load_iommu(Host *host, HostStore *store)
{
    g_auto(GStrv) units = read_names(store, SYSFS_IOMMU);
    unsigned i;

    for (i = 0; units[i]; i++) {
        host->any_unit |= g_str_has_prefix(units[i], "dmar");
    }
    if (host->igd.address) {
        g_autofree char *link = g_strdup_printf(HOST_SYSFS_PCI "/%s/iommu",
                                                host->igd.address);

        host->unit = read_basename(store, link);
    }
    host_load_width(host, store);
    host_load_table(host, store);
}
