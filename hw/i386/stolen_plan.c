/*
 * Where an IGD's stolen memory can be in a PC's guest physical memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: no state, no I/O. VT-d has limits of its own.
 * Tested by tests/unit/test-stolen-plan.c against real hosts' ranges.
 */

#include "qemu/osdep.h"
#include "stolen_plan.h"

static StolenPlanStatus stolen_plan_check_shape(const StolenRegion *r)
{
    if (r->limit < r->base || r->dsm_base < r->base ||
        r->dsm_base > r->limit) {
        return STOLEN_PLAN_EMPTY;
    }
    if (r->limit > STOLEN_4G_LIMIT) {
        return STOLEN_PLAN_ABOVE_4G;
    }
    if (r->base % STOLEN_ALIGN || r->dsm_base % STOLEN_ALIGN ||
        (r->limit + 1) % STOLEN_ALIGN) {
        return STOLEN_PLAN_UNALIGNED;
    }
    if (r->base < STOLEN_MIN_BASE) {
        return STOLEN_PLAN_TOO_LOW;
    }
    return STOLEN_PLAN_OK;
}

uint64_t stolen_plan_low_ram(uint64_t low_ram_size,
                             const StolenRegion *regions,
                             unsigned nr_regions)
{
    for (unsigned i = 0; i < nr_regions; i++) {
        if (stolen_plan_check_shape(&regions[i]) == STOLEN_PLAN_OK &&
            regions[i].limit < STOLEN_CHIPSET_BASE) {
            low_ram_size = MIN(low_ram_size, regions[i].base);
        }
    }
    return low_ram_size;
}

static bool stolen_plan_conflicts(const StolenRegion *r, StolenPlan *plan,
                                  const char *name, uint64_t base,
                                  uint64_t limit)
{
    if (!stolen_region_overlaps(r, base, limit)) {
        return false;
    }
    plan->status = STOLEN_PLAN_CONFLICT;
    plan->conflict = (StolenRange) { name, base, limit };
    return true;
}

StolenPlan stolen_plan_place(const StolenLayout *layout,
                             const StolenRegion *region)
{
    StolenPlan plan = { .status = stolen_plan_check_shape(region) };

    if (plan.status != STOLEN_PLAN_OK) {
        return plan;
    }

    if (stolen_plan_conflicts(region, &plan,
                              "the I/O APIC, HPET, VT-d and flash",
                              STOLEN_CHIPSET_BASE, STOLEN_4G_LIMIT)) {
        return plan;
    }
    if (layout->machine == STOLEN_MACHINE_Q35 &&
        layout->firmware == STOLEN_FIRMWARE_SEABIOS &&
        stolen_plan_conflicts(region, &plan, "SeaBIOS's MMCONFIG",
                              STOLEN_SEABIOS_ECAM_BASE,
                              STOLEN_SEABIOS_ECAM_LIMIT)) {
        return plan;
    }

    if (region->base >= layout->low_ram_size) {
        return plan;
    }
    if (layout->firmware != STOLEN_FIRMWARE_SEABIOS) {
        plan.status = STOLEN_PLAN_NEEDS_CAP;
    } else if (layout->tseg_max) {
        uint64_t tseg = MIN(layout->tseg_max, layout->low_ram_size);

        stolen_plan_conflicts(region, &plan, "SMM's TSEG at its largest",
                              layout->low_ram_size - tseg,
                              layout->low_ram_size - 1);
    }
    return plan;
}
