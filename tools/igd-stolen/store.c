/*
 * What was read of a host: files, links, directories, config spaces
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/unit/test-tool-bundle.c.
 */

#include "qemu/osdep.h"
#include "store.h"
#include "read.h"

struct HostStore {
    HostReadFunc *live;
    void *opaque;
    /* "PATH KIND" to HostEntry, in that order */
    GTree *entries;
};

static void host_entry_free(gpointer data)
{
    HostEntry *entry = data;

    g_free(entry->path);
    g_free(entry->data);
    g_free(entry);
}

static char *host_store_key(HostKind kind, const char *path)
{
    return g_strdup_printf("%s %d", path, kind);
}

static gint host_store_order(gconstpointer one, gconstpointer other,
                             gpointer unused)
{
    return strcmp(one, other);
}

HostStore *host_store_new(HostReadFunc *live, void *opaque)
{
    HostStore *store = g_new0(HostStore, 1);

    store->live = live;
    store->opaque = opaque;
    store->entries = g_tree_new_full(host_store_order, NULL, g_free,
                                     host_entry_free);
    return store;
}

void host_store_free(HostStore *store)
{
    g_tree_unref(store->entries);
    g_free(store);
}

/* Takes @data over */
static HostEntry *host_store_add(HostStore *store, HostKind kind,
                                 const char *path, HostStatus status,
                                 char *data, size_t size)
{
    HostEntry *entry = g_new0(HostEntry, 1);

    entry->kind = kind;
    entry->path = g_strdup(path);
    entry->status = status;
    entry->data = data;
    entry->size = size;
    g_tree_insert(store->entries, host_store_key(kind, path), entry);
    return entry;
}

bool host_store_put(HostStore *store, HostKind kind, const char *path,
                    HostStatus status, const char *data, size_t size)
{
    g_autofree char *key = host_store_key(kind, path);
    char *copy = NULL;

    if (g_tree_lookup(store->entries, key)) {
        return false;
    }
    if (status == HOST_OK) {
        copy = g_malloc(size + 1);
        memcpy(copy, data, size);
        copy[size] = '\0';
    }
    host_store_add(store, kind, path, status, copy,
                   status == HOST_OK ? size : 0);
    return true;
}

const HostEntry *host_store_get(HostStore *store, HostKind kind,
                                const char *format, ...)
{
    g_autofree char *path = NULL;
    g_autofree char *key = NULL;
    HostStatus status = HOST_NOT_ASKED;
    HostEntry *entry;
    char *data = NULL;
    size_t size = 0;
    va_list ap;

    va_start(ap, format);
    path = g_strdup_vprintf(format, ap);
    va_end(ap);

    key = host_store_key(kind, path);
    entry = g_tree_lookup(store->entries, key);
    if (entry) {
        return entry;
    }
    if (store->live) {
        status = store->live(store->opaque, kind, path, &data, &size);
    }
    return host_store_add(store, kind, path, status, data, size);
}

static gboolean host_store_collect(gpointer key, gpointer entry,
                                   gpointer array)
{
    g_ptr_array_add(array, entry);
    return FALSE;
}

GPtrArray *host_store_entries(const HostStore *store)
{
    GPtrArray *array = g_ptr_array_new();

    g_tree_foreach(store->entries, host_store_collect, array);
    return array;
}

char *host_entry_why(const HostEntry *entry)
{
    static const char *const why[HOST_STATUS__MAX] = {
        [HOST_OK] = "has another form than expected",
        [HOST_ABSENT] = "is not there",
        [HOST_DENIED] = "may be read by root only",
        [HOST_FAILED] = "cannot be read",
        [HOST_NOT_ASKED] = "is not in the bundle",
    };

    /* A path may be made of what a bundle says */
    return text_printable(g_strdup_printf("%s %s", entry->path,
                                          why[entry->status]));
}
