/*
 * Unit tests of the reader of a stolen memory region's information
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links hw/vfio/igd-stolen-info.c and igd-stolen.c. A row changes one
 * thing of an information that is right.
 */

#include "qemu/osdep.h"
#include <linux/vfio.h>
#include "hw/vfio/igd_vfio_stolen.h"
#include "../../hw/vfio/igd-stolen-info.h"

#define N_ELEMENTS(a) (sizeof(a) / sizeof((a)[0]))
#define MIB 0x100000ull

/* As the kernel lays it out */
typedef struct Bytes {
    struct vfio_region_info base;
    struct vfio_region_info_cap_type type;
    struct vfio_region_info_cap_igd_stolen stolen;
} Bytes;

static const Bytes right = {
    .base = {
        .argsz = sizeof(Bytes),
        .flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE |
                 VFIO_REGION_INFO_FLAG_MMAP | VFIO_REGION_INFO_FLAG_CAPS,
        .index = 9,
        .cap_offset = offsetof(Bytes, type),
        .size = 64 * MIB,
        .offset = 9ull << 40,
    },
    .type = {
        .header = { .id = VFIO_REGION_INFO_CAP_TYPE, .version = 1,
                    .next = offsetof(Bytes, stolen) },
        .type = 0x80008086,
        .subtype = VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN,
    },
    .stolen = {
        .header = { .id = VFIO_REGION_INFO_CAP_IGD_STOLEN, .version = 1 },
        .base = 0x7b000000,
        .gsm_size = 8 * MIB,
        .dsm_base = 0x7b800000,
        .dsm_size = 64 * MIB,
    },
};

typedef struct Field {
    size_t at;
    size_t bytes;
} Field;

typedef struct Row {
    const char *name;
    Field field;            /* which bytes are changed */
    uint64_t value;
    size_t size;            /* of all, 0 for the right one */
    IGDStolenInfoResult result;
} Row;

#define FIELD_OF(member)  { offsetof(Bytes, member), \
                            sizeof(((Bytes *)NULL)->member) }
#define NO_CHANGE         { 0, 0 }
#define OTHER             IGD_STOLEN_INFO_OTHER
#define BROKEN            IGD_STOLEN_INFO_CHAIN

static const Row rows[] = {
    { "right", NO_CHANGE, 0, 0, IGD_STOLEN_INFO_OK },
    { "unknown-flag", FIELD_OF(stolen.flags), 0xff, 0, IGD_STOLEN_INFO_OK },
    { "no-gsm", FIELD_OF(stolen.gsm_size), 0, 0, IGD_STOLEN_INFO_PLACE },

    { "empty", NO_CHANGE, 0, 1, OTHER },
    { "cut-in-base", NO_CHANGE, 0, offsetof(Bytes, type) - 1, OTHER },
    { "no-chain", FIELD_OF(base.flags), 7, 0, OTHER },
    { "chain-empty", FIELD_OF(base.cap_offset), 0, 0, OTHER },
    { "other-type", FIELD_OF(type.type), 0x80001002, 0, OTHER },
    { "other-subtype", FIELD_OF(type.subtype), 1, 0, OTHER },
    { "cut-in-type", NO_CHANGE, 0, offsetof(Bytes, stolen) - 1, OTHER },
    { "first-behind-end", FIELD_OF(base.cap_offset), UINT32_MAX, 0, OTHER },

    { "cut-in-stolen", NO_CHANGE, 0, sizeof(Bytes) - 1, BROKEN },
    { "cut-before-stolen", NO_CHANGE, 0, offsetof(Bytes, stolen), BROKEN },
    { "cycle", FIELD_OF(stolen.header.next), offsetof(Bytes, type), 0,
      BROKEN },
    { "own-next", FIELD_OF(stolen.header.next), offsetof(Bytes, stolen), 0,
      BROKEN },
    { "next-behind-end", FIELD_OF(stolen.header.next), sizeof(Bytes), 0,
      BROKEN },
    { "next-far", FIELD_OF(stolen.header.next), 0xfffffff8, 0, BROKEN },

    { "no-place", FIELD_OF(stolen.header.id), 0x99, 0,
      IGD_STOLEN_INFO_NO_PLACE },
    { "type-is-last", FIELD_OF(type.header.next), 0, 0,
      IGD_STOLEN_INFO_NO_PLACE },
    { "version-0", FIELD_OF(stolen.header.version), 0, 0,
      IGD_STOLEN_INFO_VERSION },
    { "version-2", FIELD_OF(stolen.header.version), 2, 0,
      IGD_STOLEN_INFO_VERSION },
    { "no-access", FIELD_OF(base.flags), 8, 0, IGD_STOLEN_INFO_OK },
    { "only-read", FIELD_OF(base.flags), 9, 0, IGD_STOLEN_INFO_FLAGS },
    { "not-mapped", FIELD_OF(base.flags), 0xb, 0, IGD_STOLEN_INFO_FLAGS },
    { "not-written", FIELD_OF(base.flags), 0xd, 0, IGD_STOLEN_INFO_FLAGS },
    { "not-read", FIELD_OF(base.flags), 0xe, 0, IGD_STOLEN_INFO_FLAGS },
    { "size-0", FIELD_OF(base.size), 0, 0, IGD_STOLEN_INFO_SIZE },
    { "size-smaller", FIELD_OF(base.size), 63 * MIB, 0, IGD_STOLEN_INFO_SIZE },
    { "size-huge", FIELD_OF(base.size), 1ull << 63, 0, IGD_STOLEN_INFO_SIZE },
    { "dsm-smaller", FIELD_OF(stolen.dsm_size), 32 * MIB, 0,
      IGD_STOLEN_INFO_SIZE },
    { "offset-wraps", FIELD_OF(base.offset), INT64_MAX - 4096, 0,
      IGD_STOLEN_INFO_SIZE },
    { "offset-negative", FIELD_OF(base.offset), UINT64_MAX, 0,
      IGD_STOLEN_INFO_SIZE },
    { "base-differs", FIELD_OF(stolen.base), 0x7b100000, 0,
      IGD_STOLEN_INFO_PLACE },
    { "base-zero", FIELD_OF(stolen.dsm_base), 0, 0, IGD_STOLEN_INFO_PLACE },
    { "base-unaligned", FIELD_OF(stolen.dsm_base), 0x7b880000, 0,
      IGD_STOLEN_INFO_PLACE },
    { "base-all-ones", FIELD_OF(stolen.dsm_base), UINT64_MAX, 0,
      IGD_STOLEN_INFO_PLACE },
    { "gsm-wraps", FIELD_OF(stolen.gsm_size), -(8 * MIB), 0,
      IGD_STOLEN_INFO_PLACE },
    { "gsm-odd", FIELD_OF(stolen.gsm_size), 8 * MIB + 1, 0,
      IGD_STOLEN_INFO_PLACE },
};

