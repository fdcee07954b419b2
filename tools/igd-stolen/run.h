/*
 * The commands of igd-stolen, from the command line to what is printed
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. main.c reads and prints; the fuzz target calls this
 * as well. Where stolen memory goes is decided by the emulator's own
 * hw/i386/stolen_plan.c.
 */

#ifndef IGD_STOLEN_RUN_H
#define IGD_STOLEN_RUN_H

#include "hw/i386/stolen_plan.h"
#include "checks.h"

/* The Debian package's name; without the ending it is the distribution's */
#define PLAN_EMULATOR   "qemu-system-x86_64-igd-rmrr"

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
 * PlanRequest: a guest that the user wants to start
 * @memory: of the guest, in bytes
 * @iommu: whether the guest gets an IOMMU; never with the machine pc
 * @audio: whether it gets the IGD's audio function, too
 * @emulator: where the emulator is; NULL for the usual place
 * @emulator_asked: the user named it
 * @rom: path of an option ROM for the IGD, or NULL
 */
typedef struct PlanRequest {
    uint64_t memory;
    StolenMachine machine;
    StolenFirmware firmware;
    PlanFormat format;
    bool iommu;
    gboolean audio;
    bool emulator_asked;
    char *emulator;
    char *rom;
} PlanRequest;

/**
 * Plan: how that guest is to be started so that it gets the IGD
 * @checks: the verdicts; if any is "fail" there is nothing to start
 * @placed: the guest has stolen memory at the host's base
 * @low_ram: RAM of the guest below 4 GiB
 * @locked: bytes that have to be locked in memory
 * @guest_map, @host_map: (element-type MemRange): in order of addresses
 */
typedef struct Plan {
    const Host *host;
    PlanRequest request;
    CheckList *checks;
    bool placed;
    uint64_t low_ram;
    uint64_t locked;
    unsigned aw_bits;
    GArray *guest_map;
    GArray *host_map;
} Plan;

/**
 * plan_new: plan a guest; @host has to live as long as the result
 *
 * Has all checks of probe, so that a host which probe refuses is never
 * planned for.
 */
Plan *plan_new(const Host *host, const PlanRequest *request);

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* plan_text: the plan in one of the formats but JSON */
void plan_text(const Plan *plan, GString *out);

json_t *plan_json(const Plan *plan);

/* plan_quote: a path as a shell has to be given it */
const char *plan_quote(const Plan *plan, const char *path);

/* plan_is_q35: whether the guest's machine is q35, or else pc */
bool plan_is_q35(const Plan *plan);

/* plan_cpu_limit: address bits that a guest's CPU must not exceed, or 0 */
unsigned plan_cpu_limit(const Plan *plan);

typedef enum Command {
    COMMAND_PROBE,
    COMMAND_PLAN,
    COMMAND_CAPTURE,
    COMMAND_VERIFY,
    COMMAND__MAX,
} Command;

/**
 * Options: the command line
 * @help: the text to print instead of doing anything, or NULL
 * @version: to be printed instead of doing anything
 * @root: NULL for the host itself
 * @from: bundle to read instead of the host, or NULL
 * @output: file to write, "-" for standard output; capture only
 * @device: address of the IGD, or NULL to look for it
 */
typedef struct Options {
    Command command;
    char *help;
    gboolean version;
    gboolean json;
    gboolean strict;
    char *root;
    char *from;
    char *output;
    char *device;
    PlanRequest plan;
} Options;

/**
 * options_parse: read the words of the command line, argv[0] included
 *
 * Returns: NULL, or what is wrong with them, and a command line that is right
 * after "; try: "; to be freed by the caller.
 */
char *options_parse(int argc, char **argv, Options *options);

void options_clear(Options *options);

/**
 * run_command: probe, plan or verify
 * @out: what is to be printed is appended
 *
 * Returns: the exit status, 0 or 1.
 */
int run_command(HostStore *store, const Options *options, GString *out);

/* run_capture: read all that the other commands read */
GString *run_capture(HostStore *store, const Options *options);

#endif
