/*
 * What VT-d tells those that map a device's memory: a case for each fault
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * dma-listener-testdev listens as VFIO does, for an edu. Each case fails on a
 * QEMU without the fix of its name, some by ending or stopping it.
 */

#include "qemu/osdep.h"
#include "hw/i386/intel_iommu_internal.h"
#include "qobject/qdict.h"
#include "vtd-tables.h"

#define SID 0x10
#define TARGET 0x100000000ull   /* RAM, at 2 GiB of pc.ram */
#define PAGE 0x90000000ull      /* an address that is nobody's */
#define PAGE_MAPPED "0x90000000-0x90000fff pc.ram+0x80000000 rw\n"

/* A guest with a domain that is the device's; translation is off */
typedef struct Notify {
    QTestState *qts;
    VTDGuest *g;
    VTDDomain d;
} Notify;

static Notify notify_start(VTDMode mode, const char *iommu, const char *more)
{
    Notify n = {
        .qts = qtest_initf("-machine q35 -m 4G -nodefaults -device intel-iommu,"
                           "caching-mode=on%s%s -device edu,id=edu,addr=02.0 "
                           "-device dma-listener-testdev,id=l,for=edu%s",
                           mode == VTD_LEGACY ? "" : ",x-scalable-mode=on",
                           iommu, more),
    };

    n.g = vtd_guest_new(n.qts, mode, 0x1000000, 0x1ffffff);
    n.d = vtd_domain_new(n.g, 7, strstr(iommu, "aw-bits=39") ? 3 : 4);
    vtd_context_set(n.g, SID, &n.d);
    return n;
}

static void notify_stop(Notify *n)
{
    g_free(n->g);
    qtest_quit(n->qts);
}

/* A page of @size at @iova leads to TARGET, and translation is on */
static Notify notify_start_page(VTDMode mode, uint64_t iova, uint64_t size)
{
    Notify n = notify_start(mode, "", "");

    vtd_map_page(n.g, &n.d, iova, TARGET, size, VTD_RW);
    vtd_guest_enable(n.g, true);
    return n;
}

static void check_map(Notify *n, const char *want)
{
    g_autoptr(QDict) answer = qtest_qmp(
        n->qts, "{ 'execute': 'qom-get', 'arguments': { "
        "'path': '/machine/peripheral/l', 'property': 'map' } }");

    g_assert_cmpstr(qdict_get_str(answer, "return"), ==, want);
}

/* With no fix at all */
static void test_page(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);

    check_map(&n, PAGE_MAPPED);
    vtd_clear_entry(n.g, &n.d, PAGE, VTD_PAGE_4K);
    vtd_inv_iotlb_page(n.g, n.d.id, PAGE, 0);
    check_map(&n, "");
    notify_stop(&n);
}

/* What is mapped begins beside the interrupt range, in the page's midst */
static void test_split(void)
{
    Notify n = notify_start_page(VTD_LEGACY, 0xc0000000, VTD_PAGE_1G);

    check_map(&n, "0xc0000000-0xfedfffff pc.ram+0x80000000 rw\n"
              "0xfef00000-0xffffffff pc.ram+0xbef00000 rw\n");
    notify_stop(&n);
}

/* A reserved address width, which nothing has looked at */
static void test_levels(void)
{
    Notify n = notify_start_page(VTD_SECOND_STAGE, PAGE, VTD_PAGE_4K);

    check_map(&n, PAGE_MAPPED);
    vtd_pasid_write(n.g, SID, VTD_PGTT_PASS_THROUGH, 7, n.d.root, 0, n.d.id);
    vtd_inv_iotlb_page(n.g, n.d.id, PAGE, 0);
    check_map(&n, PAGE_MAPPED);
    notify_stop(&n);
}

/* RAM above the address width, which ends a notifier's range */
static void test_above(void)
{
    Notify n = notify_start(VTD_LEGACY, ",aw-bits=39", ",hole=0x8000000000");

    vtd_map_page(n.g, &n.d, PAGE, TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_guest_enable(n.g, true);
    vtd_context_clear(n.g, SID);
    vtd_inv_context_device(n.g, SID);
    check_map(&n, "0x8000000000-0x80000fffff dma-listener-testdev-hole+0x0 "
              "rw\n");
    notify_stop(&n);
}

/* The device loses its domain while a migration runs */
static void test_dirty(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);
    bool active = false;

    vtd_map_page(n.g, &n.d, 0xfef00000, TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_map_page(n.g, &n.d, 0x180000000, TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_global(n.g);
    qtest_qmp_assert_success(n.qts, "{ 'execute': 'migrate-set-parameters', "
                             "'arguments': { 'max-bandwidth': 4096 } }");
    qtest_qmp_assert_success(n.qts, "{ 'execute': 'migrate', "
                             "'arguments': { 'uri': 'exec:cat >/dev/null' } }");
    while (!active) {
        g_autoptr(QDict) answer = qtest_qmp_assert_success_ref(
            n.qts, "{ 'execute': 'query-migrate' }");
        const char *status = qdict_get_try_str(answer, "status");

        active = !g_strcmp0(status, "active");
        g_usleep(10000);
    }
    vtd_context_clear(n.g, SID);
    vtd_inv_context_device(n.g, SID);
    check_map(&n, "");
    qtest_qmp_assert_success(n.qts, "{ 'execute': 'migrate_cancel' }");
    notify_stop(&n);
}

/* A large page becomes a table of small ones; VFIO unmaps no part of it */
static void test_known(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_2M);

    vtd_clear_entry(n.g, &n.d, PAGE, VTD_PAGE_2M);
    vtd_map_page(n.g, &n.d, PAGE, TARGET, VTD_PAGE_4K, VTD_RW);
    vtd_inv_iotlb_page(n.g, n.d.id, PAGE, 0);
    check_map(&n, PAGE_MAPPED);
    notify_stop(&n);
}

/* The root entry goes, and so does all that the device reaches */
static void test_no_entry(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);

    qtest_writeq(n.qts, n.g->root, 0);
    vtd_inv_context_device(n.g, SID);
    check_map(&n, "");
    notify_stop(&n);
}

