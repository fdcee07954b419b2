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
#include "hw/pci/pci.h"
#include "hw/pci/reserved_region_provider.h"
#include "igd-testdev-container.h"

#define EVENTS_MAX 1024

static bool igd_test_container_in_region(IGDTestContainer *c, uint64_t iova,
                                         uint64_t limit)
{
    ReservedRegionProvider *provider = RESERVED_REGION_PROVIDER(c->pdev);
    ReservedRegionProviderClass *rrpc =
        RESERVED_REGION_PROVIDER_GET_CLASS(provider);
    StolenRegion region;

    return rrpc->get(provider, &region) != RESERVED_REGION_NONE &&
           iova <= region.limit && limit >= region.base;
}

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
    if (igd_test_container_in_region(c, m->iova, m->limit)) {
        c->stats.region_maps++;
    }
    if (c->fail_in && !--c->fail_in) {
        c->stats.injected++;
        return false;
    }
    return igd_test_container_count(c, igd_mapset_map(c->set, m),
                                    &c->stats.maps);
}

void igd_test_container_unmap(IGDTestContainer *c, uint64_t iova,
                              uint64_t limit)
{
    if (igd_test_container_in_region(c, iova, limit)) {
        c->stats.region_unmaps++;
    }
    igd_test_container_count(c, igd_mapset_unmap(c->set, iova, limit),
                             &c->stats.unmaps);
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
        memset(&c->stats, 0, sizeof(c->stats));
        g_string_truncate(c->events, 0);
        c->event_count = 0;
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
}

void igd_test_container_cleanup(IGDTestContainer *c)
{
    igd_mapset_free(c->set);
    g_string_free(c->events, true);
}
