/*
 * What igd-testdev's listener keeps instead of a VFIO container
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: the mapped set, counters, and the QOM properties through which
 * a test reads them. The properties are described in igd-testdev-listener.h.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_CONTAINER_H
#define HW_DISPLAY_IGD_TESTDEV_CONTAINER_H

#include "hw/pci/pci_device.h"
#include "hw/pci/stolen_region.h"
#include "igd-testdev-mapset.h"

typedef struct IGDTestStats {
    uint64_t maps;
    uint64_t unmaps;
    uint64_t region_maps;
    uint64_t region_unmaps;
    uint64_t region_unmapped_ns;
    uint64_t eexist;
    uint64_t einval;
    uint64_t enospc;
    uint64_t untranslatable;
    uint64_t unaligned;
    uint64_t injected;
    uint64_t surrendered;
    uint64_t fatal;
} IGDTestStats;

/**
 * IGDTestRun: calls to map or to unmap, each for what follows the one before
 * @calls: how many
 */
typedef struct IGDTestRun {
    bool map;
    uint64_t iova;
    uint64_t limit;
    uint64_t calls;
} IGDTestRun;

/**
 * IGDTestContainer: part of the listener that owns it
 * @pdev: the device
 * @region, @pages: its region and how many pages that has; no pages if it has
 *      none
 * @mapped, @mapped_pages: the region's pages that are mapped
 * @begins, @region_entries: those where an entry begins, or the region does
 *      inside of one
 * @ticked_at: until when region_unmapped_ns is right
 * @region_runs: (element-type IGDTestRun) the calls that touched the region
 * @set: what is mapped
 * @stats: see igd-testdev-listener.h; callers add to untranslatable,
 *      unaligned, surrendered and fatal
 * @fail_in: map calls until one that fails, 0 for never
 * @events: the events logged so far, as text
 * @event_count: how many there were, those not kept included
 */
typedef struct IGDTestContainer {
    PCIDevice *pdev;
    StolenRegion region;
    long pages;
    unsigned long *mapped;
    long mapped_pages;
    unsigned long *begins;
    uint64_t region_entries;
    uint64_t ticked_at;
    GArray *region_runs;
    IGDMapSet *set;
    IGDTestStats stats;
    uint32_t fail_in;
    GString *events;
    unsigned int event_count;
} IGDTestContainer;

void igd_test_container_init(IGDTestContainer *c, PCIDevice *pdev,
                             uint32_t entry_limit, uint32_t fail_in);

void igd_test_container_cleanup(IGDTestContainer *c);

/**
 * igd_test_container_add_properties: let tests read @c through the device
 */
void igd_test_container_add_properties(IGDTestContainer *c);

void igd_test_container_del_properties(IGDTestContainer *c);

/**
 * igd_test_container_map: add one mapping and count what comes of it
 *
 * Returns: whether it was added.
 */
bool igd_test_container_map(IGDTestContainer *c, const IGDMapping *m);

/**
 * igd_test_container_unmap: remove all mappings in [@iova, @limit] and count
 * what comes of it
 */
void igd_test_container_unmap(IGDTestContainer *c, uint64_t iova,
                              uint64_t limit);

/**
 * igd_test_container_log: note an event of the IOMMU
 */
void igd_test_container_log(IGDTestContainer *c, bool map, uint64_t iova,
                            uint64_t limit);

#endif
