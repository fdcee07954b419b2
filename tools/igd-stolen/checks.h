/*
 * A list of verdicts, as text and as JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Text and JSON come from the same list, so neither
 * says what the other does not.
 */

#ifndef IGD_STOLEN_CHECKS_H
#define IGD_STOLEN_CHECKS_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum CheckStatus {
    CHECK_PASS,
    CHECK_WARN,
    CHECK_FAIL,
} CheckStatus;

/**
 * Check: one verdict
 * @name: for programs, static
 * @title: for people: what comes after "Checking", static
 * @detail: what was found, or "unknown" and why; owned
 * @hint: what to do, with the next command; NULL if nothing; owned
 */
typedef struct Check {
    const char *name;
    const char *title;
    CheckStatus status;
    char *detail;
    char *hint;
} Check;

/**
 * CheckList: (element-type Check)
 */
typedef GArray CheckList;

CheckList *checks_new(void);

/**
 * checks_add: append a verdict; @detail and @hint are taken over
 */
void checks_add(CheckList *list, const char *name, const char *title,
                CheckStatus status, char *detail, char *hint);

/**
 * checks_worst: the worst status in a list
 */
CheckStatus checks_worst(const CheckList *list);

/**
 * checks_text: "Checking TITLE : PASS (DETAIL)" for each, as virt-host-validate
 */
void checks_text(const CheckList *list, GString *out);

/**
 * checks_json: an array with an object for each
 */
json_t *checks_json(const CheckList *list);

/**
 * check_status_name: "pass", "warn" or "fail"
 */
const char *check_status_name(CheckStatus status);

/* An address as JSON has it: a string, "0x7b000000" */
json_t *json_address(uint64_t address);

#endif
