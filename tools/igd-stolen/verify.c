/*
 * Verdicts inside a guest: do all sources on stolen memory agree
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

#define verify(check, status, ...) check_set(check, status, NULL, __VA_ARGS__)

static CheckStatus verify_status(bool good)
{
    return good ? CHECK_PASS : CHECK_FAIL;
}

static void verify_registers(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "bdsm", "BDSM and GGC");
    const StolenRegion *r = &host->by_config.region;

    if (host->by_config.known) {
        check_pass(check, "GSM and DSM %08" PRIx64 "-%08" PRIx64
                   ", BDSM %08" PRIx64, r->base, r->limit, r->dsm_base);
    } else if (!host->ggc.known && host->region.known) {
        verify(check, CHECK_WARN, "unknown: %s", host->by_config.from);
    } else {
        verify(check, CHECK_FAIL, "%s", host->by_config.from);
    }
}

/* The kernel's list for the device's group; it needs no privilege */
static void verify_group(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "reserved_regions",
                             "reserved_regions of the IOMMU group");
    const StolenRegion *group = &host->by_group.region;

    if (!host->by_group.known) {
        verify(check, host->unit ? CHECK_FAIL : CHECK_WARN, "%s%s",
               host->unit ? "" : "no IOMMU in use: ", host->by_group.from);
    } else {
        verify(check, verify_status(stolen_region_is(
               &host->region.region, group->base, group->limit)),
               "direct-relaxable %08" PRIx64 "-%08" PRIx64, group->base,
               group->limit);
    }
}

static bool verify_is_scope(const Host *host, const DmarRmrr *rmrr)
{
    unsigned segment = g_ascii_strtoull(host->igd.address, NULL, 16);

    return rmrr->nr_scopes == 1 && rmrr->type == 1 &&
           rmrr->segment == segment && rmrr->start_bus == host->start_bus &&
           rmrr->nr_hops == host->nr_hops &&
           !memcmp(rmrr->path, host->path, host->nr_hops * 2);
}

static void verify_dmar(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "dmar", "RMRR in the DMAR table");
    const StolenRegion *r = &host->region.region;
    const DmarRmrr *found = NULL;
    unsigned i;

    if (host->dmar_why) {
        verify(check, CHECK_WARN, "unknown: %s", host->dmar_why);
        return;
    }
    for (i = 0; i < host->nr_rmrrs; i++) {
        if (stolen_region_overlaps(r, host->rmrrs[i].base,
                                   host->rmrrs[i].limit)) {
            found = &host->rmrrs[i];
        }
    }
    if (!found) {
        verify(check, CHECK_FAIL, "none of %u covers stolen memory",
               host->nr_rmrrs);
    } else {
        bool scope = verify_is_scope(host, found);

        verify(check, verify_status(scope && stolen_region_is(
               r, found->base, found->limit)),
               "%08" PRIx64 "-%08" PRIx64 ", scope %s", found->base,
               found->limit, scope ? host->igd.address
                                   : "is not the device alone");
    }
}

/*
 * Firmware may have joined the region with reserved memory of its own directly
 * below; nothing may be joined above, and no RAM may be in it
 */
static void verify_e820(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "e820", "E820");
    const StolenRegion *r = &host->region.region;
    const MemRange *range, *over = NULL;

    if (!host->firmware) {
        verify(check, CHECK_WARN, "unknown: %s", host->firmware_why);
        return;
    }
    for (range = host->firmware; range->name; range++) {
        if (!stolen_region_overlaps(r, range->base, range->limit)) {
            continue;
        }
        if (over || strcmp(range->name, E820_RESERVED)) {
            verify(check, CHECK_FAIL,
                   "%08" PRIx64 "-%08" PRIx64 " %s is in the way",
                   range->base, range->limit, range->name);
            return;
        }
        over = range;
    }
    if (!over) {
        verify(check, CHECK_FAIL, "no entry covers stolen memory");
    } else {
        verify(check, verify_status(over->limit == r->limit &&
                                    over->base <= r->base &&
                                    r->base - over->base < MIB),
               "reserved %08" PRIx64 "-%08" PRIx64, over->base, over->limit);
    }
}

/* The DSM that the kernel reserved early at boot, from BDSM and GGC */
static void verify_kernel(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "kernel", "the kernel's own reservation");
    const StolenRegion *r = &host->region.region;
    const StolenRegion *dsm = &host->by_kernel.region;

    if (!host->by_kernel.known) {
        verify(check, host->log_is_whole ? CHECK_FAIL : CHECK_WARN, "%s%s",
               host->log_is_whole ? "" : "unknown: ", host->by_kernel.from);
    } else {
        verify(check, verify_status(dsm->limit == r->limit &&
                                    (!host->by_config.known ||
                                     dsm->base == r->dsm_base)),
               "DSM %08" PRIx64 "-%08" PRIx64, dsm->base, dsm->limit);
    }
}

/* A range of the kernel's map that must not overlap stolen memory */
static bool verify_is_stranger(const Host *host, const MemRange *range)
{
    return stolen_region_overlaps(&host->region.region, range->base,
                                  range->limit) &&
           (!strcmp(range->name, E820_RAM) ||
            g_str_has_prefix(range->name, "PCI Bus") ||
            host_valid_address(range->name));
}

static void verify_clear(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "clear", "that nothing else uses it");
    const MemRange *range;

    if (!host->iomem) {
        verify(check, CHECK_WARN, "unknown: %s", host->iomem_why);
        return;
    }
    for (range = host->iomem; range->name; range++) {
        if (verify_is_stranger(host, range)) {
            verify(check, CHECK_FAIL, "%08" PRIx64 "-%08" PRIx64 " is %s",
                   range->base, range->limit, range->name);
            return;
        }
    }
    check_pass(check, "no RAM, PCI window or BAR");
}

CheckList *verify_checks(const Host *host)
{
    CheckList *list = checks_new(host->store);
    Check *check = check_add(list, "igd", "for an Intel integrated GPU");

    if (!host->igd.address) {
        verify(check, CHECK_FAIL, "%s", host->igd_why);
        return list;
    }
    check_pass(check, "%s, %04x:%04x", host->igd.address, host->igd.vendor,
               host->igd.device);
    if (!host_needs_place(host)) {
        check_pass(check_add(list, "bdsm", "BDSM and GGC"),
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
