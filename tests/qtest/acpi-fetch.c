/*
 * Read ACPI tables from a QEMU under qtest, without a guest
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "libqtest.h"
#include "libqos/fw_cfg.h"
#include "acpi-fetch.h"

#define ACPI_TABLES_FILE "etc/acpi/tables"
#define ACPI_HEADER_SIZE 36
#define ACPI_LENGTH 4
#define ACPI_CHECKSUM 9
#define FW_CFG_FILE_MAX (256 * 1024)

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

static uint32_t acpi_length(const uint8_t *table)
{
    uint32_t length;

    memcpy(&length, table + ACPI_LENGTH, sizeof(length));
    return GUINT32_FROM_LE(length);
}

GArray *acpi_fetch(QOSState *qs, const char *signature)
{
    g_autoptr(GArray) all = fw_cfg_fetch(qs, ACPI_TABLES_FILE);
    uint32_t offset = 0;

    g_assert_nonnull(all);
    while (offset + ACPI_HEADER_SIZE <= all->len && all->data[offset]) {
        const uint8_t *table = (uint8_t *)all->data + offset;
        uint32_t length = acpi_length(table);
        uint8_t sum = 0;
        GArray *found;
        uint32_t i;

        g_assert_cmpuint(length, >=, 8);
        g_assert_cmpuint(length, <=, all->len - offset);
        if (memcmp(table, signature, 4)) {
            offset += length;
            continue;
        }

        found = g_array_new(false, false, 1);
        g_array_append_vals(found, table, length);
        for (i = 0; i < length; i++) {
            sum += table[i];
        }
        found->data[ACPI_CHECKSUM] -= sum;
        return found;
    }
    return NULL;
}
