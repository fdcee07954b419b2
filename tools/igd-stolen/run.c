/*
 * The command line and the commands, from words to output
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Tested by tests/tool and fuzzed by
 * tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "change.h"

#define SUMMARY                                                              \
    "  igd-stolen probe                  can the IGD of this host be "       \
    "assigned?\n"                                                            \
    "  igd-stolen plan --memory SIZE     how to start the guest\n"           \
    "  igd-stolen capture -o FILE        save a host to ask about it "       \
    "elsewhere\n"                                                            \
    "  igd-stolen verify                 in a guest: do all sources agree?"
#define DESCRIPTION                                                          \
    "Changes nothing. Exit status: 0 all is well, 1 a check failed, 2 an "    \
    "error."

static const char *const command_names[COMMAND__MAX] = {
    [COMMAND_PROBE] = "probe",
    [COMMAND_PLAN] = "plan",
    [COMMAND_CAPTURE] = "capture",
    [COMMAND_VERIFY] = "verify",
};

static const char *const machine_names[] = {
    [STOLEN_MACHINE_Q35] = "q35",
    [STOLEN_MACHINE_I440FX] = "pc",
};

static const char *const firmware_names[] = {
    [STOLEN_FIRMWARE_SEABIOS] = "seabios",
    [STOLEN_FIRMWARE_OTHER] = "ovmf",
};

/* Values that are checked before they go to Options */
typedef struct OptionWords {
    gboolean help;
    gboolean no_iommu;
    char *device;
    char *memory;
    char *machine;
    char *firmware;
    char *format;
    char *from_xml;
    char *from_qm;
} OptionWords;

/* A message, with words that are right after the program's name */
static char *G_GNUC_PRINTF(2, 3)
options_refuse(const char *right, const char *format, ...)
{
    g_autofree char *wrong = NULL;
    va_list ap;

    va_start(ap, format);
    wrong = g_strdup_vprintf(format, ap);
    va_end(ap);
    return g_strdup_printf("%s; try: igd-stolen %s", wrong, right);
}

/* "8G", "1536M", "64MiB": bytes */
static bool options_size(const char *text, uint64_t *size)
{
    static const char units[] = "KMGT";
    char *end;
    uint64_t number = g_ascii_strtoull(text, &end, 10);
    const char *unit = strchr(units, g_ascii_toupper(*end));
    unsigned shift = unit && *end ? 10 * (unit - units + 1) : 0;
    const char *rest = *end ? end + 1 : end;

    *size = number << shift;
    return g_ascii_isdigit(*text) && unit && number <= UINT64_MAX >> shift &&
           (!*rest || !strcmp(rest, "B") || !strcmp(rest, "iB"));
}

static GOptionContext *options_context(OptionWords *w, Options *options)
{
    GOptionEntry entries[] = {
        { "memory", 'm', 0, G_OPTION_ARG_STRING, &w->memory,
          "plan: memory of the guest, such as 8G", "SIZE" },
        { "machine", 0, 0, G_OPTION_ARG_STRING, &w->machine,
          "plan: q35 (default) or pc, which has no IOMMU", "NAME" },
        { "firmware", 0, 0, G_OPTION_ARG_STRING, &w->firmware,
          "plan: seabios (default) or ovmf", "NAME" },
        { "format", 0, 0, G_OPTION_ARG_STRING, &w->format,
          "plan: qemu (default), libvirt, proxmox or json", "NAME" },
        { "emulator", 0, 0, G_OPTION_ARG_FILENAME, &options->plan.emulator,
          "plan: where the emulator is, for qemu and libvirt", "PATH" },
        { "rom", 0, 0, G_OPTION_ARG_FILENAME, &options->plan.rom,
          "plan: option ROM of the IGD, for a picture", "FILE" },
        { "audio", 0, 0, G_OPTION_ARG_NONE, &options->plan.audio,
          "plan: hand on the IGD's audio function, too", NULL },
        { "no-iommu", 0, 0, G_OPTION_ARG_NONE, &w->no_iommu,
          "plan: a guest without an IOMMU, so without an RMRR", NULL },
        { "from-xml", 0, 0, G_OPTION_ARG_FILENAME, &w->from_xml,
          "plan: change this domain of libvirt", "FILE" },
        { "from-qm", 0, 0, G_OPTION_ARG_FILENAME, &w->from_qm,
          "plan: change this guest of Proxmox VE", "FILE" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options->output,
          "capture: file to write, - for standard output", "FILE" },
        { "from", 0, 0, G_OPTION_ARG_FILENAME, &options->from,
          "read a captured bundle instead of this host", "FILE" },
        { "device", 0, 0, G_OPTION_ARG_STRING, &w->device,
          "address of the IGD (default: look for it)", "ADDRESS" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
          "directory to read in place of /", "DIR" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json,
          "JSON instead of text", NULL },
        { "strict", 0, 0, G_OPTION_ARG_NONE, &options->strict,
          "warnings make the exit status 1, too", NULL },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version,
          "show the version", NULL },
        { "help", 'h', 0, G_OPTION_ARG_NONE, &w->help, "show this help", NULL },
        { NULL },
    };
    GOptionContext *context = g_option_context_new("COMMAND");

    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_set_description(context, DESCRIPTION);
    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

