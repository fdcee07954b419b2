/*
 * The options of igd-testdev that say where its stolen memory is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: reads the options, from a dictionary before the machine exists
 * or from the properties at realize, and makes the messages of refusals. What
 * is possible is igd-stolen.c's knowledge.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"
#include "hw/vfio/igd-stolen.h"
#include "igd-testdev.h"

static void igd_testdev_opts_refuse_id(const IGDTestDevOpts *o,
                                       IGDStolenResult result, Error **errp)
{
    error_setg(errp, TYPE_IGD_TESTDEV ": device-id 0x%04x: %s; set "
               "device-id=0x1912 (Skylake), device-id=0x9a49 (Tiger Lake) or "
               "that of another IGD that has BDSM", o->device_id,
               igd_stolen_strerror(result));
}

/* @example is right in every generation */
static void igd_testdev_opts_refuse_size(const char *option, uint64_t size,
                                         const char *gen, const char *sizes,
                                         const char *example, Error **errp)
{
    g_autofree char *text = size_to_str(size);

    error_setg(errp, TYPE_IGD_TESTDEV ": %s 0x%" PRIx64 " (%s) cannot be "
               "expressed in GGC of %s, or is no memory; set %s to %s, such "
               "as %s=%s", option, size, text, gen, option, sizes, option,
               example);
}

/* A dsm-base that is near the one given and can be had */
static uint64_t igd_testdev_opts_near(const IGDTestDevOpts *o)
{
    uint64_t lowest = STOLEN_MIN_BASE + o->gsm_size;
    uint64_t highest = STOLEN_CHIPSET_BASE - o->dsm_size;
    uint64_t base = o->dsm_base;

    if (!base) {
        base = 0x7b800000;
    } else if (base < 4 * KiB) {
        base *= MiB;    /* it was meant as a number of MiB */
    }
    base = QEMU_ALIGN_DOWN(base, IGD_STOLEN_ALIGN);
    return MAX(lowest, MIN(base, highest));
}

static void igd_testdev_opts_refuse_place(const IGDTestDevOpts *o,
                                          IGDStolenResult result,
                                          Error **errp)
{
    uint64_t near = igd_testdev_opts_near(o);

    switch (result) {
    case IGD_STOLEN_BDSM_ZERO:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base is missing or 0; set "
                   "dsm-base to a multiple of 0x%llx (1 MiB), such as "
                   "dsm-base=0x%" PRIx64, IGD_STOLEN_ALIGN, near);
        break;
    case IGD_STOLEN_BDSM_UNALIGNED:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " is not a "
                   "multiple of 0x%llx (1 MiB); set dsm-base=0x%" PRIx64,
                   o->dsm_base, IGD_STOLEN_ALIGN, near);
        break;
    case IGD_STOLEN_GSM_UNDERFLOW:
    case IGD_STOLEN_BELOW_1M:
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " minus "
                   "gsm-size 0x%" PRIx64 " is below the limit 0x%llx (16 MiB); "
                   "set dsm-base=0x%" PRIx64, o->dsm_base, o->gsm_size,
                   STOLEN_MIN_BASE, near);
        break;
    default:
        if (o->dsm_size > STOLEN_CHIPSET_BASE - STOLEN_MIN_BASE -
                          o->gsm_size) {
            error_setg(errp, TYPE_IGD_TESTDEV ": dsm-size 0x%" PRIx64 " does "
                       "not fit below the limit 0x%llx; set dsm-size=64M",
                       o->dsm_size, STOLEN_CHIPSET_BASE);
            break;
        }
        error_setg(errp, TYPE_IGD_TESTDEV ": dsm-base 0x%" PRIx64 " plus "
                   "dsm-size 0x%" PRIx64 " is above the limit 0x%llx (below "
                   "4 GiB); set dsm-base=0x%" PRIx64, o->dsm_base, o->dsm_size,
                   STOLEN_CHIPSET_BASE, near);
        break;
    }
}

