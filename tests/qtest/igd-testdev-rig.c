/*
 * A machine with an igd-testdev, with or without a VT-d, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_regs.h"
#include "qobject/qbool.h"
#include "qobject/qlist.h"

#define TABLES_BASE 0x1000000ull
#define TABLES_LIMIT 0x4ffffffull
#define BAR_BASE 0xe0000000u
#define TIMEOUT_US (60 * G_USEC_PER_SEC)

/* Start and stop */

static char *igd_rig_listener(const char *device, const char *listener)
{
    uint64_t size = strstr(device, "dsm-size=256M") ? 264 * MiB : RIG_SIZE;

    return !*listener ? g_strdup("") :
        g_strdup_printf("-device dma-listener-testdev,id=igd0-dma,for=igd0,"
                        "base=0x%llx,size=%" PRIu64 ",mode=%s", RIG_BASE, size,
                        listener);
}

IGDRig *igd_rig_start(const char *iommu, const char *device,
                      const char *listener, const char *more)
{
    IGDRig *rig = g_new0(IGDRig, 1);
    g_autofree char *listens = igd_rig_listener(device, listener);
    g_autofree char *map = NULL;
    VTDMode mode = strstr(iommu, "x-flts=on") ? VTD_FIRST_STAGE :
        strstr(iommu, "x-scalable-mode=on") ? VTD_SECOND_STAGE : VTD_LEGACY;

    rig->qts = qtest_initf("-machine q35 -m 4G -nodefaults "
                           "-device intel-iommu,intremap=on%s%s%s "
                           "-device igd-testdev,id=igd0,addr=02.0,"
                           "dsm-base=0x%llx,dsm-size=64M,gsm-size=8M%s %s %s",
                           strstr(iommu, "caching-mode=") ?
                           "" : ",caching-mode=on",
                           strstr(iommu, "rmrr-policy=") ?
                           "" : ",rmrr-policy=lock", iommu,
                           RIG_DSM_BASE, device, listens, more);
    rig->g = vtd_guest_new(rig->qts, mode, TABLES_BASE, TABLES_LIMIT);
    rig->bus = qpci_new_pc(rig->qts, NULL);
    if (*listener) {
        map = igd_rig_get_string(rig, "igd0", "map");
        rig->identity = iova_runs_parse(map);
    }
    return rig;
}

IGDRig *igd_guest_start(const char *opts, const char *extra)
{
    IGDRig *g = g_new0(IGDRig, 1);

    g->qts = qtest_initf("-machine q35 -m %llu -nodefaults "
                         "-device igd-testdev,addr=02.0,%s %s",
                         IGD_GUEST_RAM / MiB, opts, extra);
    g->bus = qpci_new_pc(g->qts, NULL);
    g->dev = qpci_device_find(g->bus, RIG_SID);
    g_assert_nonnull(g->dev);
    return g;
}

IGDRig *igd_guest_open(const char *opts)
{
    IGDRig *g = igd_guest_start(opts, "");

    igd_guest_enable(g);
    return g;
}

void igd_rig_stop(IGDRig *rig)
{
    g_free(rig->dev);
    g_free(rig->g);
    qpci_free_pc(rig->bus);
    qtest_quit(rig->qts);
    g_clear_pointer(&rig->identity, g_array_unref);
    g_free(rig);
}

void igd_rig_attach(IGDRig *rig, const VTDDomain *d)
{
    vtd_context_set(rig->g, RIG_SID, d);
    vtd_inv_context_device(rig->g, RIG_SID);
}

void igd_rig_detach(IGDRig *rig)
{
    vtd_context_clear(rig->g, RIG_SID);
    vtd_inv_context_device(rig->g, RIG_SID);
}

/* query-rmrr */

/* The device's entry; @answer is to be freed */
static QDict *rmrr_query_device(QTestState *qts, const char *id,
                                QDict **answer)
{
    const QListEntry *r, *d;

    *answer = qtest_qmp(qts, "{ 'execute': 'query-rmrr' }");
    QLIST_FOREACH_ENTRY(qdict_get_qlist(*answer, "return"), r) {
        QDict *region = qobject_to(QDict, qlist_entry_obj(r));

        QLIST_FOREACH_ENTRY(qdict_get_qlist(region, "devices"), d) {
            QDict *device = qobject_to(QDict, qlist_entry_obj(d));
            g_autofree char *name =
                g_path_get_basename(qdict_get_str(device, "device"));

            if (!strcmp(name, id)) {
                return device;
            }
        }
    }
    g_error("query-rmrr does not know %s", id);
}

