/*
 * The facts about a host and its IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: filled from a HostStore, so from a live host or a bundle alike; all
 * texts are the store's. Nothing here judges; probe.c, plan.c and verify.c do.
 */

#ifndef IGD_STOLEN_HOST_H
#define IGD_STOLEN_HOST_H

#include "hw/vfio/igd-stolen.h"
#include "store.h"

#define HOST_SYSFS_PCI          "/sys/bus/pci/devices"
/* In the release of Proxmox VE's own kernels */
#define HOST_PVE                "-pve"
#define HOST_DMAR               "/sys/firmware/acpi/tables/DMAR"
#define HOST_ENTRY_LIMIT \
    "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"

/* The first kernel that tells relaxable from other direct ranges */
#define HOST_KERNEL(major, minor)       ((major) << 16 | (minor))
#define HOST_RELAXABLE_KERNEL           HOST_KERNEL(5, 3)

/* Readers of small text files of sysfs and procfs, for any content */

/* HostFact: a number that may be unknown */
typedef struct HostFact {
    bool known;
    uint64_t value;
    const char *from;       /* where it was read, or why it is unknown */
} HostFact;

static inline HostFact host_fact(uint64_t value, const char *from)
{
    return (HostFact) { .known = true, .value = value, .from = from };
}

static inline HostFact host_unknown(const char *why)
{
    return (HostFact) { .from = why };
}

/* read_le: a little-endian number of @size bytes, 8 at most */
uint64_t read_le(const void *bytes, unsigned size);

/**
 * read_number: a whole text as one number, white space around it allowed
 * @base: 10, or 16 with or without "0x"
 */
bool read_number(const char *text, unsigned base, uint64_t *value);

/* read_range: hexadecimal "BASE-LIMIT" or the like; the rest is ignored */
bool read_range(const char *text, char separator, uint64_t *base,
                uint64_t *limit);

/* read_file_number: a file that holds one number */
HostFact read_file_number(HostStore *store, unsigned base, const char *path);

/**
 * read_keyed: the first number in the line of a file that begins with a key
 * @key: such as "MemTotal:", without digits
 */
HostFact read_keyed(HostStore *store, const char *path, const char *key);

/* read_text: the content of a file, "" if it cannot be read */
const char *read_text(HostStore *store, const char *path);

/* read_basename: the last part of a link's target; NULL if it is not there */
const char *read_basename(HostStore *store, const char *path);

/* read_names: the names in a directory; never NULL, to be freed */
char **read_names(HostStore *store, const char *path);

/* read_printable: at most @limit bytes of a text, safe for a terminal */
char *read_printable(HostStore *store, const char *text, size_t limit);

/* text_size: bytes in the largest unit that divides them, "72 MiB" */
char *text_size(HostStore *store, uint64_t bytes);

/* text_range: "7b000000-7f7fffff" */
char *text_range(HostStore *store, uint64_t base, uint64_t limit);

/* Memory maps */

typedef struct MemRange {
    uint64_t base;
    uint64_t limit;
    unsigned depth;         /* how many ranges it lies in */
    const char *name;
} MemRange;

/**
 * memmap_iomem: /proc/iomem
 * @why: if nothing is known, why
 *
 * Returns: ranges, after the last one with a name one without; NULL if nothing
 * is known, as for anybody but root, who is shown zeroes.
 */
MemRange *memmap_iomem(HostStore *store, const char **why);

/**
 * memmap_firmware: E820 as the firmware handed it on, /sys/firmware/memmap
 *
 * Returns: as memmap_iomem().
 */
MemRange *memmap_firmware(HostStore *store, const char **why);

/* memmap_sort: in order of addresses */
void memmap_sort(GArray *ranges);

/* The DMAR table: VT-d specification (revision 4.1), chapter 8 */

#define DMAR_MAX_HOPS   16

/* DmarRmrr: one reserved range; of its devices the first */
typedef struct DmarRmrr {
    uint16_t segment;
    uint64_t base;
    uint64_t limit;
    unsigned nr_scopes;
    uint8_t type;           /* 1 endpoint, 2 bridge */
    uint8_t start_bus;
    uint8_t nr_hops;        /* may be more than @path holds */
    uint8_t path[DMAR_MAX_HOPS][2];     /* pairs of device and function */
} DmarRmrr;

