/*
 * How a guest is to be started so that it gets the IGD: text and JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. What comes out is a shell script, or an XML file,
 * whose comments say why. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"
#include "text.h"

/* An XML comment must not have two dashes in a row */
static void plan_xml_comment(const GString *comment, GString *out)
{
    const char *text = comment->str;
    size_t i;

    g_string_append(out, "<!--\n");
    for (i = 0; text[i]; i++) {
        bool run = text[i] == '-' &&
                   (text[i + 1] == '-' || (i && text[i - 1] == '-'));

        g_string_append_c(out, run ? '=' : text[i]);
    }
    g_string_append(out, "-->\n");
}

static void plan_reasons(const Plan *plan, const char *prefix, GString *out)
{
    g_autoptr(GArray) words =
        plan->request.format == PLAN_LIBVIRT ? plan_libvirt_words(plan) :
        plan->request.format == PLAN_PROXMOX ? plan_proxmox_words(plan) :
        plan_qemu_words(plan);
    g_autofree char *deeper = g_strdup_printf("%s    ", prefix);
    unsigned i;

    g_string_append_printf(out, "%sWhy:\n", prefix);
    for (i = 0; i < words->len; i++) {
        const PlanWord *word = &g_array_index(words, PlanWord, i);
        g_autofree char *shown =
            g_strndup(word->option, strcspn(word->option, ",\"\\"));

        text_wrap(out, prefix, g_strchomp(shown));
        text_wrap(out, deeper, word->why);
    }
}

static void plan_lock_text(const Plan *plan, const char *prefix, GString *out)
{
    const StolenRegion *r = &plan->host->region.region;
    const HostFact *limit = &plan->host->lock_limit;
    g_autofree char *locked = text_size(plan->locked);
    g_autofree char *memory = text_size(plan->request.memory);
    g_autofree char *stolen = text_size(stolen_region_size(r));

    g_string_append_printf(out, "%sLocked memory: %s: RAM %s, ", prefix,
                           locked, memory);
    if (plan->placed) {
        g_string_append_printf(out, "stolen memory %s, ", stolen);
    }
    g_string_append_printf(out, "1 GiB for the rest\n"
                           "%s    as root no limit; for a user: ulimit -l %"
                           PRIu64 "%s\n", prefix, plan->locked >> 10,
                           limit->known && limit->value >= plan->locked ?
                           " (allowed here)" : "");
}

static void plan_comment(const Plan *plan, const char *prefix, GString *out)
{
    unsigned i;

    plan_reasons(plan, prefix, out);
    g_string_append_printf(out, "%sMemory of the guest:\n", prefix);
    plan_draw(plan->guest_map, prefix, out);
    if (plan->host_map->len) {
        g_string_append_printf(out, "%sMemory of the host%s:\n", prefix,
                               plan->host->iomem ? "" :
                               " (the rest is shown to root only)");
        plan_draw(plan->host_map, prefix, out);
    }
    plan_lock_text(plan, prefix, out);
    for (i = 0; i < plan->checks->len; i++) {
        const Check *check = &g_array_index(plan->checks, Check, i);
        g_autofree char *line = NULL;

        if (check->status == CHECK_WARN) {
            line = g_strdup_printf("Warning: %s%s%s", check->detail,
                                   check->hint ? "; hint: " : "",
                                   check->hint ? check->hint : "");
            text_wrap(out, prefix, line);
        }
    }
}

void plan_text(const Plan *plan, GString *out)
{
    g_autoptr(GString) comment = g_string_new(NULL);

    if (checks_worst(plan->checks) == CHECK_FAIL) {
        checks_text(plan->checks, out);
        return;
    }
    switch (plan->request.format) {
    case PLAN_LIBVIRT:
        plan_comment(plan, "  ", comment);
        plan_xml_comment(comment, out);
        plan_libvirt_text(plan, out);
        break;
    case PLAN_PROXMOX:
        plan_comment(plan, "# ", out);
        plan_proxmox_text(plan, out);
        break;
    default:
        plan_comment(plan, "# ", out);
        plan_qemu_text(plan, out);
        break;
    }
}

/* Without the breaks of lines */
static char *plan_whole_word(const char *option)
{
    g_auto(GStrv) parts = g_strsplit(option, PLAN_BREAK, -1);

    return g_strjoinv("", parts);
}

static json_t *plan_words_json(GArray *words)
{
    json_t *array = json_array();
    unsigned i;

    for (i = 0; i < words->len; i++) {
        const PlanWord *word = &g_array_index(words, PlanWord, i);

        g_autofree char *option = plan_whole_word(word->option);

        json_array_append_new(array, json_pack("{s:s, s:s}", "option", option,
                                               "why", word->why));
    }
    g_array_unref(words);
    return array;
}

static json_t *plan_map_json(const GArray *map)
{
    json_t *array = json_array();
    unsigned i;

    for (i = 0; i < map->len; i++) {
        const PlanRow *row = &g_array_index(map, PlanRow, i);

        json_array_append_new(array, json_pack(
            "{s:o, s:o, s:s}", "base", json_address(row->base), "limit",
            json_address(row->limit), "name", row->name));
    }
    return array;
}

/* A string for each line */
static json_t *plan_libvirt_json(const Plan *plan)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;
    json_t *array = json_array();
    unsigned i;

    plan_libvirt_text(plan, text);
    lines = g_strsplit(g_strchomp(text->str), "\n", -1);
    for (i = 0; lines[i]; i++) {
        json_array_append_new(array, json_string(lines[i]));
    }
    return array;
}

json_t *plan_json(const Plan *plan)
{
    json_t *object = json_object();

    if (checks_worst(plan->checks) == CHECK_FAIL) {
        json_decref(object);
        return json_null();
    }
    json_object_set_new(object, "memory",
                        json_integer(plan->request.memory));
    json_object_set_new(object, "firmware", json_string(
                        plan->request.firmware == STOLEN_FIRMWARE_SEABIOS ?
                        "seabios" : "ovmf"));
    json_object_set_new(object, "placed", json_boolean(plan->placed));
    json_object_set_new(object, "low_ram", json_address(plan->low_ram));
    json_object_set_new(object, "aw_bits", plan->request.iommu ?
                        json_integer(plan->aw_bits) : json_null());
    json_object_set_new(object, "locked_memory", json_integer(plan->locked));
    json_object_set_new(object, "qemu",
                        plan_words_json(plan_qemu_words(plan)));
    json_object_set_new(object, "proxmox",
                        plan_words_json(plan_proxmox_words(plan)));
    json_object_set_new(object, "libvirt", plan_libvirt_json(plan));
    json_object_set_new(object, "guest_map",
                        plan_map_json(plan->guest_map));
    json_object_set_new(object, "host_map", plan_map_json(plan->host_map));
    return object;
}