char *igd_rig_reason_of(IGDRig *rig, const char *id)
{
    static const char *const mapped[] = {
        "translation-off", "pass-through", "identity", "kept", "locked", NULL,
    };
    QDict *answer, *device = rmrr_query_device(rig->qts, id, &answer);
    char *reason = g_strdup(qdict_get_str(device, "reason"));

    g_assert_cmpint(qdict_get_bool(device, "mapped"), ==,
                    g_strv_contains(mapped, reason));
    qobject_unref(answer);
    return reason;
}

void igd_rig_reason(IGDRig *rig, const char *reason, const char *where)
{
    g_autofree char *have = igd_rig_reason_of(rig, "igd0");

    if (strcmp(have, reason)) {
        g_printerr("%s: %s instead of %s\n", where, have, reason);
    }
    g_assert_cmpstr(have, ==, reason);
}

uint64_t igd_rig_counter(IGDRig *rig, const char *name)
{
    QDict *answer, *device = rmrr_query_device(rig->qts, "igd0", &answer);
    uint64_t value = qdict_get_int(device, name);

    qobject_unref(answer);
    return value;
}

/* Sets of mappings */

#define RUN(runs, i) g_array_index(runs, IOVARun, i)

GArray *iova_runs_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(IOVARun));
}

GArray *iova_runs_parse(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *runs = iova_runs_new();

    for (char **line = lines; *line && **line; line++) {
        IOVARun run;
        char block[257], mode[3];

        g_assert_cmpint(sscanf(*line, "%" SCNx64 "-%" SCNx64
                               " %256[^+]+%" SCNx64 " %2s", &run.iova,
                               &run.limit, block, &run.offset, mode), ==, 5);
        run.block = g_intern_string(block);
        run.writable = !strcmp(mode, "rw");
        g_array_append_val(runs, run);
    }
    return runs;
}

void iova_runs_cut(GArray *runs, uint64_t base, uint64_t limit)
{
    g_autoptr(GArray) old = g_array_copy(runs);

    g_array_set_size(runs, 0);
    for (guint i = 0; i < old->len; i++) {
        IOVARun part = RUN(old, i);

        if (part.limit < base || part.iova > limit) {
            g_array_append_val(runs, part);
            continue;
        }
        if (part.iova < base) {
            part.limit = base - 1;
            g_array_append_val(runs, part);
        }
        part = RUN(old, i);
        if (part.limit > limit) {
            part.offset += limit + 1 - part.iova;
            part.iova = limit + 1;
            g_array_append_val(runs, part);
        }
    }
}

void iova_runs_add_slice(GArray *runs, const GArray *from, uint64_t first,
                         uint64_t last, uint64_t iova, bool writable)
{
    for (guint i = 0; i < from->len; i++) {
        IOVARun run = RUN(from, i);
        uint64_t lo = MAX(run.iova, first);
        uint64_t hi = MIN(run.limit, last);

        if (lo > hi) {
            continue;
        }
        run.offset += lo - run.iova;
        run.iova = iova + (lo - first);
        run.limit = iova + (hi - first);
        run.writable = run.writable && writable;
        g_array_append_val(runs, run);
    }
}

static gint iova_runs_compare(gconstpointer a, gconstpointer b)
{
    const IOVARun *one = a, *other = b;

    return one->iova < other->iova ? -1 : one->iova > other->iova;
}

static bool iova_runs_joined(const IOVARun *one, const IOVARun *next)
{
    return one->limit + 1 == next->iova && one->block == next->block &&
           one->writable == next->writable &&
           one->offset + (next->iova - one->iova) == next->offset;
}

char *iova_runs_format(GArray *runs)
{
    GString *text = g_string_new(NULL);
    guint i, next;

    g_array_sort(runs, iova_runs_compare);
    for (i = 0; i < runs->len; i = next) {
        IOVARun run = RUN(runs, i);

        for (next = i + 1; next < runs->len; next++) {
            g_assert_cmphex(RUN(runs, next).iova, >, run.limit);
            if (!iova_runs_joined(&run, &RUN(runs, next))) {
                break;
            }
            run.limit = RUN(runs, next).limit;
        }
        g_string_append_printf(text, "0x%" PRIx64 "-0x%" PRIx64
                               " %s+0x%" PRIx64 " %s\n", run.iova, run.limit,
                               run.block, run.offset,
                               run.writable ? "rw" : "ro");
    }
    return g_string_free(text, FALSE);
}

/* The listener */

static char *igd_rig_listener_path(const char *id)
{
    return g_strdup_printf("/machine/peripheral/%s-dma", id);
}

static QDict *igd_rig_get(IGDRig *rig, const char *id, const char *property)
{
    g_autofree char *path = igd_rig_listener_path(id);
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
    QDict *answer = igd_rig_get(rig, id, "stats");
    uint64_t value = qdict_get_int(qdict_get_qdict(answer, "return"), name);

    qobject_unref(answer);
    return value;
}

