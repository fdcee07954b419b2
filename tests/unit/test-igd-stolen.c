/*
 * Unit tests of the IGD stolen memory register decode
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/vfio/igd-stolen.c and nothing else. The expected sizes are
 * lists of MiB, written out or grown by adding a step, so that no formula of
 * the code under test is repeated here.
 */

#include "qemu/osdep.h"
#include "hw/vfio/igd-stolen.h"
#include "test-rows.h"

#define MIB             0x100000ull
#define RESERVED        (-1)

/* Expected values of one generation, by field value, in MiB */
typedef struct ExpectedGen {
    const char *name;
    IGDStolenGen gen;
    uint16_t bdsm_offset;
    unsigned bdsm_bits;
    unsigned gms_lowest_bit;
    unsigned gms_values;
    int gms[256];
    unsigned ggms_lowest_bit;
    int ggms[4];
} ExpectedGen;

static ExpectedGen expected[] = {
    { "gen6", IGD_STOLEN_GEN6, 0x5c, 32, 3, 32, {}, 8, { 0, 1, 2, 3 } },
    { "gen7", IGD_STOLEN_GEN7, 0x5c, 32, 3, 32, {}, 8, { 0, 1, 2, 3 } },
    { "gen7-valleyview", IGD_STOLEN_GEN7_VALLEYVIEW, 0x5c, 32, 3, 32, {},
      8, { 0, 1, 2, 3 } },
    { "gen8-broadwell", IGD_STOLEN_GEN8_BROADWELL, 0x5c, 32, 8, 256, {},
      6, { 0, 2, 4, 8 } },
    { "gen8-cherryview", IGD_STOLEN_GEN8_CHERRYVIEW, 0x5c, 32, 3, 32,
      { 0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448,
        480, 512,
        8, 12, 16, 20, 24, 28,
        36, 40, 44, 48, 52, 56, 60,
        RESERVED, RESERVED },
      8, { 0, 2, 4, 8 } },
    { "gen9", IGD_STOLEN_GEN9, 0x5c, 32, 8, 256, {}, 6, { 0, 2, 4, 8 } },
    { "gen11", IGD_STOLEN_GEN11, 0xc0, 64, 8, 256, {}, 6, { 0, 2, 4, 8 } },
    { "gen12", IGD_STOLEN_GEN12, 0xc0, 64, 8, 256, {}, 6, { 0, 2, 4, 8 } },
};

/* The long lists: a running sum, and then what is different at the end */
static void fill_expected(ExpectedGen *e)
{
    static const int gen9_small[16] = {
        4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, RESERVED
    };
    unsigned i;
    int sum = 0;

    if (e->gen == IGD_STOLEN_GEN8_CHERRYVIEW) {
        return;
    }
    for (i = 0; i < e->gms_values; i++, sum += 32) {
        e->gms[i] = sum;
    }
    if (e->gms_values == 32) {
        for (i = 17; i < 32; i++) {
            e->gms[i] = RESERVED;
        }
    } else if (e->gen != IGD_STOLEN_GEN8_BROADWELL) {
        memcpy(&e->gms[240], gen9_small, sizeof(gen9_small));
    }
}

typedef struct IdRow {
    uint16_t first;
    uint16_t last;
    IGDStolenGen gen;
} IdRow;

/* Every id is looked up; those in no row are unknown */
static const IdRow id_rows[] = {
    { 0x0a84, 0x0a85, IGD_STOLEN_GEN9 }, { 0x1a84, 0x1a85, IGD_STOLEN_GEN9 },
    { 0x5a84, 0x5a85, IGD_STOLEN_GEN9 },
    { 0x0100, 0x014f, IGD_STOLEN_GEN6 }, { 0x0150, 0x01ff, IGD_STOLEN_GEN7 },
    { 0x0400, 0x04ff, IGD_STOLEN_GEN7 }, { 0x0a00, 0x0aff, IGD_STOLEN_GEN7 },
    { 0x0c00, 0x0dff, IGD_STOLEN_GEN7 },
    { 0x0f00, 0x0fff, IGD_STOLEN_GEN7_VALLEYVIEW },
    { 0x1600, 0x16ff, IGD_STOLEN_GEN8_BROADWELL },
    { 0x2200, 0x22ff, IGD_STOLEN_GEN8_CHERRYVIEW },
    { 0x1900, 0x19ff, IGD_STOLEN_GEN9 }, { 0x3100, 0x31ff, IGD_STOLEN_GEN9 },
    { 0x5900, 0x59ff, IGD_STOLEN_GEN9 }, { 0x3e00, 0x3eff, IGD_STOLEN_GEN9 },
    { 0x9b00, 0x9bff, IGD_STOLEN_GEN9 }, { 0x5a40, 0x5a5f, IGD_STOLEN_GEN9 },
    { 0x87c0, 0x87c0, IGD_STOLEN_GEN9 }, { 0x87ca, 0x87ca, IGD_STOLEN_GEN9 },
    { 0x8a00, 0x8aff, IGD_STOLEN_GEN11 },
    { 0x4500, 0x45ff, IGD_STOLEN_GEN11 }, { 0x4e00, 0x4eff, IGD_STOLEN_GEN11 },
    { 0x9a00, 0x9aff, IGD_STOLEN_GEN12 }, { 0x4c00, 0x4cff, IGD_STOLEN_GEN12 },
    { 0x4600, 0x46ff, IGD_STOLEN_GEN12 }, { 0xa700, 0xa7ff, IGD_STOLEN_GEN12 },
    { 0x7d00, 0x7dff, IGD_STOLEN_GEN_NO_BDSM },
    { 0x6400, 0x64ff, IGD_STOLEN_GEN_NO_BDSM },
    { 0xb000, 0xb0ff, IGD_STOLEN_GEN_NO_BDSM },
    { 0xb640, 0xb640, IGD_STOLEN_GEN_NO_BDSM },
    { 0xd740, 0xd75f, IGD_STOLEN_GEN_NO_BDSM },
    { 0xfd80, 0xfd8f, IGD_STOLEN_GEN_NO_BDSM },
};

