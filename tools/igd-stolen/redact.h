/*
 * What may leave a host in a bundle, and what is left out of it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. There is a list of paths, and nothing else is written; of
 * the files that also hold other things, only the lines that the readers look
 * at are. So a bundle has no serial numbers, host names, hardware addresses,
 * disk identifiers or kernel addresses.
 */

#ifndef IGD_STOLEN_REDACT_H
#define IGD_STOLEN_REDACT_H

#include "store.h"

/**
 * redact_allows: whether an entry is of a path on the list
 */
bool redact_allows(const HostEntry *entry);

/**
 * redact: the data of an entry, without what is nobody's business
 * @entry: one with HOST_OK that redact_allows()
 *
 * Returns: @size bytes and a NUL, to be freed by the caller. The readers find
 * the same in it as in the data itself.
 */
char *redact(const HostEntry *entry, size_t *size);

#endif
