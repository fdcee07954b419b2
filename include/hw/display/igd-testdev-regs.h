/*
 * Register map of igd-testdev, shared by the device and its tests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Defines only. The manual is docs/specs/igd-testdev.rst.
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_REGS_H
#define HW_DISPLAY_IGD_TESTDEV_REGS_H

#define TYPE_IGD_TESTDEV                "igd-testdev"

/* PCI config space; GGC and BDSM are in hw/vfio/igd-stolen.h */
#define IGD_TESTDEV_CFG_PCIE            0x70    /* capability */
#define IGD_TESTDEV_CFG_MSI             0xac    /* capability */
#define IGD_TESTDEV_CFG_PM              0xd0    /* capability */
#define IGD_TESTDEV_CFG_ASLS            0xfc    /* 32 bits */

/* BAR0, 64 bit memory: registers */
#define IGD_TESTDEV_BAR_REGS            0
#define IGD_TESTDEV_BAR_REGS_SIZE       0x1000000

#define IGD_TESTDEV_REG_GGC             0x108040    /* RO 32 */
#define IGD_TESTDEV_REG_BDSM            0x1080c0    /* RO 64 */
#define IGD_TESTDEV_REG_GSMBASE         0x108100    /* RO 64 */
#define IGD_TESTDEV_REG_RESERVED        0x1082c0    /* RO 64 */

#define IGD_TESTDEV_DMA_BLOCK           0x180000
#define IGD_TESTDEV_DMA_BLOCK_SIZE      0x48

#define IGD_TESTDEV_DMA_ID              0x180000    /* RO 32 */
#define IGD_TESTDEV_DMA_VERSION         0x180004    /* RO 32 */
#define IGD_TESTDEV_DMA_CMD             0x180008    /* WO 32 */
#define IGD_TESTDEV_DMA_STATUS          0x18000c    /* RO 32 */
#define IGD_TESTDEV_DMA_SRC             0x180010    /* RW 64 */
#define IGD_TESTDEV_DMA_DST             0x180018    /* RW 64 */
#define IGD_TESTDEV_DMA_LEN             0x180020    /* RW 64 */
#define IGD_TESTDEV_DMA_FILL            0x180028    /* RW 32 */
#define IGD_TESTDEV_DMA_CHECKSUM        0x180030    /* RO 64 */
#define IGD_TESTDEV_DMA_FAULT_ADDR      0x180038    /* RO 64 */
#define IGD_TESTDEV_DMA_DONE_COUNT      0x180040    /* RO 32 */
#define IGD_TESTDEV_DMA_IRQ             0x180044    /* RW1C 32 */

#define IGD_TESTDEV_DMA_ID_VALUE        0x54444749u     /* "IGDT" */
#define IGD_TESTDEV_DMA_VERSION_VALUE   1u

/* CMD */
#define IGD_TESTDEV_CMD_COPY            1u
#define IGD_TESTDEV_CMD_FILL            2u
#define IGD_TESTDEV_CMD_CHECKSUM        3u
#define IGD_TESTDEV_CMD_MASK            0xfu
#define IGD_TESTDEV_CMD_MSI             0x100u

/* STATUS; a command that failed has the top bit set */
#define IGD_TESTDEV_STATUS_IDLE         0u
#define IGD_TESTDEV_STATUS_BUSY         1u
#define IGD_TESTDEV_STATUS_DONE         2u
#define IGD_TESTDEV_STATUS_BAD_CMD      0x80000001u
#define IGD_TESTDEV_STATUS_BAD_LEN      0x80000002u
#define IGD_TESTDEV_STATUS_WRAPS        0x80000003u
#define IGD_TESTDEV_STATUS_NO_MASTER    0x80000004u
#define IGD_TESTDEV_STATUS_READ_FAILED  0x80000005u
#define IGD_TESTDEV_STATUS_WRITE_FAILED 0x80000006u
#define IGD_TESTDEV_STATUS_ABORTED      0x80000007u

/* FAULT_ADDR when nothing failed */
#define IGD_TESTDEV_NO_FAULT            0xffffffffffffffffull

/* IRQ */
#define IGD_TESTDEV_IRQ_FINISHED        0x1u

/* The scan-out engine; all of it reads as 0 where there is none */
#define IGD_TESTDEV_SCAN_BLOCK          0x180100
#define IGD_TESTDEV_SCAN_BLOCK_SIZE     0x30

#define IGD_TESTDEV_SCAN_LIMITS         0x180100    /* RO 32 */
#define IGD_TESTDEV_SCAN_CTRL           0x180104    /* RW 32 */
#define IGD_TESTDEV_SCAN_STATUS         0x180108    /* RO 32 */
#define IGD_TESTDEV_SCAN_STRIDE         0x18010c    /* RW 32 */
#define IGD_TESTDEV_SCAN_WIDTH          0x180110    /* RW 32 */
#define IGD_TESTDEV_SCAN_HEIGHT         0x180114    /* RW 32 */
#define IGD_TESTDEV_SCAN_OFFSET         0x180118    /* RW 64 */
#define IGD_TESTDEV_SCAN_FAULT_ADDR     0x180120    /* RO 64 */
#define IGD_TESTDEV_SCAN_FAULT_COUNT    0x180128    /* RO 32 */
#define IGD_TESTDEV_SCAN_FRAMES         0x18012c    /* RO 32 */

/* SCAN_LIMITS: the largest height and width; the lines of a frame are in it */
#define IGD_TESTDEV_SCAN_MAX_WIDTH      2048u
#define IGD_TESTDEV_SCAN_MAX_HEIGHT     2048u
#define IGD_TESTDEV_SCAN_MAX_STRIDE     16384u
#define IGD_TESTDEV_SCAN_STRIDE_UNIT    64u
#define IGD_TESTDEV_SCAN_PAGE           4096u

/* SCAN_CTRL */
#define IGD_TESTDEV_SCAN_ENABLE         0x1u

/* SCAN_STATUS; what could not be shown has the top bit set */
#define IGD_TESTDEV_SCAN_OFF            0u
#define IGD_TESTDEV_SCAN_ON             1u
#define IGD_TESTDEV_SCAN_BAD_CTRL       0x80000001u
#define IGD_TESTDEV_SCAN_BAD_SIZE       0x80000002u
#define IGD_TESTDEV_SCAN_BAD_STRIDE     0x80000003u
#define IGD_TESTDEV_SCAN_BAD_OFFSET     0x80000004u
#define IGD_TESTDEV_SCAN_BEYOND_DSM     0x80000005u

/* The fault pattern: XRGB8888, and the bits of x ^ y that tell which */
#define IGD_TESTDEV_SCAN_FAULT_EVEN     0xff00ffu
#define IGD_TESTDEV_SCAN_FAULT_ODD      0x000000u
#define IGD_TESTDEV_SCAN_FAULT_SQUARE   0x8u

/* BAR2, 64 bit prefetchable memory: aperture onto the DSM */
#define IGD_TESTDEV_BAR_APERTURE        2

/* BAR4, I/O: BAR0 by index and data */
#define IGD_TESTDEV_BAR_IO              4
#define IGD_TESTDEV_BAR_IO_SIZE         64
#define IGD_TESTDEV_IO_INDEX            0x0     /* RW 32 */
#define IGD_TESTDEV_IO_DATA             0x4     /* RW 32 */

#endif
