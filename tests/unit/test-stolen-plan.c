/*
 * Unit tests of the placement of stolen memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/stolen_plan.c and nothing else.
 */

#include "qemu/osdep.h"
#include "../../hw/i386/stolen_plan.h"
#include "host-dsm-ranges.h"
#include "test-rows.h"

#define MIB 0x100000ull
#define GIB 0x40000000ull

static const StolenRegion demo = {
    .base = 0x7b000000, .dsm_base = 0x7b800000, .limit = 0x7f7fffff,
};

/* Where RAM ends below 4 GiB when nothing is stolen */

/* As pc_q35_init() and pc_init1() do when nothing limits it */
static uint64_t default_low_ram(StolenMachine machine, uint64_t ram_size)
{
    bool q35 = machine == STOLEN_MACHINE_Q35;

    if (ram_size < (q35 ? 0xb0000000 : 0xe0000000)) {
        return ram_size;
    }
    return q35 ? 2 * GIB : 3 * GIB;
}

static void test_low_ram_capped(void)
{
    const StolenRegion higher = {
        .base = 0x9c000000, .dsm_base = 0x9c800000, .limit = 0xa07fffff,
    };
    const StolenRegion both[] = { higher, demo };

    g_assert_cmphex(stolen_plan_low_ram(2 * GIB, &demo, 1), ==, 0x7b000000);
    g_assert_cmphex(stolen_plan_low_ram(0xa0000000, both, 2), ==, 0x7b000000);
    g_assert_cmphex(stolen_plan_low_ram(0xa0000000, &higher, 1), ==,
                    0x9c000000);
}

static void test_low_ram_untouched(void)
{
    StolenRegion region = demo;

    /* at its end, and above it */
    g_assert_cmphex(stolen_plan_low_ram(0x7b000000, &region, 1), ==,
                    0x7b000000);
    g_assert_cmphex(stolen_plan_low_ram(1 * GIB, &region, 1), ==, 1 * GIB);
    g_assert_cmphex(stolen_plan_low_ram(2 * GIB, NULL, 0), ==, 2 * GIB);

    /* regions that will be refused must not cost the guest its layout */
    region.base++;
    g_assert_cmphex(stolen_plan_low_ram(2 * GIB, &region, 1), ==, 2 * GIB);
    region = demo;
    region.limit = 0xffffffff;
    g_assert_cmphex(stolen_plan_low_ram(2 * GIB, &region, 1), ==, 2 * GIB);
    region = demo;
    region.limit = region.base - 1;
    g_assert_cmphex(stolen_plan_low_ram(2 * GIB, &region, 1), ==, 2 * GIB);
}

/* Single decisions */

typedef struct PlaceRow {
    const char *name;
    StolenLayout layout;
    StolenRegion region;
    StolenPlanStatus status;
    uint64_t conflict_base;
} PlaceRow;

#define SEABIOS(low_ram_size) \
    { STOLEN_MACHINE_Q35, STOLEN_FIRMWARE_SEABIOS, low_ram_size, 16 * MIB }
#define OVMF(low_ram_size) \
    { STOLEN_MACHINE_Q35, STOLEN_FIRMWARE_OTHER, low_ram_size, 16 * MIB }
#define I440FX(low_ram_size) \
    { STOLEN_MACHINE_I440FX, STOLEN_FIRMWARE_SEABIOS, low_ram_size, 0 }
#define REGION(first, last) { .base = first, .dsm_base = first, .limit = last }
#define DEMO REGION(0x7b000000, 0x7f7fffff)
#define S(status) STOLEN_PLAN_##status

