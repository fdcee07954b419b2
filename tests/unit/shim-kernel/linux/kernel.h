/*
 * Stand-in for the kernel's linux/kernel.h, for its code built in user space
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef LINUX_KERNEL_H
#define LINUX_KERNEL_H

#include <stddef.h>

#define ARRAY_SIZE(a)   (sizeof(a) / sizeof((a)[0]))

#endif
