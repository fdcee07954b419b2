/*
 * Verdicts on a host: can its IGD be assigned, stolen memory in its place
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. A check that can fail has a hint, which people paste as
 * root: a command or a comment a line, and never one that takes storage,
 * network, USB or a bridge from the host. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "checks.h"

#define VFIO_PCI        "vfio-pci"
/* Our own variant of it: docs/specs/vfio-igd-stolen.rst */
#define IGD_VFIO_PCI    "igd-vfio-pci"

/* dma_entry_limit of vfio_iommu_type1 if nobody sets it */
#define USUAL_MAPPINGS  65535

#define SOUND_STOPS     "# sound of the host stops\n"

#define CLASS_VGA       0x0300
#define CLASS_PCI_BRIDGE        0x0604
#define BASE_BRIDGE     0x06

/* The values of aw-bits of -device intel-iommu */
#define AW_BITS_SMALL   39
#define AW_BITS_LARGE   48

/* VFIO releases a display with an RMRR from this kernel on */
#define DISPLAY_KERNEL  HOST_KERNEL(4, 1)
/* vfio-pci passes the OpRegion of class 0380 on from this kernel on */
#define OPREGION_KERNEL HOST_KERNEL(6, 15)
/* The kernel's framebuffer is set up by sysfb_init from this kernel on */
#define SYSFB_KERNEL    HOST_KERNEL(5, 15)

#define OVMF_4M         "/usr/share/OVMF/OVMF_CODE_4M.fd", \
                        "/usr/share/OVMF/OVMF_VARS_4M.fd"

static const HostSystem systems[] = {
    { " ubuntu ", "apt-get install linux-generic",
      "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"' > "
      "/etc/default/grub.d/igd-stolen-%s.cfg\nupdate-grub\n# then reboot",
      "dpkg -s ovmf", OVMF_4M },
    { " debian ", "apt-get install linux-image-amd64",
      "# Proxmox VE booted by systemd-boot has /etc/kernel/cmdline instead, "
      "and proxmox-boot-tool refresh\n"
      "mkdir -p /etc/default/grub.d\n"
      "echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"' > "
      "/etc/default/grub.d/igd-stolen-%s.cfg\nupdate-grub\n# then reboot",
      "dpkg -s ovmf", OVMF_4M },
    { " fedora ", "dnf upgrade kernel",
      "grubby --update-kernel=ALL --args=%s\n# then reboot",
      "rpm -q edk2-ovmf", "/usr/share/edk2/ovmf/OVMF_CODE.fd",
      "/usr/share/edk2/ovmf/OVMF_VARS.fd" },
    { " arch ", "pacman -Syu linux",
      "# add %s to GRUB_CMDLINE_LINUX in /etc/default/grub, then:\n"
      "grub-mkconfig -o /boot/grub/grub.cfg\n# then reboot",
      "pacman -Q edk2-ovmf", "/usr/share/edk2/x64/OVMF_CODE.4m.fd",
      "/usr/share/edk2/x64/OVMF_VARS.4m.fd" },
    { "", NULL, "# add %s to the kernel's command line, then reboot", NULL,
      OVMF_4M },
};

const HostSystem *host_system(const Host *host)
{
    unsigned i = 0;

    while (i + 1 < G_N_ELEMENTS(systems) &&
           !strstr(host->system, systems[i].id)) {
        i++;
    }
    return &systems[i];
}

/* On the kernel's command line */
static const char *hint_cmdline(const Host *host, const char *word)
{
    g_auto(GStrv) parts = g_strsplit(host_system(host)->cmdline, "%s", -1);

    return host_keep(host->store, g_strjoinv(word, parts));
}

/* Proxmox VE has kernels of its own, which replace the distribution's */
static const char *hint_kernel(const Host *host)
{
    const char *command = host->kernel_is_pve ? NULL
                                              : host_system(host)->kernel;

    return command ? host_text(host->store, "# Linux 5.3 or later:\n%s",
                               command) : "# install Linux 5.3 or later";
}

