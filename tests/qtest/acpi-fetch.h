/*
 * Read ACPI tables from a QEMU under qtest, without a guest
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_ACPI_FETCH_H
#define TESTS_QTEST_ACPI_FETCH_H

#include "libqos/libqos.h"

/**
 * acpi_fetch: one table, as firmware would install it
 * @qs: the machine
 * @signature: of the table, such as "DMAR"
 *
 * The table comes from fw_cfg's etc/acpi/tables, which is built anew when it
 * is selected. Its checksum is filled in here, as the linker/loader script
 * would have firmware do.
 *
 * Returns: (element-type guint8) NULL if there is no such table; free with
 * g_array_unref().
 */
GArray *acpi_fetch(QOSState *qs, const char *signature);

/**
 * fw_cfg_fetch: a whole fw_cfg file
 * @name: of the file
 *
 * Returns: (element-type guint8) NULL if there is no such file.
 */
GArray *fw_cfg_fetch(QOSState *qs, const char *name);

#endif
