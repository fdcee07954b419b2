/*
 * A guest of Proxmox VE that is there already, and what changes
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Its file has lines "KEY: VALUE", and after them snapshots,
 * which stay. Tested by tests/tool/test_change.py, fuzzed by tests/fuzz/
 * fuzz-igd-change.c.
 */

#include "qemu/osdep.h"
#include "change.h"

/* hostpci0 to hostpci15 */
#define MAX_HOSTPCI     16

/* The bytes of a line, without its newline; the value, or NULL */
static const char *qm_get(const Change *change, const char *key, size_t *at,
                          size_t *size)
{
    const char *text = change->text;
    size_t length = strlen(key);
    size_t from, end;

    for (from = 0; text[from] && text[from] != '[';
         from = end + (text[end] == '\n')) {
        end = from + strcspn(text + from, "\n");
        if (!strncmp(text + from, key, length) && text[from + length] == ':') {
            *at = from;
            *size = end - from;
            return g_strstrip(host_text(change->store, "%.*s",
                                        (int)(*size - length - 1),
                                        text + from + length + 1));
        }
    }
    *at = from;
    *size = 0;
    return NULL;
}

/* Sets a key that may be there */
static void qm_set(Change *change, const char *key, const char *value)
{
    size_t at, size;
    const char *old = qm_get(change, key, &at, &size);
    const char *line = host_text(change->store, "%s: %s", key, value);

    if (old && strcmp(old, value)) {
        change_edit(change, at, size, line);
    } else if (!old) {
        while (at && change->text[at - 1] == '\n') {
            at--;
        }
        /* After the last line and its newline, either of which may go */
        at += at && change->text[at] == '\n';
        change_edit(change, at, 0, host_text(
            change->store, "%s%s\n",
            at && change->text[at - 1] != '\n' ? "\n" : "", line));
    }
}

static void qm_remove(Change *change, const char *key)
{
    size_t at, size;

    if (qm_get(change, key, &at, &size)) {
        change_edit(change, at, size + (change->text[at + size] == '\n'), "");
    }
}

static const char *qm_value(const Change *change, const char *key)
{
    size_t at, size;

    return qm_get(change, key, &at, &size);
}

/* The value of one of the options after a comma, or NULL */
static const char *qm_option(const Change *change, const char *value,
                             const char *name)
{
    g_auto(GStrv) words = g_strsplit(value, ",", -1);
    unsigned i;

    for (i = 0; words[i]; i++) {
        if (g_str_has_prefix(words[i], name)) {
            return host_text(change->store, "%s", words[i] + strlen(name));
        }
    }
    return NULL;
}

/* A key that is there twice, or NULL; to be freed */
static char *qm_twice(const Change *change)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    const char *line, *next;

    for (line = change->text; *line && *line != '['; line = next) {
        g_autofree char *key = g_strndup(line, strcspn(line, ":\n"));

        next = line + strcspn(line, "\n");
        next += !!*next;
        if (*line != '#' && line[strlen(key)] == ':' &&
            !g_hash_table_add(seen, g_strdup(key))) {
            return g_steal_pointer(&key);
        }
    }
    return NULL;
}

char *qm_read(Change *change, PlanRequest *request)
{
    g_autofree char *twice = qm_twice(change);
    const char *memory = qm_value(change, "memory") ?: "512";
    const char *machine = qm_value(change, "machine") ?: "pc";
    uint64_t mib;

    if (twice) {
        return g_strdup_printf("%s: is there twice", twice);
    }
    if (qm_value(change, "arch") &&
        strcmp(qm_value(change, "arch"), "x86_64")) {
        return g_strdup_printf("arch: %s; an IGD is for x86_64",
                               qm_value(change, "arch"));
    }
    memory = qm_option(change, memory, "current=") ?: memory;
    machine = qm_option(change, machine, "type=") ?: machine;
    request->memory = read_number(memory, 10, &mib) && !(mib >> 26) ? mib << 20
                                                                   : 0;
    request->firmware = g_strcmp0(qm_value(change, "bios"), "ovmf") ?
                        STOLEN_FIRMWARE_SEABIOS : STOLEN_FIRMWARE_OTHER;
    return change_machine(change, request, host_text(
        change->store, "%.*s", (int)strcspn(machine, ","), machine));
}

