/*
 * The facts about a host and its IGD
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. VT-d specification 11.4.2 and 11.4.3, "Capability" and
 * "Extended Capability Register"; stolen memory is decoded with the emulator's
 * own code. Tested by tests/tool with the hosts of tests/tool/hosts.py.
 */

#include "qemu/osdep.h"
#include "host.h"

#define VENDOR_INTEL    0x8086
#define BASE_DISPLAY    0x03
#define CLASS_AUDIO     0x0403

#define USUAL_ADDRESS   "0000:00:02.0"
#define MAX_DEVICES     4096
#define SLOT_LENGTH     11      /* of an address without its function */

#define SYSFS_GROUPS    "/sys/kernel/iommu_groups"
#define SYSFS_IOMMU     "/sys/class/iommu"
#define UNSAFE_INTERRUPTS \
    "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"

/* Supported adjusted guest address widths: a bit for each depth of table */
#define CAP_SAGAW_SHIFT 8
#define CAP_SAGAW_39    0x2
#define CAP_SAGAW_48    0x4
#define CAP_SAGAW_57    0x8
/* Maximum guest address width, minus one */
#define CAP_MGAW_SHIFT  16
#define CAP_MGAW_MASK   0x3f
/* Interrupt remapping */
#define ECAP_IR         0x8
#define DMAR_FLAG_IR    0x1

/* Where a device's BARs are: a line for each, BASE LIMIT FLAGS */
#define FRAMEBUFFER_BAR 2

/* Of the OpRegion, in config space */
#define IGD_CFG_ASLS    0xfc

/* The driver i915 names it so in /proc/iomem */
#define IOMEM_STOLEN    "Graphics Stolen Memory"
/* arch/x86/kernel/early-quirks.c says so, before any driver */
#define LOG_STOLEN      HOST_LOG_STOLEN " at [mem "

/* The system */

static void host_load_kernel(Host *host)
{
    const char *release = read_text(host->store, "/proc/sys/kernel/osrelease");
    uint64_t major, minor;
    const char *dot;

    if (!*release) {
        return;
    }
    /* The text after the number may name a person or a machine */
    host->kernel = read_printable(host->store, release,
                                  MIN(strspn(release, "0123456789."), 64));
    host->kernel_is_pve = strstr(release, HOST_PVE);
    major = g_ascii_strtoull(host->kernel, NULL, 10);
    dot = strchr(host->kernel, '.');
    minor = dot ? g_ascii_strtoull(dot + 1, NULL, 10) : 0;
    host->kernel_version = HOST_KERNEL(MIN(major, 1000), MIN(minor, 1000));
}

/* ID=debian, ID_LIKE="rhel fedora" */
static void host_load_release(Host *host)
{
    g_auto(GStrv) lines = g_strsplit(read_text(host->store, "/etc/os-release"),
                                     "\n", -1);
    unsigned i;

    host->system = " ";
    for (i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "ID=") ||
            g_str_has_prefix(lines[i], "ID_LIKE=")) {
            g_strdelimit(lines[i], "\"'", ' ');
            host->system = host_text(host->store, "%s%s ", host->system,
                                     strchr(lines[i], '=') + 1);
        }
    }
}

/* "Max locked memory   SOFT   HARD   bytes"; SOFT may be "unlimited" */
static HostFact host_lock_limit(HostStore *store)
{
    static const char path[] = "/proc/self/limits";
    static const char key[] = "Max locked memory";
    const char *line = strstr(read_text(store, path), key);

    if (line) {
        line += strlen(key);
        line += strspn(line, " ");
    }
    return line && g_str_has_prefix(line, "unlimited") ?
           host_fact(UINT64_MAX, path) : read_keyed(store, path, key);
}

static HostFact host_memory(HostStore *store, const char *key)
{
    HostFact fact = read_keyed(store, "/proc/meminfo", key);

    fact.value = MIN(fact.value, UINT64_MAX / 1024) * 1024;
    return fact;
}

static void host_load_system(Host *host)
{
    HostStore *store = host->store;

    /* Not used here; a person who reads the bundle wants it */
    host_store_get(store, HOST_FILE, "/proc/cmdline");
    host_load_release(host);
    host_load_kernel(host);
    host->memory_total = host_memory(store, "MemTotal:");
    host->memory_free = host_memory(store, "MemAvailable:");
    host->lock_limit = host_lock_limit(store);
    host->kvm = host_store_get(store, HOST_LINK,
                               "/sys/class/misc/kvm")->status == HOST_OK;
    host->cpu_width = read_keyed(store, "/proc/cpuinfo", "address sizes");
    host->mappings = read_file_number(store, 10, HOST_ENTRY_LIMIT);
    host->iomem = memmap_iomem(store, &host->iomem_why);
    host->firmware = memmap_firmware(store, &host->firmware_why);
}

