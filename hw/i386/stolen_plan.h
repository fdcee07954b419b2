/*
 * Where an IGD's stolen memory can be in a PC's guest physical memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: takes numbers, returns numbers and an enum. The machine's glue
 * (stolen_memory.c) and the igd-stolen tool call it.
 */

#ifndef HW_I386_STOLEN_PLAN_H
#define HW_I386_STOLEN_PLAN_H

#include "hw/pci/stolen_region.h"

/* PC firmware and q35: MMCONFIG as SeaBIOS (all) and OVMF (to 2023) set it. */
#define STOLEN_SEABIOS_ECAM_BASE 0xb0000000ULL
#define STOLEN_SEABIOS_ECAM_LIMIT 0xbfffffffULL

typedef enum StolenMachine {
    STOLEN_MACHINE_Q35,
    STOLEN_MACHINE_I440FX,
} StolenMachine;

/**
 * StolenFirmware: what is known of the guest's firmware
 * @STOLEN_FIRMWARE_SEABIOS: honours reserved E820 entries inside low RAM, and
 *      puts MMCONFIG at b0000000 on q35
 * @STOLEN_FIRMWARE_OTHER: takes low RAM as one piece (OVMF does); where it
 *      puts MMCONFIG is not known before it runs
 */
typedef enum StolenFirmware {
    STOLEN_FIRMWARE_SEABIOS,
    STOLEN_FIRMWARE_OTHER,
} StolenFirmware;

/**
 * StolenLayout: a machine's memory below 4 GiB
 * @machine: which chipset
 * @firmware: which firmware
 * @low_ram_size: RAM is [0, @low_ram_size - 1] below 4 GiB
 * @tseg_max: bytes at the top of low RAM that SMM may take, at most
 */
typedef struct StolenLayout {
    StolenMachine machine;
    StolenFirmware firmware;
    uint64_t low_ram_size;
    uint64_t tseg_max;
} StolenLayout;

/**
 * StolenPlanStatus: whether a region can be there
 * @STOLEN_PLAN_UNALIGNED: base, dsm_base or limit + 1 is not a multiple of
 *      STOLEN_ALIGN
 * @STOLEN_PLAN_EMPTY: limit below base, or dsm_base outside [base, limit]
 * @STOLEN_PLAN_ABOVE_4G: some of it is at or above 4 GiB
 * @STOLEN_PLAN_TOO_LOW: base below STOLEN_MIN_BASE
 * @STOLEN_PLAN_CONFLICT: overlaps StolenPlan.conflict, which cannot move
 * @STOLEN_PLAN_NEEDS_CAP: overlaps RAM that the firmware takes as one piece:
 *      low RAM has to end at base, which only max-ram-below-4g can do now
 */
typedef enum StolenPlanStatus {
    STOLEN_PLAN_OK,
    STOLEN_PLAN_UNALIGNED,
    STOLEN_PLAN_EMPTY,
    STOLEN_PLAN_ABOVE_4G,
    STOLEN_PLAN_TOO_LOW,
    STOLEN_PLAN_CONFLICT,
    STOLEN_PLAN_NEEDS_CAP,
} StolenPlanStatus;

/* Something that is in the way; @name is a noun phrase for messages */
typedef struct StolenRange {
    const char *name;
    uint64_t base;
    uint64_t limit;
} StolenRange;

/* @conflict: with STOLEN_PLAN_CONFLICT */
typedef struct StolenPlan {
    StolenPlanStatus status;
    StolenRange conflict;
} StolenPlan;

/**
 * stolen_plan_low_ram: end low RAM at the lowest base of the regions that
 * overlap it
 * @low_ram_size: where it would end otherwise
 *
 * A region that could not be placed anyway does not count: it must not cost
 * the guest its memory layout.
 */
uint64_t stolen_plan_low_ram(uint64_t low_ram_size,
                             const StolenRegion *regions,
                             unsigned nr_regions);

/* Whether a region can be there, once low RAM ends where it ends */
StolenPlan stolen_plan_place(const StolenLayout *layout,
                             const StolenRegion *region);

#endif