/**
 * dmar_parse: read a table
 * @data: any bytes
 * @flags: bit 0 is interrupt remapping
 * @rmrrs: (element-type DmarRmrr): appended to
 *
 * Returns: NULL, or one clause that describes the mistake, static.
 */
const char *dmar_parse(const void *data, size_t size, uint8_t *flags,
                       GArray *rmrrs);

/* The host */

/* HostDevice: a PCI device; ids and class are 0 if unknown */
typedef struct HostDevice {
    const char *address;    /* "0000:00:02.0"; NULL if it is not there */
    uint16_t vendor;
    uint16_t device;
    uint16_t class;         /* with subclass, without programming interface */
    const char *driver;     /* NULL if it has none */
    const char *group;      /* name of its IOMMU group; NULL: in none */
    struct HostDevice *others;          /* the rest of it; ends with NULL */
} HostDevice;

/* HostRegion: a StolenRegion as one source shows it */
typedef struct HostRegion {
    bool known;             /* base and limit of @region are valid */
    bool split;             /* dsm_base is, too */
    StolenRegion region;
    const char *from;       /* where it was read, or why it is unknown */
} HostRegion;

typedef struct Host {
    HostStore *store;       /* whose texts these are */
    const char *asked;      /* " --device ADDRESS" if the user did, or "" */
    const char *system;     /* "ID ID_LIKE" of os-release between blanks */
    const char *kernel;
    unsigned kernel_version;            /* HOST_KERNEL(), 0 if unknown */
    bool kernel_is_pve;     /* Proxmox VE's own */
    bool kvm;

    HostDevice igd;         /* or else @igd_why says why it is not there */
    const char *igd_why;
    IGDStolenGen gen;
    bool is_function;       /* a virtual function: it has no stolen memory */
    const char *function_of;            /* NULL if that is not here */
    const char *functions;  /* its virtual functions, with ", " between */
    HostDevice audio;       /* its audio function: HDMI and DisplayPort */
    uint8_t path[DMAR_MAX_HOPS][2];     /* of the IGD, as in DmarRmrr */
    unsigned nr_hops;
    unsigned start_bus;

    const char *group_type;
    /*
     * How many ranges the emulator's early scan will find in the group; it
     * learns from exactly one
     */
    unsigned relaxable;

    const char *unit;       /* the IOMMU unit of the IGD, or NULL */
    bool any_unit;          /* the kernel drives any Intel IOMMU */
    bool dmar_there;        /* there is a DMAR table, whoever may read it */
    HostFact iommu_width;
    HostFact cpu_width;
    HostFact intremap;      /* 1 if the IOMMU can remap interrupts, 0 if not */
    bool unsafe_interrupts; /* VFIO was told to do without */
    uint8_t dmar_flags;     /* like @rmrrs valid if @dmar_why is NULL */
    DmarRmrr *rmrrs;
    unsigned nr_rmrrs;
    const char *dmar_why;

    HostFact ggc;
    HostFact bdsm;
    HostFact asls;          /* the address of the OpRegion, 0 for none */
    const char *framebuffer;            /* holds BAR 2 for the host's console */
    HostRegion by_group;    /* from reserved_regions: no privilege needed */
    HostRegion by_config;   /* from GGC and BDSM */
    HostRegion by_kernel;   /* reserved early at boot: the DSM alone */
    bool log_is_whole;      /* the kernel's log goes back to its first line */
    HostRegion region;      /* @by_config, or else @by_group */

    MemRange *iomem;
    const char *iomem_why;
    MemRange *firmware;
    const char *firmware_why;

    HostFact mappings;
    HostFact memory_total;
    HostFact memory_free;
    HostFact lock_limit;
} Host;

/**
 * host_load: read every fact; the store keeps the result
 * @device: address of the IGD, or NULL to look for it
 */
Host *host_load(HostStore *store, const char *device);

/* host_valid_address: whether a text is "dddd:bb:dd.f" */
bool host_valid_address(const char *text);

/* host_needs_place: the IGD has stolen memory at an address of its own */
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

#endif
