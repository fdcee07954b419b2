/*
 * Verdicts on a host: can its IGD be assigned, stolen memory in its place
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. What can fail has a hint, which people paste as root: a
 * command or a comment a line, and never one that takes storage, network, USB
 * or a bridge from the host. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "checks.h"

#define VFIO_PCI        "vfio-pci"
/* Our own variant of it: docs/specs/vfio-igd-stolen.rst */
#define IGD_VFIO_PCI    "igd-vfio-pci"

#define CLASS_VGA       0x0300
#define CLASS_PCI_BRIDGE        0x0604
#define BASE_BRIDGE     0x06

/* What -device intel-iommu takes as aw-bits */
#define AW_BITS_SMALL   39
#define AW_BITS_LARGE   48

/* VFIO lets a display with an RMRR go from this kernel on */
#define DISPLAY_KERNEL  HOST_KERNEL(4, 1)
/* vfio-pci hands on the OpRegion of class 0380 from this kernel on */
#define OPREGION_KERNEL HOST_KERNEL(6, 15)
/* The kernel's framebuffer is set up by sysfb_init from this kernel on */
#define SYSFB_KERNEL    HOST_KERNEL(5, 15)

static const HostSystem systems[] = {
    { "ubuntu", "apt-get install linux-generic",
      "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"' > "
      "/etc/default/grub.d/igd-stolen-%s.cfg\nupdate-grub\n# then reboot",
      "dpkg -s ovmf",
      "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    { "debian", "apt-get install linux-image-amd64",
      "# Proxmox VE booted by systemd-boot has /etc/kernel/cmdline instead, "
      "and proxmox-boot-tool refresh\n"
      "mkdir -p /etc/default/grub.d\n"
      "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"' > "
      "/etc/default/grub.d/igd-stolen-%s.cfg\nupdate-grub\n# then reboot",
      "dpkg -s ovmf",
      "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
    { "fedora", "dnf upgrade kernel",
      "grubby --update-kernel=ALL --args=%s\n# then reboot",
      "rpm -q edk2-ovmf", "/usr/share/edk2/ovmf/OVMF_CODE.fd",
      "/usr/share/edk2/ovmf/OVMF_VARS.fd" },
    { "arch", "pacman -Syu linux",
      "# add %s to GRUB_CMDLINE_LINUX in /etc/default/grub, then:\n"
      "grub-mkconfig -o /boot/grub/grub.cfg\n# then reboot",
      "pacman -Q edk2-ovmf", "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
      "/usr/share/edk2/x64/OVMF_VARS.4m.fd" },
    { "", NULL, "# add %s to the kernel's command line, then reboot", NULL,
      "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd" },
};

const HostSystem *host_system(const Host *host)
{
    unsigned i;

    for (i = 0; i + 1 < G_N_ELEMENTS(systems); i++) {
        g_autofree char *word = g_strdup_printf(" %s ", systems[i].id);

        if (strstr(host->system, word)) {
            break;
        }
    }
    return &systems[i];
}

/* On the kernel's command line */
static char *hint_cmdline(const Host *host, const char *word)
{
    g_auto(GStrv) parts = g_strsplit(host_system(host)->cmdline, "%s", -1);

    return g_strjoinv(word, parts);
}

/* Proxmox VE has kernels of its own, which replace the distribution's */
static char *hint_kernel(const Host *host, const char *version)
{
    const char *command = host->kernel_is_pve ? NULL
                                              : host_system(host)->kernel;

    return command ? g_strdup_printf("# Linux %s or later:\n%s", version,
                                     command)
                   : g_strdup_printf("# install Linux %s or later", version);
}

/* Takes a device from its driver, if it has one, and gives it to vfio-pci */
static void hint_bind(GString *hint, const HostDevice *device)
{
    const char *at = device->address;

    g_string_append_printf(hint, "modprobe " VFIO_PCI "\n"
                           "echo " VFIO_PCI " > " HOST_SYSFS_PCI
                           "/%s/driver_override\n", at);
    if (device->driver) {
        g_string_append_printf(hint, "echo %s > " HOST_SYSFS_PCI
                               "/%s/driver/unbind\n", at, at);
    }
    g_string_append_printf(hint, "echo %s > /sys/bus/pci/drivers_probe", at);
}

static void probe_igd(CheckList *list, const Host *host)
{
    static const char title[] = "for an Intel integrated GPU";
    const HostDevice *igd = &host->igd;
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    const char *class = igd->class == CLASS_VGA ? "" :
                        ", not the host's primary display";

    if (!igd->address) {
        checks_add(list, "igd", title, CHECK_FAIL,
                   g_strdup("# whether the firmware turned it off:\nlspci -nn"),
                   "%s", host->igd_why);
    } else if (host->is_function) {
        checks_add(list, "igd", title, CHECK_PASS, NULL,
                   "%s, %04x:%04x, a virtual function of %s", igd->address,
                   igd->vendor, igd->device,
                   host->function_of ?: "one that is not here");
    } else if (host->gen == IGD_STOLEN_GEN_UNKNOWN) {
        checks_add(list, "igd", title, CHECK_WARN, NULL,
                   "%s, %04x:%04x%s: not a known IGD; base and size have to "
                   "be given to the emulator", igd->address, igd->vendor,
                   igd->device, class);
    } else {
        checks_add(list, "igd", title, CHECK_PASS, NULL, "%s, %04x:%04x, %s%s",
                   igd->address, igd->vendor, igd->device,
                   layout ? layout->name : "Meteor Lake or later", class);
    }
}

static bool probe_is_vfio(const char *driver)
{
    return !strcmp(driver, VFIO_PCI) || !strcmp(driver, IGD_VFIO_PCI);
}

static void probe_driver(CheckList *list, const Host *host)
{
    static const char title[] = "for the driver vfio-pci";
    const HostDevice *igd = &host->igd;
    GString *hint;

    if (igd->driver && probe_is_vfio(igd->driver)) {
        checks_add(list, "driver", title, CHECK_PASS, NULL, "%s",
                   igd->driver);
        return;
    }
    hint = g_string_new(NULL);
    if (igd->driver && !host->is_function) {
        g_string_append(hint, "# from a shell that does not need the IGD's "
                        "screen, such as ssh: its picture stops\n");
    }
    if (igd->driver && host->functions) {
        g_string_append_printf(hint, "# its virtual functions vanish: %s\n",
                               host->functions);
    }
    hint_bind(hint, igd);
    checks_add(list, "driver", title, CHECK_WARN, g_string_free(hint, FALSE),
               "%s; libvirt binds vfio-pci by itself",
               igd->driver ?: "no driver");
}

/* A PCI bridge, or a device that nobody else uses, is no obstacle to VFIO */
static bool probe_is_harmless(const HostDevice *device)
{
    return device->class == CLASS_PCI_BRIDGE || !device->driver ||
           probe_is_vfio(device->driver);
}

/*
 * What a host may be running from, or be reached by. PCI Code and ID
 * Assignment Specification: 08.05 is SD and eMMC, 0c.04 Fibre Channel, 0c.06
 * InfiniBand, base class 0d wireless.
 */
static const char *probe_vital(const HostDevice *device)
{
    unsigned base = device->class >> 8;

    return base == 0x01 || device->class == 0x0805 ||
           device->class == 0x0c04 ? "storage" :
           base == 0x02 || base == 0x0d || device->class == 0x0c06 ?
           "network" :
           device->class == 0x0c03 ? "USB" :
           base == BASE_BRIDGE ? "a bridge" :
           !device->class ? "a device of unknown class" : NULL;
}

/* NULL if VFIO can have the group as it is */
static char *probe_group_hint(const Host *host, const HostDevice *device)
{
    g_autoptr(GString) hint = g_string_new(NULL);
    g_autoptr(GString) vital = g_string_new(NULL);
    unsigned i;

    for (i = 0; i < device->others->len; i++) {
        const HostDevice *other = g_ptr_array_index(device->others, i);
        const char *kind = probe_vital(other);

        if (probe_is_harmless(other)) {
            continue;
        }
        if (kind) {
            g_string_append_printf(vital, "# %s is %s, which this host may "
                                   "need: no command takes it away; a card "
                                   "can go into another slot\n",
                                   other->address, kind);
            continue;
        }
        if (host->audio.address &&
            !strcmp(other->address, host->audio.address)) {
            g_string_append(hint, "# sound of the host stops\n");
        } else {
            g_string_append_printf(hint, "# what %s does for the host stops: "
                                   "class %04x\n", other->driver,
                                   other->class);
        }
        hint_bind(hint, other);
        g_string_append_c(hint, '\n');
    }
    if (vital->len) {
        return g_strdup(g_strchomp(vital->str));
    }
    return hint->len ? g_strdup(g_strchomp(hint->str)) : NULL;
}

static void probe_group(CheckList *list, const Host *host, const char *name,
                        const char *title, const HostDevice *device)
{
    g_autoptr(GString) names = g_string_new(NULL);
    char *hint;
    unsigned i;

    if (!device->group) {
        checks_add(list, name, title, CHECK_FAIL,
                   g_strdup("# turn VT-d on, see there"),
                   "%s is in no IOMMU group", device->address);
        return;
    }
    for (i = 0; i < device->others->len; i++) {
        const HostDevice *other = g_ptr_array_index(device->others, i);

        g_string_append_printf(names, "%s%s (%04x:%04x, %s)", i ? ", " : "",
                               other->address, other->vendor, other->device,
                               other->driver ?: "no driver");
    }
    hint = probe_group_hint(host, device);
    checks_add(list, name, title, hint ? CHECK_FAIL :
               names->len ? CHECK_WARN : CHECK_PASS, hint, "group %s%s%s",
               device->group, names->len ? " has also " : "", names->str);
}

/* The IGD's own audio function, if the user wants it */
static void probe_audio(CheckList *list, const Host *host)
{
    static const char title[] = "for the IGD's audio function";
    const HostDevice *audio = &host->audio;

    if (!audio->address) {
        checks_add(list, "audio", title, CHECK_FAIL,
                   g_strdup("# plan without --audio"),
                   "no audio device of Intel's on bus 0000:00");
        return;
    }
    if (audio->driver && probe_is_vfio(audio->driver)) {
        checks_add(list, "audio", title, CHECK_PASS, NULL, "%s, %s",
                   audio->address, audio->driver);
    } else {
        GString *hint = g_string_new("# sound of the host stops\n");

        hint_bind(hint, audio);
        checks_add(list, "audio", title, CHECK_WARN,
                   g_string_free(hint, FALSE), "%s, %s", audio->address,
                   audio->driver ?: "no driver");
    }
    if (g_strcmp0(audio->group, host->igd.group)) {
        probe_group(list, host, "audio_group", "for the group of that",
                    audio);
    }
}

static void probe_vtd(CheckList *list, const Host *host)
{
    static const char title[] = "for VT-d";

    if (host->unit) {
        checks_add(list, "vtd", title, CHECK_PASS, NULL,
                   "on, unit %s, group type %s", host->unit,
                   host->group_type ?: "unknown");
    } else if (host->any_unit) {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   g_strdup("# take igfx_off out of intel_iommu= on the "
                            "kernel's command line, then reboot"),
                   "on, but not for the IGD");
    } else if (host->dmar_there) {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   hint_cmdline(host, "intel_iommu=on"),
                   "firmware offers it, the kernel does not use it");
    } else {
        checks_add(list, "vtd", title, CHECK_FAIL,
                   g_strdup("# turn VT-d on in the firmware's setup, then:\n"
                            "ls /sys/firmware/acpi/tables/DMAR"),
                   "off: firmware has no DMAR table");
    }
}

