/*
 * Rows of tests, refused command lines, and files of fw_cfg, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_IGD_RMRR_UTIL_H
#define TESTS_QTEST_IGD_RMRR_UTIL_H

#include "libqos/libqos.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(QTestState, qtest_quit)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QOSState, qtest_shutdown)

/**
 * TEST_ROWS: add a test "@path/<name>" for each row of an array
 * @rows: the array; the first member of a row is its name, a string
 * @test: gets the row
 */
#define TEST_ROWS(path, rows, test) \
    test_rows_add(path, rows, sizeof((rows)[0]), G_N_ELEMENTS(rows), test)

void test_rows_add(const char *path, const void *rows, size_t size, size_t nr,
                   void (*test)(const void *));

/* @text has to contain each of the strings, up to a NULL */
void assert_says(const char *text, const char *first, ...)
    G_GNUC_NULL_TERMINATED;

/**
 * refusal_run: start QEMU with a command line that it has to refuse: it has to
 * end by itself, with status 1
 * @args: command line, without the program; -nodefaults -display none
 *      -accel qtest are added
 *
 * Returns: what it wrote to stderr.
 */
char *refusal_run(const char *args);

/**
 * refusal_assert: the same, with exactly one line on stderr that is no hint
 * (lines that a hint adds come after it), which has to contain each of the
 * strings, up to a NULL
 */
void refusal_assert(const char *args, const char *first, ...)
    G_GNUC_NULL_TERMINATED;

/* A command line that a refusal asked for has to start */
void refusal_helped(const char *args);

/**
 * Refusal: a row for refusal_test(): a refused command line, what is said, and
 * the command line with what the refusal says to do done, if any
 */
typedef struct Refusal {
    const char *name;
    const char *args;
    const char *says[4];
    const char *fixed;
} Refusal;

void refusal_test(const void *row);

/**
 * acpi_fetch: one table, such as "DMAR", as firmware would install it
 *
 * It comes from fw_cfg's etc/acpi/tables, which is built anew when it is
 * selected. Its checksum is filled in here, as the linker/loader script would
 * have firmware do.
 *
 * Returns: (element-type guint8) NULL if there is no such table; free with
 * g_array_unref().
 */
GArray *acpi_fetch(QOSState *qs, const char *signature);

/* The same of a whole fw_cfg file */
GArray *fw_cfg_fetch(QOSState *qs, const char *name);

/* A file for this process, in the directory for temporary files */
char *test_path(const char *suffix);

/* The configuration space of @sid, bus << 8 | devfn, through ports */
uint32_t pc_config_read(QTestState *qts, uint16_t sid, unsigned reg);
void pc_config_write(QTestState *qts, uint16_t sid, unsigned reg,
                     uint32_t value);

#endif
