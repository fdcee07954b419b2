/*
 * All who name a region of stolen memory name the same
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * E820, the RMRR of the DMAR, the PNP0C02 device's _CRS, BDSM, fw_cfg's base,
 * the memory, the window in the IOMMU and query-rmrr are read back and
 * compared, for each kind of region. None of the numbers is given here twice.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "libqtest.h"
#include "libqos/libqos-pc.h"
#include "igd-rmrr-util.h"

#define Q35 "-M q35 -nodefaults -vga none -m 4G "
#define IOMMU "-device intel-iommu,intremap=on,caching-mode=on "
#define IGD "-device igd-testdev,addr=02.0,dsm-base=0x7b800000,dsm-size=64M"
#define GEN11 0x9a49

#define E820_RESERVED 2
#define E820_ENTRY 20
#define DMAR_STRUCTURES 48
#define IGD_SID 0x10
#define MANY 64

typedef struct Region {
    uint64_t base;
    uint64_t limit;
} Region;

/* A region in the words of query-rmrr; @sid is -1 without an IOMMU */
typedef struct Told {
    uint64_t dsm_base;
    bool placed;
    int sid;
} Told;

static gint region_compare(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(Region)) ?
           (((Region *)a)->base < ((Region *)b)->base ? -1 : 1) : 0;
}

static void regions_add(GArray *regions, uint64_t base, uint64_t limit)
{
    Region region = { base, limit };

    for (unsigned i = 0; i < regions->len; i++) {
        if (!region_compare(&g_array_index(regions, Region, i), &region)) {
            return;
        }
    }
    g_array_append_val(regions, region);
}

static GArray *regions_new(void)
{
    return g_array_new(false, false, sizeof(Region));
}

static void regions_assert(const char *source, GArray *have, GArray *want)
{
    g_array_sort(have, region_compare);
    g_array_sort(want, region_compare);
    for (unsigned i = 0; i < have->len; i++) {
        g_test_message("%s: 0x%" PRIx64 "-0x%" PRIx64, source,
                       g_array_index(have, Region, i).base,
                       g_array_index(have, Region, i).limit);
    }
    g_assert_cmpmem(have->data, have->len * sizeof(Region), want->data,
                    want->len * sizeof(Region));
    g_array_unref(have);
}

/* Those who name it */

static GArray *in_e820(QOSState *qs)
{
    g_autoptr(GArray) e820 = fw_cfg_fetch(qs, "etc/e820");
    GArray *regions = regions_new();

    for (unsigned i = 0; i < e820->len; i += E820_ENTRY) {
        const char *entry = e820->data + i;
        uint64_t base = ldq_le_p(entry);

        /* QEMU itself reserves a range above 4 GiB */
        if (ldl_le_p(entry + 16) == E820_RESERVED && base < 4 * GiB) {
            regions_add(regions, base, base + ldq_le_p(entry + 8) - 1);
        }
    }
    return regions;
}

static GArray *in_dmar(QOSState *qs)
{
    g_autoptr(GArray) dmar = acpi_fetch(qs, "DMAR");
    GArray *regions = regions_new();

    for (unsigned i = DMAR_STRUCTURES; dmar && i < dmar->len;
         i += lduw_le_p(dmar->data + i + 2)) {
        if (lduw_le_p(dmar->data + i) == 1) {
            regions_add(regions, ldq_le_p(dmar->data + i + 8),
                        ldq_le_p(dmar->data + i + 16));
        }
    }
    return regions;
}

/* 32-bit fixed memory (ACPI 6.4.3.4) after the device's name */
static GArray *in_crs(QOSState *qs)
{
    static const uint8_t head[] = { 0x86, 0x09, 0x00, 0x01 };
    g_autoptr(GArray) dsdt = acpi_fetch(qs, "DSDT");
    GArray *regions = regions_new();
    const char *at = memmem(dsdt->data, dsdt->len, "STLN", 4);
    const char *end = dsdt->data + dsdt->len;

    while (at && (at = memmem(at, end - at, head, sizeof(head)))) {
        uint64_t base = ldl_le_p(at + 4) & UINT32_MAX;

        regions_add(regions, base,
                    base + (ldl_le_p(at + 8) & UINT32_MAX) - 1);
        at += sizeof(head);
        if (memcmp(at + 8, head, sizeof(head))) {
            break;
        }
    }
    return regions;
}

