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
 *     command MS                  the same with hardly anything to copy
 *     context CONTEXT             point the device's context entry there, and
 *                                 invalidate for the device
 *     translation 0|1             switch it
 *     stats                       the listener's "NAME VALUE..."
 *     reset                       zero the listener's counters
 *     tables                      have the ACPI tables built: bytes of the
 *                                 DMAR, and seconds
 *
 * CONTEXT is none, pt (pass-through), identity or again (two domains that map
 * the region to itself and RAM too, in 4 KiB pages) or empty.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "libqtest.h"
#include "libqos/pci-pc.h"
#include "hw/display/igd-testdev-regs.h"
#include "hw/pci/pci.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/qemu_fw_cfg.h"
#include "igd-testdev-rig.h"

#define DEVFN PCI_DEVFN(2, 0)
#define BAR 0xe2000000ull       /* where igd_rig_dma_setup() puts it */
#define TABLES_BASE 0x1000000ull
#define TABLES_LIMIT 0x4ffffffull

#define COPY_MAX (32 * MiB)
#define RAM_SIZE (2 * COPY_MAX)
#define SLICE (2 * MiB)          /* what the engine does in one go */
#define POLL_TIMEOUT_S 30

/* Guest memory for what fw_cfg has, and its interface */
#define ACCESS_AT 0x7f0000
#define FILE_AT 0x800000
#define FILES_MAX 128
#define FW_CFG_DMA_PORT 0x514

#define ACPI_MAX (1 * MiB)
#define ACPI_LENGTH 4
#define ACPI_HEADER 36

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

static uint32_t read_reg(BenchRig *b, uint64_t reg)
{
    return qtest_readl(b->rig.qts, BAR + reg);
}

