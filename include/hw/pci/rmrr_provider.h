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
 * 1. Before the machine exists, rmrr_provider_scan_device() is called for
 *    every -device option. A provider class whose early() hook recognises its
 *    options names the region it will ask for. The machine uses these hints
 *    to end low RAM where the first region begins.
 * 2. The device realizes and calls rmrr_provider_plug(), which places the
 *    region (or fails, and so must realize). A device with memory of its own
 *    for it calls rmrr_provider_plug_memory() instead.
 * 3. When guest firmware fetches the ACPI tables the machine asks get() again,
 *    because a region whose base the firmware chooses is known only then.
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
 * RMRRProviderKind: what a provider has at present
 * @RMRR_PROVIDER_NONE: nothing
 * @RMRR_PROVIDER_PLACED: a region given to rmrr_provider_plug(); its base
 *      is fixed for the life of the machine
 * @RMRR_PROVIDER_FIRMWARE: part of guest RAM, at the address that guest
 *      firmware wrote to the device; published in the DMAR, nothing else
 */
typedef enum RMRRProviderKind {
    RMRR_PROVIDER_NONE,
    RMRR_PROVIDER_PLACED,
    RMRR_PROVIDER_FIRMWARE,
} RMRRProviderKind;

struct RMRRProviderClass {
    InterfaceClass parent_class;

    /**
     * early: learn the region from -device options, before the machine exists
     * @opts: the options, "driver" included; values are strings when they
     *      came as QemuOpts and may be numbers when they came as JSON
     * @region: filled in on success
     *
     * Must have no side effect and report no error: whatever is wrong with
     * the options is reported by realize.
     *
     * Returns: true if the device will ask for exactly @region.
     */
    bool (*early)(const QDict *opts, StolenRegion *region);

    /**
     * get: the region the device has at present
     * @provider: the realized device
     * @region: filled in unless RMRR_PROVIDER_NONE is returned
     */
    RMRRProviderKind (*get)(RMRRProvider *provider,
                              StolenRegion *region);

    /**
     * maps_iova: whether the device shadows the vIOMMU's mappings, that is,
     * registers an IOMMU notifier for MAP events (as vfio does). May be NULL,
     * which means no.
     */
    bool (*maps_iova)(RMRRProvider *provider);

    /**
     * keeps_contents: whether the memory is left alone at machine reset
     * instead of being cleared. May be NULL, which means no.
     */
    bool (*keeps_contents)(RMRRProvider *provider);

    /**
     * place_option, off_option: for messages: the option of the device that
     * sets BDSM, and the option with its value that does without a region at
     * a fixed place. NULL where the device has no such option.
     */
    const char *place_option;
    const char *off_option;
};

/**
 * RMRRProviderHint: what the early scan learned of one -device option
 * @region: the region it will ask for
 * @name: for messages: the device's id, or else its driver
 */
typedef struct RMRRProviderHint {
    StolenRegion region;
    char *name;
} RMRRProviderHint;

/**
 * rmrr_provider_scan_device: look at one -device option before the machine
 * is created
 * @opts: the option as a dictionary, with at least "driver"
 *
 * Silently does nothing for devices that are not providers.
 */
void rmrr_provider_scan_device(const QDict *opts);

/**
 * rmrr_provider_scan_opts: the same for one QemuOpts, in the form that
 * qemu_opts_foreach() takes
 *
 * Returns: 0, always.
 */
int rmrr_provider_scan_opts(void *opaque, QemuOpts *opts, Error **errp);

/**
 * rmrr_provider_hints: what the scan has learned
 *
 * Returns: (element-type RMRRProviderHint) an array that stays the
 * property of the scan; it may be empty, and is never NULL.
 */
const GArray *rmrr_provider_hints(void);

/**
 * rmrr_provider_maps_iova: RMRRProviderClass.maps_iova of a
 * device, false where the class has none
 */
bool rmrr_provider_maps_iova(PCIDevice *pdev);

/**
 * rmrr_provider_keeps_contents: RMRRProviderClass.keeps_contents
 * of a device, false where the class has none
 */
bool rmrr_provider_keeps_contents(PCIDevice *pdev);

/**
 * rmrr_provider_name: a device as messages name it: its id, if it was given
 * one, its type and its address
 *
 * Returns: a string that is never freed.
 */
const char *rmrr_provider_name(PCIDevice *pdev);

/**
 * rmrr_provider_or_off: for the end of a hint: ", or set" with the device's
 * off_option, or nothing if it has none
 *
 * Returns: a string that is never freed.
 */
const char *rmrr_provider_or_off(PCIDevice *pdev);

/**
 * RMRRProviderMapFailed: what the machine does when a region's memory could
 * not be mapped for a device; see rmrr_provider_map_failed()
 */
typedef bool RMRRProviderMapFailed(const AddressSpace *as,
                                     const MemoryRegion *mr, Error *err);

/**
 * rmrr_provider_on_map_failed: name the function that the machine has for
 * this; there is one
 */
void rmrr_provider_on_map_failed(RMRRProviderMapFailed *function);

/**
 * rmrr_provider_map_failed: a memory listener could not map RAM for DMA at
 * run time, and would have to give up
 * @as: the address space it listens to
 * @mr: the RAM
 * @err: why; taken over if the answer is true
 *
 * A region need not be mapped at all costs: the machine can stop keeping it
 * mapped, and the guest goes on.
 *
 * Returns: true if the machine takes care of it and the listener may go on
 * without this mapping.
 */
bool rmrr_provider_map_failed(const AddressSpace *as, const MemoryRegion *mr,
                                Error *err);

/**
 * rmrr_provider_plug: place a region for a device that is being realized
 * @pdev: the device; its type implements TYPE_RMRR_PROVIDER
 * @region: where, in guest physical addresses
 * @errp: names the device, the region, what it conflicts with and the option
 *      that helps
 *
 * On success guest memory of its own is at @region, the range is reserved in
 * E820, and, when an intel-iommu is there, published as an RMRR and mapped in
 * the device's address space at IOVA = GPA.
 *
 * Implemented by the PC machines (hw/i386/stolen_memory.c).
 *
 * Returns: true on success; false with @errp set, and nothing changed,
 * otherwise.
 */
bool rmrr_provider_plug(PCIDevice *pdev, const StolenRegion *region,
                          Error **errp);

/**
 * rmrr_provider_plug_memory: the same, with memory of the device's own
 * @memory: what guests and the device are to find there, instead of RAM that
 *      the machine allocates: an mmap() of exactly the region's size
 *
 * @memory is the machine's from now on, also on failure: it calls munmap() when
 * nothing uses it any more. It may be memory that cannot be pinned or
 * discarded; QEMU reads and writes it as RAM, clears it at reset as RAM, and
 * does not migrate it.
 */
bool rmrr_provider_plug_memory(PCIDevice *pdev, const StolenRegion *region,
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
