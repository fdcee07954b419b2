/*
 * What igd-testdev's listener keeps instead of a VFIO container
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: counts and shows. It never touches the memory it names, and
 * never ends QEMU.
 *
 * Covered by tests/qtest/intel-iommu-rmrr-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qemu/bitmap.h"
#include "qemu/timer.h"
#include "hw/pci/pci.h"
#include "hw/pci/rmrr_provider.h"
#include "igd-testdev-container.h"

#define EVENTS_MAX 1024
#define REGION_PAGE 4096

/* The region, page by page */

static uint64_t igd_test_container_now(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
}

static bool igd_test_container_whole(const IGDTestContainer *c)
{
    return c->mapped_pages == c->pages;
}

/* Adds the time until now, if the region was not mapped as a whole */
static void igd_test_container_tick(IGDTestContainer *c)
{
    uint64_t now = igd_test_container_now();

    if (!igd_test_container_whole(c)) {
        c->stats.region_unmapped_ns += now - c->ticked_at;
    }
    c->ticked_at = now;
}

/* Returns: false if nothing of [@iova, @limit] is in the region */
static bool igd_test_container_pages(const IGDTestContainer *c, uint64_t iova,
                                     uint64_t limit, long *first, long *count)
{
    if (!c->pages || !stolen_region_overlaps(&c->region, iova, limit)) {
        return false;
    }
    iova = MAX(iova, c->region.base) - c->region.base;
    limit = MIN(limit, c->region.limit) - c->region.base;
    *first = iova / REGION_PAGE;
    *count = limit / REGION_PAGE - *first + 1;
    return true;
}

static void igd_test_container_pages_mapped(IGDTestContainer *c, uint64_t iova,
                                            uint64_t limit)
{
    long first, count;

    if (!igd_test_container_pages(c, iova, limit, &first, &count)) {
        return;
    }
    igd_test_container_tick(c);
    bitmap_set(c->mapped, first, count);
    set_bit(first, c->begins);
    c->mapped_pages += count;
    c->region_entries++;
}

static long igd_test_container_forget(unsigned long *map, long first,
                                      long count)
{
    long end = first + count, next, cleared = 0;

    for (next = find_next_bit(map, end, first); next < end;
         next = find_next_bit(map, end, next + 1)) {
        clear_bit(next, map);
        cleared++;
    }
    return cleared;
}

/* What is in the range goes as a whole: no unmapping cuts an entry in two */
static void igd_test_container_pages_unmapped(IGDTestContainer *c,
                                              uint64_t iova, uint64_t limit)
{
    long first, count;

    if (!igd_test_container_pages(c, iova, limit, &first, &count)) {
        return;
    }
    igd_test_container_tick(c);
    c->mapped_pages -= igd_test_container_forget(c->mapped, first, count);
    c->region_entries -= igd_test_container_forget(c->begins, first, count);
}

/* The device has its region, if it has one, before there is a container */
static void igd_test_container_watch(IGDTestContainer *c)
{
    RMRRProvider *provider = RMRR_PROVIDER(c->pdev);
    RMRRProviderClass *rrpc =
        RMRR_PROVIDER_GET_CLASS(provider);

    if (rrpc->get(provider, &c->region) != RMRR_PROVIDER_NONE) {
        c->pages = stolen_region_size(&c->region) / REGION_PAGE;
        c->mapped = bitmap_new(c->pages);
        c->begins = bitmap_new(c->pages);
    }
    c->ticked_at = igd_test_container_now();
}

/* Calls that follow each other, as those of a walk through tables, are one */
static bool igd_test_container_continues(const IGDTestRun *last, bool map,
                                         uint64_t iova)
{
    return last->map == map && iova && last->limit == iova - 1;
}

/* Returns: false if the call does not touch the region */
static bool igd_test_container_touch(IGDTestContainer *c, bool map,
                                     uint64_t iova, uint64_t limit)
{
    GArray *runs = c->region_runs;
    IGDTestRun *last = runs->len ? &g_array_index(runs, IGDTestRun,
                                                  runs->len - 1) : NULL;
    IGDTestRun run = {
        .map = map, .iova = iova, .limit = limit, .calls = 1,
    };
    long first, count;

    if (!igd_test_container_pages(c, iova, limit, &first, &count)) {
        return false;
    }
    if (last && igd_test_container_continues(last, map, iova)) {
        last->limit = limit;
        last->calls++;
    } else if (runs->len < EVENTS_MAX) {
        g_array_append_val(runs, run);
    }
    return true;
}

/* Mapping and unmapping */

static bool igd_test_container_count(IGDTestContainer *c,
                                     IGDMapSetResult result,
                                     uint64_t *succeeded)
{
    switch (result) {
    case IGD_MAPSET_OK:
        (*succeeded)++;
        return true;
    case IGD_MAPSET_EXISTS:
        c->stats.eexist++;
        break;
    case IGD_MAPSET_CUT:
        c->stats.einval++;
        break;
    case IGD_MAPSET_FULL:
        c->stats.enospc++;
        break;
    }
    return false;
}

bool igd_test_container_map(IGDTestContainer *c, const IGDMapping *m)
{
    if (igd_test_container_touch(c, true, m->iova, m->limit)) {
        c->stats.region_maps++;
    }
    if (c->fail_in && !--c->fail_in) {
        c->stats.injected++;
        return false;
    }
    if (!igd_test_container_count(c, igd_mapset_map(c->set, m),
                                  &c->stats.maps)) {
        return false;
    }
    igd_test_container_pages_mapped(c, m->iova, m->limit);
    return true;
}

