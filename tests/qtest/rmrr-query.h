/*
 * What query-rmrr says, for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_QTEST_RMRR_QUERY_H
#define TESTS_QTEST_RMRR_QUERY_H

#include "libqtest.h"

/**
 * rmrr_query_reason: why the region of a device is kept mapped, or is not
 * @qts: the machine
 * @id: the device's id
 *
 * Fails the test if "mapped" does not agree with the reason.
 */
char *rmrr_query_reason(QTestState *qts, const char *id);

/**
 * rmrr_query_counter: one of the counters, "scans" say
 */
uint64_t rmrr_query_counter(QTestState *qts, const char *id,
                            const char *name);

/**
 * rmrr_query_assert: the reason has to be @reason
 * @where: printed on failure
 */
void rmrr_query_assert(QTestState *qts, const char *id, const char *reason,
                       const char *where);

#endif
