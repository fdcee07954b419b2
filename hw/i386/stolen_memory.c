/*
 * Stolen memory of assigned IGDs on the PC machines
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: PCMachineState.stolen_memory is the one list of regions. Each has a RAM
 * MemoryRegion, above RAM, the PCI hole and MMCONFIG in priority, so that
 * inside RAM, partly inside and outside are one case. stolen_plan.c says where
 * a region can be; here that becomes an Error which names the device, the
 * region, the obstacle and the option that helps.
 *
 * Memory for the regions that the early scan knows of is in place before any
 * device realizes: a vfio container that attaches later maps it together with
 * the rest of guest RAM, and a failure is an Error of that device. A region
 * that no device has claimed when the machine is complete goes away again.
 *
 * Tested by tests/qtest/stolen-memory-*-test.c and rmrr-migrate-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/madvise.h"
#include "qemu/units.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/i386/pc.h"
#include "hw/nvram/fw_cfg.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci-host/q35.h"
#include "migration/blocker.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "system/system.h"
#include "system/xen.h"
#include "e820_memory_layout.h"
#include "stolen_memory.h"
#include "stolen_plan.h"
#include "trace/trace-hw_igd_rmrr.h"

/* RAM is 0, the PCI hole -1, MMCONFIG 0, SMRAM and PAM 1. */
#define STOLEN_PRIORITY 2

#define STOLEN_FW_CFG_BASE "etc/igd-stolen-base"

/* The list */

#define TYPE_STOLEN_MEMORY_LIST "stolen-memory-list"
OBJECT_DECLARE_SIMPLE_TYPE(StolenMemoryList, STOLEN_MEMORY_LIST)

/*
 * @done: the machine is complete; one for all, as it outlives each of them
 * @past_first: the first reset finds what was never written
 */
struct StolenMemoryList {
    Object parent_obj;
    GSList *all;
    ResettableState reset_state;
    Notifier done;
    bool past_first;
};

GSList *stolen_memory_all(void)
{
    Object *pcms = object_dynamic_cast(qdev_get_machine(), TYPE_PC_MACHINE);
    StolenMemoryList *list = pcms ? PC_MACHINE(pcms)->stolen_memory : NULL;

    return list ? list->all : NULL;
}

/* One that belongs to a device, or one that does not */
static StolenMemory *stolen_memory_overlapping(const StolenRegion *region,
                                               bool claimed)
{
    for (GSList *l = stolen_memory_all(); l; l = l->next) {
        StolenMemory *sm = l->data;

        if (!!sm->pdev == claimed &&
            stolen_region_overlaps(&sm->region, region->base, region->limit)) {
            return sm;
        }
    }
    return NULL;
}

/* Refusals */

/* A device as messages name it: its id, if given one, type and address */
static char *stolen_memory_name(PCIDevice *pdev)
{
    const char *id = DEVICE(pdev)->id;
    g_autofree char *path = qdev_get_dev_path(DEVICE(pdev));

    return id ? g_strdup_printf("%s (%s at %s)", id, pdev->name, path)
              : g_strdup_printf("%s at %s", pdev->name, path);
}

/* SeaBIOS is in the ROM that -bios sets, not in flash, and names itself. */
static StolenFirmware stolen_memory_firmware(PCMachineState *pcms)
{
    static const char name[] = "SeaBIOS";
    uint64_t size = memory_region_size(&X86_MACHINE(pcms)->bios);
    const void *rom = rom_ptr((uint32_t)-size, size);

    return rom && memmem(rom, size, name, strlen(name)) ?
           STOLEN_FIRMWARE_SEABIOS : STOLEN_FIRMWARE_OTHER;
}

static StolenLayout stolen_memory_layout(PCMachineState *pcms)
{
    Object *mch = OBJECT(pci_find_device(pcms->pcibus, 0, 0));
    StolenLayout layout = {
        .machine = STOLEN_MACHINE_I440FX,
        .firmware = stolen_memory_firmware(pcms),
        .low_ram_size = X86_MACHINE(pcms)->below_4g_mem_size,
    };

    if (object_dynamic_cast(mch, TYPE_MCH_PCI_DEVICE)) {
        layout.machine = STOLEN_MACHINE_Q35;
        layout.tseg_max = MAX(MCH_PCI_DEVICE(mch)->ext_tseg_mbytes, 8) * MiB;
    }
    return layout;
}

