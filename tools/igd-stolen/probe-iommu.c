/*
 * Verdicts on a host: VT-d, its width, and where stolen memory is
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "probe.h"
#include "text.h"

/* What -device intel-iommu takes as aw-bits */
#define AW_BITS_SMALL   39
#define AW_BITS_LARGE   48

unsigned host_aw_bits(const Host *host)
{
    if (!host->iommu_width.known) {
        return AW_BITS_SMALL;
    }
    return host->iommu_width.value >= AW_BITS_LARGE ? AW_BITS_LARGE :
           host->iommu_width.value >= AW_BITS_SMALL ? AW_BITS_SMALL : 0;
}

static void probe_vtd(CheckList *list, const Host *host)
{
    static const char title[] = "for VT-d";

    if (host->unit) {
        checks_add(list, "vtd", title, CHECK_PASS,
                   g_strdup_printf("on, unit %s, group type %s", host->unit,
                                   host->group_type ? host->group_type
                                                    : "unknown"), NULL);
    } else if (host->any_unit) {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   g_strdup("on, but not for the IGD"),
                   g_strdup("take igfx_off out of intel_iommu= on the "
                            "kernel's command line"));
    } else if (host->dmar_there) {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   g_strdup("firmware offers it, the kernel does not use it"),
                   g_strdup("add intel_iommu=on to GRUB_CMDLINE_LINUX in "
                            "/etc/default/grub; update-grub; reboot"));
    } else {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   g_strdup("off: firmware has no DMAR table"),
                   g_strdup("turn VT-d on in the firmware's setup, then: "
                            "ls /sys/firmware/acpi/tables/DMAR"));
    }
}

static void probe_width(CheckList *list, const Host *host)
{
    static const char title[] = "for the address width";
    unsigned bits = host_aw_bits(host);

    if (!host->iommu_width.known) {
        checks_add(list, "width", title, CHECK_WARN,
                   g_strdup_printf("unknown: %s; aw-bits=%u is safe",
                                   host->iommu_width.from, bits), NULL);
    } else if (!bits) {
        checks_add(list, "width", title, CHECK_FAIL,
                   g_strdup_printf("the host's IOMMU has %" PRIu64 " bits, and "
                                   "the guest's has %d at least",
                                   host->iommu_width.value, AW_BITS_SMALL),
                   g_strdup("igd-stolen plan --memory 8G --no-iommu"));
    } else {
        checks_add(list, "width", title, CHECK_PASS,
                   g_strdup_printf("the host's IOMMU has %" PRIu64 " bits: "
                                   "aw-bits=%u", host->iommu_width.value,
                                   bits), NULL);
    }
}

void probe_iommu(CheckList *list, const Host *host)
{
    probe_vtd(list, host);
    probe_width(list, host);
}

static void probe_no_region(CheckList *list, const Host *host)
{
    static const char title[] = "for stolen memory";
    bool stolen = host->gen != IGD_STOLEN_GEN_NO_BDSM;

    checks_add(list, "region", title, stolen ? CHECK_FAIL : CHECK_PASS,
               stolen ? g_strdup_printf("unknown: %s", host->region.from)
                      : g_strdup("none that needs a place: it is in a BAR"),
               stolen ? g_strdup(host->group ? "as root: igd-stolen probe"
                                             : "turn VT-d on, see above")
                      : NULL);
}

/* Each source that knows has to say the same */
static void probe_sources(CheckList *list, const Host *host)
{
    static const char title[] = "for what the sources say";
    const StolenRegion *config = &host->by_config.region;
    const StolenRegion *group = &host->by_group.region;
    g_autofree char *one = text_range(config->base, config->limit);
    g_autofree char *other = text_range(group->base, group->limit);

    if (host->by_config.known && host->by_group.known) {
        bool same = !host_sources_differ(host);

        checks_add(list, "sources", title, same ? CHECK_PASS : CHECK_FAIL,
                   same ? g_strdup("config space and reserved_regions agree") :
                   g_strdup_printf("config space says %s, reserved_regions "
                                   "says %s", one, other),
                   same ? NULL : g_strdup("igd-stolen capture -o FILE, and "
                                          "report it"));
    } else {
        checks_add(list, "sources", title, CHECK_PASS,
                   g_strdup_printf("one source: %s; unknown: %s",
                                   host->region.from, host->by_config.known ?
                                   host->by_group.from :
                                   host->by_config.from), NULL);
    }
}

void probe_region(CheckList *list, const Host *host)
{
    const StolenRegion *r = &host->region.region;
    g_autofree char *range = text_range(r->base, r->limit);
    g_autofree char *size = text_size(stolen_region_size(r));
    g_autofree char *gsm = text_size(r->dsm_base - r->base);
    g_autofree char *dsm = text_size(r->limit - r->dsm_base + 1);

    if (!host->region.known) {
        probe_no_region(list, host);
        return;
    }
    checks_add(list, "region", "for stolen memory", CHECK_PASS,
               g_strdup_printf("%s, %s, from %s", range, size,
                               host->region.from), NULL);
    checks_add(list, "parts", "for its parts", CHECK_PASS,
               host->region.split ?
               g_strdup_printf("base %08" PRIx64 ", GSM %s, DSM %s at %08"
                               PRIx64, r->base, gsm, dsm, r->dsm_base) :
               g_strdup_printf("base %08" PRIx64 "; GSM and DSM apart are "
                               "unknown: %s", r->base, host->by_config.from),
               NULL);
    probe_sources(list, host);
}
