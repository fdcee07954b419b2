/*
 * A DMA listener for any PCI device, as VFIO or vhost has, for tests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: keeps the mappings that follow a guest's IOMMU tables on paper,
 * where a test can read them. It never touches the device that it watches or
 * the memory it names, and never ends QEMU: what VFIO answers with hw_error()
 * is counted as "fatal".
 *
 * Manual: docs/specs/dma-listener-testdev.rst. Test:
 * tests/qtest/dma-listener-testdev-test.c, and all that start with intel-iommu.
 */

#include "qemu/osdep.h"
#include "qemu/interval-tree.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/igd-rmrr-compat.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_host.h"

#define TYPE_DMA_LISTENER "dma-listener-testdev"
OBJECT_DECLARE_SIMPLE_TYPE(DMAListener, DMA_LISTENER)

#define KEPT_MAX 1024           /* events, and runs of calls */
#define HOLE_SIZE (1 * MiB)

/* Whom the listener imitates, and what it asks of an IOMMU */
static const struct {
    const char *name;
    IOMMUNotifierFlag flags;
} dma_listener_modes[] = {
    { "map", IOMMU_NOTIFIER_IOTLB_EVENTS },         /* VFIO */
    { "unmap", IOMMU_NOTIFIER_UNMAP },              /* vhost */
    { "devtlb", IOMMU_NOTIFIER_DEVIOTLB_UNMAP },    /* vhost, device with ATS */
};

/* The property "stats"; docs/specs/dma-listener-testdev.rst explains them */
typedef enum DMAListenerCount {
    MAPS, UNMAPS, REGION_MAPS, REGION_UNMAPS, REGION_UNMAPPED_NS, EXISTS, CUT,
    FULL, UNTRANSLATABLE, UNALIGNED, INJECTED, SURRENDERED, FATAL, COUNTS,
} DMAListenerCount;

static const char *const dma_listener_count_names[COUNTS] = {
    "maps", "unmaps", "region-maps", "region-unmaps", "region-unmapped-ns",
    "eexist", "einval", "enospc", "untranslatable", "unaligned", "injected",
    "surrendered", "fatal",
};

/* Bus addresses [n.start, n.last] map to @offset of @block, an interned name */
typedef struct DMAMapping {
    IntervalTreeNode n;
    const char *block;
    uint64_t offset;
    bool writable;
} DMAMapping;

/* Calls to map or to unmap, each for what follows the one before */
typedef struct DMAListenerRun {
    bool map;
    uint64_t iova;
    uint64_t limit;
    uint64_t calls;
} DMAListenerRun;

typedef struct DMAListenerNotifier {
    IOMMUNotifier n;
    DMAListener *l;
    IOMMUMemoryRegion *iommu_mr;
    hwaddr iova_offset;     /* bus address of the IOMMU region's offset 0 */
    QLIST_ENTRY(DMAListenerNotifier) next;
} DMAListenerNotifier;

struct DMAListener {
    DeviceState parent_obj;

    /* Properties; @base and @size are the region, and @fail_in counts down */
    char *device;
    int32_t addr;
    char *mode;
    uint64_t base;
    uint64_t size;
    uint64_t hole;
    uint32_t limit;
    uint32_t fail_in;
    bool translate;

    IOMMUNotifierFlag flags;        /* what @mode asks of an IOMMU */
    AddressSpace *as;               /* lives as long as the machine */
    MemoryListener listener;
    QLIST_HEAD(, DMAListenerNotifier) notifiers;
    bool running;                   /* attached; a failure is now fatal */
    Error *attach_error;            /* the first failure before that */

    IntervalTreeRoot map;           /* of DMAMapping; no two overlap */
    uint64_t entries;               /* in it */
    uint64_t region_entries;        /* with a byte of the region */
    uint64_t region_mapped;         /* bytes of the region that are mapped */
    uint64_t count[COUNTS];
    uint64_t ticked_at;             /* until when REGION_UNMAPPED_NS is right */
    GString *events;                /* of the IOMMU; the first KEPT_MAX */
    unsigned int event_count;       /* all of them */
    GArray *runs;                   /* of DMAListenerRun; those in the region */
};

/* Mapping and unmapping, on paper */

