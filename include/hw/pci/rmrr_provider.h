/*
 * A PCI device that needs a reserved region of guest memory
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * This is where the device side (vfio-pci's IGD part, igd-testdev) and the
 * machine side (placement, E820, DMAR, VT-d) meet. Neither includes a header
 * of the other.
 *
 * Order of events, all under the BQL:
 *
 * 1. Before the board is initialized, rmrr_provider_scan_device() is called for
 *    every -device option. A class whose early() recognises its options names
 *    the region. The machine ends low RAM where the first region begins.
 * 2. The device realizes and calls rmrr_provider_plug(), which places the
 *    region (or fails, and so must realize).
 * 3. When guest firmware fetches the ACPI tables the machine calls
 *    by_firmware(): only then is it known where firmware has placed a region.
 * 4. On unrealize the device calls rmrr_provider_unplug().
 */

#ifndef HW_PCI_RMRR_PROVIDER_H
#define HW_PCI_RMRR_PROVIDER_H

#include "hw/pci/pci_device.h"
#include "qom/object.h"
#include "hw/pci/stolen_region.h"

#define TYPE_RMRR_PROVIDER "rmrr-provider"

typedef struct RMRRProvider RMRRProvider;
typedef struct RMRRProviderClass RMRRProviderClass;
DECLARE_CLASS_CHECKERS(RMRRProviderClass, RMRR_PROVIDER,
                       TYPE_RMRR_PROVIDER)
#define RMRR_PROVIDER(obj) \
    INTERFACE_CHECK(RMRRProvider, (obj), \
                    TYPE_RMRR_PROVIDER)

/**
 * RMRRProviderClass: those that return bool may be NULL, which means false
 * @early: learn the region from -device options, before the machine exists:
 *      @opts, "driver" included, has strings or, from JSON, numbers. Without
 *      side effect and without an error: realize has that. True if the device
 *      will ask for exactly @region
 * @by_firmware: the region of a realized device that has not called
 *      rmrr_provider_plug(): part of guest RAM, where guest firmware has put it
 *      by writing to the device; published in the DMAR, nothing else
 * @maps_iova: it shadows the IOMMU's mappings, as vfio does: asked while
 *      translation is off, and so no notifier of its own is there yet
 * @keeps_contents: the memory is not cleared at machine reset
 * @place_option, @off_option: for messages: the option that sets BDSM, and the
 *      one, with its value, that does without a region at a fixed place. NULL
 *      where the device has no such option
 */
struct RMRRProviderClass {
    InterfaceClass parent_class;

    bool (*early)(const QDict *opts, StolenRegion *region);
    bool (*by_firmware)(RMRRProvider *provider, StolenRegion *region);
    bool (*maps_iova)(RMRRProvider *provider);
    bool (*keeps_contents)(RMRRProvider *provider);
    const char *place_option;
    const char *off_option;
};

/**
 * rmrr_provider_scan_device: look at one -device option before the board is
 * initialized
 * @machine: its rmrr_hints are (element-type StolenRegion) the regions found
 * @opts: the option as a dictionary, with at least "driver"
 *
 * Silently does nothing for devices that are not providers.
 */
void rmrr_provider_scan_device(MachineState *machine, const QDict *opts);

/* The same for one QemuOpts, for qemu_opts_foreach(); @opaque: the machine */
int rmrr_provider_scan_opts(void *opaque, QemuOpts *opts, Error **errp);

/**
 * rmrr_provider_plug: place a region for a device that is being realized
 * @pdev: the device; its type implements TYPE_RMRR_PROVIDER
 * @region: where, in guest physical addresses
 * @memory: what guests and the device are to find there: an mmap() of exactly
 *      the region's size, or NULL for RAM that the machine allocates. It is the
 *      machine's from now on, also on failure: it calls munmap() when nothing
 *      uses it any more. It may be memory that cannot be pinned or discarded;
 *      QEMU reads, writes and clears it as RAM, and a machine with it cannot
 *      be migrated or saved
 * @errp: names the device, the region, what it conflicts with and the option
 *      that helps
 *
 * On success guest memory of its own is at @region, the range is reserved in
 * E820, and, when an intel-iommu is there, published as an RMRR and mapped in
 * the device's address space at IOVA = GPA. On failure the device has no
 * region; memory that the early scan had put in place for it may be gone.
 *
 * Implemented by the PC machines (hw/i386/stolen_memory.c).
 */
bool rmrr_provider_plug(PCIDevice *pdev, const StolenRegion *region,
                        void *memory, Error **errp);

/**
 * rmrr_provider_unplug: undo rmrr_provider_plug()
 * @pdev: the device, which does no DMA any more; nothing happens if it has no
 *      region
 *
 * The region leaves guest memory at once. Its memory is freed when nothing
 * uses it any more.
 */
void rmrr_provider_unplug(PCIDevice *pdev);

#endif
