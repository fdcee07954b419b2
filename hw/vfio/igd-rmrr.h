/*
 * Stolen memory of an IGD assigned by vfio-pci
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VFIO_IGD_RMRR_H
#define HW_VFIO_IGD_RMRR_H

#include "hw/pci/rmrr_provider.h"

typedef struct VFIOPCIDevice VFIOPCIDevice;

/**
 * VFIOIgdRmrr: options and state of one vfio-pci device
 *
 * What each option means: docs/system/igd-stolen.rst. Those that were not given
 * are NULL, 0 or false; realize sets the two strings to their defaults.
 */
typedef struct VFIOIgdRmrr {
    char *mode;                 /* x-igd-stolen */
    uint64_t base;              /* x-igd-stolen-base */
    uint64_t size;              /* x-igd-stolen-size, GSM included */
    uint64_t gsm_size;          /* x-igd-stolen-gsm-size */
    char *memory;               /* x-igd-stolen-memory */
    bool keep;                  /* x-igd-stolen-keep */
    bool placed;                /* At the host's base */
    bool by_firmware;           /* Guest firmware places it */
    bool no_memory;             /* It needs no place, as far as is known */
    bool has_driver_region;     /* The host's driver has a region of it, ... */
    StolenRegion driver_region; /* ... that is here, ... */
    uint64_t dsm_offset;        /* ... its DSM here in the device's file, ... */
    bool dsm_access;            /* ... which can be read, written and mapped */
} VFIOIgdRmrr;

/**
 * vfio_igd_rmrr_class_init: add the options and the provider interface's
 * methods to vfio-pci
 * @klass: of vfio-pci, whose type names TYPE_RMRR_PROVIDER among its
 *      interfaces, and whose own properties are not set yet
 */
void vfio_igd_rmrr_class_init(ObjectClass *klass);

/**
 * vfio_igd_rmrr_realize: learn the region, place it, preset the registers
 * @vdev: config space read, no quirk applied yet
 * @errp: names the two values that differ, or the limit
 *
 * Does nothing for a device that is not an Intel IGD.
 */
bool vfio_igd_rmrr_realize(VFIOPCIDevice *vdev, Error **errp);

/*
 * Whether firmware must not be asked for memory, because stolen memory is at
 * the host's base, or because there is none
 */
bool vfio_igd_rmrr_settled(const VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_gen: the generation of a device, for igd.c, whose own list of
 * device ids is shorter than igd_stolen_ids.h
 *
 * Returns: -1 if it has no BDSM or is not known.
 */
int vfio_igd_rmrr_gen(const VFIOPCIDevice *vdev);

/* Gives the region back, if the device has one */
void vfio_igd_rmrr_exit(VFIOPCIDevice *vdev);

#endif