/* The option that helps where a region cannot be, but could be at @base */
static char *stolen_memory_remedy(PCIDevice *pdev, const StolenRegion *region,
                                  uint64_t base)
{
    RMRRProviderClass *rrc = RMRR_PROVIDER_GET_CLASS(pdev);
    uint64_t dsm_base = base + (region->dsm_base - region->base);

    return rrc->place_option ?
           g_strdup_printf("set %s=0x%" PRIx64, rrc->place_option, dsm_base) :
           g_strdup_printf("set %s", rrc->off_option);
}

/* @layout: NULL if @with is another device's region */
static void stolen_memory_refuse_conflict(PCIDevice *pdev,
                                          const StolenLayout *layout,
                                          const StolenRegion *region,
                                          const StolenRange *with,
                                          Error **errp)
{
    ERRP_GUARD();
    uint64_t size = stolen_region_size(region);
    uint64_t above = with->limit + 1;
    g_autofree char *remedy =
        layout && above == layout->low_ram_size ?
        g_strdup_printf("set max-ram-below-4g=0x%" PRIx64 " (-machine)",
                        region->base) :
        stolen_memory_remedy(pdev, region,
                             !layout && above + size <= STOLEN_CHIPSET_BASE ?
                             above : with->base - size);

    error_setg(errp, "overlaps %s at 0x%" PRIx64 "-0x%" PRIx64 "; %s",
               with->name, with->base, with->limit, remedy);
    if (with->base == STOLEN_SEABIOS_ECAM_BASE) {
        error_append_hint(errp, "OVMF from 2024 on (if=pflash) puts MMCONFIG "
                          "at 0xe0000000, so the region can stay.\n");
    }
}

static void stolen_memory_refuse(PCIDevice *pdev, const StolenLayout *layout,
                                 const StolenRegion *region,
                                 const StolenPlan *plan, Error **errp)
{
    bool low = plan->status == STOLEN_PLAN_TOO_LOW;
    g_autofree char *remedy =
        stolen_memory_remedy(pdev, region, low ? STOLEN_MIN_BASE :
                             STOLEN_CHIPSET_BASE - stolen_region_size(region));

    switch (plan->status) {
    case STOLEN_PLAN_TOO_LOW:
        error_setg(errp, "begins below 0x%llx, which the firmware needs; %s",
                   STOLEN_MIN_BASE, remedy);
        break;
    case STOLEN_PLAN_CONFLICT:
        stolen_memory_refuse_conflict(pdev, layout, region, &plan->conflict,
                                      errp);
        break;
    case STOLEN_PLAN_NEEDS_CAP:
        error_setg(errp, "is inside guest RAM, which this firmware uses as "
                   "one piece; set max-ram-below-4g=0x%" PRIx64 " (-machine)",
                   region->base);
        break;
    default:
        error_setg(errp, "with BDSM 0x%" PRIx64 " is empty, not in whole MiB "
                   "(0x%llx), or not below 4 GiB (limit 0x%llx); %s",
                   region->dsm_base, STOLEN_ALIGN, STOLEN_4G_LIMIT, remedy);
        break;
    }
}

/* An error goes on behind the region's addresses. */
static bool stolen_memory_check_region(PCIDevice *pdev,
                                       const StolenRegion *region,
                                       Error **errp)
{
    PCMachineState *pcms = PC_MACHINE(qdev_get_machine());
    StolenMemory *other = stolen_memory_overlapping(region, true);
    StolenLayout layout = stolen_memory_layout(pcms);
    StolenPlan plan = stolen_plan_place(&layout, region);
    const char *problem;

    if (plan.status != STOLEN_PLAN_OK) {
        stolen_memory_refuse(pdev, &layout, region, &plan, errp);
        return false;
    }
    if (other && other->pdev != pdev) {
        g_autofree char *name = stolen_memory_name(other->pdev);
        g_autofree char *that = g_strconcat("that of ", name, NULL);
        const StolenRange range = { that, other->region.base,
                                    other->region.limit };

        stolen_memory_refuse_conflict(pdev, NULL, region, &range, errp);
        return false;
    }
    problem = pcms->iommu ? vtd_rmrr_problem(vtd_rmrr_iommu(), pdev, region)
                          : NULL;
    if (problem) {
        error_setg(errp, "cannot be an RMRR: it %s", problem);
    }
    return !problem;
}

