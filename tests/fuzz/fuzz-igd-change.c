/*
 * Fuzz target of igd-stolen: any file of a guest
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links all of the tool but its reader of the real host. The host is one
 * of build/hosts. Whatever the file says, nothing crashes; what is printed can
 * be read again, and then nothing has to change in it.
 */

#include "qemu/osdep.h"
#include <stdio.h>
#include "run.h"

#define HOST    "../hosts/skylake-ready.bundle"

static void G_GNUC_NORETURN wrong(const char *what, const char *text)
{
    fprintf(stderr, "wrong: %s: %s\n", what, text);
    abort();
}

/* NULL if the guest is refused */
static GString *changed(const char *text, size_t size, PlanFormat format,
                        bool iommu, bool again)
{
    static char *host;
    static gsize length;
    g_autofree char *error = NULL;
    g_autoptr(HostStore) store = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autofree char *mistake = NULL;
    Options options = {
        .command = COMMAND_PLAN,
        .plan = { .format = format, .iommu = iommu, .emulator_asked = true,
                  .emulator = (char *)PLAN_QM_EMULATOR,
                  .from_guest = (char *)"guest" },
    };

    if (!host && !g_file_get_contents(HOST, &host, &length, NULL)) {
        wrong("no host", HOST);
    }
    store = bundle_parse(host, length, &error);
    mistake = run_read(store, &options, text, size);
    if (mistake) {
        return again ? (wrong("not read again", mistake), NULL) : NULL;
    }
    if (run_command(store, &options, out, notes)) {
        return again ? (wrong("refused", notes->str), NULL) : NULL;
    }
    return g_steal_pointer(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned i;

    for (i = 0; i < 4; i++) {
        PlanFormat format = i & 1 ? PLAN_PROXMOX : PLAN_LIBVIRT;
        g_autoptr(GString) once = changed((const char *)data, size, format,
                                          i & 2, false);
        g_autoptr(GString) twice = once ? changed(once->str, once->len, format,
                                                  i & 2, true) : NULL;

        if (once && strcmp(once->str, twice->str)) {
            wrong("changed twice", twice->str);
        }
    }
    return 0;
}
