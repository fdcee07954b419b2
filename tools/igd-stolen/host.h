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
#include "memmap.h"
#include "read.h"

#define HOST_SYSFS_PCI          "/sys/bus/pci/devices"
/* In the release of Proxmox VE's own kernels */
#define HOST_PVE                "-pve"
/* The kernel's log; of it only lines with these words are looked at */
#define HOST_LOG                "/dev/kmsg"
#define HOST_LOG_FIRST          "Linux version"
#define HOST_LOG_STOLEN         "Reserving Intel graphics memory"
#define HOST_DMAR               "/sys/firmware/acpi/tables/DMAR"
#define HOST_ENTRY_LIMIT \
    "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"

/* The first kernel that tells relaxable from other direct ranges */
#define HOST_KERNEL(major, minor)       ((major) << 16 | (minor))
#define HOST_RELAXABLE_KERNEL           HOST_KERNEL(5, 3)

#define HOST_VENDOR_INTEL       0x8086
#define HOST_BASE_DISPLAY       0x03
#define HOST_CLASS_AUDIO        0x0403

/* What vfio_iommu_type1 has when nobody sets dma_entry_limit */
#define HOST_DEFAULT_MAPPINGS   65535

/**
 * HostDevice: a PCI device
 * @address: "0000:00:02.0"; NULL if there is no such device
 * @vendor, @device: 0 if unknown
 * @class: class and subclass, without programming interface
 * @driver: NULL if it has none
 * @group: name of its IOMMU group, NULL if it is in none
 * @others: (element-type HostDevice): who is in the group besides it
 */
typedef struct HostDevice {
    char *address;
    uint16_t vendor;
    uint16_t device;
    uint16_t class;
    char *driver;
    char *group;
    GPtrArray *others;
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
 * @asked: " --device ADDRESS" if the user named the IGD, or ""
 * @system: "ID ID_LIKE" of os-release between blanks, "" if unknown
 * @kernel_version: HOST_KERNEL(), 0 if unknown
 * @kernel_is_pve: Proxmox VE's own
 * @igd: address is NULL if there is none; then @igd_why says why
 * @is_function: the IGD is a virtual function: it has no stolen memory
 * @function_of: of whom; NULL if that is not here, as in a guest
 * @functions: virtual functions of the IGD, with ", " between, or NULL
 * @audio: the IGD's own audio function: HDMI and DisplayPort
 * @path: of the device from the root bus on, pairs of device and function
 * @relaxable: how many ranges the emulator's early scan will find in the
 *      group; it learns from exactly one
 * @unit: name of the IOMMU unit of the IGD, or NULL
 * @any_unit: whether the kernel drives any Intel IOMMU
 * @dmar_there: whether firmware has a DMAR table, whoever may read it
 * @dmar: valid if @dmar_why is NULL
 * @intremap: 1 if the IOMMU can remap interrupts, 0 if not
 * @unsafe_interrupts: VFIO was told to do without
 * @asls: the address of the OpRegion, 0 for none
 * @framebuffer: who holds BAR 2 for the host's console, or NULL
 * @by_group: from reserved_regions: no privilege needed
 * @by_config: from GGC and BDSM
 * @by_kernel: what the kernel reserved early at boot, from the registers as
 *      they were then; the DSM alone
 * @log_is_whole: the kernel's log goes back to its first line
 * @region: the first of @by_config and @by_group that is known
 */
typedef struct Host {
    char *asked;
    char *system;
    char *kernel;
    unsigned kernel_version;
    bool kernel_is_pve;
    bool kvm;

    HostDevice igd;
    char *igd_why;
    IGDStolenGen gen;
    bool is_function;
    char *function_of;
    char *functions;
    HostDevice audio;
    uint8_t path[DMAR_MAX_HOPS][2];
    unsigned nr_hops;
    unsigned start_bus;

    char *group_type;
    unsigned relaxable;

    char *unit;
    bool any_unit;
    bool dmar_there;
    HostFact iommu_width;
    HostFact cpu_width;
    HostFact intremap;
    bool unsafe_interrupts;
    DmarTable dmar;
    char *dmar_why;

    HostFact ggc;
    HostFact bdsm;
    HostFact asls;
    const char *framebuffer;
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

/* host_valid_address: whether a text is "dddd:bb:dd.f" */
bool host_valid_address(const char *text);

/**
 * host_sources_differ: config space and the group's ranges are both known, and
 * are not the same; the emulator would refuse to start
 */
bool host_sources_differ(const Host *host);

/**
 * host_needs_place: whether the IGD has stolen memory at an address of its own
 */
bool host_needs_place(const Host *host);

/**
 * host_needs_base: the emulator's early scan will not find where, so base and
 * size have to be given to it
 */
bool host_needs_base(const Host *host);

/**
 * host_gsm_to_give: size of the GSM if the emulator does not know where it
 * ends, and this host's kernel does; or else 0
 */
uint64_t host_gsm_to_give(const Host *host);

/* Part of host_load() */
void host_load_region(Host *host, HostStore *store);

#endif
