/*
 * What is known of a host and its IGD: system, devices, IOMMU
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. VT-d specification 11.4.2 and 11.4.3, "Capability" and
 * "Extended Capability Register". Tested by tests/tool with the hosts
 * of tests/tool/hosts.py.
 */

#include "qemu/osdep.h"
#include "host.h"

#define KIB             1024ull

#define USUAL_ADDRESS   "0000:00:02.0"
#define MAX_DEVICES     4096
#define SLOT_LENGTH     11      /* of an address without its function */

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

static void host_load_kernel(Host *host, HostStore *store)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE,
                                            "/proc/sys/kernel/osrelease");
    uint64_t major = 0, minor = 0;
    const char *dot;

    if (entry->status != HOST_OK) {
        return;
    }
    /* What comes after the number may name a person or a machine */
    host->kernel = read_printable(entry->data,
                                  MIN(strspn(entry->data, "0123456789."),
                                      64));
    major = g_ascii_strtoull(host->kernel, NULL, 10);
    host->kernel_is_pve = strstr(entry->data, HOST_PVE) != NULL;
    dot = strchr(host->kernel, '.');
    minor = dot ? g_ascii_strtoull(dot + 1, NULL, 10) : 0;
    host->kernel_version = HOST_KERNEL(MIN(major, 1000), MIN(minor, 1000));
}

/* ID=debian, ID_LIKE="rhel fedora" */
static void host_load_release(Host *host, HostStore *store)
{
    const HostEntry *entry = host_store_get(store, HOST_FILE,
                                            "/etc/os-release");
    g_auto(GStrv) lines = g_strsplit(entry->status == HOST_OK ? entry->data
                                                              : "", "\n", -1);
    GString *words = g_string_new(" ");
    unsigned i;

    for (i = 0; lines[i]; i++) {
        if (g_str_has_prefix(lines[i], "ID=") ||
            g_str_has_prefix(lines[i], "ID_LIKE=")) {
            g_strdelimit(lines[i], "\"'", ' ');
            g_string_append_printf(words, "%s ", strchr(lines[i], '=') + 1);
        }
    }
    host->system = g_string_free(words, FALSE);
}

/* "Max locked memory   SOFT   HARD   bytes"; SOFT may be "unlimited" */
static void host_load_lock_limit(Host *host, HostStore *store)
{
    static const char path[] = "/proc/self/limits";
    static const char key[] = "Max locked memory";
    const HostEntry *entry = host_store_get(store, HOST_FILE, "%s", path);
    const char *line = entry->status == HOST_OK ? strstr(entry->data, key)
                                                : NULL;

    if (line && g_str_has_prefix(line + strlen(key) +
                                 strspn(line + strlen(key), " "),
                                 "unlimited")) {
        host_fact_set(&host->lock_limit, UINT64_MAX, g_strdup(path));
    } else {
        read_keyed(store, path, key, &host->lock_limit);
    }
}

static void host_load_kib(HostStore *store, const char *key, HostFact *fact)
{
    if (read_keyed(store, "/proc/meminfo", key, fact)) {
        fact->value = MIN(fact->value, UINT64_MAX / KIB) * KIB;
    }
}

static void host_load_memory(Host *host, HostStore *store)
{
    host_load_kib(store, "MemTotal:", &host->memory_total);
    host_load_kib(store, "MemAvailable:", &host->memory_free);
    host_load_lock_limit(host, store);
}

static void host_load_system(Host *host, HostStore *store)
{
    /* For those who read a bundle */
    host_store_get(store, HOST_FILE, "/proc/cmdline");
    host_load_release(host, store);
    host_load_kernel(host, store);
    host_load_memory(host, store);
    host->kvm = host_store_get(store, HOST_LINK,
                               "/sys/class/misc/kvm")->status == HOST_OK;
    read_keyed(store, "/proc/cpuinfo", "address sizes", &host->cpu_width);
    read_file_number(store, 10, &host->mappings, HOST_ENTRY_LIMIT);
    host->iomem = memmap_iomem(store, &host->iomem_why);
    host->firmware = memmap_firmware(store, &host->firmware_why);
}

bool host_valid_address(const char *text)
{
    static const char form[] = "xxxx:xx:xx.o";
    const char *f = form;

    for (; *f && *text; f++, text++) {
        if (*f == 'x' ? !g_ascii_isxdigit(*text) || g_ascii_isupper(*text) :
            *f == 'o' ? *text < '0' || *text > '7' : *text != *f) {
            return false;
        }
    }
    return !*f && !*text;
}