static GArray *in_memory(QOSState *qs, const char *name)
{
    g_autofree char *text = qtest_hmp(qs->qts, "info mtree");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GArray *regions = regions_new();

    for (char **line = lines; *line; line++) {
        uint64_t base, limit;

        if (strstr(*line, name) &&
            sscanf(*line, "%" SCNx64 "-%" SCNx64, &base, &limit) == 2) {
            regions_add(regions, base, limit);
        }
    }
    return regions;
}

/* What is told of each region, and all of them or those that are placed */
static GArray *in_query(QOSState *qs, GArray **regions, GArray **placed)
{
    QDict *answer = qtest_qmp(qs->qts, "{ 'execute': 'query-rmrr' }");
    GArray *all = g_array_new(false, false, sizeof(Told));
    const QListEntry *e;

    *regions = regions_new();
    *placed = regions_new();
    QLIST_FOREACH_ENTRY(qdict_get_qlist(answer, "return"), e) {
        QDict *r = qobject_to(QDict, qlist_entry_obj(e));
        const QListEntry *d = qlist_first(qdict_get_qlist(r, "devices"));
        Told told = {
            .dsm_base = qdict_get_int(r, "dsm-base"),
            .placed = qdict_get_bool(r, "placed"),
            .sid = d ? qdict_get_int(qobject_to(QDict, qlist_entry_obj(d)),
                                     "sid") : -1,
        };

        regions_add(*regions, qdict_get_int(r, "base"),
                    qdict_get_int(r, "limit"));
        if (told.placed) {
            regions_add(*placed, qdict_get_int(r, "base"),
                        qdict_get_int(r, "limit"));
        }
        g_array_append_val(all, told);
    }
    qobject_unref(answer);
    return all;
}

/* BDSM has 64 bits, and is elsewhere, from generation 11 on */
static uint64_t bdsm(QOSState *qs, uint16_t sid)
{
    if (pc_config_read(qs->qts, sid, 0) >> 16 == GEN11) {
        return pc_config_read(qs->qts, sid, 0xc0) |
               (uint64_t)pc_config_read(qs->qts, sid, 0xc4) << 32;
    }
    return pc_config_read(qs->qts, sid, 0x5c);
}

static void compare(QOSState *qs, unsigned nr, bool iommu)
{
    g_autoptr(GArray) regions = NULL, placed = NULL, none = regions_new();
    g_autoptr(GArray) told = in_query(qs, &regions, &placed);
    g_autoptr(GArray) base = fw_cfg_fetch(qs, "etc/igd-stolen-base");
    bool based = false;

    g_assert_cmpuint(regions->len, ==, nr);
    regions_assert("E820", in_e820(qs), placed);
    regions_assert("_CRS", in_crs(qs), placed);
    regions_assert("RMRR", in_dmar(qs), iommu ? regions : none);
    regions_assert("memory", in_memory(qs, "ram): igd-stolen@"), placed);
    regions_assert("alias", in_memory(qs, "alias vtd-rmrr @igd-stolen@"),
                   iommu ? placed : none);
    regions_assert("tables", in_memory(qs, "alias vtd-rmrr-tables @"),
                   iommu ? placed : none);
    for (unsigned i = 0; i < told->len; i++) {
        const Told *t = &g_array_index(told, Told, i);
        uint16_t sid = t->sid < 0 ? IGD_SID : t->sid;

        g_assert_cmphex(bdsm(qs, sid), ==, t->dsm_base);
        if (t->placed && sid == IGD_SID) {
            g_assert_nonnull(base);
            g_assert_cmphex(ldq_le_p(base->data), ==, t->dsm_base);
            based = true;
        }
    }
    g_assert_cmpint(based, ==, base != NULL);
}

