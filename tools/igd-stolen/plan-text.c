/*
 * How a guest is to be started so that it gets the IGD: text and JSON
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and jansson. What comes out is a shell script, or an XML file,
 * whose comments say why. The same options as in docs/system/igd-stolen.rst.
 * Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "plan.h"

/*
 * PlanWord: one thing that a guest is given, as each format has it, and why
 * @option: NULL where a format has nothing of it; for libvirt what to look for
 *      in the domain. Owned, as a shell has to be given it
 * @why: owned
 */
typedef struct PlanWord {
    char *option[PLAN_FORMAT__MAX];
    char *why;
} PlanWord;

static void plan_word_clear(gpointer data)
{
    PlanWord *word = data;
    unsigned i;

    for (i = 0; i < PLAN_FORMAT__MAX; i++) {
        g_free(word->option[i]);
    }
    g_free(word->why);
}

/* Takes the options over */
static void plan_word(GArray *words, const char *why, char *qemu,
                      const char *libvirt, char *proxmox)
{
    PlanWord word = {
        .option = { qemu, g_strdup(libvirt), proxmox },
        .why = g_strdup(why),
    };

    g_array_append_val(words, word);
}

static bool plan_is_q35(const Plan *plan)
{
    return plan->request.machine == STOLEN_MACHINE_Q35;
}

/* Where stolen memory goes, for vfio-pci: "" or it begins with a comma */
static char *plan_placement(const Plan *plan)
{
    const StolenRegion *r = &plan->host->region.region;
    g_autofree char *split = NULL;
    uint64_t gsm;

    if (!plan->placed) {
        return g_strdup("");
    }
    if (!host_needs_base(plan->host)) {
        return g_strdup(",x-igd-stolen=identity");
    }
    gsm = host_gsm_to_give(plan->host);
    split = gsm ? g_strdup_printf(",x-igd-stolen-gsm-size=0x%" PRIx64, gsm)
                : g_strdup("");
    return g_strdup_printf(",x-igd-stolen-base=0x%" PRIx64
                           ",x-igd-stolen-size=0x%" PRIx64 "%s", r->base,
                           stolen_region_size(r), split);
}

static const char *plan_placement_why(const Plan *plan)
{
    return plan->host->is_function ?
           "a virtual function has no stolen memory: nothing to place" :
           !plan->placed ? "the IGD, where drivers look for it" :
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
    bool kvm = plan->host->kvm;
    bool iommu = plan->request.iommu;
    unsigned limit = plan_cpu_limit(plan);

    plan_word(words, iommu ? "the chipset with VT-d; KVM leaves the I/O APIC "
              "to the emulator for intremap=on" : plan_is_q35(plan) ?
              "the chipset of newer PCs" :
              "the chipset of older PCs; it has no VT-d, so no RMRR",
              g_strdup_printf("-machine %s,accel=%s%s",
                              plan_is_q35(plan) ? "q35" : "pc",
                              kvm ? "kvm" : "tcg",
                              kvm && iommu ? ",kernel-irqchip=split" : ""),
              iommu ? "ioapic driver='qemu'" : "machine",
              g_strdup_printf("--machine %s%s",
                              plan_is_q35(plan) ? "q35" : "pc",
                              iommu ? ",viommu=intel" : ""));
    if (kvm) {
        plan_word(words, limit ? "the GPU's drivers look at the CPU; no more "
                  "address bits than the host's IOMMU, where firmware would "
                  "put BARs" : "the GPU's drivers look at the CPU",
                  limit ? g_strdup_printf("-cpu host,host-phys-bits-limit=%u",
                                          limit) : g_strdup("-cpu host"),
                  limit ? "host-phys-bits-limit" : "cpu",
                  g_strdup("--cpu host"));
    }
}

