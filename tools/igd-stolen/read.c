/*
 * Readers of a host's small files: numbers, memory maps, the DMAR table
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The files are the kernel's or firmware's, or anybody's in a
 * bundle: every length is checked against the bytes that are left.
 * Tested by tests/unit/test-tool-read.c and tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "host.h"

#define IOMEM           "/proc/iomem"
#define FIRMWARE        "/sys/firmware/memmap"
#define MAX_RANGES      4096

#define DMAR_FLAGS_OFFSET       37
#define DMAR_HEADER_SIZE        48
#define DMAR_STRUCTURE_SIZE     4
#define DMAR_TYPE_RMRR          1
#define DMAR_RMRR_SIZE          24
#define DMAR_SCOPE_SIZE         6

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

bool read_range(const char *text, char separator, uint64_t *base,
                uint64_t *limit)
{
    char *dash, *end;

    *base = g_ascii_strtoull(text, &dash, 16);
    if (dash == text || *dash != separator) {
        return false;
    }
    *limit = g_ascii_strtoull(dash + 1, &end, 16);
    return end > dash + 1 && *base <= *limit;
}

HostFact read_file_number(HostStore *store, unsigned base, const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, path);
    uint64_t value;

    if (entry->status != HOST_OK || !read_number(entry->data, base, &value)) {
        return host_unknown(host_why(store, entry));
    }
    return host_fact(value, entry->path);
}

const char *read_text(HostStore *store, const char *path)
{
    return host_store_get(store, HOST_FILE, path)->data ?: "";
}

const char *read_basename(HostStore *store, const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_LINK, path);
    const char *slash;

    if (!entry->size) {
        return NULL;
    }
    slash = strrchr(entry->data, '/');
    return read_printable(store, slash ? slash + 1 : entry->data, 64);
}

char **read_names(HostStore *store, const char *path)
{
    const HostEntry *entry = host_store_get(store, HOST_DIR, path);

    return g_strsplit(entry->data ?: "", "\n", -1);
}

HostFact read_keyed(HostStore *store, const char *path, const char *key)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, path);
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (entry->status != HOST_OK) {
        return host_unknown(host_why(store, entry));
    }
    lines = g_strsplit(entry->data, "\n", -1);
    for (i = 0; lines[i]; i++) {
        const char *digits = strpbrk(lines[i], "0123456789");

        if (g_str_has_prefix(lines[i], key) && digits) {
            return host_fact(g_ascii_strtoull(digits, NULL, 10), path);
        }
    }
    return host_unknown(host_text(store, "%s has no number after \"%s\"",
                                  path, key));
}

char *read_printable(HostStore *store, const char *text, size_t limit)
{
    char *copy = host_keep(store, g_strndup(text, limit));

    return text_printable(g_strchomp(copy));
}

char *text_size(HostStore *store, uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    unsigned i = 0;

    while (bytes && bytes % 1024 == 0 && i + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        i++;
    }
    return host_text(store, "%" PRIu64 " %s", bytes, units[i]);
}

char *text_range(HostStore *store, uint64_t base, uint64_t limit)
{
    return host_text(store, "%08" PRIx64 "-%08" PRIx64, base, limit);
}

/* Memory maps */

/* "  BASE-LIMIT : NAME" */
static bool memmap_iomem_line(HostStore *store, const char *line,
                              MemRange *range)
{
    const char *colon = strstr(line, " : ");

    if (!colon || !read_range(line, '-', &range->base, &range->limit)) {
        return false;
    }
    range->depth = strspn(line, " ") / 2;
    range->name = read_printable(store, colon + 3, 64);
    return true;
}

MemRange *memmap_iomem(HostStore *store, const char **why)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, IOMEM);
    g_autoptr(GArray) ranges = g_array_new(TRUE, FALSE, sizeof(MemRange));
    g_auto(GStrv) lines = NULL;
    bool zeroes = true;
    unsigned i;

    if (entry->status != HOST_OK) {
        *why = host_why(store, entry);
        return NULL;
    }
    lines = g_strsplit(entry->data, "\n", -1);
    for (i = 0; lines[i] && ranges->len < MAX_RANGES; i++) {
        MemRange range;

        if (memmap_iomem_line(store, lines[i], &range)) {
            zeroes &= !range.limit;
            g_array_append_val(ranges, range);
        }
    }
    if (zeroes) {
        *why = IOMEM " shows its addresses to root only";
        return NULL;
    }
    return host_keep_array(store, g_steal_pointer(&ranges));
}

