/*
 * The set of DMA mappings that igd-testdev's listener keeps
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and stdint only.
 *
 * Refuses what a type 1 VFIO container refuses: a mapping over another one,
 * an unmapping that would cut a mapping in two, and more entries than its
 * limit.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_MAPSET_H
#define HW_DISPLAY_IGD_TESTDEV_MAPSET_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * IGDMapping: one mapping, or one run of adjacent ones
 * @iova: first bus address
 * @limit: last bus address, inclusive; @iova <= @limit
 * @block: interned name of the memory block behind it; two names are equal
 *      when the pointers are
 * @offset: what @iova maps to, as an offset into @block
 * @writable: whether the device may write
 */
typedef struct IGDMapping {
    uint64_t iova;
    uint64_t limit;
    const char *block;
    uint64_t offset;
    bool writable;
} IGDMapping;

typedef enum IGDMapSetResult {
    IGD_MAPSET_OK,
    IGD_MAPSET_EXISTS,  /* part of the range is mapped already */
    IGD_MAPSET_CUT,     /* the range begins or ends inside a mapping */
    IGD_MAPSET_FULL,    /* the entry limit is reached */
} IGDMapSetResult;

typedef struct IGDMapSet IGDMapSet;

/**
 * igd_mapset_new: an empty set
 * @entry_limit: most mappings it takes, 0 for no limit
 */
IGDMapSet *igd_mapset_new(uint32_t entry_limit);

void igd_mapset_free(IGDMapSet *set);

/**
 * igd_mapset_map: add a mapping; @set is unchanged unless IGD_MAPSET_OK is
 * returned
 */
IGDMapSetResult igd_mapset_map(IGDMapSet *set, const IGDMapping *mapping);

/**
 * igd_mapset_unmap: remove all mappings in [@iova, @limit], of which there
 * may be none
 *
 * Returns: IGD_MAPSET_OK, or IGD_MAPSET_CUT with @set unchanged.
 */
IGDMapSetResult igd_mapset_unmap(IGDMapSet *set, uint64_t iova,
                                 uint64_t limit);

/**
 * igd_mapset_entries: number of mappings, as they were added
 */
uint32_t igd_mapset_entries(const IGDMapSet *set);

/**
 * igd_mapset_foreach_run: visit the mappings in ascending order, adjacent
 * ones that continue each other in memory taken together
 */
void igd_mapset_foreach_run(const IGDMapSet *set,
                            void (*visit)(const IGDMapping *run, void *opaque),
                            void *opaque);

/**
 * igd_mapset_format: the runs as text, one line
 * "0x<iova>-0x<limit> <block>+0x<offset> rw|ro" each
 *
 * Returns: (transfer full) the text, empty for an empty set.
 */
char *igd_mapset_format(const IGDMapSet *set);

#endif
