/*
 * The table of rmrr-policy=, row by row
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_POLICY_TABLE_H
#define TESTS_QTEST_POLICY_TABLE_H

#include "policy-guest.h"

/* intel-iommu's properties for scalable mode */
#define POLICY_SECOND_STAGE ",x-scalable-mode=on"
#define POLICY_FIRST_STAGE ",x-scalable-mode=on,x-flts=on,aw-bits=48"

/**
 * PolicyKind: a kind of machine
 * @name: for the test's path
 * @iommu, @device: as igd_rig_start() has it, without rmrr-policy=
 */
typedef struct PolicyKind {
    const char *name;
    const char *iommu;
    const char *device;
} PolicyKind;

/**
 * policy_kind_start: start such a machine, with translation on and no context
 */
PolicyGuest *policy_kind_start(const PolicyKind *kind, const char *policy);

/**
 * policy_kind_maps: whether its listener shows what is mapped
 */
bool policy_kind_maps(const PolicyKind *kind);

/**
 * policy_table_run: bring the region into each state of the table in
 * docs/devel/design.rst, one after the other in one machine
 * @policy: keep, exact or lock
 * @iommu, @device: as igd_rig_start() has it, without rmrr-policy=. With
 *      caching-mode=off or x-flts=on, keep has to behave as exact
 *
 * Checks what query-rmrr says and where the device's DMA ends up; with a
 * listener, also that nothing it was told made no sense.
 */
void policy_table_run(const char *policy, const char *iommu,
                      const char *device);

/**
 * policy_table_add: add a test for each policy
 * @path: "/<policy>" is appended
 * @function: gets the policy's name
 * @nr: for how many of keep, exact and lock
 */
void policy_table_add(const char *path, void (*function)(const void *),
                      unsigned nr);

#endif
