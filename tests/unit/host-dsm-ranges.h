/*
 * Data stolen memory ranges of real hosts, for table tests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Figures from public boot logs ("Reserving Intel graphics memory at ...").
 * First and last byte of the DSM; the GSM lies directly below each.
 */

#ifndef TEST_HOST_DSM_RANGES_H
#define TEST_HOST_DSM_RANGES_H

#include <stdint.h>

typedef struct HostDsmRange {
    uint32_t base;
    uint32_t limit;
} HostDsmRange;

static const HostDsmRange host_dsm_ranges[] = {
    { 0x30000000, 0x3fffffff },
    { 0x39000000, 0x3cffffff },
    { 0x3c800000, 0x3e7fffff },
    { 0x3c800000, 0x407fffff },
    { 0x3f800000, 0x3fffffff },
    { 0x4b800000, 0x4f7fffff },
    { 0x4c800000, 0x507fffff },
    { 0x5a800000, 0x5c7fffff },
    { 0x5c800000, 0x607fffff },
    { 0x6b800000, 0x6f7fffff },
    { 0x6c000000, 0x6fffffff },
    { 0x6c800000, 0x707fffff },
    { 0x7a800000, 0x7c7fffff },
    { 0x7b800000, 0x7f7fffff },
    { 0x7c000000, 0x7fffffff },
    { 0x7ce00000, 0x7edfffff },
    { 0x7d800000, 0x7f7fffff },
    { 0x7e000000, 0x7fffffff },
    { 0x7f800000, 0x7fffffff },
    { 0x80000000, 0x8fffffff },
    { 0x82800000, 0x8a7fffff },
    { 0x8a000000, 0x8bffffff },
    { 0x8a800000, 0x8c7fffff },
    { 0x8ba00000, 0x8f9fffff },
    { 0x91800000, 0x953fffff },
    { 0x97a00000, 0x9f9fffff },
    { 0x99800000, 0x9d7fffff },
    { 0x9ba00000, 0x9f9fffff },
    { 0x9c800000, 0xa07fffff },
    { 0x9d800000, 0x9f7fffff },
    { 0xab800000, 0xaf7fffff },
    { 0xad800000, 0xaf7fffff },
    { 0xada00000, 0xaf9fffff },
    { 0xba800000, 0xbe7fffff },
    { 0xbb000000, 0xbeffffff },
    { 0xbba00000, 0xbf9fffff },
    { 0xbe000000, 0xbfffffff },
    { 0xbf200000, 0xcf1fffff },
    { 0xc4000000, 0xc7ffffff },
    { 0xcba00000, 0xcf9fffff },
    { 0xcd200000, 0xcf1fffff },
    { 0xcfa00000, 0xdf9fffff },
    { 0xdb200000, 0xdf1fffff },
    { 0xdba00000, 0xdf9fffff },
    { 0xdbe00000, 0xdfdfffff },
    { 0xdd200000, 0xdf1fffff },
    { 0xde000000, 0xdfffffff },
};

#endif
