/*
 * Command line of igd-stolen
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: takes words, returns values or a message.
 */

#ifndef IGD_STOLEN_OPTIONS_H
#define IGD_STOLEN_OPTIONS_H

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
 * @root: "" for the host itself
 * @from: bundle to read instead of the host, or NULL
 * @output: file to write, "-" for standard output; capture only
 * @device: address of the IGD, or NULL to look for it
 * @emulator: what plan.emulator points to
 */
typedef struct Options {
    Command command;
    char *help;
    bool json;
    bool strict;
    char *root;
    char *from;
    char *output;
    char *device;
    char *emulator;
    PlanRequest plan;
} Options;

/**
 * options_parse: read the words of the command line, argv[0] included
 *
 * Returns: NULL, or what is wrong with them, to be freed by the caller.
 */
char *options_parse(int argc, char **argv, Options *options);

void options_clear(Options *options);

/**
 * options_command_name: the word of a command
 */
const char *options_command_name(Command command);

/**
 * options_size: "8G", "1536M": bytes
 */
bool options_size(const char *text, uint64_t *size);

#endif
