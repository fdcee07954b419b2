/*
 * A set of reserved memory regions to report in the DMAR table
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. What it refuses is what VT-d specification 8.4 forbids or
 * what no IOMMU could keep mapped. It never widens, merges or rounds.
 * Tested by tests/unit/test-rmrr-set.c.
 */

#include "qemu/osdep.h"
#include "rmrr_set.h"

#define RMRR_PAGE_SIZE 0x1000ULL
#define RMRR_1M 0x100000ULL
#define RMRR_INTERRUPT_BASE 0xfee00000ULL
#define RMRR_INTERRUPT_LIMIT 0xfeefffffULL
#define RMRR_DEVICE_MAX 31
#define RMRR_FUNCTION_MAX 7

GArray *rmrr_set_new(void)
{
    return g_array_new(false, false, sizeof(RMRREntry));
}

static bool rmrr_overlaps(const RMRREntry *entry, uint64_t base,
                          uint64_t limit)
{
    return entry->base <= limit && base <= entry->limit;
}

static bool rmrr_path_ok(const RMRREntry *entry)
{
    unsigned i;

    if (!entry->nr_hops || entry->nr_hops > RMRR_MAX_HOPS) {
        return false;
    }
    for (i = 0; i < entry->nr_hops; i++) {
        if (entry->path[i].device > RMRR_DEVICE_MAX ||
            entry->path[i].function > RMRR_FUNCTION_MAX) {
            return false;
        }
    }
    return entry->scope_type == RMRR_SCOPE_ENDPOINT ||
           entry->scope_type == RMRR_SCOPE_BRIDGE;
}

static RMRRStatus rmrr_validate(const RMRREntry *entry,
                                const RMRRLimits *limits)
{
    if (entry->limit < entry->base) {
        return RMRR_EMPTY;
    }
    if (entry->base % RMRR_PAGE_SIZE || (entry->limit + 1) % RMRR_PAGE_SIZE) {
        return RMRR_UNALIGNED;
    }
    if (entry->base < RMRR_1M) {
        return RMRR_BELOW_1M;
    }
    if (limits->aw_bits < 64 && entry->limit >> limits->aw_bits) {
        return RMRR_ABOVE_ADDRESS_WIDTH;
    }
    if (rmrr_overlaps(entry, RMRR_INTERRUPT_BASE, RMRR_INTERRUPT_LIMIT)) {
        return RMRR_INTERRUPT_RANGE;
    }
    if (limits->tseg_base <= limits->tseg_limit &&
        rmrr_overlaps(entry, limits->tseg_base, limits->tseg_limit)) {
        return RMRR_TSEG;
    }
    return rmrr_path_ok(entry) ? RMRR_OK : RMRR_BAD_PATH;
}

RMRRStatus rmrr_set_add(GArray *set, const RMRREntry *entry,
                        const RMRRLimits *limits, unsigned *other)
{
    RMRRStatus status = rmrr_validate(entry, limits);
    unsigned i, place = 0;

    if (status != RMRR_OK) {
        return status;
    }

    for (i = 0; i < set->len; i++) {
        const RMRREntry *e = &g_array_index(set, RMRREntry, i);

        if (e->segment == entry->segment &&
            rmrr_overlaps(entry, e->base, e->limit)) {
            if (other) {
                *other = i;
            }
            return RMRR_OVERLAP;
        }
        if (e->segment < entry->segment ||
            (e->segment == entry->segment && e->base < entry->base)) {
            place = i + 1;
        }
    }

    g_array_insert_vals(set, place, entry, 1);
    return RMRR_OK;
}

const char *rmrr_status_text(RMRRStatus status)
{
    switch (status) {
    case RMRR_OK:
        return "is fine";
    case RMRR_EMPTY:
        return "is empty";
    case RMRR_UNALIGNED:
        return "is not 4 KiB aligned";
    case RMRR_BELOW_1M:
        return "begins below 1 MiB";
    case RMRR_ABOVE_ADDRESS_WIDTH:
        return "ends above the IOMMU's address width (aw-bits)";
    case RMRR_INTERRUPT_RANGE:
        return "overlaps the interrupt range fee00000-feefffff";
    case RMRR_TSEG:
        return "overlaps the memory SMM may take (TSEG)";
    case RMRR_OVERLAP:
        return "overlaps the region of another device";
    case RMRR_BAD_PATH:
        return "belongs to a device whose PCI path cannot be expressed";
    }
    return "is invalid";
}