static const PlaceRow place_rows[] = {
    { "in-the-hole", SEABIOS(1 * GIB), DEMO, S(OK) },
    { "at-ram-end", SEABIOS(0x7b000000), DEMO, S(OK) },
    { "at-ram-end-ovmf", OVMF(0x7b000000), DEMO, S(OK) },
    { "over-ram", SEABIOS(0xa0000000), DEMO, S(OK) },
    { "over-ram-partly", I440FX(0x7d000000), DEMO, S(OK) },
    { "over-ram-ovmf", OVMF(0xa0000000), DEMO, S(NEEDS_CAP) },
    { "over-ram-ovmf-last-mib", OVMF(0x7b100000), DEMO, S(NEEDS_CAP) },
    { "over-tseg", SEABIOS(0x7b100000), DEMO, S(CONFLICT), 0x7a100000 },
    { "touches-tseg", SEABIOS(0x80000000), REGION(0x7b000000, 0x7f0fffff),
      S(CONFLICT), 0x7f000000 },
    { "below-tseg", SEABIOS(0x80000000), REGION(0x7b000000, 0x7effffff),
      S(OK) },
    { "seabios-ecam", SEABIOS(2 * GIB), REGION(0xb8000000, 0xbbffffff),
      S(CONFLICT), 0xb0000000 },
    { "seabios-ecam-last-mib", SEABIOS(2 * GIB), REGION(0xbff00000, 0xc3ffffff),
      S(CONFLICT), 0xb0000000 },
    { "above-seabios-ecam", SEABIOS(2 * GIB), REGION(0xc0000000, 0xc3ffffff),
      S(OK) },
    { "ovmf-ecam", OVMF(2 * GIB), REGION(0xb8000000, 0xbbffffff), S(OK) },
    { "i440fx-has-no-ecam", I440FX(2 * GIB), REGION(0xb8000000, 0xbbffffff),
      S(OK) },
    { "below-chipset", SEABIOS(2 * GIB), REGION(0xfa000000, 0xfebfffff),
      S(OK) },
    { "chipset", SEABIOS(2 * GIB), REGION(0xfa000000, 0xfecfffff), S(CONFLICT),
      0xfec00000 },
    { "up-to-4g", SEABIOS(2 * GIB), REGION(0xf0000000, 0xffffffff), S(CONFLICT),
      0xfec00000 },
    { "across-4g", SEABIOS(2 * GIB), REGION(0xfff00000, 0x1000fffff),
      S(ABOVE_4G) },
    { "first-byte-above-4g", SEABIOS(2 * GIB), REGION(0xfff00000, 0x100000000),
      S(ABOVE_4G) },
    { "above-4g", SEABIOS(2 * GIB), REGION(0x100000000, 0x103ffffff),
      S(ABOVE_4G) },
    { "at-the-top", SEABIOS(2 * GIB), REGION(0xfffffffffff00000, UINT64_MAX),
      S(ABOVE_4G) },
    { "base-unaligned", SEABIOS(2 * GIB), REGION(0x7b001000, 0x7f7fffff),
      S(UNALIGNED) },
    { "limit-unaligned", SEABIOS(2 * GIB), REGION(0x7b000000, 0x7f7ffffe),
      S(UNALIGNED) },
    { "limit-is-a-size", SEABIOS(2 * GIB), REGION(0x7b000000, 0x7f800000),
      S(UNALIGNED) },
    { "bdsm-unaligned", SEABIOS(1 * GIB),
      { .base = 0x7b000000, .dsm_base = 0x7b000800, .limit = 0x7f7fffff },
      S(UNALIGNED) },
    { "bdsm-outside", SEABIOS(1 * GIB),
      { .base = 0x7b000000, .dsm_base = 0x7f800000, .limit = 0x7f7fffff },
      S(EMPTY) },
    { "bdsm-below", SEABIOS(1 * GIB),
      { .base = 0x7b000000, .dsm_base = 0x7a000000, .limit = 0x7f7fffff },
      S(EMPTY) },
    { "empty", SEABIOS(1 * GIB), REGION(0x7b000000, 0x7affffff), S(EMPTY) },
    { "zero", SEABIOS(1 * GIB), REGION(0, 0), S(UNALIGNED) },
    { "one-mib", SEABIOS(1 * GIB), REGION(0x7b000000, 0x7b0fffff), S(OK) },
    { "vga-hole", SEABIOS(1 * GIB), REGION(0, 0xfffff), S(TOO_LOW) },
    { "below-16m", SEABIOS(1 * GIB), REGION(0xf00000, 0x4ffffff), S(TOO_LOW) },
    { "at-16m", SEABIOS(0x1000000), REGION(0x1000000, 0x4ffffff), S(OK) },
};

static void test_place(gconstpointer data)
{
    const PlaceRow *row = data;
    StolenPlan plan = stolen_plan_place(&row->layout, &row->region);

    g_assert_cmpint(plan.status, ==, row->status);
    if (row->status == STOLEN_PLAN_CONFLICT) {
        g_assert_cmphex(plan.conflict.base, ==, row->conflict_base);
        g_assert_nonnull(plan.conflict.name);
        /* it does conflict */
        g_assert_cmphex(plan.conflict.base, <=, row->region.limit);
        g_assert_cmphex(plan.conflict.limit, >=, row->region.base);
    }
}

