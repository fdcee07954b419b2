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
                CheckStatus status, char *hint, const char *format, ...)
{
    Check check = {
        .name = name, .title = title, .status = status, .hint = hint,
    };
    va_list ap;

    va_start(ap, format);
    check.detail = g_strdup_vprintf(format, ap);
    va_end(ap);
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

        g_string_append_printf(out, "Checking %-*s : %s (%s)\n",
                               TITLE_COLUMNS, check->title, verdict,
                               check->detail);
        check_hint_text(check, "", out);
    }
}

void check_hint_text(const Check *check, const char *prefix, GString *out)
{
    g_auto(GStrv) lines = g_strsplit(check->hint ?: "", "\n", -1);
    unsigned i;

    if (check->hint) {
        g_string_append_printf(out, "%s    hint:\n", prefix);
    }
    for (i = 0; lines[i]; i++) {
        g_string_append_printf(out, "%s        %s\n", prefix, lines[i]);
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

        json_array_append_new(array, json_pack(
            "{s:s, s:s, s:s, s:s, s:s?}", "name", check->name, "title",
            check->title, "status", check_status_name(check->status),
            "detail", check->detail, "hint", check->hint));
    }
    return array;
}
