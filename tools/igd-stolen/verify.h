/*
 * Verdicts inside a guest: does all that shows stolen memory agree
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Right on a real machine as well, whose firmware has the
 * same agreements to keep.
 */

#ifndef IGD_STOLEN_VERIFY_H
#define IGD_STOLEN_VERIFY_H

#include "checks.h"
#include "host.h"

/**
 * verify_checks: one verdict for each agreement
 */
CheckList *verify_checks(const Host *host);

#endif
