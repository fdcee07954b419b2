/*
 * One text of our files for QEMU 10.0 to 11.1
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Headers that have moved, and the names of 10.0 for what has another one in
 * a newer QEMU. It goes when 10.0 does: then those are renamed in our files.
 * It is not in a series for QEMU (scripts/igdrmrr/series.py): a file of ours
 * gets those of the headers, for the words behind them, and the new names.
 */

#ifndef HW_IGD_RMRR_COMPAT_H
#define HW_IGD_RMRR_COMPAT_H

#include "hw/igd-rmrr-version.h"

#if QEMU_SINCE(11, 0)
#include "hw/core/boards.h"                     /* MachineS, current_mach */
#include "hw/core/loader.h"                     /* rom_ptr */
#include "hw/core/qdev-properties.h"            /* DEFINE_PROP_ */
#include "hw/core/qdev-properties-system.h"     /* DEFINE_PROP_PCI_DEVFN */
#include "hw/core/resettable.h"                 /* ResettableClass */
#include "system/ramblock.h"                    /* RAMBlock, qemu_ram_ */
#else
#include "exec/cpu-common.h"                    /* RAMBlock, qemu_ram_ */
#include "hw/boards.h"                          /* MachineS, current_mach */
#include "hw/loader.h"                          /* rom_ptr */
#include "hw/qdev-properties.h"                 /* DEFINE_PROP_ */
#include "hw/qdev-properties-system.h"          /* DEFINE_PROP_PCI_DEVFN */
#include "hw/resettable.h"                      /* ResettableClass */
#endif

#if QEMU_SINCE(10, 2)
#include "system/address-spaces.h"              /* address_space_, get_sys */
#include "system/memory.h"                      /* MemoryRegion, memory_r */

typedef const void ClassData;

#define vfio_get_dev_region_info    vfio_device_get_region_info_type
#define VFIO_PCI                    VFIO_PCI_DEVICE
#else
#include "exec/address-spaces.h"                /* address_space_, get_sys */
#include "exec/memory.h"                        /* MemoryRegion, memory_r */

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