static IGDStolenGen expected_gen(unsigned id)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(id_rows); i++) {
        if (id >= id_rows[i].first && id <= id_rows[i].last) {
            return id_rows[i].gen;
        }
    }
    return IGD_STOLEN_GEN_UNKNOWN;
}

static void test_ids(void)
{
    unsigned id;

    for (id = 0; id <= 0xffff; id++) {
        if (igd_stolen_gen(id) != expected_gen(id)) {
            g_test_message("device id 0x%04x", id);
        }
        g_assert_cmpint(igd_stolen_gen(id), ==, expected_gen(id));
    }
}

static void test_layout(void)
{
    int gen;

    for (gen = -1; gen <= IGD_STOLEN_GEN__MAX; gen++) {
        const IGDStolenLayout *layout = igd_stolen_layout(gen);

        g_test_message("layout of IGDStolenGen %d", gen);
        g_assert_cmpint(!!layout, ==, gen >= IGD_STOLEN_GEN6 &&
                                      gen < IGD_STOLEN_GEN__MAX);
        if (layout) {
            g_assert_nonnull(layout->name);
        }
    }
}

/* All 65536 values of GGC, so all other bits are shown to be ignored */
static void test_ggc(gconstpointer data)
{
    const ExpectedGen *e = data;
    const IGDStolenLayout *layout = igd_stolen_layout(e->gen);
    unsigned ggc;

    g_assert_cmphex(layout->bdsm_offset, ==, e->bdsm_offset);
    g_assert_cmpint(layout->bdsm_bits, ==, e->bdsm_bits);
    for (ggc = 0; ggc <= 0xffff; ggc++) {
        int dsm = e->gms[(ggc >> e->gms_lowest_bit) % e->gms_values];
        int gsm = e->ggms[(ggc >> e->ggms_lowest_bit) % 4];
        uint64_t dsm_size, gsm_size = 12345;

        g_assert_cmpint(igd_stolen_sizes(e->gen, ggc, &dsm_size, &gsm_size),
                        ==, dsm == RESERVED ? IGD_STOLEN_GMS_RESERVED
                                            : IGD_STOLEN_OK);
        if (dsm != RESERVED) {
            g_assert_cmphex(dsm_size, ==, dsm * MIB);
        }
        g_assert_cmphex(gsm_size, ==, gsm * MIB);
    }
}

#define S(result) IGD_STOLEN_##result

typedef struct DecodeRow {
    const char *name;
    uint16_t device_id;
    uint16_t ggc;
    uint64_t bdsm;
    IGDStolenResult result;
    StolenRegion region;
} DecodeRow;

