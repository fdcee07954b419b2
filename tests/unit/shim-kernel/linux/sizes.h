/*
 * Stand-in for the kernel's linux/sizes.h, for its code built in user space
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef LINUX_SIZES_H
#define LINUX_SIZES_H

#define SZ_1M           0x100000

#endif
