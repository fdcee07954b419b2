/*
 * Stolen memory of assigned IGDs on the PC machines: reset and migration
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: clears the memory when the machine is reset, after every device has
 * stopped its DMA and before a CPU runs, and carries in a migration stream
 * what the memory itself does not: where the region is, the policy, and
 * whether it is kept mapped.
 *
 * Cleared means written, never discarded: a device whose DMA mappings pin the
 * old pages would go on with the old contents. Tested by
 * tests/qtest/stolen-memory-reset-test.c and rmrr-migrate-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "intel_iommu_rmrr.h"
#include "stolen_memory_internal.h"
#include "trace/trace-hw_igd_rmrr.h"

/* Reset */

#define TYPE_STOLEN_MEMORY_RESET "stolen-memory-reset"

OBJECT_DECLARE_SIMPLE_TYPE(StolenMemoryReset, STOLEN_MEMORY_RESET)

struct StolenMemoryReset {
    Object parent_obj;
    ResettableState reset_state;
    bool past_first;    /* the first one finds what was never written */
};

#define CLEAR_PIECE (64 * KiB)

OBJECT_DEFINE_SIMPLE_TYPE_WITH_INTERFACES(StolenMemoryReset,
                                          stolen_memory_reset,
                                          STOLEN_MEMORY_RESET, OBJECT,
                                          { TYPE_RESETTABLE_INTERFACE }, { })

/*
 * Through the address space, so that whoever follows writes (migration, a
 * translated block of code) hears of these.
 */
static void stolen_memory_clear(StolenMemory *sm)
{
    static const uint8_t zero[CLEAR_PIECE];
    hwaddr addr;

    for (addr = sm->region.base; addr < sm->region.limit;
         addr += CLEAR_PIECE) {
        address_space_write(&address_space_memory, addr,
                            MEMTXATTRS_UNSPECIFIED, zero, CLEAR_PIECE);
    }
    trace_stolen_memory_clear(sm->region.base, sm->region.limit);
}

static ResettableState *stolen_memory_reset_get_state(Object *obj)
{
    return &STOLEN_MEMORY_RESET(obj)->reset_state;
}

static void stolen_memory_reset_exit(Object *obj, ResetType type)
{
    StolenMemoryReset *r = STOLEN_MEMORY_RESET(obj);
    GPtrArray *all = stolen_memory_all();
    unsigned i;

    /* Memory keeps its contents while a machine sleeps. */
    if (type == RESET_TYPE_WAKEUP) {
        return;
    }
    for (i = 0; r->past_first && i < all->len; i++) {
        StolenMemory *sm = g_ptr_array_index(all, i);

        if (sm->pdev && !rmrr_provider_keeps_contents(sm->pdev)) {
            stolen_memory_clear(sm);
        }
    }
    r->past_first = true;
}

static void stolen_memory_reset_init(Object *obj)
{
}

static void stolen_memory_reset_finalize(Object *obj)
{
}

static void stolen_memory_reset_class_init(ObjectClass *klass, void *data)
{
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    rc->get_state = stolen_memory_reset_get_state;
    rc->phases.exit = stolen_memory_reset_exit;
}

void stolen_memory_reset_register(void)
{
    qemu_register_resettable(object_new(TYPE_STOLEN_MEMORY_RESET));
}

/* Migration */

static int stolen_memory_pre_save(void *opaque)
{
    StolenMemory *sm = opaque;
    VTDRmrrMapping *m = vtd_rmrr_mapping(&sm->mr);
    RMRRKept kept = { };
    bool mapped = false;

    sm->state = (StolenMemoryState) {
        .base = sm->region.base,
        .limit = sm->region.limit,
        .dsm_base = sm->region.dsm_base,
        .policy = m ? vtd_rmrr_iommu()->rmrr_policy : RMRR_POLICY__MAX,
    };
    if (m) {
        vtd_rmrr_save(m, &mapped, &kept);
    }
    sm->state.mapped = mapped;
    sm->state.kept = kept.valid;
    sm->state.kept_root = kept.domain.root;
    sm->state.kept_id = kept.domain.id;
    return 0;
}

static int stolen_memory_post_load(void *opaque, int version_id)
{
    StolenMemory *sm = opaque;
    StolenMemoryState *in = &sm->state;
    VTDRmrrMapping *m = vtd_rmrr_mapping(&sm->mr);
    uint8_t policy = m ? vtd_rmrr_iommu()->rmrr_policy : RMRR_POLICY__MAX;
    RMRRKept kept = {
        .valid = in->kept,
        .domain = { .root = in->kept_root, .id = in->kept_id },
    };

    if (!stolen_region_is(&sm->region, in->base, in->limit) ||
        in->dsm_base != sm->region.dsm_base) {
        error_report("%s: the stream has stolen memory 0x%" PRIx64 "-0x%"
                     PRIx64 " (BDSM 0x%" PRIx64 "), and here it is 0x%" PRIx64
                     "-0x%" PRIx64 " (BDSM 0x%" PRIx64 "); start the "
                     "destination with the source's device options",
                     sm->pdev->name, in->base, in->limit, in->dsm_base,
                     sm->region.base, sm->region.limit, sm->region.dsm_base);
        return -EINVAL;
    }
    if (in->policy != policy) {
        error_report("%s: the stream has rmrr-policy=%s, and here it is %s; "
                     "start the destination with the source's intel-iommu "
                     "options", sm->pdev->name,
                     in->policy < RMRR_POLICY__MAX ?
                     rmrr_policy_name(in->policy) : "none",
                     m ? rmrr_policy_name(policy) : "none");
        return -EINVAL;
    }
    if (m) {
        vtd_rmrr_load(m, in->mapped, &kept);
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
        VMSTATE_UINT64(state.base, StolenMemory),
        VMSTATE_UINT64(state.limit, StolenMemory),
        VMSTATE_UINT64(state.dsm_base, StolenMemory),
        VMSTATE_UINT8(state.policy, StolenMemory),
        VMSTATE_BOOL(state.mapped, StolenMemory),
        VMSTATE_BOOL(state.kept, StolenMemory),
        VMSTATE_UINT64(state.kept_root, StolenMemory),
        VMSTATE_UINT16(state.kept_id, StolenMemory),
        VMSTATE_END_OF_LIST()
    },
};

void stolen_memory_register_state(StolenMemory *sm)
{
    vmstate_register(VMSTATE_IF(sm->pdev), 0, &vmstate_stolen_memory, sm);
}

void stolen_memory_unregister_state(StolenMemory *sm)
{
    vmstate_unregister(VMSTATE_IF(sm->pdev), &vmstate_stolen_memory, sm);
}
