/*
 * A machine with an igd-testdev, with or without a VT-d, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_IGD_TESTDEV_RIG_H
#define TESTS_QTEST_IGD_TESTDEV_RIG_H

#include "libqos/pci.h"
#include "qobject/qdict.h"
#include "hw/display/igd-testdev-regs.h"
#include "vtd-tables.h"

/*
 * With a VT-d: the region of the device "igd0" at 00:02.0 is 8 MiB of GSM and
 * 64 MiB of DSM, at a base that is 1 MiB aligned and no better. RAM is 4 GiB,
 * of which RIG_HIGH_SIZE bytes are above 4 GiB.
 */
#define RIG_BASE 0x7b100000ull
#define RIG_DSM_BASE 0x7b900000ull
#define RIG_LIMIT 0x7f8fffffull
#define RIG_SIZE (RIG_LIMIT - RIG_BASE + 1)
#define RIG_SID 0x10            /* and its devfn */
#define RIG_HIGH 0x100000000ull
#define RIG_HIGH_SIZE (0x100000000ull - RIG_BASE)

/* The VT-d's interrupt window */
#define RIG_MSI_BASE 0xfee00000ull
#define RIG_MSI_LIMIT 0xfeefffffull

/* Without: the region of the device at 00:02.0, and all there is of RAM */
#define IGD_DEFAULT_BDSM    0x7b800000ull
#define IGD_DEFAULT_BASE    0x7b000000ull
#define IGD_DEFAULT_LIMIT   0x7f7fffffull
#define IGD_DEFAULT_DSM     0x4000000ull
#define IGD_DEFAULT_OPTS    "dsm-base=0x7b800000,dsm-size=64M,gsm-size=8M"
#define IGD_GUEST_RAM       0x20000000ull

/* intel-iommu's properties for scalable mode */
#define RIG_SECOND_STAGE ",x-scalable-mode=on"
#define RIG_FIRST_STAGE ",x-scalable-mode=on,x-flts=on,aw-bits=48"

/* A second device, "igd1" at 00:03.0 if it gets that address, and its region */
#define RIG_IGD1 "-device igd-testdev,id=igd1,dsm-base=0x84000000," \
    "dsm-size=32M,gsm-size=2M"
#define RIG_IGD1_BASE 0x83e00000ull
#define RIG_IGD1_LIMIT 0x85ffffffull
#define RIG_IGD1_LISTENER " -device dma-listener-testdev,id=igd1-dma," \
    "for=igd1,base=0x83e00000,size=34M"

/**
 * IGDRig: the machine
 * @qts: its connection
 * @dev, @regs, @aperture, @io: the device and its BARs; with a VT-d @regs.addr
 *      alone, from igd_rig_dma_setup() on
 * @g: the guest's VT-d driver; its tables are in RAM from 16 MiB
 * @identity: what igd0's listener maps while translation is off: GPA to
 *      memory block, which is how expectations are written
 * @a, @b, @fill: see policy-guest.h
 */
typedef struct IGDRig {
    QTestState *qts;
    QPCIBus *bus;
    QPCIDevice *dev;
    QPCIBar regs;
    QPCIBar aperture;
    QPCIBar io;
    VTDGuest *g;
    GArray *identity;
    VTDDomain a, b;
    uint32_t fill;
} IGDRig;

/**
 * igd_rig_start: start the machine with a VT-d; translation is off, no context
 * exists
 * @iommu: more intel-iommu properties, ",aw-bits=39" say. Without
 *      rmrr-policy= it is lock, so the region is a hole in everything the
 *      guest does; without caching-mode= that is on. With
 *      x-scalable-mode=on that is what the guest uses, with x-flts=on as well
 *      first-stage tables
 * @device: more igd-testdev properties, ",stolen-keep=on" say
 * @listener: mode and more properties of igd0's dma-listener-testdev, which
 *      comes after igd0: "map,limit=32" say; "" for none
 * @more: more command line
 */
IGDRig *igd_rig_start(const char *iommu, const char *device,
                      const char *listener, const char *more);

/**
 * igd_guest_start: start the machine without a VT-d; the device's BARs are not
 * yet assigned
 * @opts: options of the device, without "igd-testdev,addr=02.0,"
 * @extra: more arguments for QEMU, or ""
 *
 * igd_guest_open: the same, and assign the BARs and enable the device
 */
IGDRig *igd_guest_start(const char *opts, const char *extra);
IGDRig *igd_guest_open(const char *opts);

void igd_rig_stop(IGDRig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IGDRig, igd_rig_stop)

/* Give igd0's context entry a domain, or take it away, and flush the entry */
void igd_rig_attach(IGDRig *rig, const VTDDomain *d);
void igd_rig_detach(IGDRig *rig);

/*
 * What query-rmrr says: why the region of device @id is kept mapped, or is not;
 * "mapped" has to agree with it. And of igd0: the reason has to be @reason, or
 * else @where is printed; and a counter.
 */
char *igd_rig_reason_of(IGDRig *rig, const char *id);
void igd_rig_reason(IGDRig *rig, const char *reason, const char *where);
uint64_t igd_rig_counter(IGDRig *rig, const char *name);

/*
 * The dma-listener-testdev of device @id, whose own id is "<id>-dma"; see
 * docs/specs/dma-listener-testdev.rst
 */
void igd_rig_set(IGDRig *rig, const char *id, const char *property,
                 QObject *value);
