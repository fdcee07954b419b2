/*
 * A DMA listener of igd-testdev that behaves as VFIO's or vhost's
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: turns sections and IOMMU events into calls of the container, and
 * owns the optional hole. It never touches the device's own state, and
 * never ends QEMU: what VFIO answers with hw_error() is counted as "fatal".
 *
 * What is not imitated: RAM with a discard manager (virtio-mem), dirty
 * tracking, and BARs of assigned devices.
 *
 * Covered by tests/qtest/intel-iommu-events-test.c, -rmrr-test.c,
 * -model-test.c and -hostile-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "exec/cpu-common.h"
#include "exec/memory.h"
#include "qapi/error.h"
#include "hw/pci/pci.h"
#include "hw/pci/rmrr_provider.h"
#include "igd-testdev-container.h"
#include "igd-testdev-listener.h"

#define HOLE_SIZE (1 * MiB)

typedef struct IGDTestNotifier {
    IOMMUNotifier n;
    IGDTestListener *l;
    IOMMUMemoryRegion *iommu_mr;
    hwaddr iova_offset;     /* bus address of the IOMMU region's offset 0 */
    QLIST_ENTRY(IGDTestNotifier) next;
} IGDTestNotifier;

struct IGDTestListener {
    MemoryListener listener;
    IGDTestContainer container;
    IGDTestListenerMode mode;
    bool running;           /* attached; a failure is now fatal */
    Error *attach_error;
    QLIST_HEAD(, IGDTestNotifier) notifiers;
};

bool igd_test_listener_parse(const char *s, IGDTestListenerMode *mode)
{
    static const char *const names[] = {
        [IGD_TEST_LISTENER_OFF] = "off",
        [IGD_TEST_LISTENER_MAP] = "map",
        [IGD_TEST_LISTENER_UNMAP] = "unmap",
        [IGD_TEST_LISTENER_DEVTLB] = "devtlb",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!g_strcmp0(s ?: "off", names[i])) {
            *mode = i;
            return true;
        }
    }
    return false;
}

/* What VFIO would end QEMU for, or fail realize for while it attaches */
static void igd_test_listener_fail(IGDTestListener *l, const MemoryRegion *mr,
                                   Error *err)
{
    AddressSpace *as = pci_device_iommu_address_space(l->container.pdev);

    if (l->running && rmrr_provider_map_failed(as, mr, err)) {
        l->container.stats.surrendered++;
    } else if (l->running) {
        l->container.stats.fatal++;
        error_free(err);
    } else if (l->attach_error) {
        error_free(err);
    } else {
        l->attach_error = err;
    }
}

/* IOMMU events */

static void igd_test_listener_map_entry(IGDTestListener *l, uint64_t iova,
                                        IOMMUTLBEntry *entry)
{
    IGDMapping m = { .iova = iova, .limit = iova + entry->addr_mask };
    bool read_only;
    void *host;
    ram_addr_t offset;
    RAMBlock *block;

    RCU_READ_LOCK_GUARD();

    if (!memory_get_xlat_addr(entry, &host, NULL, &read_only, NULL, NULL)) {
        l->container.stats.untranslatable++;
        return;
    }
    block = qemu_ram_block_from_host(host, false, &offset);
    m.block = g_intern_string(qemu_ram_get_idstr(block));
    m.offset = offset;
    m.writable = !read_only;
    igd_test_container_map(&l->container, &m);
}

static void igd_test_listener_notify(IOMMUNotifier *n, IOMMUTLBEntry *entry)
{
    IGDTestNotifier *notifier = container_of(n, IGDTestNotifier, n);
    IGDTestListener *l = notifier->l;
    uint64_t iova = entry->iova + notifier->iova_offset;
    bool map = entry->perm & IOMMU_RW;

    igd_test_container_log(&l->container, map, iova,
                           iova + entry->addr_mask);
    if (!map) {
        igd_test_container_unmap(&l->container, iova,
                                 iova + entry->addr_mask);
    } else if (entry->target_as != &address_space_memory) {
        l->container.stats.untranslatable++;
    } else {
        igd_test_listener_map_entry(l, iova, entry);
    }
}

