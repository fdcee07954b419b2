/*
 * A DMA listener of igd-testdev that behaves as VFIO's or vhost's
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: an assigned device is backed by host mappings that follow the
 * guest's IOMMU tables. The listener keeps the same set of mappings on paper
 * so that a test can read it, and counts what would have gone wrong instead
 * of ending QEMU.
 *
 * While it is attached the device has these QOM properties:
 *
 * listener-map (string, read-only): the mapped set, see igd_mapset_format()
 * listener-events (string, read-only): the first 1024 notifier events since
 *      the counters were reset, one line "map|unmap 0x<iova>-0x<limit>" each
 * listener-region-calls (string, read-only): the calls since then that touched
 *      the device's own reserved region, failed ones included, one line
 *      "map|unmap 0x<iova>-0x<limit> calls <number>" for each run of calls
 *      that follow each other in address; the first 1024 runs
 * listener-stats (dictionary of unsigned integers, read-only):
 *      maps, unmaps: calls that succeeded, however many entries they touched
 *      region-maps, region-unmaps: those that touched the device's own
 *          reserved region, failed ones included
 *      region-unmapped-ns: for how long not all of that region was mapped
 *      region-entries: mappings held now that are in it
 *      eexist, einval, enospc: calls refused, see igd-testdev-mapset.h
 *      untranslatable: events whose target is no RAM, or not one piece of it
 *      unaligned: sections skipped because they are not page aligned
 *      injected: map calls that listener-fail-in made fail
 *      surrendered: failures at run time that the machine took care of
 *      fatal: failures at run time for which VFIO ends QEMU
 *      entries: mappings held now
 * listener-stats-reset (bool, write-only): true sets the counters to zero and
 *      forgets the events and calls
 * listener-fail-in (number): the map call that fails as if memory could not be
 *      locked, counted from now: 1 is the next one, 0 none. It counts down.
 *      The device option listener-fail sets it for the start
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_LISTENER_H
#define HW_DISPLAY_IGD_TESTDEV_LISTENER_H

#include "hw/pci/pci_device.h"

/**
 * IGDTestListenerMode: whom the listener imitates
 * @IGD_TEST_LISTENER_OFF: there is none
 * @IGD_TEST_LISTENER_MAP: VFIO: maps RAM sections, and listens to map and
 *      unmap events of the IOMMU
 * @IGD_TEST_LISTENER_UNMAP: vhost for a device without ATS: unmap events only
 * @IGD_TEST_LISTENER_DEVTLB: vhost for a device with ATS: device-IOTLB
 *      invalidations only
 */
typedef enum IGDTestListenerMode {
    IGD_TEST_LISTENER_OFF,
    IGD_TEST_LISTENER_MAP,
    IGD_TEST_LISTENER_UNMAP,
    IGD_TEST_LISTENER_DEVTLB,
} IGDTestListenerMode;

typedef struct IGDTestListener IGDTestListener;

/**
 * igd_test_listener_parse: read a listener= option
 * @s: "off", "map", "unmap" or "devtlb"; NULL means "off"
 * @mode: set on success
 *
 * Returns: false if @s is none of these.
 */
bool igd_test_listener_parse(const char *s, IGDTestListenerMode *mode);

/**
 * igd_test_listener_attach: start listening to the device's address space
 * @l: set to the listener, or to NULL when @mode is IGD_TEST_LISTENER_OFF
 * @pdev: the device, after rmrr_provider_plug()
 * @mode: whom to imitate
 * @limit: most mappings it takes, 0 for no limit
 * @fail_in: the map call that fails, 0 for none
 * @errp: set when VFIO's realize would fail: a RAM section cannot be mapped,
 *      or the IOMMU refuses the notifier
 *
 * Returns: true on success.
 */
bool igd_test_listener_attach(IGDTestListener **l, PCIDevice *pdev,
                              IGDTestListenerMode mode, uint32_t limit,
                              uint32_t fail_in, Error **errp);

/**
 * igd_test_listener_detach: stop listening and free the listener
 * @l: set to NULL; nothing happens if it is NULL
 */
void igd_test_listener_detach(IGDTestListener **l);

/**
 * igd_test_listener_add_hole: put 1 MiB of RAM into the device's address
 * space, above its IOMMU region, where no reserved region may be
 * @pdev: the device, before igd_test_listener_attach()
 * @addr: where, 1 MiB aligned
 * @errp: set if @addr is unaligned, or no IOMMU translates for the device
 *
 * The hole stays for the life of the machine.
 *
 * Returns: true on success.
 */
bool igd_test_listener_add_hole(PCIDevice *pdev, uint64_t addr, Error **errp);

#endif
