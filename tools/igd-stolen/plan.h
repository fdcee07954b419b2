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
#include "host.h"

/* Where a long word goes on in the next line; a shell takes it out */
#define PLAN_BREAK      "\\\n"

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

/**
 * PlanRequest: what the user wants
 * @memory: of the guest, in bytes
 * @iommu: whether the guest gets an IOMMU
 * @emulator: path of the emulator; NULL for the usual one; the caller's
 */
typedef struct PlanRequest {
    uint64_t memory;
    StolenFirmware firmware;
    PlanFormat format;
    bool iommu;
    const char *emulator;
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
 * @explicit: base and size have to be given to the emulator
 * @low_ram: RAM of the guest below 4 GiB
 * @locked: bytes that have to be locked in memory
 * @guest_map, @host_map: (element-type PlanRow): in order of addresses
 */
typedef struct Plan {
    const Host *host;
    PlanRequest request;
    CheckList *checks;
    bool placed;
    bool explicit;
    StolenPlan place;
    uint64_t low_ram;
    uint64_t locked;
    unsigned aw_bits;
    GArray *guest_map;
    GArray *host_map;
} Plan;

/**
 * PlanWord: an option with the reason for it, as the formats print them
 * @option: owned
 * @why: owned
 */
typedef struct PlanWord {
    char *option;
    char *why;
} PlanWord;

/**
 * plan_new: plan a guest; @host has to live as long as the result
 */
Plan *plan_new(const Host *host, const PlanRequest *request);

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/**
 * plan_text: the plan in one of the formats but JSON
 */
void plan_text(const Plan *plan, GString *out);

json_t *plan_json(const Plan *plan);

/* Parts: the options of each format, with reasons (element-type PlanWord) */
GArray *plan_qemu_words(const Plan *plan);
GArray *plan_libvirt_words(const Plan *plan);
GArray *plan_proxmox_words(const Plan *plan);

/* Parts: what is to be copied, without comments */
void plan_qemu_text(const Plan *plan, GString *out);
void plan_libvirt_text(const Plan *plan, GString *out);
void plan_proxmox_text(const Plan *plan, GString *out);

GArray *plan_words_new(void);
void plan_word(GArray *words, const char *option, const char *why);

/* plan_words_text: the options, each in a line that goes on a command's */
void plan_words_text(const GArray *words, GString *out);

/**
 * plan_placement: what vfio-pci's options need at their end for the plan
 *
 * Returns: "" or options that begin with a comma; to be freed by the caller.
 */
char *plan_placement(const Plan *plan);

/**
 * plan_maps: fill guest_map and host_map
 */
void plan_maps(Plan *plan);

/**
 * plan_draw: a map as text
 * @prefix: what every line begins with
 */
void plan_draw(const GArray *map, const char *prefix, GString *out);

#endif
