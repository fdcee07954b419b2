/*
 * How a guest is to be started so that it gets the IGD: text and JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. Makes a shell script, or a domain for libvirt, whose
 * comments say why; the same options as in docs/system/igd-stolen.rst. Tested
 * by tests/tool, which holds domains against libvirt's own schema.
 */

#include "qemu/osdep.h"
#include "run.h"

/*
 * PlanWord: one option of a guest, in each format, and its reason
 * @option: quoted for a shell; for libvirt the element of the domain. NULL
 *      in a format without it
 */
typedef struct PlanWord {
    const char *option[PLAN_FORMAT__MAX];
    const char *why;
} PlanWord;

static void plan_word(GArray *words, const char *why, const char *qemu,
                      const char *libvirt, const char *proxmox)
{
    PlanWord word = { .option = { qemu, libvirt, proxmox }, .why = why };

    g_array_append_val(words, word);
}

const char *plan_placement(const Plan *plan)
{
    const StolenRegion *r = &plan->host->region.region;
    HostStore *store = plan->host->store;
    uint64_t gsm = host_gsm_to_give(plan->host);

    return !plan->placed ? "" :
           !host_needs_base(plan->host) ? ",x-igd-stolen=identity" :
           host_text(store, ",x-igd-stolen-base=0x%" PRIx64
                     ",x-igd-stolen-size=0x%" PRIx64 "%s", r->base,
                     stolen_region_size(r), gsm ? host_text(
                         store, ",x-igd-stolen-gsm-size=0x%" PRIx64, gsm)
                     : "");
}

/* Proxmox VE's own emulator knows no place, and needs an OpRegion */
const char *plan_device(const Plan *plan, bool proxmox)
{
    int there = host_opregion(plan->host);

    return host_text(plan->host->store, "%s%s",
                     proxmox && plan->request.format != PLAN_PROXMOX ? "" :
                     plan_placement(plan), there == 1 || (there && !proxmox) ?
                     ",x-igd-opregion=on" : "");
}

static const char *plan_placement_why(const Plan *plan, bool placed)
{
    return plan->host->is_function ?
           "a virtual function has no stolen memory: nothing to place" :
           !placed ? "the IGD, where drivers look for it" :
           !host_needs_base(plan->host) ?
           "the IGD, where drivers look for it; identity: at the host's base "
           "or not at all" :
           plan->host->gen == IGD_STOLEN_GEN_UNKNOWN ?
           "the IGD, where drivers look for it; its device id is not known, "
           "so base and size are given" :
           "the IGD, where drivers look for it; base and size are given, as "
           "this kernel's reserved_regions does not tell them";
}

static void plan_word_machine(const Plan *plan, GArray *words)
{
    HostStore *store = plan->host->store;
    const char *machine = plan->q35 ? "q35" : "pc";
    bool kvm = plan->host->kvm;
    bool iommu = plan->request.iommu;
    unsigned limit = plan->cpu_limit;

    plan_word(words, iommu ? "the chipset with VT-d; KVM leaves the I/O APIC "
              "to the emulator for intremap=on" : plan->q35 ?
              "the chipset of newer PCs" :
              "the chipset of older PCs; it has no VT-d, so no RMRR",
              host_text(store, "-machine %s,accel=%s%s", machine,
                        kvm ? "kvm" : "tcg",
                        kvm && iommu ? ",kernel-irqchip=split" : ""),
              iommu ? "ioapic driver='qemu'" : "machine",
              host_text(store, "--machine %s%s", machine,
                        iommu ? ",viommu=intel" : ""));
    if (kvm && limit) {
        plan_word(words, "the GPU's drivers check the CPU model; firmware puts "
                  "BARs below its address width, which the host's IOMMU limits",
                  host_text(store, "-cpu host,host-phys-bits-limit=%u",
                            limit), "host-phys-bits-limit", "--cpu host");
    } else if (kvm) {
        plan_word(words, "the GPU's drivers check the CPU model", "-cpu host",
                  "cpu", "--cpu host");
    }
}

