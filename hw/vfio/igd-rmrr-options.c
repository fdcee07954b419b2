/*
 * Stolen memory of an IGD assigned by vfio-pci: options
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Glue: QOM properties of vfio-pci and the provider interface's methods. The
 * meaning of the options is in igd-rmrr.c and docs/system/igd-stolen.rst.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "igd-rmrr-early.h"
#include "igd-rmrr-internal.h"

static char *vfio_igd_rmrr_get_mode(Object *obj, Error **errp)
{
    VFIOIgdRmrr *rmrr = VFIO_PCI(obj)->igd_rmrr;

    return g_strdup(rmrr && rmrr->mode ? rmrr->mode : IGD_RMRR_DEFAULT_MODE);
}

static bool vfio_igd_rmrr_may_set(Object *obj, const char *name, Error **errp)
{
    if (DEVICE(obj)->realized) {
        error_setg(errp, "%s cannot be changed once the device is realized",
                   name);
        return false;
    }
    return true;
}

static void vfio_igd_rmrr_set_mode(Object *obj, const char *value,
                                   Error **errp)
{
    VFIOIgdRmrr *rmrr = vfio_igd_rmrr(VFIO_PCI(obj));

    if (!vfio_igd_rmrr_may_set(obj, "x-igd-stolen", errp)) {
        return;
    }
    if (strcmp(value, "auto") && strcmp(value, "identity") &&
        strcmp(value, "firmware") && strcmp(value, "off")) {
        error_setg(errp, "x-igd-stolen=%s: has to be one of auto, identity, "
                   "firmware, off", value);
        return;
    }
    g_free(rmrr->mode);
    rmrr->mode = g_strdup(value);
}

static void vfio_igd_rmrr_get_number(Object *obj, Visitor *v, const char *name,
                                     void *opaque, Error **errp)
{
    VFIOIgdRmrr *rmrr = vfio_igd_rmrr(VFIO_PCI(obj));
    uint64_t value = *(uint64_t *)((char *)rmrr + (uintptr_t)opaque);

    visit_type_size(v, name, &value, errp);
}

static void vfio_igd_rmrr_set_number(Object *obj, Visitor *v, const char *name,
                                     void *opaque, Error **errp)
{
    VFIOIgdRmrr *rmrr = vfio_igd_rmrr(VFIO_PCI(obj));
    uint64_t value;

    if (!vfio_igd_rmrr_may_set(obj, name, errp) ||
        !visit_type_size(v, name, &value, errp)) {
        return;
    }
    if (!value) {
        error_setg(errp, "%s=0: has to be more than 0; leave the option out "
                   "to have the device's own value", name);
        return;
    }
    *(uint64_t *)((char *)rmrr + (uintptr_t)opaque) = value;
}

static bool vfio_igd_rmrr_get_keep(Object *obj, Error **errp)
{
    return vfio_igd_rmrr(VFIO_PCI(obj))->keep;
}

static void vfio_igd_rmrr_set_keep(Object *obj, bool value, Error **errp)
{
    if (vfio_igd_rmrr_may_set(obj, "x-igd-stolen-keep", errp)) {
        vfio_igd_rmrr(VFIO_PCI(obj))->keep = value;
    }
}

static char *vfio_igd_rmrr_get_memory(Object *obj, Error **errp)
{
    return g_strdup(vfio_igd_rmrr(VFIO_PCI(obj))->device_memory ? "device"
                                                                : "ram");
}

static void vfio_igd_rmrr_set_memory(Object *obj, const char *value,
                                     Error **errp)
{
    if (!vfio_igd_rmrr_may_set(obj, "x-igd-stolen-memory", errp)) {
        return;
    }
    if (strcmp(value, "ram") && strcmp(value, "device")) {
        error_setg(errp, "x-igd-stolen-memory=%s: has to be one of ram, "
                   "device", value);
        return;
    }
    vfio_igd_rmrr(VFIO_PCI(obj))->device_memory = !strcmp(value, "device");
}

void vfio_igd_rmrr_class_init(ObjectClass *klass)
{
    RMRRProviderClass *rrc = RMRR_PROVIDER_CLASS(klass);

    rrc->early = vfio_igd_rmrr_early;
    rrc->get = vfio_igd_rmrr_get;
    rrc->maps_iova = vfio_igd_rmrr_maps_iova;
    rrc->keeps_contents = vfio_igd_rmrr_keeps_contents;
    rrc->off_option = "x-igd-stolen=off";

    object_class_property_add_str(klass, "x-igd-stolen",
                                  vfio_igd_rmrr_get_mode,
                                  vfio_igd_rmrr_set_mode);
    object_class_property_set_description(klass, "x-igd-stolen",
        "IGD stolen memory: auto, identity (at the host's base or not at "
        "all), firmware (guest firmware chooses), off");
    object_class_property_add(klass, "x-igd-stolen-base", "size",
                              vfio_igd_rmrr_get_number,
                              vfio_igd_rmrr_set_number, NULL,
                              (void *)offsetof(VFIOIgdRmrr, base));
    object_class_property_set_description(klass, "x-igd-stolen-base",
        "IGD stolen memory, GSM included: first byte");
    object_class_property_add(klass, "x-igd-stolen-size", "size",
                              vfio_igd_rmrr_get_number,
                              vfio_igd_rmrr_set_number, NULL,
                              (void *)offsetof(VFIOIgdRmrr, size));
    object_class_property_set_description(klass, "x-igd-stolen-size",
        "IGD stolen memory, GSM included: bytes");
    object_class_property_add(klass, "x-igd-stolen-gsm-size", "size",
                              vfio_igd_rmrr_get_number,
                              vfio_igd_rmrr_set_number, NULL,
                              (void *)offsetof(VFIOIgdRmrr, gsm_size));
    object_class_property_set_description(klass, "x-igd-stolen-gsm-size",
        "IGD stolen memory: bytes of GSM at its beginning, for a device id "
        "that is not known");
    object_class_property_add_str(klass, "x-igd-stolen-memory",
                                  vfio_igd_rmrr_get_memory,
                                  vfio_igd_rmrr_set_memory);
    object_class_property_set_description(klass, "x-igd-stolen-memory",
        "IGD stolen memory: ram (the default; the guest's own), device (the "
        "device's DSM, which needs the host's driver igd-vfio-pci)");
    object_class_property_add_bool(klass, "x-igd-stolen-keep",
                                   vfio_igd_rmrr_get_keep,
                                   vfio_igd_rmrr_set_keep);
    object_class_property_set_description(klass, "x-igd-stolen-keep",
        "IGD stolen memory: on leaves its contents alone at machine reset, "
        "off (the default) clears it");
}
