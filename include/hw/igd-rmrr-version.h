/*
 * Which QEMU our files are built in
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_IGD_RMRR_VERSION_H
#define HW_IGD_RMRR_VERSION_H

/* 11.0.50 and later are 11.1; asked for 10.2 and 11.1 alone */
#define QEMU_SINCE(major, minor)                                            \
    (QEMU_VERSION_MAJOR * 10 + QEMU_VERSION_MINOR +                         \
     (QEMU_VERSION_MICRO >= 50) >= (major) * 10 + (minor))

#endif
