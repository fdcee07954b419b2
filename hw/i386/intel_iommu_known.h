/*
 * Mappings that map notifiers of the emulated VT-d know
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_I386_INTEL_IOMMU_KNOWN_H
#define HW_I386_INTEL_IOMMU_KNOWN_H

#include "qemu/iova-tree.h"
#include "hw/i386/intel_iommu.h"

/**
 * vtd_known_insert: about to tell of @map, or in a replay, of the part of it
 * that is in the notifier's range. Else nothing is known of its range
 *
 * Returns: false if there are too many already; @map must not be told then.
 */
bool vtd_known_insert(VTDAddressSpace *as, const DMAMap *map);

/* Forgets all mappings that have a byte of @range. */
void vtd_known_remove(VTDAddressSpace *as, DMAMap range);

/* Forgets [@base, @limit], but not the part of a mapping that is beyond it. */
void vtd_known_cut(VTDAddressSpace *as, hwaddr base, hwaddr limit);

/* Returns: a mapping that has a byte of @map. In a replay, NULL: all is new. */
const DMAMap *vtd_known_find(const VTDAddressSpace *as, const DMAMap *map);

/* Returns: @range with the whole of those mappings that have a byte of it. */
DMAMap vtd_known_whole(const VTDAddressSpace *as, DMAMap range);

/**
 * vtd_known_range: what is to be walked when the guest invalidates a range
 * @addr, @size: the range; made larger, so that no mapping reaches beyond it.
 *      After a walk that was too much it is everything, and all is forgotten
 */
void vtd_known_range(VTDAddressSpace *as, hwaddr *addr, hwaddr *size);

/**
 * vtd_known_begin_anew: all devices are about to have nothing mapped, and then
 * what their tables say
 *
 * Without it a device whose tables were too much would have nothing mapped
 * after a reset either: no map notifier is there while translation is off.
 */
void vtd_known_begin_anew(IntelIOMMUState *s);

/**
 * vtd_known_walk_table, vtd_known_walk_end: before each table of a walk, and
 * after the walk
 *
 * Returns: false if these are more tables than there can be; @ret.
 */
bool vtd_known_walk_table(VTDAddressSpace *as);
int vtd_known_walk_end(VTDAddressSpace *as, int ret);

#endif