bool igd_testdev_opts_region(const IGDTestDevOpts *o, uint16_t *ggc,
                             StolenRegion *region, Error **errp)
{
    IGDStolenGen gen = igd_stolen_gen(o->device_id);
    const IGDStolenLayout *layout = igd_stolen_layout(gen);
    IGDStolenResult result;

    result = igd_stolen_encode_ggc(gen, o->dsm_size, o->gsm_size, ggc);
    if (result == IGD_STOLEN_OK && !o->dsm_size) {
        result = IGD_STOLEN_DSM_INEXPRESSIBLE;
    }
    switch (result) {
    case IGD_STOLEN_OK:
        break;
    case IGD_STOLEN_DSM_INEXPRESSIBLE:
        igd_testdev_opts_refuse_size("dsm-size", o->dsm_size, layout->name,
                                     layout->dsm_sizes, "64M", errp);
        return false;
    case IGD_STOLEN_GSM_INEXPRESSIBLE:
        igd_testdev_opts_refuse_size("gsm-size", o->gsm_size, layout->name,
                                     layout->gsm_sizes, "2M", errp);
        return false;
    default:
        igd_testdev_opts_refuse_id(o, result, errp);
        return false;
    }

    result = igd_stolen_region(o->dsm_base, o->dsm_size, o->gsm_size, region);
    if (result != IGD_STOLEN_OK) {
        igd_testdev_opts_refuse_place(o, result, errp);
        return false;
    }
    return true;
}

/* Bits of STOLEN_RESERVED; the size field is that of gen 8 and later */
#define RESERVED_ENABLE         1u
#define RESERVED_SIZE_SHIFT     7

bool igd_testdev_opts_reserved(const IGDTestDevOpts *o,
                               const StolenRegion *region, uint32_t *reg,
                               Error **errp)
{
    uint64_t size = o->reserved_size;
    bool early = igd_stolen_gen(o->device_id) < IGD_STOLEN_GEN8_BROADWELL;
    uint64_t max = early ? 1 * MiB : 8 * MiB;

    *reg = 0;
    if (!size) {
        return true;
    }
    if (!is_power_of_2(size) || size < 1 * MiB || size > max ||
        size > region->limit + 1 - region->dsm_base) {
        error_setg(errp, TYPE_IGD_TESTDEV ": reserved-size 0x%" PRIx64 " is "
                   "not a power of two from 1 MiB to 0x%" PRIx64 " inside the "
                   "DSM; set reserved-size to 0 or 1M", size, max);
        return false;
    }
    *reg = (region->limit + 1 - size) | ctz64(size / MiB) <<
           RESERVED_SIZE_SHIFT | RESERVED_ENABLE;
    return true;
}

/* As the property of that type would be set from @opts; true if it is absent */
static bool igd_testdev_opts_number(const QDict *opts, const char *name,
                                    bool is_size, uint64_t *value)
{
    QObject *obj = qdict_get(opts, name);
    QString *str = qobject_to(QString, obj);
    QNum *num = qobject_to(QNum, obj);

    if (!obj) {
        return true;
    }
    if (str && is_size) {
        return qemu_strtosz(qstring_get_str(str), NULL, value) == 0;
    }
    if (str) {
        return qemu_strtou64(qstring_get_str(str), NULL, 0, value) == 0;
    }
    return num && qnum_get_try_uint(num, value);
}

bool igd_testdev_opts_early(const QDict *opts, StolenRegion *region)
{
    IGDTestDevOpts o = {
        .dsm_base = IGD_TESTDEV_DEFAULT_DSM_BASE,
        .dsm_size = IGD_TESTDEV_DEFAULT_DSM_SIZE,
        .gsm_size = IGD_TESTDEV_DEFAULT_GSM_SIZE,
    };
    uint64_t id = IGD_TESTDEV_DEFAULT_DEVICE_ID;
    uint16_t ggc;

    if (!igd_testdev_opts_number(opts, "device-id", false, &id) ||
        !igd_testdev_opts_number(opts, "dsm-base", false, &o.dsm_base) ||
        !igd_testdev_opts_number(opts, "dsm-size", true, &o.dsm_size) ||
        !igd_testdev_opts_number(opts, "gsm-size", true, &o.gsm_size) ||
        id > UINT16_MAX) {
        return false;
    }
    o.device_id = id;
    return igd_testdev_opts_region(&o, &ggc, region, NULL);
}
