/*
 * Fuzz target of igd-stolen: any bundle, every command
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links all of the tool but its reader of the real host. Whatever a
 * bundle says, nothing crashes; text is lines of printable characters; JSON can
 * be read back; and a bundle written from what was read is one that reads as
 * itself.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include "run.h"

static void G_GNUC_NORETURN wrong(const char *what, const char *text)
{
    fprintf(stderr, "wrong: %s: %s\n", what, text);
    abort();
}

static void check_text(const GString *out)
{
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
    unsigned i;
    const char *c;

    if (!out->len) {
        wrong("no output", "");
    }
    for (i = 0; lines[i]; i++) {
        for (c = lines[i]; *c; c++) {
            if (!g_ascii_isprint(*c)) {
                wrong("a byte that is not printable", lines[i]);
            }
        }
    }
}

/* With what has to be there: nothing was dropped for being no UTF-8 */
static void check_json(const GString *out, bool plan)
{
    static const char *const keys[] = { "verdict", "checks", "host" };
    json_t *object = json_loadb(out->str, out->len, 0, NULL);
    const json_t *check;
    size_t i;

    if (!json_is_object(object) ||
        (plan && !json_object_get(object, "plan"))) {
        wrong("not the JSON that was promised", out->str);
    }
    for (i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!json_object_get(object, keys[i])) {
            wrong("JSON without", keys[i]);
        }
    }
    json_array_foreach(json_object_get(object, "checks"), i, check) {
        if (json_object_size(check) != 5) {
            wrong("a verdict with something missing", out->str);
        }
    }
    json_decref(object);
}

static void try_command(HostStore *store, const Options *options)
{
    g_autoptr(GString) out = g_string_new(NULL);

    run_command(store, options, out, NULL);
    if (options->json) {
        check_json(out, options->command == COMMAND_PLAN);
    } else {
        check_text(out);
    }
}

/* What one capture says, the capture of a replay says */
static void try_capture(HostStore *store, const Options *options)
{
    g_autofree char *error = NULL;
    g_autoptr(GString) once = run_capture(store, options);
    g_autoptr(HostStore) again = bundle_parse(once->str, once->len, &error);
    g_autoptr(GString) twice = NULL;

    if (!again) {
        wrong("a capture that cannot be read", error);
    }
    twice = run_capture(again, options);
    if (strcmp(once->str, twice->str)) {
        wrong("two captures differ", twice->str);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const PlanFormat formats[] = { PLAN_QEMU, PLAN_LIBVIRT,
                                          PLAN_PROXMOX, PLAN_JSON };
    g_autofree char *error = NULL;
    g_autoptr(HostStore) store = bundle_parse((const char *)data, size,
                                              &error);
    Options options = { .plan = { .memory = 8ull << 30, .iommu = true } };
    unsigned i;

    if (!store) {
        return 0;
    }
    for (i = 0; i < 4; i++) {
        options.command = i & 1 ? COMMAND_VERIFY : COMMAND_PROBE;
        options.json = i & 2;
        try_command(store, &options);
    }
    options.command = COMMAND_PLAN;
    for (i = 0; i < G_N_ELEMENTS(formats); i++) {
        options.plan.format = formats[i];
        options.plan.firmware = i & 1 ? STOLEN_FIRMWARE_OTHER
                                      : STOLEN_FIRMWARE_SEABIOS;
        options.json = formats[i] == PLAN_JSON;
        try_command(store, &options);
    }
    options.command = COMMAND_CAPTURE;
    try_capture(store, &options);
    return 0;
}
