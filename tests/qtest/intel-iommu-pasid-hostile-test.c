/*
 * PASID tables as no driver writes them
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Entries of every type and width, and pointers into devices, to nothing and
 * to themselves. The emulator must live, query-rmrr must say what such an
 * entry amounts to, and looking at it must not run the device's DMA engine,
 * whose registers a pointer may well hit.
 */

#include "qemu/osdep.h"
#include "policy-guest.h"
#include "igd-rmrr-util.h"
#include "hw/i386/intel_iommu_internal.h"
#include "hw/pci/pci_regs.h"

#define BAR0 (0xe0000000ull + 2 * IGD_TESTDEV_BAR_REGS_SIZE)
#define DMA_PAGE (BAR0 + IGD_TESTDEV_DMA_BLOCK)
#define APERTURE 0xa0000000u
#define OTHER_DEVFN 0x18
#define STEPS 400

static const PolicyKind kinds[] = {
    { "second-stage", RIG_SECOND_STAGE, "map" },
    { "second-stage-emulated", RIG_SECOND_STAGE, "" },
    { "first-stage", RIG_FIRST_STAGE, "" },
    { "first-stage-unmap", RIG_FIRST_STAGE, "unmap" },
};

/* Where nobody should put a table */
static const uint64_t places[] = {
    0, BAR0, DMA_PAGE, Q35_HOST_BRIDGE_IOMMU_ADDR, 0xd0000000, 0xfee00000,
    RIG_BASE, RIG_LIMIT - 0xfff, RIG_HIGH + RIG_HIGH_SIZE, 0x7ffffffff000,
    0xfffffffff000, 0xffff000000000000, 0xfffffffffffff000,
};

/* What the device itself would notice */

static uint64_t engine(IGDRig *t)
{
    uint64_t status = qtest_readl(t->qts, BAR0 + IGD_TESTDEV_DMA_STATUS);

    return status << 32 |
           qtest_readl(t->qts, BAR0 + IGD_TESTDEV_DMA_DONE_COUNT);
}

/* Everything that makes the emulator look, and then the device */
static void look(IGDRig *t, const char *where)
{
    uint64_t before = engine(t);

    vtd_inv_pasid_global(t->g);
    vtd_inv_iotlb_global(t->g);
    vtd_inv_piotlb_domain(t->g, t->a.id);
    vtd_inv_piotlb_page(t->g, t->a.id, RIG_BASE, 9);
    vtd_inv_iotlb_domain(t->g, t->a.id);
    vtd_inv_iotlb_page(t->g, t->a.id, RIG_LIMIT, 0);
    vtd_inv_context_device(t->g, RIG_SID);
    vtd_inv_context_global(t->g);
    if (engine(t) != before) {
        g_printerr("%s: the DMA engine was touched\n", where);
    }
    g_assert_cmphex(engine(t), ==, before);
    igd_guest_fill(t, POLICY_HOLE, 4, 1);
    g_assert_cmphex(engine(t) & UINT32_MAX, ==, (before & UINT32_MAX) + 1);
}

static void check_end(IGDRig *t)
{
    vtd_guest_set_translation(t->g, false);
    igd_rig_reason(t, "translation-off", "end");
    if (t->identity) {
        g_assert_cmpuint(igd_rig_count(t, "fatal"), ==, 0);
    }
    if (t->identity && t->identity->len) {
        igd_rig_check_map(t, t->identity, "end");
    }
    igd_rig_stop(t);
}

/* Types and widths */

static const char *entry_reason(IGDRig *t, unsigned int pgtt,
                                unsigned int aw, unsigned int flpm)
{
    if (pgtt == VTD_PGTT_PASS_THROUGH) {
        return "pass-through";
    }
    if (t->g->mode == VTD_FIRST_STAGE) {
        /* Width 0 is 30 bits, in which the region's addresses are not */
        return pgtt != VTD_PGTT_FIRST_STAGE || flpm ? "no-context" :
               aw ? "identity" : "absent";
    }
    /* Domain A has four levels; read as three they map other addresses */
    return pgtt != VTD_PGTT_SECOND_STAGE || aw < 1 || aw > 2 ? "no-context" :
           aw == 2 ? "identity" : "absent";
}

static void check_entry(IGDRig *t, unsigned int pgtt, unsigned int aw,
                        unsigned int flpm)
{
    g_autofree char *where = g_strdup_printf("type %u width %u levels %u",
                                             pgtt, aw, flpm);

    /* From a good one, with nothing flushed in between */
    vtd_pasid_set(t->g, RIG_SID, &t->a);
    vtd_inv_pasid_global(t->g);
    igd_rig_reason(t, "identity", where);
    vtd_pasid_write(t->g, RIG_SID, pgtt, aw, t->a.root, flpm, t->a.id);
    vtd_inv_iotlb_global(t->g);
    vtd_inv_piotlb_page(t->g, t->a.id, RIG_BASE - VTD_PAGE_2M, 9);
    look(t, where);
    igd_rig_reason(t, entry_reason(t, pgtt, aw, flpm), where);
}