static uint32_t host_device_number(HostStore *store, const char *address,
                                   const char *name)
{
    g_autofree char *path = g_strdup_printf(HOST_SYSFS_PCI "/%s/%s", address,
                                            name);
    HostFact fact = { 0 };
    uint32_t value;

    read_file_number(store, 16, &fact, path);
    value = fact.known && fact.value <= 0xffffff ? fact.value : 0;
    host_fact_clear(&fact);
    return value;
}

static void host_load_device(HostDevice *device, HostStore *store,
                             const char *address)
{
    g_autofree char *driver = g_strdup_printf(HOST_SYSFS_PCI "/%s/driver",
                                              address);

    device->address = g_strdup(address);
    device->vendor = host_device_number(store, address, "vendor");
    device->device = host_device_number(store, address, "device");
    device->class = host_device_number(store, address, "class") >> 8;
    device->driver = read_basename(store, driver);
}

static void host_device_clear(HostDevice *device)
{
    g_free(device->address);
    g_free(device->driver);
    g_free(device->group);
    g_clear_pointer(&device->others, g_ptr_array_unref);
    memset(device, 0, sizeof(*device));
}

static void host_device_free(gpointer device)
{
    host_device_clear(device);
    g_free(device);
}

static void host_load_group(HostDevice *device, HostStore *store)
{
    g_autofree char *link = g_strdup_printf(HOST_SYSFS_PCI "/%s/iommu_group",
                                            device->address);
    g_autofree char *devices = NULL;
    g_auto(GStrv) names = NULL;
    unsigned i;

    device->others = g_ptr_array_new_with_free_func(host_device_free);
    device->group = read_basename(store, link);
    if (!device->group) {
        return;
    }
    devices = g_strdup_printf("/sys/kernel/iommu_groups/%s/devices",
                              device->group);
    names = read_names(store, devices);
    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        if (host_valid_address(names[i]) &&
            strcmp(names[i], device->address)) {
            HostDevice *other = g_new0(HostDevice, 1);

            host_load_device(other, store, names[i]);
            g_ptr_array_add(device->others, other);
        }
    }
}

/*
 * How likely a device is the IGD, 0 for not at all: an Intel display device
 * with a known id, or with any at the usual address. Of several the first is
 * taken, and the root bus comes first.
 */
static unsigned host_igd_rank(HostStore *store, const char *address)
{
    if (!host_valid_address(address) ||
        host_device_number(store, address, "vendor") != HOST_VENDOR_INTEL ||
        host_device_number(store, address, "class") >> 16 !=
        HOST_BASE_DISPLAY) {
        return 0;
    }
    if (igd_stolen_gen(host_device_number(store, address, "device")) ==
        IGD_STOLEN_GEN_UNKNOWN) {
        return strcmp(address, USUAL_ADDRESS) ? 0 : 1;
    }
    return 2;
}

static char *host_find_igd(Host *host, HostStore *store, char **names)
{
    const char *address = NULL;
    unsigned best = 0;
    unsigned i;

    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        unsigned rank = host_igd_rank(store, names[i]);

        if (rank > best) {
            best = rank;
            address = names[i];
        }
    }
    if (!names[0]) {
        host->igd_why = host_entry_why(host_store_get(store, HOST_DIR,
                                                      HOST_SYSFS_PCI));
    } else if (!address) {
        host->igd_why = g_strdup("no Intel display device");
    }
    return g_strdup(address);
}

/* What the user named has to be one as well */
static char *host_not_igd(const HostDevice *device, HostStore *store)
{
    if (!device->vendor) {
        return host_entry_why(
            host_store_get(store, HOST_FILE, HOST_SYSFS_PCI "/%s/vendor",
                           device->address));
    }
    if (device->vendor != HOST_VENDOR_INTEL ||
        device->class >> 8 != HOST_BASE_DISPLAY) {
        return g_strdup_printf("%s is no Intel display device: %04x:%04x, "
                               "class %04x", device->address, device->vendor,
                               device->device, device->class);
    }
    return NULL;
}

/*
 * A virtual function has a link to its physical one, and the ids of it: other
 * functions of an IGD have ids of their own.
 */
static void host_load_functions(Host *host, HostStore *store, char **names)
{
    const char *address = host->igd.address;
    g_autofree char *link = g_strdup_printf(HOST_SYSFS_PCI "/%s/physfn",
                                            address);
    g_autofree char *first = g_strdup(address);
    g_autoptr(GString) functions = g_string_new(NULL);
    unsigned i;

    first[SLOT_LENGTH] = '0';
    host->function_of = read_basename(store, link);
    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        if (!strcmp(names[i], address) ||
            strncmp(names[i], address, SLOT_LENGTH) ||
            !host_valid_address(names[i]) ||
            host_device_number(store, names[i], "device") !=
            host->igd.device) {
            continue;
        }
        if (address[SLOT_LENGTH] == '0') {
            g_string_append_printf(functions, "%s%s",
                                   functions->len ? ", " : "", names[i]);
        } else if (!host->function_of && !strcmp(names[i], first)) {
            host->function_of = g_strdup(first);
        }
    }
    host->is_function = host->function_of;
    host->functions = functions->len ? g_strdup(functions->str) : NULL;
}

