/*
 * Start QEMU with a command line that it has to refuse
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_REFUSAL_H
#define TESTS_QTEST_REFUSAL_H

/**
 * refusal_assert: check that QEMU refuses a command line and exits by itself
 * @args: command line, without the program; -nodefaults -display none
 *      -accel qtest are added
 * @first: the error has to contain this and each of the further strings, up
 *      to a NULL
 *
 * QEMU has to end with status 1, by itself, with exactly one line on stderr
 * that is no hint (lines that a hint adds come after it).
 */
void refusal_assert(const char *args, const char *first, ...)
    G_GNUC_NULL_TERMINATED;

/**
 * refusal_helped: check that a command line that a refusal asked for starts
 * @args: command line, without the program
 */
void refusal_helped(const char *args);

#endif