static void plan_word_memory(const Plan *plan, GArray *words)
{
    HostStore *store = plan->host->store;
    uint64_t mib = plan->request.memory >> 20;
    const HostSystem *system = host_system(plan->host);

    plan_word(words, "RAM; the part that would overlap stolen memory goes "
              "above 4 GiB", host_text(store, "-m %" PRIu64 "M", mib), "memory",
              host_text(store, "--memory %" PRIu64, mib));
    plan_word(words, "all RAM is locked for the device", NULL,
              "memtune/hard_limit", "--balloon 0");
    plan_word(words, "the IGD is the only display", "-vga none",
              "video none", "--vga none");
    if (!plan->q35) {
        plan_word(words, "keeps the IGD's slot free; a network card needs "
                  "another one", "-nic none", NULL, NULL);
    }
    if (plan->seabios) {
        plan_word(words, "the firmware; on q35 it shows no picture", NULL,
                  "os", "--bios seabios");
    } else {
        plan_word(words, "the firmware",
                  host_text(store, "-drive if=pflash,format=raw,readonly=on,"
                            "file=%s", system->code), "os", "--bios ovmf");
        plan_word(words, host_text(store, "its variables: a copy of %s that "
                                   "belongs to this guest", system->vars),
                  "-drive if=pflash,format=raw,file=guest_VARS.fd", NULL,
                  NULL);
    }
}

/* One "--args" for everything that Proxmox VE has no option for */
static const char *plan_proxmox_args(const Plan *plan, const char *rest)
{
    HostStore *store = plan->host->store;
    unsigned limit = plan->cpu_limit;

    return host_text(
        store, "--args \"%s%s-device vfio-pci,host=%s,bus=pcie.0,addr=02.0%s"
        "%s\"", limit ? host_text(
            store, "-global " PLAN_CPU_LIMIT "%u ", limit)
        : "", plan->request.iommu ? host_text(
            store, "-global intel-iommu.aw-bits=%u ", plan->aw_bits) : "",
        plan->host->igd.address, rest, plan->request.audio ? host_text(
            store, " -device vfio-pci,host=%s,bus=pcie.0,addr=03.0",
            plan->host->audio.address) : "");
}

/* Its own option takes the device from the host's driver, but knows only pc */
static const char *plan_proxmox_hostpci(const Plan *plan)
{
    HostStore *store = plan->host->store;
    const char *rom = plan->request.rom;
    bool placed = plan->placed && plan->request.format == PLAN_PROXMOX;
    g_auto(GStrv) options = g_strsplit(placed ? plan_placement(plan) : "", ",",
                                       -1);
    g_autofree char *set = *options ?
        g_strjoinv(" -set device.hostpci0.", options) : NULL;

    return host_text(store, "--hostpci0 %s,legacy-igd=1%s%s%s%s%s%s%s",
                     plan->host->igd.address, rom ? ",romfile=" : "",
                     rom ? strrchr(rom, '/') + 1 : "",
                     plan->request.audio ? " --hostpci1 " : "",
                     plan->request.audio ? plan->host->audio.address : "",
                     set ? " --args \"" : "", set ? set + 1 : "",
                     set ? "\"" : "");
}

static void plan_word_devices(const Plan *plan, GArray *words)
{
    const Host *host = plan->host;
    HostStore *store = host->store;
    PlanFormat format = plan->request.format;
    const char *rom = plan->request.rom ?
        host_text(store, ",romfile=%s", plan->request.rom) : "";

    if (plan->request.iommu) {
        plan_word(words, plan->placed ?
                  "publishes the RMRR; vfio-pci needs caching-mode, guests in "
                  "the guest need intremap; aw-bits fits the host's IOMMU" :
                  "for guests in the guest, which need intremap; vfio-pci "
                  "needs caching-mode; aw-bits fits the host's IOMMU",
                  host_text(store, "-device intel-iommu,intremap=on,"
                            "caching-mode=on,aw-bits=%u", plan->aw_bits),
                  "iommu", NULL);
    }
    plan_word(words, plan_placement_why(plan, plan->placed),
              host_text(store, "-device vfio-pci,host=%s,addr=02.0%s%s",
                        host->igd.address, plan_device(plan, false), rom),
              "hostdev", NULL);
    plan_word(words, plan_placement_why(plan, plan->placed &&
                                        format == PLAN_PROXMOX), NULL, NULL,
              plan->q35 ?
              plan_proxmox_args(plan, host_text(
                  store, "%s%s", plan_device(plan, true), rom)) :
              plan_proxmox_hostpci(plan));
    if (plan->request.audio) {
        plan_word(words, "its sound, over HDMI and DisplayPort",
                  host_text(store, "-device vfio-pci,host=%s,addr=03.0",
                            host->audio.address), "hostdev, the second", NULL);
    }
}

