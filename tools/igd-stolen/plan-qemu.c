/*
 * How a guest is to be started so that it gets the IGD: by the emulator
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. The same options as in docs/system/igd-stolen.rst.
 * Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"
#include "text.h"

static void plan_word_clear(gpointer data)
{
    PlanWord *word = data;

    g_free(word->option);
    g_free(word->why);
}

GArray *plan_words_new(void)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(PlanWord));

    g_array_set_clear_func(words, plan_word_clear);
    return words;
}

void plan_word(GArray *words, const char *option, const char *why)
{
    PlanWord word = { .option = g_strdup(option), .why = g_strdup(why) };

    g_array_append_val(words, word);
}

void plan_words_text(const GArray *words, GString *out)
{
    unsigned i;

    for (i = 0; i < words->len; i++) {
        g_string_append_printf(out, " \\\n    %s",
                               g_array_index(words, PlanWord, i).option);
    }
    g_string_append_c(out, '\n');
}

char *plan_placement(const Plan *plan)
{
    const StolenRegion *r = &plan->host->region.region;

    if (!plan->placed) {
        return g_strdup("");
    }
    if (!plan->explicit) {
        return g_strdup(",x-igd-stolen=identity");
    }
    return g_strdup_printf("," PLAN_BREAK "x-igd-stolen-base=0x%" PRIx64
                           ",x-igd-stolen-size=0x%" PRIx64, r->base,
                           stolen_region_size(r));
}

static void plan_qemu_firmware(const Plan *plan, GArray *words)
{
    if (plan->request.firmware == STOLEN_FIRMWARE_SEABIOS) {
        return;
    }
    plan_word(words, "-drive if=pflash,format=raw,readonly=on,"
              "file=/usr/share/OVMF/OVMF_CODE_4M.fd",
              "the firmware, from Debian's package ovmf");
    plan_word(words, "-drive if=pflash,format=raw,file=guest_VARS_4M.fd",
              "its variables: a copy of /usr/share/OVMF/OVMF_VARS_4M.fd that "
              "belongs to this guest");
}

static void plan_qemu_iommu(const Plan *plan, GArray *words)
{
    g_autofree char *option = NULL;
    g_autofree char *why = NULL;

    if (!plan->request.iommu) {
        return;
    }
    option = g_strdup_printf("-device intel-iommu,intremap=on,caching-mode=on,"
                             "aw-bits=%u", plan->aw_bits);
    why = g_strdup_printf("publishes the RMRR; before vfio-pci, which needs "
                          "caching-mode; intremap for guests in the guest; "
                          "aw-bits: %s",
                          plan->host->iommu_width.known ?
                          "what the host's IOMMU has" :
                          "what every host's IOMMU has");
    plan_word(words, option, why);
}

static void plan_qemu_device(const Plan *plan, GArray *words)
{
    g_autofree char *placement = plan_placement(plan);
    g_autofree char *option =
        g_strdup_printf("-device vfio-pci,host=%s,addr=02.0%s",
                        plan->host->igd.address, placement);

    plan_word(words, option,
              plan->explicit && plan->placed ?
              "the IGD, where drivers look for it; its device id is not "
              "known, so base and size are given" :
              plan->placed ?
              "the IGD, where drivers look for it; identity: at the host's "
              "base or not at all" :
              "the IGD, where drivers look for it");
}

GArray *plan_qemu_words(const Plan *plan)
{
    GArray *words = plan_words_new();
    g_autofree char *memory =
        g_strdup_printf("-m %" PRIu64 "M", plan->request.memory >> 20);
    bool split = plan->host->kvm && plan->request.iommu;

    plan_word(words, !plan->host->kvm ? "-machine q35,accel=tcg" :
              split ? "-machine q35,accel=kvm,kernel-irqchip=split" :
              "-machine q35,accel=kvm",
              !plan->host->kvm ? "the chipset with VT-d; this host has no KVM" :
              split ? "the chipset with VT-d; KVM has to leave the I/O APIC to "
              "the emulator for intremap=on" : "the chipset of newer PCs");
    if (plan->host->kvm) {
        plan_word(words, "-cpu host", "the GPU's drivers look at the CPU");
    }
    plan_word(words, memory, "RAM; no more is needed to keep the base clear: "
              "what is in the way goes above 4 GiB");
    plan_word(words, "-vga none", "no other display beside the IGD");
    plan_qemu_firmware(plan, words);
    plan_qemu_iommu(plan, words);
    plan_qemu_device(plan, words);
    return words;
}

void plan_qemu_text(const Plan *plan, GString *out)
{
    g_autoptr(GArray) words = plan_qemu_words(plan);

    if (plan->request.emulator) {
        g_autofree char *quoted = g_shell_quote(plan->request.emulator);

        g_string_append(out, quoted);
    } else {
        g_string_append(out, PLAN_EMULATOR);
    }
    plan_words_text(words, out);
}