/* How many bytes of [@iova, @limit] are in the region */
static uint64_t dma_listener_in_region(const DMAListener *l, uint64_t iova,
                                       uint64_t limit)
{
    uint64_t first = MAX(iova, l->base);
    uint64_t last = MIN(limit, l->base + l->size - 1);

    return l->size && first <= last ? last - first + 1 : 0;
}

/* Adds the time until now, if the region was not mapped as a whole */
static void dma_listener_tick(DMAListener *l)
{
    uint64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    if (l->region_mapped != l->size) {
        l->count[REGION_UNMAPPED_NS] += now - l->ticked_at;
    }
    l->ticked_at = now;
}

/* Notes a call that touches the region, one that fails included */
static void dma_listener_touch(DMAListener *l, bool map, uint64_t iova,
                               uint64_t limit)
{
    DMAListenerRun run = { map, iova, limit, 1 };
    DMAListenerRun *last = l->runs->len ?
        &g_array_index(l->runs, DMAListenerRun, l->runs->len - 1) : NULL;

    if (!dma_listener_in_region(l, iova, limit)) {
        return;
    }
    dma_listener_tick(l);
    l->count[map ? REGION_MAPS : REGION_UNMAPS]++;
    if (last && last->map == map && iova && last->limit == iova - 1) {
        /* As those of a walk through tables */
        last->limit = limit;
        last->calls++;
    } else if (l->runs->len < KEPT_MAX) {
        g_array_append_val(l->runs, run);
    }
}

/* Any mapping that has a byte of the range */
static DMAMapping *dma_listener_find(DMAListener *l, uint64_t iova,
                                     uint64_t limit)
{
    IntervalTreeNode *n = interval_tree_iter_first(&l->map, iova, limit);

    return n ? container_of(n, DMAMapping, n) : NULL;
}

/* As a type 1 container of VFIO does. Returns: whether it was added */
static bool dma_listener_map(DMAListener *l, const DMAMapping *m)
{
    uint64_t in_region = dma_listener_in_region(l, m->n.start, m->n.last);
    DMAMapping *entry;

    dma_listener_touch(l, true, m->n.start, m->n.last);
    if (l->fail_in && !--l->fail_in) {
        l->count[INJECTED]++;
        return false;
    }
    if (dma_listener_find(l, m->n.start, m->n.last)) {
        l->count[EXISTS]++;
        return false;
    }
    if (l->limit && l->entries >= l->limit) {
        l->count[FULL]++;
        return false;
    }
    entry = g_memdup2(m, sizeof(*m));
    interval_tree_insert(&entry->n, &l->map);
    l->entries++;
    l->region_entries += in_region != 0;
    l->region_mapped += in_region;
    l->count[MAPS]++;
    return true;
}

/* Refused if it would cut a mapping in two, as there */
static void dma_listener_unmap(DMAListener *l, uint64_t iova, uint64_t limit)
{
    DMAMapping *first = dma_listener_find(l, iova, iova);
    DMAMapping *last = dma_listener_find(l, limit, limit);
    DMAMapping *entry;

    dma_listener_touch(l, false, iova, limit);
    if ((first && first->n.start != iova) || (last && last->n.last != limit)) {
        l->count[CUT]++;
        return;
    }
    while ((entry = dma_listener_find(l, iova, limit))) {
        uint64_t in_region = dma_listener_in_region(l, entry->n.start,
                                                    entry->n.last);

        interval_tree_remove(&entry->n, &l->map);
        l->entries--;
        l->region_entries -= in_region != 0;
        l->region_mapped -= in_region;
        g_free(entry);
    }
    l->count[UNMAPS]++;
}

/* What VFIO would end QEMU for, or fail realize for while it attaches */
static void dma_listener_fail(DMAListener *l, const MemoryRegion *mr,
                              Error *err)
{
    if (!l->running && !l->attach_error) {
        l->attach_error = err;
    } else if (!l->running) {
        error_free(err);
    } else if (mr && mr->map_errp) {
        error_propagate(mr->map_errp, err);
        l->count[SURRENDERED]++;
    } else {
        l->count[FATAL]++;
        error_free(err);
    }
}

/* IOMMU events */

