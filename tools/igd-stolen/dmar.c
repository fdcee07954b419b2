/*
 * Reader of a DMAR table
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The table is firmware's, or anybody's in a bundle: every
 * length is checked against what is left.
 * Tested by tests/unit/test-tool-read.c and tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "dmar.h"
#include "read.h"

#define DMAR_WIDTH_OFFSET       36
#define DMAR_FLAGS_OFFSET       37
#define DMAR_HEADER_SIZE        48
#define DMAR_STRUCTURE_SIZE     4
#define DMAR_TYPE_DRHD          0
#define DMAR_TYPE_RMRR          1
#define DMAR_RMRR_SIZE          24
#define DMAR_SCOPE_SIZE         6

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
