/*
 * What the benchmark measures on a machine without a guest
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not a test: a rig that does what it is told, so that scripts/igdrmrr can
 * let two emulators take turns. Arguments: base and size of the region of
 * igd-testdev "igd0" at 00:02.0, and the emulator's command line. Then one
 * command a line on standard input, and for each a line on standard output
 * that begins with "= ":
 *
 *     dma region|ram LENGTH MS    copy again and again for MS milliseconds:
 *                                 seconds for each
 *     context CONTEXT             point the device's context entry there, and
 *                                 invalidate for the device
 *     translation 0|1             switch it
 *     stats                       the listener's counters (STATS), which are
 *                                 zeroed
 *     tables                      reset, and have the ACPI tables built:
 *                                 seconds
 *
 * CONTEXT is none, pt (pass-through), identity or again (two domains that map
 * the region to itself and RAM too, in 4 KiB pages) or empty.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "libqos/fw_cfg.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci.h"
#include "qemu/bswap.h"
#include "standard-headers/linux/qemu_fw_cfg.h"
#include "igd-testdev-rig.h"

#define TABLES_BASE 0x1000000ull
#define TABLES_LIMIT 0x4ffffffull

#define COPY_MAX (32 * MiB)
#define RAM_SIZE (2 * COPY_MAX)
#define SLICE (2 * MiB)          /* what the engine does in one go */

#define FILES_MAX 128

static const char *const STATS[] = {
    "region-maps", "region-unmaps", "region-unmapped-ns", "region-entries",
};

typedef struct BenchRig {
    IGDRig rig;
    uint64_t base;
    uint64_t size;
    VTDDomain identity;
    VTDDomain again;
    VTDDomain empty;
} BenchRig;

static double now(void)
{
    return g_get_monotonic_time() / (double)G_USEC_PER_SEC;
}

/* DMA */

/* The registers from CMD on, so that one access starts a command */
typedef struct QEMU_PACKED DMARegisters {
    uint32_t cmd;
    uint32_t status;
    uint64_t src;
    uint64_t dst;
    uint64_t len;
} DMARegisters;

/* Returns: how many commands have been done since the last reset */
static uint32_t wait_until_done(BenchRig *b)
{
    g_assert_cmphex(igd_guest_dma_wait(&b->rig), ==, IGD_TESTDEV_STATUS_DONE);
    return igd_guest_read(&b->rig, IGD_TESTDEV_DMA_DONE_COUNT);
}

/*
 * A command that is done in one go has been done when the next one comes,
 * so it need not be asked for; if one came too early, it was ignored, and is
 * not counted. The addresses that a command brings are those of the next one.
 * They go by in turn over @span bytes at @src and at @src + @span.
 *
 * Returns: the commands done, and in @took the seconds they took.
 */
static uint32_t run_commands(BenchRig *b, uint64_t src, uint64_t span,
                             uint64_t length, double seconds, double *took)
{
    DMARegisters regs = {
        .cmd = IGD_TESTDEV_CMD_COPY,
        .src = src, .dst = src + span, .len = length,
    };
    uint32_t before = igd_guest_read(&b->rig, IGD_TESTDEV_DMA_DONE_COUNT);
    uint64_t bar = b->rig.regs.addr, at = 0;
    double start;

    qtest_memwrite(b->rig.qts, bar + IGD_TESTDEV_DMA_SRC, &regs.src,
                   sizeof(regs) - offsetof(DMARegisters, src));
    start = now();
    do {
        at += length;
        if (at + length > span) {
            at = 0;
        }
        regs.src = src + at;
        regs.dst = regs.src + span;
        qtest_memwrite(b->rig.qts, bar + IGD_TESTDEV_DMA_CMD, &regs,
                       sizeof(regs));
        if (length > SLICE) {
            wait_until_done(b);
        }
        *took = now() - start;
    } while (*took < seconds);
    before = wait_until_done(b) - before;
    *took = now() - start;
    return before;
}

static void do_dma(BenchRig *b, const char *place, uint64_t length, int ms)
{
    bool ram = g_str_equal(place, "ram");
    uint64_t span = ram ? COPY_MAX : MIN(COPY_MAX, b->size / 2);
    double took;
    uint32_t done = run_commands(b, ram ? RIG_HIGH : b->base, span,
                                 MIN(length, span), ms / 1000.0, &took);

    printf("= %.9f\n", took / done);
}

/* The IOMMU */