/* Its devices */

bool host_valid_address(const char *text)
{
    return g_regex_match_simple("^[\\da-f]{4}:[\\da-f]{2}:[\\da-f]{2}\\.[0-7]$",
                                text, G_REGEX_DOLLAR_ENDONLY, 0);
}

static const char *host_path(HostStore *store, const char *address,
                             const char *name)
{
    return host_text(store, HOST_SYSFS_PCI "/%s/%s", address, name);
}

/* An id or a class: 24 bits at most, 0 if unknown */
static uint32_t host_number(HostStore *store, const char *address,
                            const char *name)
{
    HostFact fact = read_file_number(store, 16,
                                     host_path(store, address, name));

    return fact.value <= 0xffffff ? fact.value : 0;
}

static HostDevice host_device(HostStore *store, const char *address)
{
    return (HostDevice) {
        .address = host_text(store, "%s", address),
        .vendor = host_number(store, address, "vendor"),
        .device = host_number(store, address, "device"),
        .class = host_number(store, address, "class") >> 8,
        .driver = read_basename(store, host_path(store, address, "driver")),
    };
}

static void host_load_group(HostDevice *device, HostStore *store)
{
    GArray *others = g_array_new(TRUE, FALSE, sizeof(HostDevice));
    g_auto(GStrv) names = NULL;
    unsigned i;

    device->group = read_basename(store, host_path(store, device->address,
                                                   "iommu_group"));
    if (device->group) {
        names = read_names(store, host_text(store, SYSFS_GROUPS "/%s/devices",
                                            device->group));
    }
    for (i = 0; names && names[i] && i < MAX_DEVICES; i++) {
        if (host_valid_address(names[i]) &&
            strcmp(names[i], device->address)) {
            HostDevice other = host_device(store, names[i]);

            g_array_append_val(others, other);
        }
    }
    device->others = host_keep_array(store, others);
}

/*
 * How likely a device is the IGD, 0 for not at all: an Intel display device
 * with a known id, or with any at the usual address. Of several the first is
 * taken, and the root bus comes first.
 */
static unsigned host_igd_rank(HostStore *store, const char *address)
{
    if (!host_valid_address(address) ||
        host_number(store, address, "vendor") != VENDOR_INTEL ||
        host_number(store, address, "class") >> 16 != BASE_DISPLAY) {
        return 0;
    }
    return igd_stolen_gen(host_number(store, address, "device")) !=
           IGD_STOLEN_GEN_UNKNOWN ? 2 : !strcmp(address, USUAL_ADDRESS);
}

static const char *host_find_igd(Host *host, char **names)
{
    const char *address = NULL;
    unsigned best = 0;
    unsigned i;

    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        unsigned rank = host_igd_rank(host->store, names[i]);

        if (rank > best) {
            best = rank;
            address = names[i];
        }
    }
    if (!names[0]) {
        host->igd_why = host_why(host->store, host_store_get(
                                 host->store, HOST_DIR, HOST_SYSFS_PCI));
    } else if (!address) {
        host->igd_why = "no Intel display device";
    }
    return address;
}

/* A device that the user named has to be an IGD as well */
static const char *host_not_igd(HostStore *store, const HostDevice *device)
{
    if (!device->vendor) {
        return host_why(store, host_store_get(
            store, HOST_FILE, host_path(store, device->address, "vendor")));
    }
    if (device->vendor != VENDOR_INTEL || device->class >> 8 != BASE_DISPLAY) {
        return host_text(store, "%s is not an Intel display device: "
                         "%04x:%04x, class %04x", device->address,
                         device->vendor, device->device, device->class);
    }
    return NULL;
}

/*
 * A virtual function has a link to its physical one, and the ids of it: other
 * functions of an IGD have ids of their own.
 */
static void host_load_functions(Host *host, char **names)
{
    HostStore *store = host->store;
    const char *address = host->igd.address;
    char *first = host_text(store, "%s", address);
    unsigned i;

    first[SLOT_LENGTH] = '0';
    host->function_of = read_basename(store, host_path(store, address,
                                                       "physfn"));
    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        if (!strcmp(names[i], address) ||
            strncmp(names[i], address, SLOT_LENGTH) ||
            !host_valid_address(names[i]) ||
            host_number(store, names[i], "device") != host->igd.device) {
            continue;
        }
        if (address[SLOT_LENGTH] == '0') {
            host->functions = host->functions ?
                host_text(store, "%s, %s", host->functions, names[i]) :
                host_text(store, "%s", names[i]);
        } else if (!host->function_of && !strcmp(names[i], first)) {
            host->function_of = first;
        }
    }
    host->is_function = host->function_of;
}

