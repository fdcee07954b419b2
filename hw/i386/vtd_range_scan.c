/*
 * What a guest's IOMMU tables say of one range of addresses
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: works on copies of the table pages, so a guest that writes to its
 * tables meanwhile can only change the answer. Depth and number of reads come
 * from the range, never from what the tables contain.
 *
 * VT-d specification (revision 4.1) chapter 9, and where QEMU's own walk is
 * more particular, as that one does: an entry of all ones is one that could
 * not be read. Tested by tests/unit/test-vtd-range-scan*.c and, against a walk
 * of one page at a time, by tests/fuzz/fuzz-vtd-range-scan.c.
 */

#include "qemu/osdep.h"
#include "vtd_range_scan.h"

#define SCAN_PAGE_SHIFT 12
#define SCAN_PAGE_SIZE (1ull << SCAN_PAGE_SHIFT)
#define SCAN_LEVEL_SHIFT 9          /* of the 512 entries of a table */

#define SECOND_READ (1ull << 0)
#define SECOND_WRITE (1ull << 1)

#define FIRST_PRESENT (1ull << 0)
#define FIRST_WRITE (1ull << 1)
#define FIRST_USER (1ull << 2)

#define ENTRY_LARGE (1ull << 7)
#define ENTRY_UNREADABLE UINT64_MAX

/* What a device may do, in all levels so far */
#define MAY_READ (1u << 0)
#define MAY_WRITE (1u << 1)
#define MAY_BOTH (MAY_READ | MAY_WRITE)

/*
 * @absent: a page is not mapped, and @result.iova is the first such
 * @inside, @readable: for each level, what the table that was read last stands
 *      for, plus 1, and whether it could be read
 */
typedef struct VTDScan {
    const VTDScanTables *tables;
    VTDScanRead *read;
    void *opaque;
    bool mapped;
    bool absent;
    VTDScanResult result;
    uint64_t inside[VTD_SCAN_LEVELS_MAX + 1];
    bool readable[VTD_SCAN_LEVELS_MAX + 1];
    uint64_t table[VTD_SCAN_LEVELS_MAX + 1][VTD_SCAN_ENTRIES];
} VTDScan;

/* How many bytes a whole table of @level stands for */
static uint64_t vtd_scan_table_size(unsigned level)
{
    return 1ull << (SCAN_PAGE_SHIFT + SCAN_LEVEL_SHIFT * level);
}

/* How many bytes one entry of @level stands for */
static uint64_t vtd_scan_entry_size(unsigned level)
{
    return vtd_scan_table_size(level - 1);
}

static unsigned vtd_scan_index(uint64_t iova, unsigned level)
{
    return iova / vtd_scan_entry_size(level) % VTD_SCAN_ENTRIES;
}

static void vtd_scan_note_absent(VTDScan *scan, uint64_t iova)
{
    if (!scan->absent) {
        scan->absent = true;
        scan->result.iova = iova;
    }
}

static bool vtd_scan_is_large(uint64_t entry, unsigned level)
{
    return (level == 2 || level == 3) && (entry & ENTRY_LARGE);
}

/* The bits of an entry that lets every access through */
static uint64_t vtd_scan_open_bits(const VTDScanTables *tables)
{
    if (tables->format == VTD_SCAN_FIRST_STAGE) {
        return FIRST_PRESENT | FIRST_WRITE | FIRST_USER;
    }
    return SECOND_READ | SECOND_WRITE;
}

/* What an entry by itself lets through; nothing if it is not present */
static unsigned vtd_scan_permissions(const VTDScanTables *tables,
                                     uint64_t entry, unsigned level)
{
    uint64_t reserved = vtd_scan_is_large(entry, level) ?
                        tables->reserved_large[level] :
                        tables->reserved[level];

    if (entry == ENTRY_UNREADABLE || (entry & reserved)) {
        return 0;
    }
    if (tables->format == VTD_SCAN_FIRST_STAGE) {
        if (!(entry & FIRST_PRESENT) || !(entry & FIRST_USER)) {
            return 0;
        }
        return MAY_READ | (entry & FIRST_WRITE ? MAY_WRITE : 0);
    }
    return (entry & SECOND_READ ? MAY_READ : 0) |
           (entry & SECOND_WRITE ? MAY_WRITE : 0);
}

/* A present entry that maps memory, from @first on. False if it is foreign */
static bool vtd_scan_leaf(VTDScan *scan, uint64_t entry, unsigned level,
                          uint64_t first, unsigned may)
{
    uint64_t offset_mask = vtd_scan_entry_size(level) - 1;
    uint64_t target = (entry & scan->tables->address_mask & ~offset_mask) |
                      (first & offset_mask);

    if (target == first && may == MAY_BOTH) {
        scan->mapped = true;
        return true;
    }
    scan->result.state = RMRR_REASON_FOREIGN;
    scan->result.iova = first;
    scan->result.target = target;
    scan->result.readable = may & MAY_READ;
    scan->result.writable = may & MAY_WRITE;
    return false;
}

