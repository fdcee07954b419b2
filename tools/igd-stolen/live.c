/*
 * Reader of the host this runs on
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: files by the C library, config space by libpci's sysfs method, opened
 * for reading only. Whatever goes wrong becomes a status, never an exit.
 * Tested by tests/tool, with directories made for it and as "nobody".
 */

#include "qemu/osdep.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <sys/klog.h>
#include <sys/stat.h>
#include <unistd.h>
#include <pci/pci.h>
#include "host.h"
#include "live.h"

/* All of config space, and what everybody may read of it */
#define CONFIG_WHOLE    256
#define CONFIG_PUBLIC   64

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

static HostStatus live_file(const char *path, char **data, size_t *size)
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
    } while ((got > 0 && content->len <= HOST_STORE_MAX_CONTENT) ||
             (got < 0 && errno == EINTR));
    error = errno;
    close(fd);
    if (got < 0 || content->len > HOST_STORE_MAX_CONTENT) {
        g_string_free(content, TRUE);
        return got < 0 ? live_status(error) : HOST_FAILED;
    }
    *size = content->len;
    *data = g_string_free(content, FALSE);
    return HOST_OK;
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

static gint live_compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static HostStatus live_directory(const char *path, char **data, size_t *size)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    GDir *directory = g_dir_open(path, 0, &error);
    const char *name;

    if (!directory) {
        return g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT) ?
               HOST_ABSENT :
               g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES) ?
               HOST_DENIED : HOST_FAILED;
    }
    while ((name = g_dir_read_name(directory))) {
        g_ptr_array_add(names, g_strdup(name));
    }
    g_dir_close(directory);
    g_ptr_array_sort(names, live_compare);
    g_ptr_array_add(names, NULL);
    *data = g_strjoinv("\n", (char **)names->pdata);
    *size = strlen(*data);
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

static jmp_buf live_pci_failed;

/* libpci ends the program in its own error handler; so must not this */
static void G_GNUC_NORETURN live_pci_error(char *message, ...)
{
    longjmp(live_pci_failed, 1);
}

static void live_pci_quiet(char *message, ...)
{
}

/* Bytes read, from the start of config space, into @config */
static size_t live_pci_config(const char *sysfs, unsigned domain, unsigned bus,
                              unsigned slot, unsigned function,
                              uint8_t *config)
{
    struct pci_access *access = pci_alloc();
    struct pci_dev *device;
    size_t size;

    access->method = PCI_ACCESS_SYS_BUS_PCI;
    access->error = live_pci_error;
    access->warning = live_pci_quiet;
    access->debug = live_pci_quiet;
    pci_set_param(access, (char *)"sysfs.path", (char *)sysfs);
    /* What libpci holds then is lost, once in a program that ends soon */
    if (setjmp(live_pci_failed)) {
        return 0;
    }
    pci_init(access);
    device = pci_get_dev(access, domain, bus, slot, function);
    size = pci_read_block(device, 0, config, CONFIG_WHOLE) ? CONFIG_WHOLE :
           pci_read_block(device, 0, config, CONFIG_PUBLIC) ? CONFIG_PUBLIC :
           0;
    pci_free_dev(device);
    pci_cleanup(access);
    return size;
}

/* "ROOT/sys/bus/pci/devices/dddd:bb:ss.f/config" */
static HostStatus live_config(const char *path, char **data, size_t *size)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *address = g_path_get_basename(directory);
    g_autofree char *devices = g_path_get_dirname(directory);
    g_autofree char *sysfs = g_path_get_dirname(devices);
    uint8_t config[CONFIG_WHOLE];
    unsigned domain, bus, slot, function;
    int fd = live_open(path);

    if (fd < 0) {
        return live_status(errno);
    }
    close(fd);
    if (sscanf(address, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) {
        return HOST_FAILED;
    }
    *size = live_pci_config(sysfs, domain, bus, slot, function, config);
    if (!*size) {
        return HOST_FAILED;
    }
    *data = g_malloc(*size + 1);
    memcpy(*data, config, *size);
    (*data)[*size] = '\0';
    return HOST_OK;
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
        return live_file(whole, data, size);
    }
}