static bool stolen_memory_maps_iova(PCIDevice *pdev)
{
    RMRRProviderClass *rrc = RMRR_PROVIDER_GET_CLASS(pdev);

    return rrc->maps_iova && rrc->maps_iova(RMRR_PROVIDER(pdev));
}

/* VFIO's mappings follow the guest's tables, if the IOMMU is right for that. */
static const char *stolen_memory_shadow_problem(const IntelIOMMUState *s)
{
    return s->flts ?
           "a device that shadows IOMMU mappings and has stolen memory needs "
           "second-stage translation; set intel-iommu,x-flts=off" :
           !s->caching_mode ?
           "a device that shadows IOMMU mappings needs "
           "intel-iommu,caching-mode=on" :
           s->snoop_control ?
           "a device that shadows IOMMU mappings cannot have snoop control; "
           "set intel-iommu,snoop-control=off" : NULL;
}

static bool stolen_memory_check_machine(PCIDevice *pdev, Error **errp)
{
    const char *off = RMRR_PROVIDER_GET_CLASS(pdev)->off_option ?: "";
    const char *or_set = *off ? ", or set " : "";
    Object *machine = qdev_get_machine();
    PCMachineState *pcms =
        (PCMachineState *)object_dynamic_cast(machine, TYPE_PC_MACHINE);
    IntelIOMMUState *s = vtd_rmrr_iommu();
    const char *problem;

    if (!pcms || !pcms->pcibus || xen_enabled()) {
        error_setg(errp, "machine type %s cannot place stolen memory; use "
                   "-machine q35 or -machine pc%s%s",
                   object_get_typename(machine), or_set, off);
        return false;
    }
    if (DEVICE(pdev)->hotplugged) {
        error_setg(errp, "a device with stolen memory cannot be hot-plugged: "
                   "E820 and the RMRR are fixed at boot; give it on the "
                   "command line%s%s", or_set, off);
        return false;
    }
    if (!pcms->iommu) {
        return true;
    }
    if (!s) {
        error_setg(errp, "%s cannot report reserved memory; use -device "
                   "intel-iommu%s%s", object_get_typename(OBJECT(pcms->iommu)),
                   or_set, off);
        return false;
    }
    if (!vtd_rmrr_find_as(pdev)) {
        error_setg(errp, "an RMRR needs the device behind the intel-iommu, but "
                   "its root bus bypasses it; set default-bus-bypass-iommu=off "
                   "(-machine) or bypass_iommu=off (of the expander bridge)");
        return false;
    }
    problem = stolen_memory_shadow_problem(s);
    if (problem && stolen_memory_maps_iova(pdev)) {
        error_setg(errp, "%s", problem);
        return false;
    }
    return true;
}

/* Changes nothing */
static bool stolen_memory_check(PCIDevice *pdev, const StolenRegion *region,
                                Error **errp)
{
    ERRP_GUARD();
    g_autofree char *name = stolen_memory_name(pdev);

    if (!stolen_memory_check_machine(pdev, errp)) {
        error_prepend(errp, "%s: ", name);
        return false;
    }
    if (!stolen_memory_check_region(pdev, region, errp)) {
        error_prepend(errp, "%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64 " ",
                      name, region->base, region->limit);
        return false;
    }
    return true;
}

/* Reset */

/*
 * Through the address space, so that whoever follows writes (migration, a
 * translated block of code) hears of these. Written, never discarded: a device
 * whose DMA mappings pin the old pages would go on with the old contents.
 */
static void stolen_memory_clear(StolenMemory *sm)
{
    address_space_set(&address_space_memory, sm->region.base, 0,
                      stolen_region_size(&sm->region), MEMTXATTRS_UNSPECIFIED);
    trace_stolen_memory_clear(sm->region.base, sm->region.limit);
}

static ResettableState *stolen_memory_list_reset_state(Object *obj)
{
    return &STOLEN_MEMORY_LIST(obj)->reset_state;
}

/* Every device has stopped its DMA by now, and a CPU does not run yet. */
static void stolen_memory_list_reset_exit(Object *obj, ResetType type)
{
    StolenMemoryList *list = STOLEN_MEMORY_LIST(obj);

    /* Memory keeps its contents while a machine sleeps. */
    if (type == RESET_TYPE_WAKEUP) {
        return;
    }
    for (GSList *l = list->past_first ? list->all : NULL; l; l = l->next) {
        StolenMemory *sm = l->data;
        RMRRProviderClass *rrc = RMRR_PROVIDER_GET_CLASS(sm->pdev);

        if (!rrc->keeps_contents ||
            !rrc->keeps_contents(RMRR_PROVIDER(sm->pdev))) {
            stolen_memory_clear(sm);
        }
    }
    list->past_first = true;
}

