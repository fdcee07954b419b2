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
#include "host.h"
#include "redact.h"

/* What the readers look at in config space: the header, GGC and BDSM */
static const struct {
    uint8_t first;
    uint8_t last;
} redact_config_keeps[] = {
    { 0x00, 0x3f }, { 0x50, 0x51 }, { 0x5c, 0x5f }, { 0xc0, 0xc7 },
};

typedef enum RedactHow {
    REDACT_NOTHING,
    REDACT_LINES,       /* keeps lines that begin with one of the words */
    REDACT_WORDS,       /* keeps words that begin with one of the words */
    REDACT_VERSION,     /* keeps digits and dots up to the first other byte */
    REDACT_IOMEM,       /* drops where the kernel itself is */
    REDACT_DMAR,        /* drops who made the table */
    REDACT_LOG,         /* keeps the lines that are looked at, less the time */
    REDACT_CONFIG,
} RedactHow;

static const struct {
    const char *pattern;
    RedactHow how;
    const char *const *words;
} redact_rules[] = {
    { "/proc/sys/kernel/osrelease", REDACT_VERSION },
    { "/proc/cpuinfo", REDACT_LINES,
      (const char *const[]) { "vendor_id", "address sizes", NULL } },
    { "/proc/meminfo", REDACT_LINES,
      (const char *const[]) { "MemTotal:", "MemAvailable:", NULL } },
    { "/proc/self/limits", REDACT_LINES,
      (const char *const[]) { "Max locked memory", NULL } },
    { "/proc/cmdline", REDACT_WORDS,
      (const char *const[]) { "intel_iommu=", "iommu=", NULL } },
    { "/proc/iomem", REDACT_IOMEM },
    { HOST_LOG, REDACT_LOG },
    { "/sys/firmware/acpi/tables", REDACT_LINES,
      (const char *const[]) { "DMAR", NULL } },
    { "/sys/firmware/acpi/tables/DMAR", REDACT_DMAR },
    { "/sys/firmware/memmap", REDACT_NOTHING },
    { "/sys/firmware/memmap/?*", REDACT_NOTHING },
    { "/sys/class/iommu", REDACT_NOTHING },
    { "/sys/class/iommu/?*/intel-iommu/?*", REDACT_NOTHING },
    { "/sys/class/misc/kvm", REDACT_NOTHING },
    { "/sys/kernel/iommu_groups/?*", REDACT_NOTHING },
    { "/sys/module/vfio_iommu_type1/parameters/?*", REDACT_NOTHING },
    { "/sys/bus/pci/devices", REDACT_NOTHING },
    { "/sys/bus/pci/devices/?*/config", REDACT_CONFIG },
    { "/sys/bus/pci/devices/?*", REDACT_NOTHING },
};

static int redact_rule(const HostEntry *entry)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(redact_rules); i++) {
        if (g_pattern_match_simple(redact_rules[i].pattern, entry->path)) {
            return i;
        }
    }
    return -1;
}

bool redact_allows(const HostEntry *entry)
{
    return redact_rule(entry) >= 0;
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

static void redact_config(char *config, size_t size)
{
    unsigned keeps = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        while (keeps < G_N_ELEMENTS(redact_config_keeps) &&
               i > redact_config_keeps[keeps].last) {
            keeps++;
        }
        if (keeps == G_N_ELEMENTS(redact_config_keeps) ||
            i < redact_config_keeps[keeps].first) {
            config[i] = 0;
        }
    }
}

/* OEM id, OEM table id and revision, compiler: bytes 10 to 35 of a table */
static void redact_dmar(char *data, size_t size)
{
    if (size >= 36) {
        memset(data + 10, ' ', 14);
        memset(data + 24, 0, 12);
    }
}

static char *redact_copy(const HostEntry *entry, size_t *size)
{
    char *data;

    *size = entry->size;
    data = g_malloc(*size + 1);
    memcpy(data, entry->data, *size);
    data[*size] = '\0';
    return data;
}

char *redact(const HostEntry *entry, size_t *size)
{
    int rule = redact_rule(entry);
    const char *const *words = redact_rules[rule].words;
    char *data = NULL;

    switch (redact_rules[rule].how) {
    case REDACT_NOTHING:
        return redact_copy(entry, size);
    case REDACT_CONFIG:
        data = redact_copy(entry, size);
        redact_config(data, *size);
        return data;
    case REDACT_DMAR:
        data = redact_copy(entry, size);
        redact_dmar(data, *size);
        return data;
    case REDACT_LINES:
        data = redact_parts(entry, words, "\n");
        break;
    case REDACT_WORDS:
        data = redact_parts(entry, words, " ");
        break;
    case REDACT_VERSION:
        data = g_strdup_printf("%.*s\n", (int)strspn(entry->data,
                                                     "0123456789."),
                               entry->data);
        break;
    case REDACT_LOG:
        data = redact_log(entry->data);
        break;
    case REDACT_IOMEM:
        data = redact_iomem(entry->data);
        break;
    }
    *size = strlen(data);
    return data;
}