/* Sections of the address space */

static IOMMUNotifierFlag igd_test_listener_flags(IGDTestListenerMode mode)
{
    switch (mode) {
    case IGD_TEST_LISTENER_MAP:
        return IOMMU_NOTIFIER_IOTLB_EVENTS;
    case IGD_TEST_LISTENER_UNMAP:
        return IOMMU_NOTIFIER_UNMAP;
    case IGD_TEST_LISTENER_DEVTLB:
        return IOMMU_NOTIFIER_DEVIOTLB_UNMAP;
    default:
        return IOMMU_NOTIFIER_NONE;
    }
}

/* Returns: false if VFIO would skip the section */
static bool igd_test_listener_section(IGDTestListener *l,
                                      MemoryRegionSection *section,
                                      uint64_t *iova, uint64_t *limit)
{
    uint64_t page = qemu_real_host_page_size();
    uint64_t base = section->offset_within_address_space;
    uint64_t last = base + int128_get64(int128_sub(section->size,
                                                   int128_one()));
    MemoryRegion *mr = section->mr;

    if (!memory_region_is_iommu(mr) &&
        (l->mode != IGD_TEST_LISTENER_MAP || !memory_region_is_ram(mr))) {
        return false;
    }
    if (memory_region_is_protected(mr) ||
        memory_region_has_ram_discard_manager(mr) || base >> 63) {
        return false;
    }
    if ((base ^ section->offset_within_region) & (page - 1)) {
        l->container.stats.unaligned++;
        return false;
    }
    if (last - base < page - 1) {
        return false;
    }
    *iova = ROUND_UP(base, page);
    *limit = last - ((last & (page - 1)) + 1) % page;
    return *iova < *limit;
}

static void igd_test_listener_add_iommu(IGDTestListener *l,
                                        MemoryRegionSection *section)
{
    hwaddr start = section->offset_within_region;
    hwaddr last = start + int128_get64(int128_sub(section->size,
                                                  int128_one()));
    IGDTestNotifier *notifier = g_new0(IGDTestNotifier, 1);
    Error *err = NULL;

    notifier->l = l;
    notifier->iommu_mr = IOMMU_MEMORY_REGION(section->mr);
    notifier->iova_offset = section->offset_within_address_space - start;
    iommu_notifier_init(&notifier->n, igd_test_listener_notify,
                        igd_test_listener_flags(l->mode), start, last,
                        memory_region_iommu_attrs_to_index(
                            notifier->iommu_mr, MEMTXATTRS_UNSPECIFIED));

    if (memory_region_register_iommu_notifier(section->mr, &notifier->n,
                                              &err)) {
        g_free(notifier);
        igd_test_listener_fail(l, section->mr, err);
        return;
    }
    QLIST_INSERT_HEAD(&l->notifiers, notifier, next);
    if (l->mode == IGD_TEST_LISTENER_MAP) {
        memory_region_iommu_replay(notifier->iommu_mr, &notifier->n);
    }
}

static void igd_test_listener_add_ram(IGDTestListener *l,
                                      MemoryRegionSection *section,
                                      uint64_t iova, uint64_t limit)
{
    IGDMapping m = {
        .iova = iova,
        .limit = limit,
        .block = g_intern_string(qemu_ram_get_idstr(section->mr->ram_block)),
        .offset = section->offset_within_region +
                  (iova - section->offset_within_address_space),
        .writable = !section->readonly,
    };
    Error *err = NULL;

    if (!igd_test_container_map(&l->container, &m) &&
        !memory_region_is_ram_device(section->mr)) {
        error_setg(&err, "%s: the listener cannot map RAM section %s at 0x%"
                   PRIx64 "; raise listener-limit", l->container.pdev->name,
                   memory_region_name(section->mr), iova);
        igd_test_listener_fail(l, section->mr, err);
    }
}

