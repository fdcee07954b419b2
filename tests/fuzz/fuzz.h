/*
 * What each fuzz target defines, and libFuzzer calls
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Tries one input, any bytes; aborts if something is wrong. Returns 0 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