/* Takes a device from its driver, if it has one, and gives it to vfio-pci */
static const char *hint_bind(const Host *host, const char *comments,
                             const HostDevice *device)
{
    const char *at = device->address;
    const char *unbind = device->driver ? host_text(
        host->store, "echo %s > " HOST_SYSFS_PCI "/%s/driver/unbind\n", at,
        at) : "";

    return host_text(host->store, "%smodprobe " VFIO_PCI "\n"
                     "echo " VFIO_PCI " > " HOST_SYSFS_PCI
                     "/%s/driver_override\n"
                     "%secho %s > /sys/bus/pci/drivers_probe", comments, at,
                     unbind, at);
}

static void probe_igd(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "igd", "for an Intel integrated GPU");
    const HostDevice *igd = &host->igd;
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    const char *class = igd->class == CLASS_VGA ? "" :
                        ", not the host's primary display";

    if (!igd->address) {
        check_set(check, CHECK_FAIL,
                  "# see if the firmware turned it off:\nlspci -nn", "%s",
                  host->igd_why);
    } else if (host->is_function) {
        check_pass(check, "%s, %04x:%04x, a virtual function of %s",
                   igd->address, igd->vendor, igd->device,
                   host->function_of ?: "one that is not here");
    } else if (host->gen == IGD_STOLEN_GEN_UNKNOWN) {
        check_set(check, CHECK_WARN, NULL,
                  "%s, %04x:%04x%s: not a known IGD; base and size have to be "
                  "given to the emulator", igd->address, igd->vendor,
                  igd->device, class);
    } else {
        check_pass(check, "%s, %04x:%04x, %s%s", igd->address, igd->vendor,
                   igd->device,
                   layout ? layout->name : "Meteor Lake or later", class);
    }
}

static bool probe_is_vfio(const HostDevice *device)
{
    return !g_strcmp0(device->driver, VFIO_PCI) ||
           !g_strcmp0(device->driver, IGD_VFIO_PCI);
}

static void probe_driver(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "driver", "for the driver vfio-pci");
    const HostDevice *igd = &host->igd;
    const char *comments = "";

    if (probe_is_vfio(igd)) {
        check_pass(check, "%s", igd->driver);
        return;
    }
    if (igd->driver && !host->is_function) {
        comments = "# from a shell that does not need the IGD's screen, such "
                   "as ssh: its picture stops\n";
    }
    if (igd->driver && host->functions) {
        comments = host_text(host->store, "%s# its virtual functions vanish: "
                             "%s\n", comments, host->functions);
    }
    check_set(check, CHECK_WARN, hint_bind(host, comments, igd),
              "%s; libvirt binds vfio-pci by itself",
              igd->driver ?: "no driver");
}

/* VFIO accepts a PCI bridge, and a device without a driver, in the group */
static bool probe_is_harmless(const HostDevice *device)
{
    return device->class == CLASS_PCI_BRIDGE || !device->driver ||
           probe_is_vfio(device);
}

/*
 * A device that a host may run from, or be reached by. PCI Code and ID
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

static const char *probe_takes(const Host *host, const char *before,
                               const HostDevice *other)
{
    const char *stops = g_strcmp0(other->address, host->audio.address) ?
        host_text(host->store, "# %s stops serving the host: class %04x\n",
                  other->driver, other->class) : SOUND_STOPS;

    return hint_bind(host, before ? host_text(host->store, "%s\n%s", before,
                                              stops) : stops, other);
}

static void probe_group(CheckList *list, const Host *host, const char *name,
                        const char *title, const HostDevice *device)
{
    Check *check = check_add(list, name, title);
    const char *names = "", *takes = NULL, *vital = NULL;
    const HostDevice *other;

    if (!device->group) {
        check_set(check, CHECK_FAIL, "# turn VT-d on, as its check says",
                  "%s is in no IOMMU group", device->address);
        return;
    }
    for (other = device->others; other->address; other++) {
        const char *kind = probe_vital(other);

        names = host_text(host->store, "%s%s%s (%04x:%04x, %s)", names,
                          *names ? ", " : " has also ", other->address,
                          other->vendor, other->device,
                          other->driver ?: "no driver");
        if (probe_is_harmless(other)) {
            continue;
        }
        if (kind) {
            vital = host_text(host->store, "%s%s# %s is %s, which this host "
                              "may need: no command takes it away; a card can "
                              "go into another slot", vital ?: "",
                              vital ? "\n" : "", other->address, kind);
        } else {
            takes = probe_takes(host, takes, other);
        }
    }
    /* With neither, VFIO accepts the group as it is */
    check_set(check, vital || takes ? CHECK_FAIL :
              *names ? CHECK_WARN : CHECK_PASS, vital ?: takes, "group %s%s",
              device->group, names);
}

