/*
 * How a guest is to be started so that it gets the IGD: memory maps
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"
#include "text.h"

#define PCI_WINDOW_BASE         0xc0000000ull
#define OVMF_ECAM_BASE          0xe0000000ull
#define OVMF_ECAM_LIMIT         0xefffffffull

/* Smaller ranges of a host tell nothing here */
#define SMALLEST                0x100000ull
#define MAX_ROWS                40

static gint plan_row_compare(gconstpointer a, gconstpointer b)
{
    const PlanRow *one = a;
    const PlanRow *other = b;

    return one->base < other->base ? -1 : one->base > other->base;
}

static void plan_row(GArray *map, uint64_t base, uint64_t limit,
                     const char *name)
{
    PlanRow row = { .base = base, .limit = limit, .name = name };

    g_array_append_val(map, row);
}

static void plan_region_rows(GArray *map, const HostRegion *region)
{
    const StolenRegion *r = &region->region;

    if (!region->split) {
        plan_row(map, r->base, r->limit, "stolen memory (GSM and DSM)");
        return;
    }
    if (r->dsm_base > r->base) {
        plan_row(map, r->base, r->dsm_base - 1, "stolen memory, GSM");
    }
    plan_row(map, r->dsm_base, r->limit, "stolen memory, DSM");
}

/* What is between two rows below 4 GiB, or before the first one, is PCI's */
static void plan_fill_gaps(GArray *map)
{
    unsigned count = map->len;
    uint64_t next = 0;
    unsigned i;

    for (i = 0; i < count; i++) {
        PlanRow row = g_array_index(map, PlanRow, i);

        if (row.base > next && row.base < PLAN_FOUR_GIB) {
            plan_row(map, next, row.base - 1,
                     next >= PCI_WINDOW_BASE ? "PCI" : "no RAM; PCI");
        }
        next = row.limit + 1;
    }
    g_array_sort(map, plan_row_compare);
}

static void plan_guest_map(Plan *plan)
{
    GArray *map = plan->guest_map;
    const StolenRegion *r = &plan->host->region.region;
    bool seabios = plan->request.firmware == STOLEN_FIRMWARE_SEABIOS;
    uint64_t ecam = seabios ? STOLEN_SEABIOS_ECAM_BASE : OVMF_ECAM_BASE;
    uint64_t ecam_limit = seabios ? STOLEN_SEABIOS_ECAM_LIMIT
                                  : OVMF_ECAM_LIMIT;

    if (!plan->low_ram || checks_worst(plan->checks) == CHECK_FAIL) {
        return;
    }
    plan_row(map, 0, plan->low_ram - 1, "RAM");
    if (plan->placed) {
        plan_region_rows(map, &plan->host->region);
    }
    if (!plan->placed || !stolen_region_overlaps(r, ecam, ecam_limit)) {
        plan_row(map, ecam, ecam_limit, seabios ? "MMCONFIG (SeaBIOS)"
                                                : "MMCONFIG (OVMF 2024+)");
    }
    plan_row(map, STOLEN_CHIPSET_BASE, STOLEN_4G_LIMIT,
             "APIC, HPET, IOMMU, flash");
    if (plan->request.memory > plan->low_ram) {
        plan_row(map, PLAN_FOUR_GIB,
                 PLAN_FOUR_GIB + plan->request.memory - plan->low_ram - 1,
                 "RAM");
    }
    g_array_sort(map, plan_row_compare);
    plan_fill_gaps(map);
}

/* What the kernel shows root; the parts of stolen memory take precedence */
static void plan_host_map(Plan *plan)
{
    const Host *host = plan->host;
    GArray *map = plan->host_map;
    unsigned i;

    if (host->region.known) {
        plan_region_rows(map, &host->region);
    }
    for (i = 0; host->iomem && i < host->iomem->len; i++) {
        const MemRange *range = &g_array_index(host->iomem, MemRange, i);

        if (range->depth || map->len >= MAX_ROWS ||
            range->limit - range->base < SMALLEST - 1 ||
            (host->region.known &&
             stolen_region_overlaps(&host->region.region, range->base,
                                    range->limit))) {
            continue;
        }
        plan_row(map, range->base, range->limit, range->name);
    }
    g_array_sort(map, plan_row_compare);
}

void plan_maps(Plan *plan)
{
    plan->guest_map = g_array_new(FALSE, FALSE, sizeof(PlanRow));
    plan->host_map = g_array_new(FALSE, FALSE, sizeof(PlanRow));
    plan_guest_map(plan);
    plan_host_map(plan);
}

void plan_draw(const GArray *map, const char *prefix, GString *out)
{
    static const char edge[] =
        "+-------------------------------+------------+"
        "------------------------------+";
    unsigned i;

    if (!map->len) {
        return;
    }
    g_string_append_printf(out, "%s%s\n", prefix, edge);
    /* From the top down, as maps are drawn */
    for (i = map->len; i > 0; i--) {
        const PlanRow *row = &g_array_index(map, PlanRow, i - 1);
        uint64_t size = row->limit - row->base + 1;
        g_autofree char *range = text_range(row->base, row->limit);
        g_autofree char *text =
            size ? text_size(size) : g_strdup("16 EiB");

        if (strlen(text) > 10) {
            g_free(text);
            text = g_strdup_printf("%" PRIu64 " MiB", size >> 20);
        }
        g_string_append_printf(out, "%s| %29.29s | %10.10s | %-28.28s |\n",
                               prefix, range, text, row->name);
    }
    g_string_append_printf(out, "%s%s\n", prefix, edge);
}