static const DecodeRow decode_rows[] = {
    { "skl-64-8", 0x1912, 0x02c0, 0x7b800000, S(OK),
      { 0x7b000000, 0x7f7fffff, 0x7b800000 } },
    { "lock-bits", 0x1912, 0x02c3, 0x7b800001, S(OK),
      { 0x7b000000, 0x7f7fffff, 0x7b800000 } },
    { "snb-no-gsm", 0x0116, 0x0010, 0xbda00000, S(OK),
      { 0xbda00000, 0xc19fffff, 0xbda00000 } },
    { "hsw-top", 0x0412, 0x0208, 0xce000000, S(OK),
      { 0xcde00000, 0xcfffffff, 0xce000000 } },
    { "chv-8", 0x22b0, 0x0188, 0x7b000000, S(OK),
      { 0x7ae00000, 0x7b7fffff, 0x7b000000 } },
    { "bdw-32", 0x1616, 0x0140, 0x7d000000, S(OK),
      { 0x7ce00000, 0x7effffff, 0x7d000000 } },
    { "tgl-60", 0x9a49, 0xfec0, 0x4b800000, S(OK),
      { 0x4b000000, 0x4f3fffff, 0x4b800000 } },
    { "adl-64", 0x4680, 0x02c0, 0x7c800000, S(OK),
      { 0x7c000000, 0x807fffff, 0x7c800000 } },
    { "upper-half-of-32-bits", 0x1912, 0x02c0, 0x1234567b800000, S(OK),
      { 0x7b000000, 0x7f7fffff, 0x7b800000 } },
    { "last-byte-at-4g", 0x9a49, 0x0100, 0xfe000000, S(OK),
      { 0xfe000000, 0xffffffff, 0xfe000000 } },
    { "base-at-1m", 0x9a49, 0x0140, 0x300000, S(OK),
      { 0x100000, 0x22fffff, 0x300000 } },
    { "unknown-id", 0x1234, 0x02c0, 0x7b800000, S(UNKNOWN_DEVICE) },
    { "id-zero", 0, 0x02c0, 0x7b800000, S(UNKNOWN_DEVICE) },
    { "id-ones", 0xffff, 0x02c0, 0x7b800000, S(UNKNOWN_DEVICE) },
    { "meteor-lake", 0x7d55, 0x02c0, 0x7b800000, S(NO_BDSM) },
    { "lunar-lake", 0x64a0, 0x02c0, 0x7b800000, S(NO_BDSM) },
    { "panther-lake", 0xb080, 0x02c0, 0x7b800000, S(NO_BDSM) },
    { "ones-32", 0x1912, 0xffff, 0xffffffff, S(BDSM_ALL_ONES) },
    { "ones-64", 0x9a49, 0xffff, UINT64_MAX, S(BDSM_ALL_ONES) },
    { "ones-32-of-64", 0x9a49, 0x02c0, 0xffffffff, S(BDSM_UNALIGNED) },
    { "zero", 0x1912, 0x02c0, 0, S(BDSM_ZERO) },
    { "zero-locked", 0x9a49, 0x02c0, 1, S(BDSM_ZERO) },
    { "virtual-function", 0x46d1, 0, 0, S(NONE) },
    { "virtual-function-32", 0x1912, 0, 0xffffffff00000000, S(NONE) },
    { "ggc-zero", 0x1912, 0, 0x7b800000, S(DSM_EMPTY) },
    { "zero-before-gms", 0x1912, 0xff00, 0, S(BDSM_ZERO) },
    { "bit-1", 0x1912, 0x02c0, 0x7b800002, S(BDSM_UNALIGNED) },
    { "bit-19", 0x1912, 0x02c0, 0x7b880000, S(BDSM_UNALIGNED) },
    { "unaligned-before-gms", 0x1912, 0xff00, 0x7b880000, S(BDSM_UNALIGNED) },
    { "gms-reserved-gen6", 0x0116, 0x0088, 0x7b800000, S(GMS_RESERVED) },
    { "gms-reserved-chv", 0x22b0, 0x00f0, 0x7b800000, S(GMS_RESERVED) },
    { "gms-reserved-gen9", 0x1912, 0xffc0, 0x7b800000, S(GMS_RESERVED) },
    { "dsm-empty", 0x1912, 0x00c0, 0x7b800000, S(DSM_EMPTY) },
    { "gsm-underflow", 0x1912, 0x02c0, 0x700000, S(GSM_UNDERFLOW) },
    { "gsm-to-zero", 0x1912, 0x02c0, 0x800000, S(GSM_UNDERFLOW) },
    { "one-byte-over-4g", 0x9a49, 0x0100, 0xfe100000, S(ABOVE_4G) },
    { "base-at-4g", 0x9a49, 0x0100, 0x100000000, S(ABOVE_4G) },
    { "gsm-below-dsm-above-4g", 0x9a49, 0x01c0, 0x100000000, S(ABOVE_4G) },
    { "end-wraps", 0x9a49, 0x0100, 0xfffffffffff00000, S(ABOVE_4G) },
    { "gms-ff-broadwell", 0x1616, 0xff00, 0x7b800000, S(ABOVE_4G) },
};