/* The first on the root bus: Haswell's 03.0 comes before the chipset's own */
static void host_load_audio(Host *host, HostStore *store, char **names)
{
    unsigned i;

    for (i = 0; names[i] && i < MAX_DEVICES; i++) {
        if (g_str_has_prefix(names[i], "0000:00:") &&
            host_valid_address(names[i]) &&
            host_device_number(store, names[i], "vendor") ==
            HOST_VENDOR_INTEL &&
            host_device_number(store, names[i], "class") >> 8 ==
            HOST_CLASS_AUDIO) {
            host_load_device(&host->audio, store, names[i]);
            host_load_group(&host->audio, store);
            return;
        }
    }
}

/* A framebuffer of the firmware's that the kernel draws its console on */
static void host_load_framebuffer(Host *host, HostStore *store)
{
    static const char *const names[] = {
        "BOOTFB", "simplefb", "efifb", "vesafb", "simpledrm",
    };
    const HostEntry *entry = host_store_get(store, HOST_FILE,
                                            HOST_SYSFS_PCI "/%s/resource",
                                            host->igd.address);
    g_auto(GStrv) lines = g_strsplit(entry->status == HOST_OK ? entry->data
                                                              : "", "\n", -1);
    g_auto(GStrv) words = NULL;
    uint64_t base, limit;
    unsigned i;

    if (g_strv_length(lines) <= FRAMEBUFFER_BAR) {
        return;
    }
    words = g_strsplit(lines[FRAMEBUFFER_BAR], " ", 3);
    if (g_strv_length(words) != 3 || !read_number(words[0], 16, &base) ||
        !read_number(words[1], 16, &limit) || !limit) {
        return;
    }
    for (i = 0; host->iomem && i < host->iomem->len; i++) {
        const MemRange *range = &g_array_index(host->iomem, MemRange, i);
        int index = text_index(names, G_N_ELEMENTS(names), range->name);

        if (index >= 0 && range->base >= base && range->limit <= limit) {
            host->framebuffer = names[index];
        }
    }
}

/* ".../pci0000:00/0000:00:1c.0/0000:02:00.0": the hops of a DMAR scope */
static void host_load_path(Host *host, HostStore *store)
{
    const HostEntry *entry = host_store_get(store, HOST_LINK,
                                            HOST_SYSFS_PCI "/%s",
                                            host->igd.address);
    g_auto(GStrv) parts = NULL;
    unsigned i;

    if (entry->status != HOST_OK) {
        return;
    }
    parts = g_strsplit(entry->data, "/", -1);
    for (i = 0; parts[i] && host->nr_hops < DMAR_MAX_HOPS; i++) {
        unsigned bus;
        unsigned slot;

        if (!host_valid_address(parts[i])) {
            continue;
        }
        bus = g_ascii_strtoull(parts[i] + 5, NULL, 16);
        slot = g_ascii_strtoull(parts[i] + 8, NULL, 16);
        if (!host->nr_hops) {
            host->start_bus = bus;
        }
        host->path[host->nr_hops][0] = slot;
        host->path[host->nr_hops][1] = parts[i][11] - '0';
        host->nr_hops++;
    }
}

static void host_load_devices(Host *host, HostStore *store,
                              const char *device)
{
    g_auto(GStrv) names = read_names(store, HOST_SYSFS_PCI);
    g_autofree char *address = device ? g_strdup(device)
                                      : host_find_igd(host, store, names);
    const HostEntry *type;

    if (!address) {
        return;
    }
    host_load_device(&host->igd, store, address);
    host->igd_why = host_not_igd(&host->igd, store);
    if (host->igd_why) {
        host_device_clear(&host->igd);
        return;
    }
    host->gen = igd_stolen_gen(host->igd.device);
    host_load_group(&host->igd, store);
    if (host->igd.group) {
        type = host_store_get(store, HOST_FILE,
                              "/sys/kernel/iommu_groups/%s/type",
                              host->igd.group);
        host->group_type = type->status == HOST_OK ?
                           read_printable(type->data, 32) : NULL;
    }
    host_load_path(host, store);
    host_load_functions(host, store, names);
    host_load_audio(host, store, names);
    host_load_framebuffer(host, store);
}

