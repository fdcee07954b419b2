/*
 * A guest that brings the stolen region into each state a policy knows
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_POLICY_GUEST_H
#define TESTS_QTEST_POLICY_GUEST_H

#include "igd-testdev-rig.h"

#define POLICY_DEVFN 0x10       /* igd0 */
#define POLICY_SIZE (RIG_LIMIT - RIG_BASE + 1)

/* Other memory that the guest maps at the region: TARGET for its base */
#define POLICY_TARGET RIG_HIGH

/* A page of domain A right below the region, and one inside it */
#define POLICY_NEIGHBOUR (RIG_BASE - VTD_PAGE_4K)
#define POLICY_HOLE (RIG_BASE + 5 * VTD_PAGE_4K)
#define POLICY_HOLE_TARGET (POLICY_TARGET + 5 * VTD_PAGE_4K)

/**
 * PolicyGuest: the machine, and two domains of its guest
 * @a: what L1's own driver uses: four levels, with POLICY_NEIGHBOUR mapped
 * @b: what VFIO uses: three levels (four if first-stage), empty at first
 */
typedef struct PolicyGuest {
    IGDRig *rig;
    VTDGuest *g;
    VTDDomain a, b;
    uint32_t fill;
} PolicyGuest;

/**
 * policy_guest_start: start the machine; translation is off
 * @iommu, @device, @more: as igd_rig_start() has it
 */
PolicyGuest *policy_guest_start_more(const char *iommu, const char *device,
                                     const char *more);
PolicyGuest *policy_guest_start(const char *iommu, const char *device);

void policy_guest_stop(PolicyGuest *t);

/**
 * policy_guest_new_domains: begin anew with @t->a and @t->b
 *
 * The tables that they had stay in memory, and the context entry as it is.
 */
void policy_guest_new_domains(PolicyGuest *t);

/**
 * policy_guest_write_lands: let the device write a word at @iova
 *
 * Returns: where it ended up, @iova or the same place from POLICY_TARGET on;
 * 0 if it was stopped.
 */
uint64_t policy_guest_write_lands(PolicyGuest *t, uint64_t iova);

/**
 * policy_guest_enter: take the context entry away, flush, give it domain @d
 * (NULL for pass-through), and flush
 */
void policy_guest_enter(PolicyGuest *t, const VTDDomain *d);

/**
 * policy_guest_change: write the context entry, in scalable mode the PASID
 * entry, in place, and flush the cache of these alone
 */
void policy_guest_change(PolicyGuest *t, const VTDDomain *d);

/**
 * policy_guest_unmap_page: clear one entry and flush one page
 */
void policy_guest_unmap_page(PolicyGuest *t, const VTDDomain *d,
                             uint64_t iova);

/* The states. Translation is on before, and is off only after _off(). */
void policy_set_off(PolicyGuest *t);
void policy_set_pass_through(PolicyGuest *t);
void policy_set_identity(PolicyGuest *t);               /* in domain A */
void policy_set_hole_in_complete(PolicyGuest *t);       /* in domain A */
void policy_set_nothing_in_complete(PolicyGuest *t);    /* in domain A */
void policy_set_hole(PolicyGuest *t);                   /* in domain B */
void policy_set_nothing(PolicyGuest *t);                /* in domain B */
void policy_set_no_context(PolicyGuest *t);
void policy_set_foreign(PolicyGuest *t);                /* in domain B */
void policy_set_read_only(PolicyGuest *t);              /* in domain B */

#endif
