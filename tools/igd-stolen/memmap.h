/*
 * Readers of the memory map: the firmware's, and the kernel's of it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only.
 */

#ifndef IGD_STOLEN_MEMMAP_H
#define IGD_STOLEN_MEMMAP_H

#include "read.h"

/**
 * MemRange: a range with what it is
 * @depth: how many ranges it lies in
 * @name: owned
 */
typedef struct MemRange {
    uint64_t base;
    uint64_t limit;
    unsigned depth;
    char *name;
} MemRange;

/**
 * memmap_iomem: /proc/iomem
 * @why: if nothing is known, why; to be freed by the caller
 *
 * Returns: (element-type MemRange): NULL if nothing is known, as for anybody
 * but root, who is shown zeroes.
 */
GArray *memmap_iomem(HostStore *store, char **why);

/**
 * memmap_firmware: E820 as the firmware handed it on, /sys/firmware/memmap
 *
 * Returns: as memmap_iomem().
 */
GArray *memmap_firmware(HostStore *store, char **why);

/**
 * memmap_find: the first range with this name
 *
 * Returns: NULL if there is none.
 */
const MemRange *memmap_find(const GArray *ranges, const char *name);

#endif
