/*
 * What a guest's VT-d driver does, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * VT-d specification (revision 4.1) 6.5 (invalidation), 9 (structures) and 11
 * (registers). Register offsets and fields are those of the emulator's own
 * header; the structures are written out here, independently of it.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "vtd-tables.h"
#include "hw/i386/intel_iommu_internal.h"

#define ENTRY_PRESENT 1ull
#define ENTRY_ADDR 0x0000fffffffff000ull
#define LEAF_LARGE (1ull << 7)
#define CONTEXT_TT_UNTRANSLATED (0ull << 2)
#define CONTEXT_TT_PASS_THROUGH (2ull << 2)
#define CONTEXT_DID_SHIFT 8
#define FIRST_STAGE_USER (1ull << 2)
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

static uint32_t vtd_readl(VTDGuest *g, unsigned int reg)
{
    return qtest_readl(g->qts, Q35_HOST_BRIDGE_IOMMU_ADDR + reg);
}

static uint64_t vtd_readq(VTDGuest *g, unsigned int reg)
{
    return qtest_readq(g->qts, Q35_HOST_BRIDGE_IOMMU_ADDR + reg);
}

static void vtd_writel(VTDGuest *g, unsigned int reg, uint32_t value)
{
    qtest_writel(g->qts, Q35_HOST_BRIDGE_IOMMU_ADDR + reg, value);
}

static void vtd_writeq(VTDGuest *g, unsigned int reg, uint64_t value)
{
    qtest_writeq(g->qts, Q35_HOST_BRIDGE_IOMMU_ADDR + reg, value);
}

uint64_t vtd_guest_alloc(VTDGuest *g)
{
    uint64_t page = g->next;

    g_assert_cmphex(page + VTD_PAGE_4K - 1, <=, g->limit);
    g->next += VTD_PAGE_4K;
    qtest_memset(g->qts, page, 0, VTD_PAGE_4K);
    return page;
}

VTDGuest *vtd_guest_new(QTestState *qts, VTDMode mode, uint64_t base,
                        uint64_t limit)
{
    VTDGuest *g = g_new0(VTDGuest, 1);

    *g = (VTDGuest) {
        .qts = qts, .mode = mode, .next = base, .limit = limit,
    };
    g->root = vtd_guest_alloc(g);
    g->queue = vtd_guest_alloc(g);
    return g;
}

/* Global command register */

/* One-shot commands must not repeat; the switches must keep their state */
static uint32_t vtd_switches(VTDGuest *g)
{
    return vtd_readl(g, DMAR_GSTS_REG) &
           (VTD_GSTS_TES | VTD_GSTS_QIES | VTD_GSTS_IRES);
}

static void vtd_switch(VTDGuest *g, uint32_t bit, bool on)
{
    uint32_t value = vtd_switches(g) & ~bit;

    vtd_writel(g, DMAR_GCMD_REG, on ? value | bit : value);
    g_assert_cmphex(vtd_readl(g, DMAR_GSTS_REG) & bit, ==, on ? bit : 0);
}

void vtd_guest_set_root(VTDGuest *g, uint64_t root)
{
    g->root = root;
    vtd_writeq(g, DMAR_RTADDR_REG,
               root | (g->mode == VTD_LEGACY ? 0 : VTD_RTADDR_SMT));
    vtd_writel(g, DMAR_GCMD_REG, vtd_switches(g) | VTD_GCMD_SRTP);
    g_assert_cmphex(vtd_readl(g, DMAR_GSTS_REG) & VTD_GSTS_RTPS, ==,
                    VTD_GSTS_RTPS);
}

void vtd_guest_set_translation(VTDGuest *g, bool on)
{
    vtd_switch(g, VTD_GCMD_TE, on);
}

#define LEGACY_SLOT_SHIFT 4

/* Of a slot's size, and of the head and tail registers */
static unsigned int vtd_slot_shift(VTDGuest *g)
{
    return g->mode == VTD_LEGACY ? LEGACY_SLOT_SHIFT : 5;
}

