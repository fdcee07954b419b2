/*
 * How a guest is to be started so that it gets the IGD: the decisions
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/tool.
 */

#include "qemu/osdep.h"
#include "run.h"

#define NO_IOMMU        " --no-iommu"

#define GIB             (1ull << 30)
#define FOUR_GIB        (4 * GIB)

/* The memory that libvirt reckons the emulator to lock besides RAM */
#define LOCKED_REST     GIB

/* Of 10.0: a machine with at least this much RAM splits it, at that address */
#define Q35_LOW_RAM_MAX         0xb0000000ull
#define Q35_LOW_RAM_SPLIT       0x80000000ull
#define I440FX_LOW_RAM_MAX      0xe0000000ull
#define I440FX_LOW_RAM_SPLIT    0xc0000000ull

/* The most that SMM takes at the top of a q35's low RAM, by default */
#define TSEG_MAX        (16 * STOLEN_ALIGN)

#define PCI_WINDOW_BASE         0xc0000000ull
#define OVMF_ECAM_BASE          0xe0000000ull
#define OVMF_ECAM_LIMIT         0xefffffffull

/* Smaller ranges of a host are left out of its map */
#define SMALLEST                0x100000ull
#define MAX_ROWS                40

const char *const plan_format_names[PLAN_FORMAT__MAX] = {
    [PLAN_QEMU] = "qemu",
    [PLAN_LIBVIRT] = "libvirt",
    [PLAN_PROXMOX] = "proxmox",
    [PLAN_JSON] = "json",
};

const char *plan_quote(const Plan *plan, const char *path)
{
    return path[strspn(path, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS
                       "/._+-")] ?
           host_keep(plan->host->store, g_shell_quote(path)) : path;
}

/* The same plan with other memory or another option */
static const char *plan_again(const Plan *plan, uint64_t memory,
                              const char *option)
{
    const PlanRequest *r = &plan->request;
    bool format = r->format != PLAN_QEMU;

    if (r->from_guest && strcmp(option, NO_IOMMU)) {
        return host_text(plan->host->store, "# in %s: %s %" PRIu64 " MiB",
                         read_printable(plan->host->store, r->from_guest, 200),
                         *option ? "OVMF, also with" : "memory of at most",
                         memory >> 20);
    }
    if (r->from_guest) {
        return host_text(
            plan->host->store, "igd-stolen plan --from-%s %s%s%s%s" NO_IOMMU,
            r->format == PLAN_LIBVIRT ? "xml" : "qm",
            plan_quote(plan, r->from_guest),
            r->emulator_asked ? " --emulator " : "",
            r->emulator_asked ? plan_quote(plan, r->emulator) : "",
            plan->host->asked);
    }
    return host_text(
        plan->host->store,
        "igd-stolen plan --memory %" PRIu64 "M%s%s%s%s%s%s%s%s%s%s%s%s",
        memory >> 20, plan->q35 ? "" : " --machine pc",
        plan->seabios ? "" : " --firmware ovmf",
        format ? " --format " : "", format ? plan_format_names[r->format] : "",
        r->emulator_asked ? " --emulator " : "",
        r->emulator_asked ? plan_quote(plan, r->emulator) : "",
        r->rom ? " --rom " : "", r->rom ?: "", r->audio ? " --audio" : "",
        r->iommu || !plan->q35 ? "" : " --no-iommu",
        plan->host->asked, option);
}

static const char *plan_conflict(const Plan *plan, const StolenPlan *place,
                                 const char *range)
{
    static const char *const texts[] = {
        [STOLEN_PLAN_UNALIGNED] = "is not in whole MiB",
        [STOLEN_PLAN_EMPTY] = "is empty",
        [STOLEN_PLAN_ABOVE_4G] = "is not below 4 GiB",
        [STOLEN_PLAN_TOO_LOW] = "begins below 16 MiB",
        [STOLEN_PLAN_NEEDS_CAP] = "is inside the guest's RAM",
    };
    const StolenRange *conflict = &place->conflict;

    return place->status != STOLEN_PLAN_CONFLICT ?
           host_text(plan->host->store, "%s %s", range,
                     texts[place->status]) :
           host_text(plan->host->store,
                     "%s overlaps %s at %08" PRIx64 "-%08" PRIx64, range,
                     conflict->name, conflict->base, conflict->limit);
}

