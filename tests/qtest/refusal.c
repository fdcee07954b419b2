/*
 * Start QEMU with a command line that it has to refuse
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/wait.h>
#include "libqtest.h"
#include "refusal.h"

#define REFUSAL_PREFIX "qemu-system-x86_64: "

static unsigned refusal_error_lines(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned n = 0;
    unsigned i;

    for (i = 0; lines[i]; i++) {
        n += strstr(lines[i], REFUSAL_PREFIX) != NULL;
    }
    return n;
}

void refusal_assert(const char *args, const char *first, ...)
{
    g_autofree char *line =
        g_strdup_printf("timeout 60 %s -nodefaults -display none -accel qtest "
                        "%s", g_getenv("QTEST_QEMU_BINARY"), args);
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    const char *needle;
    va_list needles;
    int status;

    g_test_message("%s", line);
    g_assert_true(g_spawn_command_line_sync(line, NULL, &err, &status,
                                            &error));
    g_test_message("status %d: %s", status, err);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_cmpuint(refusal_error_lines(err), ==, 1);

    va_start(needles, first);
    for (needle = first; needle; needle = va_arg(needles, const char *)) {
        if (!strstr(err, needle)) {
            g_test_message("missing: %s", needle);
        }
        g_assert_nonnull(strstr(err, needle));
    }
    va_end(needles);
}

void refusal_helped(const char *args)
{
    qtest_quit(qtest_initf("-nodefaults %s", args));
}
