/*
 * How a guest is to be started so that it gets the IGD: the decisions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"
#include "probe.h"
#include "text.h"

#define GIB             (1ull << 30)

/* What the emulator locks besides RAM, by libvirt's reckoning: ROMs and such */
#define LOCKED_REST     GIB

/* What SMM can take at the top of a q35's low RAM, the machine's default */
#define TSEG_MAX        (16 * STOLEN_ALIGN)

/* The same plan with another option */
static char *plan_again(const Plan *plan, const char *option)
{
    return g_strdup_printf("igd-stolen plan --memory %" PRIu64 "M%s %s",
                           plan->request.memory >> 20,
                           plan->request.firmware != STOLEN_FIRMWARE_SEABIOS ?
                           " --firmware ovmf" : "", option);
}

static bool plan_igd(Plan *plan)
{
    static const char title[] = "for an Intel integrated GPU";
    const Host *host = plan->host;

    if (!host->igd.address) {
        checks_add(plan->checks, "igd", title, CHECK_FAIL,
                   g_strdup(host->igd_why), g_strdup("igd-stolen probe"));
        return false;
    }
    checks_add(plan->checks, "igd", title, CHECK_PASS,
               g_strdup_printf("%s, %04x:%04x", host->igd.address,
                               host->igd.vendor, host->igd.device), NULL);
    if (host->igd.class != HOST_CLASS_VGA) {
        checks_add(plan->checks, "class", "for a VGA device", CHECK_FAIL,
                   g_strdup_printf("class %04x, not 0300", host->igd.class),
                   g_strdup("igd-stolen probe"));
    }
    if (!host->group) {
        checks_add(plan->checks, "group", "for an IOMMU group", CHECK_FAIL,
                   g_strdup("none: VFIO cannot have the device"),
                   g_strdup("igd-stolen probe"));
    }
    return true;
}

static char *plan_conflict(const Plan *plan, const char *range)
{
    const StolenRange *conflict = &plan->place.conflict;

    switch (plan->place.status) {
    case STOLEN_PLAN_CONFLICT:
        return g_strdup_printf("%s overlaps %s at %08" PRIx64 "-%08" PRIx64,
                               range, conflict->name, conflict->base,
                               conflict->limit);
    case STOLEN_PLAN_UNALIGNED:
        return g_strdup_printf("%s is not in whole MiB", range);
    case STOLEN_PLAN_ABOVE_4G:
        return g_strdup_printf("%s is not below 4 GiB", range);
    case STOLEN_PLAN_TOO_LOW:
        return g_strdup_printf("%s begins below 16 MiB", range);
    default:
        return g_strdup_printf("%s cannot be placed", range);
    }
}

static bool plan_is_seabios_conflict(const Plan *plan)
{
    return plan->place.status == STOLEN_PLAN_CONFLICT &&
           plan->place.conflict.base == STOLEN_SEABIOS_ECAM_BASE;
}

static void plan_add_place(Plan *plan)
{
    static const char title[] = "for a place in the guest";
    const StolenRegion *r = &plan->host->region.region;
    g_autofree char *range = text_range(r->base, r->limit);

    if (plan->place.status != STOLEN_PLAN_OK) {
        checks_add(plan->checks, "place", title, CHECK_FAIL,
                   plan_conflict(plan, range),
                   plan_is_seabios_conflict(plan) ?
                   plan_again(plan, "--firmware ovmf") :
                   g_strdup("vfio-pci,x-igd-stolen=firmware places it "
                            "elsewhere, which drivers may notice"));
        return;
    }
    plan->placed = true;
    if (plan->request.firmware != STOLEN_FIRMWARE_SEABIOS &&
        stolen_region_overlaps(r, STOLEN_SEABIOS_ECAM_BASE,
                               STOLEN_SEABIOS_ECAM_LIMIT)) {
        checks_add(plan->checks, "place", title, CHECK_WARN,
                   g_strdup_printf("%s; OVMF of 2023 and before has MMCONFIG "
                                   "there", range),
                   g_strdup("take OVMF of 2024 or later, as Debian 13 has: "
                            "dpkg -s ovmf"));
        return;
    }
    checks_add(plan->checks, "place", title, CHECK_PASS,
               g_strdup_printf("%s%s", range,
                               plan->place.placement == STOLEN_AT_LOW_RAM_END ?
                               ", where low RAM ends" :
                               ", above low RAM"), NULL);
}