/* The IGD's own audio function, if the user wants it */
static void probe_audio(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "audio", "for the IGD's audio function");
    const HostDevice *audio = &host->audio;

    if (!audio->address) {
        check_set(check, CHECK_FAIL, "# plan without --audio",
                  "no audio device of Intel's on bus 0000:00");
        return;
    }
    if (probe_is_vfio(audio)) {
        check_pass(check, "%s, %s", audio->address, audio->driver);
    } else {
        check_set(check, CHECK_WARN, hint_bind(host, SOUND_STOPS, audio),
                  "%s, %s", audio->address, audio->driver ?: "no driver");
    }
    if (g_strcmp0(audio->group, host->igd.group)) {
        probe_group(list, host, "audio_group", "for the audio function's group",
                    audio);
    }
}

static void probe_vtd(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "vtd", "for VT-d");

    if (host->unit) {
        check_pass(check, "on, unit %s, group type %s", host->unit,
                   host->group_type ?: "unknown");
    } else if (host->any_unit) {
        check_set(check, CHECK_FAIL,
                  "# take igfx_off out of intel_iommu= on the kernel's "
                  "command line, then reboot", "on, but not for the IGD");
    } else if (host->dmar_there) {
        check_set(check, CHECK_FAIL, hint_cmdline(host, "intel_iommu=on"),
                  "firmware offers it, the kernel does not use it");
    } else {
        check_set(check, CHECK_FAIL,
                  "# turn VT-d on in the firmware's setup, then:\n"
                  "ls /sys/firmware/acpi/tables/DMAR",
                  "off: firmware has no DMAR table");
    }
}

static void probe_intremap(CheckList *list, const Host *host)
{
    bool unsafe = host->unsafe_interrupts;
    Check *check;

    if (!host->unit) {
        return;
    }
    check = check_add(list, "intremap", "for interrupt remapping");
    if (!host->intremap.known) {
        check_set(check, CHECK_WARN, NULL, "unknown: %s", host->intremap.from);
    } else if (host->intremap.value) {
        check_pass(check, "from %s", host->intremap.from);
    } else {
        check_set(check, unsafe ? CHECK_WARN : CHECK_FAIL,
                  "# turn it on in the firmware's setup: VT-d, x2APIC\n"
                  "# where firmware cannot, there is "
                  "allow_unsafe_interrupts=1 of vfio_iommu_type1: guests can "
                  "then send the host any interrupt", "none; VFIO %s",
                  unsafe ? "was told to do without it"
                         : "refuses every device");
    }
}

unsigned host_aw_bits(const Host *host)
{
    return !host->iommu_width.known ? AW_BITS_SMALL :
           host->iommu_width.value >= AW_BITS_LARGE ? AW_BITS_LARGE :
           host->iommu_width.value >= AW_BITS_SMALL ? AW_BITS_SMALL : 0;
}

static void probe_width(CheckList *list, const Host *host, const char *without)
{
    Check *check = check_add(list, "width", "for the address width");
    unsigned bits = host_aw_bits(host);

    if (!host->iommu_width.known) {
        check_set(check, CHECK_WARN, NULL, "unknown: %s; aw-bits=%u is safe",
                  host->iommu_width.from, bits);
    } else if (!bits) {
        check_set(check, CHECK_FAIL, without,
                  "the host's IOMMU has %" PRIu64 " bits, and the guest's has "
                  "%d at least", host->iommu_width.value, AW_BITS_SMALL);
    } else {
        check_pass(check, "the host's IOMMU has %" PRIu64 " bits: aw-bits=%u",
                   host->iommu_width.value, bits);
    }
}

