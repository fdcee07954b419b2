/*
 * Commands of igd-stolen, from what was read to what is printed
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: main.c reads and prints; the fuzz target calls this as well.
 */

#ifndef IGD_STOLEN_RUN_H
#define IGD_STOLEN_RUN_H

#include "options.h"

/**
 * run_command: probe, plan or verify
 * @out: what is to be printed is appended
 *
 * Returns: the worst verdict.
 */
CheckStatus run_command(HostStore *store, const Options *options,
                        GString *out);

/**
 * run_capture: read all that the other commands read
 */
GString *run_capture(HostStore *store, const Options *options);

/**
 * run_exit_status: 0 or 1
 */
int run_exit_status(CheckStatus worst, bool strict);

#endif
