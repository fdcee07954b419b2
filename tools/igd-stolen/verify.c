/*
 * Verdicts inside a guest: does all that shows stolen memory agree
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The registers are the reference: BDSM and GGC say where
 * stolen memory is, and DMAR, E820 and kernel have to say the same.
 * Tested by tests/tool and, in guests, by tests/functional.
 */

#include "qemu/osdep.h"
#include "checks.h"

#define MIB             0x100000ull
#define E820_RESERVED   "Reserved"
#define E820_RAM        "System RAM"

#define verify_add(list, name, title, status, ...) \
    checks_add(list, name, title, status, NULL, __VA_ARGS__)

static void verify_registers(CheckList *list, const Host *host)
{
    static const char title[] = "BDSM and GGC";
    const StolenRegion *r = &host->by_config.region;

    if (host->by_config.known) {
        verify_add(list, "bdsm", title, CHECK_PASS,
                   "GSM and DSM %08" PRIx64 "-%08" PRIx64 ", BDSM %08" PRIx64,
                   r->base, r->limit, r->dsm_base);
    } else if (!host->ggc.known && host->region.known) {
        verify_add(list, "bdsm", title, CHECK_WARN, "unknown: %s",
                   host->by_config.from);
    } else {
        verify_add(list, "bdsm", title, CHECK_FAIL, "%s",
                   host->by_config.from);
    }
}

/* The kernel's own words on the device's group; no privilege needed */
static void verify_group(CheckList *list, const Host *host)
{
    static const char title[] = "reserved_regions of the IOMMU group";
    const StolenRegion *r = &host->region.region;
    const StolenRegion *group = &host->by_group.region;

    if (!host->by_group.known) {
        verify_add(list, "reserved_regions", title,
                   host->unit ? CHECK_FAIL : CHECK_WARN, "%s%s",
                   host->unit ? "" : "no IOMMU in use: ",
                   host->by_group.from);
    } else {
        bool same = stolen_region_is(r, group->base, group->limit);

        verify_add(list, "reserved_regions", title,
                   same ? CHECK_PASS : CHECK_FAIL,
                   "direct-relaxable %08" PRIx64 "-%08" PRIx64, group->base,
                   group->limit);
    }
}

static bool verify_is_scope(const Host *host, const DmarRmrr *rmrr)
{
    const DmarScope *scope = &rmrr->scope;
    unsigned segment = g_ascii_strtoull(host->igd.address, NULL, 16);

    return rmrr->nr_scopes == 1 && scope->type == 1 &&
           rmrr->segment == segment && scope->start_bus == host->start_bus &&
           scope->nr_hops == host->nr_hops &&
           !memcmp(scope->path, host->path, host->nr_hops * 2);
}

static void verify_dmar(CheckList *list, const Host *host)
{
    static const char title[] = "RMRR in the DMAR table";
    const StolenRegion *r = &host->region.region;
    const DmarRmrr *found = NULL;
    unsigned i;

    if (host->dmar_why) {
        verify_add(list, "dmar", title, CHECK_WARN, "unknown: %s",
                   host->dmar_why);
        return;
    }
    for (i = 0; i < host->dmar.rmrrs->len; i++) {
        const DmarRmrr *rmrr = &g_array_index(host->dmar.rmrrs, DmarRmrr, i);

        if (stolen_region_overlaps(r, rmrr->base, rmrr->limit)) {
            found = rmrr;
        }
    }
    if (!found) {
        verify_add(list, "dmar", title, CHECK_FAIL,
                   "none of %u is over stolen memory", host->dmar.rmrrs->len);
    } else {
        bool same = stolen_region_is(r, found->base, found->limit);
        bool scope = verify_is_scope(host, found);

        verify_add(list, "dmar", title,
                   same && scope ? CHECK_PASS : CHECK_FAIL,
                   "%08" PRIx64 "-%08" PRIx64 ", scope %s", found->base,
                   found->limit, scope ? host->igd.address :
                   "is not the device alone");
    }
}

/*
 * Firmware may have joined the region with reserved memory of its own directly
 * below; nothing may be joined above, and no RAM may be in it
 */
