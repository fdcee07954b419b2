/*
 * Who decides about a reserved region: the machine or the guest's tables
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: it owns no state; RMRRKept is the caller's. Tested by
 * tests/unit/test-rmrr-policy.c, every row of the table in
 * docs/system/igd-stolen.rst.
 */

#include "qemu/osdep.h"
#include "rmrr_policy.h"

RmrrReason rmrr_policy_decide(RmrrPolicy policy, bool sees_maps,
                              const RMRRView *view, RMRRKept *kept,
                              bool is_mapped, bool may_return)
{
    RmrrReason reason = view->tables;

    /*
     * A domain is known by its top table and its id, and a guest uses both
     * again for another domain once the first is gone. So what was seen is good
     * only while the device stays: whoever comes later gets nothing. And
     * nothing can be kept that is not there.
     */
    kept->valid = kept->valid && is_mapped && view->translated &&
                  reason != RMRR_REASON_FOREIGN &&
                  kept->domain.root == view->domain.root &&
                  kept->domain.id == view->domain.id;
    if (!rmrr_reason_mapped(reason)) {
        if (policy == RMRR_POLICY_LOCK) {
            reason = RMRR_REASON_LOCKED;
        } else if (policy == RMRR_POLICY_KEEP && sees_maps && kept->valid) {
            reason = RMRR_REASON_KEPT;
        }
    }

    if (rmrr_reason_mapped(reason) && !is_mapped && !may_return) {
        return RMRR_REASON_WAITING;
    }
    if (view->tables == RMRR_REASON_IDENTITY) {
        kept->valid = true;
        kept->domain = view->domain;
    }
    return reason;
}

const char *rmrr_reason_text(RmrrReason reason)
{
    static const char *const texts[RMRR_REASON__MAX] = {
        [RMRR_REASON_TRANSLATION_OFF] = "translation is off",
        [RMRR_REASON_PASS_THROUGH] = "the device is not translated",
        [RMRR_REASON_IDENTITY] = "the guest maps all of it to itself",
        [RMRR_REASON_KEPT] = "the guest mapped all of it to itself before, "
                             "in this domain",
        [RMRR_REASON_LOCKED] = "rmrr-policy=lock, against the guest's tables",
        [RMRR_REASON_NO_CONTEXT] = "the device has no context entry",
        [RMRR_REASON_ABSENT] = "the guest maps none of it",
        [RMRR_REASON_PARTIAL] = "the guest maps only a part of it",
        [RMRR_REASON_FOREIGN] = "the guest maps something else there",
        [RMRR_REASON_WAITING] = "it comes back when the device's context "
                                "changes",
        [RMRR_REASON_MAP_FAILED] = "the host could not map it",
    };

    return reason < RMRR_REASON__MAX ? texts[reason] : "unknown";
}
