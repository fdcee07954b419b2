/*
 * A q35 machine with a VT-d and an igd-testdev, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_IGD_TESTDEV_RIG_H
#define TESTS_QTEST_IGD_TESTDEV_RIG_H

#include "libqos/pci.h"
#include "vtd-tables.h"

/*
 * The region of the device "igd0" at 00:02.0: 8 MiB of GSM and 64 MiB of DSM,
 * at a base that is 1 MiB aligned and no better. RAM is 4 GiB, of which
 * RIG_HIGH_SIZE bytes are above 4 GiB.
 */
#define RIG_BASE 0x7b100000ull
#define RIG_DSM_BASE 0x7b900000ull
#define RIG_LIMIT 0x7f8fffffull
#define RIG_SID 0x10
#define RIG_HIGH 0x100000000ull
#define RIG_HIGH_SIZE (0x100000000ull - RIG_BASE)

/* The VT-d's interrupt window */
#define RIG_MSI_BASE 0xfee00000ull
#define RIG_MSI_LIMIT 0xfeefffffull

/**
 * IGDRig: the machine
 * @qts: its connection
 * @vtd: the guest's VT-d driver; its tables are in RAM from 16 MiB
 * @identity: what igd0's listener maps while translation is off: GPA to
 *      memory block, which is how expectations are written
 */
typedef struct IGDRig {
    QTestState *qts;
    VTDGuest vtd;
    GArray *identity;
    QPCIBus *bus;
} IGDRig;

/**
 * igd_rig_start: start the machine; translation is off, no context exists
 * @iommu: more intel-iommu properties, ",aw-bits=39" say. Without
 *      rmrr-policy= it is lock, so the region is a hole in everything the
 *      guest does; without caching-mode= that is on. With
 *      x-scalable-mode=on that is what the guest uses, with x-flts=on as well
 *      first-stage tables
 * @device: more igd-testdev properties, ",listener=map" say
 * @more: more command line
 */
IGDRig *igd_rig_start(const char *iommu, const char *device,
                      const char *more);

void igd_rig_stop(IGDRig *rig);

/* The listener of device @id; see hw/display/igd-testdev-listener.h */
char *igd_rig_get_string(IGDRig *rig, const char *id, const char *property);
uint64_t igd_rig_stat(IGDRig *rig, const char *id, const char *name);
void igd_rig_reset_stats(IGDRig *rig, const char *id);

/**
 * igd_rig_expect: an expectation for igd0 that begins with its region, the
 * one mapping that is there at all times
 */
GArray *igd_rig_expect(IGDRig *rig);

/**
 * igd_rig_expect_page: add what the guest's tables map, minus the holes
 */
void igd_rig_expect_page(IGDRig *rig, GArray *expected, uint64_t iova,
                         uint64_t gpa, uint64_t size, bool writable);

/**
 * igd_rig_check_map: igd0's mapped set must equal @expected
 * @where: printed on failure
 */
void igd_rig_check_map(IGDRig *rig, GArray *expected, const char *where);

/**
 * igd_rig_check_never: none of the counters of igd0's listener in @names, up
 * to a NULL, has counted anything
 */
void igd_rig_check_never(IGDRig *rig, const char *const names[],
                         const char *where);

/**
 * igd_rig_check_kept: since the counters were reset igd0's region was neither
 * mapped nor unmapped, nothing failed, and the region is mapped now
 */
void igd_rig_check_kept(IGDRig *rig, const char *where);

/* The DMA engine of the device at @devfn of bus 0 */

/**
 * igd_rig_bar: where igd_rig_dma_setup() places BAR0
 */
uint64_t igd_rig_bar(int devfn);

/**
 * igd_rig_dma_setup: enable the device and place its BAR0; also after reset
 */
void igd_rig_dma_setup(IGDRig *rig, int devfn);

/**
 * igd_rig_dma: run one command to its end
 *
 * Returns: the STATUS register.
 */
uint32_t igd_rig_dma(IGDRig *rig, int devfn, uint32_t cmd, uint64_t src,
                     uint64_t dst, uint64_t len, uint32_t fill);

uint64_t igd_rig_dma_fault(IGDRig *rig, int devfn);
uint64_t igd_rig_dma_checksum(IGDRig *rig, int devfn);

#endif