static void plan_region(Plan *plan)
{
    static const char title[] = "for stolen memory";
    const Host *host = plan->host;
    StolenLayout layout = {
        .machine = STOLEN_MACHINE_Q35,
        .firmware = plan->request.firmware,
        .tseg_max = TSEG_MAX,
    };

    plan->low_ram = stolen_plan_default_low_ram(STOLEN_MACHINE_Q35,
                                                plan->request.memory);
    if (host->gen == IGD_STOLEN_GEN_NO_BDSM) {
        checks_add(plan->checks, "region", title, CHECK_PASS,
                   g_strdup("none that needs a place: it is in a BAR"), NULL);
        return;
    }
    if (!host->region.known || host_sources_differ(host)) {
        checks_add(plan->checks, "region", title, CHECK_FAIL,
                   host->region.known ?
                   g_strdup("config space and reserved_regions disagree") :
                   g_strdup_printf("unknown: %s", host->region.from),
                   g_strdup("igd-stolen probe"));
        return;
    }
    checks_add(plan->checks, "region", title, CHECK_PASS,
               g_strdup_printf("from %s", host->region.from), NULL);
    plan->explicit = host->gen == IGD_STOLEN_GEN_UNKNOWN;
    plan->low_ram = stolen_plan_low_ram(plan->low_ram, &host->region.region,
                                        1);
    layout.low_ram_size = plan->low_ram;
    plan->place = stolen_plan_place(&layout, &host->region.region);
    plan_add_place(plan);
}

static void plan_width(Plan *plan)
{
    static const char title[] = "for the address width";
    uint64_t top = plan->low_ram == plan->request.memory ? PLAN_FOUR_GIB :
                   PLAN_FOUR_GIB + plan->request.memory - plan->low_ram;
    unsigned bits = host_aw_bits(plan->host);

    plan->aw_bits = bits;
    if (!plan->request.iommu) {
        return;
    }
    if (!bits) {
        checks_add(plan->checks, "width", title, CHECK_FAIL,
                   g_strdup_printf("the host's IOMMU has %" PRIu64 " bits",
                                   plan->host->iommu_width.value),
                   plan_again(plan, "--no-iommu"));
    } else if (top > 1ull << bits) {
        g_autofree char *memory = text_size(plan->request.memory);

        checks_add(plan->checks, "width", title, CHECK_FAIL,
                   g_strdup_printf("%s of RAM end above %u bits", memory,
                                   bits),
                   plan_again(plan, "--no-iommu"));
    } else {
        checks_add(plan->checks, "width", title, CHECK_PASS,
                   g_strdup_printf("aw-bits=%u", bits), NULL);
    }
}

static void plan_accelerator(Plan *plan)
{
    checks_add(plan->checks, "kvm", "for KVM",
               plan->host->kvm ? CHECK_PASS : CHECK_WARN,
               g_strdup(plan->host->kvm ? "there" :
                        "not there: the guest will be slow"),
               plan->host->kvm ? NULL : g_strdup("modprobe kvm_intel"));
}

static void plan_memory(Plan *plan)
{
    static const char title[] = "for free memory";
    const HostFact *available = &plan->host->memory_free;
    g_autofree char *needed = NULL;

    plan->locked = plan->request.memory + LOCKED_REST +
                   (plan->placed ?
                    stolen_region_size(&plan->host->region.region) : 0);
    needed = text_size(plan->locked);
    if (!available->known) {
        checks_add(plan->checks, "memory", title, CHECK_WARN,
                   g_strdup_printf("unknown: %s", available->from), NULL);
    } else if (available->value < plan->locked) {
        checks_add(plan->checks, "memory", title, CHECK_WARN,
                   g_strdup_printf("%" PRIu64 " MiB available, and %s will be "
                                   "locked", available->value >> 20, needed),
                   g_strdup("a smaller --memory"));
    } else {
        checks_add(plan->checks, "memory", title, CHECK_PASS,
                   g_strdup_printf("%" PRIu64 " MiB available, %s will be "
                                   "locked", available->value >> 20, needed),
                   NULL);
    }
}

Plan *plan_new(const Host *host, const PlanRequest *request)
{
    Plan *plan = g_new0(Plan, 1);

    plan->host = host;
    plan->request = *request;
    plan->checks = checks_new();
    if (plan_igd(plan)) {
        plan_region(plan);
        plan_width(plan);
        plan_accelerator(plan);
        plan_memory(plan);
    }
    plan_maps(plan);
    return plan;
}

void plan_free(Plan *plan)
{
    g_array_unref(plan->checks);
    g_array_unref(plan->guest_map);
    g_array_unref(plan->host_map);
    g_free(plan);
}
