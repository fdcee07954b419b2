/*
 * Who decides about a reserved region: the machine or the guest's tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: takes what was seen, returns a verdict. docs/devel/design.rst,
 * "Who wins", has the table and the reasons.
 */

#ifndef HW_I386_RMRR_POLICY_H
#define HW_I386_RMRR_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * RMRRPolicy: intel-iommu,rmrr-policy=
 * @RMRR_POLICY_KEEP: the guest's tables win where they map anything else;
 *      what they once mapped to itself stays mapped in that domain
 * @RMRR_POLICY_EXACT: the guest's tables win, holes included: the VT-d
 *      specification to the letter
 * @RMRR_POLICY_LOCK: the region is mapped to itself whatever the tables say
 */
typedef enum RMRRPolicy {
    RMRR_POLICY_KEEP,
    RMRR_POLICY_EXACT,
    RMRR_POLICY_LOCK,
    RMRR_POLICY__MAX,
} RMRRPolicy;

/**
 * RMRRTables: what the guest's IOMMU does to a device's range
 * @RMRR_TABLES_OFF: translation is off
 * @RMRR_TABLES_PASS_THROUGH: the device is not translated
 * @RMRR_TABLES_NO_CONTEXT: it has no usable context or PASID entry, and so
 *      can reach nothing
 * @RMRR_TABLES_ABSENT: its tables map no page of the range
 * @RMRR_TABLES_PARTIAL: they map some pages to themselves, the others not
 * @RMRR_TABLES_IDENTITY: they map all of it to itself, read-write
 * @RMRR_TABLES_FOREIGN: they map some page otherwise
 */
typedef enum RMRRTables {
    RMRR_TABLES_OFF,
    RMRR_TABLES_PASS_THROUGH,
    RMRR_TABLES_NO_CONTEXT,
    RMRR_TABLES_ABSENT,
    RMRR_TABLES_PARTIAL,
    RMRR_TABLES_IDENTITY,
    RMRR_TABLES_FOREIGN,
} RMRRTables;

/**
 * RMRRDomain: a domain of the guest's, as far as it can be told from another
 * @root: guest physical address of its top table
 * @id: its domain id
 */
typedef struct RMRRDomain {
    uint64_t root;
    uint16_t id;
} RMRRDomain;

/**
 * RMRRView: what was seen
 * @tables: the state of the range
 * @domain: the device's domain; only where @tables is RMRR_TABLES_ABSENT or
 *      one after it
 */
typedef struct RMRRView {
    RMRRTables tables;
    RMRRDomain domain;
} RMRRView;

/**
 * RMRRKept: what `keep` has to keep
 * @valid: the guest has mapped the whole range to itself in @domain, and the
 *      device has been in that domain, and the range mapped, ever since
 * @domain: that domain
 */
typedef struct RMRRKept {
    bool valid;
    RMRRDomain domain;
} RMRRKept;

/**
 * RMRRReason: why the region is, or is not, mapped by the machine
 *
 * Mapped up to and including RMRR_REASON_LOCKED. Otherwise the guest's tables
 * alone decide what the device can reach.
 *
 * @RMRR_REASON_TRANSLATION_OFF, @RMRR_REASON_PASS_THROUGH,
 * @RMRR_REASON_IDENTITY: as in RMRRTables
 * @RMRR_REASON_KEPT: the tables have holes, in a domain that had none
 * @RMRR_REASON_LOCKED: the tables would have it otherwise, and policy is lock
 * @RMRR_REASON_NO_CONTEXT, @RMRR_REASON_ABSENT, @RMRR_REASON_PARTIAL,
 * @RMRR_REASON_FOREIGN: as in RMRRTables
 * @RMRR_REASON_WAITING: the tables agree (or policy is lock), but it was not
 *      mapped, and it can come back only when the device's mappings are gone:
 *      at the next change of translation, context or PASID entry
 * @RMRR_REASON_MAP_FAILED: the host could not map it when it was to come back
 */
typedef enum RMRRReason {
    RMRR_REASON_TRANSLATION_OFF,
    RMRR_REASON_PASS_THROUGH,
    RMRR_REASON_IDENTITY,
    RMRR_REASON_KEPT,
    RMRR_REASON_LOCKED,
    RMRR_REASON_NO_CONTEXT,
    RMRR_REASON_ABSENT,
    RMRR_REASON_PARTIAL,
    RMRR_REASON_FOREIGN,
    RMRR_REASON_WAITING,
    RMRR_REASON_MAP_FAILED,
    RMRR_REASON__MAX,
} RMRRReason;

/**
 * rmrr_policy_decide: whether the machine keeps the region mapped
 * @policy: the policy
 * @sees_maps: the IOMMU hears of entries that become present (caching mode,
 *      and second-stage tables); if not, RMRR_POLICY_KEEP is
 *      RMRR_POLICY_EXACT, because a hole may have been filled unseen
 * @view: what was seen
 * @kept: brought up to date, whatever the policy
 * @is_mapped: it is mapped now
 * @may_return: if not, it could be mapped again
 *
 * Returns: the reason, which also says whether (rmrr_reason_mapped()).
 */
RMRRReason rmrr_policy_decide(RMRRPolicy policy, bool sees_maps,
                              const RMRRView *view, RMRRKept *kept,
                              bool is_mapped, bool may_return);

/**
 * rmrr_reason_mapped: whether the region is mapped, for that reason
 */
static inline bool rmrr_reason_mapped(RMRRReason reason)
{
    return reason <= RMRR_REASON_LOCKED;
}

/**
 * rmrr_reason_text: a reason, to complete "it is (not) kept mapped: ..."
 *
 * Returns: a static string.
 */
const char *rmrr_reason_text(RMRRReason reason);

/**
 * rmrr_policy_name: as it is written in the option
 *
 * Returns: a static string.
 */
const char *rmrr_policy_name(RMRRPolicy policy);

/**
 * rmrr_policy_parse: read the option
 * @name: a policy's name
 * @policy: filled in on success
 *
 * Returns: false if there is no such policy.
 */
bool rmrr_policy_parse(const char *name, RMRRPolicy *policy);

#endif