static const PlanWord *plan_words(const Plan *plan)
{
    GArray *words = g_array_new(TRUE, FALSE, sizeof(PlanWord));

    plan_word_machine(plan, words);
    plan_word_memory(plan, words);
    plan_word_devices(plan, words);
    return host_keep_array(plan->host->store, words);
}

/* The comment */

/* The options of the format, or the reason of each */
static void plan_print_words(const Plan *plan, bool reasons, GString *out)
{
    const PlanWord *word;

    for (word = plan_words(plan); word->why; word++) {
        const char *option = word->option[plan->request.format];

        if (option && reasons) {
            g_string_append_printf(out, "  %.*s: %s\n",
                                   (int)strcspn(option, ",\""), option,
                                   word->why);
        } else if (option) {
            g_string_append_printf(out, " \\\n    %s", option);
        }
    }
}

static void plan_left_out(const Plan *plan, GString *out)
{
    bool proxmox = plan->request.format == PLAN_PROXMOX;

    g_string_append(out, "Left out:\n");
    if (proxmox && plan->q35 && host_opregion(plan->host) < 0) {
        g_string_append(out, "  x-igd-opregion: only root can see whether "
                        "there is an OpRegion\n");
    }
    if (!plan->request.rom) {
        g_string_append(out, "  romfile: until the guest loads its driver, the "
                        "screen needs the ROM of VfioIgdPkg or of LongQT-"
                        "sea's intel-igpu-passthru: --rom FILE\n");
    } else if (proxmox && !plan->q35) {
        g_string_append(out, "  the directory of the ROM: Proxmox VE wants it "
                        "in /usr/share/kvm\n");
    }
    g_string_append_printf(out, "  x-igd-lpc: %s\n"
                           "  x-igd-gms: the device's own size is right\n",
                           plan->q35 ? "q35 has an LPC bridge of its "
                           "own and does not start with it" :
                           "a driver that wants the host's LPC bridge may "
                           "need x-igd-lpc=on");
}

/* From the top down, as maps are drawn */
static void plan_draw(const Plan *plan, const MemRange *map, GString *out)
{
    HostStore *store = plan->host->store;
    const MemRange *row = map;

    while (row->name) {
        row++;
    }
    while (row > map) {
        uint64_t size;

        row--;
        size = row->limit - row->base + 1;
        g_string_append_printf(
            out, "  %19s %12s  %s\n",
            text_range(store, row->base, row->limit),
            !size ? "16 EiB" : size % STOLEN_ALIGN ? text_size(store, size) :
            host_text(store, "%" PRIu64 " MiB", size >> 20), row->name);
    }
}

static void plan_lock_text(const Plan *plan, GString *out)
{
    HostStore *store = plan->host->store;
    const HostFact *limit = &plan->host->lock_limit;

    g_string_append_printf(out, "Locked memory: %s: RAM %s, ",
                           text_size(store, plan->locked),
                           text_size(store, plan->request.memory));
    if (plan->placed) {
        g_string_append_printf(out, "stolen memory %s, ", text_size(
                               store, stolen_region_size(
                                   &plan->host->region.region)));
    }
    g_string_append_printf(out, "1 GiB for the rest\n"
                           "    as root no limit; for a user: ulimit -l %"
                           PRIu64 "%s\n", plan->locked >> 10,
                           limit->known && limit->value >= plan->locked ?
                           " (allowed here)" : "");
}

void plan_warnings(const Plan *plan, GString *out)
{
    const Check *check;

    for (check = plan->checks->first; check; check = check->next) {
        if (check->status == CHECK_WARN) {
            g_string_append_printf(out, "Warning: %s: %s\n", check->title,
                                   check->detail);
            check_hint_text(check, out);
        }
    }
}

