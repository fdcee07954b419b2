/*
 * The options of igd-testdev that say where its stolen memory is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_IGD_TESTDEV_OPTS_H
#define HW_DISPLAY_IGD_TESTDEV_OPTS_H

#include "qemu/units.h"
#include "hw/pci/stolen_region.h"

#define IGD_TESTDEV_DEFAULT_DEVICE_ID   0x1912      /* Skylake, gen 9 */
#define IGD_TESTDEV_DEFAULT_DSM_BASE    0           /* none: has to be given */
#define IGD_TESTDEV_DEFAULT_DSM_SIZE    (64 * MiB)
#define IGD_TESTDEV_DEFAULT_GSM_SIZE    (8 * MiB)

typedef struct IGDTestDevOpts {
    uint64_t dsm_base;
    uint64_t dsm_size;
    uint64_t gsm_size;
    uint64_t reserved_size;
    uint16_t device_id;
} IGDTestDevOpts;

/**
 * igd_testdev_opts_region: check the options
 * @ggc: set to the value of GGC that shows the sizes
 * @region: set to where the region is
 * @errp: names the option, its value, the limit and what to change
 *
 * Returns: true on success.
 */
bool igd_testdev_opts_region(const IGDTestDevOpts *o, uint16_t *ggc,
                             StolenRegion *region, Error **errp);

/**
 * igd_testdev_opts_reserved: check how much of the DSM firmware reserved
 * @region: as igd_testdev_opts_region() found it
 * @reg: set to the value of STOLEN_RESERVED that shows it, 0 for nothing
 */
bool igd_testdev_opts_reserved(const IGDTestDevOpts *o,
                               const StolenRegion *region, uint32_t *reg,
                               Error **errp);

/**
 * igd_testdev_opts_early: the same, for options that are not parsed yet
 * @opts: a -device option; values are strings or numbers
 *
 * Options that are not there have their defaults; values that -global
 * gives are not known here.
 *
 * Returns: true if realize will find exactly @region.
 */
bool igd_testdev_opts_early(const QDict *opts, StolenRegion *region);

#endif
