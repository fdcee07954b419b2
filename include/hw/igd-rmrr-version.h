/*
 * Which QEMU our files are built in
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_IGD_RMRR_VERSION_H
#define HW_IGD_RMRR_VERSION_H

/* There is no 10.3; a development version, 10.2.50, is of the next, 11.0 */
#define QEMU_SINCE(major, minor)                                            \
    (QEMU_VERSION_MAJOR * 3 + QEMU_VERSION_MINOR +                          \
     (QEMU_VERSION_MICRO >= 50) >= (major) * 3 + (minor))

#endif
