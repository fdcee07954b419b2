/*
 * Command line tool: where an IGD's stolen memory is, how a guest gets it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: reads the host or a bundle, prints, returns the exit status: 0 all is
 * well, 1 a check failed, 2 it could not be done as asked. Opens regular files
 * for reading only; the one file it ever writes is that of "capture -o".
 * Tested by tests/tool, with directories made for it and as "nobody".
 */

#include "qemu/osdep.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "run.h"

#define NAME            "igd-stolen"
#define EXIT_USAGE      2

/* The first 256 bytes of config space are all that is used */
#define CONFIG_WHOLE    256

/* The readers append to @data, and return 0 or an error number */

/* Regular files only: opening a device or a pipe could do something */
static int live_file(const char *path, size_t most, GString *data)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    char buffer[4096];
    ssize_t got;
    int error = EINVAL;

    if (fd < 0) {
        return errno;
    }
    if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
        close(fd);
        return error;
    }
    do {
        got = read(fd, buffer, sizeof(buffer));
        g_string_append_len(data, buffer, MAX(got, 0));
    } while ((got > 0 && data->len <= most) || (got < 0 && errno == EINTR));
    error = got < 0 ? errno : 0;
    close(fd);
    return error;
}

static int live_link(const char *path, GString *data)
{
    char target[HOST_STORE_MAX_PATH];
    ssize_t got = readlink(path, target, sizeof(target));

    if (got < 0 || got == sizeof(target)) {
        return got < 0 ? errno : ENAMETOOLONG;
    }
    g_string_append_len(data, target, got);
    return 0;
}

