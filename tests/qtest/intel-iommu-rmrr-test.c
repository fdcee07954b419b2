/*
 * The stolen region stays mapped, whatever the guest does to translation
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "igd-testdev-rig.h"
#include "iova-runs.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"

#define DOMAIN_ID 7
#define PATTERN 0x5a17ed00u

/* Where the tables of these tests point: 1 GiB aligned RAM */
#define TARGET RIG_HIGH

/*
 * Everything a guest can do to translation
 *
 * After each step the listener must have seen neither map nor unmap of the
 * region, and the device's DMA must work at both of its ends.
 */

typedef struct Continuity {
    IGDRig *rig;
    VTDDomain d;
    uint32_t fill;
} Continuity;

static void check_dma_at(Continuity *c, uint64_t iova, const char *where)
{
    uint32_t status;

    c->fill++;
    status = igd_rig_dma(c->rig, RIG_SID, IGD_TESTDEV_CMD_FILL, 0, iova, 4,
                         c->fill);
    if (status != IGD_TESTDEV_STATUS_DONE) {
        g_printerr("%s: DMA\n", where);
    }
    g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(c->rig->qts, iova), ==, c->fill);
}

static void step(Continuity *c, const char *where)
{
    igd_rig_check_kept(c->rig, where);
    check_dma_at(c, RIG_BASE, where);
    check_dma_at(c, RIG_LIMIT - 3, where);
}

static void steps_translation(Continuity *c)
{
    VTDGuest *g = c->rig->g;

    for (int i = 0; i < 3; i++) {
        vtd_guest_set_translation(g, false);
        step(c, "translation off");
        vtd_guest_set_translation(g, true);
        step(c, "translation on");
    }
}

static void steps_root(Continuity *c)
{
    VTDGuest *g = c->rig->g;
    uint64_t old = g->root;
    uint64_t new = vtd_guest_alloc(g);

    vtd_guest_set_root(g, new);
    step(c, "empty root table");
    vtd_inv_context_global(g);
    vtd_inv_iotlb_global(g);
    step(c, "empty root table, flushed");
    vtd_guest_set_root(g, old);
    step(c, "old root table");
    vtd_inv_context_global(g);
    vtd_inv_iotlb_global(g);
    step(c, "old root table, flushed");
}

static void steps_context(Continuity *c)
{
    VTDGuest *g = c->rig->g;
    VTDDomain empty = vtd_domain_new(g, DOMAIN_ID + 1, c->d.levels);

    vtd_context_clear(g, RIG_SID);
    vtd_inv_context_device(g, RIG_SID);
    step(c, "no context");
    vtd_context_set(g, RIG_SID, &empty);
    vtd_inv_context_domain(g, empty.id);
    step(c, "empty domain");
    vtd_context_set(g, RIG_SID, NULL);
    vtd_inv_context_device(g, RIG_SID);
    step(c, "pass-through");
    vtd_context_set(g, RIG_SID, &c->d);
    vtd_inv_context_global(g);
    step(c, "first domain");
}

static void steps_iotlb(Continuity *c)
{
    VTDGuest *g = c->rig->g;

    for (unsigned int order = 0; order <= 18; order++) {
        vtd_inv_iotlb_page(g, c->d.id, RIG_BASE, order);
        vtd_inv_iotlb_page(g, c->d.id, RIG_LIMIT, order);
        vtd_inv_iotlb_page(g, c->d.id, RIG_BASE - 1, order);
        vtd_inv_iotlb_page(g, c->d.id, RIG_LIMIT + 1, order);
    }
    step(c, "page invalidation");
    vtd_inv_iotlb_domain(g, c->d.id);
    step(c, "domain invalidation");
    vtd_inv_iotlb_global(g);
    step(c, "global invalidation");
}