void igd_rig_set(IGDRig *rig, const char *id, const char *property,
                 QObject *value)
{
    g_autofree char *path = igd_rig_listener_path(id);

    qtest_qmp_assert_success(rig->qts, "{ 'execute': 'qom-set', 'arguments': "
                             "{ 'path': %s, 'property': %s, 'value': %p } }",
                             path, property, value);
}

uint64_t igd_rig_count(IGDRig *rig, const char *name)
{
    return igd_rig_stat(rig, "igd0", name);
}

void igd_rig_reset_stats(IGDRig *rig)
{
    igd_rig_set(rig, "igd0", "stats-reset", QOBJECT(qbool_from_bool(true)));
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
    g_autofree char *have = igd_rig_get_string(rig, "igd0", "map");

    if (strcmp(have, want)) {
        g_printerr("%s: mapped\n%sinstead of\n%s", where, have, want);
    }
    g_assert_cmpstr(have, ==, want);
}

void igd_rig_check_region(IGDRig *rig, uint64_t gpa, const char *where)
{
    g_autoptr(GArray) expected = iova_runs_new();

    iova_runs_add_slice(expected, rig->identity, gpa, gpa + RIG_SIZE - 1,
                        RIG_BASE, true);
    igd_rig_check_map(rig, expected, where);
}

void igd_rig_check_never(IGDRig *rig, const char *const names[],
                         const char *where)
{
    QDict *answer = igd_rig_get(rig, "igd0", "stats");
    QDict *stats = qdict_get_qdict(answer, "return");

    for (; *names; names++) {
        if (qdict_get_int(stats, *names)) {
            g_printerr("%s: %s\n", where, *names);
        }
        g_assert_cmpint(qdict_get_int(stats, *names), ==, 0);
    }
    qobject_unref(answer);
}

void igd_rig_check_there(IGDRig *rig, bool there)
{
    g_autofree char *map = igd_rig_get_string(rig, "igd0", "map");
    g_autoptr(GArray) mapped = iova_runs_parse(map);
    g_autoptr(GArray) expected = there ? igd_rig_expect(rig) : iova_runs_new();
    g_autoptr(GArray) region = iova_runs_new();
    g_autofree char *have = NULL, *want = NULL;

    iova_runs_add_slice(region, mapped, RIG_BASE, RIG_LIMIT, RIG_BASE, true);
    have = iova_runs_format(region);
    want = iova_runs_format(expected);
    g_assert_cmpstr(have, ==, want);
}

void igd_rig_check_kept(IGDRig *rig, const char *where)
{
    static const char *const never[] = {
        "region-maps", "region-unmaps", "eexist", "einval", "enospc", "fatal",
        NULL,
    };

    igd_rig_check_never(rig, never, where);
    igd_rig_check_there(rig, true);
}

/* The device */

void igd_rig_dma_use(IGDRig *rig, int devfn)
{
    rig->regs.addr = BAR_BASE + (devfn >> 3) * IGD_TESTDEV_BAR_REGS_SIZE;
}