static void probe_intremap(CheckList *list, const Host *host)
{
    static const char title[] = "for interrupt remapping";

    if (!host->unit) {
        return;
    }
    if (!host->intremap.known) {
        checks_add(list, "intremap", title, CHECK_WARN, NULL, "unknown: %s",
                   host->intremap.from);
    } else if (host->intremap.value) {
        checks_add(list, "intremap", title, CHECK_PASS, NULL, "from %s",
                   host->intremap.from);
    } else {
        checks_add(list, "intremap", title, host->unsafe_interrupts ?
                   CHECK_WARN : CHECK_FAIL,
                   g_strdup("# turn it on in the firmware's setup: VT-d, "
                            "x2APIC\n"
                            "# where firmware cannot, there is "
                            "allow_unsafe_interrupts=1 of vfio_iommu_type1: "
                            "guests can then send the host any interrupt"),
                   "none; VFIO %s", host->unsafe_interrupts ?
                   "was told to do without it" : "refuses every device");
    }
}

unsigned host_aw_bits(const Host *host)
{
    if (!host->iommu_width.known) {
        return AW_BITS_SMALL;
    }
    return host->iommu_width.value >= AW_BITS_LARGE ? AW_BITS_LARGE :
           host->iommu_width.value >= AW_BITS_SMALL ? AW_BITS_SMALL : 0;
}

