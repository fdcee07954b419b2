/*
 * What a guest's VT-d driver does in scalable mode, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * VT-d specification (revision 4.1) 6.5.2 (descriptors), 9.1 to 9.6
 * (structures). Written out here, independently of the emulator's header,
 * save for the numbers of the descriptors.
 */

#include "qemu/osdep.h"
#include "vtd-scalable.h"
#include "hw/i386/intel_iommu_internal.h"

#define ENTRY_PRESENT 1ull
#define ENTRY_ADDR 0x0000fffffffff000ull
#define CONTEXT_SIZE 32
#define CONTEXT_UPPER 0x80          /* devfn from here on: the other table */
#define PASID_AW_SHIFT 2
#define PASID_PGTT_SHIFT 6
#define PASID_FLPM_SHIFT 2
#define PASS_THROUGH_DOMAIN 0xff

/* Granularity, bits 5:4, and where the domain is, in both descriptors */
#define PASID_CACHE_DOMAIN (0ull << 4)
#define PASID_CACHE_ONE (1ull << 4)
#define PASID_CACHE_GLOBAL (3ull << 4)
#define DESC_DOMAIN_SHIFT 16

void vtd_scalable_init(VTDGuest *g, VTDMode mode)
{
    g->mode = mode;
}

/* The page that @entry points to, made if it is not there */
static uint64_t vtd_scalable_page(VTDGuest *g, uint64_t entry)
{
    uint64_t value = qtest_readq(g->qts, entry);

    if (!(value & ENTRY_PRESENT)) {
        value = vtd_guest_alloc(g) | ENTRY_PRESENT;
        qtest_writeq(g->qts, entry, value);
    }
    return value & ENTRY_ADDR;
}

uint64_t vtd_scalable_context(VTDGuest *g, uint16_t sid)
{
    uint64_t root = g->root + (sid >> 8) * 16;
    uint8_t devfn = sid;

    return vtd_scalable_page(g, root + (devfn & CONTEXT_UPPER ? 8 : 0)) +
           (devfn & ~CONTEXT_UPPER) * CONTEXT_SIZE;
}

/* A context entry that is not present keeps its pointer, or has none yet */
uint64_t vtd_pasid_directory(VTDGuest *g, uint16_t sid)
{
    uint64_t context = vtd_scalable_context(g, sid);
    uint64_t value = qtest_readq(g->qts, context);

    if (!(value & ENTRY_ADDR)) {
        value = vtd_guest_alloc(g);
        qtest_writeq(g->qts, context, value);
    }
    return value & ENTRY_ADDR;
}

uint64_t vtd_pasid_entry(VTDGuest *g, uint16_t sid)
{
    return vtd_scalable_page(g, vtd_pasid_directory(g, sid));
}

void vtd_pasid_write(VTDGuest *g, uint16_t sid, unsigned int pgtt,
                     unsigned int aw, uint64_t root, unsigned int flpm,
                     uint16_t domain)
{
    uint64_t entry = vtd_pasid_entry(g, sid);

    qtest_writeq(g->qts, entry + 8, domain);
    qtest_writeq(g->qts, entry + 16, root | flpm << PASID_FLPM_SHIFT);
    qtest_writeq(g->qts, entry, root | pgtt << PASID_PGTT_SHIFT |
                 aw << PASID_AW_SHIFT | ENTRY_PRESENT);
}

void vtd_pasid_set(VTDGuest *g, uint16_t sid, const VTDDomain *d)
{
    if (!d) {
        vtd_pasid_write(g, sid, VTD_PGTT_PASS_THROUGH, 2, 0, 0,
                        PASS_THROUGH_DOMAIN);
    } else {
        vtd_pasid_write(g, sid, g->mode == VTD_FIRST_STAGE ?
                        VTD_PGTT_FIRST_STAGE : VTD_PGTT_SECOND_STAGE,
                        d->levels - 2, d->root, 0, d->id);
    }
}

void vtd_pasid_clear(VTDGuest *g, uint16_t sid)
{
    qtest_memset(g->qts, vtd_pasid_entry(g, sid), 0, VTD_PASID_ENTRY_SIZE);
}

void vtd_scalable_context_set(VTDGuest *g, uint16_t sid, const VTDDomain *d)
{
    uint64_t context = vtd_scalable_context(g, sid);

    vtd_pasid_set(g, sid, d);
    qtest_writeq(g->qts, context, vtd_pasid_directory(g, sid) | ENTRY_PRESENT);
}

void vtd_scalable_context_clear(VTDGuest *g, uint16_t sid)
{
    uint64_t context = vtd_scalable_context(g, sid);

    qtest_writeq(g->qts, context,
                 qtest_readq(g->qts, context) & ~ENTRY_PRESENT);
}

static void vtd_inv_pasid(VTDGuest *g, uint64_t granularity, uint16_t domain)
{
    vtd_guest_submit(g, VTD_INV_DESC_PC | granularity |
                     (uint64_t)domain << DESC_DOMAIN_SHIFT, 0);
}

void vtd_inv_pasid_global(VTDGuest *g)
{
    vtd_inv_pasid(g, PASID_CACHE_GLOBAL, 0);
}

void vtd_inv_pasid_domain(VTDGuest *g, uint16_t domain)
{
    vtd_inv_pasid(g, PASID_CACHE_DOMAIN, domain);
}

void vtd_inv_pasid_one(VTDGuest *g, uint16_t domain)
{
    vtd_inv_pasid(g, PASID_CACHE_ONE, domain);
}

void vtd_inv_piotlb_domain(VTDGuest *g, uint16_t domain)
{
    vtd_guest_submit(g, VTD_INV_DESC_PIOTLB |
                     VTD_INV_DESC_PIOTLB_ALL_IN_PASID |
                     (uint64_t)domain << DESC_DOMAIN_SHIFT, 0);
}

void vtd_inv_piotlb_page(VTDGuest *g, uint16_t domain, uint64_t iova,
                         unsigned int order)
{
    vtd_guest_submit(g, VTD_INV_DESC_PIOTLB |
                     VTD_INV_DESC_PIOTLB_PSI_IN_PASID |
                     (uint64_t)domain << DESC_DOMAIN_SHIFT,
                     (iova & ~(VTD_PAGE_4K - 1)) | order);
}
