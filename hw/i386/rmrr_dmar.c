/*
 * DMAR bytes of reserved memory regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: VT-d specification (revision 4.1) 8.4 "Reserved Memory Region
 * Reporting Structure" and 8.3.1 "Device Scope Structure". The scope is built
 * first and its length is what the structure's length comes from. QEMU's
 * build_append_int_noprefix() would do as well, but needs QEMU.
 * Tested by tests/unit/test-rmrr-dmar.c and the blessed tables.
 */

#include "qemu/osdep.h"
#include "rmrr_dmar.h"
#include "rmrr_set.h"

#define DMAR_TYPE_RMRR 1
#define DMAR_RMRR_FIXED_SIZE 24
#define DMAR_SCOPE_FIXED_SIZE 6

static void rmrr_dmar_append_int(GArray *table, uint64_t value, unsigned size)
{
    for (; size; size--, value >>= 8) {
        uint8_t byte = value & 0xff;

        g_array_append_val(table, byte);
    }
}

static void rmrr_dmar_append_scope(GArray *table, const RMRREntry *entry)
{
    unsigned i;

    /* Type */
    rmrr_dmar_append_int(table, entry->scope_type, 1);
    /* Length */
    rmrr_dmar_append_int(table, DMAR_SCOPE_FIXED_SIZE + 2 * entry->nr_hops, 1);
    /* Reserved */
    rmrr_dmar_append_int(table, 0, 2);
    /* Enumeration ID: of I/O APICs, HPETs and ACPI devices only */
    rmrr_dmar_append_int(table, 0, 1);
    /* Start Bus Number */
    rmrr_dmar_append_int(table, entry->start_bus, 1);
    /* Path */
    for (i = 0; i < entry->nr_hops; i++) {
        rmrr_dmar_append_int(table, entry->path[i].device, 1);
        rmrr_dmar_append_int(table, entry->path[i].function, 1);
    }
}

static void rmrr_dmar_append_one(GArray *table, const RMRREntry *entry)
{
    GArray *scope = g_array_new(false, false, 1);

    rmrr_dmar_append_scope(scope, entry);

    /* Type */
    rmrr_dmar_append_int(table, DMAR_TYPE_RMRR, 2);
    /* Length */
    rmrr_dmar_append_int(table, DMAR_RMRR_FIXED_SIZE + scope->len, 2);
    /* Reserved */
    rmrr_dmar_append_int(table, 0, 2);
    /* Segment Number */
    rmrr_dmar_append_int(table, entry->segment, 2);
    /* Reserved Memory Region Base Address */
    rmrr_dmar_append_int(table, entry->base, 8);
    /* Reserved Memory Region Limit Address */
    rmrr_dmar_append_int(table, entry->limit, 8);
    /* Device Scope */
    g_array_append_vals(table, scope->data, scope->len);

    g_array_unref(scope);
}

void rmrr_dmar_append(GArray *table, const GArray *set)
{
    unsigned i;

    for (i = 0; i < set->len; i++) {
        rmrr_dmar_append_one(table, &g_array_index(set, RMRREntry, i));
    }
}