/* The low bits of the address do not count */
static void test_psi(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);

    vtd_clear_entry(n.g, &n.d, PAGE, VTD_PAGE_4K);
    vtd_inv_iotlb_page(n.g, n.d.id, PAGE + 3 * VTD_PAGE_4K, 2);
    check_map(&n, "");
    notify_stop(&n);
}

static void test_root_pointer(void)
{
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);

    vtd_guest_set_root(n.g, n.g->root);
    check_map(&n, PAGE_MAPPED);
    notify_stop(&n);
}

/* A PASID entry that was another one, or not present, and is back */
static void test_pasid_cache(void)
{
    Notify n = notify_start_page(VTD_SECOND_STAGE, PAGE, VTD_PAGE_4K);
    VTDDomain other = vtd_domain_new(n.g, 8, 4);
    uint64_t directory = vtd_pasid_directory(n.g, SID);
    uint64_t present = qtest_readq(n.qts, directory);

    vtd_inv_pasid_global(n.g);
    qtest_writeq(n.qts, directory, 0);
    vtd_inv_pasid_global(n.g);
    check_map(&n, "");
    qtest_writeq(n.qts, directory, present);
    vtd_inv_pasid_global(n.g);
    check_map(&n, PAGE_MAPPED);

    vtd_pasid_set(n.g, SID, &other);
    vtd_inv_context_device(n.g, SID);
    check_map(&n, "");
    vtd_pasid_set(n.g, SID, &n.d);
    vtd_inv_pasid_global(n.g);
    check_map(&n, PAGE_MAPPED);
    notify_stop(&n);
}

/* A descriptor with a reserved bit, again and again */
static void test_desc_lines(void)
{
    g_autofree char *path = g_strdup_printf("%s/notify-%d.log",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *redirected = g_strdup_printf(" 2>%s", path);
    g_autofree char *text = NULL;
    Notify n = notify_start(VTD_LEGACY, "", redirected);
    const char *first;

    vtd_guest_enable(n.g, true);
    for (int i = 0; i < 3; i++) {
        g_assert_false(vtd_guest_try_submit(n.g, VTD_INV_DESC_WAIT |
                                            1ull << 31, 0));
    }
    notify_stop(&n);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    unlink(path);
    first = strstr(text, "reserved nonzero");
    g_assert_nonnull(first);
    g_assert_null(strstr(first + 1, "reserved nonzero"));
}

/* A register of edu's, with an address to its DMA, is no page table entry */
static void test_table_reads(void)
{
    const uint64_t bar = 0xe0000000, dma_source = 0x80;
    const uint64_t iova = PAGE + dma_source / 8 * VTD_PAGE_4K;
    Notify n = notify_start_page(VTD_LEGACY, PAGE, VTD_PAGE_4K);

    qtest_outl(n.qts, 0xcf8, 0x80000000 | SID << 8 | 0x10);
    qtest_outl(n.qts, 0xcfc, bar);
    qtest_outl(n.qts, 0xcf8, 0x80000000 | SID << 8 | 0x04);
    qtest_outl(n.qts, 0xcfc, 2);
    qtest_writeq(n.qts, bar + dma_source, TARGET | VTD_RW);
    g_assert_cmphex(qtest_readq(n.qts, bar + dma_source), ==, TARGET | VTD_RW);
    qtest_writeq(n.qts, vtd_entry_at(n.g, &n.d, iova, VTD_PAGE_2M),
                 bar | VTD_RW);
    vtd_inv_iotlb_global(n.g);
    /* What an unreadable table had mapped stays */
    check_map(&n, PAGE_MAPPED);
    notify_stop(&n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("intel-iommu-notify/page", test_page);
    qtest_add_func("intel-iommu-notify/split", test_split);
    qtest_add_func("intel-iommu-notify/levels", test_levels);
    qtest_add_func("intel-iommu-notify/above", test_above);
    qtest_add_func("intel-iommu-notify/dirty", test_dirty);
    qtest_add_func("intel-iommu-notify/known", test_known);
    qtest_add_func("intel-iommu-notify/no-entry", test_no_entry);
    qtest_add_func("intel-iommu-notify/psi", test_psi);
    qtest_add_func("intel-iommu-notify/root-pointer", test_root_pointer);
    qtest_add_func("intel-iommu-notify/pasid-cache", test_pasid_cache);
    qtest_add_func("intel-iommu-notify/desc-lines", test_desc_lines);
    qtest_add_func("intel-iommu-notify/table-reads", test_table_reads);
    return g_test_run();
}