bool vtd_guest_try_submit(VTDGuest *g, uint64_t lo, uint64_t hi)
{
    unsigned int shift = vtd_slot_shift(g);
    uint64_t slot = g->queue + ((uint64_t)g->tail << shift);
    bool accepted;

    g_assert_true(g->queued);
    qtest_writeq(g->qts, slot, lo);
    qtest_writeq(g->qts, slot + 8, hi);
    g->tail = (g->tail + 1) % (VTD_PAGE_4K >> shift);
    vtd_writeq(g, DMAR_IQT_REG, (uint64_t)g->tail << shift);
    accepted = !(vtd_readl(g, DMAR_FSTS_REG) & VTD_FSTS_IQE);
    if (!accepted) {
        qtest_writeq(g->qts, slot, VTD_INV_DESC_WAIT | VTD_INV_DESC_WAIT_IF);
        qtest_writeq(g->qts, slot + 8, 0);
        vtd_writel(g, DMAR_FSTS_REG, VTD_FSTS_IQE);
        vtd_writeq(g, DMAR_IQT_REG, (uint64_t)g->tail << shift);
    }
    g_assert_cmphex(vtd_readq(g, DMAR_IQH_REG), ==,
                    (uint64_t)g->tail << shift);
    return accepted;
}

static void vtd_guest_submit(VTDGuest *g, uint64_t lo, uint64_t hi)
{
    g_assert_true(vtd_guest_try_submit(g, lo, hi));
}

void vtd_guest_set_queue(VTDGuest *g, bool on)
{
    if (on) {
        g->tail = 0;
        vtd_writeq(g, DMAR_IQT_REG, 0);
        vtd_writeq(g, DMAR_IQA_REG, g->queue |
                   (g->mode == VTD_LEGACY ? 0 : VTD_IQA_DW_MASK));
    } else {
        /* The queue may stop only behind a wait descriptor */
        vtd_guest_submit(g, VTD_INV_DESC_WAIT | VTD_INV_DESC_WAIT_IF, 0);
        vtd_writel(g, DMAR_ICS_REG, VTD_ICS_IWC);
    }
    vtd_switch(g, VTD_GCMD_QIE, on);
    g->queued = on;
}

void vtd_guest_enable(VTDGuest *g, bool queued)
{
    g->queued = false;
    vtd_guest_set_root(g, g->root);
    if (queued) {
        vtd_guest_set_queue(g, true);
    }
    vtd_guest_set_translation(g, true);
}

/* Root and context tables */

VTDDomain vtd_domain_new(VTDGuest *g, uint16_t id, unsigned int levels)
{
    VTDDomain d = { .id = id, .levels = levels };

    g_assert_cmpuint(levels, >=, g->mode == VTD_FIRST_STAGE ? 4 : 3);
    g_assert_cmpuint(levels, <=, 4);
    d.root = vtd_guest_alloc(g);
    return d;
}

/* The page that @entry points to, made if it is not there */
static uint64_t vtd_next_table(VTDGuest *g, uint64_t entry)
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

    return vtd_next_table(g, root + (devfn & CONTEXT_UPPER ? 8 : 0)) +
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
    return vtd_next_table(g, vtd_pasid_directory(g, sid));
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

static uint64_t vtd_context_entry(VTDGuest *g, uint16_t sid)
{
    return g->mode != VTD_LEGACY ? vtd_scalable_context(g, sid) :
           vtd_next_table(g, g->root + (sid >> 8) * 16) + (sid & 0xff) * 16;
}

/* The entry is valid before its present bit says so */
void vtd_context_set(VTDGuest *g, uint16_t sid, const VTDDomain *d)
{
    uint64_t address_width = (d ? d->levels : 4) - 2;
    uint64_t entry = vtd_context_entry(g, sid);
    uint64_t lo = ENTRY_PRESENT;

    if (g->mode == VTD_LEGACY) {
        lo |= d ? d->root | CONTEXT_TT_UNTRANSLATED : CONTEXT_TT_PASS_THROUGH;
        qtest_writeq(g->qts, entry + 8, address_width |
                     (uint64_t)(d ? d->id : 0xff) << CONTEXT_DID_SHIFT);
    } else {
        vtd_pasid_set(g, sid, d);
        lo |= vtd_pasid_directory(g, sid);
    }
    qtest_writeq(g->qts, entry, lo);
}

/* In scalable mode it keeps its pointer */
void vtd_context_clear(VTDGuest *g, uint16_t sid)
{
    uint64_t entry = vtd_context_entry(g, sid);

    if (g->mode == VTD_LEGACY) {
        qtest_memset(g->qts, entry, 0, 16);
    } else {
        qtest_writeq(g->qts, entry,
                     qtest_readq(g->qts, entry) & ~ENTRY_PRESENT);
    }
}

