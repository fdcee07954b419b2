/*
 * Sets of DMA mappings, as a test expects them and as a listener shows them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and stdint only.
 */

#include "qemu/osdep.h"
#include "iova-runs.h"

#define RUN(runs, i) g_array_index(runs, IOVARun, i)

GArray *iova_runs_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(IOVARun));
}

GArray *iova_runs_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *runs = iova_runs_new();

    for (char **line = lines; *line && **line; line++) {
        IOVARun run;
        char block[257], mode[3];

        g_assert_cmpint(sscanf(*line, "%" SCNx64 "-%" SCNx64
                               " %256[^+]+%" SCNx64 " %2s", &run.iova,
                               &run.limit, block, &run.offset, mode), ==, 5);
        run.block = g_intern_string(block);
        run.writable = !strcmp(mode, "rw");
        g_array_append_val(runs, run);
    }
    return runs;
}

void iova_runs_cut(GArray *runs, uint64_t base, uint64_t limit)
{
    g_autoptr(GArray) old = g_array_copy(runs);

    g_array_set_size(runs, 0);
    for (guint i = 0; i < old->len; i++) {
        IOVARun part = RUN(old, i);

        if (part.limit < base || part.iova > limit) {
            g_array_append_val(runs, part);
            continue;
        }
        if (part.iova < base) {
            part.limit = base - 1;
            g_array_append_val(runs, part);
        }
        part = RUN(old, i);
        if (part.limit > limit) {
            part.offset += limit + 1 - part.iova;
            part.iova = limit + 1;
            g_array_append_val(runs, part);
        }
    }
}

void iova_runs_add_slice(GArray *runs, const GArray *from, uint64_t first,
                         uint64_t last, uint64_t iova, bool writable)
{
    for (guint i = 0; i < from->len; i++) {
        IOVARun run = RUN(from, i);
        uint64_t lo = MAX(run.iova, first);
        uint64_t hi = MIN(run.limit, last);

        if (lo > hi) {
            continue;
        }
        run.offset += lo - run.iova;
        run.iova = iova + (lo - first);
        run.limit = iova + (hi - first);
        run.writable = run.writable && writable;
        g_array_append_val(runs, run);
    }
}

static gint iova_runs_compare(gconstpointer a, gconstpointer b)
{
    const IOVARun *one = a, *other = b;

    return one->iova < other->iova ? -1 : one->iova > other->iova;
}

static bool iova_runs_joined(const IOVARun *one, const IOVARun *next)
{
    return one->limit + 1 == next->iova && one->block == next->block &&
           one->writable == next->writable &&
           one->offset + (next->iova - one->iova) == next->offset;
}

char *iova_runs_format(GArray *runs)
{
    GString *text = g_string_new(NULL);
    guint i, next;

    g_array_sort(runs, iova_runs_compare);
    for (i = 0; i < runs->len; i = next) {
        IOVARun run = RUN(runs, i);

        for (next = i + 1; next < runs->len; next++) {
            g_assert_cmphex(RUN(runs, next).iova, >, run.limit);
            if (!iova_runs_joined(&run, &RUN(runs, next))) {
                break;
            }
            run.limit = RUN(runs, next).limit;
        }
        g_string_append_printf(text, "0x%" PRIx64 "-0x%" PRIx64
                               " %s+0x%" PRIx64 " %s\n", run.iova, run.limit,
                               run.block, run.offset,
                               run.writable ? "rw" : "ro");
    }
    return g_string_free(text, FALSE);
}
