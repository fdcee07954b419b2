/*
 * The stolen region stays mapped, and DMA at its edges
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Whatever the guest does to translation, and where devices are that it is not
 * for
 */

#include "qemu/osdep.h"
#include "igd-testdev-rig.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"
#include "qemu/bswap.h"
#include "igd-rmrr-util.h"

#define DOMAIN_ID 7
#define PATTERN 0x5a17ed00u

/* Where the tables of these tests point: 1 GiB aligned RAM */
#define TARGET RIG_HIGH

/*
 * Everything a guest can do to translation: the listener must see neither map
 * nor unmap of the region, and DMA must work at both of its ends
 */

static void check_dma_at(IGDRig *t, uint64_t iova, const char *where)
{
    uint32_t status = igd_guest_fill(t, iova, 4, ++t->fill);

    if (status != IGD_TESTDEV_STATUS_DONE) {
        g_printerr("%s: DMA\n", where);
    }
    g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_DONE);
    g_assert_cmphex(qtest_readl(t->qts, iova), ==, t->fill);
}

static void step(IGDRig *t, const char *where)
{
    igd_rig_check_kept(t, where);
    check_dma_at(t, RIG_BASE, where);
    check_dma_at(t, RIG_LIMIT - 3, where);
}

static void steps_translation(IGDRig *t)
{
    VTDGuest *g = t->g;

    for (int i = 0; i < 3; i++) {
        vtd_guest_set_translation(g, false);
        step(t, "translation off");
        vtd_guest_set_translation(g, true);
        step(t, "translation on");
    }
}

static void steps_root(IGDRig *t)
{
    VTDGuest *g = t->g;
    uint64_t old = g->root;
    uint64_t new = vtd_guest_alloc(g);

    vtd_guest_set_root(g, new);
    step(t, "empty root table");
    vtd_inv_context_global(g);
    vtd_inv_iotlb_global(g);
    step(t, "empty root table, flushed");
    vtd_guest_set_root(g, old);
    step(t, "old root table");
    vtd_inv_context_global(g);
    vtd_inv_iotlb_global(g);
    step(t, "old root table, flushed");
}

static void steps_context(IGDRig *t)
{
    VTDGuest *g = t->g;
    VTDDomain empty = vtd_domain_new(g, DOMAIN_ID + 1, t->a.levels);

    vtd_context_clear(g, RIG_SID);
    vtd_inv_context_device(g, RIG_SID);
    step(t, "no context");
    vtd_context_set(g, RIG_SID, &empty);
    vtd_inv_context_domain(g, empty.id);
    step(t, "empty domain");
    vtd_context_set(g, RIG_SID, NULL);
    vtd_inv_context_device(g, RIG_SID);
    step(t, "pass-through");
    vtd_context_set(g, RIG_SID, &t->a);
    vtd_inv_context_global(g);
    step(t, "first domain");
}

static void steps_iotlb(IGDRig *t)
{
    VTDGuest *g = t->g;

    for (unsigned int order = 0; order <= 18; order++) {
        vtd_inv_iotlb_page(g, t->a.id, RIG_BASE, order);
        vtd_inv_iotlb_page(g, t->a.id, RIG_LIMIT, order);
        vtd_inv_iotlb_page(g, t->a.id, RIG_BASE - 1, order);
        vtd_inv_iotlb_page(g, t->a.id, RIG_LIMIT + 1, order);
    }
    step(t, "page invalidation");
    vtd_inv_iotlb_domain(g, t->a.id);
    step(t, "domain invalidation");
    vtd_inv_iotlb_global(g);
    step(t, "global invalidation");
}