static void steps_tables(Continuity *c)
{
    const uint64_t size = RIG_LIMIT - RIG_BASE + 1;
    VTDGuest *g = c->rig->g;

    vtd_clear_entry(g, &c->d, RIG_BASE, VTD_PAGE_2M);
    vtd_clear_entry(g, &c->d, RIG_LIMIT, VTD_PAGE_2M);
    vtd_inv_iotlb_domain(g, c->d.id);
    step(c, "no neighbours in the tables");
    vtd_map_range(g, &c->d, RIG_BASE, RIG_BASE, size);
    vtd_inv_iotlb_domain(g, c->d.id);
    step(c, "identity in the tables");
    vtd_map_range(g, &c->d, RIG_BASE, TARGET, size);
    vtd_inv_iotlb_domain(g, c->d.id);
    step(c, "other memory in the tables");
    vtd_clear_entry(g, &c->d, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(g, c->d.id);
    step(c, "nothing in the tables");
}

static void test_continuity(const void *opaque)
{
    const bool queued = GPOINTER_TO_INT(opaque);
    Continuity c = {
        .rig = igd_rig_start("", "", "map", ""),
        .fill = PATTERN,
    };
    VTDGuest *g = c.rig->g;

    g_assert_cmpuint(igd_rig_count(c.rig, "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_count(c.rig, "region-unmaps"), ==, 0);
    igd_rig_reset_stats(c.rig);
    c.d = vtd_domain_new(g, DOMAIN_ID, 4);
    vtd_context_set(g, RIG_SID, &c.d);

    for (int round = 0; round < 2; round++) {
        igd_rig_dma_setup(c.rig, RIG_SID);
        step(&c, "start");
        vtd_guest_enable(g, queued);
        vtd_map_page(g, &c.d, RIG_BASE & ~(VTD_PAGE_2M - 1), TARGET,
                     VTD_PAGE_2M, VTD_RW);
        vtd_map_page(g, &c.d, RIG_LIMIT & ~(VTD_PAGE_2M - 1), TARGET,
                     VTD_PAGE_2M, VTD_RW);
        vtd_inv_iotlb_global(g);
        step(&c, "enabled");
        steps_translation(&c);
        steps_root(&c);
        steps_context(&c);
        steps_iotlb(&c);
        steps_tables(&c);
        qtest_system_reset(c.rig->qts);
        igd_rig_check_kept(c.rig, "reset");
    }
    igd_rig_stop(c.rig);
}

/* VFIO's limit of mappings */

static void test_entry_limit(void)
{
    const uint64_t pages = 64, iova = 0x90000000;
    IGDRig *rig = igd_rig_start("", "", "map,limit=32", "");
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_map_range(rig->g, &d, RIG_BASE, RIG_BASE, RIG_LIMIT - RIG_BASE + 1);
    vtd_guest_enable(rig->g, true);
    igd_rig_reset_stats(rig);
    vtd_inv_iotlb_global(rig->g);
    igd_rig_check_kept(rig, "identity");
    g_assert_cmpuint(igd_rig_count(rig, "entries"), ==, 1);

    vtd_map_range(rig->g, &d, iova, TARGET, pages * VTD_PAGE_4K);
    vtd_inv_iotlb_global(rig->g);
    g_assert_cmpuint(igd_rig_count(rig, "entries"), ==, 32);
    g_assert_cmpuint(igd_rig_count(rig, "enospc"), ==, pages - 31);
    g_assert_cmpuint(igd_rig_count(rig, "region-unmaps"), ==, 0);

    vtd_guest_set_translation(rig->g, false);
    igd_rig_check_map(rig, rig->identity, "translation off");
    g_assert_cmpuint(igd_rig_count(rig, "fatal"), ==, 0);
    g_assert_cmpuint(igd_rig_count(rig, "region-unmaps"), ==, 0);
    igd_rig_stop(rig);
}

/*
 * The root pointer set while translation is on, as Xen does with the very
 * write that enables it: what the tables map beside the region comes back
 */

static void test_root_pointer(void)
{
    const uint64_t iova = 0x90000000;
    IGDRig *rig = igd_rig_start("", "", "map", "");
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);
    g_autoptr(GArray) expected = igd_rig_expect(rig);

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_map_range(rig->g, &d, RIG_BASE, RIG_BASE, RIG_LIMIT - RIG_BASE + 1);
    vtd_map_page(rig->g, &d, iova, TARGET, VTD_PAGE_2M, VTD_RW);
    igd_rig_expect_page(rig, expected, iova, TARGET, VTD_PAGE_2M, true);
    vtd_guest_enable(rig->g, true);
    igd_rig_check_map(rig, expected, "translation on");

    igd_rig_reset_stats(rig);
    vtd_guest_set_root(rig->g, rig->g->root);
    igd_rig_check_map(rig, expected, "the same root table");
    igd_rig_check_kept(rig, "the same root table");
    igd_rig_stop(rig);
}

/* Behind a root port, up to the unplug */

static void test_root_port(void)
{
    const uint64_t base = RIG_IGD1_BASE, limit = RIG_IGD1_LIMIT;
    const uint16_t sid = 0x100;
    IGDRig *rig = igd_rig_start("", "", "map",
                                "-device pcie-root-port,id=rp,addr=03.0,"
                                "chassis=1 " RIG_IGD1 ",bus=rp"
                                RIG_IGD1_LISTENER);
    QPCIDevice *port = qpci_device_find(rig->bus, 0x18);
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);

    g_assert_nonnull(port);
    qpci_config_writeb(port, PCI_SECONDARY_BUS, 1);
    qpci_config_writeb(port, PCI_SUBORDINATE_BUS, 1);
    g_free(port);

    vtd_context_set(rig->g, sid, &d);
    vtd_guest_enable(rig->g, true);
    vtd_map_page(rig->g, &d, base & ~(VTD_PAGE_1G - 1), TARGET, VTD_PAGE_1G,
                 VTD_RW);
    vtd_inv_iotlb_global(rig->g);
    g_assert_cmpuint(igd_rig_stat(rig, "igd1", "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_stat(rig, "igd1", "region-unmaps"), ==, 0);
    g_assert_cmpuint(igd_rig_stat(rig, "igd1", "fatal"), ==, 0);
    g_assert_cmpuint(igd_rig_stat(rig, "igd1", "eexist"), ==, 0);

    qtest_writel(rig->qts, base, PATTERN);
    g_assert_cmphex(qtest_readl(rig->qts, base), ==, PATTERN);
    qtest_qmp_device_del_send(rig->qts, "igd1");
    qtest_system_reset_nowait(rig->qts);
    qtest_qmp_eventwait(rig->qts, "DEVICE_DELETED");

    /* Its memory is gone, igd0's is not */
    iova_runs_cut(rig->identity, base, limit);
    igd_rig_check_map(rig, rig->identity, "unplugged");
    vtd_guest_enable(rig->g, true);
    vtd_inv_context_global(rig->g);
    vtd_inv_iotlb_global(rig->g);
    g_assert_cmphex(qtest_readl(rig->qts, base), !=, PATTERN);
    igd_rig_stop(rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_data_func("intel-iommu-rmrr/continuity-queued",
                        GINT_TO_POINTER(true), test_continuity);
    qtest_add_data_func("intel-iommu-rmrr/continuity-register",
                        GINT_TO_POINTER(false), test_continuity);
    qtest_add_func("intel-iommu-rmrr/entry-limit", test_entry_limit);
    qtest_add_func("intel-iommu-rmrr/root-pointer", test_root_pointer);
    qtest_add_func("intel-iommu-rmrr/root-port", test_root_port);
    return g_test_run();
}