static GString *plan_comment(const Plan *plan)
{
    GString *out = g_string_new(NULL);

    if (plan->request.format == PLAN_PROXMOX && plan->placed) {
        g_string_append(out, "For " PLAN_QM_EMULATOR " with this project's "
                        "patches; Proxmox VE's own does not start with this\n");
    }
    g_string_append(out, "Why:\n");
    plan_print_words(plan, true, out);
    plan_left_out(plan, out);
    g_string_append(out, "Memory of the guest:\n");
    plan_draw(plan, plan->guest_map, out);
    if (plan->host_map->name) {
        g_string_append_printf(out, "Memory of the host%s:\n",
                               plan->host->iomem ? "" :
                               " (the rest is shown to root only)");
        plan_draw(plan, plan->host_map, out);
    }
    plan_lock_text(plan, out);
    plan_warnings(plan, out);
    return out;
}

/* An XML comment must not have two dashes in a row */
static void plan_break_dashes(char *text)
{
    for (text = strstr(text, "--"); text; text = strstr(text, "--")) {
        while (*text == '-') {
            *text++ = '=';
        }
    }
}

static void plan_print_comment(const Plan *plan, const char *prefix,
                               GString *out)
{
    g_autoptr(GString) comment = plan_comment(plan);
    g_auto(GStrv) lines = NULL;
    unsigned i;

    if (plan->request.format == PLAN_LIBVIRT) {
        plan_break_dashes(comment->str);
    }
    lines = g_strsplit(g_strchomp(comment->str), "\n", -1);
    for (i = 0; lines[i]; i++) {
        g_string_append_printf(out, "%s%s\n", prefix, lines[i]);
    }
}

/* The domain */

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
        "      <alias name='%s'/>\n"
        "%s%s%s"
        "      <address type='pci' domain='0x0000' bus='0x00' slot='0x%02x' "
        "function='0x0'/>\n"
        "    </hostdev>\n",
        address, address + 5, address + 8, address[11], alias,
        rom ? "      <rom file='" : "", rom ?: "", rom ? "'/>\n" : "", slot);
}

static void plan_libvirt_devices(const Plan *plan, GString *out)
{
    g_autofree char *emulator = g_markup_escape_text(
        plan->request.emulator ?: "/usr/bin/" PLAN_EMULATOR, -1);

    g_string_append_printf(out,
                           "  <devices>\n"
                           "    <emulator>%s</emulator>\n", emulator);
    plan_libvirt_device(&plan->host->igd, PLAN_ALIAS, 2, plan->request.rom,
                        out);
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
}

void plan_override(const char *alias, const char *const *options, int indent,
                   GString *out)
{
    g_autofree char *name = g_markup_escape_text(alias, -1);

    g_string_append_printf(out, "%*s<qemu:device alias='%s'>\n"
                           "%*s  <qemu:frontend>\n", indent, "", name, indent,
                           "");
    for (; *options; options++) {
        const char *value = *options + strcspn(*options, "=");
        bool on = !strcmp(value, "=on") || !strcmp(value, "=off");
        g_autofree char *plain = g_strndup(*options, value - *options);
        g_autofree char *key = g_markup_escape_text(plain, -1);
        g_autofree char *text = NULL;
        uint64_t number = 0;
        bool is_number = *value && read_number(
            value + 1, g_str_has_prefix(value, "=0x") ? 16 : 10, &number);

        text = on ? g_strdup(value[2] == 'n' ? "true" : "false") :
                    is_number ? g_strdup_printf("%" PRIu64, number) :
                    g_markup_escape_text(*value ? value + 1 : "", -1);
        g_string_append_printf(
            out, *value ? "%*s    <qemu:property name='%s' type='%s' "
            "value='%s'/>\n" : "%*s    <qemu:property name='%s' type='%s'/>\n",
            indent, "", key, !*value ? "remove" : on ? "bool" :
            is_number ? "unsigned" : "string", text);
    }
    g_string_append_printf(out, "%*s  </qemu:frontend>\n"
                           "%*s</qemu:device>\n", indent, "", indent, "");
}