/* Names the nearest size that is right, if it can be guessed */
static char *options_refuse_memory(const char *text)
{
    g_autofree char *right = NULL;
    uint64_t size;

    if (!options_size(text, &size) || !size) {
        right = g_strdup("plan --memory 8G");
    } else if (size < 1024) {
        right = g_strdup_printf("plan --memory %" PRIu64 "G", size);
    } else {
        size = CLAMP(size, 64 * STOLEN_ALIGN, (1ull << 46) - STOLEN_ALIGN);
        right = g_strdup_printf("plan --memory %" PRIu64 "M",
                                (uint64_t)((size + STOLEN_ALIGN - 1) >> 20));
    }
    return options_refuse(right, "--memory %s is not a size in whole MiB, at "
                          "least 64M and below 64T", text);
}

/* A value that is one of some words; the first of them is the default */
static char *options_choose(const char *option, const char *value,
                            const char *const *names, int count,
                            const char *all, int *chosen)
{
    g_autofree char *right = g_strdup_printf("plan --memory 8G --%s %s",
                                             option, names[0]);

    *chosen = value ? text_index(names, count, value) : 0;
    return *chosen >= 0 ? NULL :
           options_refuse(right, "--%s %s is not one of %s", option, value,
                          all);
}

static char *options_check_paths(const Options *options)
{
    const char *emulator = options->plan.emulator;
    const char *rom = options->plan.rom;

    if (emulator && options->plan.format == PLAN_JSON) {
        return options_refuse("plan --memory 8G --format libvirt --emulator "
                              "/usr/bin/" PLAN_EMULATOR,
                              "--emulator %s is not for --format json",
                              emulator);
    }
    if (emulator && options->plan.format == PLAN_PROXMOX &&
        strcmp(emulator, PLAN_QM_EMULATOR)) {
        return options_refuse("plan --memory 8G --format proxmox --emulator "
                              PLAN_QM_EMULATOR, "--emulator %s: Proxmox VE "
                              "starts " PLAN_QM_EMULATOR " only", emulator);
    }
    if (emulator && !g_path_is_absolute(emulator)) {
        return options_refuse("plan --memory 8G --emulator /usr/bin/"
                              PLAN_EMULATOR,
                              "--emulator %s does not begin with a slash",
                              emulator);
    }
    if (rom && (!g_path_is_absolute(rom) ||
                rom[strspn(rom, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
                           "/._+-")])) {
        return options_refuse("plan --memory 8G --rom /usr/share/kvm/igd.rom",
                              "--rom %s is not a path that begins with a "
                              "slash, of letters, digits and ._+-", rom);
    }
    return NULL;
}

/* Its file says what the guest is like */
static char *options_set_change(const OptionWords *w, Options *options)
{
    PlanRequest *plan = &options->plan;

    if ((w->from_xml && w->from_qm) || w->memory || w->machine || w->firmware ||
        w->format || plan->rom || plan->audio || options->json) {
        return options_refuse("plan --memory 8G", "with --from-xml or "
                              "--from-qm the guest's file says all but "
                              "--emulator and --no-iommu");
    }
    plan->format = w->from_xml ? PLAN_LIBVIRT : PLAN_PROXMOX;
    plan->from_guest = g_strdup(w->from_xml ?: w->from_qm);
    plan->iommu = !w->no_iommu;
    plan->emulator_asked = plan->emulator;
    return options_check_paths(options);
}

