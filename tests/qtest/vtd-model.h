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

/**
 * VTDModelContext: what the device's context entry says
 */
typedef enum VTDModelContext {
    VTD_CONTEXT_DOMAIN_0,
    VTD_CONTEXT_DOMAIN_1,
    VTD_CONTEXT_NONE,
    VTD_CONTEXT_PASS_THROUGH,
    VTD_CONTEXT_NR,
} VTDModelContext;

/**
 * VTDLeaf: a leaf entry of a guest's tables
 */
typedef struct VTDLeaf {
    uint64_t iova;
    uint64_t gpa;
    uint64_t size;
    unsigned int perm;
} VTDLeaf;

#define VTD_LEAF(array, i) g_array_index(array, VTDLeaf, i)

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
 * VTDModel: the guest
 * @step: counts to VTD_MODEL_STEPS
 * @on: whether translation is on
 */
typedef struct VTDModel {
    IGDRig *rig;
    VTDGuest *g;
    GRand *rand;
    unsigned int seed;
    unsigned int step;
    bool on;
    VTDModelContext context;
    VTDModelDomain domain[VTD_MODEL_DOMAINS];
} VTDModel;

/**
 * vtd_model_start: a guest with translation on and no context; an odd seed
 * invalidates by queue, an even one by register
 */
VTDModel *vtd_model_start(unsigned int seed);
void vtd_model_stop(VTDModel *m);

/**
 * vtd_model_add_tests: add "intel-iommu-rmrr/<name>-<seed>" for each seed: 1
 * to 4, or those in the environment variable IGD_RMRR_SEEDS, as in "7 8 9"
 * @test: gets the seed by GPOINTER_TO_UINT()
 */
void vtd_model_add_tests(const char *name, void (*test)(const void *));

/**
 * vtd_model_pick: a number below @n
 */
uint32_t vtd_model_pick(VTDModel *m, uint32_t n);

/**
 * vtd_model_pick_size: a page size, vtd_model_pick_iova() an address near
 * something that matters, vtd_model_pick_gpa() a target, which may be no
 * memory at all; both aligned to @size
 */
uint64_t vtd_model_pick_size(VTDModel *m);
uint64_t vtd_model_pick_iova(VTDModel *m, uint64_t size);
uint64_t vtd_model_pick_gpa(VTDModel *m, uint64_t size);

/**
 * vtd_model_current: the domain the device is in; NULL if there is none, or
 * translation is off
 */
VTDModelDomain *vtd_model_current(VTDModel *m);

/**
 * vtd_model_settle: from here on the IOMMU knows all of a domain's tables, or
 * nothing of them
 */
void vtd_model_settle(VTDModel *m);

/**
 * vtd_model_set_context: write the context entry, and invalidate nothing
 */
void vtd_model_set_context(VTDModel *m, VTDModelContext context);

/**
 * vtd_model_flush_context: invalidate the context cache, in one of three ways
 */
void vtd_model_flush_context(VTDModel *m);

/**
 * vtd_model_noise: an invalidation that concerns nobody, or nothing that is
 * mapped
 */
void vtd_model_noise(VTDModel *m);

#endif
