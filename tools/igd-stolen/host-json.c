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
#include "checks.h"

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
    return json_pack("{s:s, s:o, s:o, s:o, s:s?}", "address", device->address,
                     "vendor", json_id(device->vendor),
                     "device", json_id(device->device),
                     "class", json_id(device->class),
                     "driver", device->driver);
}

static json_t *host_igd_json(const Host *host)
{
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    json_t *object = host_device_json(&host->igd);

    json_object_set_new(object, "generation",
                        json_text(layout ? layout->name : NULL));
    return object;
}

static json_t *host_group_json(const Host *host)
{
    json_t *others = json_array();
    unsigned i;

    for (i = 0; i < host->igd.others->len; i++) {
        json_array_append_new(others, host_device_json(
                              g_ptr_array_index(host->igd.others, i)));
    }
    return json_pack("{s:s, s:s?, s:o}", "name", host->igd.group, "type",
                     host->group_type, "others", others);
}

/* {"value", "from"} or {"value": null, "unknown"} */
static json_t *host_fact_json(const HostFact *fact, bool address)
{
    return json_pack("{s:o, s:o}", "value", !fact->known ? json_null() :
                     address ? json_address(fact->value) :
                     json_integer(MIN(fact->value, INT64_MAX)),
                     fact->known ? "from" : "unknown", json_text(fact->from));
}

static json_t *host_region_json(const HostRegion *region)
{
    const StolenRegion *r = &region->region;

    if (!region->known) {
        return json_pack("{s:n, s:s?}", "base", "unknown", region->from);
    }
    return json_pack("{s:o, s:o, s:o, s:s?}", "base", json_address(r->base),
                     "limit", json_address(r->limit), "dsm_base",
                     region->split ? json_address(r->dsm_base) : json_null(),
                     "from", region->from);
}

json_t *host_json(const Host *host)
{
    const struct {
        const char *name;
        const HostFact *fact;
        bool address;
    } facts[] = {
        { "iommu_width", &host->iommu_width },
        { "cpu_width", &host->cpu_width }, { "intremap", &host->intremap },
        { "ggc", &host->ggc, true }, { "bdsm", &host->bdsm, true },
        { "asls", &host->asls, true }, { "mapping_limit", &host->mappings },
        { "memory_total", &host->memory_total },
        { "memory_available", &host->memory_free },
        { "locked_memory_limit", &host->lock_limit },
    };
    json_t *object = json_pack(
        "{s:s?, s:b, s:o, s:s?, s:o, s:s?, s:o, s:o, s:o, s:o}",
        "kernel", host->kernel, "kvm", host->kvm, "igd",
        host->igd.address ? host_igd_json(host) : json_null(),
        "virtual_function_of", host->function_of, "group",
        host->igd.group ? host_group_json(host) : json_null(),
        "iommu_unit", host->unit,
        "region", host_region_json(&host->region),
        "region_by_group", host_region_json(&host->by_group),
        "region_by_config", host_region_json(&host->by_config),
        "dsm_by_kernel", host_region_json(&host->by_kernel));
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(facts); i++) {
        json_object_set_new(object, facts[i].name,
                            host_fact_json(facts[i].fact, facts[i].address));
    }
    return object;
}