static void probe_width(CheckList *list, const Host *host,
                        const char *without)
{
    static const char title[] = "for the address width";
    unsigned bits = host_aw_bits(host);

    if (!host->iommu_width.known) {
        checks_add(list, "width", title, CHECK_WARN, NULL,
                   "unknown: %s; aw-bits=%u is safe", host->iommu_width.from,
                   bits);
    } else if (!bits) {
        checks_add(list, "width", title, CHECK_FAIL,
                   g_strdup(without),
                   "the host's IOMMU has %" PRIu64 " bits, and the guest's "
                   "has %d at least", host->iommu_width.value, AW_BITS_SMALL);
    } else {
        checks_add(list, "width", title, CHECK_PASS, NULL,
                   "the host's IOMMU has %" PRIu64 " bits: aw-bits=%u",
                   host->iommu_width.value, bits);
    }
}

/* Each source that knows has to say the same */
static void probe_sources(CheckList *list, const Host *host)
{
    static const char title[] = "for what the sources say";
    const StolenRegion *config = &host->by_config.region;
    const StolenRegion *group = &host->by_group.region;
    g_autofree char *one = text_range(config->base, config->limit);
    g_autofree char *other = text_range(group->base, group->limit);

    if (host_sources_differ(host)) {
        checks_add(list, "sources", title, CHECK_FAIL,
                   g_strdup("# and report it with this file:\n"
                            "igd-stolen capture -o host.bundle"),
                   "config space says %s, reserved_regions says %s", one,
                   other);
    } else if (host->by_config.known && host->by_group.known) {
        checks_add(list, "sources", title, CHECK_PASS, NULL,
                   "config space and reserved_regions agree");
    } else {
        checks_add(list, "sources", title,
                   host_needs_base(host) ? CHECK_WARN : CHECK_PASS, NULL,
                   "one source: %s; unknown: %s%s", host->region.from,
                   host->by_config.known ? host->by_group.from
                                         : host->by_config.from,
                   host_needs_base(host) ? "; base and size have to be given, "
                   "as plan does" : "");
    }
}