static void stolen_memory_list_class_init(ObjectClass *klass, ClassData *data)
{
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    rc->get_state = stolen_memory_list_reset_state;
    rc->phases.exit = stolen_memory_list_reset_exit;
}

/* Migration */

/* In the stream; beside the values of RmrrPolicy, which thus have to stay */
#define STOLEN_POLICY_NONE 0xff

static uint8_t stolen_memory_policy(const StolenMemory *sm)
{
    return sm->mapping ? vtd_rmrr_iommu()->rmrr_policy : STOLEN_POLICY_NONE;
}

static int stolen_memory_pre_save(void *opaque)
{
    StolenMemory *sm = opaque;

    sm->sent = sm->region;
    sm->policy = stolen_memory_policy(sm);
    sm->mapped = sm->mapping && rmrr_reason_mapped(sm->mapping->reason);
    sm->kept = sm->mapping ? sm->mapping->kept : (RMRRKept) { };
    return 0;
}

static int stolen_memory_post_load(void *opaque, int version_id)
{
    StolenMemory *sm = opaque;
    const StolenRegion *here = &sm->region;
    uint8_t policy = stolen_memory_policy(sm);

    if (policy != sm->policy || memcmp(&sm->sent, here, sizeof(*here))) {
        error_report("%s: BDSM 0x%" PRIx64 ", rmrr-policy %u; in the stream 0x%"
                     PRIx64 ", %u (255 is no intel-iommu). Use the source's "
                     "options.",
                     memory_region_name(&sm->mr), here->dsm_base, policy,
                     sm->sent.dsm_base, sm->policy);
        return -EINVAL;
    }
    if (sm->mapping) {
        vtd_rmrr_load(sm->mapping, sm->mapped, &sm->kept);
    }
    return 0;
}

static const VMStateDescription vmstate_stolen_memory = {
    .name = "stolen-memory",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = stolen_memory_pre_save,
    .post_load = stolen_memory_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(sent.base, StolenMemory),
        VMSTATE_UINT64(sent.limit, StolenMemory),
        VMSTATE_UINT64(sent.dsm_base, StolenMemory),
        VMSTATE_UINT8(policy, StolenMemory),
        VMSTATE_BOOL(mapped, StolenMemory),
        VMSTATE_BOOL(kept.valid, StolenMemory),
        VMSTATE_UINT64(kept.domain.root, StolenMemory),
        VMSTATE_UINT16(kept.domain.id, StolenMemory),
        VMSTATE_END_OF_LIST()
    },
};

/* Memory */

/* Its last user is gone, and @mr with it. */
static void stolen_memory_finalize(Object *obj)
{
    StolenMemory *sm = STOLEN_MEMORY(obj);

    if (sm->memory) {
        munmap(sm->memory, stolen_region_size(&sm->region));
    }
}

static const TypeInfo stolen_memory_types[] = {
    {
        .name = TYPE_STOLEN_MEMORY,
        .parent = TYPE_OBJECT,
        .instance_size = sizeof(StolenMemory),
        .instance_finalize = stolen_memory_finalize,
    }, {
        .name = TYPE_STOLEN_MEMORY_LIST,
        .parent = TYPE_OBJECT,
        .instance_size = sizeof(StolenMemoryList),
        .class_init = stolen_memory_list_class_init,
        .interfaces = (InterfaceInfo[]) {
            { TYPE_RESETTABLE_INTERFACE },
            { }
        },
    },
};

DEFINE_TYPES(stolen_memory_types)

/*
 * Take a region out of the guest's address space. Its memory goes with its
 * last user: a DMA in flight, a view of memory, a picture on a screen.
 */
static void stolen_memory_remove(StolenMemory *sm)
{
    StolenMemoryList *list = PC_MACHINE(qdev_get_machine())->stolen_memory;

    if (!sm->memory) {
        /* Its name may be wanted again before that. */
        vmstate_unregister_ram(&sm->mr, NULL);
    }
    migrate_del_blocker(&sm->blocker);
    memory_region_del_subregion(get_system_memory(), &sm->mr);
    list->all = g_slist_remove(list->all, sm);
    object_unref(sm);
}

