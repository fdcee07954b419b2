/*
 * Data mover of igd-testdev's DMA engine
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: copies, fills and sums guest memory through the device's
 * address space, so through the vIOMMU. Moves large pieces; when one fails
 * it goes over that piece again in pieces that stay within a page, to learn
 * which address failed. Knows no registers and no timing.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "hw/display/igd-testdev-regs.h"
#include "igd-testdev-move.h"

#define PIECE_SIZE      (64 * KiB)
#define FAULT_PAGE      (4 * KiB)
#define WORD            4       /* bytes in a word of FILL and CHECKSUM */

bool igd_testdev_move_reads_src(uint32_t cmd)
{
    cmd &= IGD_TESTDEV_CMD_MASK;
    return cmd == IGD_TESTDEV_CMD_COPY || cmd == IGD_TESTDEV_CMD_CHECKSUM;
}

bool igd_testdev_move_writes_dst(uint32_t cmd)
{
    cmd &= IGD_TESTDEV_CMD_MASK;
    return cmd == IGD_TESTDEV_CMD_COPY || cmd == IGD_TESTDEV_CMD_FILL;
}

MemTxResult igd_testdev_move_rw(PCIDevice *pdev, uint64_t addr, void *buf,
                                uint64_t size, DMADirection dir)
{
    return pci_dma_rw(pdev, addr, buf, size, dir,
                      (MemTxAttrs) { .memory = true });
}

/* The pattern's first byte has to be where byte @run->pos of it would be */
static void igd_testdev_move_pattern(const IGDTestMove *run, uint8_t *buf,
                                     uint64_t size)
{
    uint32_t word = ror32(run->fill, (run->pos % WORD) * BITS_PER_BYTE);
    uint64_t i;

    for (i = 0; i < size; i += WORD) {
        stl_le_p(buf + i, word);
    }
}

/* A piece need not start or end at a word */
static void igd_testdev_move_sum(IGDTestMove *run, const uint8_t *buf,
                                 uint64_t size)
{
    uint64_t i = 0;

    while (i < size) {
        unsigned byte = (run->pos + i) % WORD;

        if (byte == 0 && size - i >= WORD) {
            run->sum += (uint32_t)ldl_le_p(buf + i);
            i += WORD;
        } else {
            run->sum += (uint64_t)buf[i] << (byte * BITS_PER_BYTE);
            i++;
        }
    }
}

/*
 * Moves @size bytes and advances, or returns the status to fail with and sets
 * the address. @buf has room for PIECE_SIZE and one more word.
 */
static uint32_t igd_testdev_move_piece(PCIDevice *pdev, IGDTestMove *run,
                                       uint8_t *buf, uint64_t size)
{
    uint64_t src = run->src + run->pos;
    uint64_t dst = run->dst + run->pos;

    if (!igd_testdev_move_reads_src(run->cmd)) {
        igd_testdev_move_pattern(run, buf, size);
    } else if (igd_testdev_move_rw(pdev, src, buf, size,
                                   DMA_DIRECTION_TO_DEVICE) != MEMTX_OK) {
        run->fault_addr = src;
        return IGD_TESTDEV_STATUS_READ_FAILED;
    }
    if (!igd_testdev_move_writes_dst(run->cmd)) {
        igd_testdev_move_sum(run, buf, size);
    } else if (igd_testdev_move_rw(pdev, dst, buf, size,
                                   DMA_DIRECTION_FROM_DEVICE) != MEMTX_OK) {
        run->fault_addr = dst;
        return IGD_TESTDEV_STATUS_WRITE_FAILED;
    }
    run->pos += size;
    return IGD_TESTDEV_STATUS_DONE;
}

/* How many of @left bytes can be moved without leaving a page */
static uint64_t igd_testdev_move_to_page_end(const IGDTestMove *run,
                                             uint64_t left)
{
    if (igd_testdev_move_reads_src(run->cmd)) {
        left = MIN(left, FAULT_PAGE - (run->src + run->pos) % FAULT_PAGE);
    }
    if (igd_testdev_move_writes_dst(run->cmd)) {
        left = MIN(left, FAULT_PAGE - (run->dst + run->pos) % FAULT_PAGE);
    }
    return left;
}

/* Moves @size bytes, at most PIECE_SIZE */
static uint32_t igd_testdev_move_retry(PCIDevice *pdev, IGDTestMove *run,
                                       uint8_t *buf, uint64_t size)
{
    uint64_t end = run->pos + size;
    uint32_t status = igd_testdev_move_piece(pdev, run, buf, size);

    while (run->pos < end) {
        size = igd_testdev_move_to_page_end(run, end - run->pos);
        status = igd_testdev_move_piece(pdev, run, buf, size);
        if (status != IGD_TESTDEV_STATUS_DONE) {
            return status;
        }
    }
    run->fault_addr = IGD_TESTDEV_NO_FAULT;
    return status;
}

uint32_t igd_testdev_move(PCIDevice *pdev, IGDTestMove *run, uint64_t size)
{
    g_autofree uint8_t *buf = g_malloc(PIECE_SIZE + WORD);
    uint64_t end = run->pos + MIN(run->len - run->pos, size);
    uint32_t status = IGD_TESTDEV_STATUS_DONE;

    while (run->pos < end && status == IGD_TESTDEV_STATUS_DONE) {
        status = igd_testdev_move_retry(pdev, run, buf,
                                        MIN(end - run->pos, PIECE_SIZE));
    }
    return status;
}
