/*
 * The set of DMA mappings that igd-testdev's listener keeps
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and stdint only. A balanced tree whose order calls overlapping
 * ranges equal, so that a lookup finds any one mapping that overlaps a range;
 * as no two mappings in it overlap, the order is total.
 *
 * Covered by tests/unit/test-igd-testdev-mapset.c.
 */

#include "qemu/osdep.h"
#include "igd-testdev-mapset.h"

struct IGDMapSet {
    GTree *tree;            /* IGDMapping, each its own key */
    uint32_t entry_limit;
};

static gint igd_mapset_compare(gconstpointer a, gconstpointer b,
                               gpointer opaque)
{
    const IGDMapping *one = a, *other = b;

    if (one->limit < other->iova) {
        return -1;
    }
    return one->iova > other->limit;
}

IGDMapSet *igd_mapset_new(uint32_t entry_limit)
{
    IGDMapSet *set = g_new0(IGDMapSet, 1);

    set->tree = g_tree_new_full(igd_mapset_compare, NULL, g_free, NULL);
    set->entry_limit = entry_limit;
    return set;
}

void igd_mapset_free(IGDMapSet *set)
{
    if (set) {
        g_tree_destroy(set->tree);
        g_free(set);
    }
}

static const IGDMapping *igd_mapset_find(const IGDMapSet *set, uint64_t iova,
                                         uint64_t limit)
{
    IGDMapping range = { .iova = iova, .limit = limit };

    return g_tree_lookup(set->tree, &range);
}

IGDMapSetResult igd_mapset_map(IGDMapSet *set, const IGDMapping *mapping)
{
    IGDMapping *entry;

    if (igd_mapset_find(set, mapping->iova, mapping->limit)) {
        return IGD_MAPSET_EXISTS;
    }
    if (set->entry_limit && igd_mapset_entries(set) >= set->entry_limit) {
        return IGD_MAPSET_FULL;
    }
    entry = g_new(IGDMapping, 1);
    *entry = *mapping;
    g_tree_insert(set->tree, entry, entry);
    return IGD_MAPSET_OK;
}

IGDMapSetResult igd_mapset_unmap(IGDMapSet *set, uint64_t iova,
                                 uint64_t limit)
{
    const IGDMapping *first = igd_mapset_find(set, iova, iova);
    const IGDMapping *last = igd_mapset_find(set, limit, limit);
    const IGDMapping *entry;

    if ((first && first->iova != iova) || (last && last->limit != limit)) {
        return IGD_MAPSET_CUT;
    }
    while ((entry = igd_mapset_find(set, iova, limit))) {
        g_tree_remove(set->tree, entry);
    }
    return IGD_MAPSET_OK;
}

uint32_t igd_mapset_entries(const IGDMapSet *set)
{
    return g_tree_nnodes(set->tree);
}

typedef struct IGDMapSetWalk {
    IGDMapping run;
    bool have_run;
    void (*visit)(const IGDMapping *run, void *opaque);
    void *opaque;
} IGDMapSetWalk;

static bool igd_mapset_continues(const IGDMapping *run, const IGDMapping *next)
{
    return next->iova - run->limit == 1 && next->block == run->block &&
           next->writable == run->writable &&
           next->offset - run->offset == next->iova - run->iova;
}

static gboolean igd_mapset_walk_one(gpointer key, gpointer value,
                                    gpointer opaque)
{
    const IGDMapping *entry = key;
    IGDMapSetWalk *walk = opaque;

    if (walk->have_run && igd_mapset_continues(&walk->run, entry)) {
        walk->run.limit = entry->limit;
        return FALSE;
    }
    if (walk->have_run) {
        walk->visit(&walk->run, walk->opaque);
    }
    walk->run = *entry;
    walk->have_run = true;
    return FALSE;
}

void igd_mapset_foreach_run(const IGDMapSet *set,
                            void (*visit)(const IGDMapping *run, void *opaque),
                            void *opaque)
{
    IGDMapSetWalk walk = { .visit = visit, .opaque = opaque };

    g_tree_foreach(set->tree, igd_mapset_walk_one, &walk);
    if (walk.have_run) {
        visit(&walk.run, opaque);
    }
}

static void igd_mapset_format_run(const IGDMapping *run, void *opaque)
{
    g_string_append_printf(opaque,
                           "0x%" PRIx64 "-0x%" PRIx64 " %s+0x%" PRIx64 " %s\n",
                           run->iova, run->limit, run->block, run->offset,
                           run->writable ? "rw" : "ro");
}

char *igd_mapset_format(const IGDMapSet *set)
{
    GString *text = g_string_new(NULL);

    igd_mapset_foreach_run(set, igd_mapset_format_run, text);
    return g_string_free(text, FALSE);
}
