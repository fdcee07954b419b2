/*
 * What a random guest does to its tables, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * None of these uses an address again before it is flushed; those that have
 * to flush for it do.
 */

#ifndef TESTS_QTEST_VTD_MODEL_OPS_H
#define TESTS_QTEST_VTD_MODEL_OPS_H

#include "vtd-model.h"

/**
 * vtd_model_op_map: map one page somewhere, if nothing is there
 */
void vtd_model_op_map(VTDModel *m, VTDModelDomain *md);

/**
 * vtd_model_op_replace: another target or other rights in place
 */
void vtd_model_op_replace(VTDModel *m, VTDModelDomain *md);

/**
 * vtd_model_op_unmap: a leaf, or a whole table with all that is in it
 */
void vtd_model_op_unmap(VTDModel *m, VTDModelDomain *md);

/**
 * vtd_model_op_region: unmap the region and what shares its tables, and map
 * all of it to itself, in pages of one size or of two, or leave it unmapped
 */
void vtd_model_op_region(VTDModel *m, VTDModelDomain *md);

/**
 * vtd_model_op_hole: unmap one page of the region
 */
void vtd_model_op_hole(VTDModel *m, VTDModelDomain *md);

/**
 * vtd_model_op_fill: map what is not mapped in the region to itself, as it is
 * or one page of it only, or one page to other memory
 */
void vtd_model_op_fill(VTDModel *m, VTDModelDomain *md);

#endif