static void plan_word_memory(const Plan *plan, GArray *words)
{
    uint64_t mib = plan->request.memory >> 20;
    bool seabios = plan->request.firmware == STOLEN_FIRMWARE_SEABIOS;
    const HostSystem *system = host_system(plan->host);
    g_autofree char *why = NULL;

    plan_word(words, "RAM; what is in the way of stolen memory goes above "
              "4 GiB", g_strdup_printf("-m %" PRIu64 "M", mib), "memory",
              g_strdup_printf("--memory %" PRIu64, mib));
    plan_word(words, "all RAM is locked for the device", NULL,
              "memtune/hard_limit", g_strdup("--balloon 0"));
    plan_word(words, "no other display beside the IGD", g_strdup("-vga none"),
              "video none", g_strdup("--vga none"));
    if (!plan_is_q35(plan)) {
        plan_word(words, "no card where the IGD goes; give your network "
                  "another slot", g_strdup("-nic none"), NULL, NULL);
    }
    plan_word(words, seabios ? "the firmware; on q35 it shows no picture" :
              "the firmware", seabios ? NULL :
              g_strdup_printf("-drive if=pflash,format=raw,readonly=on,"
                              "file=%s", system->code), "os",
              g_strdup_printf("--bios %s", seabios ? "seabios" : "ovmf"));
    if (!seabios) {
        why = g_strdup_printf("its variables: a copy of %s that belongs to "
                              "this guest", system->vars);
        plan_word(words, why, g_strdup("-drive if=pflash,format=raw,"
                                       "file=guest_VARS.fd"), NULL, NULL);
    }
}

/* One "--args" for all that Proxmox VE has no option for */
static char *plan_proxmox_args(const Plan *plan, const char *rest)
{
    GString *args = g_string_new("--args \"");
    unsigned limit = plan_cpu_limit(plan);

    if (limit) {
        g_string_append_printf(args, "-global host-x86_64-cpu.host-phys-bits-"
                               "limit=%u ", limit);
    }
    if (plan->request.iommu) {
        g_string_append_printf(args, "-global intel-iommu.aw-bits=%u ",
                               plan->aw_bits);
    }
    g_string_append_printf(args, "-device vfio-pci,host=%s,bus=pcie.0,"
                           "addr=02.0%s", plan->host->igd.address, rest);
    if (plan->request.audio) {
        g_string_append_printf(args, " -device vfio-pci,host=%s,bus=pcie.0,"
                               "addr=03.0", plan->host->audio.address);
    }
    g_string_append_c(args, '"');
    return g_string_free(args, FALSE);
}

/* Its own option takes the device from the host's driver, but knows only pc */
static char *plan_proxmox_hostpci(const Plan *plan)
{
    g_autofree char *name = plan->request.rom ?
                            g_path_get_basename(plan->request.rom) : NULL;

    return g_strdup_printf("--hostpci0 %s,legacy-igd=1%s%s%s%s",
                           plan->host->igd.address, name ? ",romfile=" : "",
                           name ?: "",
                           plan->request.audio ? " --hostpci1 " : "",
                           plan->request.audio ? plan->host->audio.address
                                               : "");
}

static void plan_word_devices(const Plan *plan, GArray *words)
{
    const Host *host = plan->host;
    const char *rom = plan->request.rom;
    g_autofree char *placement = plan_placement(plan);
    int opregion = host_opregion(host);
    g_autofree char *romfile = rom ? g_strdup_printf(",romfile=%s", rom)
                                   : g_strdup("");
    g_autofree char *rest =
        g_strdup_printf("%s%s", opregion ? ",x-igd-opregion=on" : "",
                        romfile);
    /* Proxmox VE's emulator does not start if there is none */
    g_autofree char *proxmox =
        g_strdup_printf("%s%s", opregion == 1 ? ",x-igd-opregion=on" : "",
                        romfile);

    if (plan->request.iommu) {
        plan_word(words, plan->placed ?
                  "publishes the RMRR; vfio-pci needs caching-mode, guests in "
                  "the guest need intremap; aw-bits fits the host's IOMMU" :
                  "for guests in the guest, which need intremap; vfio-pci "
                  "needs caching-mode; aw-bits fits the host's IOMMU",
                  g_strdup_printf("-device intel-iommu,intremap=on,"
                                  "caching-mode=on,aw-bits=%u",
                                  plan->aw_bits), "iommu", NULL);
    }
    plan_word(words, plan_placement_why(plan),
              g_strdup_printf("-device vfio-pci,host=%s,addr=02.0%s%s",
                              host->igd.address, placement, rest), "hostdev",
              plan_is_q35(plan) ? plan_proxmox_args(plan, proxmox)
                                : plan_proxmox_hostpci(plan));
    if (plan->request.audio) {
        plan_word(words, "its sound, over HDMI and DisplayPort",
                  g_strdup_printf("-device vfio-pci,host=%s,addr=03.0",
                                  host->audio.address), "hostdev, the second",
                  NULL);
    }
}

