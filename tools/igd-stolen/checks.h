/*
 * Verdicts on a host or a guest, as text and as JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Text and JSON come from the same list, so both have
 * the same verdicts.
 */

#ifndef IGD_STOLEN_CHECKS_H
#define IGD_STOLEN_CHECKS_H

#include <jansson.h>
#include "host.h"

typedef enum CheckStatus {
    CHECK_PASS,
    CHECK_WARN,
    CHECK_FAIL,
} CheckStatus;

/* Check: one verdict */
typedef struct Check {
    const char *name;       /* for programs, static */
    const char *title;      /* for people: what follows "Checking"; static */
    CheckStatus status;
    char *detail;           /* the finding, or "unknown" and why */
    /*
     * A shell script: a command or a comment a line, without a last newline;
     * people paste it as root. NULL if nothing; static or the host's
     */
    const char *hint;
    HostStore *store;
    struct Check *next;
} Check;

typedef struct CheckList {
    HostStore *store;
    Check *first;
    Check **last;           /* where the next one goes */
} CheckList;

/* checks_new: an empty list, which the store keeps */
CheckList *checks_new(HostStore *store);

/* check_add: append a verdict, for check_set() to be called on */
Check *check_add(CheckList *list, const char *name, const char *title);

void check_set(Check *check, CheckStatus status, const char *hint,
               const char *format, ...) G_GNUC_PRINTF(4, 5);

#define check_pass(check, ...) check_set(check, CHECK_PASS, NULL, __VA_ARGS__)

/* checks_worst: the worst status in a list */
CheckStatus checks_worst(const CheckList *list);

/**
 * checks_text: "Checking TITLE : PASS (DETAIL)" for each, as virt-host-validate
 */
void checks_text(const CheckList *list, GString *out);

/* check_hint_text: a check's hint, a command a line; nothing if it has none */
void check_hint_text(const Check *check, GString *out);

/**
 * probe_checks: can the IGD be assigned with stolen memory in its place?
 * @without: NULL for a guest without an IOMMU; or else the command that plans
 *      one, for a host whose own IOMMU is too narrow
 * @audio: the IGD's own audio function is wanted, too
 */
CheckList *probe_checks(const Host *host, const char *without, bool audio);

/* probe_verdict: append the verdict on the whole list */
void probe_verdict(CheckList *list, const Host *host);

/**
 * verify_checks: inside a guest: do all sources on stolen memory agree?
 *
 * They have to agree on a real machine as well.
 */
CheckList *verify_checks(const Host *host);

/**
 * host_aw_bits: the aw-bits to give to the guest's IOMMU
 *
 * Returns: 39 or 48; 0 if the host's IOMMU is too narrow for either.
 */
unsigned host_aw_bits(const Host *host);

/**
 * host_opregion: whether vfio-pci will hand the IGD's OpRegion on
 *
 * Returns: 1 or 0, or -1 if that is unknown.
 */
int host_opregion(const Host *host);

/* HostSystem: commands and paths of a distribution, NULL if not known */
typedef struct HostSystem {
    const char *id;         /* in os-release, between blanks */
    const char *kernel;     /* installs a newer kernel */
    /*
     * Puts a word on the kernel's command line from the next boot on: each
     * "%s" is the word; twice does no more than once
     */
    const char *cmdline;
    const char *ovmf;       /* says which OVMF is installed */
    const char *code;       /* the files of OVMF */
    const char *vars;
} HostSystem;

/* host_system: that of a host; the last one is for all that are not known */
const HostSystem *host_system(const Host *host);

/**
 * checks_json: the list and the facts about the host
 * @plan: NULL if the command makes none; taken over
 */
void checks_json(const CheckList *list, const Host *host, const char *command,
                 int exit_status, json_t *plan, GString *out);

/* An address as JSON has it: a string, "0x7b000000" */
json_t *json_address(uint64_t address);

#endif