/*
 * Nearly always an entry of the lowest level is the one an identity mapping
 * has, so those are skipped first. Returns: the first address of another
 */
static uint64_t vtd_scan_skip(VTDScan *scan, uint64_t first, uint64_t last,
                              unsigned may)
{
    const VTDScanTables *tables = scan->tables;
    const uint64_t *table = &scan->table[1][vtd_scan_index(first, 1)];
    uint64_t open_bits = vtd_scan_open_bits(tables);
    uint64_t reserved = tables->reserved[1];
    uint64_t mask = tables->address_mask | open_bits;
    uint64_t iova = first;

    /*
     * The comparison is valid only if the levels above let reads and writes
     * through, and below @address_mask, where an entry of all ones would
     * compare equal.
     */
    if (may != MAY_BOTH || last >= tables->address_mask) {
        return first;
    }
    while (iova <= last) {
        uint64_t entry = GUINT64_FROM_LE(*table++);

        if (((entry & mask) ^ (iova | open_bits)) | (entry & reserved)) {
            break;
        }
        iova += SCAN_PAGE_SIZE;
    }
    scan->mapped |= iova > first;
    return iova;
}

/* The table at @gpa, which @iova is translated by; false if there is none */
static bool vtd_scan_read(VTDScan *scan, uint64_t gpa, unsigned level,
                          uint64_t iova)
{
    uint64_t inside = iova / vtd_scan_table_size(level) + 1;

    if (scan->inside[level] != inside) {
        scan->inside[level] = inside;
        scan->result.reads++;
        scan->readable[level] = scan->read(scan->opaque, gpa,
                                           scan->table[level]);
    }
    return scan->readable[level];
}

/*
 * [@first, @last] in the table at @gpa, whose entries are of @level. @may is
 * what the levels above let through. False at the first foreign page.
 */
static bool vtd_scan_table(VTDScan *scan, uint64_t gpa, unsigned level,
                           uint64_t first, uint64_t last, unsigned may)
{
    uint64_t *table = scan->table[level];

    if (!vtd_scan_read(scan, gpa, level, first)) {
        vtd_scan_note_absent(scan, first);
        return true;
    }
    while (true) {
        uint64_t entry, entry_last;
        unsigned left;
        bool go_on = true;

        if (level == 1) {
            first = vtd_scan_skip(scan, first, last, may);
            if (first > last) {
                return true;
            }
        }
        entry = GUINT64_FROM_LE(table[vtd_scan_index(first, level)]);
        entry_last = first | (vtd_scan_entry_size(level) - 1);
        left = may & vtd_scan_permissions(scan->tables, entry, level);
        if (!left) {
            vtd_scan_note_absent(scan, first);
        } else if (level == 1 || vtd_scan_is_large(entry, level)) {
            go_on = vtd_scan_leaf(scan, entry, level, first, left);
        } else {
            go_on = vtd_scan_table(scan, entry & scan->tables->address_mask,
                                   level - 1, first, MIN(entry_last, last),
                                   left);
        }
        if (!go_on || entry_last >= last) {
            return go_on;
        }
        first = entry_last + 1;
    }
}

/* The tables themselves need no clearing, and are large */
static void vtd_scan_begin(VTDScan *scan, const VTDScanTables *tables,
                           VTDScanRead *read, void *opaque)
{
    scan->tables = tables;
    scan->read = read;
    scan->opaque = opaque;
    scan->result.reads = 0;
    memset(scan->inside, 0, sizeof(scan->inside));
}

/*
 * A part of the whole; reads no table that the last part ended in. The tables
 * can translate addresses below @low and, with the first stage (3.6), from
 * @high on: those whose upper bits are all like the highest one that is an
 * index (canonical).
 */
static VTDScanResult vtd_scan_part(VTDScan *scan, uint64_t base,
                                   uint64_t limit)
{
    const VTDScanTables *t = scan->tables;
    bool first_stage = t->format == VTD_SCAN_FIRST_STAGE;
    uint64_t low = 0, high;

    if (t->levels >= VTD_SCAN_LEVELS_MIN && t->levels <= VTD_SCAN_LEVELS_MAX) {
        low = MIN(vtd_scan_table_size(t->levels), 1ull << MIN(t->width, 63));
        low >>= first_stage;
    }
    high = first_stage ? -low : 0;
    scan->mapped = false;
    scan->absent = false;
    scan->result = (VTDScanResult) {
        .state = RMRR_REASON_IDENTITY,
        .reads = scan->result.reads,
    };
    if (base < low && !vtd_scan_table(scan, t->root, t->levels, base,
                                      MIN(limit, low - 1), MAY_BOTH)) {
        return scan->result;
    }
    if (limit >= low && (!high || base < high)) {
        vtd_scan_note_absent(scan, MAX(base, low));
    }
    if (high && limit >= high && !vtd_scan_table(scan, t->root, t->levels,
                                                 MAX(base, high), limit,
                                                 MAY_BOTH)) {
        return scan->result;
    }
    if (scan->absent) {
        scan->result.state = scan->mapped ? RMRR_REASON_PARTIAL :
                                            RMRR_REASON_ABSENT;
    }
    return scan->result;
}