static void dma_listener_map_entry(DMAListener *l, uint64_t iova,
                                   IOMMUTLBEntry *entry)
{
    RCU_READ_LOCK_GUARD();
    DMAMapping m = {
        .n = { .start = iova, .last = iova + entry->addr_mask },
    };
#if QEMU_SINCE(10, 2)
    MemoryRegion *mr = memory_translate_iotlb(entry, &m.offset, NULL);
#else
    bool read_only;
    void *host;
    MemoryRegion *mr =
        memory_get_xlat_addr(entry, &host, NULL, &read_only, NULL, NULL) ?
        memory_region_from_host(host, &m.offset) : NULL;
#endif

    if (!mr) {
        l->count[UNTRANSLATABLE]++;
        return;
    }
    m.block = g_intern_string(qemu_ram_get_idstr(mr->ram_block));
    m.writable = (entry->perm & IOMMU_WO) && !mr->readonly;
    dma_listener_map(l, &m);
}

static void dma_listener_notify(IOMMUNotifier *n, IOMMUTLBEntry *entry)
{
    DMAListenerNotifier *notifier = container_of(n, DMAListenerNotifier, n);
    DMAListener *l = notifier->l;
    uint64_t iova = entry->iova + notifier->iova_offset;
    uint64_t limit = iova + entry->addr_mask;
    bool map = entry->perm & IOMMU_RW;

    if (l->event_count++ < KEPT_MAX) {
        g_string_append_printf(l->events, "%s 0x%" PRIx64 "-0x%" PRIx64 "\n",
                               map ? "map" : "unmap", iova, limit);
    }
    if (l->translate) {
        /* Takes the IOMMU's lock, which must not be held while it tells */
        address_space_get_iotlb_entry(l->as, iova, false,
                                      MEMTXATTRS_UNSPECIFIED);
    }
    if (!map) {
        dma_listener_unmap(l, iova, limit);
    } else if (entry->target_as != &address_space_memory) {
        l->count[UNTRANSLATABLE]++;
    } else {
        dma_listener_map_entry(l, iova, entry);
    }
}

/* Sections of the address space */

static uint64_t dma_listener_last(const MemoryRegionSection *section,
                                  uint64_t first)
{
    return first + int128_get64(int128_sub(section->size, int128_one()));
}

/* Returns: false if VFIO would skip the section */
static bool dma_listener_section(DMAListener *l, MemoryRegionSection *section,
                                 uint64_t *iova, uint64_t *limit)
{
    uint64_t page = qemu_real_host_page_size();
    uint64_t base = section->offset_within_address_space;
    uint64_t last = dma_listener_last(section, base);
    MemoryRegion *mr = section->mr;

    if (!memory_region_is_iommu(mr) &&
        (!(l->flags & IOMMU_NOTIFIER_MAP) || !memory_region_is_ram(mr))) {
        return false;
    }
    if (memory_region_is_protected(mr) ||
        memory_region_has_ram_discard_manager(mr) || base >> 63) {
        return false;
    }
    if ((base ^ section->offset_within_region) & (page - 1)) {
        l->count[UNALIGNED]++;
        return false;
    }
    *iova = ROUND_UP(base, page);
    *limit = last - ((last & (page - 1)) + 1) % page;
    return last - base >= page - 1 && *iova < *limit;
}

static void dma_listener_add_iommu(DMAListener *l,
                                   MemoryRegionSection *section)
{
    hwaddr start = section->offset_within_region;
    DMAListenerNotifier *notifier = g_new0(DMAListenerNotifier, 1);
    Error *err = NULL;

    notifier->l = l;
    notifier->iommu_mr = IOMMU_MEMORY_REGION(section->mr);
    notifier->iova_offset = section->offset_within_address_space - start;
    iommu_notifier_init(&notifier->n, dma_listener_notify, l->flags, start,
                        dma_listener_last(section, start),
                        memory_region_iommu_attrs_to_index(
                            notifier->iommu_mr, MEMTXATTRS_UNSPECIFIED));

    if (memory_region_register_iommu_notifier(section->mr, &notifier->n,
                                              &err)) {
        g_free(notifier);
        dma_listener_fail(l, section->mr, err);
        return;
    }
    QLIST_INSERT_HEAD(&l->notifiers, notifier, next);
    if (l->flags & IOMMU_NOTIFIER_MAP) {
        memory_region_iommu_replay(notifier->iommu_mr, &notifier->n);
    }
}