static void steps_tables(IGDRig *t)
{
    const uint64_t size = RIG_LIMIT - RIG_BASE + 1;
    VTDGuest *g = t->g;

    vtd_clear_entry(g, &t->a, RIG_BASE, VTD_PAGE_2M);
    vtd_clear_entry(g, &t->a, RIG_LIMIT, VTD_PAGE_2M);
    vtd_inv_iotlb_domain(g, t->a.id);
    step(t, "no neighbours in the tables");
    vtd_map_range(g, &t->a, RIG_BASE, RIG_BASE, size);
    vtd_inv_iotlb_domain(g, t->a.id);
    step(t, "identity in the tables");
    vtd_map_range(g, &t->a, RIG_BASE, TARGET, size);
    vtd_inv_iotlb_domain(g, t->a.id);
    step(t, "other memory in the tables");
    vtd_clear_entry(g, &t->a, RIG_BASE, VTD_PAGE_1G);
    vtd_inv_iotlb_domain(g, t->a.id);
    step(t, "nothing in the tables");
}

static void test_continuity(const void *opaque)
{
    const bool queued = GPOINTER_TO_INT(opaque);
    g_autoptr(IGDRig) t = igd_rig_start("", "", "map", "");
    VTDGuest *g = t->g;

    g_assert_cmpuint(igd_rig_count(t, "region-maps"), ==, 1);
    g_assert_cmpuint(igd_rig_count(t, "region-unmaps"), ==, 0);
    t->fill = PATTERN;
    igd_rig_reset_stats(t);
    t->a = vtd_domain_new(g, DOMAIN_ID, 4);
    vtd_context_set(g, RIG_SID, &t->a);

    for (int round = 0; round < 2; round++) {
        igd_rig_dma_setup(t, RIG_SID);
        step(t, "start");
        vtd_guest_enable(g, queued);
        vtd_map_page(g, &t->a, RIG_BASE & ~(VTD_PAGE_2M - 1), TARGET,
                     VTD_PAGE_2M, VTD_RW);
        vtd_map_page(g, &t->a, RIG_LIMIT & ~(VTD_PAGE_2M - 1), TARGET,
                     VTD_PAGE_2M, VTD_RW);
        vtd_inv_iotlb_global(g);
        step(t, "enabled");
        steps_translation(t);
        steps_root(t);
        steps_context(t);
        steps_iotlb(t);
        steps_tables(t);
        qtest_system_reset(t->qts);
        igd_rig_check_kept(t, "reset");
    }
}

/* VFIO's limit of mappings */

static void test_entry_limit(void)
{
    const uint64_t pages = 64, iova = 0x90000000;
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "map,limit=32", "");
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
}

/*
 * The root pointer set while translation is on, as Xen does with the very
 * write that enables it: what the tables map beside the region comes back
 */

static void test_root_pointer(void)
{
    const uint64_t iova = 0x90000000;
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "map", "");
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
}

/* Behind a root port, up to the unplug */

static void test_root_port(void)
{
    const uint64_t base = RIG_IGD1_BASE, limit = RIG_IGD1_LIMIT;
    const uint16_t sid = 0x100;
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "map",
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
}

/*
 * The tables map a window around and over the region to other memory. Each
 * byte must come from, and go to, the right one of the two.
 */

#define WINDOW_BASE 0x7ac00000ull
#define WINDOW_SIZE 0x5200000ull
#define BUFFER 0x10000000ull
#define BUFFER_SIZE 0x20000ull
#define EDGE_MARGIN 0x40ull

static bool in_region(uint64_t iova)
{
    return iova >= RIG_BASE && iova <= RIG_LIMIT;
}

static uint64_t window_gpa(uint64_t iova)
{
    return in_region(iova) ? iova : TARGET + (iova - WINDOW_BASE);
}

/* The CPU's view of [iova, iova + size - 1] through window_gpa() */
static void window_access(IGDRig *rig, uint64_t iova, uint8_t *data,
                          uint64_t size, bool write)
{
    while (size) {
        uint64_t edge = iova < RIG_BASE ? RIG_BASE :
                        in_region(iova) ? RIG_LIMIT + 1 : UINT64_MAX;
        uint64_t part = MIN(size, edge - iova);

        if (write) {
            qtest_memwrite(rig->qts, window_gpa(iova), data, part);
        } else {
            qtest_memread(rig->qts, window_gpa(iova), data, part);
        }
        iova += part;
        data += part;
        size -= part;
    }
}

