/*
 * What is known of a host and its IGD: which device it is, and its group
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "host.h"

#define USUAL_ADDRESS   "0000:00:02.0"
#define MAX_DEVICES     4096

bool host_valid_address(const char *text)
{
    static const char form[] = "xxxx:xx:xx.o";
    const char *f = form;

    for (; *f && *text; f++, text++) {
        if (*f == 'x' ? !g_ascii_isxdigit(*text) || g_ascii_isupper(*text) :
            *f == 'o' ? *text < '0' || *text > '7' : *text != *f) {
            return false;
        }
    }
    return !*f && !*text;
}

static uint32_t host_device_number(HostStore *store, const char *address,
                                   const char *name)
{
    g_autofree char *path = g_strdup_printf(HOST_SYSFS_PCI "/%s/%s", address,
                                            name);
    HostFact fact = { 0 };
    uint32_t value;

    read_file_number(store, 16, &fact, path);
    value = fact.known && fact.value <= 0xffffff ? fact.value : 0;
    host_fact_clear(&fact);
    return value;
}

void host_load_device(HostDevice *device, HostStore *store,
                      const char *address)
{
    g_autofree char *driver = g_strdup_printf(HOST_SYSFS_PCI "/%s/driver",
                                              address);

    device->address = g_strdup(address);
    device->vendor = host_device_number(store, address, "vendor");
    device->device = host_device_number(store, address, "device");
    device->class = host_device_number(store, address, "class") >> 8;
    device->driver = read_basename(store, driver);
}

/*
 * How likely a device is the IGD, 0 for not at all: an Intel display device
 * with a known id, or else whatever of Intel's is at the usual address. Of
 * several the first is taken, and the root bus comes first.
 */
static unsigned host_igd_rank(HostStore *store, const char *address)
{
    IGDStolenGen gen;

    if (!host_valid_address(address) ||
        host_device_number(store, address, "vendor") != HOST_VENDOR_INTEL) {
        return 0;
    }
    if (host_device_number(store, address, "class") >> 16 !=
        HOST_CLASS_VGA >> 8 && strcmp(address, USUAL_ADDRESS)) {
        return 0;
    }
    gen = igd_stolen_gen(host_device_number(store, address, "device"));
    if (gen == IGD_STOLEN_GEN_UNKNOWN) {
        return strcmp(address, USUAL_ADDRESS) ? 0 : 1;
    }
    return 2;
}

static char *host_find_igd(Host *host, HostStore *store)
{
    g_auto(GStrv) names = read_names(store, HOST_SYSFS_PCI);
    unsigned best = 0;
    char *address = NULL;
    unsigned i;

    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        unsigned rank = host_igd_rank(store, names[i]);

        if (rank > best) {
            best = rank;
            g_free(address);
            address = g_strdup(names[i]);
        }
    }
    if (!names[0]) {
        host->igd_why = host_entry_why(host_store_get(store, HOST_DIR,
                                                      HOST_SYSFS_PCI));
    } else if (!address) {
        host->igd_why = g_strdup("no Intel display device");
    }
    return address;
}

/* ".../pci0000:00/0000:00:1c.0/0000:02:00.0": the hops of a DMAR scope */
static void host_load_path(Host *host, HostStore *store)
{
    const HostEntry *entry = host_store_get(store, HOST_LINK,
                                            HOST_SYSFS_PCI "/%s",
                                            host->igd.address);
    g_auto(GStrv) parts = NULL;
    unsigned i;

    if (entry->status != HOST_OK) {
        return;
    }
    parts = g_strsplit(entry->data, "/", -1);
    for (i = 0; parts[i] && host->nr_hops < DMAR_MAX_HOPS; i++) {
        unsigned bus;
        unsigned slot;

        if (!host_valid_address(parts[i])) {
            continue;
        }
        bus = g_ascii_strtoull(parts[i] + 5, NULL, 16);
        slot = g_ascii_strtoull(parts[i] + 8, NULL, 16);
        if (!host->nr_hops) {
            host->start_bus = bus;
        }
        host->path[host->nr_hops][0] = slot;
        host->path[host->nr_hops][1] = parts[i][11] - '0';
        host->nr_hops++;
    }
}

static void host_load_group(Host *host, HostStore *store)
{
    g_autofree char *link = g_strdup_printf(HOST_SYSFS_PCI "/%s/iommu_group",
                                            host->igd.address);
    g_autofree char *devices = NULL;
    g_auto(GStrv) names = NULL;
    const HostEntry *type;
    unsigned i;

    host->group = read_basename(store, link);
    if (!host->group) {
        return;
    }
    type = host_store_get(store, HOST_FILE, "/sys/kernel/iommu_groups/%s/type",
                          host->group);
    if (type->status == HOST_OK) {
        host->group_type = read_printable(type->data, 32);
    }
    devices = g_strdup_printf("/sys/kernel/iommu_groups/%s/devices",
                              host->group);
    names = read_names(store, devices);
    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        HostDevice *other;

        if (!host_valid_address(names[i]) ||
            !strcmp(names[i], host->igd.address)) {
            continue;
        }
        other = g_new0(HostDevice, 1);
        host_load_device(other, store, names[i]);
        g_ptr_array_add(host->others, other);
    }
}

void host_load_devices(Host *host, HostStore *store, const char *device)
{
    g_autofree char *address = device ? g_strdup(device)
                                      : host_find_igd(host, store);

    if (!address) {
        return;
    }
    host_load_device(&host->igd, store, address);
    if (!host->igd.vendor) {
        host->igd_why = host_entry_why(
            host_store_get(store, HOST_FILE, HOST_SYSFS_PCI "/%s/vendor",
                           address));
        g_clear_pointer(&host->igd.address, g_free);
        g_clear_pointer(&host->igd.driver, g_free);
        return;
    }
    host->gen = host->igd.vendor == HOST_VENDOR_INTEL ?
                igd_stolen_gen(host->igd.device) : IGD_STOLEN_GEN_UNKNOWN;
    host_load_path(host, store);
    host_load_group(host, store);
}