static gint memmap_compare(gconstpointer a, gconstpointer b)
{
    const MemRange *one = a;
    const MemRange *other = b;

    return one->base < other->base ? -1 : one->base > other->base;
}

void memmap_sort(GArray *ranges)
{
    g_array_sort(ranges, memmap_compare);
}

MemRange *memmap_firmware(HostStore *store, const char **why)
{
    const HostEntry *directory = host_store_get(store, HOST_DIR, FIRMWARE);
    g_auto(GStrv) names = read_names(store, FIRMWARE);
    g_autoptr(GArray) ranges = g_array_new(TRUE, FALSE, sizeof(MemRange));
    unsigned i;

    *why = names[0] ? NULL : host_why(store, directory);
    for (i = 0; names[i] && i < MAX_RANGES; i++) {
        const char *at = host_text(store, FIRMWARE "/%s/", names[i]);
        const HostEntry *type = host_store_get(
            store, HOST_FILE, host_text(store, "%stype", at));
        const HostEntry *start = host_store_get(
            store, HOST_FILE, host_text(store, "%sstart", at));
        HostFact base = read_file_number(store, 16, start->path);
        HostFact limit = base.known ? read_file_number(
            store, 16, host_text(store, "%send", at)) : base;
        MemRange range = { .base = base.value, .limit = limit.value };

        *why = *why ?: host_why(store, start);
        if (limit.known && type->status == HOST_OK &&
            base.value <= limit.value) {
            range.name = read_printable(store, type->data, 64);
            g_array_append_val(ranges, range);
        }
    }
    memmap_sort(ranges);
    return ranges->len ? host_keep_array(store, g_steal_pointer(&ranges))
                       : NULL;
}

/* The DMAR table */

static const char *dmar_parse_scopes(const uint8_t *data, size_t size,
                                     DmarRmrr *rmrr)
{
    while (size) {
        unsigned length = size < DMAR_SCOPE_SIZE ? 0 : data[1];
        unsigned hops = (length - DMAR_SCOPE_SIZE) / 2;

        if (length < DMAR_SCOPE_SIZE + 2 || length > size || length % 2) {
            return "a device scope of a wrong length";
        }
        if (!rmrr->nr_scopes++) {
            rmrr->type = data[0];
            rmrr->start_bus = data[5];
            rmrr->nr_hops = hops;
            memcpy(rmrr->path, data + DMAR_SCOPE_SIZE,
                   MIN(hops, DMAR_MAX_HOPS) * 2);
        }
        data += length;
        size -= length;
    }
    return NULL;
}

static const char *dmar_parse_rmrr(const uint8_t *data, size_t size,
                                   GArray *rmrrs)
{
    DmarRmrr rmrr = { 0 };
    const char *wrong;

    if (size < DMAR_RMRR_SIZE) {
        return "an RMRR that is too short";
    }
    rmrr.segment = read_le(data + 6, 2);
    rmrr.base = read_le(data + 8, 8);
    rmrr.limit = read_le(data + 16, 8);
    wrong = dmar_parse_scopes(data + DMAR_RMRR_SIZE, size - DMAR_RMRR_SIZE,
                              &rmrr);
    g_array_append_val(rmrrs, rmrr);
    return wrong;
}

const char *dmar_parse(const void *data, size_t size, uint8_t *flags,
                       GArray *rmrrs)
{
    const uint8_t *at = data;
    const char *wrong = NULL;

    if (size < DMAR_HEADER_SIZE || memcmp(at, "DMAR", 4)) {
        return "no DMAR header";
    }
    if (read_le(at + 4, 4) != size) {
        return "a length that is not the file's";
    }
    *flags = at[DMAR_FLAGS_OFFSET];
    at += DMAR_HEADER_SIZE;
    size -= DMAR_HEADER_SIZE;
    while (size && !wrong) {
        size_t length = size < DMAR_STRUCTURE_SIZE ? 0 : read_le(at + 2, 2);

        if (length < DMAR_STRUCTURE_SIZE || length > size) {
            return "a structure of a wrong length";
        }
        if (read_le(at, 2) == DMAR_TYPE_RMRR) {
            wrong = dmar_parse_rmrr(at, length, rmrrs);
        }
        at += length;
        size -= length;
    }
    return wrong;
}
