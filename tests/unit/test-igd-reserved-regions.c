/*
 * Unit tests of the reader of an IOMMU group's reserved regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/vfio/igd-stolen.c and nothing else.
 */

#include "qemu/osdep.h"
#include "hw/vfio/igd-stolen.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))

#define IGD "0x000000007b000000 0x000000007f7fffff direct-relaxable\n"
#define MSI "0x00000000fee00000 0x00000000feefffff msi\n"

typedef struct ParseRow {
    const char *name;
    const char *text;
    unsigned found;
    uint64_t base;
    uint64_t limit;
} ParseRow;

static const ParseRow rows[] = {
    { "empty", "", 0, 0, 0 },
    { "msi-only", MSI, 0, 0, 0 },
    { "igd", IGD MSI, 1, 0x7b000000, 0x7f7fffff },
    { "igd-last", MSI IGD, 1, 0x7b000000, 0x7f7fffff },
    { "no-newline", "0x1000 0x1fff direct-relaxable", 1, 0x1000, 0x1fff },
    { "two", IGD "0x1000 0x1fff direct-relaxable\n" MSI, 2, 0x7b000000,
      0x7f7fffff },
    { "direct", "0x1000 0x1fff direct\n", 0, 0, 0 },
    { "type-has-more", "0x1000 0x1fff direct-relaxable2\n", 0, 0, 0 },
    { "fourth-word", "0x1000 0x1fff direct-relaxable x\n", 0, 0, 0 },
    { "two-words", "0x1000 direct-relaxable\n", 0, 0, 0 },
    { "backwards", "0x2000 0x1fff direct-relaxable\n", 0, 0, 0 },
    { "no-prefix", "1000 1fff direct-relaxable\n", 0, 0, 0 },
    { "not-hex", "0x10z0 0x1fff direct-relaxable\n", 0, 0, 0 },
    { "negative", "0x-1 0x1fff direct-relaxable\n", 0, 0, 0 },
    { "no-digits", "0x 0x1fff direct-relaxable\n", 0, 0, 0 },
    { "65-bits", "0x1000 0x10000000000000000 direct-relaxable\n", 0, 0, 0 },
    { "all-ones", "0x0 0xffffffffffffffff direct-relaxable\n", 1, 0,
      UINT64_MAX },
    { "junk", "\n\n   x\n\t0x1000\n" IGD "\377\376\n", 1, 0x7b000000,
      0x7f7fffff },
};

static void test_parse(gconstpointer data)
{
    const ParseRow *row = data;
    StolenRegion region = { 1, 2, 3 };

    g_assert_cmpuint(igd_reserved_regions_parse(row->text, &region), ==,
                     row->found);
    g_assert_cmphex(region.base, ==, row->found ? row->base : 1);
    g_assert_cmphex(region.limit, ==, row->found ? row->limit : 2);
    g_assert_cmphex(region.dsm_base, ==, row->found ? row->base : 3);
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        g_autofree char *path =
            g_strdup_printf("/igd-reserved-regions/%s", rows[i].name);

        g_test_add_data_func(path, &rows[i], test_parse);
    }
    return g_test_run();
}