typedef struct Case {
    const char *name;
    const char *args;
    unsigned nr;
    bool iommu;
} Case;

static const Case cases[] = {
    { "gsm", Q35 IOMMU IGD ",gsm-size=8M", 1, true },
    { "no-gsm", Q35 IOMMU IGD ",gsm-size=0", 1, true },
    { "no-iommu", Q35 IGD, 1, false },
    { "iommu-last", Q35 IGD " " IOMMU, 1, true },
    { "above-ram", "-M q35 -nodefaults -vga none -m 1G " IOMMU IGD, 1, true },
    { "several", Q35 IOMMU IGD " -device igd-testdev,addr=03.0,device-id="
      stringify(GEN11) ",dsm-base=0x72000000,dsm-size=32M,gsm-size=2M "
      "-device igd-testdev,addr=04.0,dsm-base=0x80000000", 3, true },
    { "device-memory", Q35 IOMMU IGD ",device-memory=on", 1, true },
    /* The early scan does not see these options: there is another region */
    { "not-as-expected", Q35 IOMMU "-global igd-testdev.dsm-base=0x70000000 "
      "-device igd-testdev,addr=02.0 2>/dev/null", 1, true },
    { "none", Q35 IOMMU "-device edu", 0, true },
};

static void test_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(QOSState) qs = qtest_pc_boot("%s", c->args);

    compare(qs, c->nr, c->iommu);
    qtest_system_reset(qs->qts);
    compare(qs, c->nr, c->iommu);
}

static void test_root_port(void)
{
    g_autoptr(QOSState) qs = qtest_pc_boot(Q35 IOMMU
        "-device pcie-root-port,id=rp,addr=04.0,chassis=1 "
        "-device igd-testdev,bus=rp,dsm-base=0x7b800000");

    /* Secondary and subordinate bus 1 */
    pc_config_write(qs->qts, 0x20, 0x18, 0x00010100);
    compare(qs, 1, true);
}

/* Without translation they share one view of memory: one each is slow. */
static void assert_few_views(QOSState *qs)
{
    g_autofree char *text = qtest_hmp(qs->qts, "info mtree -f");
    unsigned n = 0;

    for (char *at = text; (at = strstr(at, "FlatView #")); at++) {
        n++;
    }
    g_assert_cmpuint(n, >, 0);
    g_assert_cmpuint(n, <, MANY / 4);
}

static void test_many(void)
{
    g_autoptr(GString) args = g_string_new(Q35 IOMMU);
    QOSState *qs;

    for (unsigned i = 0; i < MANY; i++) {
        g_string_append_printf(args, "-device igd-testdev,multifunction=on,"
                               "addr=%02x.%x,dsm-base=0x%x,dsm-size=32M,"
                               "gsm-size=2M ", 4 + i / 8, i % 8,
                               0x20200000 + i * 0x2200000);
    }
    qs = qtest_pc_boot("%s", args->str);
    compare(qs, MANY, true);
    assert_few_views(qs);
    qtest_shutdown(qs);
}

/* Guest firmware writes BDSM, and the tables are built after that */
static void test_firmware(void)
{
    g_autoptr(QOSState) qs = qtest_pc_boot(Q35 IOMMU IGD ",place=off,"
                                           "config-unlocked=on");

    for (uint32_t base = 0x30000000; base < 0x60000000; base += 0x11000000) {
        pc_config_write(qs->qts, IGD_SID, 0x5c, base);
        compare(qs, 1, true);
        qtest_system_reset(qs->qts);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("stolen-memory-truth", cases, test_case);
    qtest_add_func("stolen-memory-truth/root-port", test_root_port);
    qtest_add_func("stolen-memory-truth/many", test_many);
    qtest_add_func("stolen-memory-truth/firmware", test_firmware);
    return g_test_run();
}