/* The options for which libvirt has no element */
static void plan_libvirt_override(const Plan *plan, GString *out)
{
    g_auto(GStrv) options = g_strsplit(plan_device(plan, false), ",", -1);

    if (*options) {
        g_string_append(out, "  <qemu:override>\n");
        plan_override(PLAN_ALIAS, (const char *const *)options + 1, 4, out);
        g_string_append(out, "  </qemu:override>\n");
    }
}

static void plan_libvirt_text(const Plan *plan, GString *out)
{
    const char *kvm = plan->host->kvm ? "kvm" : "qemu";
    unsigned limit = plan->cpu_limit;

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
        kvm, plan->request.memory >> 20, plan->locked >> 20,
        plan->seabios ? "" : " firmware='efi'", plan->q35 ? "q35" : "pc",
        plan->request.iommu ? "    <ioapic driver='qemu'/>\n" : "",
        plan->host->kvm ? "  <cpu mode='host-passthrough'/>\n" : "");
    plan_libvirt_devices(plan, out);
    if (limit) {
        g_string_append_printf(
            out,
            "  <qemu:commandline>\n"
            "    <qemu:arg value='-global'/>\n"
            "    <qemu:arg value='" PLAN_CPU_LIMIT "%u'/>\n"
            "  </qemu:commandline>\n", limit);
    }
    plan_libvirt_override(plan, out);
    g_string_append(out, "</domain>\n");
}

void plan_text(const Plan *plan, GString *out)
{
    if (checks_worst(plan->checks) == CHECK_FAIL) {
        checks_text(plan->checks, out);
    } else if (plan->request.format == PLAN_LIBVIRT) {
        g_string_append(out, "<!--\n");
        plan_print_comment(plan, "  ", out);
        g_string_append(out, "-->\n");
        plan_libvirt_text(plan, out);
    } else {
        plan_print_comment(plan, "# ", out);
        g_string_append(out, plan->request.format == PLAN_PROXMOX ?
                        "qm set \"$VMID\"" : plan_quote(
                            plan, plan->request.emulator ?: PLAN_EMULATOR));
        plan_print_words(plan, false, out);
        g_string_append_c(out, '\n');
    }
}

/* JSON */

static json_t *plan_words_json(const Plan *plan, PlanFormat format)
{
    json_t *array = json_array();
    const PlanWord *word;

    for (word = plan_words(plan); word->why; word++) {
        if (word->option[format]) {
            json_array_append_new(array, json_pack(
                "{s:s, s:s}", "option", word->option[format], "why",
                word->why));
        }
    }
    return array;
}

static json_t *plan_map_json(const MemRange *row)
{
    json_t *array = json_array();

    for (; row->name; row++) {
        json_array_append_new(array, json_pack(
            "{s:o, s:o, s:s}", "base", json_address(row->base), "limit",
            json_address(row->limit), "name", row->name));
    }
    return array;
}

json_t *plan_json(const Plan *plan)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) lines = NULL;
    json_t *domain;
    unsigned i;

    if (checks_worst(plan->checks) == CHECK_FAIL) {
        return json_null();
    }
    domain = json_array();
    plan_libvirt_text(plan, text);
    lines = g_strsplit(g_strchomp(text->str), "\n", -1);
    for (i = 0; lines[i]; i++) {
        json_array_append_new(domain, json_string(lines[i]));
    }
    return json_pack(
        "{s:I, s:s, s:s, s:b, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o}",
        "memory", (json_int_t)plan->request.memory,
        "machine", plan->q35 ? "q35" : "pc",
        "firmware", plan->seabios ? "seabios" : "ovmf",
        "placed", plan->placed,
        "low_ram", json_address(plan->low_ram),
        "aw_bits", plan->request.iommu ? json_integer(plan->aw_bits)
                                       : json_null(),
        "locked_memory", (json_int_t)plan->locked,
        "qemu", plan_words_json(plan, PLAN_QEMU),
        "proxmox", plan_words_json(plan, PLAN_PROXMOX),
        "libvirt", domain,
        "guest_map", plan_map_json(plan->guest_map),
        "host_map", plan_map_json(plan->host_map));
}
