/*
 * A list of verdicts, as text and as JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "checks.h"
#include "text.h"

#define TITLE_COLUMNS   36

static void check_clear(gpointer data)
{
    Check *check = data;

    g_free(check->detail);
    g_free(check->hint);
}

CheckList *checks_new(void)
{
    CheckList *list = g_array_new(FALSE, FALSE, sizeof(Check));

    g_array_set_clear_func(list, check_clear);
    return list;
}

void checks_add(CheckList *list, const char *name, const char *title,
                CheckStatus status, char *detail, char *hint)
{
    Check check = {
        .name = name, .title = title, .status = status, .detail = detail,
        .hint = hint,
    };

    g_array_append_val(list, check);
}

CheckStatus checks_worst(const CheckList *list)
{
    CheckStatus worst = CHECK_PASS;
    unsigned i;

    for (i = 0; i < list->len; i++) {
        worst = MAX(worst, g_array_index(list, Check, i).status);
    }
    return worst;
}

const char *check_status_name(CheckStatus status)
{
    static const char *const names[] = { "pass", "warn", "fail" };

    return names[status];
}

void checks_text(const CheckList *list, GString *out)
{
    unsigned i;

    for (i = 0; i < list->len; i++) {
        const Check *check = &g_array_index(list, Check, i);
        g_autofree char *verdict =
            g_ascii_strup(check_status_name(check->status), -1);
        g_autofree char *head =
            g_strdup_printf("Checking %-*s : %s", TITLE_COLUMNS, check->title,
                            verdict);

        if (strlen(head) + strlen(check->detail) + 3 <= TEXT_COLUMNS) {
            g_string_append_printf(out, "%s (%s)\n", head, check->detail);
        } else {
            g_string_append_printf(out, "%s\n", head);
            text_wrap(out, "    ", check->detail);
        }
        if (check->hint) {
            g_autofree char *hint = g_strdup_printf("hint: %s", check->hint);

            text_wrap(out, "    ", hint);
        }
    }
}

json_t *json_address(uint64_t address)
{
    char text[19];

    g_snprintf(text, sizeof(text), "0x%08" PRIx64, address);
    return json_string(text);
}

json_t *checks_json(const CheckList *list)
{
    json_t *array = json_array();
    unsigned i;

    for (i = 0; i < list->len; i++) {
        const Check *check = &g_array_index(list, Check, i);
        json_t *object = json_object();

        json_object_set_new(object, "name", json_string(check->name));
        json_object_set_new(object, "title", json_string(check->title));
        json_object_set_new(object, "status",
                            json_string(check_status_name(check->status)));
        json_object_set_new(object, "detail", json_string(check->detail));
        json_object_set_new(object, "hint",
                            check->hint ? json_string(check->hint)
                                        : json_null());
        json_array_append_new(array, object);
    }
    return array;
}
