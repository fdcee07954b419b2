/*
 * Text form of what was read of a host, to be replayed elsewhere
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The form, by example; blank lines and lines that begin
 * with "#" are ignored outside of contents:
 *
 *     igd-stolen-bundle 1
 *     file /proc/sys/kernel/osrelease
 *     | 6.1.0
 *     link /sys/bus/pci/devices/0000:00:02.0/driver
 *     | ../../../bus/pci/drivers/i915
 *     dir /sys/class/iommu
 *     | dmar0
 *     config /sys/bus/pci/devices/0000:00:02.0/config
 *     | 86 80 49 9a
 *     hex /sys/firmware/acpi/tables/DMAR
 *     | 44 4d 41 52
 *     absent file /sys/module/vfio_iommu_type1/parameters/dma_entry_limit
 *     denied file /proc/iomem
 *     failed dir /sys/kernel/iommu_groups/1/devices
 *
 * "hex" is a file whose bytes are not plain text. Every line of a text file
 * ends with a newline, the last one too.
 */

#ifndef IGD_STOLEN_BUNDLE_H
#define IGD_STOLEN_BUNDLE_H

#include "store.h"

#define BUNDLE_MAX_SIZE         (4 * 1024 * 1024)
#define BUNDLE_MAX_ENTRIES      20000

/**
 * bundle_parse: read a bundle
 * @text: any bytes
 * @error: on failure, what is wrong and in which line; to be freed
 *
 * Returns: NULL if @error was set.
 */
HostStore *bundle_parse(const char *text, size_t size, char **error);

/**
 * bundle_write: the text of what a store has
 *
 * Only what redact.h lets through is written.
 */
GString *bundle_write(const HostStore *store);

#endif
