/*
 * A list of verdicts and the facts about a host, as text and as JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. schema.json describes it. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "checks.h"

#define JSON_VERSION    1
#define TITLE_COLUMNS   36

CheckList *checks_new(HostStore *store)
{
    CheckList *list = host_keep(store, g_new0(CheckList, 1));

    list->store = store;
    list->last = &list->first;
    return list;
}

Check *check_add(CheckList *list, const char *name, const char *title)
{
    Check *check = host_keep(list->store, g_new0(Check, 1));

    *check = (Check) { .name = name, .title = title, .store = list->store };
    *list->last = check;
    list->last = &check->next;
    return check;
}

void check_set(Check *check, CheckStatus status, const char *hint,
               const char *format, ...)
{
    va_list ap;

    check->status = status;
    check->hint = hint;
    va_start(ap, format);
    check->detail = host_keep(check->store, g_strdup_vprintf(format, ap));
    va_end(ap);
}

CheckStatus checks_worst(const CheckList *list)
{
    CheckStatus worst = CHECK_PASS;
    const Check *check;

    for (check = list->first; check; check = check->next) {
        worst = MAX(worst, check->status);
    }
    return worst;
}

static const char *check_status_name(CheckStatus status)
{
    static const char *const names[] = { "pass", "warn", "fail" };

    return names[status];
}

void checks_text(const CheckList *list, GString *out)
{
    const Check *check;

    for (check = list->first; check; check = check->next) {
        g_autofree char *verdict =
            g_ascii_strup(check_status_name(check->status), -1);

        g_string_append_printf(out, "Checking %-*s : %s (%s)\n",
                               TITLE_COLUMNS, check->title, verdict,
                               check->detail);
        check_hint_text(check, out);
    }
}

void check_hint_text(const Check *check, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(check->hint ?: "", "\n", -1);
    unsigned i;

    g_string_append(out, check->hint ? "    hint:\n" : "");
    for (i = 0; lines[i]; i++) {
        g_string_append_printf(out, "        %s\n", lines[i]);
    }
}

static json_t *json_hexadecimal(uint64_t number, int digits)
{
    g_autofree char *text = g_strdup_printf("0x%0*" PRIx64, digits, number);

    return json_string(text);
}

json_t *json_address(uint64_t address)
{
    return json_hexadecimal(address, 8);
}

static json_t *checks_array(const CheckList *list)
{
    json_t *array = json_array();
    const Check *check;

    for (check = list->first; check; check = check->next) {
        json_array_append_new(array, json_pack(
            "{s:s, s:s, s:s, s:s, s:s?}", "name", check->name, "title",
            check->title, "status", check_status_name(check->status),
            "detail", check->detail, "hint", check->hint));
    }
    return array;
}

static json_t *host_device_json(const HostDevice *device)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:s?}", "address", device->address,
                     "vendor", json_hexadecimal(device->vendor, 4),
                     "device", json_hexadecimal(device->device, 4),
                     "class", json_hexadecimal(device->class, 4),
                     "driver", device->driver);
}

static json_t *host_igd_json(const Host *host)
{
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    json_t *object = host_device_json(&host->igd);

    json_object_set_new(object, "generation", layout ?
                        json_string(layout->name) : json_null());
    return object;
}

static json_t *host_group_json(const Host *host)
{
    json_t *others = json_array();
    const HostDevice *other;

    for (other = host->igd.others; other->address; other++) {
        json_array_append_new(others, host_device_json(other));
    }
    return json_pack("{s:s, s:s?, s:o}", "name", host->igd.group, "type",
                     host->group_type, "others", others);
}

/* {"value", "from"} or {"value": null, "unknown"} */
static json_t *host_fact_json(const HostFact *fact, bool address)
{
    return json_pack("{s:o, s:s?}", "value", !fact->known ? json_null() :
                     address ? json_address(fact->value) :
                     json_integer(MIN(fact->value, INT64_MAX)),
                     fact->known ? "from" : "unknown", fact->from);
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

static json_t *host_json(const Host *host)
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

void checks_json(const CheckList *list, const Host *host, const char *command,
                 int exit_status, json_t *plan, GString *out)
{
    json_t *object = json_pack(
        "{s:o*, s:i, s:s, s:s, s:i, s:o, s:o}", "plan", plan,
        "version", JSON_VERSION, "command", command,
        "verdict", check_status_name(checks_worst(list)),
        "exit_status", exit_status,
        "checks", checks_array(list), "host", host_json(host));
    char *text = json_dumps(object, JSON_INDENT(2));

    g_string_append_printf(out, "%s\n", text);
    free(text);
    json_decref(object);
}