static void check_edge_copy(IGDRig *rig, uint64_t iova, uint64_t len)
{
    const uint64_t size = len + 2 * EDGE_MARGIN, first = iova - EDGE_MARGIN;
    g_autofree uint8_t *sent = g_malloc(len);
    g_autofree uint8_t *want = g_malloc(size);
    g_autofree uint8_t *have = g_malloc(size);
    g_autofree uint8_t *behind = g_malloc(size);

    for (uint64_t i = 0; i < len; i++) {
        sent[i] = g_test_rand_int();
    }
    memset(want, 0xee, size);
    qtest_memwrite(rig->qts, BUFFER, sent, len);
    /* What the tables say of the region itself must stay as it is */
    qtest_memwrite(rig->qts, TARGET + (first - WINDOW_BASE), want, size);
    window_access(rig, first, want, size, true);

    igd_guest_dma_check(rig, IGD_TESTDEV_CMD_COPY, BUFFER, iova, len,
                        IGD_TESTDEV_STATUS_DONE);

    memcpy(want + EDGE_MARGIN, sent, len);
    window_access(rig, first, have, size, false);
    g_assert_cmpmem(have, size, want, size);
    qtest_memread(rig->qts, TARGET + (first - WINDOW_BASE), behind, size);
    for (uint64_t i = 0; i < size; i++) {
        g_assert_cmphex(behind[i], ==, in_region(first + i) ? 0xee : want[i]);
    }
}

static void check_edge_sum(IGDRig *rig, uint64_t iova, uint64_t len)
{
    g_autofree uint8_t *data = g_malloc(len);
    uint64_t sum = 0;

    window_access(rig, iova, data, len, false);
    for (uint64_t i = 0; i < len; i += 4) {
        sum += (uint32_t)ldl_le_p(data + i);
    }
    igd_guest_dma_check(rig, IGD_TESTDEV_CMD_CHECKSUM, iova, 0, len,
                        IGD_TESTDEV_STATUS_DONE);
    igd_guest_check64(rig, IGD_TESTDEV_DMA_CHECKSUM, sum);
}

typedef struct EdgeCase {
    const char *name;
    uint64_t page;
    unsigned int levels;
} EdgeCase;

static const EdgeCase edge_cases[] = {
    { "dma-edges-4k", VTD_PAGE_4K, 4 },
    { "dma-edges-4k-3-levels", VTD_PAGE_4K, 3 },
    { "dma-edges-2m", VTD_PAGE_2M, 4 },
    { "dma-edges-2m-3-levels", VTD_PAGE_2M, 3 },
};

static void test_dma_edges(const void *opaque)
{
    static const uint64_t edges[] = { RIG_BASE, RIG_LIMIT + 1 };
    static const uint64_t lengths[] = { 4, 8, 4096, 4100, 8192, 65536,
                                        BUFFER_SIZE };
    const EdgeCase *ec = opaque;
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, ec->levels);

    vtd_map_range(rig->g, &d, BUFFER, BUFFER, BUFFER_SIZE);
    for (uint64_t off = 0; off < WINDOW_SIZE; off += VTD_PAGE_2M) {
        if (ec->page == VTD_PAGE_2M) {
            vtd_map_page(rig->g, &d, WINDOW_BASE + off, TARGET + off,
                         VTD_PAGE_2M, VTD_RW);
        } else {
            vtd_map_range(rig->g, &d, WINDOW_BASE + off, TARGET + off,
                          VTD_PAGE_2M);
        }
    }
    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_guest_enable(rig->g, true);
    igd_rig_dma_setup(rig, RIG_SID);

    for (size_t e = 0; e < G_N_ELEMENTS(edges); e++) {
        for (size_t l = 0; l < G_N_ELEMENTS(lengths); l++) {
            uint64_t len = lengths[l];

            check_edge_copy(rig, edges[e] - len, len);  /* up to the edge */
            check_edge_copy(rig, edges[e], len);        /* from the edge */
            if (len > 4) {
                check_edge_copy(rig, edges[e] - 4, len);
                check_edge_copy(rig, edges[e] - len + 4, len);
                check_edge_copy(rig, edges[e] - len / 8 * 4, len);
            }
            check_edge_sum(rig, edges[e] - len / 8 * 4, len);
        }
    }
}

