/*
 * Verdicts on a host: the IGD, its class, driver and group
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "probe.h"

#define VFIO_PCI        "vfio-pci"
/* Our own variant of it: docs/specs/vfio-igd-stolen.rst */
#define IGD_VFIO_PCI    "igd-vfio-pci"
#define CLASS_BRIDGE    0x06

static void probe_igd(CheckList *list, const Host *host)
{
    static const char title[] = "for an Intel integrated GPU";
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);

    if (!host->igd.address) {
        checks_add(list, "igd", title, CHECK_FAIL, g_strdup(host->igd_why),
                   g_strdup("lspci -nn -d 8086::0300"));
    } else if (host->gen == IGD_STOLEN_GEN_UNKNOWN) {
        checks_add(list, "igd", title, CHECK_WARN,
                   g_strdup_printf("%s, %04x:%04x: not a known IGD; base and "
                                   "size have to be given to the emulator",
                                   host->igd.address, host->igd.vendor,
                                   host->igd.device),
                   g_strdup("igd-stolen plan --memory 8G"));
    } else {
        checks_add(list, "igd", title, CHECK_PASS,
                   g_strdup_printf("%s, %04x:%04x, %s", host->igd.address,
                                   host->igd.vendor, host->igd.device,
                                   layout ? layout->name
                                          : "Meteor Lake or later"), NULL);
    }
}

static void probe_class(CheckList *list, const Host *host)
{
    static const char title[] = "for a VGA device";

    if (host->igd.class == HOST_CLASS_VGA) {
        checks_add(list, "class", title, CHECK_PASS, g_strdup("class 0300"),
                   NULL);
    } else {
        checks_add(list, "class", title, CHECK_FAIL,
                   g_strdup_printf("class %04x; the emulator places stolen "
                                   "memory for class 0300 only",
                                   host->igd.class),
                   g_strdup("make the IGD the primary display in the "
                            "firmware's setup, then: igd-stolen probe"));
    }
}

static bool probe_is_vfio(const char *driver)
{
    return !strcmp(driver, VFIO_PCI) || !strcmp(driver, IGD_VFIO_PCI);
}

static void probe_driver(CheckList *list, const Host *host)
{
    static const char title[] = "for the driver vfio-pci";
    const char *at = host->igd.address;
    g_autofree char *bind =
        g_strdup_printf("as root: echo vfio-pci > " HOST_SYSFS_PCI "/%s/"
                        "driver_override", at);

    if (!host->igd.driver) {
        checks_add(list, "driver", title, CHECK_WARN,
                   g_strdup("no driver; libvirt binds vfio-pci by itself"),
                   g_strdup_printf("%s; modprobe vfio-pci; echo %s > "
                                   "/sys/bus/pci/drivers_probe", bind, at));
    } else if (!probe_is_vfio(host->igd.driver)) {
        checks_add(list, "driver", title, CHECK_WARN,
                   g_strdup_printf("%s; libvirt binds vfio-pci by itself",
                                   host->igd.driver),
                   g_strdup_printf("%s; modprobe vfio-pci; echo %s > "
                                   HOST_SYSFS_PCI "/%s/driver/unbind; echo %s "
                                   "> /sys/bus/pci/drivers_probe", bind, at,
                                   at, at));
    } else {
        checks_add(list, "driver", title, CHECK_PASS,
                   g_strdup(host->igd.driver), NULL);
    }
}

/* A bridge, or a device that nobody else uses, is no obstacle to VFIO */
static bool probe_is_harmless(const HostDevice *device)
{
    return device->class >> 8 == CLASS_BRIDGE || !device->driver ||
           !strcmp(device->driver, VFIO_PCI);
}

void probe_group(CheckList *list, const Host *host)
{
    static const char title[] = "for an IOMMU group of its own";
    g_autoptr(GString) names = g_string_new(NULL);
    const HostDevice *first = NULL;
    unsigned i;

    if (!host->group) {
        checks_add(list, "group", title, CHECK_FAIL,
                   g_strdup("the device is in no IOMMU group"),
                   g_strdup("turn VT-d on, see above"));
        return;
    }
    for (i = 0; i < host->others->len; i++) {
        const HostDevice *other = g_ptr_array_index(host->others, i);

        g_string_append_printf(names, "%s%s (%04x:%04x, %s)", i ? ", " : "",
                               other->address, other->vendor, other->device,
                               other->driver ? other->driver : "no driver");
        if (!first && !probe_is_harmless(other)) {
            first = other;
        }
    }
    if (!host->others->len) {
        checks_add(list, "group", title, CHECK_PASS,
                   g_strdup_printf("group %s", host->group), NULL);
    } else if (first) {
        checks_add(list, "group", title, CHECK_FAIL,
                   g_strdup_printf("group %s has also %s", host->group,
                                   names->str),
                   g_strdup_printf("take the others' drivers away: echo %s > "
                                   HOST_SYSFS_PCI "/%s/driver/unbind",
                                   first->address, first->address));
    } else {
        checks_add(list, "group", title, CHECK_WARN,
                   g_strdup_printf("group %s has also %s", host->group,
                                   names->str), NULL);
    }
}

void probe_device(CheckList *list, const Host *host)
{
    probe_igd(list, host);
    if (host->igd.address) {
        probe_class(list, host);
        probe_driver(list, host);
    }
}
