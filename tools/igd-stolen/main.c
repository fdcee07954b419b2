/*
 * Command line tool: where an IGD's stolen memory is, how a guest gets it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: reads the host or a bundle, prints, returns the exit status: 0 all is
 * well, 1 a check failed, 2 it could not be done as asked. The one file it
 * ever writes is that of "capture -o".
 */

#include "qemu/osdep.h"
#include <errno.h>
#include <stdio.h>
#include "bundle.h"
#include "live.h"
#include "run.h"

#define EXIT_USAGE      2

static void G_GNUC_PRINTF(1, 2) main_complain(const char *format, ...)
{
    va_list ap;

    fputs("igd-stolen: ", stderr);
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* NULL if there is no such bundle, and said so */
static HostStore *main_store(const Options *options)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *wrong = NULL;
    HostStore *store;
    gsize size;

    if (!options->from) {
        return host_store_new(live_read, options->root);
    }
    if (!g_file_get_contents(options->from, &text, &size, &error)) {
        main_complain("--from %s: %s", options->from, error->message);
        return NULL;
    }
    store = bundle_parse(text, size, &wrong);
    if (!store) {
        main_complain("--from %s: %s", options->from, wrong);
    }
    return store;
}

static int main_print(const GString *text)
{
    if (fwrite(text->str, 1, text->len, stdout) != text->len ||
        fflush(stdout)) {
        main_complain("standard output: %s", g_strerror(errno));
        return EXIT_USAGE;
    }
    return 0;
}

static int main_capture(HostStore *store, const Options *options)
{
    g_autoptr(GString) text = run_capture(store, options);
    g_autoptr(GError) error = NULL;

    if (!strcmp(options->output, "-")) {
        return main_print(text);
    }
    if (!g_file_set_contents(options->output, text->str, text->len, &error)) {
        main_complain("-o %s: %s", options->output, error->message);
        return EXIT_USAGE;
    }
    return 0;
}

static int main_run(const Options *options)
{
    g_autoptr(HostStore) store = main_store(options);
    g_autoptr(GString) out = g_string_new(NULL);
    CheckStatus worst;
    int status;

    if (!store) {
        return EXIT_USAGE;
    }
    if (options->command == COMMAND_CAPTURE) {
        return main_capture(store, options);
    }
    worst = run_command(store, options, out);
    status = main_print(out);
    return status ? status : run_exit_status(worst, options->strict);
}

int main(int argc, char **argv)
{
    Options options;
    g_autofree char *wrong = NULL;
    int status;

    g_set_prgname("igd-stolen");
    wrong = options_parse(argc, argv, &options);
    if (wrong) {
        main_complain("%s (see igd-stolen --help)", wrong);
        status = EXIT_USAGE;
    } else if (options.help) {
        fputs(options.help, stdout);
        status = 0;
    } else {
        status = main_run(&options);
    }
    options_clear(&options);
    return status;
}