/* Faults */

static void check_dma_ok(IGDRig *rig, int devfn, uint64_t iova, uint64_t len)
{
    igd_rig_dma_use(rig, devfn);
    g_assert_cmphex(igd_guest_fill(rig, iova, len, PATTERN), ==,
                    IGD_TESTDEV_STATUS_DONE);
}

/* A write to, and a read of, [iova, ...] must fault at @fault */
static void check_dma_fault(IGDRig *rig, int devfn, uint64_t iova,
                            uint64_t len, uint64_t fault)
{
    static const struct {
        uint32_t cmd;
        uint32_t status;
    } kinds[] = {
        { IGD_TESTDEV_CMD_FILL, IGD_TESTDEV_STATUS_WRITE_FAILED },
        { IGD_TESTDEV_CMD_CHECKSUM, IGD_TESTDEV_STATUS_READ_FAILED },
    };
    uint64_t where;
    uint16_t sid;

    igd_rig_dma_use(rig, devfn);
    igd_guest_write(rig, IGD_TESTDEV_DMA_FILL, ~PATTERN);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        while (vtd_take_fault(rig->g, &sid, &where)) {
            continue;
        }
        igd_guest_dma_check(rig, kinds[i].cmd, iova, iova, len,
                            kinds[i].status);
        igd_guest_check64(rig, IGD_TESTDEV_DMA_FAULT_ADDR, fault);
        g_assert_true(vtd_take_fault(rig->g, &sid, &where));
        g_assert_cmphex(sid, ==, devfn);
        g_assert_cmphex(where, ==, fault & ~(VTD_PAGE_4K - 1));
    }
}

static void test_empty_domain(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "map", "");
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_guest_enable(rig->g, true);
    igd_rig_reset_stats(rig);
    igd_rig_dma_setup(rig, RIG_SID);

    check_dma_ok(rig, RIG_SID, RIG_BASE, RIG_LIMIT - RIG_BASE + 1);
    g_assert_cmphex(qtest_readl(rig->qts, RIG_BASE), ==, PATTERN);
    g_assert_cmphex(qtest_readl(rig->qts, RIG_LIMIT - 3), ==, PATTERN);

    check_dma_fault(rig, RIG_SID, RIG_BASE - 4, 4, RIG_BASE - 4);
    check_dma_fault(rig, RIG_SID, RIG_LIMIT + 1, 4, RIG_LIMIT + 1);
    check_dma_fault(rig, RIG_SID, RIG_BASE - 4, 0x20000, RIG_BASE - 4);
    check_dma_fault(rig, RIG_SID, RIG_LIMIT - 0xfffb, 0x20000, RIG_LIMIT + 1);
    check_dma_fault(rig, RIG_SID, 0, 4, 0);
    igd_rig_check_kept(rig, "empty domain");
}

/*
 * The interrupt range is a hole as well: what is written to it is no memory
 * access, and must not go where a large page around it points.
 */