/* The first on the root bus: Haswell's 03.0 comes before the chipset's own */
static void host_load_audio(Host *host, char **names)
{
    HostStore *store = host->store;
    unsigned i;

    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        if (g_str_has_prefix(names[i], "0000:00:") &&
            host_valid_address(names[i]) &&
            host_number(store, names[i], "vendor") == VENDOR_INTEL &&
            host_number(store, names[i], "class") >> 8 == CLASS_AUDIO) {
            host->audio = host_device(store, names[i]);
            host_load_group(&host->audio, store);
            return;
        }
    }
}

/* A framebuffer of the firmware's that the kernel draws its console on */
static void host_load_framebuffer(Host *host)
{
    static const char *const names[] = {
        "BOOTFB", "simplefb", "efifb", "vesafb", "simpledrm",
    };
    g_auto(GStrv) lines = g_strsplit(
        read_text(host->store, host_path(host->store, host->igd.address,
                                         "resource")), "\n", -1);
    const MemRange *range;
    uint64_t base, limit;

    if (g_strv_length(lines) <= FRAMEBUFFER_BAR ||
        !read_range(lines[FRAMEBUFFER_BAR], ' ', &base, &limit) || !limit) {
        return;
    }
    for (range = host->iomem; range && range->name; range++) {
        int index = text_index(names, G_N_ELEMENTS(names), range->name);

        if (index >= 0 && range->base >= base && range->limit <= limit) {
            host->framebuffer = names[index];
        }
    }
}

/* ".../pci0000:00/0000:00:1c.0/0000:02:00.0": the hops of a DMAR scope */
static void host_load_path(Host *host)
{
    const HostEntry *entry = host_store_get(
        host->store, HOST_LINK,
        host_text(host->store, HOST_SYSFS_PCI "/%s", host->igd.address));
    g_auto(GStrv) parts = g_strsplit(entry->data ?: "", "/", -1);
    unsigned i;

    for (i = 0; parts[i] && host->nr_hops < DMAR_MAX_HOPS; i++) {
        if (!host_valid_address(parts[i])) {
            continue;
        }
        if (!host->nr_hops) {
            host->start_bus = g_ascii_strtoull(parts[i] + 5, NULL, 16);
        }
        host->path[host->nr_hops][0] = g_ascii_strtoull(parts[i] + 8, NULL,
                                                        16);
        host->path[host->nr_hops][1] = parts[i][SLOT_LENGTH] - '0';
        host->nr_hops++;
    }
}

static void host_load_devices(Host *host, const char *device)
{
    HostStore *store = host->store;
    g_auto(GStrv) names = read_names(store, HOST_SYSFS_PCI);
    const char *address = device ?: host_find_igd(host, names);
    const char *type;

    if (!address) {
        return;
    }
    host->igd = host_device(store, address);
    host->igd_why = host_not_igd(store, &host->igd);
    if (host->igd_why) {
        host->igd = (HostDevice) { 0 };
        return;
    }
    host->gen = igd_stolen_gen(host->igd.device);
    host_load_group(&host->igd, store);
    if (host->igd.group) {
        type = read_text(store, host_text(store, SYSFS_GROUPS "/%s/type",
                                          host->igd.group));
        host->group_type = *type ? read_printable(store, type, 32) : NULL;
    }
    host_load_path(host);
    host_load_functions(host, names);
    host_load_audio(host, names);
    host_load_framebuffer(host);
}

/* Its IOMMU */

static unsigned host_capability_width(uint64_t capability)
{
    unsigned sagaw = capability >> CAP_SAGAW_SHIFT;
    unsigned mgaw = (capability >> CAP_MGAW_SHIFT & CAP_MGAW_MASK) + 1;
    unsigned tables = sagaw & CAP_SAGAW_57 ? 57 :
                      sagaw & CAP_SAGAW_48 ? 48 :
                      sagaw & CAP_SAGAW_39 ? 39 : 30;

    return MIN(tables, mgaw);
}

/* A register of the IGD's unit, or of the first one */
static HostFact host_unit_register(Host *host, const char *name)
{
    return read_file_number(host->store, 16, host_text(
        host->store, SYSFS_IOMMU "/%s/intel-iommu/%s", host->unit ?: "dmar0",
        name));
}

