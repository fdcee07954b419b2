/*
 * Command line of igd-stolen, and its commands from what was read to what is
 * printed
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: main.c reads and prints; the fuzz target calls this as well.
 */

#ifndef IGD_STOLEN_RUN_H
#define IGD_STOLEN_RUN_H

#include "plan.h"

typedef enum Command {
    COMMAND_PROBE,
    COMMAND_PLAN,
    COMMAND_CAPTURE,
    COMMAND_VERIFY,
    COMMAND__MAX,
} Command;

/**
 * Options: what the user asked for
 * @help: the text to print instead of doing anything, or NULL
 * @version: to be printed instead of doing anything
 * @root: NULL for the host itself
 * @from: bundle to read instead of the host, or NULL
 * @output: file to write, "-" for standard output; capture only
 * @device: address of the IGD, or NULL to look for it
 * @emulator, @rom: what @plan's point to
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
    char *emulator;
    char *rom;
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

/* options_size: "8G", "1536M": bytes */
bool options_size(const char *text, uint64_t *size);

/* options_command_name: the word of a command */
const char *options_command_name(Command command);

/**
 * run_command: probe, plan or verify
 * @out: what is to be printed is appended
 *
 * Returns: the worst verdict.
 */
CheckStatus run_command(HostStore *store, const Options *options,
                        GString *out);

/* run_capture: read all that the other commands read */
GString *run_capture(HostStore *store, const Options *options);

/* run_exit_status: 0 or 1 */
int run_exit_status(CheckStatus worst, bool strict);

#endif
