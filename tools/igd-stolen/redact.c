/*
 * What may leave a host in a bundle, and what is left out of it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/unit/test-tool-bundle.c, and by
 * tests/tool, where a probe and its capture have to say the same.
 */

#include "qemu/osdep.h"
#include "bundle.h"
#include "host.h"

/**
 * RedactRange: bytes that are kept; a list ends with one of @last 0
 */
typedef struct RedactRange {
    size_t first;
    size_t last;
} RedactRange;

/**
 * RedactRule: what is left of the data; all of it if nothing is set
 * @words: keep the parts that begin with one of them
 * @separator: between those parts
 * @ranges: keep these bytes, the others become 0
 * @change: makes text of text
 */
typedef struct RedactRule {
    const char *pattern;
    const char *separator;
    const char *const *words;
    const RedactRange *ranges;
    char *(*change)(const char *data);
} RedactRule;

#define WORDS(...)  (const char *const[]) { __VA_ARGS__, NULL }
#define LINES(...)  .separator = "\n", .words = WORDS(__VA_ARGS__)
#define RANGES(...) .ranges = (const RedactRange[]) { __VA_ARGS__, { 0, 0 } }

/* Digits, dots, whose: what else there is may name a person or a machine */
static char *redact_version(const char *data)
{
    return g_strdup_printf("%.*s%s\n", (int)strspn(data, "0123456789."), data,
                           strstr(data, HOST_PVE) ? HOST_PVE : "");
}

/* The lines that are looked at, without the time before them */
static char *redact_log(const char *data)
{
    g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
    GString *kept = g_string_new(NULL);
    unsigned i;

    for (i = 0; lines[i]; i++) {
        const char *found = strstr(lines[i], HOST_LOG_STOLEN);

        /* Who built the kernel, and where, stands in its first line */
        if (!found && strstr(lines[i], HOST_LOG_FIRST)) {
            found = HOST_LOG_FIRST;
        }
        if (found) {
            g_string_append_printf(kept, "%s\n", found);
        }
    }
    return g_string_free(kept, FALSE);
}

/* All but where the kernel itself is */
static char *redact_iomem(const char *data)
{
    g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
    GString *kept = g_string_new(NULL);
    unsigned i;

    for (i = 0; lines[i]; i++) {
        if (*lines[i] && !strstr(lines[i], " : Kernel ")) {
            g_string_append_printf(kept, "%s\n", lines[i]);
        }
    }
    return g_string_free(kept, FALSE);
}

static const RedactRule redact_rules[] = {
    { "/etc/os-release", LINES("ID=", "ID_LIKE=") },
    { "/proc/sys/kernel/osrelease", .change = redact_version },
    { "/proc/cpuinfo", LINES("vendor_id", "address sizes") },
    { "/proc/meminfo", LINES("MemTotal:", "MemAvailable:") },
    { "/proc/self/limits", LINES("Max locked memory") },
    { "/proc/cmdline", " ", WORDS("intel_iommu=", "iommu=") },
    { "/proc/iomem", .change = redact_iomem },
    { HOST_LOG, .change = redact_log },
    { "/sys/firmware/acpi/tables", LINES("DMAR") },
    /* OEM id, OEM table id and revision, compiler */
    { HOST_DMAR, RANGES({ 0, 9 }, { 36, SIZE_MAX }) },
    { "/sys/firmware/memmap" },
    { "/sys/firmware/memmap/?*" },
    { "/sys/class/iommu" },
    { "/sys/class/iommu/?*/intel-iommu/?*" },
    { "/sys/class/misc/kvm" },
    { "/sys/kernel/iommu_groups/?*" },
    { "/sys/module/vfio_iommu_type1/parameters/?*" },
    { HOST_SYSFS_PCI },
    /* What the readers look at: the header, GGC, BDSM, ASLS */
    { HOST_SYSFS_PCI "/?*/config",
      RANGES({ 0x00, 0x3f }, { 0x50, 0x51 }, { 0x5c, 0x5f }, { 0xc0, 0xc7 },
             { 0xfc, 0xff }) },
    { HOST_SYSFS_PCI "/?*" },
};

/* NULL if nothing may be said of it */
static const RedactRule *redact_rule(const HostEntry *entry)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(redact_rules); i++) {
        if (g_pattern_match_simple(redact_rules[i].pattern, entry->path)) {
            return &redact_rules[i];
        }
    }
    return NULL;
}

bool redact_allows(const HostEntry *entry)
{
    return redact_rule(entry) != NULL;
}

static bool redact_keeps(const char *const *words, const char *text)
{
    for (; *words; words++) {
        if (g_str_has_prefix(text, *words)) {
            return true;
        }
    }
    return false;
}

static char *redact_parts(const HostEntry *entry, const char *const *words,
                          const char *separator)
{
    g_auto(GStrv) parts = g_strsplit(entry->data, separator, -1);
    GString *kept = g_string_new(NULL);
    unsigned i;

    for (i = 0; parts[i]; i++) {
        g_strchomp(parts[i]);
        /* The same line of every CPU is there once */
        if (redact_keeps(words, parts[i]) && !strstr(kept->str, parts[i])) {
            g_string_append_printf(kept, "%s%s", kept->len ? separator : "",
                                   parts[i]);
        }
    }
    if (entry->kind == HOST_FILE) {
        g_string_append_c(kept, '\n');
    }
    return g_string_free(kept, FALSE);
}

static char *redact_bytes(const HostEntry *entry, const RedactRange *ranges)
{
    char *data = g_malloc(entry->size + 1);
    size_t i;

    memcpy(data, entry->data, entry->size);
    data[entry->size] = '\0';
    for (i = 0; ranges && i < entry->size; i++) {
        while (ranges->last && i > ranges->last) {
            ranges++;
        }
        if (!ranges->last || i < ranges->first) {
            data[i] = 0;
        }
    }
    return data;
}

char *redact(const HostEntry *entry, size_t *size)
{
    const RedactRule *rule = redact_rule(entry);
    char *data;

    if (!rule->change && !rule->words) {
        *size = entry->size;
        return redact_bytes(entry, rule->ranges);
    }
    data = rule->change ? rule->change(entry->data)
                        : redact_parts(entry, rule->words, rule->separator);
    *size = strlen(data);
    return data;
}
