/*
 * Unit tests of the kernel driver's register decoding
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: the kernel's decode.c and QEMU's igd-stolen.c were written apart, one
 * from tables and one from code; for every device id and every GGC they have
 * to say the same. STOLEN_RESERVED, which QEMU does not read, has rows.
 */

#include "qemu/osdep.h"
#include "../../kernel/igd-vfio-pci/decode.h"
#include "hw/vfio/igd-stolen.h"
#include "test-rows.h"

#define MIB 0x100000ull

static void test_device_ids(void)
{
    unsigned id;

    for (id = 0; id <= UINT16_MAX; id++) {
        const char *why = NULL;
        const struct igd_layout *ours = igd_vfio_layout(id, &why);
        IGDStolenGen gen = igd_stolen_gen(id);
        const IGDStolenLayout *theirs = igd_stolen_layout(gen);

        g_assert_cmpint(!ours, ==, !theirs);
        if (!ours) {
            g_assert_cmpstr(why, ==, gen == IGD_STOLEN_GEN_NO_BDSM ?
                            "Meteor Lake and later have no BDSM" :
                            "the device id is not known");
            continue;
        }
        g_assert_cmphex(ours->bdsm_offset, ==, theirs->bdsm_offset);
        g_assert_cmpint(ours->bdsm_64 ? 64 : 32, ==, theirs->bdsm_bits);
    }
}

static void compare(uint16_t id, uint16_t ggc, uint64_t bdsm)
{
    const char *why = NULL;
    struct igd_stolen stolen = { };
    StolenRegion region = { };
    IGDStolenResult result = igd_stolen_decode(id, ggc, bdsm, &region);

    why = igd_vfio_decode(igd_vfio_layout(id, &why), ggc, bdsm, &stolen);
    if (!why != (result == IGD_STOLEN_OK)) {
        g_error("id 0x%04x GGC 0x%04x BDSM 0x%" PRIx64 ": kernel \"%s\", "
                "QEMU \"%s\"", id, ggc, bdsm, why ?: "no error",
                igd_stolen_strerror(result));
    }
    if (!why) {
        g_assert_cmphex(stolen.dsm_base, ==, region.dsm_base);
        g_assert_cmphex(stolen.dsm_base - stolen.gsm_size, ==, region.base);
        g_assert_cmphex(stolen.dsm_base + stolen.dsm_size - 1, ==,
                        region.limit);
    }
}

static void test_ggc(gconstpointer data)
{
    static const uint64_t bases[] = {
        0, 1, MIB, 3 * MIB, 0x7b800000, 0x7b800001, 0x7b880000, 0xffe00000,
        0xfff00000, UINT32_MAX, 0x100000000, 0x17b800000, UINT64_MAX,
    };
    uint16_t id = GPOINTER_TO_UINT(data);
    unsigned ggc, i;

    for (ggc = 0; ggc <= UINT16_MAX; ggc++) {
        for (i = 0; i < G_N_ELEMENTS(bases); i++) {
            compare(id, ggc, bases[i]);
        }
    }
}

typedef struct ReservedRow {
    const char *name;
    uint16_t id;
    uint64_t reg;
    uint64_t bytes;
} ReservedRow;

/* DSM 7b800000-7f7fffff */
static const ReservedRow reserved_rows[] = {
    { "off", 0x1912, 0x7f600080, 0 },
    { "zero", 0x1912, 0, 0 },
    { "gen9", 0x1912, 0x7f600081, 2 * MIB },
    { "gen9-whole", 0x1912, 0x7b800001, 64 * MIB },
    { "gen9-below", 0x1912, 0x7b700001, 0 },
    { "gen9-end", 0x1912, 0x7f800001, 0 },
    { "gen9-last", 0x1912, 0x7f700001, 1 * MIB },
    { "gen9-upper-half", 0x1912, 0x17f700001, 1 * MIB },
    { "gen6-below-1m", 0x0102, 0x7f740001, 1 * MIB },
    { "gen7-256k", 0x0166, 0x7f7c0021, 0x40000 },
    { "haswell-256k", 0x0412, 0x7f7c0021, 0x40000 },
    { "valleyview", 0x0f31, 0x00000001, 1 * MIB },
    { "valleyview-off", 0x0f31, 0x00000000, 0 },
    { "gen12", 0x9a49, 0x7f000181, 8 * MIB },
    { "gen12-bit-0-clear", 0x9a49, 0x7f000180, 8 * MIB },
    { "gen12-zero", 0x9a49, 0, 0 },
    { "gen12-high", 0x9a49, 0x17f000181, 0 },
    { "all-ones", 0x9a49, UINT64_MAX, 0 },
};

static void test_reserved(gconstpointer data)
{
    const ReservedRow *row = data;
    const struct igd_stolen stolen = {
        .dsm_base = 0x7b800000,
        .dsm_size = 64 * MIB,
        .gsm_size = 8 * MIB,
    };
    const char *why;

    g_assert_cmphex(igd_vfio_reserved(igd_vfio_layout(row->id, &why), &stolen,
                                      row->reg), ==, row->bytes);
}

int main(int argc, char **argv)
{
    static const uint16_t ids[] = {
        0x0102, 0x0166, 0x0412, 0x0f31, 0x1616, 0x22b0, 0x1912, 0x0a84, 0x8a52,
        0x9a49,
    };
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/igd-vfio-decode/device-ids", test_device_ids);
    for (i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *path = g_strdup_printf("/igd-vfio-decode/ggc/%04x",
                                                ids[i]);

        g_test_add_data_func(path, GUINT_TO_POINTER(ids[i]), test_ggc);
    }
    TEST_ROWS("/igd-vfio-decode/reserved", reserved_rows, test_reserved);
    return g_test_run();
}
