/*
 * Verdicts on a host: the system, and the sum
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "probe.h"

/* The first kernel that tells relaxable from other direct ranges */
#define KERNEL_MAJOR    5
#define KERNEL_MINOR    3

static void probe_kernel(CheckList *list, const Host *host)
{
    static const char title[] = "for a kernel with relaxable RMRRs";

    if (!host->kernel_major) {
        checks_add(list, "kernel", title, CHECK_WARN,
                   g_strdup("unknown: /proc/sys/kernel/osrelease cannot be "
                            "read"), NULL);
    } else if (host->kernel_major < KERNEL_MAJOR ||
               (host->kernel_major == KERNEL_MAJOR &&
                host->kernel_minor < KERNEL_MINOR)) {
        checks_add(list, "kernel", title, CHECK_FAIL,
                   g_strdup_printf("Linux %s, and VFIO takes a device with an "
                                   "RMRR from Linux %d.%d on", host->kernel,
                                   KERNEL_MAJOR, KERNEL_MINOR),
                   g_strdup("apt-get install linux-image-amd64"));
    } else {
        checks_add(list, "kernel", title, CHECK_PASS,
                   g_strdup_printf("Linux %s", host->kernel), NULL);
    }
}

static void probe_mappings(CheckList *list, const Host *host)
{
    static const char title[] = "for the limit of VFIO's mappings";

    if (!host->mappings.known) {
        checks_add(list, "mappings", title, CHECK_PASS,
                   g_strdup_printf("vfio_iommu_type1 is not loaded; it begins "
                                   "with %d", HOST_DEFAULT_MAPPINGS), NULL);
    } else if (host->mappings.value < HOST_DEFAULT_MAPPINGS) {
        checks_add(list, "mappings", title, CHECK_WARN,
                   g_strdup_printf("%" PRIu64 ", less than the usual %d; "
                                   "stolen memory is one mapping, but a guest "
                                   "with an IOMMU needs one for each buffer",
                                   host->mappings.value,
                                   HOST_DEFAULT_MAPPINGS),
                   g_strdup_printf("echo %d > " HOST_ENTRY_LIMIT,
                                   HOST_DEFAULT_MAPPINGS));
    } else {
        checks_add(list, "mappings", title, CHECK_PASS,
                   g_strdup_printf("%" PRIu64 "; stolen memory is one of them",
                                   host->mappings.value), NULL);
    }
}

static void probe_verdict(CheckList *list, const Host *host)
{
    static const char title[] = "whether the IGD can be assigned";
    CheckStatus worst = checks_worst(list);
    unsigned failed = 0;
    unsigned i;

    for (i = 0; i < list->len; i++) {
        failed += g_array_index(list, Check, i).status == CHECK_FAIL;
    }
    if (worst == CHECK_FAIL) {
        checks_add(list, "verdict", title, CHECK_FAIL,
                   g_strdup_printf("no: %u of the checks above failed",
                                   failed), NULL);
        return;
    }
    checks_add(list, "verdict", title, CHECK_PASS,
               g_strdup(host->gen == IGD_STOLEN_GEN_NO_BDSM ?
                        "yes; it has no stolen memory that needs a place" :
                        "yes, with stolen memory at the host's base"),
               g_strdup("igd-stolen plan --memory 8G"));
}

CheckList *probe_checks(const Host *host)
{
    CheckList *list = checks_new();

    probe_device(list, host);
    if (host->igd.address) {
        probe_iommu(list, host);
        probe_group(list, host);
        probe_region(list, host);
        probe_mappings(list, host);
    }
    probe_kernel(list, host);
    probe_verdict(list, host);
    return list;
}