void igd_test_container_unmap(IGDTestContainer *c, uint64_t iova,
                              uint64_t limit)
{
    if (igd_test_container_touch(c, false, iova, limit)) {
        c->stats.region_unmaps++;
    }
    if (igd_test_container_count(c, igd_mapset_unmap(c->set, iova, limit),
                                 &c->stats.unmaps)) {
        igd_test_container_pages_unmapped(c, iova, limit);
    }
}

void igd_test_container_log(IGDTestContainer *c, bool map, uint64_t iova,
                            uint64_t limit)
{
    if (c->event_count++ < EVENTS_MAX) {
        g_string_append_printf(c->events, "%s 0x%" PRIx64 "-0x%" PRIx64 "\n",
                               map ? "map" : "unmap", iova, limit);
    }
}

static void igd_test_container_prop_map(Object *obj, Visitor *v,
                                        const char *name, void *opaque,
                                        Error **errp)
{
    IGDTestContainer *c = opaque;
    g_autofree char *text = igd_mapset_format(c->set);

    visit_type_str(v, name, &text, errp);
}

static void igd_test_container_prop_events(Object *obj, Visitor *v,
                                           const char *name, void *opaque,
                                           Error **errp)
{
    IGDTestContainer *c = opaque;
    char *text = c->events->str;

    visit_type_str(v, name, &text, errp);
}

static void igd_test_container_prop_runs(Object *obj, Visitor *v,
                                         const char *name, void *opaque,
                                         Error **errp)
{
    IGDTestContainer *c = opaque;
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < c->region_runs->len; i++) {
        const IGDTestRun *run = &g_array_index(c->region_runs, IGDTestRun, i);

        g_string_append_printf(text, "%s 0x%" PRIx64 "-0x%" PRIx64 " calls %"
                               PRIu64 "\n", run->map ? "map" : "unmap",
                               run->iova, run->limit, run->calls);
    }
    visit_type_str(v, name, &text->str, errp);
}

static void igd_test_container_prop_stats(Object *obj, Visitor *v,
                                          const char *name, void *opaque,
                                          Error **errp)
{
    IGDTestContainer *c = opaque;
    uint64_t entries = igd_mapset_entries(c->set);
    const struct {
        const char *name;
        uint64_t *value;
    } fields[] = {
        { "maps", &c->stats.maps },
        { "unmaps", &c->stats.unmaps },
        { "region-maps", &c->stats.region_maps },
        { "region-unmaps", &c->stats.region_unmaps },
        { "region-unmapped-ns", &c->stats.region_unmapped_ns },
        { "region-entries", &c->region_entries },
        { "eexist", &c->stats.eexist },
        { "einval", &c->stats.einval },
        { "enospc", &c->stats.enospc },
        { "untranslatable", &c->stats.untranslatable },
        { "unaligned", &c->stats.unaligned },
        { "injected", &c->stats.injected },
        { "surrendered", &c->stats.surrendered },
        { "fatal", &c->stats.fatal },
        { "entries", &entries },
    };

    igd_test_container_tick(c);
    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        if (!visit_type_uint64(v, fields[i].name, fields[i].value, errp)) {
            break;
        }
    }
    visit_end_struct(v, NULL);
}

static void igd_test_container_prop_reset(Object *obj, Visitor *v,
                                          const char *name, void *opaque,
                                          Error **errp)
{
    IGDTestContainer *c = opaque;
    bool value;

    if (visit_type_bool(v, name, &value, errp) && value) {
        igd_test_container_tick(c);
        memset(&c->stats, 0, sizeof(c->stats));
        g_string_truncate(c->events, 0);
        c->event_count = 0;
        g_array_set_size(c->region_runs, 0);
    }
}

static void igd_test_container_prop_fail(Object *obj, Visitor *v,
                                         const char *name, void *opaque,
                                         Error **errp)
{
    IGDTestContainer *c = opaque;

    visit_type_uint32(v, name, &c->fail_in, errp);
}

static const struct {
    const char *name;
    const char *type;
    ObjectPropertyAccessor *get;
    ObjectPropertyAccessor *set;
} igd_test_container_props[] = {
    { "listener-map", "str", igd_test_container_prop_map, NULL },
    { "listener-events", "str", igd_test_container_prop_events, NULL },
    { "listener-region-calls", "str", igd_test_container_prop_runs, NULL },
    { "listener-stats", "dict", igd_test_container_prop_stats, NULL },
    { "listener-stats-reset", "bool", NULL, igd_test_container_prop_reset },
    { "listener-fail-in", "uint32", igd_test_container_prop_fail,
      igd_test_container_prop_fail },
};

void igd_test_container_add_properties(IGDTestContainer *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(igd_test_container_props); i++) {
        object_property_add(OBJECT(c->pdev), igd_test_container_props[i].name,
                            igd_test_container_props[i].type,
                            igd_test_container_props[i].get,
                            igd_test_container_props[i].set, NULL, c);
    }
}

void igd_test_container_del_properties(IGDTestContainer *c)
{
    for (size_t i = 0; i < ARRAY_SIZE(igd_test_container_props); i++) {
        object_property_del(OBJECT(c->pdev), igd_test_container_props[i].name);
    }
}

void igd_test_container_init(IGDTestContainer *c, PCIDevice *pdev,
                             uint32_t entry_limit, uint32_t fail_in)
{
    c->pdev = pdev;
    c->fail_in = fail_in;
    c->set = igd_mapset_new(entry_limit);
    c->events = g_string_new(NULL);
    c->region_runs = g_array_new(false, false, sizeof(IGDTestRun));
    igd_test_container_watch(c);
}

void igd_test_container_cleanup(IGDTestContainer *c)
{
    igd_mapset_free(c->set);
    g_free(c->mapped);
    g_free(c->begins);
    g_array_unref(c->region_runs);
    g_string_free(c->events, true);
}
