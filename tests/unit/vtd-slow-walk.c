/*
 * Translation of one request at a time, to compare a faster way with
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Knows nothing of ranges: each request starts at the top table and ends with
 * an address or with a fault, as in chapter 3 of the VT-d specification.
 */

#include "qemu/osdep.h"
#include "vtd-slow-walk.h"

typedef struct SlowWalk {
    const VTDScanTables *tables;
    VTDSlowRead *read;
    void *opaque;
    unsigned entered;
    /* By level: what the last table entered there translates, plus 1 */
    uint64_t inside[VTD_SCAN_LEVELS_MAX + 1];
} SlowWalk;

static bool bit(uint64_t entry, unsigned number)
{
    return (entry >> number) & 1;
}

static bool in_reach(const VTDScanTables *tables, uint64_t iova)
{
    unsigned unused;

    if (tables->levels != 3 && tables->levels != 4 && tables->levels != 5) {
        return false;
    }
    unused = 64 - MIN(tables->levels * 9 + 12, tables->width);
    if (tables->format == VTD_SCAN_FIRST_STAGE) {
        return (uint64_t)((int64_t)(iova << unused) >> unused) == iova;
    }
    return iova << unused >> unused == iova;
}

static bool lets_through(const VTDScanTables *tables, uint64_t entry,
                         bool write)
{
    if (tables->format == VTD_SCAN_SECOND_STAGE) {
        return bit(entry, write ? 1 : 0);
    }
    /* Present, and for users; every such page can be read. */
    return bit(entry, 0) && bit(entry, 2) && (!write || bit(entry, 1));
}

static void enter(SlowWalk *walk, unsigned level, uint64_t iova)
{
    uint64_t here = (iova >> (9 * level + 12)) + 1;

    if (walk->inside[level] != here) {
        walk->inside[level] = here;
        walk->entered++;
    }
}

/* True if the request gets through, to @target */
static bool request(SlowWalk *walk, uint64_t iova, bool write,
                    uint64_t *target)
{
    const VTDScanTables *tables = walk->tables;
    uint64_t table = tables->root;
    unsigned level;

    if (!in_reach(tables, iova)) {
        return false;
    }
    for (level = tables->levels; ; level--) {
        unsigned shift = 9 * level + 3;
        uint64_t below = (1ull << shift) - 1;
        uint64_t number = (iova >> shift) % 512;
        uint64_t entry;
        bool large;

        enter(walk, level, iova);
        if (!walk->read(walk->opaque, table + 8 * number, &entry)) {
            return false;
        }
        entry = GUINT64_FROM_LE(entry);
        if (entry == UINT64_MAX || !lets_through(tables, entry, write)) {
            return false;
        }
        large = bit(entry, 7) && (level == 3 || level == 2);
        if (large ? entry & tables->reserved_large[level]
                  : entry & tables->reserved[level]) {
            return false;
        }
        table = entry & tables->address_mask;
        if (large || level == 1) {
            *target = (table & ~below) + (iova & below);
            return true;
        }
    }
}

VTDScanResult vtd_slow_walk(const VTDScanTables *tables, uint64_t base,
                            uint64_t limit, VTDSlowRead *read, void *opaque)
{
    SlowWalk walk = { .tables = tables, .read = read, .opaque = opaque };
    uint64_t pages = (limit - base) / 4096 + 1;
    uint64_t mapped = 0, first_absent = 0;
    VTDScanResult result = { .state = RMRR_REASON_IDENTITY };
    uint64_t i;

    for (i = 0; i < pages; i++) {
        uint64_t iova = base + i * 4096;
        uint64_t target = 0;
        bool readable = request(&walk, iova, false, &target);
        bool writable = request(&walk, iova, true, &target);

        if (!readable && !writable) {
            if (i == mapped) {
                first_absent = iova;
            }
        } else if (!readable || !writable || target != iova) {
            return (VTDScanResult) {
                RMRR_REASON_FOREIGN, iova, target, readable, writable,
                walk.entered,
            };
        } else {
            mapped++;
        }
    }
    if (mapped < pages) {
        result.state = mapped ? RMRR_REASON_PARTIAL : RMRR_REASON_ABSENT;
        result.iova = first_absent;
    }
    result.reads = walk.entered;
    return result;
}

uint64_t vtd_slow_most_reads(unsigned levels, uint64_t base, uint64_t limit)
{
    uint64_t most = 0;
    unsigned level;

    if (levels < VTD_SCAN_LEVELS_MIN || levels > VTD_SCAN_LEVELS_MAX) {
        return 0;
    }
    for (level = 1; level <= levels; level++) {
        unsigned shift = 9 * level + 12;

        most += (limit >> shift) - (base >> shift) + 1;
    }
    return most;
}