/* If both sources are known they have to agree, or the emulator refuses */
static void probe_sources(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "sources", "that the sources agree");
    const StolenRegion *config = &host->by_config.region;
    const StolenRegion *group = &host->by_group.region;
    bool both = host->by_config.known && host->by_group.known;
    bool give = host_needs_base(host);

    if (both && !stolen_region_is(config, group->base, group->limit)) {
        check_set(check, CHECK_FAIL, "# and report it with this file:\n"
                  "igd-stolen capture -o host.bundle",
                  "config space says %s, reserved_regions says %s",
                  text_range(host->store, config->base, config->limit),
                  text_range(host->store, group->base, group->limit));
    } else if (both) {
        check_pass(check, "config space and reserved_regions agree");
    } else {
        check_set(check, give ? CHECK_WARN : CHECK_PASS, NULL,
                  "one source: %s; unknown: %s%s", host->region.from,
                  host->by_config.known ? host->by_group.from
                                        : host->by_config.from,
                  give ? "; base and size have to be given, which plan does"
                       : "");
    }
}

/* Of a region whose base is known; the emulator needs to know both parts */
static void probe_parts(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "parts", "for GSM and DSM");
    const StolenRegion *r = &host->region.region;

    if (host->region.split) {
        check_pass(check, "base %08" PRIx64 ", GSM %s, DSM %s at %08" PRIx64,
                   r->base, text_size(host->store, r->dsm_base - r->base),
                   text_size(host->store, r->limit - r->dsm_base + 1),
                   r->dsm_base);
    } else if (host->gen == IGD_STOLEN_GEN_UNKNOWN) {
        check_set(check, CHECK_FAIL, host_text(
                  host->store,
                  "# run this as root: the kernel's log and /proc/iomem may "
                  "tell where the DSM begins\n"
                  "# or else give the emulator x-igd-stolen-gsm-size by hand: "
                  "BDSM less %08" PRIx64 ", 8M on most IGDs", r->base),
                  "base %08" PRIx64 "; for an unknown device the emulator "
                  "needs x-igd-stolen-gsm-size, and where the DSM begins is "
                  "unknown: %s", r->base, host->by_kernel.known ?
                  "the kernel's range does not fit" : host->by_kernel.from);
    } else {
        check_pass(check, "base %08" PRIx64 "; GSM and DSM apart are unknown: "
                   "%s", r->base, host->by_config.from);
    }
}

static void probe_region(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "region", "for stolen memory");
    const StolenRegion *r = &host->region.region;

    if (host->is_function) {
        check_pass(check, "a virtual function has no stolen memory: nothing "
                   "to place");
    } else if (!host_needs_place(host)) {
        check_pass(check, "in a BAR: it needs no place");
    } else if (!host->region.known) {
        check_set(check, CHECK_FAIL,
                  !host->igd.group ? "# turn VT-d on, as its check says" :
                  !host->asls.known ? "sudo igd-stolen probe" :
                  "# give it some in the firmware's setup (DVMT), or report "
                  "it with this file:\nigd-stolen capture -o host.bundle",
                  "unknown: %s", host->region.from);
    } else {
        check_pass(check, "%s, %s, from %s",
                   text_range(host->store, r->base, r->limit),
                   text_size(host->store, stolen_region_size(r)),
                   host->region.from);
        probe_parts(list, host);
        probe_sources(list, host);
    }
}

int host_opregion(const Host *host)
{
    return host->is_function ? 0 : !host->asls.known ? -1 :
           host->asls.value && (host->igd.class == CLASS_VGA ||
                                host->kernel_version >= OPREGION_KERNEL);
}

