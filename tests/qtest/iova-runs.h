/*
 * Sets of DMA mappings, as a test expects them and as a listener shows them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Written without a look at the listener's own bookkeeping: a plain array,
 * sorted and merged when it is turned into text.
 */

#ifndef TESTS_QTEST_IOVA_RUNS_H
#define TESTS_QTEST_IOVA_RUNS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * IOVARun: [@iova, @limit], both inclusive, maps to @offset of memory block
 * @block (an interned string)
 */
typedef struct IOVARun {
    uint64_t iova;
    uint64_t limit;
    const char *block;
    uint64_t offset;
    bool writable;
} IOVARun;

/* An empty set, to be freed with g_array_unref() */
GArray *iova_runs_new(void);

/* Read the listener-map property */
GArray *iova_runs_parse(const char *text);

/* Remove [@base, @limit], splitting what crosses an edge */
void iova_runs_cut(GArray *runs, uint64_t base, uint64_t limit);

/**
 * iova_runs_add_slice: map @iova to what @from maps at [@first, @last]
 * @writable: false makes it read-only; read-only memory stays so
 */
void iova_runs_add_slice(GArray *runs, const GArray *from, uint64_t first,
                         uint64_t last, uint64_t iova, bool writable);

/**
 * iova_runs_format: sort, merge, and write in the listener's format
 *
 * Fails the test if two runs overlap.
 */
char *iova_runs_format(GArray *runs);

#endif
