/*
 * Stolen memory behind the emulated VT-d: the option, and what others ask
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: the option intel-iommu,rmrr-policy=, the state of a mapping for QMP,
 * and what a migration stream carries of it. Decides nothing.
 *
 * Tested by tests/qtest/intel-iommu-policy-test.c and rmrr-migrate-test.c.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/qdev-properties.h"
#include "intel_iommu_rmrr_internal.h"

static void vtd_rmrr_get_policy(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    const uint8_t *policy = object_field_prop_ptr(obj, opaque);
    char *text = (char *)rmrr_policy_name(*policy);

    visit_type_str(v, name, &text, errp);
}

static void vtd_rmrr_set_policy(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    uint8_t *field = object_field_prop_ptr(obj, opaque);
    g_autofree char *text = NULL;
    RMRRPolicy policy;

    if (!visit_type_str(v, name, &text, errp)) {
        return;
    }
    if (!rmrr_policy_parse(text, &policy)) {
        error_setg(errp, "%s=%s: has to be one of keep, exact, lock", name,
                   text);
        return;
    }
    *field = policy;
}

static void vtd_rmrr_default_policy(ObjectProperty *op, const Property *prop)
{
    object_property_set_default_str(op, rmrr_policy_name(prop->defval.u));
}

const PropertyInfo vtd_rmrr_policy_info = {
    .type = "str",
    .description = "reserved regions: keep (the guest's tables win, what they "
                   "once mapped stays), exact (they win), lock (always mapped)",
    .get = vtd_rmrr_get_policy,
    .set = vtd_rmrr_set_policy,
    .set_default_value = vtd_rmrr_default_policy,
};

void vtd_rmrr_describe(const VTDRmrrMapping *m, RMRRReason *reason,
                       VTDRmrrStats *stats, uint16_t *sid)
{
    *reason = m->reason;
    *stats = m->stats;
    *sid = PCI_BUILD_BDF(pci_bus_num(m->as->bus), m->as->devfn);
}

void vtd_rmrr_save(const VTDRmrrMapping *m, bool *mapped, RMRRKept *kept)
{
    *mapped = rmrr_reason_mapped(m->reason);
    *kept = m->kept;
}
