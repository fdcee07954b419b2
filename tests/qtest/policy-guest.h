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

/* Other memory that the guest maps at the region: TARGET for its base */
#define POLICY_TARGET RIG_HIGH

/* A page of domain A right below the region, and one inside it */
#define POLICY_NEIGHBOUR (RIG_BASE - VTD_PAGE_4K)
#define POLICY_HOLE (RIG_BASE + 5 * VTD_PAGE_4K)
#define POLICY_HOLE_TARGET (POLICY_TARGET + 5 * VTD_PAGE_4K)

/**
 * policy_guest_start_more: igd_rig_start() with that policy and two domains
 * of the guest's, and igd0 enabled; translation is off
 * policy_guest_start: the same, and switch translation on
 *
 * @a: what L1's own driver uses: four levels, with POLICY_NEIGHBOUR mapped
 * @b: what VFIO uses: three levels (four if first-stage), empty at first
 */
IGDRig *policy_guest_start_more(const char *policy, const char *iommu,
                                const char *device, const char *listener,
                                const char *more);
IGDRig *policy_guest_start(const char *policy, const char *iommu,
                           const char *listener);

/**
 * PolicyKind: a kind of machine
 * @name: for the test's path
 * @iommu, @listener: as igd_rig_start() has it, without rmrr-policy=
 */
typedef struct PolicyKind {
    const char *name;
    const char *iommu;
    const char *listener;
} PolicyKind;

/* Start such a machine, with translation on and no context */
IGDRig *policy_kind_start(const PolicyKind *kind, const char *policy);

/* Whether its listener shows what is mapped */
bool policy_kind_maps(const PolicyKind *kind);

/**
 * policy_guest_new_domains: begin anew with @t->a and @t->b
 *
 * The tables that they had stay in memory, and the context entry as it is.
 */
void policy_guest_new_domains(IGDRig *t);

/**
 * policy_guest_write_lands: let the device write a word at @iova; gives where
 * it ended up, @iova or the same place from POLICY_TARGET on; 0 if it was
 * stopped
 * policy_guest_lands: the same, where it has to end up at @want
 * policy_guest_expect: query-rmrr's reason, and where a write at POLICY_HOLE
 * ends up
 */
uint64_t policy_guest_write_lands(IGDRig *t, uint64_t iova);
void policy_guest_lands(IGDRig *t, uint64_t iova, uint64_t want);
void policy_guest_expect(IGDRig *t, const char *reason, uint64_t lands,
                         const char *where);

/**
 * policy_guest_enter: take the context entry away, flush, give it domain @d
 * (NULL for pass-through), and flush
 * policy_guest_change: write the context entry, in scalable mode the PASID
 * entry, in place, and flush the cache of these alone
 */
void policy_guest_enter(IGDRig *t, const VTDDomain *d);
void policy_guest_change(IGDRig *t, const VTDDomain *d);

/**
 * policy_guest_map_page: write the entry of one page, and flush that
 * policy_guest_unmap_page: clear it, and flush that
 */
void policy_guest_map_page(IGDRig *t, const VTDDomain *d, uint64_t iova,
                           uint64_t gpa);
void policy_guest_unmap_page(IGDRig *t, const VTDDomain *d, uint64_t iova);

/* The states. Translation is on before, and is off only after _off(). */
void policy_set_off(IGDRig *t);
void policy_set_pass_through(IGDRig *t);
void policy_set_identity(IGDRig *t);               /* in domain A */
void policy_set_hole_in_complete(IGDRig *t);       /* in domain A */
void policy_set_hole(IGDRig *t);                   /* in domain B */
void policy_set_nothing(IGDRig *t);                /* in domain B */
void policy_set_no_context(IGDRig *t);
void policy_set_foreign(IGDRig *t);                /* in domain B */

/**
 * policy_add_tables: for each kind and policy a test "@path/<name>/<policy>"
 * that brings the region into each state of the table in
 * docs/devel/design.rst, one after the other in one machine
 *
 * Checks what query-rmrr says and where the device's DMA ends up; with a
 * listener, also that nothing it was told made no sense. With caching-mode=off
 * or x-flts=on, keep has to behave as exact.
 */
void policy_add_tables(const char *path, const PolicyKind *kinds, size_t nr);

/**
 * policy_add: add a test "@path/<policy>" for each policy
 * @test: gets the policy's name
 * @nr: for how many of keep, exact and lock
 */
void policy_add(const char *path, void (*test)(const void *), unsigned nr);

#endif
