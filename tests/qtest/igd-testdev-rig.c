/*
 * A q35 machine with a VT-d and an igd-testdev, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "igd-testdev-rig.h"
#include "iova-runs.h"
#include "vtd-scalable.h"
#include "libqos/pci-pc.h"
#include "hw/display/igd-testdev-regs.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qdict.h"

#define TABLES_BASE 0x1000000ull
#define TABLES_LIMIT 0x4ffffffull
#define BAR_BASE 0xe0000000u
#define DMA_TIMEOUT_US (30 * G_USEC_PER_SEC)

IGDRig *igd_rig_start(const char *iommu, const char *device, const char *more)
{
    IGDRig *rig = g_new0(IGDRig, 1);
    g_autofree char *map = NULL;

    rig->qts = qtest_initf("-machine q35 -m 4G -nodefaults "
                           "-device intel-iommu,intremap=on%s%s%s "
                           "-device igd-testdev,id=igd0,addr=02.0,"
                           "dsm-base=0x%llx,dsm-size=64M,gsm-size=8M%s %s",
                           strstr(iommu, "caching-mode=") ?
                           "" : ",caching-mode=on",
                           strstr(iommu, "rmrr-policy=") ?
                           "" : ",rmrr-policy=lock", iommu,
                           RIG_DSM_BASE, device, more);
    vtd_guest_init(&rig->vtd, rig->qts, TABLES_BASE, TABLES_LIMIT);
    if (strstr(iommu, "x-flts=on")) {
        vtd_scalable_init(&rig->vtd, VTD_FIRST_STAGE);
    } else if (strstr(iommu, "x-scalable-mode=on")) {
        vtd_scalable_init(&rig->vtd, VTD_SECOND_STAGE);
    }
    rig->bus = qpci_new_pc(rig->qts, NULL);
    if (strstr(device, "listener=")) {
        map = igd_rig_get_string(rig, "igd0", "listener-map");
        rig->identity = iova_runs_parse(map);
    }
    return rig;
}

void igd_rig_stop(IGDRig *rig)
{
    qpci_free_pc(rig->bus);
    qtest_quit(rig->qts);
    g_clear_pointer(&rig->identity, g_array_unref);
    g_free(rig);
}

/* The listener */

static QDict *igd_rig_get(IGDRig *rig, const char *id, const char *property)
{
    g_autofree char *path = g_strconcat("/machine/peripheral/", id, NULL);
    QDict *answer = qtest_qmp(rig->qts, "{ 'execute': 'qom-get', "
                              "'arguments': { 'path': %s, 'property': %s } }",
                              path, property);

    g_assert_true(qdict_haskey(answer, "return"));
    return answer;
}

char *igd_rig_get_string(IGDRig *rig, const char *id, const char *property)
{
    QDict *answer = igd_rig_get(rig, id, property);
    char *value = g_strdup(qdict_get_str(answer, "return"));

    qobject_unref(answer);
    return value;
}

uint64_t igd_rig_stat(IGDRig *rig, const char *id, const char *name)
{
    QDict *answer = igd_rig_get(rig, id, "listener-stats");
    uint64_t value = qdict_get_int(qdict_get_qdict(answer, "return"), name);

    qobject_unref(answer);
    return value;
}

void igd_rig_reset_stats(IGDRig *rig, const char *id)
{
    g_autofree char *path = g_strconcat("/machine/peripheral/", id, NULL);

    qtest_qmp_assert_success(rig->qts, "{ 'execute': 'qom-set', 'arguments': "
                             "{ 'path': %s, 'property': "
                             "'listener-stats-reset', 'value': true } }",
                             path);
}

GArray *igd_rig_expect(IGDRig *rig)
{
    GArray *expected = iova_runs_new();

    iova_runs_add_slice(expected, rig->identity, RIG_BASE, RIG_LIMIT, RIG_BASE,
                        true);
    g_assert_cmpuint(expected->len, ==, 1);
    return expected;
}

void igd_rig_expect_page(IGDRig *rig, GArray *expected, uint64_t iova,
                         uint64_t gpa, uint64_t size, bool writable)
{
    g_autoptr(GArray) page = iova_runs_new();

    iova_runs_add_slice(page, rig->identity, gpa, gpa + size - 1, iova,
                        writable);
    iova_runs_cut(page, RIG_BASE, RIG_LIMIT);
    iova_runs_cut(page, RIG_MSI_BASE, RIG_MSI_LIMIT);
    g_array_append_vals(expected, page->data, page->len);
}

