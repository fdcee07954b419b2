/*
 * What is known of a host, as JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. schema.json describes it. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "probe.h"

static json_t *json_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

static json_t *json_id(uint16_t id)
{
    char text[7];

    g_snprintf(text, sizeof(text), "0x%04x", id);
    return json_string(text);
}

static json_t *host_device_json(const HostDevice *device)
{
    json_t *object = json_object();

    json_object_set_new(object, "address", json_string(device->address));
    json_object_set_new(object, "vendor", json_id(device->vendor));
    json_object_set_new(object, "device", json_id(device->device));
    json_object_set_new(object, "class", json_id(device->class));
    json_object_set_new(object, "driver", json_text(device->driver));
    return object;
}

static void host_json_set_igd(json_t *host_object, const Host *host)
{
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    json_t *object;

    if (!host->igd.address) {
        json_object_set_new(host_object, "igd", json_null());
        return;
    }
    object = host_device_json(&host->igd);
    json_object_set_new(object, "generation",
                        json_text(layout ? layout->name : NULL));
    json_object_set_new(host_object, "igd", object);
}

static json_t *host_group_json(const Host *host)
{
    json_t *object, *others;
    unsigned i;

    if (!host->group) {
        return json_null();
    }
    object = json_object();
    others = json_array();
    for (i = 0; i < host->others->len; i++) {
        json_array_append_new(others, host_device_json(
                              g_ptr_array_index(host->others, i)));
    }
    json_object_set_new(object, "name", json_string(host->group));
    json_object_set_new(object, "type", json_text(host->group_type));
    json_object_set_new(object, "others", others);
    return object;
}

/* {"value", "from"} or {"value": null, "unknown"} */
static json_t *host_fact_json(const HostFact *fact, bool address)
{
    json_t *object = json_object();
    json_t *value = !fact->known ? json_null() :
                    address ? json_address(fact->value) :
                    json_integer(MIN(fact->value, INT64_MAX));

    json_object_set_new(object, "value", value);
    json_object_set_new(object, fact->known ? "from" : "unknown",
                        json_text(fact->from));
    return object;
}

static json_t *host_region_json(const HostRegion *region)
{
    const StolenRegion *r = &region->region;
    json_t *object = json_object();

    if (!region->known) {
        json_object_set_new(object, "base", json_null());
        json_object_set_new(object, "unknown", json_text(region->from));
        return object;
    }
    json_object_set_new(object, "base", json_address(r->base));
    json_object_set_new(object, "limit", json_address(r->limit));
    json_object_set_new(object, "dsm_base", region->split ?
                        json_address(r->dsm_base) : json_null());
    json_object_set_new(object, "from", json_text(region->from));
    return object;
}

json_t *host_json(const Host *host)
{
    json_t *object = json_object();

    json_object_set_new(object, "kernel", json_text(host->kernel));
    json_object_set_new(object, "kvm", json_boolean(host->kvm));
    host_json_set_igd(object, host);
    json_object_set_new(object, "group", host_group_json(host));
    json_object_set_new(object, "iommu_unit", json_text(host->unit));
    json_object_set_new(object, "iommu_width",
                        host_fact_json(&host->iommu_width, false));
    json_object_set_new(object, "cpu_width",
                        host_fact_json(&host->cpu_width, false));
    json_object_set_new(object, "ggc", host_fact_json(&host->ggc, true));
    json_object_set_new(object, "bdsm", host_fact_json(&host->bdsm, true));
    json_object_set_new(object, "region", host_region_json(&host->region));
    json_object_set_new(object, "region_by_group",
                        host_region_json(&host->by_group));
    json_object_set_new(object, "region_by_config",
                        host_region_json(&host->by_config));
    json_object_set_new(object, "dsm_by_kernel",
                        host_region_json(&host->by_kernel));
    json_object_set_new(object, "mapping_limit",
                        host_fact_json(&host->mappings, false));
    json_object_set_new(object, "memory_total",
                        host_fact_json(&host->memory_total, false));
    json_object_set_new(object, "memory_available",
                        host_fact_json(&host->memory_free, false));
    json_object_set_new(object, "locked_memory_limit",
                        host_fact_json(&host->lock_limit, false));
    return object;
}
