/*
 * Who decides about a reserved region: the machine or the guest's tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: takes the state of the tables, returns a verdict.
 * docs/system/igd-stolen.rst has the table. RmrrPolicy and
 * RmrrReason are described in qapi/rmrr-target.json.
 */

#ifndef HW_I386_RMRR_POLICY_H
#define HW_I386_RMRR_POLICY_H

#include "qapi/qapi-types-rmrr-target.h"

/* A domain of the guest's: address of its top table, and its id */
typedef struct RMRRDomain {
    uint64_t root;
    uint16_t id;
} RMRRDomain;

/**
 * RMRRView: the state of the guest's tables
 * @tables: of the range: RMRR_REASON_TRANSLATION_OFF, _PASS_THROUGH,
 *      _NO_CONTEXT, _ABSENT, _PARTIAL, _IDENTITY or _FOREIGN
 * @translated: the device has tables, so @tables is one of the last four
 * @domain: the device's domain, if @translated
 */
typedef struct RMRRView {
    RmrrReason tables;
    bool translated;
    RMRRDomain domain;
} RMRRView;

/**
 * RMRRKept: the domain that RMRR_POLICY_KEEP keeps the region mapped in
 * @valid: the guest has mapped the whole range to itself in @domain, and the
 *      device has been in that domain, and the range mapped, ever since
 * @domain: that domain
 */
typedef struct RMRRKept {
    bool valid;
    RMRRDomain domain;
} RMRRKept;

/**
 * rmrr_policy_decide: whether the machine keeps the region mapped
 * @policy: the policy
 * @sees_maps: the IOMMU hears of entries that become present (caching mode,
 *      and second-stage tables); if not, RMRR_POLICY_KEEP is
 *      RMRR_POLICY_EXACT, because a hole may have been filled unseen
 * @view: the state of the tables
 * @kept: brought up to date, whatever the policy
 * @is_mapped: it is mapped now
 * @may_return: if not, it could be mapped again
 *
 * Returns: the reason, which also says whether (rmrr_reason_mapped()).
 */
RmrrReason rmrr_policy_decide(RmrrPolicy policy, bool sees_maps,
                              const RMRRView *view, RMRRKept *kept,
                              bool is_mapped, bool may_return);

/* If not, the guest's tables alone decide what the device can reach. */
static inline bool rmrr_reason_mapped(RmrrReason reason)
{
    return reason <= RMRR_REASON_LOCKED;
}

/* A static string, to complete "it is (not) kept mapped: ..." */
const char *rmrr_reason_text(RmrrReason reason);

#endif