/* "host=0000:00:02.0", "00:02.0" and "00:02" are one address */
static bool qm_is(const Plan *plan, const char *device)
{
    const char *address = plan->host->igd.address;
    g_autofree char *one = g_strndup(device, strcspn(device, ",;"));
    const char *word = g_str_has_prefix(one, "host=") ? one + 5 : one;

    return !strcmp(word, address) || !strcmp(word, address + 5) ||
           (address[11] == '0' &&
            (!strncmp(word, address, 10) ? !word[10] :
             !strncmp(word, address + 5, 5) && !word[5]));
}

/* Takes the option at @i and its value out */
static void qm_take(GPtrArray *words, unsigned i)
{
    g_ptr_array_remove_range(words, i, 2);
}

static void qm_put(const Change *change, GPtrArray *words, const char *option,
                   const char *value)
{
    g_ptr_array_add(words, host_text(change->store, "%s", option));
    g_ptr_array_add(words, host_text(change->store, "%s", value));
}

/* Moves what the IGD has in the words of "args" to @options */
static void qm_gather(const Plan *plan, const Change *change, const char *key,
                      GPtrArray *words, GPtrArray *options)
{
    const char *prefix = host_text(change->store, "device.%s.", key ?: "");
    unsigned i = 0;

    while (i + 1 < words->len) {
        const char *option = words->pdata[i];
        const char *word = words->pdata[i + 1];

        if (!strcmp(option, "-set") && g_str_has_prefix(word, prefix)) {
            change_keep(plan, options, word + strlen(prefix));
        } else if (!strcmp(option, "-device") &&
                   g_str_has_prefix(word, "vfio-pci,host=") &&
                   qm_is(plan, word + strlen("vfio-pci,"))) {
            g_auto(GStrv) parts = g_strsplit(word, ",", -1);
            unsigned j;

            for (j = 1; parts[j]; j++) {
                change_keep(plan, options, parts[j]);
            }
        } else if (strcmp(option, "-global") ||
                   !(g_str_has_prefix(word, "vfio-pci.x-igd-gms=") ||
                     g_str_has_prefix(word, "intel-iommu.aw-bits=") ||
                     (plan->cpu_limit &&
                      g_str_has_prefix(word, PLAN_CPU_LIMIT)))) {
            i++;
            continue;
        }
        qm_take(words, i);
    }
}

static bool qm_has_igd(const Plan *plan, GPtrArray *words)
{
    unsigned i;

    for (i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];

        if (g_str_has_prefix(word, "vfio-pci,host=") &&
            qm_is(plan, word + strlen("vfio-pci,"))) {
            return true;
        }
    }
    return false;
}

/* On q35 hostpciN puts it behind a bridge, so it goes to "args" */
static void qm_args(const Plan *plan, Change *change, const char *key,
                   GPtrArray *words, GPtrArray *options)
{
    const char *machine = qm_value(change, "machine") ?: "pc";
    const char *iommu = qm_option(change, machine, "viommu=");
    const char *value = key ? qm_value(change, key) : "";
    const char *rom = qm_option(change, value, "romfile=");
    g_autoptr(GString) device = g_string_new(NULL);
    unsigned i;

    if (iommu && strcmp(iommu, "intel")) {
        change_say(plan, "# machine: q35,viommu=intel", "machine: %s cannot "
                   "have the IGD's RMRR, only viommu=intel can", machine);
    } else if (!iommu && plan->request.iommu) {
        qm_set(change, "machine", host_text(change->store, "%s,viommu=intel",
                                            machine));
    }
    if (plan->cpu_limit && g_str_has_prefix(qm_value(change, "cpu") ?: "",
                                            "host")) {
        qm_put(change, words, "-global", host_text(
               change->store, PLAN_CPU_LIMIT "%u", plan->cpu_limit));
    }
    if (iommu || plan->request.iommu) {
        qm_put(change, words, "-global", host_text(
               change->store, "intel-iommu.aw-bits=%u", plan->aw_bits));
    }
    g_string_append_printf(device, "vfio-pci,host=%s,bus=%s.0,addr=02.0%s",
                           plan->host->igd.address, plan->q35 ? "pcie" : "pci",
                           plan_device(plan, true));
    for (i = 0; i < options->len; i++) {
        g_string_append_printf(device, ",%s", (char *)options->pdata[i]);
    }
    if (rom) {
        g_string_append_printf(device, ",romfile=/usr/share/kvm/%s", rom);
    }
    qm_put(change, words, "-device", device->str);
    if (key) {
        qm_remove(change, key);
    }
}

