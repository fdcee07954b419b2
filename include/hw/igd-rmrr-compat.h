/*
 * One text of our files for QEMU 10.0 to 11.1
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Headers that have moved, and the names of 10.0 for what has another one in
 * a newer QEMU. It goes when 10.0 does: then those are renamed in our files.
 */

#ifndef HW_IGD_RMRR_COMPAT_H
#define HW_IGD_RMRR_COMPAT_H

#include "hw/igd-rmrr-version.h"

#if QEMU_SINCE(11, 0)
#include "hw/core/boards.h"
#include "hw/core/loader.h"
#include "hw/core/qdev-properties.h"
#include "hw/core/qdev-properties-system.h"
#include "hw/core/resettable.h"
#include "system/ramblock.h"
#else
#include "exec/cpu-common.h"
#include "hw/boards.h"
#include "hw/loader.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#endif

#if QEMU_SINCE(10, 2)
#include "system/address-spaces.h"
#include "system/memory.h"

typedef const void ClassData;

#define vfio_get_dev_region_info    vfio_device_get_region_info_type
#define VFIO_PCI(obj)               VFIO_PCI_DEVICE(obj)

static inline bool memory_get_xlat_addr(IOMMUTLBEntry *entry, void **host,
                                        ram_addr_t *ram_addr, bool *read_only,
                                        bool *mr_has_discard_manager,
                                        Error **errp)
{
    hwaddr offset;
    MemoryRegion *mr = memory_translate_iotlb(entry, &offset, errp);

    if (mr) {
        *host = memory_region_get_ram_ptr(mr) + offset;
        *read_only = !(entry->perm & IOMMU_WO) || mr->readonly;
    }
    return mr;
}
#else
#include "exec/address-spaces.h"
#include "exec/memory.h"

typedef void ClassData;
#endif

#if QEMU_SINCE(11, 0)
#define flts                        fsts
#endif

#if QEMU_SINCE(11, 1)
#define graphic_console_init        qemu_graphic_console_create
#define graphic_console_close       qemu_graphic_console_close
#define dpy_gfx_replace_surface     qemu_console_set_surface
#define dpy_gfx_update_full         qemu_console_update_full
#endif

#endif
