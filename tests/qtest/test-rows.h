/*
 * Table-driven qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_TEST_ROWS_H
#define TESTS_QTEST_TEST_ROWS_H

#include "libqtest.h"

static inline void test_rows_add(const char *path, const void *rows,
                                 size_t size, size_t nr,
                                 void (*test)(const void *))
{
    for (size_t i = 0; i < nr; i++) {
        const char *const *row = rows + i * size;
        g_autofree char *full = g_strconcat(path, "/", *row, NULL);

        qtest_add_data_func(full, row, test);
    }
}

/**
 * TEST_ROWS: add a test "@path/<name>" for each row of an array
 * @rows: the array; the first member of a row is its name, a string
 * @test: gets the row
 */
#define TEST_ROWS(path, rows, test) \
    test_rows_add(path, rows, sizeof((rows)[0]), G_N_ELEMENTS(rows), test)

#endif