static void host_load_table(Host *host)
{
    g_auto(GStrv) names = read_names(host->store, "/sys/firmware/acpi/tables");
    const HostEntry *entry = host_store_get(host->store, HOST_FILE, HOST_DMAR);
    GArray *rmrrs = g_array_new(TRUE, FALSE, sizeof(DmarRmrr));
    const char *wrong;

    host->dmar_there = entry->status == HOST_OK ||
                       entry->status == HOST_DENIED ||
                       g_strv_contains((const char *const *)names, "DMAR");
    wrong = dmar_parse(entry->data, entry->size, &host->dmar_flags, rmrrs);
    host->dmar_why =
        entry->status != HOST_OK ? host_why(host->store, entry) :
        wrong ? host_text(host->store, HOST_DMAR " has %s", wrong) : NULL;
    host->nr_rmrrs = rmrrs->len;
    host->rmrrs = host_keep_array(host->store, rmrrs);
}

/* From the unit, which everybody may read, or else the table */
static void host_load_intremap(Host *host)
{
    host->unsafe_interrupts = *read_text(host->store,
                                         UNSAFE_INTERRUPTS) == 'Y';
    host->intremap = host_unit_register(host, "ecap");
    if (host->intremap.known) {
        host->intremap.value = !!(host->intremap.value & ECAP_IR);
    } else if (!host->dmar_why) {
        host->intremap = host_fact(host->dmar_flags & DMAR_FLAG_IR, HOST_DMAR);
    }
}

static void host_load_iommu(Host *host)
{
    g_auto(GStrv) units = read_names(host->store, SYSFS_IOMMU);
    unsigned i;

    for (i = 0; units[i]; i++) {
        host->any_unit |= g_str_has_prefix(units[i], "dmar");
    }
    if (host->igd.address) {
        host->unit = read_basename(host->store,
                                   host_path(host->store, host->igd.address,
                                             "iommu"));
    }
    host->iommu_width = host->unit ? host_unit_register(host, "cap") :
        host_unknown("the kernel drives no IOMMU for the device");
    if (host->iommu_width.known) {
        host->iommu_width.value =
            host_capability_width(host->iommu_width.value);
    }
    host_load_table(host);
    host_load_intremap(host);
}

/* Its stolen memory */

/* A register of config space, or why it is unknown */
static HostFact host_register(HostStore *store, const HostEntry *config,
                              unsigned offset, unsigned size)
{
    return config->status != HOST_OK ? host_unknown(host_why(store, config)) :
           config->size < offset + size ? host_unknown(host_text(
               store, "only root can read past the first %zu bytes of %s",
               config->size, config->path)) :
           host_fact(read_le(config->data + offset, size), "config space");
}

static void host_load_registers(Host *host)
{
    const IGDStolenLayout *layout = igd_stolen_layout(host->gen);
    HostStore *store = host->store;
    const HostEntry *config = host_store_get(
        store, HOST_CONFIG, host_path(store, host->igd.address, "config"));

    host->asls = host_register(store, config, IGD_CFG_ASLS, 4);
    if (host->asls.value == UINT32_MAX) {
        host->asls.value = 0;
    }
    if (layout) {
        host->ggc = host_register(store, config, IGD_STOLEN_CFG_GGC, 2);
        host->bdsm = host_register(store, config, layout->bdsm_offset,
                                   layout->bdsm_bits / 8);
        /* In a guest there is no other sign */
        host->is_function |= host->ggc.known && !host->ggc.value &&
                             host->bdsm.known && !host->bdsm.value;
    } else {
        host->ggc = host->bdsm = host_unknown(igd_stolen_strerror(
            host->gen == IGD_STOLEN_GEN_NO_BDSM ? IGD_STOLEN_NO_BDSM
                                                : IGD_STOLEN_UNKNOWN_DEVICE));
    }
}

static void host_load_by_config(Host *host)
{
    HostRegion *config = &host->by_config;
    IGDStolenResult result;

    if (!host->ggc.known || !host->bdsm.known) {
        config->from = host->ggc.known ? host->bdsm.from : host->ggc.from;
        return;
    }
    result = igd_stolen_decode(host->igd.device, host->ggc.value,
                               host->bdsm.value, &config->region);
    config->known = config->split = result == IGD_STOLEN_OK;
    config->from = config->known ? "config space" : host_text(
        host->store, "GGC 0x%04" PRIx64 " and BDSM 0x%" PRIx64 ": %s",
        host->ggc.value, host->bdsm.value, igd_stolen_strerror(result));
}

/*
 * Until Linux 5.3 the range of a display is "direct" like any other, and VFIO
 * lets the display go all the same; the emulator looks for relaxable ones.
 */
