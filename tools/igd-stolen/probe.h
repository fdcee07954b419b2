/*
 * Verdicts on a host: can its IGD be assigned, stolen memory in its place
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only.
 */

#ifndef IGD_STOLEN_PROBE_H
#define IGD_STOLEN_PROBE_H

#include "checks.h"
#include "host.h"

/**
 * probe_checks: all verdicts, the sum as the last one
 */
CheckList *probe_checks(const Host *host);

/* Parts of probe_checks() */
void probe_device(CheckList *list, const Host *host);
void probe_iommu(CheckList *list, const Host *host);
void probe_group(CheckList *list, const Host *host);
void probe_region(CheckList *list, const Host *host);

/**
 * host_json: what is known of a host
 */
json_t *host_json(const Host *host);

/**
 * host_aw_bits: what to give as aw-bits to the guest's IOMMU
 *
 * Returns: 39 or 48; 0 if the host's IOMMU is too narrow for either.
 */
unsigned host_aw_bits(const Host *host);

#endif
