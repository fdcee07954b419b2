/*
 * What map notifiers of the emulated VT-d have been told, and no more than fits
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
 * vtd_known_whole: a range, and what sticks out of it at either end
 * @as: the device's address space
 * @range: first byte, and size - 1
 *
 * Returns: @range with the whole of those mappings that have a byte of it.
 */
DMAMap vtd_known_whole(const VTDAddressSpace *as, DMAMap range);

/**
 * vtd_known_range: what has to be looked at when the guest invalidates a range
 * @addr, @size: the range; made larger, so that no mapping reaches beyond it
 *
 * Where not all of the tables is known, that is everything, and it is unknown
 * from here on.
 */
void vtd_known_range(VTDAddressSpace *as, hwaddr *addr, hwaddr *size);

/**
 * vtd_known_insert: a mapping is about to be told
 *
 * Returns: false if there are too many already; it must not be told then.
 */
bool vtd_known_insert(VTDAddressSpace *as, const DMAMap *map);

/**
 * vtd_known_remove: forget all mappings that have a byte of @range
 */
void vtd_known_remove(VTDAddressSpace *as, DMAMap range);

/**
 * vtd_known_begin_anew: all devices are about to have nothing mapped, and then
 * what their tables say
 *
 * Without it a device whose tables were too much would have nothing mapped
 * after a reset either: no map notifier is there while translation is off.
 */
void vtd_known_begin_anew(IntelIOMMUState *s);

/**
 * vtd_known_walk_begin, vtd_known_walk_table, vtd_known_walk_end: around a
 * walk of the tables, and before each table
 * @ret: the walk's result
 *
 * Returns: false if these are more tables than there can be; @ret.
 */
void vtd_known_walk_begin(VTDAddressSpace *as);
bool vtd_known_walk_table(VTDAddressSpace *as);
int vtd_known_walk_end(VTDAddressSpace *as, int ret);

#endif
