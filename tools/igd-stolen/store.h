/*
 * The files that were read of a host, and the text form of them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. A store with a live reader asks it once for each path and
 * remembers the answer, "not there" and "not permitted" as well; so a bundle
 * has every answer of a run. Without a live reader a store has the answers that
 * were put in. It owns all data about the host, until it is freed.
 */

#ifndef IGD_STOLEN_STORE_H
#define IGD_STOLEN_STORE_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* More than any of the files has, and enough for a bundle of a large host */
#define HOST_STORE_MAX_CONTENT  (256 * 1024)
#define HOST_STORE_MAX_PATH     512

#define BUNDLE_MAX_SIZE         (4 * 1024 * 1024)
#define BUNDLE_MAX_ENTRIES      20000

/* The kernel's log; of it only lines with these words are kept */
#define HOST_LOG                "/dev/kmsg"
#define HOST_LOG_FIRST          "Linux version"
#define HOST_LOG_STOLEN         "Reserving Intel graphics memory"

typedef enum HostKind {
    HOST_FILE,      /* content of a file */
    HOST_LINK,      /* target of a symbolic link */
    HOST_DIR,       /* names in a directory, sorted, one a line */
    HOST_CONFIG,    /* PCI config space, as much of it as may be read */
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

/* HostEntry: one answer */
typedef struct HostEntry {
    HostKind kind;
    HostStatus status;
    char *path;             /* absolute */
    char *data;             /* with HOST_OK: @size bytes and a NUL, or NULL */
    size_t size;
} HostEntry;

/* HostReadFunc: reads a real host; with HOST_OK appends to @data */
typedef HostStatus HostReadFunc(void *opaque, HostKind kind, const char *path,
                                GString *data);

typedef struct HostStore HostStore;

/**
 * host_store_new: an empty store
 * @live: NULL, or called with @opaque for a path that is not in the store
 */
HostStore *host_store_new(HostReadFunc *live, void *opaque);

void host_store_free(HostStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostStore, host_store_free)

/**
 * host_store_put: adds an answer
 * @data: taken over; NULL or, with HOST_OK, the content
 *
 * Returns: false if there is one already; nothing is changed then.
 */
bool host_store_put(HostStore *store, HostKind kind, const char *path,
                    HostStatus status, GString *data);

/* host_store_get: the answer for a path; never NULL */
const HostEntry *host_store_get(HostStore *store, HostKind kind,
                                const char *path);

/* host_text: a text that lives as long as the store, printf style */
char *host_text(HostStore *store, const char *format, ...)
                G_GNUC_PRINTF(2, 3);

/* host_keep: anything that was allocated, for the store to free */
void *host_keep(HostStore *store, void *data);

/* host_keep_array: the elements of an array that is zero-terminated */
void *host_keep_array(HostStore *store, GArray *array);

/* host_why: why an entry has no data: one clause, which the store frees */
const char *host_why(HostStore *store, const HostEntry *entry);

/**
 * bundle_parse: read a bundle. By example; blank lines and lines that begin
 * with "#" are ignored outside of contents:
 *
 *     igd-stolen-bundle 1
 *     file /proc/sys/kernel/osrelease
 *     | 6.1.0
 *     link /sys/bus/pci/devices/0000:00:02.0/driver
 *     | ../../../bus/pci/drivers/i915
 *     dir /sys/class/iommu
 *     | dmar0
 *     config /sys/bus/pci/devices/0000:00:02.0/config
 *     | 86 80 49 9a
 *     hex /sys/firmware/acpi/tables/DMAR
 *     | 44 4d 41 52
 *     absent file /sys/module/vfio_iommu_type1/parameters/dma_entry_limit
 *     denied file /proc/iomem
 *     failed dir /sys/kernel/iommu_groups/1/devices
 *
 * "hex" is a file whose bytes are not plain text. Every line of a text file
 * ends with a newline, the last one too.
 * @text: any @size bytes
 * @error: on failure, the line and the mistake; to be freed
 *
 * Returns: NULL if @error was set.
 */
HostStore *bundle_parse(const char *text, size_t size, char **error);

/**
 * bundle_write: the text of a store, without data that must not leave the host
 *
 * There is a list of paths, and nothing else is written; of files that also
 * hold other things, only the lines and bytes that the readers look at. So a
 * bundle has no serial numbers, host names, hardware addresses, disk
 * identifiers or kernel addresses, and the readers find the same in it.
 */
GString *bundle_write(const HostStore *store);

/* text_printable: replaces bytes that a terminal could choke on by "?" */
char *text_printable(char *text);

/**
 * text_index: which of @count words it is; some of them may be NULL
 *
 * Returns: -1 if it is none of them.
 */
int text_index(const char *const *words, int count, const char *word);

#endif