static void host_load_by_group(Host *host)
{
    HostRegion *group = &host->by_group;
    const HostEntry *entry;
    unsigned found;

    if (!host->igd.group) {
        group->from = "the device is in no IOMMU group";
        return;
    }
    entry = host_store_get(host->store, HOST_FILE, host_text(
        host->store, SYSFS_GROUPS "/%s/reserved_regions", host->igd.group));
    if (entry->status != HOST_OK) {
        group->from = host_why(host->store, entry);
        return;
    }
    found = host->relaxable =
        igd_reserved_regions_parse(entry->data, &group->region);
    if (!found && host->kernel_version < HOST_RELAXABLE_KERNEL) {
        g_auto(GStrv) parts = g_strsplit(entry->data, " direct\n", -1);
        g_autofree char *text = g_strjoinv(" direct-relaxable\n", parts);

        found = igd_reserved_regions_parse(text, &group->region);
    }
    group->known = found == 1;
    group->from = group->known ? "reserved_regions" : host_text(
        host->store, "group %s has %u direct-relaxable ranges, not one",
        host->igd.group, found);
}

static HostRegion host_dsm(uint64_t base, uint64_t limit, const char *from)
{
    return (HostRegion) {
        .known = true, .from = from,
        .region = { .base = base, .limit = limit, .dsm_base = base },
    };
}

/* "Reserving Intel graphics memory at [mem 0xBASE-0xLIMIT]" */
static bool host_load_by_log(Host *host, const char *log)
{
    const char *found = strstr(log, LOG_STOLEN);
    uint64_t base, limit;

    host->log_is_whole = strstr(log, HOST_LOG_FIRST);
    if (!found ||
        !read_range(found + strlen(LOG_STOLEN), '-', &base, &limit)) {
        return false;
    }
    host->by_kernel = host_dsm(base, limit, "kernel log");
    return true;
}

static void host_load_by_kernel(Host *host)
{
    const HostEntry *log = host_store_get(host->store, HOST_FILE, HOST_LOG);
    const MemRange *range;

    if (host_load_by_log(host, log->data ?: "")) {
        return;
    }
    for (range = host->iomem; range && range->name; range++) {
        if (!strcmp(range->name, IOMEM_STOLEN)) {
            host->by_kernel = host_dsm(range->base, range->limit,
                                       "/proc/iomem");
            return;
        }
    }
    host->by_kernel.from =
        log->status != HOST_OK ? host_why(host->store, log) :
        host->log_is_whole ? "the kernel's log has no line about it" :
        "the kernel's log does not go back far enough";
}

/* The group's range is GSM and DSM; the kernel's own line is DSM alone */
static void host_choose_region(Host *host)
{
    const StolenRegion *dsm = &host->by_kernel.region;
    StolenRegion *region = &host->region.region;

    if (host->by_config.known) {
        host->region = host->by_config;
    } else if (host->by_group.known) {
        host->region = host->by_group;
        if (host->by_kernel.known && dsm->limit == region->limit &&
            dsm->base > region->base) {
            region->dsm_base = dsm->base;
            host->region.split = true;
        }
    } else {
        host->region.from = host_text(host->store, "%s; %s",
                                      host->by_group.from,
                                      host->by_config.from);
    }
}

static void host_load_region(Host *host)
{
    if (host->igd.address) {
        host_load_registers(host);
        host_load_by_config(host);
        host_load_by_group(host);
    } else {
        host->ggc = host_unknown("there is no IGD");
        host->bdsm = host->asls = host->ggc;
        host->by_config.from = host->by_group.from = host->ggc.from;
    }
    host_load_by_kernel(host);
    host_choose_region(host);
}

bool host_needs_place(const Host *host)
{
    return host->gen != IGD_STOLEN_GEN_NO_BDSM && !host->is_function;
}

bool host_needs_base(const Host *host)
{
    return host_needs_place(host) && host->region.known &&
           (host->gen == IGD_STOLEN_GEN_UNKNOWN || host->relaxable != 1);
}

uint64_t host_gsm_to_give(const Host *host)
{
    const StolenRegion *r = &host->region.region;

    return host->gen == IGD_STOLEN_GEN_UNKNOWN && host->region.split ?
           r->dsm_base - r->base : 0;
}

/* All of it */

Host *host_load(HostStore *store, const char *device)
{
    Host *host = host_keep(store, g_new0(Host, 1));

    host->store = store;
    host->asked = device ? host_text(store, " --device %s", device) : "";
    host_load_system(host);
    host_load_devices(host, device);
    host_load_iommu(host);
    host_load_region(host);
    return host;
}