/* Every real host, with every size of GSM and RAM, on every machine */

static bool overlaps(const StolenRegion *r, uint64_t base, uint64_t limit)
{
    return r->base <= limit && base <= r->limit;
}

static void check_host(const StolenLayout *uncapped,
                       const StolenRegion *region, uint64_t *refused)
{
    StolenLayout layout = *uncapped;
    StolenPlan plan;
    bool ecam = layout.machine == STOLEN_MACHINE_Q35 &&
                layout.firmware == STOLEN_FIRMWARE_SEABIOS;

    layout.low_ram_size = stolen_plan_low_ram(uncapped->low_ram_size, region,
                                              1);
    plan = stolen_plan_place(&layout, region);

    /* RAM is cut only when it is in the way, and never grows. */
    g_assert_cmphex(layout.low_ram_size, ==,
                    MIN(uncapped->low_ram_size, region->base));

    if (ecam && overlaps(region, 0xb0000000, 0xbfffffff)) {
        g_assert_cmpint(plan.status, ==, STOLEN_PLAN_CONFLICT);
        g_assert_cmphex(plan.conflict.base, ==, 0xb0000000);
        g_assert_cmphex(plan.conflict.limit, ==, 0xbfffffff);
        ++*refused;
        return;
    }
    g_assert_cmpint(plan.status, ==, STOLEN_PLAN_OK);
    g_assert_false(overlaps(region, 0, layout.low_ram_size - 1));
}

typedef struct HostsCase {
    const char *name;
    StolenMachine machine;
    StolenFirmware firmware;
    uint64_t refused;
} HostsCase;

static void test_hosts(gconstpointer data)
{
    static const uint64_t ram_sizes[] = {
        512 * MIB, 2 * GIB, 3 * GIB, 4 * GIB, 8 * GIB,
    };
    static const uint64_t gsm_sizes[] = { 0, 2 * MIB, 4 * MIB, 8 * MIB };
    const HostsCase *c = data;
    uint64_t refused = 0;
    unsigned host, ram, gsm;

    g_assert_cmpint(G_N_ELEMENTS(host_dsm_ranges), ==, 47);
    for (host = 0; host < G_N_ELEMENTS(host_dsm_ranges); host++) {
        for (ram = 0; ram < G_N_ELEMENTS(ram_sizes); ram++) {
            for (gsm = 0; gsm < G_N_ELEMENTS(gsm_sizes); gsm++) {
                const HostDsmRange *dsm = &host_dsm_ranges[host];
                StolenLayout layout = {
                    .machine = c->machine,
                    .firmware = c->firmware,
                    .low_ram_size = default_low_ram(c->machine,
                                                    ram_sizes[ram]),
                    .tseg_max = c->machine == STOLEN_MACHINE_Q35 ? 16 * MIB
                                                                 : 0,
                };
                StolenRegion region = {
                    .base = dsm->base - gsm_sizes[gsm],
                    .dsm_base = dsm->base,
                    .limit = dsm->limit,
                };

                g_test_message("DSM %08x-%08x GSM %u MiB RAM %u MiB",
                               dsm->base, dsm->limit,
                               (unsigned)(gsm_sizes[gsm] / MIB),
                               (unsigned)(ram_sizes[ram] / MIB));
                check_host(&layout, &region, &refused);
            }
        }
    }
    /* The number is what the table has, so no row can change sides unseen. */
    g_assert_cmpuint(refused, ==, c->refused);
}

static const HostsCase hosts_cases[] = {
    { "q35-seabios", STOLEN_MACHINE_Q35, STOLEN_FIRMWARE_SEABIOS, 100 },
    { "q35-ovmf", STOLEN_MACHINE_Q35, STOLEN_FIRMWARE_OTHER, 0 },
    { "i440fx-seabios", STOLEN_MACHINE_I440FX, STOLEN_FIRMWARE_SEABIOS, 0 },
    { "i440fx-ovmf", STOLEN_MACHINE_I440FX, STOLEN_FIRMWARE_OTHER, 0 },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stolen-plan/low-ram-capped", test_low_ram_capped);
    g_test_add_func("/stolen-plan/low-ram-untouched", test_low_ram_untouched);
    TEST_ROWS("/stolen-plan/place", place_rows, test_place);
    TEST_ROWS("/stolen-plan/hosts", hosts_cases, test_hosts);
    return g_test_run();
}
