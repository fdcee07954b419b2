/*
 * A guest that brings the stolen region into each state a policy knows
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "vtd-scalable.h"
#include "hw/display/igd-testdev-regs.h"

void policy_guest_new_domains(PolicyGuest *t)
{
    t->a = vtd_domain_new(t->g, 7, 4);
    t->b = vtd_domain_new(t->g, 8, t->g->mode == VTD_FIRST_STAGE ? 4 : 3);
    vtd_map_page(t->g, &t->a, POLICY_NEIGHBOUR, POLICY_TARGET + POLICY_SIZE,
                 VTD_PAGE_4K, VTD_RW);
}

PolicyGuest *policy_guest_start_more(const char *iommu, const char *device,
                                     const char *more)
{
    PolicyGuest *t = g_new0(PolicyGuest, 1);

    t->rig = igd_rig_start(iommu, device, more);
    t->g = &t->rig->vtd;
    t->fill = 0x5a170000;
    policy_guest_new_domains(t);
    igd_rig_dma_setup(t->rig, POLICY_DEVFN);
    return t;
}

PolicyGuest *policy_guest_start(const char *iommu, const char *device)
{
    return policy_guest_start_more(iommu, device, "");
}

void policy_guest_stop(PolicyGuest *t)
{
    igd_rig_stop(t->rig);
    g_free(t);
}

uint64_t policy_guest_write_lands(PolicyGuest *t, uint64_t iova)
{
    const uint64_t places[] = { iova, POLICY_TARGET + (iova - RIG_BASE) };
    uint32_t status;

    t->fill++;
    status = igd_rig_dma(t->rig, POLICY_DEVFN, IGD_TESTDEV_CMD_FILL, 0, iova,
                         4, t->fill);
    if (status != IGD_TESTDEV_STATUS_DONE) {
        g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_WRITE_FAILED);
        return 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (qtest_readl(t->rig->qts, places[i]) == t->fill) {
            return places[i];
        }
    }
    g_assert_not_reached();
}

void policy_guest_enter(PolicyGuest *t, const VTDDomain *d)
{
    vtd_context_clear(t->g, RIG_SID);
    vtd_inv_context_device(t->g, RIG_SID);
    vtd_context_set(t->g, RIG_SID, d);
    vtd_inv_context_device(t->g, RIG_SID);
    vtd_inv_iotlb_global(t->g);
}

void policy_guest_change(PolicyGuest *t, const VTDDomain *d)
{
    if (t->g->mode == VTD_LEGACY) {
        vtd_context_set(t->g, RIG_SID, d);
        vtd_inv_context_device(t->g, RIG_SID);
    } else {
        vtd_pasid_set(t->g, RIG_SID, d);
        vtd_inv_pasid_global(t->g);
    }
}

void policy_guest_unmap_page(PolicyGuest *t, const VTDDomain *d, uint64_t iova)
{
    vtd_clear_entry(t->g, d, iova, VTD_PAGE_4K);
    vtd_inv_iotlb_page(t->g, d->id, iova, 0);
}

/* The table's states */

void policy_set_off(PolicyGuest *t)
{
    vtd_guest_set_translation(t->g, false);
}

void policy_set_pass_through(PolicyGuest *t)
{
    policy_guest_enter(t, NULL);
}

void policy_set_identity(PolicyGuest *t)
{
    vtd_map_range(t->g, &t->a, RIG_BASE, RIG_BASE, POLICY_SIZE);
    policy_guest_enter(t, &t->a);
}

void policy_set_hole_in_complete(PolicyGuest *t)
{
    policy_set_identity(t);
    policy_guest_unmap_page(t, &t->a, POLICY_HOLE);
}

void policy_set_nothing_in_complete(PolicyGuest *t)
{
    policy_set_identity(t);
    vtd_clear_entry(t->g, &t->a, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(t->g, t->a.id);
}

void policy_set_hole(PolicyGuest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, POLICY_SIZE);
    vtd_clear_entry(t->g, &t->b, POLICY_HOLE, VTD_PAGE_4K);
    policy_guest_enter(t, &t->b);
}

void policy_set_nothing(PolicyGuest *t)
{
    policy_guest_enter(t, &t->b);
}

void policy_set_no_context(PolicyGuest *t)
{
    vtd_context_clear(t->g, RIG_SID);
    vtd_inv_context_device(t->g, RIG_SID);
}

void policy_set_foreign(PolicyGuest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, POLICY_TARGET, POLICY_SIZE);
    policy_guest_enter(t, &t->b);
}

void policy_set_read_only(PolicyGuest *t)
{
    vtd_map_range(t->g, &t->b, RIG_BASE, RIG_BASE, POLICY_SIZE);
    vtd_map_page(t->g, &t->b, POLICY_HOLE, POLICY_HOLE, VTD_PAGE_4K, VTD_READ);
    policy_guest_enter(t, &t->b);
}
