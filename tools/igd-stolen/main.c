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
    static const char *const why[HOST_STATUS__MAX] = {
        [HOST_ABSENT] = "there is no such file",
        [HOST_DENIED] = "it may not be read",
        [HOST_FAILED] = "not a regular file that can be read",
    };
    g_autofree char *text = NULL;
    g_autofree char *wrong = NULL;
    HostStore *store = NULL;
    HostStatus status;
    size_t size;

    if (!options->from) {
        return host_store_new(live_read, options->root ?: "");
    }
    status = live_file(options->from, BUNDLE_MAX_SIZE, &text, &size);
    if (status == HOST_OK) {
        store = bundle_parse(text, size, &wrong);
    }
    if (!store) {
        main_complain("--from %s: %s; try: igd-stolen capture -o host.bundle",
                      options->from, wrong ?: why[status]);
    }
    return store;
}

static int main_print(const char *text)
{
    if (fputs(text, stdout) < 0 || fflush(stdout)) {
        main_complain("standard output: %s", g_strerror(errno));
        return EXIT_USAGE;
    }
    return 0;
}

/* Into what is there: a device stays one, and so does a link */
static int main_capture(HostStore *store, const Options *options)
{
    g_autoptr(GString) text = run_capture(store, options);
    bool failed;
    FILE *file;

    if (!strcmp(options->output, "-")) {
        return main_print(text->str);
    }
    file = fopen(options->output, "we");
    failed = !file || fwrite(text->str, 1, text->len, file) != text->len;
    failed |= file && fclose(file);
    if (failed) {
        main_complain("-o %s: %s; try: igd-stolen capture -o -",
                      options->output, g_strerror(errno));
        return EXIT_USAGE;
    }
    return 0;
}

/*
 * The emulator that is beside the program, if the program was called by a
 * path: as built, or as installed somewhere else than in the usual place
 */
static char *main_emulator(const char *program, const Options *options)
{
    static const char *const names[] = { PLAN_EMULATOR, "qemu-system-x86_64" };
    g_autofree char *directory = g_path_get_dirname(program);
    unsigned i;

    for (i = 0; strchr(program, '/') && i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(directory, names[i], NULL);

        /* In the system's directories the short name is another emulator */
        if ((!i || !g_str_has_prefix(path, "/usr/")) &&
            g_file_test(path, G_FILE_TEST_IS_EXECUTABLE)) {
            return options->plan.format == PLAN_LIBVIRT ?
                   g_canonicalize_filename(path, NULL) :
                   g_steal_pointer(&path);
        }
    }
    return NULL;
}

static int main_run(const Options *options)
{
    g_autoptr(HostStore) store = main_store(options);
    g_autoptr(GString) out = g_string_new(NULL);
    int status;

    if (!store) {
        return EXIT_USAGE;
    }
    if (options->command == COMMAND_CAPTURE) {
        return main_capture(store, options);
    }
    status = run_command(store, options, out);
    return main_print(out->str) ?: status;
}

int main(int argc, char **argv)
{
    Options options;
    g_autofree char *wrong = NULL;
    int status;

    g_set_prgname("igd-stolen");
    wrong = options_parse(argc, argv, &options);
    if (wrong) {
        main_complain("%s", wrong);
        status = EXIT_USAGE;
    } else if (options.help) {
        status = main_print(options.help);
    } else if (options.version) {
        status = main_print("igd-stolen " IGD_STOLEN_VERSION "\n");
    } else {
        if (!options.plan.emulator) {
            options.plan.emulator = main_emulator(argv[0], &options);
        }
        status = main_run(&options);
    }
    options_clear(&options);
    return status;
}
