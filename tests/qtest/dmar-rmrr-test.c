/*
 * Blessed DMAR tables with reserved memory regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each variant is compared byte for byte with a file of
 * tests/data/acpi/x86/q35. With a difference, both are disassembled by iasl
 * and shown as a diff, and the test fails. `./run bless` writes the files
 * anew (it sets IGD_RMRR_BLESS).
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "libqtest.h"
#include "libqos/libqos-pc.h"
#include "igd-rmrr-util.h"

#define DMAR_STRUCTURES 48

#define Q35 "-M q35 -nodefaults "
#define IOMMU Q35 "-device intel-iommu,intremap=on"
#define IGD " -device igd-testdev,addr=02.0,dsm-base=0x7b800000," \
            "dsm-size=64M,gsm-size=8M"

typedef struct DmarCase {
    const char *name;       /* of the blessed file, DMAR.<name> */
    const char *args;
    unsigned size;          /* 0: not said */
    const char *types;      /* of the structures, a digit each */
} DmarCase;

static const DmarCase cases[] = {
    { "igd-none", IOMMU, 0, "0" },
    { "igd-none-ats", IOMMU ",device-iotlb=on", 0, "02" },
    /* one device more: 120 bytes with any, 32 more with an RMRR */
    { "igd-edu-ats", IOMMU ",device-iotlb=on -device edu,addr=02.0", 120,
      "02" },
    { "igd-ats", IOMMU ",device-iotlb=on" IGD, 152, "012" },
    { "igd", IOMMU IGD, 0, "01" },
    { "igd-no-intremap", Q35 "-device intel-iommu,intremap=off" IGD, 0, "01" },
    { "igd-aw39", IOMMU ",aw-bits=39" IGD, 0, "01" },
    { "igd-scalable", IOMMU ",x-scalable-mode=on" IGD, 0, "01" },
    { "igd-two", IOMMU IGD
      " -device igd-testdev,addr=03.0,dsm-base=0x72000000,dsm-size=32M,"
      "gsm-size=2M,device-id=0x9a49", 0, "011" },
    { "igd-iommu-last", Q35 IGD " -device intel-iommu,intremap=on", 0, "01" },
    { "igd-root-port", IOMMU
      " -device pcie-root-port,id=rp,addr=04.0,chassis=1"
      " -device igd-testdev,bus=rp,addr=00.0,dsm-base=0x7b800000", 0, "01" },
    { "igd-pci-bridge", IOMMU
      " -device pcie-pci-bridge,id=ppb,addr=05.0"
      " -device pci-bridge,id=pb,bus=ppb,addr=03.0,chassis_nr=1"
      " -device igd-testdev,bus=pb,addr=07.0,dsm-base=0x7b800000", 0, "01" },
    { "igd-expander", IOMMU
      " -device pxb-pcie,id=pxb,bus_nr=0x40,bus=pcie.0,addr=06.0"
      " -device pcie-root-port,id=rp,bus=pxb,addr=00.0,chassis=2"
      " -device igd-testdev,bus=rp,addr=00.0,dsm-base=0x7b800000", 0, "01" },
};

/* Shape */

static void check_shape(const DmarCase *c, const GArray *dmar)
{
    unsigned offset = DMAR_STRUCTURES;
    unsigned i;

    for (i = 0; c->types[i]; i++) {
        const uint8_t *s = (uint8_t *)dmar->data + offset;

        g_assert_cmpuint(offset + 4, <=, dmar->len);
        g_assert_cmpuint(s[0] + 256 * s[1], ==, c->types[i] - '0');
        offset += s[2] + 256 * s[3];
    }
    g_assert_cmpuint(offset, ==, dmar->len);
}

/* Compare */

static char *blessed_path(const DmarCase *c)
{
    const char *dir = g_getenv("IGD_RMRR_ACPI_DATA");
    g_autofree char *name = g_strdup_printf("DMAR.%s", c->name);

    g_assert_nonnull(dir);
    return g_build_filename(dir, name, NULL);
}

static void show_difference(const char *expected, const GArray *dmar)
{
    g_autofree char *dir = g_dir_make_tmp("dmar-rmrr-XXXXXX", NULL);
    g_autofree char *sh = g_strdup_printf("cd %s && cp %s expected.aml; "
        "iasl -d expected.aml actual.aml >/dev/null 2>&1; "
        "diff -u expected.dsl actual.dsl", dir, expected);
    const char *argv[] = { "/bin/sh", "-c", sh, NULL };
    g_autofree char *actual = g_build_filename(dir, "actual.aml", NULL);
    g_autofree char *diff = NULL;

    g_assert_true(g_file_set_contents(actual, dmar->data, dmar->len, NULL));
    g_spawn_sync(NULL, (char **)argv, NULL, 0, NULL, NULL, &diff, NULL, NULL,
                 NULL);
    g_test_message("%s differs (tables are kept in %s)", expected, dir);
    g_test_message("%s", diff);
}

static void compare(const DmarCase *c, const GArray *dmar)
{
    g_autofree char *path = blessed_path(c);
    g_autofree char *expected = NULL;
    gsize size = 0;

    if (g_getenv("IGD_RMRR_BLESS")) {
        g_assert_true(g_file_set_contents(path, dmar->data, dmar->len, NULL));
        return;
    }
    if (!g_file_get_contents(path, &expected, &size, NULL) ||
        size != dmar->len || memcmp(expected, dmar->data, size)) {
        show_difference(path, dmar);
        g_test_fail();
    }
}

static void test_case(gconstpointer data)
{
    const DmarCase *c = data;
    g_autoptr(QOSState) qs = qtest_pc_boot("%s", c->args);
    g_autoptr(GArray) dmar = acpi_fetch(qs, "DMAR");

    g_assert_nonnull(dmar);
    check_shape(c, dmar);
    if (c->size) {
        g_assert_cmpuint(dmar->len, ==, c->size);
    }
    compare(c, dmar);
}

/* One device, one hop: a region costs 32 bytes and nothing else changes. */
static void test_adds_one_structure(void)
{
    g_autoptr(QOSState) without = qtest_pc_boot("%s", cases[2].args);
    g_autoptr(QOSState) with = qtest_pc_boot("%s", cases[3].args);
    g_autoptr(GArray) stock = acpi_fetch(without, "DMAR");
    g_autoptr(GArray) ours = acpi_fetch(with, "DMAR");
    const unsigned ats = stock->len - 8;

    g_assert_cmpuint(ours->len, ==, stock->len + 0x20);
    /* all but length and checksum of the header, up to the ATSR */
    g_assert_cmpmem(stock->data + 10, ats - 10, ours->data + 10, ats - 10);
    g_assert_cmpmem(stock->data + ats, 8, ours->data + ats + 0x20, 8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("dmar-rmrr", cases, test_case);
    qtest_add_func("dmar-rmrr/adds-one-structure", test_adds_one_structure);
    return g_test_run();
}
