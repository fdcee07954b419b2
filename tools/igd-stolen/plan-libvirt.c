/*
 * How a guest is to be started so that it gets the IGD: by libvirt
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. tests/tool holds the result against libvirt's own schema.
 */

#include "qemu/osdep.h"
#include "plan.h"

/* Where the Debian package has it */
#define EMULATOR        "/usr/bin/" PLAN_EMULATOR

GArray *plan_libvirt_words(const Plan *plan)
{
    GArray *words = plan_words_new();

    plan_word(words, "memtune/hard_limit", "what may be locked in memory");
    if (plan->request.iommu) {
        plan_word(words, "ioapic driver='qemu'",
                  "KVM has to leave the I/O APIC to the emulator for "
                  "intremap; libvirt wants it without KVM, too");
    }
    plan_word(words, "emulator", plan->request.emulator ? "as asked for" :
              "the one of this project's Debian package");
    plan_word(words, "hostdev managed='yes'",
              "libvirt binds the IGD to vfio-pci and back");
    plan_word(words, "address slot='0x02'", "where drivers look for the IGD");
    if (plan->request.iommu) {
        plan_word(words, "iommu", "publishes the RMRR; vfio-pci needs "
                  "caching_mode, guests in the guest need intremap; aw_bits "
                  "fits the host's IOMMU");
    }
    plan_word(words, "video none", "no other display beside the IGD");
    if (plan->placed) {
        plan_word(words, "override", plan->explicit ?
                  "the device id is not known, so base and size are given" :
                  "stolen memory at the host's base or no start");
    }
    return words;
}

static void plan_libvirt_head(const Plan *plan, GString *out)
{
    bool kvm = plan->host->kvm;

    g_string_append_printf(
        out,
        "<domain type='%s'\n"
        "        xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
        "  <name>igd</name>\n"
        "  <memory unit='MiB'>%" PRIu64 "</memory>\n"
        "  <memtune>\n"
        "    <hard_limit unit='MiB'>%" PRIu64 "</hard_limit>\n"
        "  </memtune>\n"
        "  <vcpu>4</vcpu>\n",
        kvm ? "kvm" : "qemu", plan->request.memory >> 20, plan->locked >> 20);
    if (plan->request.firmware == STOLEN_FIRMWARE_SEABIOS) {
        g_string_append(out, "  <os>\n");
    } else {
        g_string_append(out, "  <os firmware='efi'>\n");
    }
    g_string_append_printf(
        out,
        "    <type arch='x86_64' machine='q35'>hvm</type>\n"
        "  </os>\n"
        "  <features>\n"
        "    <acpi/>\n"
        "    <apic/>\n"
        "%s"
        "  </features>\n"
        "%s",
        plan->request.iommu ? "    <ioapic driver='qemu'/>\n" : "",
        kvm ? "  <cpu mode='host-passthrough'/>\n" : "");
}

static void plan_libvirt_device(const Plan *plan, GString *out)
{
    const char *address = plan->host->igd.address;

    g_string_append_printf(
        out,
        "    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
        "      <source>\n"
        "        <address domain='0x%.4s' bus='0x%.2s' slot='0x%.2s' "
        "function='0x%c'/>\n"
        "      </source>\n"
        "      <alias name='ua-igd'/>\n"
        "      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' "
        "function='0x0'/>\n"
        "    </hostdev>\n",
        address, address + 5, address + 8, address[11]);
}

static void plan_libvirt_override(const Plan *plan, GString *out)
{
    const StolenRegion *r = &plan->host->region.region;

    if (!plan->placed) {
        return;
    }
    g_string_append(out,
                    "  <qemu:override>\n"
                    "    <qemu:device alias='ua-igd'>\n"
                    "      <qemu:frontend>\n");
    if (plan->explicit) {
        g_string_append_printf(
            out,
            "        <qemu:property name='x-igd-stolen-base' "
            "type='unsigned' value='%" PRIu64 "'/>\n"
            "        <qemu:property name='x-igd-stolen-size' "
            "type='unsigned' value='%" PRIu64 "'/>\n",
            r->base, stolen_region_size(r));
    } else {
        g_string_append(out,
                        "        <qemu:property name='x-igd-stolen' "
                        "type='string' value='identity'/>\n");
    }
    g_string_append(out,
                    "      </qemu:frontend>\n"
                    "    </qemu:device>\n"
                    "  </qemu:override>\n");
}

void plan_libvirt_text(const Plan *plan, GString *out)
{
    g_autofree char *emulator =
        g_markup_escape_text(plan->request.emulator ?: EMULATOR, -1);

    plan_libvirt_head(plan, out);
    g_string_append_printf(out,
                           "  <devices>\n"
                           "    <emulator>%s</emulator>\n", emulator);
    plan_libvirt_device(plan, out);
    if (plan->request.iommu) {
        g_string_append_printf(
            out,
            "    <iommu model='intel'>\n"
            "      <driver intremap='on' caching_mode='on' aw_bits='%u'/>\n"
            "    </iommu>\n", plan->aw_bits);
    }
    g_string_append(out,
                    "    <video>\n"
                    "      <model type='none'/>\n"
                    "    </video>\n"
                    "  </devices>\n");
    plan_libvirt_override(plan, out);
    g_string_append(out, "</domain>\n");
}
