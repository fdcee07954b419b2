/*
 * What a guest's paging tables map, as a test knows it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: a plain array, never two leaves that overlap. Written without a look
 * at the emulator's own walk of the tables.
 */

#ifndef TESTS_QTEST_VTD_LEAVES_H
#define TESTS_QTEST_VTD_LEAVES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/**
 * VTDLeaf: a leaf entry, or a run of them
 * @iova, @size: what it maps; more than @page only with 4 KiB pages, which
 *      then follow each other at @gpa too
 * @gpa: where to
 * @page: size of each page
 * @perm: VTD_READ, VTD_WRITE or both
 */
typedef struct VTDLeaf {
    uint64_t iova;
    uint64_t gpa;
    uint64_t size;
    uint64_t page;
    unsigned int perm;
} VTDLeaf;

#define VTD_LEAF(leaves, i) g_array_index(leaves, VTDLeaf, i)

/**
 * VTDLeavesState: what they make of a range as a whole
 */
typedef enum VTDLeavesState {
    VTD_LEAVES_ABSENT,
    VTD_LEAVES_PARTIAL,
    VTD_LEAVES_IDENTITY,
    VTD_LEAVES_FOREIGN,
} VTDLeavesState;

/**
 * vtd_leaves_new: none, to be freed with g_array_unref()
 */
GArray *vtd_leaves_new(void);

/**
 * vtd_leaves_find: the first leaf in the array that has a byte of
 * [@iova, @iova + @size - 1]
 *
 * Returns: NULL if none has.
 */
const VTDLeaf *vtd_leaves_find(const GArray *leaves, uint64_t iova,
                               uint64_t size);

/**
 * vtd_leaves_cut: remove [@iova, @iova + @size - 1]; runs that cross an edge
 * are split, single pages that do stay
 * @removed: what was removed is appended to it; may be NULL
 */
void vtd_leaves_cut(GArray *leaves, uint64_t iova, uint64_t size,
                    GArray *removed);

/**
 * vtd_leaves_gap: the first part of [@base, @limit] that is not mapped
 * @size: filled in
 *
 * Returns: where it begins; with @size 0 there is none.
 */
uint64_t vtd_leaves_gap(const GArray *leaves, uint64_t base, uint64_t limit,
                        uint64_t *size);

/**
 * vtd_leaves_state: see VTDLeavesState
 */
VTDLeavesState vtd_leaves_state(const GArray *leaves, uint64_t base,
                                uint64_t limit);

#endif
