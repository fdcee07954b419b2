/*
 * Readers of what firmware says: memory map (and the kernel's of it), DMAR
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Of DMAR, VT-d specification (revision 4.1), chapter 8.
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

#define DMAR_MAX_HOPS   16

/**
 * DmarScope: one device of an RMRR
 * @type: 1 endpoint, 2 bridge
 * @nr_hops: how many there are, which may be more than @path holds
 * @path: pairs of device and function number
 */
typedef struct DmarScope {
    uint8_t type;
    uint8_t start_bus;
    uint8_t nr_hops;
    uint8_t path[DMAR_MAX_HOPS][2];
} DmarScope;

/**
 * DmarRmrr: one reserved range
 * @scope: the first device, valid if @nr_scopes is not 0
 */
typedef struct DmarRmrr {
    uint16_t segment;
    uint64_t base;
    uint64_t limit;
    unsigned nr_scopes;
    DmarScope scope;
} DmarRmrr;

/**
 * DmarTable: what is of interest in the table
 * @width: host address width in bits
 * @flags: bit 0 is interrupt remapping
 * @units: how many remapping units there are
 * @rmrrs: (element-type DmarRmrr)
 */
typedef struct DmarTable {
    unsigned width;
    uint8_t flags;
    unsigned units;
    GArray *rmrrs;
} DmarTable;

/**
 * dmar_parse: read a table
 * @data: any bytes
 * @table: set on success; dmar_clear() frees what it holds
 *
 * Returns: NULL, or one clause that says what is wrong, static.
 */
const char *dmar_parse(const void *data, size_t size, DmarTable *table);

void dmar_clear(DmarTable *table);

#endif