static unsigned host_capability_width(uint64_t capability)
{
    unsigned sagaw = capability >> CAP_SAGAW_SHIFT;
    unsigned mgaw = (capability >> CAP_MGAW_SHIFT & CAP_MGAW_MASK) + 1;
    unsigned tables = sagaw & CAP_SAGAW_57 ? 57 :
                      sagaw & CAP_SAGAW_48 ? 48 :
                      sagaw & CAP_SAGAW_39 ? 39 : 30;

    return MIN(tables, mgaw);
}

static void host_load_width(Host *host, HostStore *store)
{
    g_autofree char *path = NULL;

    if (!host->unit) {
        host_fact_unknown(&host->iommu_width,
                          g_strdup("the kernel drives no IOMMU for the "
                                   "device"));
        return;
    }
    path = g_strdup_printf(SYSFS_IOMMU "/%s/intel-iommu/cap", host->unit);
    if (read_file_number(store, 16, &host->iommu_width, path)) {
        host->iommu_width.value =
            host_capability_width(host->iommu_width.value);
    }
}

static void host_load_table(Host *host, HostStore *store)
{
    g_auto(GStrv) tables = read_names(store, "/sys/firmware/acpi/tables");
    const HostEntry *entry = host_store_get(store, HOST_FILE, HOST_DMAR);
    const char *wrong;

    host->dmar_there = entry->status == HOST_OK ||
                       entry->status == HOST_DENIED ||
                       g_strv_contains((const char *const *)tables, "DMAR");
    if (entry->status != HOST_OK) {
        host->dmar_why = host_entry_why(entry);
        return;
    }
    wrong = dmar_parse(entry->data, entry->size, &host->dmar);
    if (wrong) {
        host->dmar_why = g_strdup_printf("%s has %s", HOST_DMAR, wrong);
    }
}

/* What the unit says, which everybody may read, or else the table */
static void host_load_intremap(Host *host, HostStore *store)
{
    const HostEntry *unsafe = host_store_get(store, HOST_FILE,
                                             UNSAFE_INTERRUPTS);
    g_autofree char *path = g_strdup_printf(SYSFS_IOMMU
                                            "/%s/intel-iommu/ecap",
                                            host->unit ?: "dmar0");

    host->unsafe_interrupts = unsafe->status == HOST_OK &&
                              *unsafe->data == 'Y';
    if (read_file_number(store, 16, &host->intremap, path)) {
        host->intremap.value = !!(host->intremap.value & ECAP_IR);
    } else if (!host->dmar_why) {
        host_fact_set(&host->intremap, host->dmar.flags & DMAR_FLAG_IR,
                      g_strdup(HOST_DMAR));
    }
}

static void host_load_iommu(Host *host, HostStore *store)
{
    g_auto(GStrv) units = read_names(store, SYSFS_IOMMU);
    unsigned i;

    for (i = 0; units[i]; i++) {
        host->any_unit |= g_str_has_prefix(units[i], "dmar");
    }
    if (host->igd.address) {
        g_autofree char *link = g_strdup_printf(HOST_SYSFS_PCI "/%s/iommu",
                                                host->igd.address);

        host->unit = read_basename(store, link);
    }
    host_load_width(host, store);
    host_load_table(host, store);
    host_load_intremap(host, store);
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

Host *host_load(HostStore *store, const char *device)
{
    Host *host = g_new0(Host, 1);

    host->asked = device ? g_strdup_printf(" --device %s", device)
                         : g_strdup("");
    host_load_system(host, store);
    host_load_devices(host, store, device);
    host_load_iommu(host, store);
    host_load_region(host, store);
    return host;
}

static void host_free_facts(Host *host)
{
    HostFact *facts[] = {
        &host->iommu_width, &host->cpu_width, &host->ggc, &host->bdsm,
        &host->mappings, &host->memory_total, &host->memory_free,
        &host->lock_limit, &host->intremap, &host->asls,
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(facts); i++) {
        host_fact_clear(facts[i]);
    }
}

void host_free(Host *host)
{
    host_free_facts(host);
    g_free(host->kernel);
    g_free(host->asked);
    g_free(host->system);
    host_device_clear(&host->igd);
    host_device_clear(&host->audio);
    g_free(host->igd_why);
    g_free(host->function_of);
    g_free(host->functions);
    g_free(host->group_type);
    g_free(host->unit);
    g_free(host->dmar_why);
    dmar_clear(&host->dmar);
    g_free(host->by_group.from);
    g_free(host->by_config.from);
    g_free(host->by_kernel.from);
    g_free(host->region.from);
    g_clear_pointer(&host->iomem, g_array_unref);
    g_clear_pointer(&host->firmware, g_array_unref);
    g_free(host->iomem_why);
    g_free(host->firmware_why);
    g_free(host);
}
