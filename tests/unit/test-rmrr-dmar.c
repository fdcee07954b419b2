/*
 * Unit tests of the DMAR bytes of reserved memory regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/i386/rmrr_dmar.c and rmrr_set.c. The expected bytes are
 * written out by hand from VT-d specification 8.4 and 8.3.1.
 */

#include "qemu/osdep.h"
#include "../../hw/i386/rmrr_dmar.h"
#include "../../hw/i386/rmrr_set.h"

static const RMRRLimits limits = { .aw_bits = 48, .tseg_base = 1 };

static void add(GArray *set, const RMRREntry *e)
{
    g_assert_cmpint(rmrr_set_add(set, e, &limits, NULL), ==, RMRR_OK);
}

static GArray *new_table(void)
{
    return g_array_new(false, false, 1);
}

static const RMRREntry endpoint = {
    .base = 0x7b000000,
    .limit = 0x7f7fffff,
    .scope_type = RMRR_SCOPE_ENDPOINT,
    .nr_hops = 1,
    .path = { { 2, 0 } },
};

static const uint8_t endpoint_bytes[] = {
    0x01, 0x00,                                     /* type */
    0x20, 0x00,                                     /* length */
    0x00, 0x00,                                     /* reserved */
    0x00, 0x00,                                     /* segment */
    0x00, 0x00, 0x00, 0x7b, 0x00, 0x00, 0x00, 0x00, /* base */
    0xff, 0xff, 0x7f, 0x7f, 0x00, 0x00, 0x00, 0x00, /* limit */
    0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, /* scope */
};

static void test_empty(void)
{
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();

    rmrr_dmar_append(table, set);
    g_assert_cmpuint(table->len, ==, 0);
}

static void test_endpoint(void)
{
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();

    add(set, &endpoint);
    rmrr_dmar_append(table, set);
    g_assert_cmpmem(table->data, table->len, endpoint_bytes,
                    sizeof(endpoint_bytes));
}

static void test_keeps_what_is_there(void)
{
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();

    g_array_append_vals(table, "DRHD", 4);
    add(set, &endpoint);
    rmrr_dmar_append(table, set);
    g_assert_cmpuint(table->len, ==, 4 + sizeof(endpoint_bytes));
    g_assert_cmpmem(table->data, 4, "DRHD", 4);
}

/* Behind three bridges of the root bus 0x80 of segment 0x0102 */
static void test_path(void)
{
    static const uint8_t expected[] = {
        0x01, 0x00, 0x26, 0x00, 0x00, 0x00, 0x02, 0x01,
        0x00, 0x00, 0x10, 0x32, 0x54, 0x00, 0x00, 0x00,
        0xff, 0xff, 0x1f, 0x32, 0x54, 0x00, 0x00, 0x00,
        0x02, 0x0e, 0x00, 0x00, 0x00, 0x80,
        0x1f, 0x07, 0x00, 0x01, 0x12, 0x00, 0x03, 0x04,
    };
    const RMRREntry e = {
        .segment = 0x0102,
        .base = 0x5432100000,
        .limit = 0x54321fffff,
        .scope_type = RMRR_SCOPE_BRIDGE,
        .start_bus = 0x80,
        .nr_hops = 4,
        .path = { { 31, 7 }, { 0, 1 }, { 0x12, 0 }, { 3, 4 } },
    };
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();

    add(set, &e);
    rmrr_dmar_append(table, set);
    g_assert_cmpmem(table->data, table->len, expected, sizeof(expected));
}

static void test_longest_path(void)
{
    RMRREntry e = endpoint;
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();

    e.nr_hops = RMRR_MAX_HOPS;
    add(set, &e);
    rmrr_dmar_append(table, set);
    g_assert_cmpuint(table->len, ==, 24 + 6 + 2 * RMRR_MAX_HOPS);
    g_assert_cmpuint((uint8_t)table->data[25], ==, 6 + 2 * RMRR_MAX_HOPS);
    g_assert_cmpuint((uint8_t)table->data[2] +
                     256 * (uint8_t)table->data[3], ==, table->len);
}

/* One structure each, never merged, lowest base first */
static void test_several(void)
{
    g_autoptr(GArray) set = rmrr_set_new();
    g_autoptr(GArray) table = new_table();
    RMRREntry below = endpoint;

    below.base = 0x7a000000;
    below.limit = 0x7affffff;
    below.path[0].device = 3;

    add(set, &endpoint);
    add(set, &below);
    rmrr_dmar_append(table, set);

    g_assert_cmpuint(table->len, ==, 2 * sizeof(endpoint_bytes));
    g_assert_cmpuint((uint8_t)table->data[11], ==, 0x7a);
    g_assert_cmpuint((uint8_t)table->data[30], ==, 3);
    g_assert_cmpmem(table->data + sizeof(endpoint_bytes),
                    sizeof(endpoint_bytes), endpoint_bytes,
                    sizeof(endpoint_bytes));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rmrr-dmar/empty", test_empty);
    g_test_add_func("/rmrr-dmar/endpoint", test_endpoint);
    g_test_add_func("/rmrr-dmar/keeps-what-is-there",
                    test_keeps_what_is_there);
    g_test_add_func("/rmrr-dmar/path", test_path);
    g_test_add_func("/rmrr-dmar/longest-path", test_longest_path);
    g_test_add_func("/rmrr-dmar/several", test_several);
    return g_test_run();
}
