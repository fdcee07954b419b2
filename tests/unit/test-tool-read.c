/*
 * Unit tests of igd-stolen's readers: numbers, DMAR, memory maps, text
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links the tool's readers alone.
 */

#include "qemu/osdep.h"
#include "host.h"

/* Numbers */

static void test_number(void)
{
    static const struct {
        const char *text;
        unsigned base;
        bool good;
        uint64_t value;
    } rows[] = {
        { "0x8086\n", 16, true, 0x8086 }, { "ff", 16, true, 0xff },
        { " 12\t\n", 10, true, 12 }, { "0", 10, true, 0 },
        { "0xffffffffffffffff", 16, true, UINT64_MAX },
        { "0x10000000000000000", 16, false }, { "", 16, false },
        { "0x", 16, false }, { "-1", 10, false }, { "1 2", 10, false },
        { "12a", 10, false }, { "0x12", 10, false }, { "+1", 10, false },
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t value = 0;

        g_test_message("\"%s\"", rows[i].text);
        g_assert_cmpint(read_number(rows[i].text, rows[i].base, &value), ==,
                        rows[i].good);
        g_assert_cmphex(value, ==, rows[i].value);
    }
}

static HostStore *store_with(const char *path, const char *data)
{
    HostStore *store = host_store_new(NULL, NULL);

    host_store_put(store, HOST_FILE, path, HOST_OK, g_string_new(data));
    return store;
}

static void test_keyed(void)
{
    g_autoptr(HostStore) store = store_with("/x", "A: no\nMem: 12 kB\nMem: 3");
    HostFact fact = read_keyed(store, "/x", "Mem:");

    g_assert_true(fact.known);
    g_assert_cmpuint(fact.value, ==, 12);
    g_assert_cmpstr(fact.from, ==, "/x");
    fact = read_keyed(store, "/x", "A:");
    g_assert_false(fact.known);
    g_assert_cmpstr(fact.from, ==, "/x has no number after \"A:\"");
    fact = read_keyed(store, "/y", "A:");
    g_assert_false(fact.known);
    g_assert_cmpstr(fact.from, ==, "/y is not in the bundle");
}

static void test_printable(void)
{
    g_autoptr(HostStore) store = host_store_new(NULL, NULL);

    g_assert_cmpstr(read_printable(store, "a\033[b\377\n", 16), ==, "a?[b?");
    g_assert_cmpstr(read_printable(store, "abcdef", 3), ==, "abc");
}

/* DMAR */

/* One unit, and an RMRR of one device behind a bridge */
static const uint8_t dmar_table[] = {
    'D', 'M', 'A', 'R', 98, [36] = 38, 1,
    [48] = 0, 0, 16, 0,
    [64] = 1, 0, 34, 0, 0, 0, 0, 0,
    0x00, 0x00, 0x00, 0x7b, 0, 0, 0, 0, 0xff, 0xff, 0x7f, 0x7f, 0, 0, 0, 0,
    1, 10, 0, 0, 0, 3, 0x1c, 1, 2, 0,
};

static void test_dmar(void)
{
    g_autoptr(GArray) rmrrs = g_array_new(FALSE, FALSE, sizeof(DmarRmrr));
    const DmarRmrr *rmrr;
    uint8_t flags = 0;

    g_assert_cmpstr(dmar_parse(dmar_table, sizeof(dmar_table), &flags, rmrrs),
                    ==, NULL);
    g_assert_cmphex(flags, ==, 1);
    g_assert_cmpuint(rmrrs->len, ==, 1);
    rmrr = &g_array_index(rmrrs, DmarRmrr, 0);
    g_assert_cmphex(rmrr->base, ==, 0x7b000000);
    g_assert_cmphex(rmrr->limit, ==, 0x7f7fffff);
    g_assert_cmpuint(rmrr->nr_scopes, ==, 1);
    g_assert_cmpuint(rmrr->type, ==, 1);
    g_assert_cmpuint(rmrr->start_bus, ==, 3);
    g_assert_cmpuint(rmrr->nr_hops, ==, 2);
    g_assert_cmphex(rmrr->path[0][0], ==, 0x1c);
    g_assert_cmphex(rmrr->path[0][1], ==, 1);
    g_assert_cmphex(rmrr->path[1][0], ==, 2);
}

