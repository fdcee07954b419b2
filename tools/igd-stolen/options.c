/*
 * Command line of igd-stolen
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "options.h"
#include "text.h"

#define SUMMARY                                                              \
    "  igd-stolen probe                  can the IGD of this host be "       \
    "assigned?\n"                                                            \
    "  igd-stolen plan --memory SIZE     how to start the guest\n"           \
    "  igd-stolen capture -o FILE        what both have read, to be "        \
    "replayed\n"                                                             \
    "  igd-stolen verify                 in a guest: does all agree?"
#define DESCRIPTION                                                          \
    "Nothing is changed. Exit status: 0 well, 1 a check failed, 2 not done "  \
    "as asked."

static const char *const command_names[COMMAND__MAX] = {
    [COMMAND_PROBE] = "probe",
    [COMMAND_PLAN] = "plan",
    [COMMAND_CAPTURE] = "capture",
    [COMMAND_VERIFY] = "verify",
};

static const char *const format_names[PLAN_FORMAT__MAX] = {
    [PLAN_QEMU] = "qemu",
    [PLAN_LIBVIRT] = "libvirt",
    [PLAN_PROXMOX] = "proxmox",
    [PLAN_JSON] = "json",
};

/* As the user wrote them */
typedef struct OptionWords {
    gboolean help;
    gboolean json;
    gboolean strict;
    gboolean no_iommu;
    char *root;
    char *from;
    char *output;
    char *device;
    char *memory;
    char *firmware;
    char *format;
    char *emulator;
} OptionWords;

const char *options_command_name(Command command)
{
    return command_names[command];
}

bool options_size(const char *text, uint64_t *size)
{
    static const char units[] = "KMGT";
    uint64_t number;
    const char *unit;
    char *end;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    number = g_ascii_strtoull(text, &end, 10);
    if (!*end) {
        *size = number;
        return number < UINT64_MAX;
    }
    unit = strchr(units, g_ascii_toupper(*end));
    if (!unit || (end[1] && strcmp(end + 1, "iB") && strcmp(end + 1, "B"))) {
        return false;
    }
    if (number > UINT64_MAX >> 10 * (unit - units + 1)) {
        return false;
    }
    *size = number << 10 * (unit - units + 1);
    return true;
}

static GOptionContext *options_context(OptionWords *w)
{
    GOptionEntry entries[] = {
        { "memory", 'm', 0, G_OPTION_ARG_STRING, &w->memory,
          "plan: memory of the guest, such as 8G", "SIZE" },
        { "firmware", 0, 0, G_OPTION_ARG_STRING, &w->firmware,
          "plan: seabios (default) or ovmf", "NAME" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &w->format,
          "plan: qemu (default), libvirt, proxmox or json", "NAME" },
        { "emulator", 0, 0, G_OPTION_ARG_FILENAME, &w->emulator,
          "plan: where the emulator is, for qemu and libvirt", "PATH" },
        { "no-iommu", 0, 0, G_OPTION_ARG_NONE, &w->no_iommu,
          "plan: a guest without an IOMMU, so without an RMRR", NULL },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &w->output,
          "capture: file to write, - for standard output", "FILE" },
        { "from", 0, 0, G_OPTION_ARG_FILENAME, &w->from,
          "read a captured bundle instead of this host", "FILE" },
        { "device", 0, 0, G_OPTION_ARG_STRING, &w->device,
          "address of the IGD (default: look for it)", "ADDRESS" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &w->root,
          "directory to read in place of /", "DIR" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &w->json,
          "JSON instead of text", NULL },
        { "strict", 0, 0, G_OPTION_ARG_NONE, &w->strict,
          "warnings make the exit status 1, too", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &w->help, "this text", NULL },
        { NULL },
    };
    GOptionContext *context = g_option_context_new("COMMAND");

    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_set_description(context, DESCRIPTION);
    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

