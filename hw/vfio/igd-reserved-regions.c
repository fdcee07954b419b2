/*
 * Reader of /sys/kernel/iommu_groups/N/reserved_regions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The file is the kernel's, but may come from anywhere when
 * a bundle is replayed, so nothing in it is trusted.
 * Tested by tests/unit/test-igd-reserved-regions.c.
 */

#include "qemu/osdep.h"
#include "igd-reserved-regions.h"

#define RESERVED_REGION_TYPE "direct-relaxable"

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
            strcmp(words[2], RESERVED_REGION_TYPE) ||
            !igd_reserved_regions_number(words[0], &base) ||
            !igd_reserved_regions_number(words[1], &limit) || limit < base) {
            continue;
        }
        if (!found++) {
            region->base = base;
            region->limit = limit;
            region->dsm_base = base;
        }
    }

    return found;
}