static void igd_test_listener_region_add(MemoryListener *listener,
                                         MemoryRegionSection *section)
{
    IGDTestListener *l = container_of(listener, IGDTestListener, listener);
    uint64_t iova, limit;

    if (!igd_test_listener_section(l, section, &iova, &limit)) {
        return;
    }
    memory_region_ref(section->mr);
    if (memory_region_is_iommu(section->mr)) {
        igd_test_listener_add_iommu(l, section);
    } else {
        igd_test_listener_add_ram(l, section, iova, limit);
    }
}

static void igd_test_listener_del_iommu(IGDTestListener *l,
                                        MemoryRegionSection *section)
{
    IGDTestNotifier *notifier, *next;

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
static void igd_test_listener_region_del(MemoryListener *listener,
                                         MemoryRegionSection *section)
{
    IGDTestListener *l = container_of(listener, IGDTestListener, listener);
    uint64_t iova, limit;

    if (!igd_test_listener_section(l, section, &iova, &limit)) {
        return;
    }
    if (memory_region_is_iommu(section->mr)) {
        igd_test_listener_del_iommu(l, section);
    }
    igd_test_container_unmap(&l->container, iova, limit);
    memory_region_unref(section->mr);
}

/* Life cycle */

static void igd_test_listener_free(IGDTestListener *l)
{
    memory_listener_unregister(&l->listener);
    igd_test_container_cleanup(&l->container);
    g_free(l);
}

bool igd_test_listener_attach(IGDTestListener **lp, PCIDevice *pdev,
                              IGDTestListenerMode mode, uint32_t limit,
                              uint32_t fail_in, Error **errp)
{
    IGDTestListener *l;

    *lp = NULL;
    if (mode == IGD_TEST_LISTENER_OFF) {
        return true;
    }
    l = g_new0(IGDTestListener, 1);
    l->mode = mode;
    igd_test_container_init(&l->container, pdev, limit, fail_in);
    l->listener.name = "igd-testdev";
    l->listener.region_add = igd_test_listener_region_add;
    l->listener.region_del = igd_test_listener_region_del;
    memory_listener_register(&l->listener,
                             pci_device_iommu_address_space(pdev));
    if (l->attach_error) {
        error_propagate(errp, l->attach_error);
        igd_test_listener_free(l);
        return false;
    }
    l->running = true;
    igd_test_container_add_properties(&l->container);
    *lp = l;
    return true;
}

void igd_test_listener_detach(IGDTestListener **lp)
{
    IGDTestListener *l = *lp;

    if (!l) {
        return;
    }
    igd_test_container_del_properties(&l->container);
    igd_test_listener_free(l);
    *lp = NULL;
}

bool igd_test_listener_add_hole(PCIDevice *pdev, uint64_t addr, Error **errp)
{
    AddressSpace *as = pci_device_iommu_address_space(pdev);
    g_autofree char *name = NULL;
    MemoryRegion *mr;

    if (as == &address_space_memory) {
        error_setg(errp, "%s: listener-hole=0x%" PRIx64 " needs an IOMMU "
                   "that translates for the device; add -device intel-iommu",
                   pdev->name, addr);
        return false;
    }
    if (!QEMU_IS_ALIGNED(addr, HOLE_SIZE)) {
        error_setg(errp, "%s: listener-hole=0x%" PRIx64 " is not 1 MiB "
                   "aligned", pdev->name, addr);
        return false;
    }
    name = g_strdup_printf("igd-testdev-hole-%02x", pdev->devfn);
    mr = g_new0(MemoryRegion, 1);
    if (!memory_region_init_ram(mr, NULL, name, HOLE_SIZE, errp)) {
        g_free(mr);
        return false;
    }
    memory_region_add_subregion_overlap(as->root, addr, mr, 1);
    return true;
}
