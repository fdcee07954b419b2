/*
 * Data mover of igd-testdev's DMA engine
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_MOVE_H
#define HW_DISPLAY_IGD_TESTDEV_MOVE_H

#include "hw/pci/pci_device.h"

/**
 * IGDTestMove: one command, and how far it is
 * @cmd: as written to CMD
 * @len: not 0; @src + @len and @dst + @len do not wrap where they are used
 * @pos: bytes finished; the command is over when it reaches @len
 * @sum: checksum of those bytes, if the command is to sum
 * @fault_addr: first address of the piece that failed, if one has
 */
typedef struct IGDTestMove {
    uint32_t cmd;
    uint32_t fill;
    uint64_t src;
    uint64_t dst;
    uint64_t len;
    uint64_t pos;
    uint64_t sum;
    uint64_t fault_addr;
} IGDTestMove;

/* Whether a command reads SRC, or writes DST; for an unknown one neither */
bool igd_testdev_move_reads_src(uint32_t cmd);
bool igd_testdev_move_writes_dst(uint32_t cmd);

/**
 * igd_testdev_move: go on with a command
 * @size: for so many bytes, or to the end of the command
 *
 * Returns: IGD_TESTDEV_STATUS_DONE, or why it failed:
 * IGD_TESTDEV_STATUS_READ_FAILED or IGD_TESTDEV_STATUS_WRITE_FAILED.
 */
uint32_t igd_testdev_move(PCIDevice *pdev, IGDTestMove *run, uint64_t size);

/**
 * igd_testdev_move_rw: one transfer by the device, at once
 *
 * Reaches memory only: no access by the device ends in a register of another
 * device, or in its own.
 */
MemTxResult igd_testdev_move_rw(PCIDevice *pdev, uint64_t addr, void *buf,
                                uint64_t size, DMADirection dir);

#endif