static void verify_e820(CheckList *list, const Host *host)
{
    static const char title[] = "E820";
    const StolenRegion *r = &host->region.region;
    const MemRange *over = NULL;
    unsigned i;

    if (!host->firmware) {
        verify_add(list, "e820", title, CHECK_WARN, "unknown: %s",
                   host->firmware_why);
        return;
    }
    for (i = 0; i < host->firmware->len; i++) {
        const MemRange *range = &g_array_index(host->firmware, MemRange, i);

        if (!stolen_region_overlaps(r, range->base, range->limit)) {
            continue;
        }
        if (over || strcmp(range->name, E820_RESERVED)) {
            verify_add(list, "e820", title, CHECK_FAIL,
                       "%08" PRIx64 "-%08" PRIx64 " %s is in the way",
                       range->base, range->limit, range->name);
            return;
        }
        over = range;
    }
    if (!over) {
        verify_add(list, "e820", title, CHECK_FAIL,
                   "no entry over stolen memory");
    } else {
        bool good = over->limit == r->limit && over->base <= r->base &&
                    r->base - over->base < MIB;

        verify_add(list, "e820", title, good ? CHECK_PASS : CHECK_FAIL,
                   "reserved %08" PRIx64 "-%08" PRIx64, over->base,
                   over->limit);
    }
}

/* What the kernel reserved by itself, from BDSM and GGC, early at boot */
static void verify_kernel(CheckList *list, const Host *host)
{
    static const char title[] = "the kernel's own reservation";
    const StolenRegion *r = &host->region.region;
    const StolenRegion *dsm = &host->by_kernel.region;

    if (!host->by_kernel.known) {
        verify_add(list, "kernel", title,
                   host->log_is_whole ? CHECK_FAIL : CHECK_WARN, "%s%s",
                   host->log_is_whole ? "" : "unknown: ",
                   host->by_kernel.from);
    } else {
        bool same = dsm->limit == r->limit &&
                    (!host->by_config.known || dsm->base == r->dsm_base);

        verify_add(list, "kernel", title, same ? CHECK_PASS : CHECK_FAIL,
                   "DSM %08" PRIx64 "-%08" PRIx64, dsm->base, dsm->limit);
    }
}

/* What a range of the kernel's map over stolen memory must not be */
static bool verify_is_stranger(const Host *host, const MemRange *range)
{
    const StolenRegion *r = &host->region.region;

    return stolen_region_overlaps(r, range->base, range->limit) &&
           (!strcmp(range->name, E820_RAM) ||
            g_str_has_prefix(range->name, "PCI Bus") ||
            host_valid_address(range->name));
}

static void verify_clear(CheckList *list, const Host *host)
{
    static const char title[] = "that nothing else is there";
    unsigned i;

    if (!host->iomem) {
        verify_add(list, "clear", title, CHECK_WARN, "unknown: %s",
                   host->iomem_why);
        return;
    }
    for (i = 0; i < host->iomem->len; i++) {
        const MemRange *range = &g_array_index(host->iomem, MemRange, i);

        if (verify_is_stranger(host, range)) {
            verify_add(list, "clear", title, CHECK_FAIL,
                       "%08" PRIx64 "-%08" PRIx64 " is %s", range->base,
                       range->limit, range->name);
            return;
        }
    }
    verify_add(list, "clear", title, CHECK_PASS,
               "no RAM, PCI window or BAR");
}

CheckList *verify_checks(const Host *host)
{
    CheckList *list = checks_new();

    if (!host->igd.address) {
        verify_add(list, "igd", "for an Intel integrated GPU", CHECK_FAIL,
                   "%s", host->igd_why);
        return list;
    }
    verify_add(list, "igd", "for an Intel integrated GPU", CHECK_PASS,
               "%s, %04x:%04x", host->igd.address, host->igd.vendor,
               host->igd.device);
    if (!host_needs_place(host)) {
        verify_add(list, "bdsm", "BDSM and GGC", CHECK_PASS,
                   "no stolen memory that needs a place%s",
                   host->is_function ? "" : ": it is in a BAR");
        return list;
    }
    verify_registers(list, host);
    if (host->region.known) {
        verify_group(list, host);
        verify_dmar(list, host);
        verify_e820(list, host);
        verify_kernel(list, host);
        verify_clear(list, host);
    }
    return list;
}
