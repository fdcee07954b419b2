/*
 * Reader of the host this runs on
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: opens for reading only; writes nothing anywhere.
 */

#ifndef IGD_STOLEN_LIVE_H
#define IGD_STOLEN_LIVE_H

#include "store.h"

/**
 * live_read: a HostReadFunc
 * @opaque: a directory in whose place "/" is looked for: "" for the real one
 */
HostStatus live_read(void *opaque, HostKind kind, const char *path,
                     char **data, size_t *size);

#endif
