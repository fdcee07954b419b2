/*
 * What is known of a host and its IGD: where stolen memory is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Decodes with the emulator's own code. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "hw/vfio/igd-reserved-regions.h"
#include "host.h"

/* Of the OpRegion, in config space */
#define IGD_CFG_ASLS    0xfc

/* The driver i915 names it so in /proc/iomem */
#define IOMEM_STOLEN    "Graphics Stolen Memory"
/* arch/x86/kernel/early-quirks.c says so, before any driver */
#define LOG_STOLEN      HOST_LOG_STOLEN " at [mem "

/* A register of config space, or why it is unknown */
static void host_load_register(HostFact *fact, const HostEntry *config,
                               unsigned offset, unsigned size)
{
    if (config->status != HOST_OK) {
        host_fact_unknown(fact, host_entry_why(config));
    } else if (config->size < offset + size) {
        host_fact_unknown(fact, g_strdup_printf(
            "only root can read past the first %zu bytes of %s", config->size,
            config->path));
    } else {
        host_fact_set(fact, read_le(config->data + offset, size),
                      g_strdup("config space"));
    }
}

static void host_load_registers(Host *host, HostStore *store)
{
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    const HostEntry *config = host_store_get(store, HOST_CONFIG,
                                             HOST_SYSFS_PCI "/%s/config",
                                             host->igd.address);

    host_load_register(&host->asls, config, IGD_CFG_ASLS, 4);
    if (host->asls.known && host->asls.value == UINT32_MAX) {
        host->asls.value = 0;
    }
    if (layout) {
        host_load_register(&host->ggc, config, IGD_STOLEN_CFG_GGC, 2);
        host_load_register(&host->bdsm, config, layout->bdsm_offset,
                           layout->bdsm_bits / 8);
        /* In a guest nothing else tells */
        host->is_function |= host->ggc.known && !host->ggc.value &&
                             host->bdsm.known && !host->bdsm.value;
    } else {
        const char *why = igd_stolen_strerror(
            host->gen == IGD_STOLEN_GEN_NO_BDSM ? IGD_STOLEN_NO_BDSM
                                                : IGD_STOLEN_UNKNOWN_DEVICE);

        host_fact_unknown(&host->ggc, g_strdup(why));
        host_fact_unknown(&host->bdsm, g_strdup(why));
    }
}

static void host_load_by_config(Host *host)
{
    IGDStolenResult result;

    if (!host->ggc.known || !host->bdsm.known) {
        host->by_config.from = g_strdup(host->ggc.known ? host->bdsm.from
                                                        : host->ggc.from);
        return;
    }
    result = igd_stolen_decode(host->igd.device, host->ggc.value,
                               host->bdsm.value, &host->by_config.region);
    host->by_config.known = result == IGD_STOLEN_OK;
    host->by_config.split = host->by_config.known;
    host->by_config.from = host->by_config.known ?
        g_strdup("config space") :
        g_strdup_printf("GGC 0x%04" PRIx64 " and BDSM 0x%" PRIx64 ": %s",
                        host->ggc.value, host->bdsm.value,
                        igd_stolen_strerror(result));
}

/*
 * Until Linux 5.3 the range of a display is "direct" like any other, and VFIO
 * lets the display go all the same; the emulator looks for relaxable ones.
 */
static void host_load_by_group(Host *host, HostStore *store)
{
    const HostEntry *entry;
    bool relaxes = host->kernel_version >= HOST_RELAXABLE_KERNEL;
    unsigned found;

    if (!host->igd.group) {
        host->by_group.from = g_strdup("the device is in no IOMMU group");
        return;
    }
    entry = host_store_get(store, HOST_FILE,
                           "/sys/kernel/iommu_groups/%s/reserved_regions",
                           host->igd.group);
    if (entry->status != HOST_OK) {
        host->by_group.from = host_entry_why(entry);
        return;
    }
    found = host->relaxable =
        igd_reserved_regions_parse(entry->data, &host->by_group.region);
    if (!found && !relaxes) {
        g_auto(GStrv) parts = g_strsplit(entry->data, " direct\n", -1);
        g_autofree char *text = g_strjoinv(" direct-relaxable\n", parts);

        found = igd_reserved_regions_parse(text, &host->by_group.region);
    }
    host->by_group.known = found == 1;
    host->by_group.from = host->by_group.known ?
        g_strdup("reserved_regions") :
        g_strdup_printf("group %s has %u direct-relaxable ranges, not one",
                        host->igd.group, found);
}

