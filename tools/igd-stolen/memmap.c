/*
 * Readers of what firmware says: memory map (and the kernel's of it), DMAR
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The tables are firmware's, or anybody's in a bundle: every
 * length is checked against what is left.
 * Tested by tests/unit/test-tool-read.c and tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "memmap.h"

#define IOMEM           "/proc/iomem"
#define FIRMWARE        "/sys/firmware/memmap"
#define MAX_RANGES      4096

#define DMAR_WIDTH_OFFSET       36
#define DMAR_FLAGS_OFFSET       37
#define DMAR_HEADER_SIZE        48
#define DMAR_STRUCTURE_SIZE     4
#define DMAR_TYPE_DRHD          0
#define DMAR_TYPE_RMRR          1
#define DMAR_RMRR_SIZE          24
#define DMAR_SCOPE_SIZE         6

static void mem_range_clear(gpointer data)
{
    g_free(((MemRange *)data)->name);
}

static GArray *memmap_new(void)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(MemRange));

    g_array_set_clear_func(ranges, mem_range_clear);
    return ranges;
}

/* "  BASE-LIMIT : NAME" */
static bool memmap_iomem_line(const char *line, MemRange *range)
{
    size_t indent = strspn(line, " ");
    const char *colon = strstr(line, " : ");
    g_autofree char *numbers = NULL;
    char *dash;

    if (!colon) {
        return false;
    }
    numbers = g_strstrip(g_strndup(line, colon - line));
    dash = strchr(numbers, '-');
    if (!dash) {
        return false;
    }
    *dash = '\0';
    if (!read_number(numbers, 16, &range->base) ||
        !read_number(dash + 1, 16, &range->limit) ||
        range->limit < range->base) {
        return false;
    }
    range->depth = indent / 2;
    range->name = read_printable(colon + 3, 64);
    return true;
}

GArray *memmap_iomem(HostStore *store, char **why)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE, IOMEM);
    g_autoptr(GArray) ranges = memmap_new();
    g_auto(GStrv) lines = NULL;
    bool zeroes = true;
    unsigned i;

    if (entry->status != HOST_OK) {
        *why = host_entry_why(entry);
        return NULL;
    }
    lines = g_strsplit(entry->data, "\n", -1);
    for (i = 0; lines[i] && ranges->len < MAX_RANGES; i++) {
        MemRange range;

        if (memmap_iomem_line(lines[i], &range)) {
            zeroes &= !range.limit;
            g_array_append_val(ranges, range);
        }
    }
    if (zeroes) {
        *why = g_strdup(IOMEM " shows its addresses to root only");
        return NULL;
    }
    return g_steal_pointer(&ranges);
}

static bool memmap_firmware_entry(HostStore *store, const char *number,
                                  MemRange *range)
{
    g_autofree char *directory = g_strdup_printf(FIRMWARE "/%s", number);
    g_autofree char *start = g_strdup_printf("%s/start", directory);
    g_autofree char *end = g_strdup_printf("%s/end", directory);
    HostFact base = { 0 }, limit = { 0 };
    const HostEntry *type;
    bool found;

    type = host_store_get(store, HOST_FILE, "%s/type", directory);
    found = read_file_number(store, 16, &base, start) &&
            read_file_number(store, 16, &limit, end) &&
            type->status == HOST_OK && base.value <= limit.value;
    *range = (MemRange) { .base = base.value, .limit = limit.value };
    if (found) {
        range->name = read_printable(type->data, 64);
    }
    host_fact_clear(&base);
    host_fact_clear(&limit);
    return found;
}

static gint memmap_compare(gconstpointer a, gconstpointer b)
{
    const MemRange *one = a;
    const MemRange *other = b;

    return one->base < other->base ? -1 : one->base > other->base;
}

GArray *memmap_firmware(HostStore *store, char **why)
{
    g_auto(GStrv) names = read_names(store, FIRMWARE);
    g_autoptr(GArray) ranges = memmap_new();
    unsigned i;

    for (i = 0; names[i] && i < MAX_RANGES; i++) {
        MemRange range;

        if (memmap_firmware_entry(store, names[i], &range)) {
            g_array_append_val(ranges, range);
        }
    }
    if (!names[0]) {
        *why = host_entry_why(host_store_get(store, HOST_DIR, FIRMWARE));
        return NULL;
    }
    if (!ranges->len) {
        g_autofree char *first = g_strdup_printf(FIRMWARE "/%s/start",
                                                 names[0]);

        *why = host_entry_why(host_store_get(store, HOST_FILE, "%s", first));
        return NULL;
    }
    g_array_sort(ranges, memmap_compare);
    return g_steal_pointer(&ranges);
}

const MemRange *memmap_find(const GArray *ranges, const char *name)
{
    unsigned i;

    for (i = 0; ranges && i < ranges->len; i++) {
        const MemRange *range = &g_array_index(ranges, MemRange, i);

        if (!strcmp(range->name, name)) {
            return range;
        }
    }
    return NULL;
}

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
            rmrr->scope.type = data[0];
            rmrr->scope.start_bus = data[5];
            rmrr->scope.nr_hops = hops;
            memcpy(rmrr->scope.path, data + DMAR_SCOPE_SIZE,
                   MIN(hops, DMAR_MAX_HOPS) * 2);
        }
        data += length;
        size -= length;
    }
    return NULL;
}

static const char *dmar_parse_rmrr(const uint8_t *data, size_t size,
                                   DmarTable *table)
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
    if (!wrong) {
        g_array_append_val(table->rmrrs, rmrr);
    }
    return wrong;
}

static const char *dmar_parse_structures(const uint8_t *data, size_t size,
                                         DmarTable *table)
{
    const char *wrong = NULL;

    while (size && !wrong) {
        size_t length = size < DMAR_STRUCTURE_SIZE ? 0 : read_le(data + 2, 2);

        if (length < DMAR_STRUCTURE_SIZE || length > size) {
            return "a structure of a wrong length";
        }
        switch (read_le(data, 2)) {
        case DMAR_TYPE_DRHD:
            table->units++;
            break;
        case DMAR_TYPE_RMRR:
            wrong = dmar_parse_rmrr(data, length, table);
            break;
        }
        data += length;
        size -= length;
    }
    return wrong;
}

const char *dmar_parse(const void *data, size_t size, DmarTable *table)
{
    const uint8_t *bytes = data;
    const char *wrong;

    if (size < DMAR_HEADER_SIZE || memcmp(bytes, "DMAR", 4)) {
        return "no DMAR header";
    }
    if (read_le(bytes + 4, 4) != size) {
        return "a length that is not the file's";
    }
    memset(table, 0, sizeof(*table));
    table->width = bytes[DMAR_WIDTH_OFFSET] + 1;
    table->flags = bytes[DMAR_FLAGS_OFFSET];
    table->rmrrs = g_array_new(FALSE, FALSE, sizeof(DmarRmrr));
    wrong = dmar_parse_structures(bytes + DMAR_HEADER_SIZE,
                                  size - DMAR_HEADER_SIZE, table);
    if (wrong) {
        dmar_clear(table);
    }
    return wrong;
}

void dmar_clear(DmarTable *table)
{
    g_clear_pointer(&table->rmrrs, g_array_unref);
}
