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

/* What helps where a region cannot be, but could be at @base */
static char *stolen_memory_remedy(PCIDevice *pdev, const StolenRegion *region,
                                  uint64_t base)
{
    RMRRProviderClass *rrc =
        RMRR_PROVIDER_GET_CLASS(pdev);
    uint64_t dsm_base = base + (region->dsm_base - region->base);

    return rrc->place_option ?
           g_strdup_printf("set %s=0x%" PRIx64, rrc->place_option, dsm_base) :
           g_strdup_printf("set %s", rrc->off_option);
}

static void stolen_memory_refuse_conflict(PCIDevice *pdev, const char *what,
                                          const StolenRegion *region,
                                          const StolenRange *with,
                                          Error **errp)
{
    ERRP_GUARD();
    g_autofree char *remedy =
        stolen_memory_remedy(pdev, region,
                             with->base - stolen_region_size(region));
    uint64_t tseg_base, tseg_limit;

    stolen_memory_tseg(&tseg_base, &tseg_limit);
    if (with->limit == tseg_limit) {
        g_free(remedy);
        remedy = g_strdup_printf("set max-ram-below-4g=0x%" PRIx64
                                 " (-machine)", region->base);
    }
    error_setg(errp, "%s overlaps %s at 0x%" PRIx64 "-0x%" PRIx64 "; %s", what,
               with->name, with->base, with->limit, remedy);
    if (with->base == STOLEN_SEABIOS_ECAM_BASE) {
        error_append_hint(errp, "OVMF from 2024 on (if=pflash) puts MMCONFIG "
                          "at 0xe0000000, so the region can stay.\n");
    }
}

static void stolen_memory_refuse(PCIDevice *pdev, const StolenRegion *region,
                                 const StolenPlan *plan, Error **errp)
{
    g_autofree char *what =
        g_strdup_printf("%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64,
                        rmrr_provider_name(pdev), region->base,
                        region->limit);
    bool low = plan->status == STOLEN_PLAN_TOO_LOW;
    g_autofree char *remedy =
        stolen_memory_remedy(pdev, region, low ? STOLEN_MIN_BASE :
                             STOLEN_CHIPSET_BASE - stolen_region_size(region));

    switch (plan->status) {
    case STOLEN_PLAN_OK:
        g_assert_not_reached();
    case STOLEN_PLAN_UNALIGNED:
        error_setg(errp, "%s is not in whole MiB: its base, BDSM (0x%" PRIx64
                   ") and end have to be multiples of 0x%llx; %s", what,
                   region->dsm_base, STOLEN_ALIGN, remedy);
        break;
    case STOLEN_PLAN_EMPTY:
        error_setg(errp, "%s is empty, or BDSM (0x%" PRIx64 ") is outside it; "
                   "%s", what, region->dsm_base, remedy);
        break;
    case STOLEN_PLAN_ABOVE_4G:
        error_setg(errp, "%s does not end below 4 GiB (limit 0x%llx); %s", what,
                   STOLEN_4G_LIMIT, remedy);
        break;
    case STOLEN_PLAN_TOO_LOW:
        error_setg(errp, "%s begins below 0x%llx, which the firmware needs; %s",
                   what, STOLEN_MIN_BASE, remedy);
        break;
    case STOLEN_PLAN_CONFLICT:
        stolen_memory_refuse_conflict(pdev, what, region, &plan->conflict,
                                      errp);
        break;
    case STOLEN_PLAN_NEEDS_CAP:
        error_setg(errp, "%s is inside guest RAM, which this firmware uses as "
                   "one piece; set max-ram-below-4g=0x%" PRIx64 " (-machine)",
                   what, region->base);
        break;
    }
}

static bool stolen_memory_check_machine(PCIDevice *pdev, PCMachineState **pcms,
                                        Error **errp)
{
    Object *machine = qdev_get_machine();

    *pcms = (PCMachineState *)object_dynamic_cast(machine, TYPE_PC_MACHINE);
    if (!*pcms || !(*pcms)->pcibus || xen_enabled()) {
        error_setg(errp, "%s: machine type %s cannot place stolen memory; "
                   "use -machine q35 or -machine pc%s",
                   rmrr_provider_name(pdev), object_get_typename(machine),
                   rmrr_provider_or_off(pdev));
        return false;
    }
    if (DEVICE(pdev)->hotplugged) {
        error_setg(errp, "%s: a device with stolen memory cannot be "
                   "hot-plugged: E820 and the RMRR are fixed at boot; give it "
                   "on the command line%s", rmrr_provider_name(pdev),
                   rmrr_provider_or_off(pdev));
        return false;
    }
    return true;
}

static void stolen_memory_refuse_overlap(PCIDevice *pdev,
                                         const StolenRegion *region,
                                         const StolenMemory *other,
                                         Error **errp)
{
    uint64_t size = stolen_region_size(region);
    uint64_t above = other->region.limit + 1;
    g_autofree char *remedy =
        stolen_memory_remedy(pdev, region,
                             above + size <= STOLEN_CHIPSET_BASE ?
                             above : other->region.base - size);

    error_setg(errp, "%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64 " overlaps "
               "that of %s at 0x%" PRIx64 "-0x%" PRIx64 "; %s",
               rmrr_provider_name(pdev), region->base, region->limit,
               rmrr_provider_name(other->pdev), other->region.base,
               other->region.limit, remedy);
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
        stolen_memory_refuse_overlap(pdev, region, other, errp);
        return false;
    }

    return vtd_rmrr_check(pdev, region, errp);
}