static void host_set_dsm(Host *host, uint64_t base, uint64_t limit,
                         const char *from)
{
    host->by_kernel.known = true;
    host->by_kernel.region = (StolenRegion) {
        .base = base, .limit = limit, .dsm_base = base,
    };
    host->by_kernel.from = g_strdup(from);
}

/* "Reserving Intel graphics memory at [mem 0xBASE-0xLIMIT]" */
static bool host_load_by_log(Host *host, const HostEntry *log)
{
    const char *found;
    g_auto(GStrv) numbers = NULL;
    g_autofree char *range = NULL;
    uint64_t base, limit;

    if (log->status != HOST_OK) {
        return false;
    }
    host->log_is_whole = strstr(log->data, HOST_LOG_FIRST) != NULL;
    found = strstr(log->data, LOG_STOLEN);
    if (!found) {
        return false;
    }
    found += strlen(LOG_STOLEN);
    range = g_strndup(found, strcspn(found, "]\n"));
    numbers = g_strsplit(range, "-", 3);
    if (g_strv_length(numbers) != 2 || !read_number(numbers[0], 16, &base) ||
        !read_number(numbers[1], 16, &limit) || limit < base) {
        return false;
    }
    host_set_dsm(host, base, limit, "kernel log");
    return true;
}

static void host_load_by_kernel(Host *host, HostStore *store)
{
    const MemRange *named = memmap_find(host->iomem, IOMEM_STOLEN);
    const HostEntry *log = host_store_get(store, HOST_FILE, HOST_LOG);

    if (host_load_by_log(host, log)) {
        return;
    }
    if (named) {
        host_set_dsm(host, named->base, named->limit, "/proc/iomem");
    } else if (log->status == HOST_OK) {
        host->by_kernel.from = g_strdup(host->log_is_whole ?
            "the kernel's log has no line about it" :
            "the kernel's log does not go back far enough");
    } else {
        host->by_kernel.from = host_entry_why(log);
    }
}

/* The group's range is GSM and DSM; the kernel's own line is DSM alone */
static void host_choose_region(Host *host)
{
    const StolenRegion *dsm = &host->by_kernel.region;

    if (host->by_config.known) {
        host->region = host->by_config;
        host->region.from = g_strdup("config space");
    } else if (host->by_group.known) {
        host->region = host->by_group;
        host->region.from = g_strdup("reserved_regions");
        if (host->by_kernel.known && dsm->limit == host->region.region.limit &&
            dsm->base > host->region.region.base) {
            host->region.region.dsm_base = dsm->base;
            host->region.split = true;
        }
    } else {
        host->region.from = g_strdup_printf("%s; %s", host->by_group.from,
                                            host->by_config.from);
    }
}

bool host_sources_differ(const Host *host)
{
    const StolenRegion *group = &host->by_group.region;

    return host->by_config.known && host->by_group.known &&
           !stolen_region_is(&host->by_config.region, group->base,
                             group->limit);
}

void host_load_region(Host *host, HostStore *store)
{
    if (host->igd.address) {
        host_load_registers(host, store);
        host_load_by_config(host);
        host_load_by_group(host, store);
    } else {
        host_fact_unknown(&host->ggc, g_strdup("there is no IGD"));
        host_fact_unknown(&host->bdsm, g_strdup("there is no IGD"));
        host_fact_unknown(&host->asls, g_strdup("there is no IGD"));
        host->by_config.from = g_strdup("there is no IGD");
        host->by_group.from = g_strdup("there is no IGD");
    }
    host_load_by_kernel(host, store);
    host_choose_region(host);
}
