/*
 * What a guest's VT-d driver does, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Root, context and paging tables in guest memory, the global command
 * register, and invalidation by queue or by register. In scalable mode each
 * device has a PASID directory of its own with PASID 0 in it, which is that of
 * its requests without PASID. Nothing is done behind the caller's back:
 * changing a table invalidates nothing.
 */

#ifndef TESTS_QTEST_VTD_TABLES_H
#define TESTS_QTEST_VTD_TABLES_H

#include "libqtest.h"

#define VTD_PAGE_4K 0x1000ull
#define VTD_PAGE_2M 0x200000ull
#define VTD_PAGE_1G 0x40000000ull
#define VTD_TABLE_512G 0x8000000000ull

#define VTD_READ 1
#define VTD_WRITE 2
#define VTD_RW (VTD_READ | VTD_WRITE)

/**
 * VTDMode: how the guest translates
 * @VTD_LEGACY: root and context entries of 128 bits
 * @VTD_SECOND_STAGE, @VTD_FIRST_STAGE: scalable mode, with that stage's
 *      tables; invalidation is by queue only
 */
typedef enum VTDMode {
    VTD_LEGACY,
    VTD_SECOND_STAGE,
    VTD_FIRST_STAGE,
} VTDMode;

/**
 * VTDGuest: the driver's state
 * @qts: the machine
 * @next, @limit: guest memory for tables, handed out page by page
 * @root: the root table
 * @queue, @tail: the invalidation queue, one page, and its next free slot
 * @queued: whether the queue is on; if not, invalidations go by register
 */
typedef struct VTDGuest {
    QTestState *qts;
    uint64_t next;
    uint64_t limit;
    uint64_t root;
    uint64_t queue;
    unsigned int tail;
    bool queued;
    VTDMode mode;
} VTDGuest;

/**
 * VTDDomain: an address space of the guest's making
 * @id: domain id
 * @levels: 3 (39 bits) or 4 (48 bits)
 * @root: its top table
 */
typedef struct VTDDomain {
    uint16_t id;
    unsigned int levels;
    uint64_t root;
} VTDDomain;

/**
 * vtd_guest_new: take guest memory [@base, @limit] for tables, and make an
 * empty root table; to be freed with g_free()
 * vtd_guest_alloc: a zeroed page of it
 */
VTDGuest *vtd_guest_new(QTestState *qts, VTDMode mode, uint64_t base,
                        uint64_t limit);
uint64_t vtd_guest_alloc(VTDGuest *g);

/**
 * vtd_guest_enable: program the root table, switch the queue on if @queued,
 * and translation on, also right after a machine reset; the others are its
 * steps
 */
void vtd_guest_enable(VTDGuest *g, bool queued);
void vtd_guest_set_root(VTDGuest *g, uint64_t root);
void vtd_guest_set_queue(VTDGuest *g, bool on);
void vtd_guest_set_translation(VTDGuest *g, bool on);

/**
 * vtd_guest_try_submit: put a descriptor into the queue; one that is refused is
 * replaced by one that is not, so that the queue goes on
 */
bool vtd_guest_try_submit(VTDGuest *g, uint64_t lo, uint64_t hi);

/* With first-stage tables only 4 @levels */
VTDDomain vtd_domain_new(VTDGuest *g, uint16_t id, unsigned int levels);

/**
 * vtd_context_set: give a device a domain; in scalable mode its PASID 0, which
 * is that of requests without one
 * @sid: bus << 8 | device << 3 | function
 * @d: the domain; NULL for pass-through
 */
void vtd_context_set(VTDGuest *g, uint16_t sid, const VTDDomain *d);
void vtd_context_clear(VTDGuest *g, uint16_t sid);

/* Scalable mode only */

/* PASID granular translation type, bits 8:6 of a PASID entry */
#define VTD_PGTT_FIRST_STAGE 1
#define VTD_PGTT_SECOND_STAGE 2
#define VTD_PGTT_NESTED 3
#define VTD_PGTT_PASS_THROUGH 4

/*
 * Where a device's context entry, its PASID directory's first entry and the
 * PASID entry are; what is missing is made
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

/**
 * vtd_map_page: write one leaf entry, making the tables above it
 * @size: VTD_PAGE_4K, _2M or _1G; @iova and @gpa are aligned to it
 * @perm: VTD_READ, VTD_WRITE or both; first-stage tables cannot have
 *      VTD_WRITE alone
 *
 * An entry that is there already is overwritten, a table included.
 */
void vtd_map_page(VTDGuest *g, const VTDDomain *d, uint64_t iova, uint64_t gpa,
                  uint64_t size, unsigned int perm);

/**
 * vtd_map_range: map [@iova, @iova + @size - 1] to @gpa, read-write, in
 * 4 KiB pages
 */
void vtd_map_range(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                   uint64_t gpa, uint64_t size);

/**
 * vtd_clear_entry: clear the entry for @iova in the table whose entries cover
 * @size each, VTD_TABLE_512G at most, whether it is a leaf or points to another
 * table
 * vtd_entry_at: where that entry is; 0 if there is no such table
 */
void vtd_clear_entry(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                     uint64_t size);
uint64_t vtd_entry_at(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                      uint64_t size);

/* Context cache */
void vtd_inv_context_global(VTDGuest *g);
void vtd_inv_context_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_context_device(VTDGuest *g, uint16_t sid);

/*
 * IOTLB; with first-stage tables that of PASID 0, except for the global one.
 * @order: log2 of the number of 4 KiB pages, at most 18
 */
void vtd_inv_iotlb_global(VTDGuest *g);
void vtd_inv_iotlb_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_iotlb_page(VTDGuest *g, uint16_t domain, uint64_t iova,
                        unsigned int order);

/* PASID cache: all of it, a domain's part, PASID 0 in a domain */
void vtd_inv_pasid_global(VTDGuest *g);
void vtd_inv_pasid_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_pasid_one(VTDGuest *g, uint16_t domain);

/* PASID-based IOTLB of PASID 0: all of it, or 2^@order pages */
void vtd_inv_piotlb_domain(VTDGuest *g, uint16_t domain);
void vtd_inv_piotlb_page(VTDGuest *g, uint16_t domain, uint64_t iova,
                         unsigned int order);

/**
 * vtd_inv_iotlb_each: @pages invalidations of one page each, from @iova on;
 * only in legacy mode, and with the queue
 */
void vtd_inv_iotlb_each(VTDGuest *g, uint16_t domain, uint64_t iova,
                        unsigned int pages);

/**
 * vtd_inv_device_iotlb: a device-IOTLB descriptor; needs the queue
 * @size: a power of two, at least 4 KiB, @iova aligned to it; 0 for all of
 *      the address space
 */
void vtd_inv_device_iotlb(VTDGuest *g, uint16_t sid, uint64_t iova,
                          uint64_t size);

/* Read and clear the fault record; false if there is none */
bool vtd_take_fault(VTDGuest *g, uint16_t *sid, uint64_t *iova);

#endif
