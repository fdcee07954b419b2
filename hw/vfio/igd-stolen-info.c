/*
 * The stolen memory region of a VFIO device: what its information says
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: stdint and the kernel's structs only. Walks a chain of capabilities
 * that comes from outside: each is looked at only when it is whole, and the
 * chain only leads forward, so the walk ends.
 *
 * Tested by tests/unit/test-igd-stolen-info.c.
 */

#include "qemu/osdep.h"
#include <linux/vfio.h>
#include "hw/vfio/igd-stolen.h"
#include "hw/vfio/igd_vfio_stolen.h"
#include "igd-stolen-info.h"

/* VFIO_REGION_TYPE_PCI_VENDOR_TYPE, whose shift C does not define, and Intel */
#define TYPE_INTEL      (1u << 31 | 0x8086u)

/* Of these the kernel gives all or none */
#define FLAGS_ACCESS    (VFIO_REGION_INFO_FLAG_READ | \
                         VFIO_REGION_INFO_FLAG_WRITE | \
                         VFIO_REGION_INFO_FLAG_MMAP)

typedef struct Chain {
    struct vfio_region_info_cap_type type;
    struct vfio_region_info_cap_igd_stolen stolen;
    bool has_type;
    bool has_stolen;
    bool broken;
} Chain;

/* Copies a capability of @want bytes, if all of it is there */
static bool igd_stolen_info_copy(const uint8_t *bytes, size_t size, size_t at,
                                 void *to, size_t want)
{
    if (at > size || want > size - at) {
        return false;
    }
    memcpy(to, bytes + at, want);
    return true;
}

static void igd_stolen_info_walk(const uint8_t *bytes, size_t size,
                                 size_t first, Chain *chain)
{
    struct vfio_info_cap_header header;
    size_t at = first, last = 0;

    while (at) {
        bool whole = at > last && igd_stolen_info_copy(bytes, size, at,
                                                       &header,
                                                       sizeof(header));

        if (whole && header.id == VFIO_REGION_INFO_CAP_TYPE) {
            whole = igd_stolen_info_copy(bytes, size, at, &chain->type,
                                         sizeof(chain->type));
            chain->has_type = whole;
        } else if (whole && header.id == VFIO_REGION_INFO_CAP_IGD_STOLEN) {
            whole = igd_stolen_info_copy(bytes, size, at, &chain->stolen,
                                         sizeof(chain->stolen));
            chain->has_stolen = whole;
        }
        if (!whole) {
            chain->broken = true;
            return;
        }
        last = at;
        at = header.next;
    }
}

static IGDStolenInfoResult
igd_stolen_info_check(const struct vfio_region_info *base, const Chain *chain,
                      IGDStolenInfo *info)
{
    const struct vfio_region_info_cap_igd_stolen *stolen = &chain->stolen;
    uint32_t access = base->flags & FLAGS_ACCESS;

    if (chain->broken) {
        return IGD_STOLEN_INFO_CHAIN;
    }
    if (!chain->has_stolen) {
        return IGD_STOLEN_INFO_NO_PLACE;
    }
    if (stolen->header.version != 1) {
        return IGD_STOLEN_INFO_VERSION;
    }
    if (access && access != FLAGS_ACCESS) {
        return IGD_STOLEN_INFO_FLAGS;
    }
    if (base->size != stolen->dsm_size || base->offset > INT64_MAX ||
        base->size > INT64_MAX - base->offset) {
        return IGD_STOLEN_INFO_SIZE;
    }
    if ((stolen->dsm_size | stolen->gsm_size) & (IGD_STOLEN_ALIGN - 1) ||
        stolen->dsm_base - stolen->gsm_size != stolen->base ||
        igd_stolen_region(stolen->dsm_base, stolen->dsm_size,
                          stolen->gsm_size, &info->region) != IGD_STOLEN_OK) {
        return IGD_STOLEN_INFO_PLACE;
    }
    info->offset = base->offset;
    info->access = access;
    return IGD_STOLEN_INFO_OK;
}

IGDStolenInfoResult igd_stolen_info_parse(const void *bytes, size_t size,
                                          IGDStolenInfo *info)
{
    struct vfio_region_info base;
    Chain chain = { };

    if (!igd_stolen_info_copy(bytes, size, 0, &base, sizeof(base)) ||
        !(base.flags & VFIO_REGION_INFO_FLAG_CAPS)) {
        return IGD_STOLEN_INFO_OTHER;
    }
    igd_stolen_info_walk(bytes, size, base.cap_offset, &chain);
    if (!chain.has_type || chain.type.type != TYPE_INTEL ||
        chain.type.subtype != VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN) {
        return IGD_STOLEN_INFO_OTHER;
    }
    return igd_stolen_info_check(&base, &chain, info);
}

const char *igd_stolen_info_strerror(IGDStolenInfoResult result)
{
    static const char *const text[IGD_STOLEN_INFO__MAX] = {
        [IGD_STOLEN_INFO_OK] = "no error",
        [IGD_STOLEN_INFO_OTHER] = "it is another region",
        [IGD_STOLEN_INFO_CHAIN] = "its capabilities are not whole",
        [IGD_STOLEN_INFO_NO_PLACE] = "it does not say where it is",
        [IGD_STOLEN_INFO_VERSION] = "it is of a version not known here",
        [IGD_STOLEN_INFO_FLAGS] =
            "it can be read, written or mapped, but not all three",
        [IGD_STOLEN_INFO_SIZE] = "its size and the DSM's differ",
        [IGD_STOLEN_INFO_PLACE] = "it is where no stolen memory can be",
    };

    if ((unsigned)result >= IGD_STOLEN_INFO__MAX) {
        return "unknown error";
    }
    return text[result];
}
