/*
 * What is known of a host and its IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: filled from a HostStore, so from a live host or a bundle alike.
 * Nothing here judges; probe.c, plan.c and verify.c do.
 */

#ifndef IGD_STOLEN_HOST_H
#define IGD_STOLEN_HOST_H

#include "hw/vfio/igd-stolen.h"
#include "dmar.h"
#include "memmap.h"
#include "read.h"

#define HOST_SYSFS_PCI          "/sys/bus/pci/devices"
/* The kernel's log; of it only lines with these words are looked at */
#define HOST_LOG                "/dev/kmsg"
#define HOST_LOG_FIRST          "Linux version"
#define HOST_LOG_STOLEN         "Reserving Intel graphics memory"
#define HOST_DMAR               "/sys/firmware/acpi/tables/DMAR"
#define HOST_ENTRY_LIMIT \
    "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"

#define HOST_VENDOR_INTEL       0x8086
#define HOST_CLASS_VGA          0x0300

/* What vfio_iommu_type1 has when nobody sets dma_entry_limit */
#define HOST_DEFAULT_MAPPINGS   65535

/**
 * HostDevice: a PCI device
 * @address: "0000:00:02.0"
 * @vendor, @device: 0 if unknown
 * @class: class and subclass, without programming interface
 * @driver: NULL if it has none
 */
typedef struct HostDevice {
    char *address;
    uint16_t vendor;
    uint16_t device;
    uint16_t class;
    char *driver;
} HostDevice;

/**
 * HostRegion: a StolenRegion as one source shows it
 * @known: base and limit of @region are valid
 * @split: dsm_base is, too
 * @from: where it was read, or why it is unknown
 */
typedef struct HostRegion {
    bool known;
    bool split;
    StolenRegion region;
    char *from;
} HostRegion;

/**
 * Host: all of it
 * @igd: address is NULL if there is none; then @igd_why says why
 * @path: of the device from the root bus on, pairs of device and function
 * @others: (element-type HostDevice): who is in the IGD's group besides it
 * @unit: name of the IOMMU unit of the IGD, or NULL
 * @any_unit: whether the kernel drives any Intel IOMMU
 * @dmar_there: whether firmware has a DMAR table, whoever may read it
 * @dmar: valid if @dmar_why is NULL
 * @by_group: from reserved_regions: no privilege needed
 * @by_config: from GGC and BDSM
 * @by_kernel: what the kernel reserved early at boot, from the registers as
 *      they were then; the DSM alone
 * @log_is_whole: the kernel's log goes back to its first line
 * @region: the first of @by_config and @by_group that is known
 */
typedef struct Host {
    char *kernel;
    unsigned kernel_major;
    unsigned kernel_minor;
    bool kvm;

    HostDevice igd;
    char *igd_why;
    IGDStolenGen gen;
    uint8_t path[DMAR_MAX_HOPS][2];
    unsigned nr_hops;
    unsigned start_bus;

    char *group;
    char *group_type;
    GPtrArray *others;
    unsigned relaxable;

    char *unit;
    bool any_unit;
    bool dmar_there;
    HostFact iommu_width;
    HostFact cpu_width;
    DmarTable dmar;
    char *dmar_why;

    HostFact ggc;
    HostFact bdsm;
    HostRegion by_group;
    HostRegion by_config;
    HostRegion by_kernel;
    bool log_is_whole;
    HostRegion region;

    GArray *iomem;
    char *iomem_why;
    GArray *firmware;
    char *firmware_why;

    HostFact mappings;
    HostFact memory_total;
    HostFact memory_free;
    HostFact lock_limit;
} Host;

/**
 * host_load: read all there is to know
 * @device: address of the IGD, or NULL to look for it
 *
 * Returns: to be freed by host_free().
 */
Host *host_load(HostStore *store, const char *device);

void host_free(Host *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Host, host_free)

/**
 * host_valid_address: whether a text is "dddd:bb:dd.f"
 */
bool host_valid_address(const char *text);

/**
 * host_sources_differ: config space and the group's ranges are both known, and
 * are not the same; the emulator would refuse to start
 */
bool host_sources_differ(const Host *host);

/* Parts of host_load() */
void host_load_devices(Host *host, HostStore *store, const char *device);
void host_load_iommu(Host *host, HostStore *store);
void host_load_region(Host *host, HostStore *store);

/**
 * host_load_device: ids, class and driver of one device
 */
void host_load_device(HostDevice *device, HostStore *store,
                      const char *address);

#endif
