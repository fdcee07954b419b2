/*
 * Commands of igd-stolen, from what was read to what is printed
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Tested by tests/tool and fuzzed by
 * tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "bundle.h"
#include "run.h"

#define JSON_VERSION    1

int run_exit_status(CheckStatus worst, bool strict)
{
    return worst == CHECK_FAIL || (strict && worst == CHECK_WARN);
}

static void run_json(json_t *object, const Options *options,
                     const CheckList *checks, const Host *host, GString *out)
{
    CheckStatus worst = checks_worst(checks);
    char *text;

    json_object_set_new(object, "version", json_integer(JSON_VERSION));
    json_object_set_new(object, "command", json_string(
                        options_command_name(options->command)));
    json_object_set_new(object, "verdict",
                        json_string(check_status_name(worst)));
    json_object_set_new(object, "exit_status", json_integer(
                        run_exit_status(worst, options->strict)));
    json_object_set_new(object, "checks", checks_json(checks));
    json_object_set_new(object, "host", host_json(host));
    text = json_dumps(object, JSON_INDENT(2));
    g_string_append_printf(out, "%s\n", text);
    free(text);
    json_decref(object);
}

static CheckStatus run_checks(const Host *host, const Options *options,
                              CheckList *checks, GString *out)
{
    g_autoptr(GArray) list = checks;

    if (options->json) {
        run_json(json_object(), options, list, host, out);
    } else {
        checks_text(list, out);
    }
    return checks_worst(list);
}

static CheckStatus run_plan(const Host *host, const Options *options,
                            GString *out)
{
    g_autoptr(Plan) plan = plan_new(host, &options->plan);

    if (options->json) {
        json_t *object = json_object();

        json_object_set_new(object, "plan", plan_json(plan));
        run_json(object, options, plan->checks, host, out);
    } else {
        plan_text(plan, out);
    }
    return checks_worst(plan->checks);
}

static CheckList *run_probe(const Host *host)
{
    g_autofree char *without =
        g_strdup_printf("igd-stolen plan --memory 8G --no-iommu%s",
                        host->asked);
    CheckList *list = probe_checks(host, without, false);

    probe_verdict(list, host);
    return list;
}

CheckStatus run_command(HostStore *store, const Options *options, GString *out)
{
    g_autoptr(Host) host = host_load(store, options->device);

    switch (options->command) {
    case COMMAND_PLAN:
        return run_plan(host, options, out);
    case COMMAND_VERIFY:
        return run_checks(host, options, verify_checks(host), out);
    default:
        return run_checks(host, options, run_probe(host), out);
    }
}

GString *run_capture(HostStore *store, const Options *options)
{
    host_free(host_load(store, options->device));
    return bundle_write(store);
}
