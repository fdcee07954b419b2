/*
 * Stolen memory of an IGD assigned by vfio-pci
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VFIO_IGD_RMRR_H
#define HW_VFIO_IGD_RMRR_H

#include "pci.h"
#include "hw/pci/rmrr_provider.h"
#include CONFIG_DEVICES

typedef struct VFIOIgdRmrr VFIOIgdRmrr;

#ifdef CONFIG_VFIO_IGD

/**
 * vfio_igd_rmrr_class_init: add the options and the provider interface's
 * methods to vfio-pci
 * @klass: of vfio-pci, whose type names TYPE_RMRR_PROVIDER among
 *      its interfaces
 *
 * x-igd-stolen=auto|identity|firmware|off: where the guest's stolen memory is;
 *      docs/system/igd-stolen.rst says what each means
 * x-igd-stolen-base, x-igd-stolen-size: the whole region in bytes, GSM
 *      included, 1 MiB aligned and below 4 GiB
 * x-igd-stolen-gsm-size: how much of it is GSM, for a device id that is not
 *      known
 * x-igd-stolen-memory=ram|device: what is there
 * x-igd-stolen-keep=off|on: whether its contents outlive a machine reset
 */
void vfio_igd_rmrr_class_init(ObjectClass *klass);

/**
 * vfio_igd_rmrr_realize: learn the region, place it, preset the registers
 * @vdev: config space read, no quirk applied yet
 * @errp: names the two values that differ, or the limit
 *
 * Does nothing for a device that is no Intel IGD.
 *
 * Returns: true, or false with @errp set.
 */
bool vfio_igd_rmrr_realize(VFIOPCIDevice *vdev, Error **errp);

/**
 * vfio_igd_rmrr_placed: whether stolen memory is at the host's base
 */
bool vfio_igd_rmrr_placed(const VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_settled: whether firmware must not be asked for memory,
 * because stolen memory is at the host's base, or because there is none
 */
bool vfio_igd_rmrr_settled(const VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_gen: the generation of a device, for igd.c, whose own list of
 * device ids is shorter than igd_stolen_ids.h
 *
 * Returns: -1 if it has no BDSM or is not known.
 */
int vfio_igd_rmrr_gen(const VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_exit: give the region back
 */
void vfio_igd_rmrr_exit(VFIOPCIDevice *vdev);

/**
 * vfio_igd_rmrr_finalize: free what the options allocated
 */
void vfio_igd_rmrr_finalize(VFIOPCIDevice *vdev);

#else

static inline void vfio_igd_rmrr_class_init(ObjectClass *klass)
{
}

static inline void vfio_igd_rmrr_exit(VFIOPCIDevice *vdev)
{
}

static inline void vfio_igd_rmrr_finalize(VFIOPCIDevice *vdev)
{
}

#endif /* CONFIG_VFIO_IGD */
#endif