static void test_decode(gconstpointer data)
{
    const DecodeRow *row = data;
    const StolenRegion untouched = { 1, 2, 3 };
    StolenRegion region = untouched;
    const StolenRegion *want = &row->region;

    g_assert_cmpint(igd_stolen_decode(row->device_id, row->ggc, row->bdsm,
                                      &region), ==, row->result);
    if (row->result != IGD_STOLEN_OK) {
        want = &untouched;
    }
    g_assert_cmphex(region.base, ==, want->base);
    g_assert_cmphex(region.limit, ==, want->limit);
    g_assert_cmphex(region.dsm_base, ==, want->dsm_base);
}

/* What registers cannot say, and users can */
typedef struct RegionRow {
    const char *name;
    uint64_t dsm_base;
    uint64_t dsm_size;
    uint64_t gsm_size;
    IGDStolenResult result;
} RegionRow;

static const RegionRow region_rows[] = {
    { "usual", 0x7b800000, 0x4000000, 0x800000, S(OK) },
    { "no-gsm", 0x7b000000, 0x100000, 0, S(OK) },
    { "whole-space", 0x200000, 0xffe00000, 0x100000, S(OK) },
    { "size-zero", 0x7b000000, 0, 0, S(DSM_EMPTY) },
    { "base-4k", 0x7b001000, 0x4800000, 0, S(BDSM_UNALIGNED) },
    { "base-zero", 0, 0x4800000, 0, S(BDSM_ZERO) },
    { "base-below-1m", 0x800000, 0x4000000, 0x800000, S(GSM_UNDERFLOW) },
    { "gsm-larger", 0x800000, 0x4000000, 0x900000, S(GSM_UNDERFLOW) },
    { "above-4g", 0x100000000, 0x4800000, 0, S(ABOVE_4G) },
    { "one-mib-over-4g", 0xff800000, 0x900000, 0x800000, S(ABOVE_4G) },
    { "wraps", 0x7b000000, 0xfffffffffff00000, 0, S(ABOVE_4G) },
    { "both-at-their-largest", 0xfffffffffff00000, 0xfffffffffff00000, 0x800000,
      S(ABOVE_4G) },
};

static void test_region(gconstpointer data)
{
    const RegionRow *row = data;
    StolenRegion region = { 1, 2, 3 };
    bool ok = row->result == IGD_STOLEN_OK;

    g_assert_cmpint(igd_stolen_region(row->dsm_base, row->dsm_size,
                                      row->gsm_size, &region), ==,
                    row->result);
    g_assert_cmphex(region.base, ==, ok ? row->dsm_base - row->gsm_size : 1);
    g_assert_cmphex(region.limit, ==, ok ? row->dsm_base + row->dsm_size - 1
                                         : 2);
    g_assert_cmphex(region.dsm_base, ==, ok ? row->dsm_base : 3);
}

static void test_no_layout(void)
{
    uint64_t dsm, gsm;

    g_assert_cmpint(igd_stolen_sizes(IGD_STOLEN_GEN_UNKNOWN, 0, &dsm, &gsm),
                    ==, IGD_STOLEN_UNKNOWN_DEVICE);
    g_assert_cmpint(igd_stolen_sizes(IGD_STOLEN_GEN_NO_BDSM, 0, &dsm, &gsm),
                    ==, IGD_STOLEN_NO_BDSM);
}

static void test_strerror(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    int r;

    for (r = IGD_STOLEN_OK; r < IGD_STOLEN_RESULT__MAX; r++) {
        const char *text = igd_stolen_strerror(r);

        g_test_message("IGDStolenResult %d", r);
        g_assert_nonnull(text);
        g_assert_true(g_hash_table_add(seen, (gpointer)text));
    }
    g_assert_cmpstr(igd_stolen_strerror(-1), ==, "unknown error");
    g_assert_cmpstr(igd_stolen_strerror(r), ==, "unknown error");
}

/* The reader of an IOMMU group's reserved regions */

#define IGD "0x000000007b000000 0x000000007f7fffff direct-relaxable\n"
#define MSI "0x00000000fee00000 0x00000000feefffff msi\n"

typedef struct ParseRow {
    const char *name;
    const char *text;
    unsigned found;
    uint64_t base;
    uint64_t limit;
} ParseRow;

static const ParseRow parse_rows[] = {
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
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/igd-stolen/ids", test_ids);
    g_test_add_func("/igd-stolen/layout", test_layout);
    g_test_add_func("/igd-stolen/no-layout", test_no_layout);
    g_test_add_func("/igd-stolen/strerror", test_strerror);
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        fill_expected(&expected[i]);
    }
    TEST_ROWS("/igd-stolen/ggc", expected, test_ggc);
    TEST_ROWS("/igd-stolen/decode", decode_rows, test_decode);
    TEST_ROWS("/igd-stolen/region", region_rows, test_region);
    TEST_ROWS("/igd-reserved-regions", parse_rows, test_parse);
    return g_test_run();
}
