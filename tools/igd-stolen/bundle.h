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
 * Only what redact_allows() is written.
 */
GString *bundle_write(const HostStore *store);

/*
 * What may leave a host in a bundle: there is a list of paths, and nothing
 * else is written; of the files that also hold other things, only the lines
 * that the readers look at are. So a bundle has no serial numbers, host names,
 * hardware addresses, disk identifiers or kernel addresses.
 */

/* redact_allows: whether an entry is of a path on the list */
bool redact_allows(const HostEntry *entry);

/**
 * redact: the data of an entry, without what is nobody's business
 * @entry: one with HOST_OK that redact_allows()
 *
 * Returns: @size bytes and a NUL, to be freed by the caller. The readers find
 * the same in it as in the data itself.
 */
char *redact(const HostEntry *entry, size_t *size);

#endif
