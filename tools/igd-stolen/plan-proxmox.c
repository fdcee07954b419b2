/*
 * How a guest is to be started so that it gets the IGD: by Proxmox VE
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. For Proxmox VE 8.2 and later, which have viommu. Its own
 * hostpci option would put the IGD behind a bridge on q35, so the device is
 * given in args; those come last, hence -global for the IOMMU.
 * Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"

static char *plan_proxmox_args(const Plan *plan)
{
    g_autofree char *placement = plan_placement(plan);
    GString *args = g_string_new(NULL);

    if (plan->request.iommu) {
        g_string_append_printf(args, "-global intel-iommu.aw-bits=%u "
                               PLAN_BREAK, plan->aw_bits);
    }
    g_string_append_printf(args, "-device vfio-pci,host=%s,bus=pcie.0,"
                           "addr=02.0%s", plan->host->igd.address, placement);
    return g_string_free(args, FALSE);
}

GArray *plan_proxmox_words(const Plan *plan)
{
    GArray *words = plan_words_new();
    g_autofree char *args = plan_proxmox_args(plan);
    g_autofree char *quoted = g_strdup_printf("--args \"%s\"", args);
    g_autofree char *memory =
        g_strdup_printf("--memory %" PRIu64, plan->request.memory >> 20);

    plan_word(words, plan->request.iommu ? "--machine q35,viommu=intel"
                                         : "--machine q35",
              plan->request.iommu ?
              "the chipset with VT-d, and VT-d itself, with intremap and "
              "caching-mode" : "the chipset of newer PCs");
    plan_word(words, "--cpu host", "the GPU's drivers look at the CPU");
    plan_word(words, memory, "RAM in MiB; what is in the way of stolen memory "
              "goes above 4 GiB");
    plan_word(words, "--balloon 0", "all RAM is locked for the device");
    plan_word(words, plan->request.firmware == STOLEN_FIRMWARE_SEABIOS ?
              "--bios seabios" : "--bios ovmf",
              plan->request.firmware == STOLEN_FIRMWARE_SEABIOS ?
              "the firmware" : "the firmware; it needs an efidisk0 too");
    plan_word(words, "--vga none", "no other display beside the IGD");
    plan_word(words, quoted, plan->request.iommu ?
              "aw-bits fits the host's IOMMU; the IGD on the root bus, where "
              "drivers look for it" :
              "the IGD on the root bus, where drivers look for it");
    return words;
}

void plan_proxmox_text(const Plan *plan, GString *out)
{
    g_autoptr(GArray) words = plan_proxmox_words(plan);

    g_string_append(out, "qm set \"$VMID\"");
    plan_words_text(words, out);
}
