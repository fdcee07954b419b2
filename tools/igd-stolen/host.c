/*
 * What is known of a host and its IGD: the whole, and the system's own facts
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool with the bundles of tests/data/hosts.
 */

#include "qemu/osdep.h"
#include "host.h"

#define KIB     1024ull

static void host_load_kernel(Host *host, HostStore *store)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE,
                                            "/proc/sys/kernel/osrelease");
    uint64_t major = 0, minor = 0;
    const char *dot;

    if (entry->status != HOST_OK) {
        return;
    }
    /* What comes after the number may name a person or a machine */
    host->kernel = read_printable(entry->data,
                                  MIN(strspn(entry->data, "0123456789."),
                                      64));
    major = g_ascii_strtoull(host->kernel, NULL, 10);
    dot = strchr(host->kernel, '.');
    minor = dot ? g_ascii_strtoull(dot + 1, NULL, 10) : 0;
    host->kernel_major = MIN(major, 1000);
    host->kernel_minor = MIN(minor, 1000);
}

/* "Max locked memory   SOFT   HARD   bytes"; SOFT may be "unlimited" */
static void host_load_lock_limit(Host *host, HostStore *store)
{
    static const char path[] = "/proc/self/limits";
    static const char key[] = "Max locked memory";
    const HostEntry *entry = host_store_get(store, HOST_FILE, "%s", path);
    const char *line = entry->status == HOST_OK ? strstr(entry->data, key)
                                                : NULL;

    if (line && g_str_has_prefix(line + strlen(key) +
                                 strspn(line + strlen(key), " "),
                                 "unlimited")) {
        host_fact_set(&host->lock_limit, UINT64_MAX, g_strdup(path));
    } else {
        read_keyed(store, path, key, &host->lock_limit);
    }
}

static void host_load_kib(HostStore *store, const char *key, HostFact *fact)
{
    if (read_keyed(store, "/proc/meminfo", key, fact)) {
        fact->value = MIN(fact->value, UINT64_MAX / KIB) * KIB;
    }
}

static void host_load_memory(Host *host, HostStore *store)
{
    host_load_kib(store, "MemTotal:", &host->memory_total);
    host_load_kib(store, "MemAvailable:", &host->memory_free);
    host_load_lock_limit(host, store);
}

static void host_load_system(Host *host, HostStore *store)
{
    /* For those who read a bundle */
    host_store_get(store, HOST_FILE, "/proc/cmdline");
    host_load_kernel(host, store);
    host_load_memory(host, store);
    host->kvm = host_store_get(store, HOST_LINK,
                               "/sys/class/misc/kvm")->status == HOST_OK;
    read_keyed(store, "/proc/cpuinfo", "address sizes", &host->cpu_width);
    read_file_number(store, 10, &host->mappings, HOST_ENTRY_LIMIT);
    host->iomem = memmap_iomem(store, &host->iomem_why);
    host->firmware = memmap_firmware(store, &host->firmware_why);
}

static void host_device_free(gpointer data)
{
    HostDevice *device = data;

    g_free(device->address);
    g_free(device->driver);
    g_free(device);
}

Host *host_load(HostStore *store, const char *device)
{
    Host *host = g_new0(Host, 1);

    host->others = g_ptr_array_new_with_free_func(host_device_free);
    host_load_system(host, store);
    host_load_devices(host, store, device);
    host_load_iommu(host, store);
    host_load_region(host, store);
    return host;
}

static void host_free_facts(Host *host)
{
    HostFact *facts[] = {
        &host->iommu_width, &host->cpu_width, &host->ggc, &host->bdsm,
        &host->mappings, &host->memory_total, &host->memory_free,
        &host->lock_limit,
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(facts); i++) {
        host_fact_clear(facts[i]);
    }
}

void host_free(Host *host)
{
    host_free_facts(host);
    g_free(host->kernel);
    g_free(host->igd.address);
    g_free(host->igd.driver);
    g_free(host->igd_why);
    g_free(host->group);
    g_free(host->group_type);
    g_ptr_array_unref(host->others);
    g_free(host->unit);
    g_free(host->dmar_why);
    dmar_clear(&host->dmar);
    g_free(host->by_group.from);
    g_free(host->by_config.from);
    g_free(host->by_kernel.from);
    g_free(host->region.from);
    g_clear_pointer(&host->iomem, g_array_unref);
    g_clear_pointer(&host->firmware, g_array_unref);
    g_free(host->iomem_why);
    g_free(host->firmware_why);
    g_free(host);
}
