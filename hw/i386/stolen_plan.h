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

/* Stolen memory comes in units of 1 MiB (BDSM bits 31:20). */
#define STOLEN_ALIGN 0x100000ULL

/* PC firmware and q35: MMCONFIG as SeaBIOS (all) and OVMF (to 2023) set it. */
#define STOLEN_SEABIOS_ECAM_BASE 0xb0000000ULL
#define STOLEN_SEABIOS_ECAM_LIMIT 0xbfffffffULL

#define STOLEN_4G_LIMIT 0xffffffffULL

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

typedef enum StolenPlanStatus {
    STOLEN_PLAN_OK,
    /* base, dsm_base or limit + 1 is not a multiple of STOLEN_ALIGN */
    STOLEN_PLAN_UNALIGNED,
    /* limit below base, or dsm_base outside [base, limit] */
    STOLEN_PLAN_EMPTY,
    /* some of it is at or above 4 GiB */
    STOLEN_PLAN_ABOVE_4G,
    /* base below STOLEN_MIN_BASE */
    STOLEN_PLAN_TOO_LOW,
    /* overlaps StolenPlan.conflict, which cannot move */
    STOLEN_PLAN_CONFLICT,
    /*
     * overlaps RAM that the firmware takes as one piece: low RAM has to end
     * at base, which only max-ram-below-4g can do now
     */
    STOLEN_PLAN_NEEDS_CAP,
} StolenPlanStatus;

typedef enum StolenPlacement {
    STOLEN_ABOVE_LOW_RAM,   /* with a gap: in the PCI hole */
    STOLEN_AT_LOW_RAM_END,  /* as on real hardware */
    STOLEN_OVER_LOW_RAM,    /* hides the RAM behind it */
} StolenPlacement;

/**
 * StolenRange: something that is in the way
 * @name: a noun phrase for messages, static
 */
typedef struct StolenRange {
    const char *name;
    uint64_t base;
    uint64_t limit;
} StolenRange;

/**
 * StolenPlan: the result
 * @status: when not STOLEN_PLAN_OK, only @conflict is valid besides, and only
 *      with STOLEN_PLAN_CONFLICT
 * @placement: relative to low RAM
 */
typedef struct StolenPlan {
    StolenPlanStatus status;
    StolenPlacement placement;
    StolenRange conflict;
} StolenPlan;

/**
 * stolen_plan_default_low_ram: how much RAM the machine puts below 4 GiB
 * when nothing limits it
 * @machine: the chipset
 * @ram_size: all RAM of the guest in bytes
 *
 * Source: pc_q35_init(), pc_init1() (QEMU 10.0, current machine types).
 *
 * Returns: bytes, never more than @ram_size.
 */
uint64_t stolen_plan_default_low_ram(StolenMachine machine, uint64_t ram_size);

/**
 * stolen_plan_low_ram: where low RAM should end
 * @low_ram_size: where it would end otherwise
 * @regions: the regions that will be asked for
 * @nr_regions: how many
 *
 * Ends low RAM at the lowest base of the well-formed regions that overlap it.
 * A region that could not be placed anyway does not count: it must not cost
 * the guest its memory layout.
 *
 * Returns: the new size of low RAM, at most @low_ram_size.
 */
uint64_t stolen_plan_low_ram(uint64_t low_ram_size,
                             const StolenRegion *regions,
                             unsigned nr_regions);

/**
 * stolen_plan_place: whether a region can be where it wants to be
 * @layout: the memory layout, low RAM already ended where it ends
 * @region: the region
 *
 * Returns: the plan; the caller turns a status into a message.
 */
StolenPlan stolen_plan_place(const StolenLayout *layout,
                             const StolenRegion *region);

#endif