/* Paging tables. VTD_READ is also P, and VTD_WRITE R/W, of the first stage */
static uint64_t vtd_entry_bits(VTDGuest *g)
{
    return g->mode == VTD_FIRST_STAGE ? FIRST_STAGE_USER : 0;
}

static unsigned int vtd_level_shift(unsigned int level)
{
    return 12 + 9 * (level - 1);
}

static unsigned int vtd_level_of(uint64_t size)
{
    return size == VTD_PAGE_4K ? 1 : size == VTD_PAGE_2M ? 2 :
           size == VTD_PAGE_1G ? 3 : 4;
}

/*
 * Where the entry for @iova is at @level; 0 if a table above is missing and
 * @make is false, or if a large page is in the way
 */
static uint64_t vtd_entry(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                          unsigned int level, bool make)
{
    uint64_t table = d->root;

    for (unsigned int at = d->levels; ; at--) {
        uint64_t entry = table +
            ((iova >> vtd_level_shift(at)) & 0x1ff) * 8;
        uint64_t value;

        if (at == level) {
            return entry;
        }
        value = qtest_readq(g->qts, entry);
        if (!(value & VTD_RW)) {
            if (!make) {
                return 0;
            }
            value = vtd_guest_alloc(g) | VTD_RW | vtd_entry_bits(g);
            qtest_writeq(g->qts, entry, value);
        } else if (value & LEAF_LARGE) {
            return 0;
        }
        table = value & ENTRY_ADDR;
    }
}

void vtd_map_page(VTDGuest *g, const VTDDomain *d, uint64_t iova, uint64_t gpa,
                  uint64_t size, unsigned int perm)
{
    unsigned int level = vtd_level_of(size);
    uint64_t entry = vtd_entry(g, d, iova, level, true);

    g_assert_cmphex(entry, !=, 0);
    g_assert_cmphex((iova | gpa) & (size - 1), ==, 0);
    qtest_writeq(g->qts, entry, gpa | perm | vtd_entry_bits(g) |
                 (level > 1 ? LEAF_LARGE : 0));
}

void vtd_map_range(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                   uint64_t gpa, uint64_t size)
{
    uint64_t end = iova + size;

    while (iova < end) {
        uint64_t entry = vtd_entry(g, d, iova, 1, true);
        uint64_t first = (iova / VTD_PAGE_4K) % 512;
        uint64_t count = MIN(512 - first, (end - iova) / VTD_PAGE_4K);
        uint64_t entries[512];

        g_assert_cmphex(entry, !=, 0);
        for (uint64_t i = 0; i < count; i++) {
            entries[i] = cpu_to_le64((gpa + i * VTD_PAGE_4K) | VTD_RW |
                                     vtd_entry_bits(g));
        }
        qtest_memwrite(g->qts, entry, entries, count * 8);
        iova += count * VTD_PAGE_4K;
        gpa += count * VTD_PAGE_4K;
    }
}

uint64_t vtd_entry_at(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                      uint64_t size)
{
    return vtd_entry(g, d, iova, vtd_level_of(size), false);
}

void vtd_clear_entry(VTDGuest *g, const VTDDomain *d, uint64_t iova,
                     uint64_t size)
{
    uint64_t entry = vtd_entry_at(g, d, iova, size);

    if (entry) {
        qtest_writeq(g->qts, entry, 0);
    }
}

/* Invalidation: by a descriptor, or by what goes into a register */

static void vtd_inv_context(VTDGuest *g, uint64_t desc, uint64_t ccmd)
{
    if (g->queued) {
        vtd_guest_submit(g, VTD_INV_DESC_CC | desc, 0);
    } else {
        vtd_writeq(g, DMAR_CCMD_REG, ccmd | VTD_CCMD_ICC);
        g_assert_cmphex(vtd_readq(g, DMAR_CCMD_REG) & VTD_CCMD_ICC, ==, 0);
    }
}

void vtd_inv_context_global(VTDGuest *g)
{
    vtd_inv_context(g, VTD_INV_DESC_CC_GLOBAL, VTD_CCMD_GLOBAL_INVL);
}

void vtd_inv_context_domain(VTDGuest *g, uint16_t domain)
{
    vtd_inv_context(g, VTD_INV_DESC_CC_DOMAIN | (uint64_t)domain << 16,
                    VTD_CCMD_DOMAIN_INVL | domain);
}

