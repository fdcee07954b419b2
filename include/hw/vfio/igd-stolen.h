/*
 * Stolen memory of an Intel IGD: its registers, and the kernel's word on it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and stdint only. No function here has state or reports; all
 * strings returned are static and need no freeing.
 *
 * Words: the DSM (data stolen memory) starts at BDSM and its size is the GMS
 * field of GGC; the GSM (GTT stolen memory) lies directly below it and its
 * size is the GGMS field. The region is the two together.
 */

#ifndef HW_VFIO_IGD_STOLEN_H
#define HW_VFIO_IGD_STOLEN_H

#include "hw/pci/stolen_region.h"
#include "hw/vfio/igd_stolen_ids.h"

/* PCI config space of the IGD; BDSM's own place depends on the generation */
#define IGD_STOLEN_CFG_GGC              0x50    /* 16 bits */
#define IGD_STOLEN_CFG_BDSM             0x5c    /* 32 bits, before gen 11 */
#define IGD_STOLEN_CFG_BDSM_GEN11       0xc0    /* 64 bits */

#define IGD_STOLEN_BDSM_LOCK            0x1ull

typedef enum igd_stolen_gen IGDStolenGen;

/**
 * IGDStolenResult: why there is no region
 *
 * There is no "reserved GGMS": every value of that field means a size in
 * every generation.
 */
typedef enum IGDStolenResult {
    IGD_STOLEN_OK,
    /* the device */
    IGD_STOLEN_UNKNOWN_DEVICE,
    IGD_STOLEN_NO_BDSM,
    /* what its registers say */
    IGD_STOLEN_NONE,
    IGD_STOLEN_BDSM_ALL_ONES,
    IGD_STOLEN_BDSM_ZERO,
    IGD_STOLEN_BDSM_UNALIGNED,
    IGD_STOLEN_GMS_RESERVED,
    IGD_STOLEN_DSM_EMPTY,
    /* where the region would be */
    IGD_STOLEN_GSM_UNDERFLOW,
    IGD_STOLEN_ABOVE_4G,
    IGD_STOLEN_RESULT__MAX,
} IGDStolenResult;

/* IGDStolenLayout: how one generation shows its stolen memory */
typedef struct IGDStolenLayout {
    const char *name;           /* For messages */
    uint8_t number;             /* Of the generation */
    uint16_t bdsm_offset;       /* Of BDSM in config space */
    uint8_t bdsm_bits;          /* Its width, 32 or 64 */
    uint8_t gms_shift;          /* Where GGC has the size of the DSM; */
    uint8_t gms_mask;           /* applied after the shift */
    uint8_t ggms_shift;         /* The same for the GSM */
    uint8_t ggms_mask;
} IGDStolenLayout;

/* The layout that a device id has */
IGDStolenGen igd_stolen_gen(uint16_t device_id);

/**
 * igd_stolen_layout: the description of a layout
 *
 * Returns: NULL for IGD_STOLEN_GEN_UNKNOWN and IGD_STOLEN_GEN_NO_BDSM.
 */
const IGDStolenLayout *igd_stolen_layout(IGDStolenGen gen);

/**
 * igd_stolen_sizes: the sizes of DSM and GSM that GGC shows
 * @dsm_size: set on success; may be 0, which means that there is no DSM
 * @gsm_size: set also with IGD_STOLEN_GMS_RESERVED; may be 0
 */
IGDStolenResult igd_stolen_sizes(IGDStolenGen gen, uint16_t ggc,
                                 uint64_t *dsm_size, uint64_t *gsm_size);

/**
 * igd_stolen_region: the region that three numbers make. Whether a guest can
 * have it, the machine says.
 * @dsm_base: what BDSM shows, without its lock bit
 * @region: set on success
 *
 * @dsm_size and @gsm_size have to be multiples of STOLEN_ALIGN, as all
 * sizes that GGC can express are.
 */
IGDStolenResult igd_stolen_region(uint64_t dsm_base, uint64_t dsm_size,
                                  uint64_t gsm_size, StolenRegion *region);

/**
 * igd_stolen_decode: the region that a device's registers show
 * @bdsm: the register as read, lock bit included; of a 32 bit register the
 *      upper half is ignored
 * @region: set on success only
 *
 * Returns: IGD_STOLEN_OK, or the first thing that is wrong, in the order of
 * the enum from IGD_STOLEN_UNKNOWN_DEVICE to IGD_STOLEN_ABOVE_4G.
 */
IGDStolenResult igd_stolen_decode(uint16_t device_id, uint16_t ggc,
                                  uint64_t bdsm, StolenRegion *region);

/* One clause in English, without a final dot */
const char *igd_stolen_strerror(IGDStolenResult result);

/**
 * igd_reserved_regions_parse: find the relaxable direct regions of a group
 * @text: the whole file, one "0xBASE 0xLIMIT TYPE" a line (Linux
 *      drivers/iommu/iommu.c, iommu_group_show_resv_regions())
 * @region: the first region of type "direct-relaxable", the type Linux gives
 *      to the RMRRs of display and USB devices; dsm_base is set to base,
 *      since the file does not tell GSM from DSM
 *
 * Returns: how many such regions there are; lines of any other form or type
 * do not count.
 */
unsigned igd_reserved_regions_parse(const char *text, StolenRegion *region);

#endif
