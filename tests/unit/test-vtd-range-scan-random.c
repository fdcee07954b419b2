/*
 * Random test of the scan of IOMMU tables, against a walk page by page
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/vtd_range_scan.c and nothing else.
 */

#include "qemu/osdep.h"
#include "vtd-scan-case.h"

#define ROUNDS 20000
#define EDITS_MOST 8

typedef struct Seed {
    const char *name;
    uint32_t value;
    uint8_t head_or;                /* 0x80: only large ranges */
    uint8_t head_and;               /* 0x7f: only small ones */
} Seed;

static const Seed seeds[] = {
    { "small-ranges", 1, 0, 0x7f },
    { "more-small-ranges", 2, 0, 0x7f },
    { "large-ranges", 3, 0x80, 0xff },
};

/* Few edits as often as many; a third without one */
static size_t random_bytes(GRand *rand, const Seed *seed, uint8_t *bytes)
{
    int edits = g_rand_int_range(rand, -EDITS_MOST / 2, EDITS_MOST + 1);
    size_t size = VTD_CASE_HEAD + MAX(edits, 0) * VTD_CASE_EDIT;
    size_t i;

    for (i = 0; i < size; i++) {
        bytes[i] = g_rand_int(rand);
    }
    bytes[5] = (bytes[5] | seed->head_or) & seed->head_and;
    return size;
}

static void test_seed(gconstpointer data)
{
    const Seed *seed = data;
    GRand *rand = g_rand_new_with_seed(seed->value);
    static const RmrrReason states[] = {
        RMRR_REASON_IDENTITY, RMRR_REASON_ABSENT, RMRR_REASON_PARTIAL,
        RMRR_REASON_FOREIGN,
    };
    unsigned seen[RMRR_REASON__MAX] = { 0 };
    unsigned round, i;

    for (round = 0; round < ROUNDS; round++) {
        uint8_t bytes[VTD_CASE_HEAD + EDITS_MOST * VTD_CASE_EDIT];
        size_t size = random_bytes(rand, seed, bytes);
        g_autoptr(VTDScanCase) c = vtd_case_new(bytes, size);
        VTDScanResult result;
        g_autofree char *wrong = vtd_case_check(c, &result);

        if (wrong) {
            g_error("round %u: %s", round, wrong);
        }
        seen[result.state]++;
    }
    g_rand_free(rand);
    for (i = 0; i < G_N_ELEMENTS(states); i++) {
        g_test_message("state %u: %u times", states[i], seen[states[i]]);
        g_assert_cmpuint(seen[states[i]], >, ROUNDS / 20);
    }
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(seeds); i++) {
        g_autofree char *path = g_strdup_printf("/vtd-range-scan/random/%s",
                                                seeds[i].name);

        g_test_add_data_func(path, &seeds[i], test_seed);
    }
    return g_test_run();
}