static GArray *plan_words(const Plan *plan)
{
    GArray *words = g_array_new(FALSE, FALSE, sizeof(PlanWord));

    g_array_set_clear_func(words, plan_word_clear);
    plan_word_machine(plan, words);
    plan_word_memory(plan, words);
    plan_word_devices(plan, words);
    return words;
}

/* An XML comment must not have two dashes in a row */
static void plan_xml_comment(const GString *comment, GString *out)
{
    const char *text = comment->str;
    size_t i;

    g_string_append(out, "<!--\n");
    for (i = 0; text[i]; i++) {
        bool run = text[i] == '-' &&
                   (text[i + 1] == '-' || (i && text[i - 1] == '-'));

        g_string_append_c(out, run ? '=' : text[i]);
    }
    g_string_append(out, "-->\n");
}

static void plan_reasons(const Plan *plan, const char *prefix, GString *out)
{
    g_autoptr(GArray) words = plan_words(plan);
    unsigned i;

    g_string_append_printf(out, "%sWhy:\n", prefix);
    for (i = 0; i < words->len; i++) {
        const PlanWord *word = &g_array_index(words, PlanWord, i);
        const char *option = word->option[plan->request.format];

        if (option) {
            g_string_append_printf(out, "%s  %.*s: %s\n", prefix,
                                   (int)strcspn(option, ",\""), option,
                                   word->why);
        }
    }
}

static void plan_left_out(const Plan *plan, const char *prefix, GString *out)
{
    g_string_append_printf(out, "%sLeft out:\n", prefix);
    if (plan->request.format == PLAN_PROXMOX && plan_is_q35(plan) &&
        host_opregion(plan->host) < 0) {
        g_string_append_printf(out, "%s  x-igd-opregion: whether there is an "
                               "OpRegion only root is shown\n", prefix);
    }
    if (!plan->request.rom) {
        g_string_append_printf(out, "%s  romfile: before the guest's driver "
                               "is loaded there is a picture only with the "
                               "ROM of VfioIgdPkg or LongQT-sea's "
                               "intel-igpu-passthru: --rom FILE\n", prefix);
    } else if (plan->request.format == PLAN_PROXMOX && !plan_is_q35(plan)) {
        g_string_append_printf(out, "%s  the directory of the ROM: Proxmox VE "
                               "wants it in /usr/share/kvm\n", prefix);
    }
    g_string_append_printf(out, "%s  x-igd-lpc: %s\n%s  x-igd-gms: the "
                           "device's own size is right\n", prefix,
                           plan_is_q35(plan) ? "q35 has an LPC bridge of its "
                           "own and does not start with it" :
                           "a driver that wants the host's LPC bridge may "
                           "need x-igd-lpc=on", prefix);
}

/* From the top down, as maps are drawn */
static void plan_draw(const GArray *map, const char *prefix, GString *out)
{
    unsigned i;

    for (i = map->len; i > 0; i--) {
        const PlanRow *row = &g_array_index(map, PlanRow, i - 1);
        uint64_t size = row->limit - row->base + 1;
        g_autofree char *range = text_range(row->base, row->limit);
        g_autofree char *text = !size ? g_strdup("16 EiB") :
            size % STOLEN_ALIGN ? text_size(size) :
            g_strdup_printf("%" PRIu64 " MiB", size >> 20);

        g_string_append_printf(out, "%s  %19s %12s  %s\n", prefix, range,
                               text, row->name);
    }
}