/* A byte that is changed; @size is that of the table then */
static void test_dmar_wrong(void)
{
    static const struct {
        unsigned at;
        uint8_t value;
        uint8_t size;
        const char *wrong;
    } rows[] = {
        { 66, 3, 98, "a structure of a wrong length" },
        { 66, 20, 84, "an RMRR that is too short" },
        { 66, 35, 98, "a structure of a wrong length" },
        { 89, 0, 98, "a device scope of a wrong length" },
        { 89, 7, 98, "a device scope of a wrong length" },
        { 89, 9, 98, "a device scope of a wrong length" },
        { 89, 12, 98, "a device scope of a wrong length" },
        { 36, 38, 99, "a length that is not the file's" },
    };
    g_autoptr(GArray) rmrrs = g_array_new(FALSE, FALSE, sizeof(DmarRmrr));
    uint8_t flags;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t bytes[sizeof(dmar_table)];

        memcpy(bytes, dmar_table, sizeof(bytes));
        bytes[rows[i].at] = rows[i].value;
        bytes[4] = rows[i].size;
        g_assert_cmpstr(dmar_parse(bytes, MIN(rows[i].size, sizeof(bytes)),
                                   &flags, rmrrs), ==, rows[i].wrong);
    }
    g_assert_cmpstr(dmar_parse("DMAR", 4, &flags, rmrrs), ==,
                    "no DMAR header");
}

/* Memory maps */

static void test_iomem(void)
{
    g_autoptr(HostStore) store = store_with(
        "/proc/iomem", "00001000-0009ffff : System RAM\nrubbish\n2-1 : back\n"
        "7b000000-7f7fffff : Reserved\n"
        "  7b800000-7f7fffff : Graphics Stolen Memory\n");
    const char *why = NULL;
    const MemRange *dsm = memmap_iomem(store, &why) + 2;

    g_assert_cmpstr(why, ==, NULL);
    g_assert_null(dsm[1].name);
    g_assert_cmpstr(dsm->name, ==, "Graphics Stolen Memory");
    g_assert_cmphex(dsm->base, ==, 0x7b800000);
    g_assert_cmphex(dsm->limit, ==, 0x7f7fffff);
    g_assert_cmpuint(dsm->depth, ==, 1);
}

static void test_iomem_zeroes(void)
{
    g_autoptr(HostStore) store = store_with(
        "/proc/iomem", "00000000-00000000 : System RAM\n");
    const char *why = NULL;

    g_assert_null(memmap_iomem(store, &why));
    g_assert_cmpstr(why, ==, "/proc/iomem shows its addresses to root only");
}

/* Text */

static void test_size(void)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } rows[] = {
        { 0, "0 bytes" }, { 1, "1 bytes" }, { 1024, "1 KiB" },
        { 72 << 20, "72 MiB" }, { 8ull << 30, "8 GiB" },
        { (8ull << 30) + 1024, "8388609 KiB" }, { 1ull << 40, "1 TiB" },
        { 1ull << 50, "1024 TiB" },
    };
    g_autoptr(HostStore) store = host_store_new(NULL, NULL);
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_cmpstr(text_size(store, rows[i].bytes), ==, rows[i].text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool-read/number", test_number);
    g_test_add_func("/tool-read/keyed", test_keyed);
    g_test_add_func("/tool-read/printable", test_printable);
    g_test_add_func("/tool-read/dmar", test_dmar);
    g_test_add_func("/tool-read/dmar-wrong", test_dmar_wrong);
    g_test_add_func("/tool-read/iomem", test_iomem);
    g_test_add_func("/tool-read/iomem-zeroes", test_iomem_zeroes);
    g_test_add_func("/tool-read/size", test_size);
    return g_test_run();
}
