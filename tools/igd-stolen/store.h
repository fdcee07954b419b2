/*
 * What was read of a host: files, links, directories, config spaces
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. A store with a live reader asks it once for each thing and
 * remembers the answer, "there is none" and "not permitted" as well; so what a
 * run has asked for is what a bundle has to hold. Without a live reader a
 * store answers from what was put in.
 */

#ifndef IGD_STOLEN_STORE_H
#define IGD_STOLEN_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* More than any of the files has, and enough for a bundle of a large host */
#define HOST_STORE_MAX_CONTENT  (256 * 1024)
#define HOST_STORE_MAX_PATH     512

/**
 * HostKind: what is read
 * @HOST_FILE: content of a file
 * @HOST_LINK: target of a symbolic link
 * @HOST_DIR: names in a directory, sorted, one a line
 * @HOST_CONFIG: PCI config space, as much of it as may be read
 */
typedef enum HostKind {
    HOST_FILE,
    HOST_LINK,
    HOST_DIR,
    HOST_CONFIG,
    HOST_KIND__MAX,
} HostKind;

typedef enum HostStatus {
    HOST_OK,
    HOST_ABSENT,
    HOST_DENIED,
    HOST_FAILED,
    /* the bundle says nothing of it: made by another version, or by hand */
    HOST_NOT_ASKED,
    HOST_STATUS__MAX,
} HostStatus;

/**
 * HostEntry: one answer
 * @path: absolute, owned
 * @data: NULL unless @status is HOST_OK; @size bytes and a NUL, owned
 */
typedef struct HostEntry {
    HostKind kind;
    HostStatus status;
    char *path;
    char *data;
    size_t size;
} HostEntry;

/**
 * HostReadFunc: reads a real host
 * @data: set for HOST_OK: @size bytes and a NUL, to be freed by the caller
 */
typedef HostStatus HostReadFunc(void *opaque, HostKind kind, const char *path,
                                char **data, size_t *size);

/**
 * live_read: a HostReadFunc, in live.c: opens for reading only
 * @opaque: a directory in whose place "/" is looked for: "" for the real one
 */
HostReadFunc live_read;

/**
 * live_file: a regular file, of which @most bytes and a few more are read
 *
 * Never waits, as opening a pipe could.
 */
HostStatus live_file(const char *path, size_t most, char **data,
                     size_t *size);

typedef struct HostStore HostStore;

/**
 * host_store_new: an empty store
 * @live: NULL, or called with @opaque for what the store does not have
 */
HostStore *host_store_new(HostReadFunc *live, void *opaque);

void host_store_free(HostStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostStore, host_store_free)

/**
 * host_store_put: adds an answer
 * @data: copied; only looked at for HOST_OK
 *
 * Returns: false if there is one already; nothing is changed then.
 */
bool host_store_put(HostStore *store, HostKind kind, const char *path,
                    HostStatus status, const char *data, size_t size);

/**
 * host_store_get: the answer for a path, printf style
 *
 * Returns: owned by the store, never NULL.
 */
const HostEntry *host_store_get(HostStore *store, HostKind kind,
                                const char *format, ...) G_GNUC_PRINTF(3, 4);

/**
 * host_store_entries: all answers, sorted by path and kind
 *
 * Returns: (element-type HostEntry): the entries are the store's, the array
 * is the caller's.
 */
GPtrArray *host_store_entries(const HostStore *store);

/**
 * host_entry_why: why an entry has no data: one clause
 *
 * Returns: to be freed by the caller.
 */
char *host_entry_why(const HostEntry *entry);

#endif