static void plan_lock_text(const Plan *plan, const char *prefix, GString *out)
{
    const StolenRegion *r = &plan->host->region.region;
    const HostFact *limit = &plan->host->lock_limit;
    g_autofree char *locked = text_size(plan->locked);
    g_autofree char *memory = text_size(plan->request.memory);
    g_autofree char *stolen = text_size(stolen_region_size(r));

    g_string_append_printf(out, "%sLocked memory: %s: RAM %s, ", prefix,
                           locked, memory);
    if (plan->placed) {
        g_string_append_printf(out, "stolen memory %s, ", stolen);
    }
    g_string_append_printf(out, "1 GiB for the rest\n"
                           "%s    as root no limit; for a user: ulimit -l %"
                           PRIu64 "%s\n", prefix, plan->locked >> 10,
                           limit->known && limit->value >= plan->locked ?
                           " (allowed here)" : "");
}

static void plan_comment(const Plan *plan, const char *prefix, GString *out)
{
    unsigned i;

    plan_reasons(plan, prefix, out);
    plan_left_out(plan, prefix, out);
    g_string_append_printf(out, "%sMemory of the guest:\n", prefix);
    plan_draw(plan->guest_map, prefix, out);
    if (plan->host_map->len) {
        g_string_append_printf(out, "%sMemory of the host%s:\n", prefix,
                               plan->host->iomem ? "" :
                               " (the rest is shown to root only)");
        plan_draw(plan->host_map, prefix, out);
    }
    plan_lock_text(plan, prefix, out);
    for (i = 0; i < plan->checks->len; i++) {
        const Check *check = &g_array_index(plan->checks, Check, i);

        if (check->status == CHECK_WARN) {
            g_string_append_printf(out, "%sWarning: %s: %s\n", prefix,
                                   check->title, check->detail);
            check_hint_text(check, prefix, out);
        }
    }
}

/* A command with its options, a line for each */
static void plan_script(const Plan *plan, const char *command, GString *out)
{
    g_autoptr(GArray) words = plan_words(plan);
    unsigned i;

    g_string_append(out, command);
    for (i = 0; i < words->len; i++) {
        const PlanWord *word = &g_array_index(words, PlanWord, i);
        const char *option = word->option[plan->request.format];

        if (option) {
            g_string_append_printf(out, " \\\n    %s", option);
        }
    }
    g_string_append_c(out, '\n');
}

void plan_text(const Plan *plan, GString *out)
{
    g_autoptr(GString) comment = g_string_new(NULL);
    g_autofree char *emulator = plan_quote(plan->request.emulator ?:
                                           PLAN_EMULATOR);

    if (checks_worst(plan->checks) == CHECK_FAIL) {
        checks_text(plan->checks, out);
        return;
    }
    switch (plan->request.format) {
    case PLAN_LIBVIRT:
        plan_comment(plan, "  ", comment);
        plan_xml_comment(comment, out);
        plan_libvirt_text(plan, out);
        break;
    case PLAN_PROXMOX:
        plan_comment(plan, "# ", out);
        plan_script(plan, "qm set \"$VMID\"", out);
        break;
    default:
        plan_comment(plan, "# ", out);
        plan_script(plan, emulator, out);
        break;
    }
}

static json_t *plan_words_json(const Plan *plan, PlanFormat format)
{
    g_autoptr(GArray) words = plan_words(plan);
    json_t *array = json_array();
    unsigned i;

    for (i = 0; i < words->len; i++) {
        const PlanWord *word = &g_array_index(words, PlanWord, i);

        if (word->option[format]) {
            json_array_append_new(array, json_pack(
                "{s:s, s:s}", "option", word->option[format], "why",
                word->why));
        }
    }
    return array;
}

static json_t *plan_map_json(const GArray *map)
{
    json_t *array = json_array();
    unsigned i;

    for (i = 0; i < map->len; i++) {
        const PlanRow *row = &g_array_index(map, PlanRow, i);

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
        "machine", plan_is_q35(plan) ? "q35" : "pc",
        "firmware", plan->request.firmware == STOLEN_FIRMWARE_SEABIOS ?
                    "seabios" : "ovmf",
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
