/*
 * A vfio-pci without stolen memory: for the emulators of other machines
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: does nothing.
 */

#include "qemu/osdep.h"
#include "igd-rmrr.h"

void vfio_igd_rmrr_class_init(ObjectClass *klass)
{
}

void vfio_igd_rmrr_exit(VFIOPCIDevice *vdev)
{
}