char *igd_rig_get_string(IGDRig *rig, const char *id, const char *property);
uint64_t igd_rig_stat(IGDRig *rig, const char *id, const char *name);

/* igd0's */
uint64_t igd_rig_count(IGDRig *rig, const char *name);
void igd_rig_reset_stats(IGDRig *rig);

/*
 * Sets of DMA mappings, as a test expects them and as a listener shows them:
 * written without a look at the listener's own bookkeeping, a plain array,
 * sorted and merged when it is turned into text
 */

/**
 * IOVARun: [@iova, @limit], both inclusive, maps to @offset of memory block
 * @block (an interned string)
 */
typedef struct IOVARun {
    uint64_t iova;
    uint64_t limit;
    const char *block;
    uint64_t offset;
    bool writable;
} IOVARun;

/* An empty set, to be freed with g_array_unref() */
GArray *iova_runs_new(void);

/* Read the listener's "map" property */
GArray *iova_runs_parse(const char *text);

/* Remove [@base, @limit], splitting what crosses an edge */
void iova_runs_cut(GArray *runs, uint64_t base, uint64_t limit);

/**
 * iova_runs_add_slice: map @iova to what @from maps at [@first, @last]
 * @writable: false makes it read-only; read-only memory stays so
 */
void iova_runs_add_slice(GArray *runs, const GArray *from, uint64_t first,
                         uint64_t last, uint64_t iova, bool writable);

/**
 * iova_runs_format: sort, merge, and write in the listener's format
 *
 * Fails the test if two runs overlap.
 */
char *iova_runs_format(GArray *runs);

/**
 * igd_rig_expect: an expectation for igd0 that begins with its region, the
 * one mapping that is there at all times
 * igd_rig_expect_page: add what the guest's tables map, minus the holes
 */
GArray *igd_rig_expect(IGDRig *rig);
void igd_rig_expect_page(IGDRig *rig, GArray *expected, uint64_t iova,
                         uint64_t gpa, uint64_t size, bool writable);

/**
 * igd_rig_check_map: igd0's mapped set must equal @expected
 * igd_rig_check_region: its region must be mapped to @gpa, and nothing else
 * igd_rig_check_never: none of the counters of its listener in @names, up to
 * a NULL, has counted anything
 * @where: printed on failure
 */
void igd_rig_check_map(IGDRig *rig, GArray *expected, const char *where);
void igd_rig_check_region(IGDRig *rig, uint64_t gpa, const char *where);
void igd_rig_check_never(IGDRig *rig, const char *const names[],
                         const char *where);

/* igd0's region is mapped to itself, or none of it is; whatever else is */
void igd_rig_check_there(IGDRig *rig, bool there);

/**
 * igd_rig_check_kept: since the counters were reset igd0's region was neither
 * mapped nor unmapped, nothing failed, and the region is mapped now
 */
void igd_rig_check_kept(IGDRig *rig, const char *where);

/**
 * igd_rig_dma_setup: with a VT-d, enable the device at @devfn of bus 0 and
 * place its BAR0 (also after reset); what follows here is then about it
 * igd_rig_dma_use: the same of a device that is enabled already
 */
void igd_rig_dma_setup(IGDRig *rig, int devfn);
void igd_rig_dma_use(IGDRig *rig, int devfn);

/**
 * igd_guest_enable: without a VT-d, give the BARs their addresses (again) and
 * enable the device, as after a reset
 */
void igd_guest_enable(IGDRig *g);

/* Function-level reset; the BARs lose their addresses */
void igd_guest_flr(IGDRig *g);

uint32_t igd_guest_read(IGDRig *g, uint32_t reg);
uint64_t igd_guest_read64(IGDRig *g, uint32_t reg);
void igd_guest_write(IGDRig *g, uint32_t reg, uint32_t value);
void igd_guest_write64(IGDRig *g, uint32_t reg, uint64_t value);

/* The register has to be @value */
void igd_guest_check(IGDRig *g, uint32_t reg, uint32_t value);
void igd_guest_check64(IGDRig *g, uint32_t reg, uint64_t value);

/**
 * igd_guest_dma_start: write SRC, DST and LEN, and start a command
 * igd_guest_dma_wait: wait until no command runs; gives STATUS
 * igd_guest_dma: both of these
 */
void igd_guest_dma_start(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len);
uint32_t igd_guest_dma_wait(IGDRig *g);
uint32_t igd_guest_dma(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                       uint64_t len);

/* Write @value over [@dst, @dst + @len - 1]; gives STATUS */
uint32_t igd_guest_fill(IGDRig *g, uint64_t dst, uint64_t len, uint32_t value);

/* Run a command, where STATUS has to be @status */
void igd_guest_dma_check(IGDRig *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len, uint32_t status);

/* Switch bus mastering */
void igd_guest_set_master(IGDRig *g, bool on);

/* How often @words are in a file, such as what QEMU wrote with -D */
unsigned igd_rig_find(const char *path, const char *words);

/**
 * migration_save: save the machine in a file, which goes with the test case
 * migration_load: load that into a machine started with -incoming defer; each
 * fails the test if it fails, or takes too long
 * migration_refused: the stderr of a q35 machine with @args that must not load
 * what was saved
 * igd_guest_load: igd_guest_open() of what was saved, which is stopped
 */
void migration_save(QTestState *qts);
void migration_load(QTestState *qts);
char *migration_refused(const char *args);
IGDRig *igd_guest_load(const char *opts);

#endif
