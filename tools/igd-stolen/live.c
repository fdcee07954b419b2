/*
 * Reader of the host this runs on
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: opens regular files for reading only. Whatever goes wrong becomes a
 * status, never an exit.
 * Tested by tests/tool, with directories made for it and as "nobody".
 */

#include "qemu/osdep.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>
#include "store.h"

/* All of config space; of the longer one nothing else is looked at */
#define CONFIG_WHOLE    256

static HostStatus live_status(int error)
{
    switch (error) {
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

/* Regular files only: opening a device or a pipe could do something */
static int live_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;

    if (fd >= 0 && (fstat(fd, &status) || !S_ISREG(status.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

HostStatus live_file(const char *path, size_t most, char **data, size_t *size)
{
    int fd = live_open(path);
    GString *content;
    char buffer[4096];
    ssize_t got;
    int error;

    if (fd < 0) {
        return live_status(errno);
    }
    content = g_string_new(NULL);
    do {
        got = read(fd, buffer, sizeof(buffer));
        if (got > 0) {
            g_string_append_len(content, buffer, got);
        }
    } while ((got > 0 && content->len <= most) ||
             (got < 0 && errno == EINTR));
    error = errno;
    close(fd);
    if (got < 0) {
        g_string_free(content, TRUE);
        return live_status(error);
    }
    *size = content->len;
    *data = g_string_free(content, FALSE);
    return HOST_OK;
}

/* A longer file than there are in sysfs is none of them */
static HostStatus live_whole_file(const char *path, char **data, size_t *size)
{
    HostStatus status = live_file(path, HOST_STORE_MAX_CONTENT, data, size);

    if (status == HOST_OK && *size > HOST_STORE_MAX_CONTENT) {
        g_clear_pointer(data, g_free);
        status = HOST_FAILED;
    }
    return status;
}

static HostStatus live_link(const char *path, char **data, size_t *size)
{
    char target[HOST_STORE_MAX_PATH];
    ssize_t got = readlink(path, target, sizeof(target));

    if (got < 0 || got == sizeof(target)) {
        return got < 0 ? live_status(errno) : HOST_FAILED;
    }
    *data = g_strndup(target, got);
    *size = got;
    return HOST_OK;
}

static int live_is_name(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

static HostStatus live_directory(const char *path, char **data, size_t *size)
{
    GString *names = g_string_new(NULL);
    struct dirent **entries;
    int count = scandir(path, &entries, live_is_name, alphasort);
    int i;

    if (count < 0) {
        g_string_free(names, TRUE);
        return live_status(errno);
    }
    for (i = 0; i < count; i++) {
        g_string_append_printf(names, "%s%s", i ? "\n" : "",
                               entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    *size = names->len;
    *data = g_string_free(names, FALSE);
    return HOST_OK;
}

/* klogctl(2): what of the log is there, without taking any of it */
#define LOG_READ_ALL    3
#define LOG_SIZE        10

/* All of the log may be more than a store takes: only what is looked at */
static HostStatus live_log(char **data, size_t *size)
{
    int room = klogctl(LOG_SIZE, NULL, 0);
    g_autofree char *log = room > 0 ? g_malloc0(room + 1) : NULL;
    GString *kept;
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (!log || klogctl(LOG_READ_ALL, log, room) < 0) {
        return live_status(errno);
    }
    kept = g_string_new(NULL);
    lines = g_strsplit(log, "\n", -1);
    for (i = 0; lines[i]; i++) {
        if (strstr(lines[i], HOST_LOG_FIRST) ||
            strstr(lines[i], HOST_LOG_STOLEN)) {
            g_string_append_printf(kept, "%s\n", lines[i]);
        }
    }
    *size = kept->len;
    *data = g_string_free(kept, FALSE);
    return HOST_OK;
}

static HostStatus live_config(const char *path, char **data, size_t *size)
{
    HostStatus status = live_file(path, CONFIG_WHOLE, data, size);

    if (status == HOST_OK) {
        *size = MIN(*size, CONFIG_WHOLE);
    }
    return status;
}

HostStatus live_read(void *opaque, HostKind kind, const char *path,
                     char **data, size_t *size)
{
    g_autofree char *whole = g_strdup_printf("%s%s", (char *)opaque, path);

    switch (kind) {
    case HOST_LINK:
        return live_link(whole, data, size);
    case HOST_DIR:
        return live_directory(whole, data, size);
    case HOST_CONFIG:
        return live_config(whole, data, size);
    default:
        if (!strcmp(whole, HOST_LOG)) {
            return live_log(data, size);
        }
        return live_whole_file(whole, data, size);
    }
}