static char *options_set_plan(const OptionWords *w, Options *options)
{
    PlanRequest *plan = &options->plan;
    int format = text_index(format_names, PLAN_FORMAT__MAX,
                              w->format ? w->format : "qemu");

    plan->iommu = !w->no_iommu;
    if (!w->memory) {
        return g_strdup("plan needs --memory, such as --memory 8G");
    }
    if (!options_size(w->memory, &plan->memory) ||
        plan->memory < 64 * STOLEN_ALIGN ||
        plan->memory % STOLEN_ALIGN || plan->memory >> 46) {
        return g_strdup_printf("--memory %s is not a size in whole MiB, at "
                               "least 64M and below 64T", w->memory);
    }
    if (w->firmware && strcmp(w->firmware, "seabios") &&
        strcmp(w->firmware, "ovmf")) {
        return g_strdup_printf("--firmware %s is neither seabios nor ovmf",
                               w->firmware);
    }
    if (format < 0) {
        return g_strdup_printf("--format %s is not qemu, libvirt, proxmox or "
                               "json", w->format);
    }
    if (w->emulator && !g_path_is_absolute(w->emulator)) {
        return g_strdup_printf("--emulator %s does not begin with a slash",
                               w->emulator);
    }
    if (w->emulator && (options->json || format == PLAN_JSON ||
                        format == PLAN_PROXMOX)) {
        return g_strdup("--emulator is for --format qemu and libvirt");
    }
    plan->firmware = w->firmware && !strcmp(w->firmware, "ovmf") ?
                     STOLEN_FIRMWARE_OTHER : STOLEN_FIRMWARE_SEABIOS;
    plan->format = options->json ? PLAN_JSON : format;
    options->json |= format == PLAN_JSON;
    return NULL;
}

/* Options that the command has no use for are mistakes, not ignored */
static char *options_check(const OptionWords *w, const Options *options)
{
    Command command = options->command;

    if (command != COMMAND_PLAN &&
        (w->memory || w->firmware || w->format || w->no_iommu ||
         w->emulator)) {
        return g_strdup("--memory, --firmware, --format, --no-iommu and "
                        "--emulator are for plan");
    }
    if ((command == COMMAND_CAPTURE) != (w->output != NULL)) {
        return g_strdup(w->output ? "-o is for capture"
                                  : "capture needs -o FILE");
    }
    if (command == COMMAND_CAPTURE && (w->from || w->json || w->strict)) {
        return g_strdup("--from, --json and --strict are not for capture");
    }
    if (w->from && w->root) {
        return g_strdup("--from and --root exclude each other");
    }
    if (w->device && !host_valid_address(w->device)) {
        return g_strdup_printf("--device %s is not of the form 0000:00:02.0",
                               w->device);
    }
    return NULL;
}

static char *options_set(OptionWords *w, int argc, char **argv,
                         Options *options)
{
    int command;
    char *wrong;

    if (argc < 2) {
        return g_strdup("a command is missing: probe, plan, capture or "
                        "verify");
    }
    command = text_index(command_names, COMMAND__MAX, argv[1]);
    if (command < 0) {
        return g_strdup_printf("no command %s; there are probe, plan, capture "
                               "and verify", argv[1]);
    }
    if (argc > 2) {
        return g_strdup_printf("one word too many: %s", argv[2]);
    }
    options->command = command;
    options->json = w->json;
    options->strict = w->strict;
    wrong = options_check(w, options);
    if (!wrong && command == COMMAND_PLAN) {
        wrong = options_set_plan(w, options);
    }
    options->root = w->root ? g_steal_pointer(&w->root) : g_strdup("");
    options->from = g_steal_pointer(&w->from);
    options->output = g_steal_pointer(&w->output);
    options->device = g_steal_pointer(&w->device);
    options->emulator = g_steal_pointer(&w->emulator);
    options->plan.emulator = options->emulator;
    return wrong;
}

char *options_parse(int argc, char **argv, Options *options)
{
    OptionWords w = { 0 };
    GOptionContext *context = options_context(&w);
    g_autoptr(GError) error = NULL;
    char *wrong = NULL;

    memset(options, 0, sizeof(*options));
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        wrong = g_strdup(error->message);
    } else if (w.help) {
        options->help = g_option_context_get_help(context, TRUE, NULL);
    } else {
        wrong = options_set(&w, argc, argv, options);
    }
    g_option_context_free(context);
    g_free(w.root);
    g_free(w.from);
    g_free(w.output);
    g_free(w.device);
    g_free(w.memory);
    g_free(w.firmware);
    g_free(w.format);
    g_free(w.emulator);
    return wrong;
}

void options_clear(Options *options)
{
    g_free(options->help);
    g_free(options->root);
    g_free(options->from);
    g_free(options->output);
    g_free(options->device);
    g_free(options->emulator);
    memset(options, 0, sizeof(*options));
}