static void test_parse(gconstpointer data)
{
    const Row *row = data;
    size_t size = row->size ?: sizeof(Bytes);
    Bytes whole = right;
    g_autofree uint8_t *bytes = g_malloc(size);
    IGDStolenInfo info = { .offset = 1 };

    memcpy((uint8_t *)&whole + row->field.at, &row->value, row->field.bytes);
    /* Of that size and no more, for the sanitizer */
    memcpy(bytes, &whole, size);

    g_assert_cmpint(igd_stolen_info_parse(bytes, size, &info), ==,
                    row->result);
    g_assert_nonnull(igd_stolen_info_strerror(row->result));
    if (row->result == IGD_STOLEN_INFO_OK) {
        g_assert_cmphex(info.offset, ==, 9ull << 40);
        g_assert_cmpint(info.access, ==, (whole.base.flags & 7) == 7);
        g_assert_cmphex(info.region.base, ==, 0x7b000000);
        g_assert_cmphex(info.region.dsm_base, ==, 0x7b800000);
        g_assert_cmphex(info.region.limit, ==, 0x7f7fffff);
    }
}

/* 64 MiB that end below 4 GiB and 64 MiB that do not */
static void test_end(void)
{
    Bytes whole = right;
    IGDStolenInfo info;

    whole.stolen.dsm_base = 0xfc000000;
    whole.stolen.base = 0xfb800000;
    g_assert_cmpint(igd_stolen_info_parse(&whole, sizeof(whole), &info), ==,
                    IGD_STOLEN_INFO_OK);
    g_assert_cmphex(info.region.limit, ==, 0xffffffff);
    whole.stolen.dsm_base += MIB;
    whole.stolen.base += MIB;
    g_assert_cmpint(igd_stolen_info_parse(&whole, sizeof(whole), &info), ==,
                    IGD_STOLEN_INFO_PLACE);
}

/* The numbers are an interface: kernel and QEMU are built apart */
static void test_layout(void)
{
    g_assert_cmpint(sizeof(struct vfio_region_info_cap_igd_stolen), ==, 48);
    g_assert_cmpint(offsetof(struct vfio_region_info_cap_igd_stolen, base),
                    ==, 16);
    g_assert_cmpint(offsetof(struct vfio_region_info_cap_igd_stolen,
                             dsm_size), ==, 40);
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strdup_printf("/igd-stolen-info/%s",
                                                rows[i].name);

        g_test_add_data_func(path, &rows[i], test_parse);
    }
    g_test_add_func("/igd-stolen-info/end", test_end);
    g_test_add_func("/igd-stolen-info/layout", test_layout);
    return g_test_run();
}