static void dma_listener_add_ram(DMAListener *l, MemoryRegionSection *section,
                                 uint64_t iova, uint64_t limit)
{
    DMAMapping m = {
        .n = { .start = iova, .last = limit },
        .block = g_intern_string(qemu_ram_get_idstr(section->mr->ram_block)),
        .offset = section->offset_within_region +
                  (iova - section->offset_within_address_space),
        .writable = !section->readonly,
    };
    Error *err = NULL;

    if (!dma_listener_map(l, &m) &&
        !memory_region_is_ram_device(section->mr)) {
        error_setg(&err, TYPE_DMA_LISTENER ": cannot map RAM section %s at 0x%"
                   PRIx64 "; raise limit=%u, or set fail-in=0",
                   memory_region_name(section->mr), iova, l->limit);
        dma_listener_fail(l, section->mr, err);
    }
}

static void dma_listener_region_add(MemoryListener *listener,
                                    MemoryRegionSection *section)
{
    DMAListener *l = container_of(listener, DMAListener, listener);
    uint64_t iova, limit;

    if (!dma_listener_section(l, section, &iova, &limit)) {
        return;
    }
    memory_region_ref(section->mr);
    if (memory_region_is_iommu(section->mr)) {
        dma_listener_add_iommu(l, section);
    } else {
        dma_listener_add_ram(l, section, iova, limit);
    }
}

static void dma_listener_del_iommu(DMAListener *l,
                                   MemoryRegionSection *section)
{
    DMAListenerNotifier *notifier, *next;

    QLIST_FOREACH_SAFE(notifier, &l->notifiers, next, next) {
        if (MEMORY_REGION(notifier->iommu_mr) == section->mr &&
            notifier->n.start == section->offset_within_region) {
            memory_region_unregister_iommu_notifier(section->mr,
                                                    &notifier->n);
            QLIST_REMOVE(notifier, next);
            g_free(notifier);
        }
    }
}

/*
 * A section that goes takes all its mappings with it in one call, which fails
 * if one of them reaches beyond the section.
 */
static void dma_listener_region_del(MemoryListener *listener,
                                    MemoryRegionSection *section)
{
    DMAListener *l = container_of(listener, DMAListener, listener);
    uint64_t iova, limit;

    if (!dma_listener_section(l, section, &iova, &limit)) {
        return;
    }
    if (memory_region_is_iommu(section->mr)) {
        dma_listener_del_iommu(l, section);
    }
    dma_listener_unmap(l, iova, limit);
    memory_region_unref(section->mr);
}

/* Options */

static bool dma_listener_parse_mode(DMAListener *l, Error **errp)
{
    for (size_t i = 0; i < ARRAY_SIZE(dma_listener_modes); i++) {
        if (!g_strcmp0(l->mode ?: "map", dma_listener_modes[i].name)) {
            l->flags = dma_listener_modes[i].flags;
            return true;
        }
    }
    error_setg(errp, TYPE_DMA_LISTENER ": mode '%s' is not known; set mode to "
               "map, unmap or devtlb", l->mode);
    return false;
}

/* It is there before the device, as VFIO's container is before the memory */
static AddressSpace *dma_listener_as_at(int devfn, Error **errp)
{
    Object *host = object_resolve_type_unambiguous(TYPE_PCI_HOST_BRIDGE, errp);
    PCIBus *bus = host ? PCI_HOST_BRIDGE(host)->bus : NULL;

    return !bus ? NULL : !bus->iommu_ops ? &address_space_memory :
           bus->iommu_ops->get_address_space(bus, bus->iommu_opaque, devfn);
}

static AddressSpace *dma_listener_find_as(DMAListener *l, Error **errp)
{
    DeviceState *dev = !l->device ? NULL :
        qdev_find_recursive(sysbus_get_default(), l->device);

    if (!l->device && l->addr >= 0) {
        return dma_listener_as_at(l->addr, errp);
    }
    if (dev && l->addr < 0 &&
        object_dynamic_cast(OBJECT(dev), TYPE_PCI_DEVICE)) {
        return pci_device_iommu_address_space(PCI_DEVICE(dev));
    }
    error_setg(errp, TYPE_DMA_LISTENER ": for=%s is not a PCI device; set for "
               "to the id of a PCI device that comes before, or else addr to "
               "the address of one that comes after, such as addr=02.0",
               l->device ?: "");
    return NULL;
}