static void probe_opregion(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "opregion", "for an OpRegion");
    int there = host_opregion(host);

    if (host->is_function) {
        check_pass(check, "a virtual function has none");
    } else if (there < 0) {
        check_pass(check, "unknown: %s", host->asls.from);
    } else if (there) {
        check_pass(check, "at %08" PRIx64, host->asls.value);
    } else if (host->asls.value) {
        check_set(check, CHECK_WARN, "# install Linux 6.15 or later; on "
                  "Debian from backports",
                  "at %08" PRIx64 "; vfio-pci passes it on for class %04x from "
                  "Linux 6.15 on; Windows and GOP drivers need it",
                  host->asls.value, host->igd.class);
    } else {
        check_set(check, CHECK_WARN, NULL, "none: ASLS is 0; Windows and GOP "
                  "drivers need one");
    }
}

static void probe_framebuffer(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "bar2", "for a console in BAR 2");
    const char *word = host->kernel_version >= SYSFB_KERNEL ?
                       "initcall_blacklist=sysfb_init" : "video=efifb:off";

    if (host->framebuffer) {
        check_set(check, CHECK_WARN, host_text(
                  host->store, "# the host's own console loses its "
                  "picture\n%s", hint_cmdline(host, word)),
                  "%s, a console of the host: VFIO cannot map it",
                  host->framebuffer);
    } else {
        check_pass(check, "%s%s",
                   host->iomem ? "no framebuffer of the host's" : "unknown: ",
                   host->iomem ? "" : host->iomem_why);
    }
}

static void probe_mappings(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "mappings",
                             "for the limit of VFIO's mappings");

    if (!host->mappings.known) {
        check_pass(check, "vfio_iommu_type1 is not loaded; it begins with %d",
                   USUAL_MAPPINGS);
    } else if (host->mappings.value < USUAL_MAPPINGS) {
        check_set(check, CHECK_WARN, "echo " G_STRINGIFY(USUAL_MAPPINGS) " > "
                  HOST_ENTRY_LIMIT,
                  "%" PRIu64 ", less than the usual %d; stolen memory is one "
                  "mapping, but a guest with an IOMMU needs one for each "
                  "buffer", host->mappings.value, USUAL_MAPPINGS);
    } else {
        check_pass(check, "%" PRIu64 "; stolen memory is one of them",
                   host->mappings.value);
    }
}

static void probe_kernel(CheckList *list, const Host *host)
{
    Check *check = check_add(list, "kernel",
                             "for a kernel that releases displays");

    if (!host->kernel_version) {
        check_set(check, CHECK_WARN, NULL,
                  "unknown: /proc/sys/kernel/osrelease cannot be read");
    } else if (host->kernel_version < DISPLAY_KERNEL) {
        check_set(check, CHECK_FAIL, hint_kernel(host),
                  "Linux %s, and VFIO releases a display with an RMRR from "
                  "Linux 4.1 on", host->kernel);
    } else if (host->kernel_version < HOST_RELAXABLE_KERNEL &&
               host_needs_base(host)) {
        check_set(check, CHECK_WARN, NULL,
                  "Linux %s names no relaxable range: base and size have to "
                  "be given, which plan does", host->kernel);
    } else {
        check_pass(check, "Linux %s", host->kernel);
    }
}

void probe_verdict(CheckList *list, const Host *host)
{
    unsigned failed = 0;
    Check *check;

    for (check = list->first; check; check = check->next) {
        failed += check->status == CHECK_FAIL;
    }
    check = check_add(list, "verdict", "whether the IGD can be assigned");
    if (failed) {
        check_set(check, CHECK_FAIL, NULL,
                  "no: %u of the checks above failed", failed);
    } else {
        check_set(check, CHECK_PASS,
                  host_text(host->store, "igd-stolen plan --memory 8G%s",
                            host->asked), "yes%s", host_needs_place(host) ?
                  ", with stolen memory at the host's base" :
                  "; it has no stolen memory that needs a place");
    }
}

CheckList *probe_checks(const Host *host, const char *without, bool audio)
{
    CheckList *list = checks_new(host->store);

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
        if (audio) {
            probe_audio(list, host);
        }
    }
    probe_kernel(list, host);
    return list;
}
