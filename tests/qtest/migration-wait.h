/*
 * Migrate a machine and wait until it is complete, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_MIGRATION_WAIT_H
#define TESTS_QTEST_MIGRATION_WAIT_H

#include "libqtest.h"

/**
 * migration_wait: wait until a migration, in or out, is complete
 * @qts: the machine
 *
 * Fails the test if the migration fails, or takes too long.
 */
void migration_wait(QTestState *qts);

/**
 * migration_save: migrate a machine away, and wait for that
 * @qts: the machine
 * @uri: where to, such as file:PATH
 */
void migration_save(QTestState *qts, const char *uri);

/**
 * migration_load: let a machine take over what was saved, and wait for that
 * @qts: the machine, started with -incoming defer
 * @uri: where from
 */
void migration_load(QTestState *qts, const char *uri);

#endif