static void test_interrupt_range(void)
{
    const uint64_t page = 0xc0000000;
    const uint64_t behind = TARGET + (RIG_MSI_BASE - page);
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "", "");
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);

    vtd_map_page(rig->g, &d, page, TARGET, VTD_PAGE_1G, VTD_RW);
    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_guest_enable(rig->g, true);
    igd_rig_dma_setup(rig, RIG_SID);

    g_assert_cmphex(igd_guest_fill(rig, RIG_MSI_BASE - VTD_PAGE_4K,
                                   2 * VTD_PAGE_4K, PATTERN), ==,
                    IGD_TESTDEV_STATUS_WRITE_FAILED);
    igd_guest_check64(rig, IGD_TESTDEV_DMA_FAULT_ADDR, RIG_MSI_BASE);
    g_assert_cmphex(qtest_readl(rig->qts, behind - 4), ==, PATTERN);
    g_assert_cmphex(qtest_readl(rig->qts, behind), ==, 0);
    check_dma_ok(rig, RIG_SID, RIG_MSI_LIMIT + 1, VTD_PAGE_4K);
}

/* A second device, with a region of its own and a gap between the two */

#define DEVFN2 0x18
#define BASE2 RIG_IGD1_BASE
#define LIMIT2 RIG_IGD1_LIMIT
#define DEVICE2 RIG_IGD1 ",addr=03.0" RIG_IGD1_LISTENER

static void check_two_devices(IGDRig *rig)
{
    g_autofree char *map = NULL;
    g_autoptr(GArray) mapped = NULL;

    check_dma_ok(rig, RIG_SID, RIG_BASE, VTD_PAGE_4K);
    check_dma_ok(rig, RIG_SID, RIG_LIMIT - 3, 4);
    check_dma_ok(rig, DEVFN2, BASE2, VTD_PAGE_4K);
    check_dma_ok(rig, DEVFN2, LIMIT2 - 3, 4);

    check_dma_fault(rig, RIG_SID, BASE2, 4, BASE2);
    check_dma_fault(rig, RIG_SID, LIMIT2 - 3, 4, LIMIT2 - 3);
    check_dma_fault(rig, DEVFN2, RIG_BASE, 4, RIG_BASE);
    check_dma_fault(rig, DEVFN2, RIG_LIMIT - 3, 4, RIG_LIMIT - 3);

    for (int devfn = RIG_SID; devfn <= DEVFN2; devfn += DEVFN2 - RIG_SID) {
        check_dma_fault(rig, devfn, RIG_LIMIT + 1, 4, RIG_LIMIT + 1);
        check_dma_fault(rig, devfn, BASE2 - 4, 4, BASE2 - 4);
    }

    map = igd_rig_get_string(rig, "igd1", "map");
    mapped = iova_runs_parse(map);
    g_assert_cmpuint(mapped->len, ==, 1);
    g_assert_cmphex(g_array_index(mapped, IOVARun, 0).iova, ==, BASE2);
    g_assert_cmphex(g_array_index(mapped, IOVARun, 0).limit, ==, LIMIT2);
}

static void test_two_devices(void)
{
    g_autoptr(IGDRig) rig = igd_rig_start("", "", "map", DEVICE2);
    VTDDomain d = vtd_domain_new(rig->g, DOMAIN_ID, 4);

    vtd_guest_enable(rig->g, true);
    igd_rig_reset_stats(rig);
    igd_rig_dma_setup(rig, RIG_SID);
    igd_rig_dma_setup(rig, DEVFN2);
    check_two_devices(rig);             /* no context for either */

    vtd_context_set(rig->g, RIG_SID, &d);
    vtd_context_set(rig->g, DEVFN2, &d);
    vtd_inv_context_global(rig->g);
    check_two_devices(rig);             /* one empty domain for both */
    igd_rig_check_kept(rig, "two devices");
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
    TEST_ROWS("intel-iommu-rmrr", edge_cases, test_dma_edges);
    qtest_add_func("intel-iommu-rmrr/empty-domain", test_empty_domain);
    qtest_add_func("intel-iommu-rmrr/interrupt-range", test_interrupt_range);
    qtest_add_func("intel-iommu-rmrr/two-devices", test_two_devices);
    return g_test_run();
}