static void test_entries(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "exact");

    policy_set_identity(t);
    for (unsigned int pgtt = 0; pgtt < 8; pgtt++) {
        for (unsigned int aw = 0; aw < 8; aw++) {
            check_entry(t, pgtt, aw, 0);
        }
        for (unsigned int flpm = 1; flpm < 4; flpm++) {
            check_entry(t, pgtt, 2, flpm);
        }
    }
    check_end(t);
}

/* Pointers */

static void test_pointers(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "exact");
    unsigned int pgtt = t->g->mode == VTD_FIRST_STAGE ? VTD_PGTT_FIRST_STAGE :
                        VTD_PGTT_SECOND_STAGE;
    uint64_t pointers[] = {
        vtd_pasid_directory(t->g, RIG_SID),
        vtd_scalable_context(t->g, RIG_SID),
    };

    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        uint64_t place = places[i];
        g_autofree char *where = g_strdup_printf("0x%" PRIx64, place);

        policy_set_identity(t);
        vtd_pasid_write(t->g, RIG_SID, pgtt, 2, place, 0, t->a.id);
        look(t, where);
        igd_rig_reason(t, "absent", where);

        for (size_t p = 0; p < G_N_ELEMENTS(pointers); p++) {
            uint64_t good;

            policy_set_identity(t);
            good = qtest_readq(t->qts, pointers[p]);
            qtest_writeq(t->qts, pointers[p], place | 1);
            look(t, where);
            igd_rig_reason(t, "no-context", where);
            qtest_writeq(t->qts, pointers[p], good);
        }
    }
    check_end(t);
}

/* Bits of the pointer above the width: no walk can follow it */
static void test_beyond(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "exact");

    policy_set_identity(t);
    vtd_pasid_write(t->g, RIG_SID, t->g->mode == VTD_FIRST_STAGE ?
                    VTD_PGTT_FIRST_STAGE : VTD_PGTT_SECOND_STAGE, 2,
                    t->a.root | 1ull << 52, 0, t->a.id);
    look(t, "beyond");
    policy_guest_expect(t, "absent", 0, "beyond");
    check_end(t);
}

static void place_aperture(IGDRig *t)
{
    QPCIDevice *dev = qpci_device_find(t->bus, RIG_SID);

    qpci_config_writel(dev, PCI_BASE_ADDRESS_2, APERTURE);
    qpci_config_writel(dev, PCI_BASE_ADDRESS_3, 0);
    g_free(dev);
}

/* A table in the region is one like any other, but not through the device */
static void test_in_region(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "keep");
    g_autofree void *table = g_malloc(VTD_PAGE_4K);
    VTDDomain d = t->a;

    place_aperture(t);
    policy_set_identity(t);
    qtest_memread(t->qts, t->a.root, table, VTD_PAGE_4K);
    qtest_memwrite(t->qts, RIG_DSM_BASE, table, VTD_PAGE_4K);
    d.root = RIG_DSM_BASE;
    policy_guest_enter(t, &d);
    igd_rig_reason(t, "identity", "in the region");
    d.root = APERTURE;
    g_assert_cmphex(qtest_readq(t->qts, APERTURE), ==,
                    qtest_readq(t->qts, RIG_DSM_BASE));
    policy_guest_change(t, &d);
    igd_rig_reason(t, "absent", "in the aperture");
    look(t, "in the aperture");
    check_end(t);
}

/*
 * A table in a device's BAR: it reads by DMA, and that is translated. With two
 * devices nothing keeps the one's walk from the other's registers.
 */
static void test_aperture(const void *opaque)
{
    const PolicyKind *kind = opaque;
    g_autoptr(IGDRig) t = policy_guest_start_more(
        "exact", kind->iommu, "", kind->listener, RIG_IGD1 ",addr=03.0");
    g_autofree char *reason = NULL;
    VTDDomain in_bar = t->a;

    in_bar.root = APERTURE;
    place_aperture(t);
    igd_rig_dma_setup(t, OTHER_DEVFN);
    vtd_guest_enable(t->g, true);
    policy_set_nothing(t);
    vtd_context_set(t->g, OTHER_DEVFN, &in_bar);
    vtd_inv_context_device(t->g, OTHER_DEVFN);
    g_assert_cmphex(igd_guest_fill(t, POLICY_HOLE, 4, 1), ==,
                    IGD_TESTDEV_STATUS_WRITE_FAILED);
    reason = igd_rig_reason_of(t, "igd1");
    g_assert_cmpstr(reason, ==, "absent");
    igd_rig_reason(t, "absent", "aperture");
}