/* 1 MiB of RAM above the IOMMU's region; it stays for the machine's life */
static bool dma_listener_add_hole(DMAListener *l, Error **errp)
{
    MemoryRegion *mr = g_new0(MemoryRegion, 1);

    if (l->as == &address_space_memory || l->hole % HOLE_SIZE) {
        error_setg(errp, TYPE_DMA_LISTENER ": hole=0x%" PRIx64 " is not a "
                   "multiple of 1 MiB, or no IOMMU translates for the device; "
                   "set hole=0, or add -device intel-iommu", l->hole);
    } else if (memory_region_init_ram(mr, NULL, TYPE_DMA_LISTENER "-hole",
                                      HOLE_SIZE, errp)) {
        memory_region_add_subregion_overlap(l->as->root, l->hole, mr, 1);
        return true;
    }
    g_free(mr);
    return false;
}

/* What a test reads and sets */

/* Mappings that continue each other are shown as one */
static char *dma_listener_get_map(Object *obj, Error **errp)
{
    IntervalTreeRoot *map = &DMA_LISTENER(obj)->map;
    IntervalTreeNode *n = interval_tree_iter_first(map, 0, UINT64_MAX);
    GString *text = g_string_new(NULL);

    while (n) {
        const DMAMapping *first = container_of(n, DMAMapping, n), *next;
        uint64_t last;

        do {
            last = n->last;
            n = interval_tree_iter_next(n, 0, UINT64_MAX);
            next = container_of(n, DMAMapping, n);
        } while (n && n->start - last == 1 && next->block == first->block &&
                 next->writable == first->writable &&
                 next->offset - first->offset == n->start - first->n.start);
        g_string_append_printf(text, "0x%" PRIx64 "-0x%" PRIx64 " %s+0x%"
                               PRIx64 " %s\n", first->n.start, last,
                               first->block, first->offset,
                               first->writable ? "rw" : "ro");
    }
    return g_string_free(text, false);
}

/*
 * A call as if an IOMMU had made it, "unmap 0x<iova>-0x<limit>", or "map" and
 * a line as the map shows it
 */
static void dma_listener_set_call(Object *obj, const char *text, Error **errp)
{
    DMAListener *l = DMA_LISTENER(obj);
    DMAMapping m = { };
    char block[257], mode[3];

    if (sscanf(text, "map %" SCNx64 "-%" SCNx64 " %256[^+]+%" SCNx64 " %2s",
               &m.n.start, &m.n.last, block, &m.offset, mode) == 5) {
        m.block = g_intern_string(block);
        m.writable = !strcmp(mode, "rw");
        dma_listener_map(l, &m);
    } else if (sscanf(text, "unmap %" SCNx64 "-%" SCNx64, &m.n.start,
                      &m.n.last) == 2) {
        dma_listener_unmap(l, m.n.start, m.n.last);
    } else {
        error_setg(errp, TYPE_DMA_LISTENER ": call '%s' is neither 'map "
                   "0xIOVA-0xLIMIT BLOCK+0xOFFSET rw|ro' nor 'unmap "
                   "0xIOVA-0xLIMIT'", text);
    }
}

static char *dma_listener_get_events(Object *obj, Error **errp)
{
    return g_strdup(DMA_LISTENER(obj)->events->str);
}

static char *dma_listener_get_runs(Object *obj, Error **errp)
{
    DMAListener *l = DMA_LISTENER(obj);
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < l->runs->len; i++) {
        const DMAListenerRun *run = &g_array_index(l->runs, DMAListenerRun, i);

        g_string_append_printf(text, "%s 0x%" PRIx64 "-0x%" PRIx64 " calls %"
                               PRIu64 "\n", run->map ? "map" : "unmap",
                               run->iova, run->limit, run->calls);
    }
    return g_string_free(text, false);
}

static void dma_listener_get_stats(Object *obj, Visitor *v, const char *name,
                                   void *opaque, Error **errp)
{
    DMAListener *l = DMA_LISTENER(obj);

    dma_listener_tick(l);
    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (int i = 0; i < COUNTS; i++) {
        visit_type_uint64(v, dma_listener_count_names[i], &l->count[i],
                          &error_abort);
    }
    visit_type_uint64(v, "entries", &l->entries, &error_abort);
    visit_type_uint64(v, "region-entries", &l->region_entries, &error_abort);
    visit_end_struct(v, NULL);
}

