/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VFIO variant driver for Intel IGDs: what its files share
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 */

#ifndef IGD_VFIO_H
#define IGD_VFIO_H

#include <linux/vfio_pci_core.h>
#include "decode.h"

/**
 * struct igd_vfio_device - a device bound to this driver
 * @core: first, as vfio_alloc_device() wants it
 * @asls: where firmware put the OpRegion, as read when it was bound
 * @layout: of its registers, NULL when it has no stolen memory region
 * @stolen: valid with @layout
 * @reserved: bytes at the end of the DSM that firmware reserved
 * @claim: the resource that keeps others off the DSM
 * @dsm: the DSM mapped, while the device is open and the CPU may touch it
 * @kept: those of @reserved that are not cleared this time: all or none
 */
struct igd_vfio_device {
	struct vfio_pci_core_device core;
	u32 asls;
	const struct igd_layout *layout;
	struct igd_stolen stolen;
	u64 reserved;
	struct resource *claim;
	void *dsm;
	u64 kept;
};

/**
 * igd_vfio_stolen_probe - find the stolen memory of a device being bound
 *
 * The registers are read now, before any user can have the device. What is
 * wrong with them is logged, and then there is no region.
 */
void igd_vfio_stolen_probe(struct igd_vfio_device *igd);

/**
 * igd_vfio_stolen_remove - undo igd_vfio_stolen_probe()
 */
void igd_vfio_stolen_remove(struct igd_vfio_device *igd);

/**
 * igd_vfio_stolen_open - clear the DSM, if the CPU may, and add its region
 *
 * Between vfio_pci_core_enable() and vfio_pci_core_finish_enable().
 *
 * Return: 0, also when there is no region; -EIO if the DSM had to be cleared
 * and was not; -ENOMEM.
 */
int igd_vfio_stolen_open(struct igd_vfio_device *igd);

/**
 * igd_vfio_stolen_close - clear the DSM after its last user
 *
 * After vfio_pci_core_disable() or vfio_pci_core_close_device(), which stop
 * the device's DMA, or when opening the device has failed.
 */
void igd_vfio_stolen_close(struct igd_vfio_device *igd);

/**
 * igd_vfio_firmware_init - add the regions that vfio-pci has for an IGD:
 * OpRegion, and the configuration of host bridge and LPC bridge
 * @vdev: being opened
 * @asls: where the OpRegion is, by nothing that a user could have written
 *
 * Return: 0; -ENODEV when firmware left no OpRegion; another error.
 */
int igd_vfio_firmware_init(struct vfio_pci_core_device *vdev, u32 asls);

#endif