/* Of a region whose base is known; the emulator needs to know both parts */
static void probe_parts(CheckList *list, const Host *host)
{
    static const char title[] = "for its parts";
    const StolenRegion *r = &host->region.region;
    g_autofree char *gsm = text_size(r->dsm_base - r->base);
    g_autofree char *dsm = text_size(r->limit - r->dsm_base + 1);

    if (host->region.split) {
        checks_add(list, "parts", title, CHECK_PASS, NULL,
                   "base %08" PRIx64 ", GSM %s, DSM %s at %08" PRIx64,
                   r->base, gsm, dsm, r->dsm_base);
    } else if (host->gen == IGD_STOLEN_GEN_UNKNOWN) {
        checks_add(list, "parts", title, CHECK_FAIL, g_strdup_printf(
                   "# run this as root: the kernel's log and /proc/iomem may "
                   "tell where the DSM begins\n"
                   "# or else give the emulator x-igd-stolen-gsm-size by hand: "
                   "BDSM less %08" PRIx64 ", 8M on most IGDs", r->base),
                   "base %08" PRIx64 "; for an unknown device the emulator "
                   "needs x-igd-stolen-gsm-size, and where the DSM begins is "
                   "unknown: %s", r->base, host->by_kernel.known ?
                   "the kernel's range does not fit" : host->by_kernel.from);
    } else {
        checks_add(list, "parts", title, CHECK_PASS, NULL,
                   "base %08" PRIx64 "; GSM and DSM apart are unknown: %s",
                   r->base, host->by_config.from);
    }
}