static void dma_listener_set_reset(Object *obj, bool value, Error **errp)
{
    DMAListener *l = DMA_LISTENER(obj);

    if (value) {
        dma_listener_tick(l);
        memset(l->count, 0, sizeof(l->count));
        g_string_truncate(l->events, 0);
        l->event_count = 0;
        g_array_set_size(l->runs, 0);
    }
}

/* Life cycle */

static void dma_listener_unrealize(DeviceState *dev)
{
    DMAListener *l = DMA_LISTENER(dev);

    memory_listener_unregister(&l->listener);
    l->running = false;
}

static void dma_listener_realize(DeviceState *dev, Error **errp)
{
    DMAListener *l = DMA_LISTENER(dev);

    if (!dma_listener_parse_mode(l, errp)) {
        return;
    }
    l->as = dma_listener_find_as(l, errp);
    if (!l->as || (l->hole && !dma_listener_add_hole(l, errp))) {
        return;
    }
    l->ticked_at = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);
    l->listener = (MemoryListener) {
        .name = TYPE_DMA_LISTENER,
        .region_add = dma_listener_region_add,
        .region_del = dma_listener_region_del,
    };
    memory_listener_register(&l->listener, l->as);
    if (l->attach_error) {
        error_propagate(errp, g_steal_pointer(&l->attach_error));
        dma_listener_unrealize(dev);
        return;
    }
    l->running = true;
}

static void dma_listener_init(Object *obj)
{
    DMAListener *l = DMA_LISTENER(obj);

    l->events = g_string_new(NULL);
    l->runs = g_array_new(false, false, sizeof(DMAListenerRun));
    object_property_add_uint32_ptr(obj, "fail-in", &l->fail_in,
                                   OBJ_PROP_FLAG_READWRITE);
}

static void dma_listener_finalize(Object *obj)
{
    DMAListener *l = DMA_LISTENER(obj);
    DMAMapping *entry;

    while ((entry = dma_listener_find(l, 0, UINT64_MAX))) {
        interval_tree_remove(&entry->n, &l->map);
        g_free(entry);
    }
    g_string_free(l->events, true);
    g_array_unref(l->runs);
}

static const Property dma_listener_properties[] = {
    DEFINE_PROP_STRING("for", DMAListener, device),
    DEFINE_PROP_PCI_DEVFN("addr", DMAListener, addr, -1),
    DEFINE_PROP_STRING("mode", DMAListener, mode),
    DEFINE_PROP_UINT32("limit", DMAListener, limit, 0),
    DEFINE_PROP_UINT64("base", DMAListener, base, 0),
    DEFINE_PROP_SIZE("size", DMAListener, size, 0),
    DEFINE_PROP_UINT64("hole", DMAListener, hole, 0),
    DEFINE_PROP_BOOL("translate", DMAListener, translate, false),
};

static void dma_listener_class_init(ObjectClass *klass, ClassData *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = dma_listener_realize;
    dc->unrealize = dma_listener_unrealize;
    dc->desc = "Listens to a PCI device's DMA mappings as VFIO does, for tests";
    dc->hotpluggable = false;
    device_class_set_props(dc, dma_listener_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);

    object_class_property_add_str(klass, "map", dma_listener_get_map, NULL);
    object_class_property_add_str(klass, "call", NULL, dma_listener_set_call);
    object_class_property_add_str(klass, "events", dma_listener_get_events,
                                  NULL);
    object_class_property_add_str(klass, "region-calls", dma_listener_get_runs,
                                  NULL);
    object_class_property_add(klass, "stats", "dict", dma_listener_get_stats,
                              NULL, NULL, NULL);
    object_class_property_add_bool(klass, "stats-reset", NULL,
                                   dma_listener_set_reset);
}

static const TypeInfo dma_listener_info = {
    .name = TYPE_DMA_LISTENER,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(DMAListener),
    .instance_init = dma_listener_init,
    .instance_finalize = dma_listener_finalize,
    .class_init = dma_listener_class_init,
};

static void dma_listener_register_types(void)
{
    type_register_static(&dma_listener_info);
}

type_init(dma_listener_register_types)