static void plan_add_place(Plan *plan, Check *check, const StolenPlan *place)
{
    const StolenRegion *r = &plan->host->region.region;
    const char *ovmf = host_system(plan->host)->ovmf;
    const char *range = text_range(plan->host->store, r->base, r->limit);

    plan->placed = place->status == STOLEN_PLAN_OK;
    if (!plan->placed) {
        check_set(check, CHECK_FAIL,
                  place->status == STOLEN_PLAN_CONFLICT &&
                  place->conflict.base == STOLEN_SEABIOS_ECAM_BASE ?
                  plan_again(plan, plan->request.memory, " --firmware ovmf") :
                  "# without a plan: vfio-pci,x-igd-stolen=firmware places it "
                  "elsewhere, which drivers may notice",
                  "%s", plan_conflict(plan, place, range));
    } else if (!plan->seabios && plan->q35 &&
               stolen_region_overlaps(r, STOLEN_SEABIOS_ECAM_BASE,
                                      STOLEN_SEABIOS_ECAM_LIMIT)) {
        check_set(check, CHECK_WARN, host_text(
                  plan->host->store, "# take OVMF of 2024 or later%s%s",
                  ovmf ? ":\n" : "", ovmf ?: ""),
                  "%s; OVMF of 2023 and before has MMCONFIG there", range);
    } else {
        check_pass(check, "%s, %s", range, r->base == plan->low_ram ?
                   "where low RAM ends" : "above low RAM");
    }
}

/* How much RAM the machine puts below 4 GiB when nothing limits it */
static uint64_t plan_usual_low_ram(const Plan *plan)
{
    uint64_t memory = plan->request.memory;

    return memory < (plan->q35 ? Q35_LOW_RAM_MAX : I440FX_LOW_RAM_MAX) ?
           memory : plan->q35 ? Q35_LOW_RAM_SPLIT : I440FX_LOW_RAM_SPLIT;
}

static void plan_region(Plan *plan)
{
    const Host *host = plan->host;
    const StolenRegion *r = &host->region.region;
    StolenLayout layout = {
        .machine = plan->request.machine,
        .firmware = plan->request.firmware,
        .tseg_max = plan->q35 ? TSEG_MAX : 0,
    };
    StolenPlan place;
    Check *check;

    plan->low_ram = plan_usual_low_ram(plan);
    if (!host->region.known || !host_needs_place(host)) {
        return;
    }
    check = check_add(plan->checks, "place", "for a place in the guest");
    if (plan->request.format == PLAN_PROXMOX &&
        !plan->request.emulator_asked) {
        check_set(check, CHECK_WARN, host_text(
                      host->store, "# when pve-qemu-kvm is the one of this "
                      "project:\n%s", plan_again(
                          plan, plan->request.memory,
                          " --emulator " PLAN_QM_EMULATOR)),
                  "the guest's firmware chooses one: Proxmox VE starts only "
                  "its own emulator, which does not know x-igd-stolen");
        return;
    }
    plan->low_ram = stolen_plan_low_ram(plan->low_ram, r, 1);
    layout.low_ram_size = plan->low_ram;
    place = stolen_plan_place(&layout, r);
    plan_add_place(plan, check, &place);
}

static void plan_width(Plan *plan)
{
    const PlanRequest *request = &plan->request;
    const HostFact *iommu = &plan->host->iommu_width;
    uint64_t top = FOUR_GIB + (plan->low_ram == request->memory ? 0 :
                               request->memory - plan->low_ram);
    unsigned bits = request->iommu ? plan->aw_bits : 0;

    if (iommu->known) {
        bits = bits ? MIN(bits, iommu->value) : iommu->value;
    }
    if (bits && top > 1ull << bits) {
        uint64_t room = 1ull << bits > FOUR_GIB ? (1ull << bits) - FOUR_GIB
                                                : 0;

        check_set(check_add(plan->checks, "ram", "for RAM within that width"),
                  CHECK_FAIL, plan_again(plan, plan->low_ram + room, ""),
                  "%s of RAM end above %u bits",
                  text_size(plan->host->store, request->memory), bits);
    }
}

static void plan_resources(Plan *plan)
{
    const Host *host = plan->host;
    const HostFact *available = &host->memory_free;
    bool enough;
    Check *check;

    plan->locked = plan->request.memory + LOCKED_REST +
                   (plan->placed ? stolen_region_size(&host->region.region)
                                 : 0);
    check_set(check_add(plan->checks, "kvm", "for KVM"),
              host->kvm ? CHECK_PASS : CHECK_WARN,
              host->kvm ? NULL : "modprobe kvm_intel", "%s",
              host->kvm ? "there" : "not there: the guest will be slow");
    check = check_add(plan->checks, "memory", "for free memory");
    if (!available->known) {
        check_set(check, CHECK_WARN, NULL, "unknown: %s", available->from);
        return;
    }
    enough = available->value >= plan->locked;
    check_set(check, enough ? CHECK_PASS : CHECK_WARN,
              enough ? NULL : "# a smaller --memory",
              "%" PRIu64 " MiB available, %s will be locked",
              available->value >> 20, text_size(host->store, plan->locked));
}

