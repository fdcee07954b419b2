/*
 * Rows of tests, refused command lines, and files of fw_cfg, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/wait.h>
#include "qemu/bswap.h"
#include "libqtest.h"
#include "libqos/fw_cfg.h"
#include "igd-rmrr-util.h"

#define ACPI_HEADER_SIZE 36
#define ACPI_LENGTH 4
#define ACPI_CHECKSUM 9
#define FW_CFG_FILE_MAX (256 * 1024)

void test_rows_add(const char *path, const void *rows, size_t size, size_t nr,
                   void (*test)(const void *))
{
    for (size_t i = 0; i < nr; i++) {
        const char *const *row = rows + i * size;
        g_autofree char *full = g_strconcat(path, "/", *row, NULL);

        qtest_add_data_func(full, row, test);
    }
}

static void assert_says_each(const char *text, const char *first, va_list more)
{
    for (const char *n = first; n; n = va_arg(more, const char *)) {
        if (!strstr(text, n)) {
            g_printerr("'%s' is not in\n%s", n, text);
        }
        g_assert_nonnull(strstr(text, n));
    }
}

void assert_says(const char *text, const char *first, ...)
{
    va_list more;

    va_start(more, first);
    assert_says_each(text, first, more);
    va_end(more);
}

char *refusal_run(const char *args)
{
    g_autofree char *line =
        g_strdup_printf("timeout 60 %s -nodefaults -display none -accel qtest "
                        "%s", g_getenv("QTEST_QEMU_BINARY"), args);
    g_autoptr(GError) error = NULL;
    char *err = NULL;
    int status;

    g_test_message("%s", line);
    g_assert_true(g_spawn_command_line_sync(line, NULL, &err, &status,
                                            &error));
    g_test_message("status %d: %s", status, err);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    return err;
}

void refusal_assert(const char *args, const char *first, ...)
{
    g_autofree char *err = refusal_run(args);
    g_auto(GStrv) lines = g_strsplit(err, "\n", -1);
    unsigned errors = 0;
    va_list more;

    for (char **line = lines; *line; line++) {
        errors += strstr(*line, "qemu-system-x86_64: ") != NULL;
    }
    g_assert_cmpuint(errors, ==, 1);
    va_start(more, first);
    assert_says_each(err, first, more);
    va_end(more);
}

void refusal_helped(const char *args)
{
    qtest_quit(qtest_initf("-nodefaults %s", args));
}

void refusal_test(const void *row)
{
    const Refusal *r = row;

    refusal_assert(r->args, r->says[0], r->says[1], r->says[2], r->says[3],
                   NULL);
    if (r->fixed) {
        refusal_helped(r->fixed);
    }
}

GArray *fw_cfg_fetch(QOSState *qs, const char *name)
{
    QFWCFG *fw_cfg = pc_fw_cfg_init(qs->qts);
    g_autofree uint8_t *data = g_malloc0(FW_CFG_FILE_MAX);
    size_t size = qfw_cfg_read_file(fw_cfg, qs, name, data, FW_CFG_FILE_MAX);
    GArray *file = NULL;

    g_assert_cmpuint(size, <, FW_CFG_FILE_MAX);
    if (size) {
        file = g_array_new(false, false, 1);
        g_array_append_vals(file, data, size);
    }
    pc_fw_cfg_uninit(fw_cfg);
    return file;
}

GArray *acpi_fetch(QOSState *qs, const char *signature)
{
    GArray *all = fw_cfg_fetch(qs, "etc/acpi/tables");

    g_assert_nonnull(all);
    while (all->len >= ACPI_HEADER_SIZE && all->data[0]) {
        uint32_t length = ldl_le_p(all->data + ACPI_LENGTH);
        uint8_t sum = 0;

        g_assert_cmpuint(length, >=, 8);
        g_assert_cmpuint(length, <=, all->len);
        if (memcmp(all->data, signature, 4)) {
            g_array_remove_range(all, 0, length);
            continue;
        }
        g_array_set_size(all, length);
        for (uint32_t i = 0; i < length; i++) {
            sum += all->data[i];
        }
        all->data[ACPI_CHECKSUM] -= sum;
        return all;
    }
    g_array_unref(all);
    return NULL;
}

char *test_path(const char *suffix)
{
    return g_strdup_printf("%s/igd-rmrr-%d.%s", g_get_tmp_dir(), getpid(),
                           suffix);
}

uint32_t pc_config_read(QTestState *qts, uint16_t sid, unsigned reg)
{
    qtest_outl(qts, 0xcf8, 0x80000000 | sid << 8 | reg);
    return qtest_inl(qts, 0xcfc);
}

void pc_config_write(QTestState *qts, uint16_t sid, unsigned reg,
                     uint32_t value)
{
    qtest_outl(qts, 0xcf8, 0x80000000 | sid << 8 | reg);
    qtest_outl(qts, 0xcfc, value);
}