void vtd_inv_context_device(VTDGuest *g, uint16_t sid)
{
    vtd_inv_context(g, VTD_INV_DESC_CC_DEVICE | (uint64_t)sid << 32,
                    VTD_CCMD_DEVICE_INVL | (uint64_t)sid << 16);
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

static void vtd_inv_iotlb(VTDGuest *g, uint64_t desc, uint64_t reg,
                          uint64_t address)
{
    if (g->queued) {
        vtd_guest_submit(g, VTD_INV_DESC_IOTLB | desc, address);
    } else {
        vtd_writeq(g, DMAR_IVA_REG, address);
        vtd_writeq(g, DMAR_IOTLB_REG, reg | VTD_TLB_IVT);
        g_assert_cmphex(vtd_readq(g, DMAR_IOTLB_REG) & VTD_TLB_IVT, ==, 0);
    }
}

void vtd_inv_iotlb_global(VTDGuest *g)
{
    vtd_inv_iotlb(g, VTD_INV_DESC_IOTLB_GLOBAL, VTD_TLB_GLOBAL_FLUSH, 0);
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

void vtd_inv_iotlb_domain(VTDGuest *g, uint16_t domain)
{
    if (g->mode == VTD_FIRST_STAGE) {
        vtd_inv_piotlb_domain(g, domain);
        return;
    }
    vtd_inv_iotlb(g, VTD_INV_DESC_IOTLB_DOMAIN | (uint64_t)domain << 16,
                  VTD_TLB_DSI_FLUSH | (uint64_t)domain << 32, 0);
}

void vtd_inv_iotlb_page(VTDGuest *g, uint16_t domain, uint64_t iova,
                        unsigned int order)
{
    if (g->mode == VTD_FIRST_STAGE) {
        vtd_inv_piotlb_page(g, domain, iova, order);
        return;
    }
    vtd_inv_iotlb(g, VTD_INV_DESC_IOTLB_PAGE | (uint64_t)domain << 16,
                  VTD_TLB_PSI_FLUSH | (uint64_t)domain << 32,
                  (iova & ~(VTD_PAGE_4K - 1)) | order);
}

void vtd_inv_iotlb_each(VTDGuest *g, uint16_t domain, uint64_t iova,
                        unsigned int pages)
{
    const uint64_t desc = VTD_INV_DESC_IOTLB | VTD_INV_DESC_IOTLB_PAGE |
                          (uint64_t)domain << 16;
    const unsigned int slots = VTD_PAGE_4K >> LEGACY_SLOT_SHIFT;

    g_assert_true(g->queued && g->mode == VTD_LEGACY);
    while (pages) {
        unsigned int run = MIN(pages, MIN(slots - g->tail, slots - 1));
        g_autofree uint64_t *ring = g_new(uint64_t, 2 * run);

        for (unsigned int i = 0; i < run; i++, iova += VTD_PAGE_4K) {
            ring[2 * i] = cpu_to_le64(desc);
            ring[2 * i + 1] = cpu_to_le64(iova);
        }
        qtest_memwrite(g->qts, g->queue + (g->tail << LEGACY_SLOT_SHIFT), ring,
                       run << LEGACY_SLOT_SHIFT);
        g->tail = (g->tail + run) % slots;
        vtd_writeq(g, DMAR_IQT_REG, g->tail << LEGACY_SLOT_SHIFT);
        g_assert_cmphex(vtd_readq(g, DMAR_IQH_REG), ==,
                        g->tail << LEGACY_SLOT_SHIFT);
        pages -= run;
    }
}

void vtd_inv_device_iotlb(VTDGuest *g, uint16_t sid, uint64_t iova,
                          uint64_t size)
{
    uint64_t address = iova;

    if (size != VTD_PAGE_4K) {
        /* Ones up to the bit below the size's, then a zero; bit 0 is S */
        address |= size ? (size / 2 - 1) & ~(VTD_PAGE_4K - 1) :
                          ~(VTD_PAGE_4K - 1);
        address |= 1;
    }
    vtd_guest_submit(g, VTD_INV_DESC_DEVICE | (uint64_t)sid << 32, address);
}

/* Faults */

bool vtd_take_fault(VTDGuest *g, uint16_t *sid, uint64_t *iova)
{
    uint64_t hi = vtd_readq(g, DMAR_FRCD_REG_0_2);

    if (!(hi >> 63)) {
        return false;
    }
    *sid = hi;
    *iova = vtd_readq(g, DMAR_FRCD_REG_0_0);
    vtd_writel(g, DMAR_FRCD_REG_0_3, 1u << 31);
    vtd_writel(g, DMAR_FSTS_REG, VTD_FSTS_PFO);
    return true;
}
