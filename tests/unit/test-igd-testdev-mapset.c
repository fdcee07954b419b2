/*
 * Unit tests of the set of DMA mappings of igd-testdev's listener
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/display/igd-testdev-mapset.c and nothing else.
 */

#include "qemu/osdep.h"
#include "../../hw/display/igd-testdev-mapset.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define LAST UINT64_MAX

typedef enum Op {
    END,
    MAP,
    MAP_RO,
    MAP_OTHER,      /* to another block */
    UNMAP,
} Op;

typedef struct Step {
    Op op;
    uint64_t iova;
    uint64_t limit;
    uint64_t offset;
    IGDMapSetResult result;
} Step;

typedef struct Row {
    const char *name;
    uint32_t entry_limit;
    Step steps[8];
    uint32_t entries;
    const char *text;
} Row;

static const Row rows[] = {
    { "empty", 0, { { END } }, 0, "" },
    { "one", 0, { { MAP, 0x1000, 0x1fff, 0x5000 } }, 1,
      "0x1000-0x1fff ram+0x5000 rw\n" },
    { "ends", 0,
      { { MAP, 0, 0xfff, 0 }, { MAP, LAST - 0xfff, LAST, 0x1000 } }, 2,
      "0x0-0xfff ram+0x0 rw\n"
      "0xfffffffffffff000-0xffffffffffffffff ram+0x1000 rw\n" },
    { "everything", 0, { { MAP, 0, LAST, 0 },
                         { MAP, 0x1000, 0x1fff, 0, IGD_MAPSET_EXISTS },
                         { UNMAP, 0, LAST } }, 0, "" },
    { "merged", 0,
      { { MAP, 0x2000, 0x2fff, 0x1000 }, { MAP, 0x1000, 0x1fff, 0 },
        { MAP, 0x3000, 0x5fff, 0x2000 } }, 3,
      "0x1000-0x5fff ram+0x0 rw\n" },
    { "not-merged", 0,
      { { MAP, 0x1000, 0x1fff, 0 }, { MAP, 0x2000, 0x2fff, 0x8000 },
        { MAP_RO, 0x3000, 0x3fff, 0x9000 },
        { MAP_OTHER, 0x4000, 0x4fff, 0xa000 },
        { MAP_OTHER, 0x6000, 0x6fff, 0xc000 } }, 5,
      "0x1000-0x1fff ram+0x0 rw\n"
      "0x2000-0x2fff ram+0x8000 rw\n"
      "0x3000-0x3fff ram+0x9000 ro\n"
      "0x4000-0x4fff other+0xa000 rw\n"
      "0x6000-0x6fff other+0xc000 rw\n" },
    { "exists", 0,
      { { MAP, 0x2000, 0x3fff, 0 },
        { MAP, 0x2000, 0x3fff, 0, IGD_MAPSET_EXISTS },
        { MAP, 0x1000, 0x2000, 0, IGD_MAPSET_EXISTS },
        { MAP, 0x3fff, 0x4fff, 0, IGD_MAPSET_EXISTS },
        { MAP, 0, LAST, 0, IGD_MAPSET_EXISTS },
        { MAP, 0x1000, 0x1fff, 0x9000 }, { MAP, 0x4000, 0x4fff, 0x9000 } }, 3,
      "0x1000-0x1fff ram+0x9000 rw\n"
      "0x2000-0x3fff ram+0x0 rw\n"
      "0x4000-0x4fff ram+0x9000 rw\n" },
    { "cut", 0,
      { { MAP, 0x2000, 0x5fff, 0 },
        { UNMAP, 0x2000, 0x4fff, 0, IGD_MAPSET_CUT },
        { UNMAP, 0x3000, 0x5fff, 0, IGD_MAPSET_CUT },
        { UNMAP, 0x3000, 0x3fff, 0, IGD_MAPSET_CUT },
        { UNMAP, 0, 0x2000, 0, IGD_MAPSET_CUT },
        { UNMAP, 0x5fff, LAST, 0, IGD_MAPSET_CUT } }, 1,
      "0x2000-0x5fff ram+0x0 rw\n" },
    { "unmap", 0,
      { { MAP, 0x1000, 0x1fff, 0 }, { MAP, 0x3000, 0x3fff, 0 },
        { MAP, 0x5000, 0x5fff, 0 }, { UNMAP, 0x2000, 0x2fff },
        { UNMAP, 0x2000, 0x4fff }, { UNMAP, 0x5000, 0x5fff },
        { UNMAP, 0x5000, 0x5fff } }, 1,
      "0x1000-0x1fff ram+0x0 rw\n" },
    { "full", 2,
      { { MAP, 0x1000, 0x1fff, 0 }, { MAP, 0x2000, 0x2fff, 0x1000 },
        { MAP, 0x3000, 0x3fff, 0x2000, IGD_MAPSET_FULL },
        { MAP, 0x2000, 0x2fff, 0x2000, IGD_MAPSET_EXISTS },
        { UNMAP, 0x1000, 0x1fff }, { MAP, 0x3000, 0x3fff, 0x2000 } }, 2,
      "0x2000-0x3fff ram+0x1000 rw\n" },
};

static IGDMapSetResult run_step(IGDMapSet *set, const Step *step)
{
    IGDMapping m = {
        .iova = step->iova,
        .limit = step->limit,
        .block = g_intern_string(step->op == MAP_OTHER ? "other" : "ram"),
        .offset = step->offset,
        .writable = step->op != MAP_RO,
    };

    return step->op == UNMAP ? igd_mapset_unmap(set, m.iova, m.limit) :
                               igd_mapset_map(set, &m);
}

static void test_row(const void *opaque)
{
    const Row *row = opaque;
    IGDMapSet *set = igd_mapset_new(row->entry_limit);
    g_autofree char *text = NULL;

    for (size_t i = 0; i < N_ELEMENTS(row->steps) && row->steps[i].op; i++) {
        g_test_message("step %zu", i);
        g_assert_cmpint(run_step(set, &row->steps[i]), ==,
                        row->steps[i].result);
    }
    text = igd_mapset_format(set);
    g_assert_cmpstr(text, ==, row->text);
    g_assert_cmpuint(igd_mapset_entries(set), ==, row->entries);
    igd_mapset_free(set);
}

/* As many as Linux makes for a region of 256 MiB, in an awkward order */
static void test_many(void)
{
    IGDMapSet *set = igd_mapset_new(0);
    g_autofree char *text = NULL;
    uint32_t page = 0;

    for (uint32_t i = 0; i < 65536; i++) {
        Step step = { MAP, (uint64_t)page << 12, ((uint64_t)page << 12) | 0xfff,
                      (uint64_t)page << 12 };

        g_assert_cmpint(run_step(set, &step), ==, IGD_MAPSET_OK);
        page = (page + 40503) % 65536;
    }
    g_assert_cmpuint(igd_mapset_entries(set), ==, 65536);
    text = igd_mapset_format(set);
    g_assert_cmpstr(text, ==, "0x0-0xfffffff ram+0x0 rw\n");
    g_assert_cmpint(igd_mapset_unmap(set, 0, UINT64_MAX), ==, IGD_MAPSET_OK);
    g_assert_cmpuint(igd_mapset_entries(set), ==, 0);
    igd_mapset_free(set);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/igd-testdev-mapset/",
                                            rows[i].name, NULL);

        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/igd-testdev-mapset/65536-pages", test_many);
    return g_test_run();
}