static void probe_no_region(CheckList *list, const Host *host)
{
    static const char title[] = "for stolen memory";

    if (host->is_function) {
        checks_add(list, "region", title, CHECK_PASS, NULL,
                   "a virtual function has no stolen memory: nothing to "
                   "place");
    } else if (!host_needs_place(host)) {
        checks_add(list, "region", title, CHECK_PASS, NULL,
                   "none that needs a place: it is in a BAR");
    } else {
        checks_add(list, "region", title, CHECK_FAIL, g_strdup(
                   !host->igd.group ? "# turn VT-d on, see there" :
                   !host->asls.known ? "sudo igd-stolen probe" :
                   "# give it some in the firmware's setup (DVMT), or report "
                   "it with this file:\nigd-stolen capture -o host.bundle"),
                   "unknown: %s", host->region.from);
    }
}

static void probe_region(CheckList *list, const Host *host)
{
    const StolenRegion *r = &host->region.region;
    g_autofree char *range = text_range(r->base, r->limit);
    g_autofree char *size = text_size(stolen_region_size(r));

    if (!host->region.known || !host_needs_place(host)) {
        probe_no_region(list, host);
        return;
    }
    checks_add(list, "region", "for stolen memory", CHECK_PASS, NULL,
               "%s, %s, from %s", range, size, host->region.from);
    probe_parts(list, host);
    probe_sources(list, host);
}

int host_opregion(const Host *host)
{
    return host->is_function ? 0 : !host->asls.known ? -1 :
           host->asls.value && (host->igd.class == CLASS_VGA ||
                                host->kernel_version >= OPREGION_KERNEL);
}

static void probe_opregion(CheckList *list, const Host *host)
{
    static const char title[] = "for an OpRegion";
    int there = host_opregion(host);

    if (host->is_function) {
        checks_add(list, "opregion", title, CHECK_PASS, NULL,
                   "a virtual function has none");
    } else if (there < 0) {
        checks_add(list, "opregion", title, CHECK_PASS, NULL, "unknown: %s",
                   host->asls.from);
    } else if (there) {
        checks_add(list, "opregion", title, CHECK_PASS, NULL,
                   "at %08" PRIx64, host->asls.value);
    } else if (host->asls.value) {
        checks_add(list, "opregion", title, CHECK_WARN,
                   g_strdup("# install Linux 6.15 or later; on Debian from "
                            "backports"),
                   "at %08" PRIx64 ", and vfio-pci hands that of class %04x "
                   "on from Linux 6.15 on; Windows and GOP drivers need it",
                   host->asls.value, host->igd.class);
    } else {
        checks_add(list, "opregion", title, CHECK_WARN, NULL,
                   "none: ASLS is 0; Windows and GOP drivers need one");
    }
}

