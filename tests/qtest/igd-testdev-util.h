/*
 * Driver of igd-testdev for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_IGD_TESTDEV_UTIL_H
#define TESTS_QTEST_IGD_TESTDEV_UTIL_H

#include "libqtest.h"
#include "libqos/pci.h"
#include "hw/display/igd-testdev-regs.h"

/* The region that most tests use */
#define IGD_DEFAULT_BDSM    0x7b800000ull
#define IGD_DEFAULT_BASE    0x7b000000ull
#define IGD_DEFAULT_LIMIT   0x7f7fffffull
#define IGD_DEFAULT_DSM     0x4000000ull
#define IGD_DEFAULT_OPTS    "dsm-base=0x7b800000,dsm-size=64M,gsm-size=8M"

/* RAM is [0, IGD_GUEST_RAM), and nothing is directly above it */
#define IGD_GUEST_RAM       0x20000000ull

#define IGD_GUEST_SLOT      2

/**
 * IGDGuest: a q35 machine with one igd-testdev, driven over qtest
 */
typedef struct IGDGuest {
    QTestState *qts;
    QPCIBus *bus;
    QPCIDevice *dev;
    QPCIBar regs;
    QPCIBar aperture;
    QPCIBar io;
} IGDGuest;

/**
 * igd_guest_start: start QEMU, with the device's BARs not yet assigned
 * @opts: options of the device, without "igd-testdev,addr=02.0,"
 * @extra: more arguments for QEMU, or ""
 */
IGDGuest *igd_guest_start(const char *opts, const char *extra);

/**
 * igd_guest_open: the same, and assign the BARs and enable the device
 */
IGDGuest *igd_guest_open(const char *opts);
void igd_guest_close(IGDGuest *g);

/**
 * igd_guest_enable: give the BARs their addresses (again) and enable the
 * device, as after a reset
 */
void igd_guest_enable(IGDGuest *g);

/**
 * igd_guest_flr: function-level reset; the BARs lose their addresses
 */
void igd_guest_flr(IGDGuest *g);

uint32_t igd_guest_read(IGDGuest *g, uint32_t reg);
uint64_t igd_guest_read64(IGDGuest *g, uint32_t reg);
void igd_guest_write(IGDGuest *g, uint32_t reg, uint32_t value);
void igd_guest_write64(IGDGuest *g, uint32_t reg, uint64_t value);

/**
 * igd_guest_io_read, igd_guest_io_write: access of @size 1, 2, 4 or 8 bytes
 * to a BAR, as one access of the CPU
 */
uint64_t igd_guest_io_read(IGDGuest *g, QPCIBar bar, uint64_t off,
                           unsigned size);
void igd_guest_io_write(IGDGuest *g, QPCIBar bar, uint64_t off, unsigned size,
                        uint64_t value);

/**
 * igd_guest_dma_start: write SRC, DST and LEN, and start a command
 */
void igd_guest_dma_start(IGDGuest *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len);

/**
 * igd_guest_dma_wait: wait until no command runs
 *
 * Returns: STATUS.
 */
uint32_t igd_guest_dma_wait(IGDGuest *g);

/**
 * igd_guest_dma: both of these
 */
uint32_t igd_guest_dma(IGDGuest *g, uint32_t cmd, uint64_t src, uint64_t dst,
                       uint64_t len);

/**
 * igd_guest_set_master: switch bus mastering
 */
void igd_guest_set_master(IGDGuest *g, bool on);

#endif
