/*
 * Wait for a migration to complete, for qtests
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

#endif
