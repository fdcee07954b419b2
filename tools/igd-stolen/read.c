/*
 * Readers of the small text files of sysfs and procfs, and text for people
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/unit/test-tool-read.c.
 */

#include "qemu/osdep.h"
#include "read.h"

void host_fact_clear(HostFact *fact)
{
    g_free(fact->from);
    memset(fact, 0, sizeof(*fact));
}

void host_fact_set(HostFact *fact, uint64_t value, char *from)
{
    host_fact_clear(fact);
    fact->known = true;
    fact->value = value;
    fact->from = from;
}

void host_fact_unknown(HostFact *fact, char *why)
{
    host_fact_clear(fact);
    fact->from = why;
}

uint64_t read_le(const void *bytes, unsigned size)
{
    const uint8_t *from = bytes;
    uint64_t value = 0;

    while (size--) {
        value = value << 8 | from[size];
    }
    return value;
}

bool read_number(const char *text, unsigned base, uint64_t *value)
{
    g_autofree char *word = g_strstrip(g_strdup(text));
    const char *digits = word;

    if (base == 16 && g_str_has_prefix(word, "0x")) {
        digits += 2;
    }
    return g_ascii_string_to_unsigned(digits, base, 0, UINT64_MAX, value,
                                      NULL);
}

bool read_file_number(HostStore *store, unsigned base, HostFact *fact,
                      const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, "%s", path);
    uint64_t value;

    if (entry->status != HOST_OK || !read_number(entry->data, base, &value)) {
        host_fact_unknown(fact, host_entry_why(entry));
        return false;
    }
    host_fact_set(fact, value, g_strdup(path));
    return true;
}

char *read_basename(HostStore *store, const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_LINK, "%s", path);
    const char *slash;

    if (entry->status != HOST_OK || !entry->size) {
        return NULL;
    }
    slash = strrchr(entry->data, '/');
    return read_printable(slash ? slash + 1 : entry->data, 64);
}

char **read_names(HostStore *store, const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_DIR, "%s", path);

    if (entry->status != HOST_OK || !entry->size) {
        return g_new0(char *, 1);
    }
    return g_strsplit(entry->data, "\n", -1);
}

bool read_keyed(HostStore *store, const char *path, const char *key,
                HostFact *fact)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, "%s", path);
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (entry->status != HOST_OK) {
        host_fact_unknown(fact, host_entry_why(entry));
        return false;
    }
    lines = g_strsplit(entry->data, "\n", -1);
    for (i = 0; lines[i]; i++) {
        const char *digits;

        if (!g_str_has_prefix(lines[i], key)) {
            continue;
        }
        digits = lines[i] + strlen(key);
        digits += strcspn(digits, "0123456789");
        if (*digits) {
            host_fact_set(fact, g_ascii_strtoull(digits, NULL, 10),
                          g_strdup(path));
            return true;
        }
    }
    host_fact_unknown(fact, g_strdup_printf("%s has no number after \"%s\"",
                                            path, key));
    return false;
}

char *read_printable(const char *text, size_t limit)
{
    return text_printable(g_strchomp(g_strndup(text, limit)));
}

char *text_printable(char *text)
{
    char *c;

    for (c = text; *c; c++) {
        if (!g_ascii_isprint(*c)) {
            *c = '?';
        }
    }
    return text;
}

int text_index(const char *const *words, int count, const char *word)
{
    int i;

    for (i = 0; i < count; i++) {
        if (words[i] && !strcmp(words[i], word)) {
            return i;
        }
    }
    return -1;
}

char *text_size(uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    unsigned i = 0;

    while (bytes && bytes % 1024 == 0 && i + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        i++;
    }
    return g_strdup_printf("%" PRIu64 " %s", bytes, units[i]);
}

char *text_range(uint64_t base, uint64_t limit)
{
    return g_strdup_printf("%08" PRIx64 "-%08" PRIx64, base, limit);
}