/* On pc legacy-igd=1 puts it in slot 2, and wants no other display */
static void qm_pc(const Plan *plan, Change *change, const char *key,
                  GPtrArray *words, GPtrArray *options)
{
    const char *value = qm_value(change, key);
    g_auto(GStrv) ours = g_strsplit(plan_placement(plan), ",", -1);
    unsigned i;

    if (!strstr(value, "legacy-igd=1")) {
        qm_set(change, key, host_text(change->store, "%s,legacy-igd=1", value));
    }
    qm_set(change, "vga", "none");
    for (i = 0; ours[i]; i++) {
        if (*ours[i]) {
            g_ptr_array_add(options, host_text(change->store, "%s", ours[i]));
        }
    }
    for (i = 0; i < options->len; i++) {
        qm_put(change, words, "-set", host_text(
               change->store, "device.%s.%s", key, (char *)options->pdata[i]));
    }
}

static const char *qm_joined(const Change *change, GPtrArray *words)
{
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned i;

    for (i = 0; i < words->len; i++) {
        const char *word = words->pdata[i];
        g_autofree char *quoted = *word && !strpbrk(word, " \t\"'\\#$`;&|<>*") ?
                                  g_strdup(word) : g_shell_quote(word);

        g_string_append_printf(line, "%s%s", i ? " " : "", quoted);
    }
    return host_text(change->store, "%s", line->str);
}

/* The key of the IGD; false after a refusal */
static bool qm_hostpci(const Plan *plan, const Change *change,
                       const char **found, bool in_args)
{
    const char *mapped = NULL;
    unsigned i;

    *found = NULL;
    for (i = 0; i < MAX_HOSTPCI; i++) {
        const char *key = host_text(change->store, "hostpci%u", i);
        const char *value = qm_value(change, key);

        if (value && qm_is(plan, value)) {
            if (*found) {
                change_say(plan, host_text(change->store, "# only %s", *found),
                           "%s and %s have the same IGD", *found, key);
                return false;
            }
            *found = key;
            if (strstr(value, "mdev=") ||
                value[strcspn(value, ",;")] == ';') {
                change_say(plan, host_text(change->store, "# %s: %s", key,
                                           plan->host->igd.address),
                           "%s: %s is not the whole IGD alone", key, value);
                return false;
            }
        } else if (value && strstr(value, "mapping=")) {
            mapped = host_text(change->store, "%s: %s", key, value);
        }
    }
    if (*found || in_args) {
        return true;
    }
    change_say(plan, host_text(change->store, "# hostpci0: %s",
                               plan->host->igd.address),
               "no hostpciN and no args with the IGD %s%s%s",
               plan->host->igd.address, mapped ? "; only Proxmox VE knows "
               "the address of " : "", mapped ?: "");
    return false;
}

void qm_apply(const Plan *plan, Change *change)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_autoptr(GPtrArray) options = g_ptr_array_new();
    g_auto(GStrv) split = NULL;
    const char *args = qm_value(change, "args") ?: "";
    const char *key, *joined;
    unsigned i;

    if (!plan->request.emulator_asked) {
        change_say(plan, host_text(
            change->store, "# when pve-qemu-kvm is the one of this project:\n"
            "igd-stolen plan --from-qm %s --emulator " PLAN_QM_EMULATOR "%s",
            plan_quote(plan, plan->request.from_guest), plan->host->asked),
            "Proxmox VE starts " PLAN_QM_EMULATOR " only, and its own one does "
            "not know x-igd-stolen");
        return;
    }
    if (*args && !g_shell_parse_argv(args, NULL, &split, NULL)) {
        change_say(plan, "# quotes come in pairs", "args: %s: a quote has no "
                   "other one", args);
        return;
    }
    for (i = 0; split && split[i]; i++) {
        g_ptr_array_add(words, host_text(change->store, "%s", split[i]));
    }
    joined = qm_joined(change, words);
    if (!qm_hostpci(plan, change, &key, qm_has_igd(plan, words))) {
        return;
    }
    qm_gather(plan, change, key, words, options);
    if (plan->q35 || !key) {
        qm_args(plan, change, key, words, options);
    } else {
        qm_pc(plan, change, key, words, options);
    }
    if (strcmp(joined, qm_joined(change, words))) {
        qm_set(change, "args", qm_joined(change, words));
    }
}