/* A table all of whose entries point to itself: little to read, all the same */
static void test_self(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "exact");
    uint64_t entries[512];
    uint64_t reads;

    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        entries[i] = t->b.root | VTD_RW | 4;
    }
    policy_set_nothing(t);
    qtest_memwrite(t->qts, t->b.root, entries, sizeof(entries));
    reads = igd_rig_counter(t, "x-table-reads");
    vtd_inv_iotlb_domain(t->g, t->b.id);
    igd_rig_reason(t, "foreign", "self");
    g_assert_cmpuint(igd_rig_counter(t, "x-table-reads"), <=, reads + 8);
    look(t, "self");
    check_end(t);
}

/* Descriptors that are refused, and the queue goes on */
static void test_descriptors(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "exact");

    policy_set_identity(t);
    for (uint64_t am = 19; am < 64; am += 11) {
        g_assert_false(vtd_guest_try_submit(t->g, VTD_INV_DESC_PIOTLB |
                                            VTD_INV_DESC_PIOTLB_PSI_IN_PASID,
                                            RIG_BASE | am));
    }
    for (uint64_t granularity = 0; granularity < 2; granularity++) {
        g_assert_false(vtd_guest_try_submit(t->g, VTD_INV_DESC_PIOTLB |
                                            granularity << 4, 0));
    }
    g_assert_false(vtd_guest_try_submit(t->g, VTD_INV_DESC_PIOTLB |
                                        VTD_INV_DESC_PIOTLB_ALL_IN_PASID |
                                        1ull << 63, 0));
    for (uint64_t bits = 0; bits < 4; bits++) {
        vtd_guest_try_submit(t->g, VTD_INV_DESC_PC | bits << 4 |
                             0xfffffull << 32, UINT64_MAX);
    }
    look(t, "descriptors");
    igd_rig_reason(t, "identity", "descriptors");
    check_end(t);
}

/* Told of without the lock that a translation takes; else this never ends */
static void test_translates(void)
{
    const PolicyKind kind = { .iommu = RIG_SECOND_STAGE,
                              .listener = "map,translate=on" };
    IGDRig *t = policy_kind_start(&kind, "exact");

    policy_set_identity(t);
    vtd_pasid_set(t->g, RIG_SID, &t->b);
    vtd_inv_pasid_global(t->g);
    vtd_pasid_set(t->g, RIG_SID, &t->a);
    vtd_inv_pasid_global(t->g);
    igd_rig_reason(t, "identity", "translates");
    check_end(t);
}

/* All of it in any order */

static void random_step(IGDRig *t)
{
    uint64_t place = places[g_test_rand_int_range(0, G_N_ELEMENTS(places))];
    uint64_t root = g_test_rand_int_range(0, 3) ? t->a.root : place;

    switch (g_test_rand_int_range(0, 9)) {
    case 0:
    case 1:
        vtd_pasid_write(t->g, RIG_SID, g_test_rand_int_range(0, 8),
                        g_test_rand_int_range(0, 8), root,
                        g_test_rand_int_range(0, 2), t->a.id);
        break;
    case 2:
        vtd_pasid_set(t->g, RIG_SID, g_test_rand_bit() ? &t->a : &t->b);
        break;
    case 3:
        vtd_inv_pasid_one(t->g, t->a.id);
        break;
    case 4:
        vtd_inv_iotlb_global(t->g);
        break;
    case 5:
        vtd_inv_piotlb_page(t->g, t->a.id, place,
                            g_test_rand_int_range(0, 19));
        break;
    case 6:
        vtd_inv_iotlb_domain(t->g, t->a.id);
        break;
    case 7:
        vtd_inv_context_device(t->g, RIG_SID);
        break;
    case 8:
        igd_guest_fill(t, RIG_BASE - 4, 8, 1);
        break;
    }
}

static void test_random(const void *opaque)
{
    IGDRig *t = policy_kind_start(opaque, "keep");

    policy_set_identity(t);
    for (int i = 0; i < STEPS; i++) {
        g_autofree char *reason = NULL;

        random_step(t);
        reason = igd_rig_reason_of(t, "igd0");
    }
    check_end(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("intel-iommu-pasid-hostile/entries", kinds, test_entries);
    TEST_ROWS("intel-iommu-pasid-hostile/pointers", kinds, test_pointers);
    TEST_ROWS("intel-iommu-pasid-hostile/beyond", kinds, test_beyond);
    TEST_ROWS("intel-iommu-pasid-hostile/aperture", kinds, test_aperture);
    TEST_ROWS("intel-iommu-pasid-hostile/in-region", kinds, test_in_region);
    TEST_ROWS("intel-iommu-pasid-hostile/descriptors", kinds,
              test_descriptors);
    TEST_ROWS("intel-iommu-pasid-hostile/random", kinds, test_random);
    qtest_add_func("intel-iommu-pasid-hostile/translates", test_translates);
    /* A listener that maps, as the first has, gets all 2^27 leaves */
    test_rows_add("intel-iommu-pasid-hostile/self", kinds + 1,
                  sizeof(kinds[0]), G_N_ELEMENTS(kinds) - 1, test_self);
    return g_test_run();
}