void igd_rig_check_map(IGDRig *rig, GArray *expected, const char *where)
{
    g_autofree char *want = iova_runs_format(expected);
    g_autofree char *have = igd_rig_get_string(rig, "igd0", "listener-map");

    if (strcmp(have, want)) {
        g_printerr("%s: mapped\n%sinstead of\n%s", where, have, want);
    }
    g_assert_cmpstr(have, ==, want);
}

void igd_rig_check_never(IGDRig *rig, const char *const names[],
                         const char *where)
{
    QDict *answer = igd_rig_get(rig, "igd0", "listener-stats");
    QDict *stats = qdict_get_qdict(answer, "return");

    for (; *names; names++) {
        if (qdict_get_int(stats, *names)) {
            g_printerr("%s: %s\n", where, *names);
        }
        g_assert_cmpint(qdict_get_int(stats, *names), ==, 0);
    }
    qobject_unref(answer);
}

void igd_rig_check_kept(IGDRig *rig, const char *where)
{
    static const char *const never[] = {
        "region-maps", "region-unmaps", "eexist", "einval", "enospc", "fatal",
        NULL,
    };
    g_autofree char *map = igd_rig_get_string(rig, "igd0", "listener-map");
    g_autoptr(GArray) mapped = iova_runs_parse(map);
    g_autoptr(GArray) expected = igd_rig_expect(rig);
    g_autoptr(GArray) region = iova_runs_new();
    g_autofree char *have = NULL, *want = NULL;

    igd_rig_check_never(rig, never, where);
    iova_runs_add_slice(region, mapped, RIG_BASE, RIG_LIMIT, RIG_BASE, true);
    have = iova_runs_format(region);
    want = iova_runs_format(expected);
    g_assert_cmpstr(have, ==, want);
}

/* The DMA engine */

uint64_t igd_rig_bar(int devfn)
{
    return BAR_BASE + (devfn >> 3) * IGD_TESTDEV_BAR_REGS_SIZE;
}

void igd_rig_dma_setup(IGDRig *rig, int devfn)
{
    QPCIDevice *dev = qpci_device_find(rig->bus, devfn);

    g_assert_nonnull(dev);
    qpci_config_writel(dev, PCI_BASE_ADDRESS_0, igd_rig_bar(devfn));
    qpci_config_writel(dev, PCI_BASE_ADDRESS_1, 0);
    qpci_config_writew(dev, PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_free(dev);
    g_assert_cmphex(qtest_readl(rig->qts,
                                igd_rig_bar(devfn) + IGD_TESTDEV_DMA_ID), ==,
                    IGD_TESTDEV_DMA_ID_VALUE);
}

uint32_t igd_rig_dma(IGDRig *rig, int devfn, uint32_t cmd, uint64_t src,
                     uint64_t dst, uint64_t len, uint32_t fill)
{
    uint64_t bar = igd_rig_bar(devfn);
    gint64 deadline = g_get_monotonic_time() + DMA_TIMEOUT_US;
    uint32_t status;

    qtest_writeq(rig->qts, bar + IGD_TESTDEV_DMA_SRC, src);
    qtest_writeq(rig->qts, bar + IGD_TESTDEV_DMA_DST, dst);
    qtest_writeq(rig->qts, bar + IGD_TESTDEV_DMA_LEN, len);
    qtest_writel(rig->qts, bar + IGD_TESTDEV_DMA_FILL, fill);
    qtest_writel(rig->qts, bar + IGD_TESTDEV_DMA_CMD, cmd);
    do {
        status = qtest_readl(rig->qts, bar + IGD_TESTDEV_DMA_STATUS);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    } while (status == IGD_TESTDEV_STATUS_BUSY);
    return status;
}

uint64_t igd_rig_dma_fault(IGDRig *rig, int devfn)
{
    return qtest_readq(rig->qts,
                       igd_rig_bar(devfn) + IGD_TESTDEV_DMA_FAULT_ADDR);
}

uint64_t igd_rig_dma_checksum(IGDRig *rig, int devfn)
{
    return qtest_readq(rig->qts,
                       igd_rig_bar(devfn) + IGD_TESTDEV_DMA_CHECKSUM);
}