static void do_context(BenchRig *b, const char *name)
{
    VTDGuest *vtd = b->rig.g;

    if (g_str_equal(name, "none")) {
        vtd_context_clear(vtd, RIG_SID);
    } else {
        vtd_context_set(vtd, RIG_SID, g_str_equal(name, "pt") ? NULL :
                        g_str_equal(name, "identity") ? &b->identity :
                        g_str_equal(name, "again") ? &b->again : &b->empty);
    }
    vtd_inv_context_device(vtd, RIG_SID);
    vtd_inv_iotlb_global(vtd);
    printf("= ok\n");
}

static void do_translation(BenchRig *b, int on)
{
    vtd_guest_set_translation(b->rig.g, on);
    printf("= ok\n");
}

static void map_identity(BenchRig *b, VTDDomain *domain, uint16_t id)
{
    *domain = vtd_domain_new(b->rig.g, id, 4);
    vtd_map_range(b->rig.g, domain, RIG_HIGH, RIG_HIGH, RAM_SIZE);
    vtd_map_range(b->rig.g, domain, b->base, b->base, b->size);
}

/* The listener */

static void do_stats(BenchRig *b)
{
    unsigned i;

    printf("=");
    for (i = 0; i < G_N_ELEMENTS(STATS); i++) {
        printf(" %" PRIu64, igd_rig_count(&b->rig, STATS[i]));
    }
    printf("\n");
    igd_rig_reset_stats(&b->rig);
}

/* The tables */

static uint16_t find_file(QFWCFG *fw_cfg, const char *name)
{
    struct fw_cfg_file found[FILES_MAX];
    uint32_t count, i;

    qfw_cfg_get(fw_cfg, FW_CFG_FILE_DIR, &count, sizeof(count));
    count = MIN(be32_to_cpu(count), FILES_MAX);
    qfw_cfg_read_data(fw_cfg, found, count * sizeof(found[0]));
    for (i = 0; i < count; i++) {
        if (!strcmp(found[i].name, name)) {
            return be16_to_cpu(found[i].select);
        }
    }
    g_assert_not_reached();
}

/*
 * The tables are built when firmware selects the file for the first time
 * after a reset; to select it once more costs what selecting costs.
 */
static void do_tables(BenchRig *b)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(b->rig.qts);
    uint16_t key = find_file(fw_cfg, "etc/acpi/tables");
    double first, second;

    qtest_system_reset(b->rig.qts);
    first = now();
    qfw_cfg_select(fw_cfg, key);
    second = now();
    qfw_cfg_select(fw_cfg, key);
    printf("= %.9f\n", (second - first) - (now() - second));

    pc_fw_cfg_uninit(fw_cfg);
    igd_rig_dma_setup(&b->rig, RIG_SID);
    vtd_guest_set_root(b->rig.g, b->rig.g->root);
}

/* The rig */

static void obey(BenchRig *b, char **words)
{
    unsigned n = g_strv_length(words);

    if (g_str_equal(words[0], "dma") && n == 4) {
        do_dma(b, words[1], g_ascii_strtoull(words[2], NULL, 0),
               atoi(words[3]));
    } else if (g_str_equal(words[0], "context") && n == 2) {
        do_context(b, words[1]);
    } else if (g_str_equal(words[0], "translation") && n == 2) {
        do_translation(b, atoi(words[1]));
    } else if (g_str_equal(words[0], "stats")) {
        do_stats(b);
    } else if (g_str_equal(words[0], "tables")) {
        do_tables(b);
    } else {
        g_error("no such command: %s", words[0]);
    }
    fflush(stdout);
}

static void set_up(BenchRig *b)
{
    IGDRig *rig = &b->rig;

    rig->g = vtd_guest_new(rig->qts, VTD_LEGACY, TABLES_BASE, TABLES_LIMIT);
    rig->bus = qpci_new_pc(rig->qts, NULL);
    igd_rig_dma_setup(rig, RIG_SID);
    map_identity(b, &b->identity, 1);
    map_identity(b, &b->again, 2);
    b->empty = vtd_domain_new(rig->g, 3, 4);
    vtd_guest_set_root(rig->g, rig->g->root);
}

int main(int argc, char **argv)
{
    BenchRig b = { };
    char line[256];
    double start;

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 4);
    b.base = g_ascii_strtoull(argv[1], NULL, 0);
    b.size = g_ascii_strtoull(argv[2], NULL, 0);
    start = now();
    b.rig.qts = qtest_init(argv[3]);
    printf("= %.6f\n", now() - start);
    fflush(stdout);

    set_up(&b);
    while (fgets(line, sizeof(line), stdin)) {
        g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", -1);

        obey(&b, words);
    }
    qpci_free_pc(b.rig.bus);
    qtest_quit(b.rig.qts);
    return 0;
}
