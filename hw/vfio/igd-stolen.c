/*
 * Stolen memory of an Intel IGD: its registers, and the kernel's word on it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: knows device ids, GGC and BDSM, and nothing of who reads them. Never
 * touches a device or reports. Used by vfio-pci, by igd-testdev and by the
 * command line tool.
 *
 * Device ids: igd_stolen_ids.h. Encodings: Intel's processor datasheets, volume
 * 2, "GGC" and "BDSM" of the graphics device; Linux reads them in
 * arch/x86/kernel/early-quirks.c and drivers/gpu/drm/i915/gt/intel_ggtt.c.
 * Test: tests/unit/test-igd-stolen.c.
 */

#include "qemu/osdep.h"
#include "hw/vfio/igd-stolen.h"

#define MIB(n)                          ((uint64_t)(n) << 20)

/* GMS counts in these units; the small one came with Cherryview and gen 9 */
#define GMS_UNIT                        MIB(32)
#define GMS_SMALL_UNIT                  MIB(4)

#define GEN6_GMS_MAX                    0x10

#define CHV_GMS_MAX_LARGE               0x10
#define CHV_GMS_MIN_SMALL               0x11    /* 8 MiB */
#define CHV_GMS_MIN_SMALL_2             0x17    /* 36 MiB */
#define CHV_GMS_MAX_SMALL_2             0x1d
#define CHV_SMALL_BASE                  MIB(8)
#define CHV_SMALL_2_BASE                MIB(36)

#define GEN9_GMS_MIN_SMALL              0xf0    /* 4 MiB */
#define GEN9_GMS_MAX_SMALL              0xfe

/* Where GGC has the two sizes */
#define GGC_GEN6                                                        \
    .gms_shift = 3, .gms_mask = 0x1f, .ggms_shift = 8, .ggms_mask = 0x3
#define GGC_GEN8                                                        \
    .gms_shift = 8, .gms_mask = 0xff, .ggms_shift = 6, .ggms_mask = 0x3

#define BDSM_32BIT                                                      \
    .bdsm_offset = IGD_STOLEN_CFG_BDSM, .bdsm_bits = 32
#define BDSM_64BIT                                                      \
    .bdsm_offset = IGD_STOLEN_CFG_BDSM_GEN11, .bdsm_bits = 64

static const IGDStolenLayout layouts[IGD_STOLEN_GEN__MAX] = {
    [IGD_STOLEN_GEN6] = { "gen 6", 6, BDSM_32BIT, GGC_GEN6 },
    [IGD_STOLEN_GEN7] = { "gen 7", 7, BDSM_32BIT, GGC_GEN6 },
    [IGD_STOLEN_GEN7_VALLEYVIEW] = {
        "gen 7 (Valleyview)", 7, BDSM_32BIT, GGC_GEN6
    },
    [IGD_STOLEN_GEN8_BROADWELL] = {
        "gen 8 (Broadwell)", 8, BDSM_32BIT, GGC_GEN8
    },
    [IGD_STOLEN_GEN8_CHERRYVIEW] = {
        "gen 8 (Cherryview)", 8, BDSM_32BIT, GGC_GEN6
    },
    [IGD_STOLEN_GEN9] = { "gen 9", 9, BDSM_32BIT, GGC_GEN8 },
    [IGD_STOLEN_GEN11] = { "gen 11", 11, BDSM_64BIT, GGC_GEN8 },
    [IGD_STOLEN_GEN12] = { "gen 12", 12, BDSM_64BIT, GGC_GEN8 },
};

IGDStolenGen igd_stolen_gen(uint16_t device_id)
{
    return igd_stolen_ids_find(device_id);
}

const IGDStolenLayout *igd_stolen_layout(IGDStolenGen gen)
{
    return gen >= IGD_STOLEN_GEN6 && gen < IGD_STOLEN_GEN__MAX ? &layouts[gen]
                                                               : NULL;
}

static bool igd_stolen_gms_cherryview(unsigned gms, uint64_t *size)
{
    if (gms <= CHV_GMS_MAX_LARGE) {
        *size = gms * GMS_UNIT;
    } else if (gms < CHV_GMS_MIN_SMALL_2) {
        *size = CHV_SMALL_BASE + (gms - CHV_GMS_MIN_SMALL) * GMS_SMALL_UNIT;
    } else {
        *size = CHV_SMALL_2_BASE +
                (gms - CHV_GMS_MIN_SMALL_2) * GMS_SMALL_UNIT;
    }
    return gms <= CHV_GMS_MAX_SMALL_2;
}

static bool igd_stolen_gms_gen9(unsigned gms, uint64_t *size)
{
    if (gms < GEN9_GMS_MIN_SMALL) {
        *size = gms * GMS_UNIT;
    } else {
        *size = (gms - GEN9_GMS_MIN_SMALL + 1) * GMS_SMALL_UNIT;
    }
    return gms <= GEN9_GMS_MAX_SMALL;
}

/* Returns false if the value is reserved */
static bool igd_stolen_gms(IGDStolenGen gen, unsigned gms, uint64_t *size)
{
    switch (gen) {
    case IGD_STOLEN_GEN6:
    case IGD_STOLEN_GEN7:
    case IGD_STOLEN_GEN7_VALLEYVIEW:
        *size = gms * GMS_UNIT;
        return gms <= GEN6_GMS_MAX;
    case IGD_STOLEN_GEN8_BROADWELL:
        *size = gms * GMS_UNIT;
        return true;
    case IGD_STOLEN_GEN8_CHERRYVIEW:
        return igd_stolen_gms_cherryview(gms, size);
    default:
        return igd_stolen_gms_gen9(gms, size);
    }
}