static bool vtd_scan_is_range(uint64_t base, uint64_t limit)
{
    return base <= limit && base % SCAN_PAGE_SIZE == 0 &&
           limit % SCAN_PAGE_SIZE == SCAN_PAGE_SIZE - 1;
}

VTDScanResult vtd_range_scan(const VTDScanTables *tables, uint64_t base,
                             uint64_t limit, VTDScanRead *read, void *opaque)
{
    VTDScan scan;

    g_assert(vtd_scan_is_range(base, limit));
    vtd_scan_begin(&scan, tables, read, opaque);
    return vtd_scan_part(&scan, base, limit);
}

/* Kept from one scan to the next, for each table of the lowest level */

#define SCAN_CHUNK_SIZE (SCAN_PAGE_SIZE * VTD_SCAN_ENTRIES)
#define SCAN_UNKNOWN RMRR_REASON__MAX

/*
 * @tables: those that @chunk is about
 * @first: number of the first chunk, counted from address 0
 * @count: how many chunks there are of each RmrrReason, and SCAN_UNKNOWN
 * @chunk: the state of each, the first and the last cut to the range
 */
struct VTDScanMap {
    VTDScanTables tables;
    uint64_t first;
    unsigned count[SCAN_UNKNOWN + 1];
    unsigned chunks;
    uint8_t chunk[];
};

static void vtd_scan_map_set(VTDScanMap *map, unsigned i, uint8_t state)
{
    map->count[map->chunk[i]]--;
    map->count[state]++;
    map->chunk[i] = state;
}

VTDScanMap *vtd_scan_map_new(uint64_t base, uint64_t limit)
{
    unsigned chunks = limit / SCAN_CHUNK_SIZE - base / SCAN_CHUNK_SIZE + 1;
    VTDScanMap *map = g_malloc0(sizeof(*map) + chunks);

    g_assert(vtd_scan_is_range(base, limit));
    map->first = base / SCAN_CHUNK_SIZE;
    map->chunks = chunks;
    map->count[SCAN_UNKNOWN] = chunks;
    memset(map->chunk, SCAN_UNKNOWN, chunks);
    return map;
}

void vtd_scan_map_changed(VTDScanMap *map, uint64_t base, uint64_t limit)
{
    uint64_t i = MAX(base / SCAN_CHUNK_SIZE, map->first);
    uint64_t end = MIN(limit / SCAN_CHUNK_SIZE + 1, map->first + map->chunks);

    for (; i < end; i++) {
        vtd_scan_map_set(map, i - map->first, SCAN_UNKNOWN);
    }
}

RmrrReason vtd_scan_map_state(VTDScanMap *map, uint64_t base, uint64_t limit,
                              const VTDScanTables *tables, VTDScanRead *read,
                              void *opaque, unsigned *reads)
{
    VTDScan scan;
    unsigned i = 0;

    if (map->tables.root != tables->root ||
        map->tables.levels != tables->levels ||
        map->tables.width != tables->width ||
        map->tables.format != tables->format) {
        vtd_scan_map_changed(map, base, limit);
        map->tables = *tables;
    }
    vtd_scan_begin(&scan, tables, read, opaque);
    while (map->count[SCAN_UNKNOWN] && !map->count[RMRR_REASON_FOREIGN]) {
        uint64_t first, last;

        i = (uint8_t *)memchr(map->chunk + i, SCAN_UNKNOWN, map->chunks - i) -
            map->chunk;
        first = (map->first + i) * SCAN_CHUNK_SIZE;
        last = first + SCAN_CHUNK_SIZE - 1;
        vtd_scan_map_set(map, i, vtd_scan_part(&scan, MAX(first, base),
                                               MIN(last, limit)).state);
    }
    *reads = scan.result.reads;
    if (map->count[RMRR_REASON_FOREIGN]) {
        return RMRR_REASON_FOREIGN;
    }
    if (map->count[RMRR_REASON_IDENTITY] == map->chunks) {
        return RMRR_REASON_IDENTITY;
    }
    return map->count[RMRR_REASON_ABSENT] == map->chunks ? RMRR_REASON_ABSENT :
                                                        RMRR_REASON_PARTIAL;
}
