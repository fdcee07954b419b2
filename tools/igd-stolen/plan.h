/*
 * How a guest is to be started so that it gets the IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Where stolen memory goes is decided by the
 * emulator's own hw/i386/stolen_plan.c.
 */

#ifndef IGD_STOLEN_PLAN_H
#define IGD_STOLEN_PLAN_H

#include "hw/i386/stolen_plan.h"
#include "checks.h"

/* The Debian package's name; without the ending it is the distribution's */
#define PLAN_EMULATOR   "qemu-system-x86_64-igd-rmrr"

#define PLAN_FOUR_GIB   (STOLEN_4G_LIMIT + 1)

typedef enum PlanFormat {
    PLAN_QEMU,
    PLAN_LIBVIRT,
    PLAN_PROXMOX,
    PLAN_JSON,
    PLAN_FORMAT__MAX,
} PlanFormat;

/* Their names for --format */
extern const char *const plan_format_names[PLAN_FORMAT__MAX];

/**
 * PlanRequest: what the user wants
 * @memory: of the guest, in bytes
 * @iommu: whether the guest gets an IOMMU; never with the machine pc
 * @audio: whether it gets the IGD's audio function, too
 * @emulator: where the emulator is; NULL for the usual place; the caller's
 * @emulator_asked: the user named it
 * @rom: path of an option ROM for the IGD, or NULL; the caller's
 */
typedef struct PlanRequest {
    uint64_t memory;
    StolenMachine machine;
    StolenFirmware firmware;
    PlanFormat format;
    bool iommu;
    gboolean audio;
    bool emulator_asked;
    const char *emulator;
    const char *rom;
} PlanRequest;

/**
 * PlanRow: a range of a memory map
 * @name: static or @host's
 */
typedef struct PlanRow {
    uint64_t base;
    uint64_t limit;
    const char *name;
} PlanRow;

/**
 * Plan: the result
 * @checks: what was looked at; if any failed there is nothing to start
 * @placed: the guest has stolen memory at the host's base
 * @low_ram: RAM of the guest below 4 GiB
 * @locked: bytes that have to be locked in memory
 * @guest_map, @host_map: (element-type PlanRow): in order of addresses
 */
typedef struct Plan {
    const Host *host;
    PlanRequest request;
    CheckList *checks;
    bool placed;
    StolenPlan place;
    uint64_t low_ram;
    uint64_t locked;
    unsigned aw_bits;
    GArray *guest_map;
    GArray *host_map;
} Plan;

/**
 * plan_new: plan a guest; @host has to live as long as the result
 *
 * All that probe looks at is looked at, and more, so that what probe says no
 * to is never planned.
 */
Plan *plan_new(const Host *host, const PlanRequest *request);

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* plan_text: the plan in one of the formats but JSON */
void plan_text(const Plan *plan, GString *out);

json_t *plan_json(const Plan *plan);

/* plan_libvirt_text: the domain, without comments */
void plan_libvirt_text(const Plan *plan, GString *out);

/**
 * plan_quote: a path as a shell has to be given it
 *
 * Returns: to be freed by the caller.
 */
char *plan_quote(const char *path);

/* plan_cpu_limit: address bits that a guest's CPU must not exceed, or 0 */
unsigned plan_cpu_limit(const Plan *plan);

#endif
