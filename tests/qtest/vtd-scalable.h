/*
 * What a guest's VT-d driver does in scalable mode, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Context entries of 256 bits, PASID tables, and the descriptors that only
 * this mode has. Each device has a PASID directory of its own with PASID 0 in
 * it, which is that of its requests without PASID. As with vtd-tables.h,
 * changing a table invalidates nothing.
 */

#ifndef TESTS_QTEST_VTD_SCALABLE_H
#define TESTS_QTEST_VTD_SCALABLE_H

#include "vtd-tables.h"

/* PASID granular translation type, bits 8:6 of a PASID entry */
#define VTD_PGTT_FIRST_STAGE 1
#define VTD_PGTT_SECOND_STAGE 2
#define VTD_PGTT_NESTED 3
#define VTD_PGTT_PASS_THROUGH 4

/**
 * vtd_scalable_init: from here on the guest uses @mode
 *
 * After vtd_guest_init() and before anything else.
 */
void vtd_scalable_init(VTDGuest *g, VTDMode mode);

/**
 * vtd_scalable_context_set, vtd_scalable_context_clear: what
 * vtd_context_set() and vtd_context_clear() do in this mode
 *
 * The entry is valid before its present bit says so.
 */
void vtd_scalable_context_set(VTDGuest *g, uint16_t sid, const VTDDomain *d);
void vtd_scalable_context_clear(VTDGuest *g, uint16_t sid);

/**
 * vtd_scalable_context, vtd_pasid_directory, vtd_pasid_entry: where a
 * device's context entry, its PASID directory's first entry and the PASID
 * entry are
 *
 * What is missing is made.
 */
uint64_t vtd_scalable_context(VTDGuest *g, uint16_t sid);
uint64_t vtd_pasid_directory(VTDGuest *g, uint16_t sid);
uint64_t vtd_pasid_entry(VTDGuest *g, uint16_t sid);

/**
 * vtd_pasid_set, vtd_pasid_clear: write the PASID entry in place
 * @d: the domain; NULL for pass-through
 */
void vtd_pasid_set(VTDGuest *g, uint16_t sid, const VTDDomain *d);
void vtd_pasid_clear(VTDGuest *g, uint16_t sid);

/**
 * vtd_pasid_write: write a PASID entry of any kind
 * @pgtt: VTD_PGTT_x, or one of the reserved ones
 * @aw: address width: levels of the second stage, less 2
 * @root: of both stages' tables
 * @flpm: levels of the first stage, less 4
 */
void vtd_pasid_write(VTDGuest *g, uint16_t sid, unsigned int pgtt,
                     unsigned int aw, uint64_t root, unsigned int flpm,
                     uint16_t domain);

/* PASID cache: all of it, a domain's part, PASID 0 in a domain */
void vtd_inv_pasid_global(VTDGuest *g);
void vtd_inv_pasid_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_pasid_one(VTDGuest *g, uint16_t domain);

/* PASID-based IOTLB of PASID 0: all of it, or 2^@order pages */
void vtd_inv_piotlb_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_piotlb_page(VTDGuest *g, uint16_t domain, uint64_t iova,
                         unsigned int order);

#endif
