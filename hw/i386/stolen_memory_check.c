/*
 * Stolen memory of assigned IGDs on the PC machines: what is refused
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: describes the machine to stolen_plan.c and turns its answer into an
 * Error that names the device, the region, what is in the way, and the option
 * that helps.
 *
 * Tested by tests/qtest/stolen-memory-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/block/flash.h"
#include "hw/i386/pc.h"
#include "hw/pci-host/q35.h"
#include "system/xen.h"
#include "intel_iommu_rmrr.h"
#include "stolen_memory_internal.h"
#include "stolen_plan.h"

static StolenFirmware stolen_memory_firmware(PCMachineState *pcms)
{
    const char *bios = MACHINE(pcms)->firmware;
    g_autofree char *name = bios ? g_path_get_basename(bios) : NULL;

    if (pcms->flash[0] && pflash_cfi01_get_blk(pcms->flash[0])) {
        return STOLEN_FIRMWARE_OTHER;
    }
    return !name || g_str_has_prefix(name, "bios") ? STOLEN_FIRMWARE_SEABIOS
                                                   : STOLEN_FIRMWARE_OTHER;
}

static uint64_t stolen_memory_tseg_max(void)
{
    Object *mch = object_resolve_path_type("", TYPE_MCH_PCI_DEVICE, NULL);
    uint64_t extended;

    if (!mch) {
        return 0;
    }
    extended = object_property_get_uint(mch, "extended-tseg-mbytes",
                                        &error_abort) * MiB;
    return MAX(extended, 8 * MiB);
}

void stolen_memory_tseg(uint64_t *base, uint64_t *limit)
{
    uint64_t low_ram_size =
        X86_MACHINE(qdev_get_machine())->below_4g_mem_size;

    *base = low_ram_size - MIN(stolen_memory_tseg_max(), low_ram_size);
    *limit = low_ram_size - 1;
}

static void stolen_memory_refuse(PCIDevice *pdev, const StolenRegion *region,
                                 const StolenPlan *plan, Error **errp)
{
    g_autofree char *what =
        g_strdup_printf("%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64,
                        pdev->name, region->base, region->limit);

    switch (plan->status) {
    case STOLEN_PLAN_OK:
        g_assert_not_reached();
    case STOLEN_PLAN_UNALIGNED:
        error_setg(errp, "%s is not in whole MiB: its base, BDSM (0x%" PRIx64
                   ") and end have to be multiples of 0x%llx", what,
                   region->dsm_base, STOLEN_ALIGN);
        break;
    case STOLEN_PLAN_EMPTY:
        error_setg(errp, "%s is empty, or BDSM (0x%" PRIx64 ") is outside it",
                   what, region->dsm_base);
        break;
    case STOLEN_PLAN_ABOVE_4G:
        error_setg(errp, "%s does not end below 4 GiB (limit 0x%llx)", what,
                   STOLEN_4G_LIMIT);
        break;
    case STOLEN_PLAN_TOO_LOW:
        error_setg(errp, "%s begins below 0x%llx, which the firmware needs",
                   what, STOLEN_MIN_BASE);
        break;
    case STOLEN_PLAN_CONFLICT:
        error_setg(errp, "%s overlaps %s at 0x%" PRIx64 "-0x%" PRIx64, what,
                   plan->conflict.name, plan->conflict.base,
                   plan->conflict.limit);
        break;
    case STOLEN_PLAN_NEEDS_CAP:
        error_setg(errp, "%s is inside guest RAM, which this firmware uses as "
                   "one piece; set max-ram-below-4g=0x%" PRIx64 " (-machine)",
                   what, region->base);
        break;
    }
    if (plan->status == STOLEN_PLAN_CONFLICT &&
        plan->conflict.base == STOLEN_SEABIOS_ECAM_BASE) {
        error_append_hint(errp, "Use OVMF from 2024 on (if=pflash), which "
                          "puts MMCONFIG at 0xe0000000. vfio-pci can "
                          "do with x-igd-stolen=firmware instead.\n");
    }
}

static bool stolen_memory_check_machine(PCIDevice *pdev, PCMachineState **pcms,
                                        Error **errp)
{
    Object *machine = qdev_get_machine();

    *pcms = (PCMachineState *)object_dynamic_cast(machine, TYPE_PC_MACHINE);
    if (!*pcms || !(*pcms)->pcibus || xen_enabled()) {
        error_setg(errp, "%s: machine type %s cannot place stolen memory; "
                   "use q35 or pc, or x-igd-stolen=off", pdev->name,
                   object_get_typename(machine));
        return false;
    }
    if (DEVICE(pdev)->hotplugged) {
        error_setg(errp, "%s: a device with stolen memory cannot be "
                   "hot-plugged: E820 and the RMRR are fixed at boot; give it "
                   "on the command line, or set x-igd-stolen=off", pdev->name);
        return false;
    }
    return true;
}

bool stolen_memory_check(PCIDevice *pdev, const StolenRegion *region,
                         Error **errp)
{
    ERRP_GUARD();
    PCMachineState *pcms;
    StolenMemory *other = stolen_memory_overlapping(region, true);
    uint64_t tseg_max = stolen_memory_tseg_max();
    StolenLayout layout;
    StolenPlan plan;

    if (!stolen_memory_check_machine(pdev, &pcms, errp)) {
        return false;
    }

    layout = (StolenLayout) {
        .machine = tseg_max ? STOLEN_MACHINE_Q35 : STOLEN_MACHINE_I440FX,
        .firmware = stolen_memory_firmware(pcms),
        .low_ram_size = X86_MACHINE(pcms)->below_4g_mem_size,
        .tseg_max = tseg_max,
    };
    plan = stolen_plan_place(&layout, region);
    if (plan.status != STOLEN_PLAN_OK) {
        stolen_memory_refuse(pdev, region, &plan, errp);
        return false;
    }

    if (other) {
        error_setg(errp, "%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64
                   " overlaps that of %s at 0x%" PRIx64 "-0x%" PRIx64,
                   pdev->name, region->base, region->limit, other->pdev->name,
                   other->region.base, other->region.limit);
        return false;
    }

    return vtd_rmrr_check(pdev, region, errp);
}