static void plan_row(GArray *map, uint64_t base, uint64_t limit,
                     const char *name)
{
    MemRange row = { .base = base, .limit = limit, .name = name };

    g_array_append_val(map, row);
}

static void plan_region_rows(GArray *map, const HostRegion *region)
{
    const StolenRegion *r = &region->region;

    if (!region->split) {
        plan_row(map, r->base, r->limit, "stolen memory (GSM and DSM)");
        return;
    }
    if (r->dsm_base > r->base) {
        plan_row(map, r->base, r->dsm_base - 1, "stolen memory, GSM");
    }
    plan_row(map, r->dsm_base, r->limit, "stolen memory, DSM");
}

/* A gap before a row below 4 GiB is PCI's */
static void plan_fill_gaps(GArray *map)
{
    unsigned count = map->len;
    uint64_t next = 0;
    unsigned i;

    for (i = 0; i < count; i++) {
        MemRange row = g_array_index(map, MemRange, i);

        if (row.base > next && row.base < FOUR_GIB) {
            plan_row(map, next, row.base - 1,
                     next >= PCI_WINDOW_BASE ? "PCI" : "no RAM; PCI");
        }
        next = row.limit + 1;
    }
    memmap_sort(map);
}

static MemRange *plan_guest_map(const Plan *plan)
{
    GArray *map = g_array_new(TRUE, FALSE, sizeof(MemRange));
    const StolenRegion *r = &plan->host->region.region;
    uint64_t ecam = plan->seabios ? STOLEN_SEABIOS_ECAM_BASE : OVMF_ECAM_BASE;
    uint64_t ecam_limit = plan->seabios ? STOLEN_SEABIOS_ECAM_LIMIT
                                  : OVMF_ECAM_LIMIT;

    if (!plan->low_ram || checks_worst(plan->checks) == CHECK_FAIL) {
        return host_keep_array(plan->host->store, map);
    }
    plan_row(map, 0, plan->low_ram - 1, "RAM");
    if (plan->placed) {
        plan_region_rows(map, &plan->host->region);
    }
    if (plan->q35 &&
        !(plan->placed && stolen_region_overlaps(r, ecam, ecam_limit))) {
        plan_row(map, ecam, ecam_limit, plan->seabios ? "MMCONFIG (SeaBIOS)"
                                                : "MMCONFIG (OVMF 2024+)");
    }
    plan_row(map, STOLEN_CHIPSET_BASE, STOLEN_4G_LIMIT,
             "APIC, HPET, IOMMU, flash");
    if (plan->request.memory > plan->low_ram) {
        plan_row(map, FOUR_GIB,
                 FOUR_GIB + plan->request.memory - plan->low_ram - 1,
                 "RAM");
    }
    memmap_sort(map);
    plan_fill_gaps(map);
    return host_keep_array(plan->host->store, map);
}

/* /proc/iomem; a range that overlaps stolen memory gives way to its parts */
static MemRange *plan_host_map(const Host *host)
{
    GArray *map = g_array_new(TRUE, FALSE, sizeof(MemRange));
    const MemRange *range;

    if (host->region.known) {
        plan_region_rows(map, &host->region);
    }
    for (range = host->iomem; range && range->name; range++) {
        if (!range->depth && map->len < MAX_ROWS &&
            range->limit - range->base >= SMALLEST - 1 &&
            !(host->region.known &&
              stolen_region_overlaps(&host->region.region, range->base,
                                     range->limit))) {
            g_array_append_vals(map, range, 1);
        }
    }
    memmap_sort(map);
    return host_keep_array(host->store, map);
}

Plan *plan_new(const Host *host, const PlanRequest *request)
{
    Plan *plan = host_keep(host->store, g_new0(Plan, 1));

    plan->host = host;
    plan->request = *request;
    plan->q35 = request->machine == STOLEN_MACHINE_Q35;
    plan->seabios = request->firmware == STOLEN_FIRMWARE_SEABIOS;
    plan->aw_bits = host_aw_bits(host);
    if (host->kvm && host->iommu_width.known &&
        (!host->cpu_width.known ||
         host->cpu_width.value > host->iommu_width.value)) {
        plan->cpu_limit = host->iommu_width.value;
    }
    plan->checks = probe_checks(host, request->iommu ?
                                plan_again(plan, request->memory,
                                           NO_IOMMU) : NULL,
                                request->audio);
    if (host->igd.address) {
        plan_region(plan);
        plan_width(plan);
        plan_resources(plan);
    }
    plan->guest_map = plan_guest_map(plan);
    plan->host_map = plan_host_map(host);
    return plan;
}