static void probe_framebuffer(CheckList *list, const Host *host)
{
    static const char title[] = "for who holds BAR 2";
    g_autofree char *hint =
        hint_cmdline(host, host->kernel_version >= SYSFB_KERNEL ?
                     "initcall_blacklist=sysfb_init" : "video=efifb:off");

    if (host->framebuffer) {
        checks_add(list, "bar2", title, CHECK_WARN,
                   g_strdup_printf("# the host's own console has no picture "
                                   "then\n%s", hint),
                   "%s, a console of the host: VFIO cannot map it",
                   host->framebuffer);
    } else {
        checks_add(list, "bar2", title, CHECK_PASS, NULL, "%s%s",
                   host->iomem ? "no framebuffer of the host's" : "unknown: ",
                   host->iomem ? "" : host->iomem_why);
    }
}

static void probe_mappings(CheckList *list, const Host *host)
{
    static const char title[] = "for the limit of VFIO's mappings";

    if (!host->mappings.known) {
        checks_add(list, "mappings", title, CHECK_PASS, NULL,
                   "vfio_iommu_type1 is not loaded; it begins with %d",
                   HOST_DEFAULT_MAPPINGS);
    } else if (host->mappings.value < HOST_DEFAULT_MAPPINGS) {
        checks_add(list, "mappings", title, CHECK_WARN,
                   g_strdup_printf("echo %d > " HOST_ENTRY_LIMIT,
                                   HOST_DEFAULT_MAPPINGS),
                   "%" PRIu64 ", less than the usual %d; stolen memory is one "
                   "mapping, but a guest with an IOMMU needs one for each "
                   "buffer", host->mappings.value, HOST_DEFAULT_MAPPINGS);
    } else {
        checks_add(list, "mappings", title, CHECK_PASS, NULL,
                   "%" PRIu64 "; stolen memory is one of them",
                   host->mappings.value);
    }
}

static void probe_kernel(CheckList *list, const Host *host)
{
    static const char title[] = "for a kernel that lets a display go";

    if (!host->kernel_version) {
        checks_add(list, "kernel", title, CHECK_WARN, NULL,
                   "unknown: /proc/sys/kernel/osrelease cannot be read");
    } else if (host->kernel_version < DISPLAY_KERNEL) {
        checks_add(list, "kernel", title, CHECK_FAIL,
                   hint_kernel(host, "5.3"),
                   "Linux %s, and VFIO lets a display with an RMRR go from "
                   "Linux 4.1 on", host->kernel);
    } else if (host->kernel_version < HOST_RELAXABLE_KERNEL &&
               host_needs_base(host)) {
        checks_add(list, "kernel", title, CHECK_WARN, NULL,
                   "Linux %s names no relaxable range: base and size have to "
                   "be given, as plan does", host->kernel);
    } else {
        checks_add(list, "kernel", title, CHECK_PASS, NULL, "Linux %s",
                   host->kernel);
    }
}

void probe_verdict(CheckList *list, const Host *host)
{
    static const char title[] = "whether the IGD can be assigned";
    unsigned failed = 0;
    unsigned i;

    for (i = 0; i < list->len; i++) {
        failed += g_array_index(list, Check, i).status == CHECK_FAIL;
    }
    if (failed) {
        checks_add(list, "verdict", title, CHECK_FAIL, NULL,
                   "no: %u of the checks above failed", failed);
    } else {
        checks_add(list, "verdict", title, CHECK_PASS,
                   g_strdup_printf("igd-stolen plan --memory 8G%s",
                                   host->asked), "yes%s",
                   host_needs_place(host) ?
                   ", with stolen memory at the host's base" :
                   "; it has no stolen memory that needs a place");
    }
}

CheckList *probe_checks(const Host *host, const char *without, bool audio)
{
    CheckList *list = checks_new();

    probe_igd(list, host);
    if (host->igd.address) {
        probe_driver(list, host);
        probe_vtd(list, host);
        probe_intremap(list, host);
        if (without) {
            probe_width(list, host, without);
        }
        probe_group(list, host, "group", "for an IOMMU group of its own",
                    &host->igd);
        probe_region(list, host);
        probe_opregion(list, host);
        probe_framebuffer(list, host);
        probe_mappings(list, host);
    }
    if (audio && host->igd.address) {
        probe_audio(list, host);
    }
    probe_kernel(list, host);
    return list;
}
