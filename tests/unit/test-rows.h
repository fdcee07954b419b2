/*
 * Table-driven unit tests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_TEST_ROWS_H
#define TESTS_UNIT_TEST_ROWS_H

static inline void test_rows_add(const char *path, const void *rows,
                                 size_t size, size_t nr, GTestDataFunc test)
{
    for (size_t i = 0; i < nr; i++) {
        const char *const *row = (const void *)((const char *)rows + i * size);
        g_autofree char *full = g_strconcat(path, "/", *row, NULL);

        g_test_add_data_func(full, row, test);
    }
}

/* A test "@path/<name>" for each row of an array; its first member is a name */
#define TEST_ROWS(path, rows, test) \
    test_rows_add(path, rows, sizeof((rows)[0]), G_N_ELEMENTS(rows), test)

#endif