static char *options_set_plan(const OptionWords *w, Options *options)
{
    PlanRequest *plan = &options->plan;
    int machine, firmware, format;
    char *wrong;

    if (w->from_xml || w->from_qm) {
        return options_set_change(w, options);
    }

    if (!w->memory) {
        return options_refuse("plan --memory 8G", "plan needs --memory");
    }
    if (!options_size(w->memory, &plan->memory) ||
        plan->memory < 64 * STOLEN_ALIGN ||
        plan->memory % STOLEN_ALIGN || plan->memory >> 46) {
        return options_refuse_memory(w->memory);
    }
    wrong = options_choose("machine", w->machine, machine_names, 2,
                           "q35 and pc", &machine) ?:
            options_choose("firmware", w->firmware, firmware_names, 2,
                           "seabios and ovmf", &firmware) ?:
            options_choose("format", w->format, plan_format_names,
                           PLAN_FORMAT__MAX, "qemu, libvirt, proxmox and json",
                           &format);
    if (wrong) {
        return wrong;
    }
    plan->machine = machine;
    plan->firmware = firmware;
    plan->format = options->json ? PLAN_JSON : format;
    plan->iommu = !w->no_iommu && plan->machine == STOLEN_MACHINE_Q35;
    plan->emulator_asked = plan->emulator;
    options->json |= format == PLAN_JSON;
    return options_check_paths(options);
}

/* An option that the command does not use is a mistake */
static char *options_check(const OptionWords *w, const Options *options)
{
    Command command = options->command;
    const char *name = command_names[command];
    g_autofree char *low = NULL;
    g_autofree char *right = NULL;

    if (command != COMMAND_PLAN &&
        (w->memory || w->machine || w->firmware || w->format || w->no_iommu ||
         w->from_xml || w->from_qm || options->plan.emulator ||
         options->plan.rom || options->plan.audio)) {
        return options_refuse("plan --memory 8G", "--memory, --machine, "
                              "--firmware, --format, --emulator, --rom, "
                              "--audio, --no-iommu, --from-xml and --from-qm "
                              "are for plan, not for %s", name);
    }
    if (command == COMMAND_CAPTURE && !options->output) {
        return options_refuse("capture -o -", "capture needs -o FILE");
    }
    if (command != COMMAND_CAPTURE && options->output) {
        return options_refuse("capture -o -", "-o %s is for capture, not for "
                              "%s", options->output, name);
    }
    if (command == COMMAND_CAPTURE &&
        (options->from || options->json || options->strict)) {
        return options_refuse("capture -o -", "--from, --json and --strict "
                              "are not for capture");
    }
    if (options->from && options->root) {
        return options_refuse(name, "--from %s and --root %s exclude each "
                              "other", options->from, options->root);
    }
    if (options->device && !host_valid_address(options->device)) {
        low = g_ascii_strdown(options->device, -1);
        right = g_strdup_printf("%s%s --device %s", name,
                                command == COMMAND_PLAN ? " --memory 8G" :
                                command == COMMAND_CAPTURE ? " -o -" : "",
                                host_valid_address(low) ? low
                                                        : "0000:00:02.0");
        return options_refuse(right, "--device %s is not of the form "
                              "0000:00:02.0 or 00:02.0", w->device);
    }
    return NULL;
}

static char *options_set(const OptionWords *w, int argc, char **argv,
                         Options *options)
{
    int command;

    if (argc < 2) {
        return options_refuse("probe", "a command is missing: probe, plan, "
                              "capture or verify");
    }
    command = text_index(command_names, COMMAND__MAX, argv[1]);
    if (command < 0) {
        return options_refuse("--help", "%s is not a command; the commands "
                              "are probe, plan, capture and verify", argv[1]);
    }
    if (argc > 2) {
        return options_refuse("--help", "one word too many: %s", argv[2]);
    }
    options->command = command;
    /* lspci leaves the domain out, where there is but one */
    options->device =
        w->device && strlen(w->device) == strlen("00:02.0") ?
        g_strconcat("0000:", w->device, NULL) : g_strdup(w->device);
    return options_check(w, options) ?:
           command == COMMAND_PLAN ? options_set_plan(w, options) : NULL;
}

