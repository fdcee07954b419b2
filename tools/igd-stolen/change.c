/*
 * A guest that is there already: what changes in its file, and what may stay
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. What domains of libvirt (domain.c) and configurations of
 * Proxmox VE (qm.c) have in common. Tested by tests/tool/test_change.py, fuzzed
 * by tests/fuzz/fuzz-igd-change.c.
 */

#include "qemu/osdep.h"
#include "change.h"

#define MAX_SAID        400

void change_edit(Change *change, size_t at, size_t size, const char *text)
{
    Edit *edit = host_keep(change->store, g_new0(Edit, 1));
    Edit **where = &change->edits;

    while (*where && (*where)->at <= at) {
        where = &(*where)->next;
    }
    *edit = (Edit) { .at = at, .size = size, .text = text, .next = *where };
    *where = edit;
}

void change_text(const Change *change, GString *out)
{
    const Edit *edit;
    size_t done = 0;

    for (edit = change->edits; edit; edit = edit->next) {
        if (edit->at >= done) {
            g_string_append_len(out, change->text + done, edit->at - done);
            g_string_append(out, edit->text);
            done = edit->at + edit->size;
        }
    }
    g_string_append(out, change->text + done);
}

void change_say(const Plan *plan, const char *hint, const char *format, ...)
{
    Check *check = check_add(plan->checks, "guest", "the guest's own file");
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    check_set(check, CHECK_FAIL, hint, "%s",
              read_printable(plan->host->store, text, MAX_SAID));
}

void change_keep(const Plan *plan, GPtrArray *options, const char *option)
{
    /* Said by the place of the device, or by the plan */
    static const char *const dropped[] = {
        "x-igd-gms=", "x-igd-stolen", "x-igd-opregion=", "host=", "sysfsdev=",
        "bus=", "addr=", "id=", "multifunction=",
    };
    char *word = host_text(plan->host->store, "%s", option);
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(dropped); i++) {
        if (g_str_has_prefix(word, dropped[i])) {
            return;
        }
    }
    if (plan->q35 && (!strcmp(word, "x-igd-lpc=on") ||
                      !strcmp(word, "x-igd-legacy-mode=on"))) {
        change_say(plan, "# take it out, or take machine pc", "the IGD's %s is "
                   "for machine pc; q35 does not start with it", word);
        return;
    }
    g_ptr_array_add(options, word);
}

void change_version(const Plan *plan, const Change *change)
{
    const char *version = strrchr(change->machine, '-');
    unsigned major, minor;

    if (!version || sscanf(version + 1, "%u.%u", &major, &minor) != 2 ||
        major < PLAN_QEMU_MAJOR ||
        (major == PLAN_QEMU_MAJOR && minor <= PLAN_QEMU_MINOR)) {
        return;
    }
    check_set(check_add(plan->checks, "guest", "the guest's own file"),
              CHECK_WARN, host_text(plan->host->store, "%s -machine help",
                                    plan_quote(plan, plan->request.emulator
                                               ?: PLAN_EMULATOR)),
              "machine %s needs QEMU %u.%u or newer: see if the emulator has "
              "it", read_printable(plan->host->store, change->machine, 40),
              major, minor);
}

char *change_machine(Change *change, PlanRequest *request, const char *machine)
{
    bool q35 = !strcmp(machine, "q35") || g_str_has_prefix(machine, "pc-q35-");

    if (!q35 && strcmp(machine, "pc") &&
        !g_str_has_prefix(machine, "pc-i440fx-")) {
        return g_strdup_printf("machine %s has no place for an IGD; q35 and pc "
                               "have", machine);
    }
    if (request->memory < 64 * STOLEN_ALIGN || request->memory >> 46) {
        return g_strdup("its memory is not a size of at least 64 MiB and below "
                        "64 TiB");
    }
    change->machine = machine;
    request->machine = q35 ? STOLEN_MACHINE_Q35 : STOLEN_MACHINE_I440FX;
    request->iommu &= q35;
    return NULL;
}
