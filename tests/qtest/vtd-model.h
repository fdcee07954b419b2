/*
 * A guest that drives a VT-d at random, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The same seed makes the same guest.
 */

#ifndef TESTS_QTEST_VTD_MODEL_H
#define TESTS_QTEST_VTD_MODEL_H

#include "igd-testdev-rig.h"

#define VTD_MODEL_DOMAINS 2
#define VTD_MODEL_STEPS 1000
#define VTD_MODEL_CHUNKS ((RIG_LIMIT >> 21) - (RIG_BASE >> 21) + 1)

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
 * vtd_leaves_new: none, to be freed with g_array_unref()
 * vtd_leaves_find: the first that has a byte of [@iova, @iova + @size - 1], or
 * NULL
 * vtd_leaves_cut: remove that range, and append what was removed to @removed,
 * which may be NULL; runs that cross an edge are split, single pages that do
 * stay
 * vtd_leaves_gap: where the first part of [@base, @limit] that is not mapped
 * begins, and its @size; 0 if there is none
 */
GArray *vtd_leaves_new(void);
const VTDLeaf *vtd_leaves_find(const GArray *leaves, uint64_t iova,
                               uint64_t size);
void vtd_leaves_cut(GArray *leaves, uint64_t iova, uint64_t size,
                    GArray *removed);
uint64_t vtd_leaves_gap(const GArray *leaves, uint64_t base, uint64_t limit,
                        uint64_t *size);

/* What the device's context entry says */
typedef enum VTDModelContext {
    VTD_CONTEXT_DOMAIN_0,
    VTD_CONTEXT_DOMAIN_1,
    VTD_CONTEXT_NONE,
    VTD_CONTEXT_PASS_THROUGH,
    VTD_CONTEXT_NR,
} VTDModelContext;

/**
 * VTDModelDomain: one domain; the first has 4 levels of tables, the second 3
 * @leaves: what the tables say
 * @owed: changes of it that are not flushed yet
 */
typedef struct VTDModelDomain {
    VTDDomain d;
    GArray *leaves;
    GArray *owed;
} VTDModelDomain;

/**
 * VTDModelRegion: what the machine has to make of the region
 * @kept: the domain of the device's in which all of it was mapped to itself,
 *      and which the device has not left since; -1 for none
 * @seen: the domain that the IOMMU last saw the device in, -1 for none
 * @chunk: what it last saw of each 2 MiB, a VTDLeavesState or VTD_CHUNK_NEW
 * @mapped: it is kept mapped
 * @switches: how often @mapped has changed
 * @reason: as query-rmrr has it
 */
typedef struct VTDModelRegion {
    int kept;
    int seen;
    uint8_t chunk[VTD_MODEL_CHUNKS];
    bool mapped;
    unsigned int switches;
    const char *reason;
} VTDModelRegion;

/**
 * VTDModelKind: a kind of machine and guest
 * @name: after "model" or "hostile" in the path of the test
 * @iommu: intel-iommu's properties for it
 * @seeds: those that it is run with unless the environment variable
 *      IGD_RMRR_SEEDS has others, as in "7 8 9"
 */
typedef struct VTDModelKind {
    const char *name;
    const char *policy;
    const char *iommu;
    const char *seeds;
} VTDModelKind;

/**
 * VTDModel: the guest
 * @step: counts to VTD_MODEL_STEPS
 * @on: whether translation is on
 */
typedef struct VTDModel {
    const VTDModelKind *kind;
    IGDRig *rig;
    VTDGuest *g;
    GRand *rand;
    unsigned int seed;
    unsigned int step;
    bool on;
    VTDModelContext context;
    VTDModelDomain domain[VTD_MODEL_DOMAINS];
    VTDModelRegion region;
} VTDModel;

/* What a test function gets */
typedef struct VTDModelRun {
    const VTDModelKind *kind;
    unsigned int seed;
} VTDModelRun;

/**
 * vtd_model_start: a guest with translation on and no context; in legacy mode
 * an odd seed invalidates by queue, an even one by register
 */
VTDModel *vtd_model_start(const VTDModelRun *run);
void vtd_model_stop(VTDModel *m);

/**
 * vtd_model_add_tests: add "intel-iommu-rmrr/<name><kind>-<seed>" for each
 * @test: gets a VTDModelRun
 */
void vtd_model_add_tests(const char *name, const VTDModelKind *kinds,
                         size_t nr, void (*test)(const void *));

/**
 * vtd_model_pick: a number below @n
 * vtd_model_pick_size: a page size
 * vtd_model_pick_iova: an address near something that matters
 * vtd_model_pick_gpa: a target, which may be no memory at all; this and the one
 * before are aligned to @size
 */
uint32_t vtd_model_pick(VTDModel *m, uint32_t n);
uint64_t vtd_model_pick_size(VTDModel *m);
uint64_t vtd_model_pick_iova(VTDModel *m, uint64_t size);
uint64_t vtd_model_pick_gpa(VTDModel *m, uint64_t size);

/* The domain of the device; NULL without one, or with translation off */
VTDModelDomain *vtd_model_current(VTDModel *m);

/* From here on the IOMMU knows all of a domain's tables, or nothing of them */
void vtd_model_settle(VTDModel *m);

/* Write the context entry, and invalidate nothing */
void vtd_model_set_context(VTDModel *m, VTDModelContext context);

/**
 * vtd_model_look: the IOMMU looks at the region now, as it does in the calls
 * below that invalidate or switch something
 * @may_return: the device's other mappings are gone
 */
void vtd_model_look(VTDModel *m, bool may_return);

/* What must be mapped if the guest owes no flush */
GArray *vtd_model_expect(VTDModel *m);

/**
 * vtd_model_switch, vtd_model_set_root: translation on or off, or the same
 * root table again, with all caches invalidated
 * vtd_model_reset: reset the machine; translation is off and the driver's
 * state as it was
 */
void vtd_model_switch(VTDModel *m, bool on);
void vtd_model_set_root(VTDModel *m);
void vtd_model_reset(VTDModel *m);

/* IOTLB invalidation; these settle nothing */
void vtd_model_inv_global(VTDModel *m);
void vtd_model_inv_domain(VTDModel *m, const VTDModelDomain *md);
void vtd_model_inv_page(VTDModel *m, const VTDModelDomain *md, uint64_t iova,
                        unsigned int order);

/**
 * vtd_model_flush_context: invalidate the context cache, or that of PASID
 * entries, in one of three ways
 * vtd_model_noise: an invalidation that concerns nobody, or nothing that is
 * mapped
 */
void vtd_model_flush_context(VTDModel *m, bool pasid);
void vtd_model_noise(VTDModel *m);

#endif
