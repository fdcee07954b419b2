/*
 * Stolen memory of assigned IGDs on the PC machines: what the hooks call
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The device's side of it is in hw/pci/rmrr_provider.h.
 */

#ifndef HW_I386_STOLEN_MEMORY_H
#define HW_I386_STOLEN_MEMORY_H

#include "hw/acpi/aml-build.h"
#include "hw/boards.h"

/**
 * stolen_memory_low_ram: end low RAM below the stolen memory of the devices
 * on the command line, and put the memory itself in place
 * @machine: a PC machine that is being initialized
 * @low_ram_size: bytes of RAM the machine would put below 4 GiB, if it had
 *      that many
 *
 * With no such device nothing happens.
 *
 * Returns: the new size of low RAM, at most @low_ram_size.
 */
uint64_t stolen_memory_low_ram(MachineState *machine, uint64_t low_ram_size);

/**
 * stolen_memory_exclude_from_crs: keep the OS from placing a BAR on stolen
 * memory, and complain about each BAR that firmware has put there
 * @used: (element-type CrsRangeEntry) ranges below 4 GiB that the host
 *      bridge's _CRS must not contain; the regions are added
 * @pci_hole: what _CRS is cut out of
 */
void stolen_memory_exclude_from_crs(GPtrArray *used, Range *pci_hole);

/**
 * stolen_memory_append_aml: name the regions by a motherboard resource device
 * @dsdt: the table; a PNP0C02 device is appended under \_SB if there is any
 *      region
 */
void stolen_memory_append_aml(Aml *dsdt);

/**
 * stolen_memory_tseg: the memory that SMM may take, at most
 * @base: first byte
 * @limit: last byte; below @base if there is none
 */
void stolen_memory_tseg(uint64_t *base, uint64_t *limit);

/**
 * stolen_memory_check_ecam: complain if firmware puts MMCONFIG on a region
 * @base: first byte of MMCONFIG
 * @size: bytes
 *
 * The region wins; the message says what is lost and what helps.
 */
void stolen_memory_check_ecam(uint64_t base, uint64_t size);

#endif