static int live_is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static int live_directory(const char *path, GString *data)
{
    struct dirent **entries;
    int count = scandir(path, &entries, live_is_name, alphasort);
    int i;

    if (count < 0) {
        return errno;
    }
    for (i = 0; i < count; i++) {
        g_string_append_printf(data, "%s%s", i ? "\n" : "",
                               entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

/* klogctl(2): read the log without clearing it */
#define LOG_READ_ALL    3
#define LOG_SIZE        10

/* The whole log may be too long for a store: only the lines that are used */
static int live_log(GString *data)
{
    int room = klogctl(LOG_SIZE, NULL, 0);
    g_autofree char *log = room > 0 ? g_malloc0(room + 1) : NULL;
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (!log || klogctl(LOG_READ_ALL, log, room) < 0) {
        return errno;
    }
    lines = g_strsplit(log, "\n", -1);
    for (i = 0; lines[i]; i++) {
        if (strstr(lines[i], HOST_LOG_FIRST) ||
            strstr(lines[i], HOST_LOG_STOLEN)) {
            g_string_append_printf(data, "%s\n", lines[i]);
        }
    }
    return 0;
}

static HostStatus live_status(int error)
{
    switch (error) {
    case 0:
        return HOST_OK;
    case ENOENT:
    case ENOTDIR:
    case ENODEV:
        return HOST_ABSENT;
    case EACCES:
    case EPERM:
        return HOST_DENIED;
    default:
        return HOST_FAILED;
    }
}

/* A HostReadFunc; @opaque is read in place of "/", "" for the real one */
static HostStatus live_read(void *opaque, HostKind kind, const char *path,
                            GString *data)
{
    g_autofree char *whole = g_strdup_printf("%s%s", (char *)opaque, path);
    int error;

    if (kind == HOST_CONFIG) {
        error = live_file(whole, CONFIG_WHOLE, data);
        g_string_truncate(data, CONFIG_WHOLE);
    } else {
        error = kind == HOST_LINK ? live_link(whole, data) :
                kind == HOST_DIR ? live_directory(whole, data) :
                !strcmp(whole, HOST_LOG) ? live_log(data) :
                live_file(whole, HOST_STORE_MAX_CONTENT, data);
    }
    /* No file of sysfs is as long */
    return kind == HOST_FILE && data->len > HOST_STORE_MAX_CONTENT ?
           HOST_FAILED : live_status(error);
}

/* The program */

/* Why a file could not be read */
static const char *const why[HOST_STATUS__MAX] = {
    [HOST_ABSENT] = "there is no such file",
    [HOST_DENIED] = "it may not be read",
    [HOST_FAILED] = "not a regular file that can be read",
};

/* NULL after a message if the bundle cannot be read */
static HostStore *main_store(const Options *options)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *wrong = NULL;
    HostStore *store = NULL;
    HostStatus status;

    if (!options->from) {
        return host_store_new(live_read, options->root ?: "");
    }
    status = live_status(live_file(options->from, BUNDLE_MAX_SIZE, text));
    if (status == HOST_OK) {
        store = bundle_parse(text->str, text->len, &wrong);
    }
    if (!store) {
        fprintf(stderr, NAME ": --from %s: %s; try: " NAME " capture -o "
                "host.bundle\n", options->from, wrong ?: why[status]);
    }
    return store;
}

static int main_print(const char *text)
{
    if (fputs(text, stdout) < 0 || fflush(stdout)) {
        fprintf(stderr, NAME ": standard output: %s\n", g_strerror(errno));
        return EXIT_USAGE;
    }
    return 0;
}

/* Writes into an existing file, so that a device or a link stays one */
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
        fprintf(stderr, NAME ": -o %s: %s; try: " NAME " capture -o -\n",
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

/* What differs, on standard error: standard output is the guest's new file */
static void main_diff(const char *name, const GString *old, const GString *new)
{
    FILE *files[] = { tmpfile(), tmpfile() };
    const GString *texts[] = { old, new };
    char paths[2][32];
    char *words[] = { (char *)"diff", (char *)"-u", (char *)"--label",
                      (char *)name, (char *)"--label", (char *)"changed",
                      paths[0], paths[1], NULL };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    int status = -1;
    unsigned i;

    for (i = 0; i < 2 && files[i]; i++) {
        fwrite(texts[i]->str, 1, texts[i]->len, files[i]);
        fflush(files[i]);
        snprintf(paths[i], sizeof(paths[i]), "/proc/self/fd/%d",
                 fileno(files[i]));
    }
    if (i == 2) {
        g_spawn_sync(NULL, words, NULL, G_SPAWN_SEARCH_PATH |
                     G_SPAWN_LEAVE_DESCRIPTORS_OPEN, NULL, NULL, &text, NULL,
                     &status, &error);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) <= 1) {
        fputs(*text ? text : "Nothing has to change.\n", stderr);
    } else {
        fprintf(stderr, NAME ": no diff: %s\n", error ? error->message :
                i == 2 ? "diff(1) failed" : g_strerror(errno));
    }
    for (i = 0; i < 2; i++) {
        if (files[i]) {
            fclose(files[i]);
        }
    }
}

/* False after a message */
static bool main_guest(HostStore *store, Options *options, GString *text)
{
    const PlanRequest *request = &options->plan;
    HostStatus status = live_status(live_file(
        request->from_guest, HOST_STORE_MAX_CONTENT, text));
    g_autofree char *wrong =
        status != HOST_OK ? g_strdup(why[status]) :
        text->len > HOST_STORE_MAX_CONTENT ? g_strdup("it is too long") :
        run_read(store, options, text->str, text->len);

    if (wrong) {
        fprintf(stderr, NAME ": %s: %s; try: " NAME " plan --memory 8G "
                "--format %s\n", request->from_guest, wrong,
                plan_format_names[request->format]);
    }
    return !wrong;
}

static int main_run(Options *options)
{
    g_autoptr(HostStore) store = main_store(options);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) guest = g_string_new(NULL);
    g_autoptr(GString) notes = g_string_new(NULL);
    int status;

    if (!store || (options->plan.from_guest &&
                   !main_guest(store, options, guest))) {
        return EXIT_USAGE;
    }
    if (options->command == COMMAND_CAPTURE) {
        return main_capture(store, options);
    }
    status = run_command(store, options, out, notes);
    if (options->plan.from_guest && out->len) {
        main_diff(options->plan.from_guest, guest, out);
    }
    fputs(notes->str, stderr);
    return main_print(out->str) ?: status;
}

int main(int argc, char **argv)
{
    Options options;
    g_autofree char *wrong = NULL;
    int status;

    g_set_prgname(NAME);
    wrong = options_parse(argc, argv, &options);
    if (wrong) {
        fprintf(stderr, NAME ": %s\n", wrong);
        status = EXIT_USAGE;
    } else if (options.help) {
        status = main_print(options.help);
    } else if (options.version) {
        status = main_print(NAME " " IGD_STOLEN_VERSION "\n");
    } else {
        if (!options.plan.emulator) {
            options.plan.emulator = main_emulator(argv[0], &options);
        }
        status = main_run(&options);
    }
    options_clear(&options);
    return status;
}
