/*
 * The commands of igd-stolen, from the command line to the output
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

/* The only emulator that Proxmox VE starts */
#define PLAN_QM_EMULATOR        "/usr/bin/kvm"

/* The IGD's name in a domain */
#define PLAN_ALIAS              "ua-igd"

/* What -global limits for -cpu host, up to the number of bits */
#define PLAN_CPU_LIMIT          "host-x86_64-cpu.host-phys-bits-limit="

/* Their names for --format */
extern const char *const plan_format_names[PLAN_FORMAT__MAX];

/* Change: the file of a guest that is there already */
typedef struct Change Change;

/* PlanRequest: a guest that the user wants to start */
typedef struct PlanRequest {
    uint64_t memory;        /* in bytes */
    StolenMachine machine;
    StolenFirmware firmware;
    PlanFormat format;
    bool iommu;             /* never with the machine pc */
    gboolean audio;         /* it gets the IGD's audio function, too */
    bool emulator_asked;    /* the user named it; for Proxmox VE: it is ours */
    char *emulator;         /* its path; NULL for the usual place */
    char *rom;              /* path of an option ROM for the IGD, or NULL */
    char *from_guest;       /* path of a file that says all of this, or NULL */
    Change *change;         /* what was read of it */
} PlanRequest;

/* Plan: how that guest is to be started so that it gets the IGD */
typedef struct Plan {
    const Host *host;
    PlanRequest request;
    bool q35;               /* the machine, or else pc */
    bool seabios;           /* the firmware, or else OVMF */
    unsigned cpu_limit;     /* address bits of the guest's CPU, 0 for any */
    CheckList *checks;      /* with a "fail" there is nothing to start */
    bool placed;            /* stolen memory is at the host's base */
    uint64_t low_ram;       /* RAM of the guest below 4 GiB */
    uint64_t locked;        /* bytes that have to be locked in memory */
    unsigned aw_bits;
    MemRange *guest_map;    /* by address */
    MemRange *host_map;
} Plan;

/**
 * plan_new: plan a guest; the store of @host keeps the result
 *
 * Has all checks of probe, so that a host which probe refuses is never
 * planned for.
 */
Plan *plan_new(const Host *host, const PlanRequest *request);

/* plan_text: the plan in one of the formats but JSON */
void plan_text(const Plan *plan, GString *out);

json_t *plan_json(const Plan *plan);

/* plan_placement: vfio-pci's options; "", or it begins with a comma */
const char *plan_placement(const Plan *plan);

/* plan_device: the same, with the OpRegion; for Proxmox VE if it is certain */
const char *plan_device(const Plan *plan, bool proxmox);

/* plan_override: lines for <qemu:override>, @indent further to the right */
void plan_override(const char *alias, const char *const *options, int indent,
                   GString *out);

/* plan_warnings: the warnings about the host and their hints */
void plan_warnings(const Plan *plan, GString *out);

/* plan_quote: a path as a shell has to be given it */
const char *plan_quote(const Plan *plan, const char *path);

typedef enum Command {
    COMMAND_PROBE,
    COMMAND_PLAN,
    COMMAND_CAPTURE,
    COMMAND_VERIFY,
    COMMAND__MAX,
} Command;

/* Options: the command line; NULL where nothing was said */
typedef struct Options {
    Command command;
    char *help;             /* to be printed instead of doing anything */
    gboolean version;       /* the same */
    gboolean json;
    gboolean strict;
    char *root;             /* read in place of "/" */
    char *from;             /* bundle to read instead of the host */
    char *output;           /* of capture; "-" for standard output */
    char *device;           /* address of the IGD */
    PlanRequest plan;
} Options;

/**
 * options_parse: read the words of the command line, argv[0] included
 *
 * Returns: NULL, or a message with a command line that is right after
 * "; try: "; to be freed by the caller.
 */
char *options_parse(int argc, char **argv, Options *options);

void options_clear(Options *options);

/**
 * run_read: read the file of a guest into @options
 *
 * Returns: NULL, or one clause that describes the mistake; to be freed.
 */
char *run_read(HostStore *store, Options *options, const char *text,
               size_t size);

/**
 * run_command: probe, plan or verify
 * @out: the output is appended
 * @notes: and what is not to be in a guest's file
 *
 * Returns: the exit status, 0 or 1.
 */
int run_command(HostStore *store, const Options *options, GString *out,
                GString *notes);

/* run_capture: the bundle of everything that the other commands read */
GString *run_capture(HostStore *store, const Options *options);

#endif