void igd_rig_dma_setup(IGDRig *rig, int devfn)
{
    QPCIDevice *dev = qpci_device_find(rig->bus, devfn);

    g_assert_nonnull(dev);
    igd_rig_dma_use(rig, devfn);
    qpci_config_writel(dev, PCI_BASE_ADDRESS_0, rig->regs.addr);
    qpci_config_writel(dev, PCI_BASE_ADDRESS_1, 0);
    qpci_config_writew(dev, PCI_COMMAND,
                       PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    g_free(dev);
    igd_guest_check(rig, IGD_TESTDEV_DMA_ID, IGD_TESTDEV_DMA_ID_VALUE);
}

/* The aperture comes first: it is the largest, and so wastes no space */
void igd_guest_enable(IGDRig *g)
{
    QPCIBus *bus = g->bus;
    uint64_t mmio = bus->mmio_alloc_ptr;
    uint64_t pio = bus->pio_alloc_ptr;

    g->aperture = qpci_iomap(g->dev, IGD_TESTDEV_BAR_APERTURE, NULL);
    g->regs = qpci_iomap(g->dev, IGD_TESTDEV_BAR_REGS, NULL);
    g->io = qpci_iomap(g->dev, IGD_TESTDEV_BAR_IO, NULL);
    qpci_device_enable(g->dev);

    /* So that the next call finds the same addresses */
    bus->mmio_alloc_ptr = mmio;
    bus->pio_alloc_ptr = pio;
}

void igd_guest_flr(IGDRig *g)
{
    uint8_t devctl = IGD_TESTDEV_CFG_PCIE + PCI_EXP_DEVCTL;

    qpci_config_writew(g->dev, devctl, qpci_config_readw(g->dev, devctl) |
                       PCI_EXP_DEVCTL_BCR_FLR);
}

uint32_t igd_guest_read(IGDRig *g, uint32_t reg)
{
    return qtest_readl(g->qts, g->regs.addr + reg);
}

uint64_t igd_guest_read64(IGDRig *g, uint32_t reg)
{
    return qtest_readq(g->qts, g->regs.addr + reg);
}

void igd_guest_write(IGDRig *g, uint32_t reg, uint32_t value)
{
    qtest_writel(g->qts, g->regs.addr + reg, value);
}

void igd_guest_write64(IGDRig *g, uint32_t reg, uint64_t value)
{
    qtest_writeq(g->qts, g->regs.addr + reg, value);
}

void igd_guest_check(IGDRig *g, uint32_t reg, uint32_t value)
{
    g_assert_cmphex(igd_guest_read(g, reg), ==, value);
}

void igd_guest_check64(IGDRig *g, uint32_t reg, uint64_t value)
{
    g_assert_cmphex(igd_guest_read64(g, reg), ==, value);
}

void igd_guest_dma_start(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len)
{
    igd_guest_write64(g, IGD_TESTDEV_DMA_SRC, src);
    igd_guest_write64(g, IGD_TESTDEV_DMA_DST, dst);
    igd_guest_write64(g, IGD_TESTDEV_DMA_LEN, len);
    igd_guest_write(g, IGD_TESTDEV_DMA_CMD, cmd);
}

uint32_t igd_guest_dma_wait(IGDRig *g)
{
    gint64 deadline = g_get_monotonic_time() + TIMEOUT_US;
    uint32_t status;

    do {
        status = igd_guest_read(g, IGD_TESTDEV_DMA_STATUS);
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
    } while (status == IGD_TESTDEV_STATUS_BUSY);
    return status;
}

uint32_t igd_guest_dma(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                       uint64_t len)
{
    igd_guest_dma_start(g, cmd, src, dst, len);
    return igd_guest_dma_wait(g);
}

uint32_t igd_guest_fill(IGDRig *g, uint64_t dst, uint64_t len, uint32_t value)
{
    igd_guest_write(g, IGD_TESTDEV_DMA_FILL, value);
    return igd_guest_dma(g, IGD_TESTDEV_CMD_FILL, 0, dst, len);
}

void igd_guest_dma_check(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len, uint32_t status)
{
    g_assert_cmphex(igd_guest_dma(g, cmd, src, dst, len), ==, status);
}

void igd_guest_set_master(IGDRig *g, bool on)
{
    uint16_t cmd = qpci_config_readw(g->dev, PCI_COMMAND);

    cmd = on ? cmd | PCI_COMMAND_MASTER : cmd & ~PCI_COMMAND_MASTER;
    qpci_config_writew(g->dev, PCI_COMMAND, cmd);
}

unsigned igd_rig_find(const char *path, const char *words)
{
    g_autofree char *text = NULL;
    unsigned n = 0;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (const char *at = text; (at = strstr(at, words)); at++) {
        n++;
    }
    return n;
}

/* Migration */

static void migration_wait(QTestState *qts)
{
    gint64 deadline = g_get_monotonic_time() + TIMEOUT_US;

    for (;;) {
        QDict *info = qtest_qmp_assert_success_ref(qts,
                          "{ 'execute': 'query-migrate' }");
        g_autofree char *status = g_strdup(qdict_get_try_str(info, "status"));

        qobject_unref(info);
        if (!g_strcmp0(status, "completed")) {
            return;
        }
        g_assert_cmpstr(status, !=, "failed");
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(10000);
    }
}

static char *migration_uri(void)
{
    g_autofree char *path = test_path("state");

    return g_strconcat("file:", path, NULL);
}

static void migration_forget(void *path)
{
    unlink(path);
    g_free(path);
}

void migration_save(QTestState *qts)
{
    g_autofree char *uri = migration_uri();

    g_test_queue_destroy(migration_forget, test_path("state"));
    qtest_qmp_assert_success(qts, "{ 'execute': 'migrate', "
                             "'arguments': { 'uri': %s } }", uri);
    migration_wait(qts);
}

void migration_load(QTestState *qts)
{
    g_autofree char *uri = migration_uri();

    qtest_qmp_assert_success(qts, "{ 'execute': 'migrate-incoming', "
                             "'arguments': { 'uri': %s } }", uri);
    migration_wait(qts);
}

char *migration_refused(const char *args)
{
    g_autofree char *uri = migration_uri();
    g_autofree char *all = g_strdup_printf("-machine q35 %s -incoming %s", args,
                                           uri);

    return refusal_run(all);
}

IGDRig *igd_guest_load(const char *opts)
{
    IGDRig *g = igd_guest_start(opts, "-S -incoming defer");

    migration_load(g->qts);
    igd_guest_enable(g);    /* the same addresses as those in the stream */
    return g;
}
