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

static void plan_libvirt_head(const Plan *plan, GString *out)
{
    bool kvm = plan->host->kvm;
    bool q35 = plan->request.machine == STOLEN_MACHINE_Q35;
    bool seabios = plan->request.firmware == STOLEN_FIRMWARE_SEABIOS;

    g_string_append_printf(
        out,
        "<domain type='%s'\n"
        "        xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
        "  <name>igd</name>\n"
        "  <memory unit='MiB'>%" PRIu64 "</memory>\n"
        "  <memtune>\n"
        "    <hard_limit unit='MiB'>%" PRIu64 "</hard_limit>\n"
        "  </memtune>\n"
        "  <vcpu>4</vcpu>\n"
        "  <os%s>\n"
        "    <type arch='x86_64' machine='%s'>hvm</type>\n"
        "  </os>\n"
        "  <features>\n"
        "    <acpi/>\n"
        "    <apic/>\n"
        "%s"
        "  </features>\n"
        "%s",
        kvm ? "kvm" : "qemu", plan->request.memory >> 20, plan->locked >> 20,
        seabios ? "" : " firmware='efi'", q35 ? "q35" : "pc",
        plan->request.iommu ? "    <ioapic driver='qemu'/>\n" : "",
        kvm ? "  <cpu mode='host-passthrough'/>\n" : "");
}

/* managed: libvirt takes it from the host's driver; it stays with vfio-pci */
static void plan_libvirt_device(const HostDevice *device, const char *alias,
                                unsigned slot, const char *rom, GString *out)
{
    const char *address = device->address;

    g_string_append_printf(
        out,
        "    <hostdev mode='subsystem' type='pci' managed='yes'>\n"
        "      <source>\n"
        "        <address domain='0x%.4s' bus='0x%.2s' slot='0x%.2s' "
        "function='0x%c'/>\n"
        "      </source>\n"
        "      <alias name='%s'/>\n",
        address, address + 5, address + 8, address[11], alias);
    if (rom) {
        g_string_append_printf(out, "      <rom file='%s'/>\n", rom);
    }
    g_string_append_printf(
        out,
        "      <address type='pci' domain='0x0000' bus='0x00' slot='0x%02x' "
        "function='0x0'/>\n"
        "    </hostdev>\n", slot);
}

static void plan_libvirt_property(GString *out, const char *name,
                                  const char *type, const char *value)
{
    g_string_append_printf(out, "        <qemu:property name='%s' type='%s' "
                           "value='%s'/>\n", name, type, value);
}

/* What libvirt has no element for */
static void plan_libvirt_override(const Plan *plan, GString *out)
{
    const StolenRegion *r = &plan->host->region.region;
    g_autofree char *base = g_strdup_printf("%" PRIu64, r->base);
    g_autofree char *size = g_strdup_printf("%" PRIu64,
                                            stolen_region_size(r));
    g_autofree char *gsm = g_strdup_printf("%" PRIu64,
                                           host_gsm_to_give(plan->host));
    g_autoptr(GString) properties = g_string_new(NULL);

    if (plan->placed && host_needs_base(plan->host)) {
        plan_libvirt_property(properties, "x-igd-stolen-base", "unsigned",
                              base);
        plan_libvirt_property(properties, "x-igd-stolen-size", "unsigned",
                              size);
        if (host_gsm_to_give(plan->host)) {
            plan_libvirt_property(properties, "x-igd-stolen-gsm-size",
                                  "unsigned", gsm);
        }
    } else if (plan->placed) {
        plan_libvirt_property(properties, "x-igd-stolen", "string",
                              "identity");
    }
    if (host_opregion(plan->host)) {
        plan_libvirt_property(properties, "x-igd-opregion", "bool", "true");
    }
    if (properties->len) {
        g_string_append_printf(out,
                               "  <qemu:override>\n"
                               "    <qemu:device alias='ua-igd'>\n"
                               "      <qemu:frontend>\n"
                               "%s"
                               "      </qemu:frontend>\n"
                               "    </qemu:device>\n"
                               "  </qemu:override>\n", properties->str);
    }
}

void plan_libvirt_text(const Plan *plan, GString *out)
{
    g_autofree char *emulator =
        g_markup_escape_text(plan->request.emulator ?: EMULATOR, -1);
    unsigned limit = plan_cpu_limit(plan);

    plan_libvirt_head(plan, out);
    g_string_append_printf(out,
                           "  <devices>\n"
                           "    <emulator>%s</emulator>\n", emulator);
    plan_libvirt_device(&plan->host->igd, "ua-igd", 2, plan->request.rom, out);
    if (plan->request.audio) {
        plan_libvirt_device(&plan->host->audio, "ua-igd-audio", 3, NULL, out);
    }
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
    if (limit) {
        g_string_append_printf(
            out,
            "  <qemu:commandline>\n"
            "    <qemu:arg value='-global'/>\n"
            "    <qemu:arg value='host-x86_64-cpu.host-phys-bits-limit=%u'/>\n"
            "  </qemu:commandline>\n", limit);
    }
    plan_libvirt_override(plan, out);
    g_string_append(out, "</domain>\n");
}