static void stolen_memory_complete(void *opaque, void *unused)
{
    StolenMemory *sm = opaque;

    if (!sm->pdev) {
        trace_stolen_memory_unclaimed(sm->region.base, sm->region.limit);
        stolen_memory_remove(sm);
        return;
    }
    if (sm->mapping) {
        return;
    }
    /* The IOMMU may have come after the device. */
    stolen_memory_check(sm->pdev, &sm->region, &error_fatal);
    sm->mapping = vtd_rmrr_map(sm->pdev, &sm->region, &sm->mr);
    if (sm->mapping && stolen_memory_maps_iova(sm->pdev)) {
        char *name = stolen_memory_name(sm->pdev);

        error_report("%s: -device intel-iommu has to come before this "
                     "device. QEMU makes the devices given as key=value "
                     "first, in their order, then those given as JSON, "
                     "as libvirt gives its own: put -device intel-iommu "
                     "first; with libvirt, give the IGD as <hostdev> and "
                     "not on <qemu:commandline>", name);
        g_free(name);
        exit(EXIT_FAILURE);
    }
}

static void stolen_memory_machine_done(Notifier *notifier, void *unused)
{
    g_slist_foreach(container_of(notifier, StolenMemoryList, done)->all,
                    stolen_memory_complete, NULL);
}

/* @memory, if there is any, is taken over */
static StolenMemory *stolen_memory_create(const StolenRegion *region,
                                          void *memory, Error **errp)
{
    ERRP_GUARD();
    PCMachineState *pcms = PC_MACHINE(qdev_get_machine());
    StolenMemoryList *list = pcms->stolen_memory;
    uint64_t size = stolen_region_size(region);
    StolenMemory *sm = STOLEN_MEMORY(object_new(TYPE_STOLEN_MEMORY));
    g_autofree char *name = g_strdup_printf("igd-stolen@%" PRIx64,
                                            region->base);
    Error *map_err = NULL;

    sm->region = *region;
    sm->memory = memory;
    if (memory) {
        memory_region_init_ram_ptr(&sm->mr, OBJECT(sm), name, size, memory);
    } else if (memory_region_init_ram_flags_nomigrate(&sm->mr, OBJECT(sm), name,
                                                      size, 0, errp)) {
        /* Without a device, so that the block's name is @name alone */
        vmstate_register_ram(&sm->mr, NULL);
    } else {
        object_unref(sm);
        return NULL;
    }
    /* What was on a screen does not belong in a core dump. */
    qemu_madvise(memory_region_get_ram_ptr(&sm->mr), size,
                 QEMU_MADV_DONTDUMP);

    if (!list) {
        list = STOLEN_MEMORY_LIST(object_new(TYPE_STOLEN_MEMORY_LIST));
        pcms->stolen_memory = list;
        qemu_register_resettable(OBJECT(list));
        list->done.notify = stolen_memory_machine_done;
        qemu_add_machine_init_done_notifier(&list->done);
    }
    list->all = g_slist_append(list->all, sm);
    sm->mr.map_errp = &map_err;
    memory_region_add_subregion_overlap(get_system_memory(), region->base,
                                        &sm->mr, STOLEN_PRIORITY);
    sm->mr.map_errp = NULL;
    if (!map_err) {
        return sm;
    }
    error_propagate(errp, map_err);
    error_prepend(errp, "stolen memory 0x%" PRIx64 "-0x%" PRIx64 " (0x%" PRIx64
                  " bytes more to lock): ", region->base, region->limit, size);
    error_append_hint(errp, "Raise the limit on locked memory "
                      "(ulimit -l, or libvirt's <hard_limit>).\n");
    stolen_memory_remove(sm);
    return NULL;
}