char *options_parse(int argc, char **argv, Options *options)
{
    OptionWords w = { 0 };
    GOptionContext *context = options_context(&w, options);
    g_autoptr(GError) error = NULL;
    char *wrong = NULL;

    memset(options, 0, sizeof(*options));
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        wrong = options_refuse("--help", "%s", error->message);
    } else if (w.help) {
        options->help = g_option_context_get_help(context, TRUE, NULL);
    } else if (!options->version) {
        wrong = options_set(&w, argc, argv, options);
    }
    g_option_context_free(context);
    g_free(w.device);
    g_free(w.memory);
    g_free(w.machine);
    g_free(w.firmware);
    g_free(w.format);
    g_free(w.from_xml);
    g_free(w.from_qm);
    return wrong;
}

void options_clear(Options *options)
{
    g_free(options->help);
    g_free(options->root);
    g_free(options->from);
    g_free(options->output);
    g_free(options->device);
    g_free(options->plan.emulator);
    g_free(options->plan.rom);
    g_free(options->plan.from_guest);
    memset(options, 0, sizeof(*options));
}

/* The commands */

static CheckList *run_probe(const Host *host)
{
    CheckList *list = probe_checks(host, host_text(
        host->store, "igd-stolen plan --memory 8G --no-iommu%s", host->asked),
        false);

    probe_verdict(list, host);
    return list;
}

/* A guest that is there already */

char *run_read(HostStore *store, Options *options, const char *text,
               size_t size)
{
    PlanRequest *request = &options->plan;
    Change *change = host_keep(store, g_new0(Change, 1));
    g_autofree char *wrong = NULL;

    change->store = store;
    change->text = host_text(store, "%.*s", (int)size, text);
    change->size = size;
    request->change = change;
    wrong = strlen(change->text) != size ? g_strdup("it is not a text") :
            request->format == PLAN_LIBVIRT ? domain_read(change, request) :
            qm_read(change, request);
    return wrong ? g_strdup(read_printable(store, wrong, 400)) : NULL;
}

static void run_apply(const Plan *plan)
{
    if (checks_worst(plan->checks) == CHECK_FAIL) {
        return;
    }
    change_version(plan, plan->request.change);
    if (plan->request.format == PLAN_LIBVIRT) {
        domain_apply(plan, plan->request.change);
    } else {
        qm_apply(plan, plan->request.change);
    }
}

/* Its file gets nothing but what belongs in it */
static void run_change(const Plan *plan, GString *out, GString *notes)
{
    if (checks_worst(plan->checks) == CHECK_FAIL) {
        checks_text(plan->checks, notes);
    } else {
        change_text(plan->request.change, out);
        plan_warnings(plan, notes);
    }
}

int run_command(HostStore *store, const Options *options, GString *out,
                GString *notes)
{
    const Host *host = host_load(store, options->device);
    const Plan *plan = options->command == COMMAND_PLAN ?
                       plan_new(host, &options->plan) : NULL;
    const CheckList *list =
        plan ? plan->checks :
        options->command == COMMAND_VERIFY ? verify_checks(host) :
        run_probe(host);
    CheckStatus worst;
    int status;

    if (plan && plan->request.change) {
        run_apply(plan);
    }
    worst = checks_worst(list);
    status = worst == CHECK_FAIL || (options->strict && worst == CHECK_WARN);
    if (options->json) {
        checks_json(list, host, command_names[options->command], status,
                    plan ? plan_json(plan) : NULL, out);
    } else if (plan && plan->request.change) {
        run_change(plan, out, notes);
    } else if (plan) {
        plan_text(plan, out);
    } else {
        checks_text(list, out);
    }
    return status;
}

GString *run_capture(HostStore *store, const Options *options)
{
    host_load(store, options->device);
    return bundle_write(store);
}