/* Returns: how many commands have been done since the last reset */
static uint32_t wait_until_done(BenchRig *b)
{
    double deadline = now() + POLL_TIMEOUT_S;
    uint32_t status;

    do {
        status = read_reg(b, IGD_TESTDEV_DMA_STATUS);
        g_assert_cmpfloat(now(), <, deadline);
    } while (status == IGD_TESTDEV_STATUS_BUSY);
    g_assert_cmphex(status, ==, IGD_TESTDEV_STATUS_DONE);
    return read_reg(b, IGD_TESTDEV_DMA_DONE_COUNT);
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
    uint32_t before = read_reg(b, IGD_TESTDEV_DMA_DONE_COUNT);
    uint64_t at = 0;
    double start;

    qtest_memwrite(b->rig.qts, BAR + IGD_TESTDEV_DMA_SRC, &regs.src,
                   sizeof(regs) - offsetof(DMARegisters, src));
    start = now();
    do {
        at += length;
        if (at + length > span) {
            at = 0;
        }
        regs.src = src + at;
        regs.dst = regs.src + span;
        qtest_memwrite(b->rig.qts, BAR + IGD_TESTDEV_DMA_CMD, &regs,
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

static void do_command(BenchRig *b, int ms)
{
    double took;
    uint32_t done = run_commands(b, RIG_HIGH, COPY_MAX, sizeof(uint32_t),
                                 ms / 1000.0, &took);

    printf("= %.9f\n", took / done);
}

/* The IOMMU */

static void do_context(BenchRig *b, const char *name)
{
    VTDGuest *vtd = &b->rig.vtd;

    if (g_str_equal(name, "none")) {
        vtd_context_clear(vtd, RIG_SID);
    } else if (g_str_equal(name, "pt")) {
        vtd_context_set(vtd, RIG_SID, NULL);
    } else {
        vtd_context_set(vtd, RIG_SID,
                        g_str_equal(name, "identity") ? &b->identity :
                        g_str_equal(name, "again") ? &b->again : &b->empty);
    }
    vtd_inv_context_device(vtd, RIG_SID);
    vtd_inv_iotlb_global(vtd);
    printf("= ok\n");
}

static void do_translation(BenchRig *b, int on)
{
    vtd_guest_set_translation(&b->rig.vtd, on);
    printf("= ok\n");
}

static void map_identity(BenchRig *b, VTDDomain *domain, uint16_t id)
{
    *domain = vtd_domain_new(&b->rig.vtd, id, 4);
    vtd_map_range(&b->rig.vtd, domain, RIG_HIGH, RIG_HIGH, RAM_SIZE);
    vtd_map_range(&b->rig.vtd, domain, b->base, b->base, b->size);
}

/* The listener */

static void do_stats(BenchRig *b)
{
    QDict *answer = qtest_qmp(b->rig.qts, "{ 'execute': 'qom-get', "
                              "'arguments': { "
                              "'path': '/machine/peripheral/igd0', "
                              "'property': 'listener-stats' } }");
    QDict *stats = qdict_get_qdict(answer, "return");
    const QDictEntry *entry;

    g_assert_nonnull(stats);
    printf("=");
    for (entry = qdict_first(stats); entry; entry = qdict_next(stats, entry)) {
        printf(" %s %" PRId64, qdict_entry_key(entry),
               qdict_get_int(stats, qdict_entry_key(entry)));
    }
    printf("\n");
    qobject_unref(answer);
}

/* The tables */

static uint32_t acpi_length(const uint8_t *table)
{
    uint32_t length;

    memcpy(&length, table + ACPI_LENGTH, sizeof(length));
    return GUINT32_FROM_LE(length);
}

static uint32_t find_dmar(const uint8_t *all, size_t size)
{
    size_t at = 0;

    while (at + ACPI_HEADER <= size && all[at]) {
        uint32_t length = acpi_length(all + at);

        if (!memcmp(all + at, "DMAR", 4)) {
            return length;
        }
        g_assert_cmpuint(length, >=, 8);
        at += length;
    }
    return 0;
}

/* Reads a file of fw_cfg by its DMA interface; it stays in guest memory */
static void fw_cfg_read(BenchRig *b, uint16_t key, uint32_t length)
{
    QTestState *qts = b->rig.qts;
    struct fw_cfg_dma_access access = {
        .control = cpu_to_be32(key << 16 | FW_CFG_DMA_CTL_SELECT |
                               FW_CFG_DMA_CTL_READ),
        .length = cpu_to_be32(length),
        .address = cpu_to_be64(FILE_AT),
    };

    qtest_memwrite(qts, ACCESS_AT, &access, sizeof(access));
    qtest_outl(qts, FW_CFG_DMA_PORT, 0);
    qtest_outl(qts, FW_CFG_DMA_PORT + 4, cpu_to_be32(ACCESS_AT));
    g_assert_cmphex(qtest_readl(qts, ACCESS_AT), ==, 0);
}

static uint16_t find_file(BenchRig *b, const char *name, uint32_t *size)
{
    struct fw_cfg_file file;
    uint32_t count, i;

    fw_cfg_read(b, FW_CFG_FILE_DIR, sizeof(count) + FILES_MAX * sizeof(file));
    count = be32_to_cpu(qtest_readl(b->rig.qts, FILE_AT));
    for (i = 0; i < MIN(count, FILES_MAX); i++) {
        qtest_memread(b->rig.qts, FILE_AT + sizeof(count) + i * sizeof(file),
                      &file, sizeof(file));
        if (!strcmp(file.name, name)) {
            *size = be32_to_cpu(file.size);
            return be16_to_cpu(file.select);
        }
    }
    g_assert_not_reached();
}

/*
 * The tables are built when firmware selects the file for the first time
 * after a reset; to read it once more costs what reading costs.
 */
static void do_tables(BenchRig *b)
{
    g_autofree uint8_t *all = g_malloc0(ACPI_MAX);
    double first, second;
    uint32_t size;
    uint16_t key;

    qtest_system_reset(b->rig.qts);
    key = find_file(b, "etc/acpi/tables", &size);
    g_assert_cmpuint(size, <=, ACPI_MAX);

    first = now();
    fw_cfg_read(b, key, size);
    second = now();
    fw_cfg_read(b, key, size);
    first = (second - first) - (now() - second);

    qtest_memread(b->rig.qts, FILE_AT, all, size);
    printf("= %u %.9f\n", find_dmar(all, size), first);
    igd_rig_dma_setup(&b->rig, DEVFN);
    vtd_guest_set_root(&b->rig.vtd, b->rig.vtd.root);
}

static void do_reset(BenchRig *b)
{
    igd_rig_reset_stats(&b->rig, "igd0");
    printf("= ok\n");
}

/* The rig */

static void obey(BenchRig *b, char **words)
{
    unsigned n = g_strv_length(words);

    if (g_str_equal(words[0], "dma") && n == 4) {
        do_dma(b, words[1], g_ascii_strtoull(words[2], NULL, 0),
               atoi(words[3]));
    } else if (g_str_equal(words[0], "command") && n == 2) {
        do_command(b, atoi(words[1]));
    } else if (g_str_equal(words[0], "context") && n == 2) {
        do_context(b, words[1]);
    } else if (g_str_equal(words[0], "translation") && n == 2) {
        do_translation(b, atoi(words[1]));
    } else if (g_str_equal(words[0], "stats")) {
        do_stats(b);
    } else if (g_str_equal(words[0], "reset")) {
        do_reset(b);
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

    vtd_guest_init(&rig->vtd, rig->qts, TABLES_BASE, TABLES_LIMIT);
    rig->bus = qpci_new_pc(rig->qts, NULL);
    igd_rig_dma_setup(rig, DEVFN);
    map_identity(b, &b->identity, 1);
    map_identity(b, &b->again, 2);
    b->empty = vtd_domain_new(&rig->vtd, 3, 4);
    vtd_guest_set_root(&rig->vtd, rig->vtd.root);
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