uint64_t stolen_memory_low_ram(MachineState *machine, uint64_t low_ram_size)
{
    g_autoptr(GArray) hints = g_steal_pointer(&machine->rmrr_hints);
    StolenLayout layout = { .firmware = STOLEN_FIRMWARE_OTHER };
    unsigned i;

    if (!hints) {
        return low_ram_size;
    }

    layout.low_ram_size = stolen_plan_low_ram(MIN(low_ram_size,
                                                  machine->ram_size),
                                              (StolenRegion *)hints->data,
                                              hints->len);
    memory_region_transaction_begin();
    for (i = 0; i < hints->len; i++) {
        StolenRegion *region = &g_array_index(hints, StolenRegion, i);
        StolenPlan plan = stolen_plan_place(&layout, region);

        trace_stolen_memory_early(region->base, region->limit, plan.status,
                                  layout.low_ram_size);
        if (plan.status == STOLEN_PLAN_OK &&
            !stolen_memory_overlapping(region, false)) {
            /* Should it fail, the device will say why it fails. */
            stolen_memory_create(region, NULL, NULL);
        }
    }
    memory_region_transaction_commit();

    return layout.low_ram_size;
}

/* Plug */

static void stolen_memory_publish_base(PCIDevice *pdev,
                                       const StolenRegion *region)
{
    FWCfgState *fw_cfg = fw_cfg_find();
    uint64_t *base;

    /* Firmware that knows of stolen memory looks at 00:02.0 only. */
    if (!fw_cfg || pdev->devfn != PCI_DEVFN(2, 0) ||
        !pci_bus_is_root(pci_get_bus(pdev)) ||
        pci_bus_num(pci_get_bus(pdev))) {
        return;
    }

    base = g_new(uint64_t, 1);
    *base = cpu_to_le64(region->dsm_base);
    fw_cfg_add_file(fw_cfg, STOLEN_FW_CFG_BASE, base, sizeof(*base));
}

/*
 * Take the memory that is in place, unless it is not where it has to be, or
 * the device brings its own. None of it is another device's any more.
 */
static StolenMemory *stolen_memory_claim(PCIDevice *pdev,
                                         const StolenRegion *region,
                                         void *memory, Error **errp)
{
    StolenMemory *sm;

    while ((sm = stolen_memory_overlapping(region, false))) {
        bool same = stolen_region_is(&sm->region, region->base,
                                     region->limit);

        if (same && !memory) {
            return sm;
        }
        if (!same) {
            g_autofree char *name = stolen_memory_name(pdev);

            warn_report("%s: stolen memory was expected at 0x%" PRIx64 "-0x%"
                        PRIx64 ", but the device says 0x%" PRIx64 "-0x%"
                        PRIx64, name, sm->region.base, sm->region.limit,
                        region->base, region->limit);
        }
        stolen_memory_remove(sm);
    }
    return stolen_memory_create(region, memory, errp);
}

bool rmrr_provider_plug(PCIDevice *pdev, const StolenRegion *region,
                        void *memory, Error **errp)
{
    StolenMemory *sm;

    if (!stolen_memory_check(pdev, region, errp)) {
        if (memory) {
            munmap(memory, stolen_region_size(region));
        }
        return false;
    }

    sm = stolen_memory_claim(pdev, region, memory, errp);
    if (!sm) {
        return false;
    }
    if (memory) {
        g_autofree char *name = stolen_memory_name(pdev);

        error_setg(&sm->blocker, "%s: stolen memory 0x%" PRIx64 "-0x%" PRIx64
                   " is the device's own, which cannot be migrated or saved; "
                   "unplug the device first", name, region->base,
                   region->limit);
        if (migrate_add_blocker(&sm->blocker, errp) < 0) {
            stolen_memory_remove(sm);
            return false;
        }
    }

    sm->pdev = pdev;
    sm->region.dsm_base = region->dsm_base;
    sm->mapping = vtd_rmrr_map(pdev, &sm->region, &sm->mr);
    e820_add_entry(region->base, stolen_region_size(region), E820_RESERVED);
    stolen_memory_publish_base(pdev, region);
    vmstate_register(VMSTATE_IF(pdev), 0, &vmstate_stolen_memory, sm);
    trace_stolen_memory_plug(pdev->name, region->base, region->limit,
                             region->dsm_base);
    return true;
}

void rmrr_provider_unplug(PCIDevice *pdev)
{
    for (GSList *l = stolen_memory_all(); l; l = l->next) {
        StolenMemory *sm = l->data;

        if (sm->pdev == pdev) {
            trace_stolen_memory_unplug(pdev->name, sm->region.base,
                                       sm->region.limit);
            vmstate_unregister(VMSTATE_IF(pdev), &vmstate_stolen_memory, sm);
            vtd_rmrr_unmap(sm->mapping);
            stolen_memory_remove(sm);
            return;
        }
    }
}