static uint64_t igd_stolen_ggms(IGDStolenGen gen, unsigned ggms)
{
    if (gen < IGD_STOLEN_GEN8_BROADWELL) {
        return MIB(ggms);
    }
    return ggms ? MIB(1) << ggms : 0;
}

IGDStolenResult igd_stolen_sizes(IGDStolenGen gen, uint16_t ggc,
                                 uint64_t *dsm_size, uint64_t *gsm_size)
{
    const IGDStolenLayout *layout = igd_stolen_layout(gen);

    if (!layout) {
        return gen == IGD_STOLEN_GEN_NO_BDSM ? IGD_STOLEN_NO_BDSM
                                             : IGD_STOLEN_UNKNOWN_DEVICE;
    }
    *gsm_size = igd_stolen_ggms(gen, (ggc >> layout->ggms_shift) &
                                     layout->ggms_mask);
    return igd_stolen_gms(gen, (ggc >> layout->gms_shift) & layout->gms_mask,
                          dsm_size) ? IGD_STOLEN_OK : IGD_STOLEN_GMS_RESERVED;
}

static IGDStolenResult igd_stolen_check_bdsm(uint64_t bdsm)
{
    if (!bdsm) {
        return IGD_STOLEN_BDSM_ZERO;
    }
    if (bdsm % STOLEN_ALIGN) {
        return IGD_STOLEN_BDSM_UNALIGNED;
    }
    return IGD_STOLEN_OK;
}

IGDStolenResult igd_stolen_region(uint64_t dsm_base, uint64_t dsm_size,
                                  uint64_t gsm_size, StolenRegion *region)
{
    IGDStolenResult result = igd_stolen_check_bdsm(dsm_base);

    if (result != IGD_STOLEN_OK) {
        return result;
    }
    if (!dsm_size) {
        return IGD_STOLEN_DSM_EMPTY;
    }
    if (gsm_size >= dsm_base) {
        return IGD_STOLEN_GSM_UNDERFLOW;
    }
    if (dsm_base > STOLEN_4G_LIMIT ||
        dsm_size - 1 > STOLEN_4G_LIMIT - dsm_base) {
        return IGD_STOLEN_ABOVE_4G;
    }
    *region = (StolenRegion) { dsm_base - gsm_size, dsm_base + dsm_size - 1,
                               dsm_base };
    return IGD_STOLEN_OK;
}

IGDStolenResult igd_stolen_decode(uint16_t device_id, uint16_t ggc,
                                  uint64_t bdsm, StolenRegion *region)
{
    IGDStolenGen gen = igd_stolen_gen(device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    uint64_t all_ones, dsm_size, gsm_size;
    IGDStolenResult sizes = igd_stolen_sizes(gen, ggc, &dsm_size, &gsm_size);
    IGDStolenResult result;

    if (!layout) {
        return sizes;
    }
    all_ones = UINT64_MAX >> (64 - layout->bdsm_bits);
    bdsm &= all_ones;
    if (bdsm == all_ones) {
        return IGD_STOLEN_BDSM_ALL_ONES;
    }
    if (!bdsm && !ggc) {
        return IGD_STOLEN_NONE;
    }
    bdsm &= ~IGD_STOLEN_BDSM_LOCK;
    result = igd_stolen_check_bdsm(bdsm);
    if (result != IGD_STOLEN_OK) {
        return result;
    }
    return sizes != IGD_STOLEN_OK ? sizes :
           igd_stolen_region(bdsm, dsm_size, gsm_size, region);
}

const char *igd_stolen_strerror(IGDStolenResult result)
{
    static const char *const text[IGD_STOLEN_RESULT__MAX] = {
        [IGD_STOLEN_OK] = "no error",
        [IGD_STOLEN_UNKNOWN_DEVICE] = "the device id is unknown",
        [IGD_STOLEN_NO_BDSM] = "Meteor Lake and later have no BDSM register",
        [IGD_STOLEN_NONE] =
            "GGC and BDSM are zero: a virtual function has no stolen memory",
        [IGD_STOLEN_BDSM_ALL_ONES] = "BDSM reads as all ones",
        [IGD_STOLEN_BDSM_ZERO] = "BDSM is zero: no stolen memory",
        [IGD_STOLEN_BDSM_UNALIGNED] = "BDSM is not 1 MiB aligned",
        [IGD_STOLEN_GMS_RESERVED] = "GGC has a reserved DSM size",
        [IGD_STOLEN_DSM_EMPTY] = "GGC shows a DSM of size 0",
        [IGD_STOLEN_GSM_UNDERFLOW] = "the GSM does not fit below BDSM",
        [IGD_STOLEN_ABOVE_4G] = "the region ends above 4 GiB",
    };

    if ((unsigned)result >= IGD_STOLEN_RESULT__MAX) {
        return "unknown error";
    }
    return text[result];
}

/* /sys/kernel/iommu_groups/N/reserved_regions; in a bundle, from anywhere */

static bool igd_reserved_regions_number(const char *word, uint64_t *value)
{
    return g_str_has_prefix(word, "0x") &&
           g_ascii_string_to_unsigned(word + 2, 16, 0, UINT64_MAX, value,
                                      NULL);
}

unsigned igd_reserved_regions_parse(const char *text, StolenRegion *region)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned found = 0;
    unsigned i;

    for (i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 4);
        uint64_t base, limit;

        if (g_strv_length(words) != 3 ||
            strcmp(words[2], "direct-relaxable") ||
            !igd_reserved_regions_number(words[0], &base) ||
            !igd_reserved_regions_number(words[1], &limit) || limit < base) {
            continue;
        }
        if (!found++) {
            *region = (StolenRegion) { base, limit, base };
        }
    }
    return found;
}
