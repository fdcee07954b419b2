/*
 * The files, links, directories and config spaces that were read of a host
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Nothing in a bundle is trusted: sizes and numbers are
 * limited, bytes are checked, an error names its line. Tested by
 * tests/unit/test-tool-bundle.c, tests/fuzz/fuzz-igd-bundle.c and tests/tool,
 * where a probe and its capture have to say the same.
 */

#include "qemu/osdep.h"
#include "host.h"

#define BUNDLE_HEAD     "igd-stolen-bundle 1"
#define BUNDLE_HEX_LINE 16

struct HostStore {
    HostReadFunc *live;
    void *opaque;
    /* "PATH KIND" to HostEntry, in that order */
    GTree *entries;
    GPtrArray *kept;
};

static char *host_store_key(HostKind kind, const char *path)
{
    return g_strdup_printf("%s %d", path, kind);
}

static gint host_store_order(gconstpointer one, gconstpointer other,
                             gpointer unused)
{
    return strcmp(one, other);
}

HostStore *host_store_new(HostReadFunc *live, void *opaque)
{
    HostStore *store = g_new0(HostStore, 1);

    store->live = live;
    store->opaque = opaque;
    store->entries = g_tree_new_full(host_store_order, NULL, g_free, NULL);
    store->kept = g_ptr_array_new_with_free_func(g_free);
    return store;
}

void host_store_free(HostStore *store)
{
    g_tree_unref(store->entries);
    g_ptr_array_unref(store->kept);
    g_free(store);
}

/* Takes @data over */
static HostEntry *host_store_add(HostStore *store, HostKind kind,
                                 const char *path, HostStatus status,
                                 GString *data)
{
    HostEntry *entry = host_keep(store, g_new0(HostEntry, 1));

    entry->kind = kind;
    entry->status = status;
    entry->path = host_text(store, "%s", path);
    if (data && status == HOST_OK) {
        entry->size = data->len;
        entry->data = host_keep(store, g_string_free(data, FALSE));
    } else if (data) {
        g_string_free(data, TRUE);
    }
    g_tree_insert(store->entries, host_store_key(kind, path), entry);
    return entry;
}

bool host_store_put(HostStore *store, HostKind kind, const char *path,
                    HostStatus status, GString *data)
{
    g_autofree char *key = host_store_key(kind, path);
    g_autoptr(GString) taken = data;

    return !g_tree_lookup(store->entries, key) &&
           host_store_add(store, kind, path, status, g_steal_pointer(&taken));
}

const HostEntry *host_store_get(HostStore *store, HostKind kind,
                                const char *path)
{
    g_autofree char *key = host_store_key(kind, path);
    HostEntry *entry = g_tree_lookup(store->entries, key);
    HostStatus status = HOST_NOT_ASKED;
    GString *data;

    if (entry) {
        return entry;
    }
    data = g_string_new(NULL);
    if (store->live) {
        status = store->live(store->opaque, kind, path, data);
    }
    return host_store_add(store, kind, path, status, data);
}

void *host_keep(HostStore *store, void *data)
{
    g_ptr_array_add(store->kept, data);
    return data;
}

void *host_keep_array(HostStore *store, GArray *array)
{
    return host_keep(store, g_array_free(array, FALSE));
}

char *host_text(HostStore *store, const char *format, ...)
{
    va_list ap;
    char *text;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    return host_keep(store, text);
}

const char *host_why(HostStore *store, const HostEntry *entry)
{
    static const char *const why[HOST_STATUS__MAX] = {
        [HOST_OK] = "has another form than expected",
        [HOST_ABSENT] = "is not there",
        [HOST_DENIED] = "may be read by root only",
        [HOST_FAILED] = "cannot be read",
        [HOST_NOT_ASKED] = "is not in the bundle",
    };

    /* A path may contain text from a bundle */
    return text_printable(host_text(store, "%s %s", entry->path,
                                    why[entry->status]));
}

char *text_printable(char *text)
{
    char *c;

    for (c = text; *c; c++) {
        if (!g_ascii_isprint(*c)) {
            *c = '?';
        }
    }
    return text;
}

int text_index(const char *const *words, int count, const char *word)
{
    int i;

    for (i = 0; i < count; i++) {
        if (words[i] && !strcmp(words[i], word)) {
            return i;
        }
    }
    return -1;
}

/* Reading a bundle */

typedef struct BundleReader {
    HostStore *store;
    unsigned line;
    unsigned entries;
    bool hex;
    HostKind kind;
    const char *path;
    /* Of the entry that is being read, or NULL */
    GString *content;
    char *error;
} BundleReader;

static const char *const bundle_kinds[HOST_KIND__MAX] = {
    [HOST_FILE] = "file",
    [HOST_LINK] = "link",
    [HOST_DIR] = "dir",
    [HOST_CONFIG] = "config",
};

static const char *const bundle_statuses[HOST_STATUS__MAX] = {
    [HOST_ABSENT] = "absent",
    [HOST_DENIED] = "denied",
    [HOST_FAILED] = "failed",
};

static void G_GNUC_PRINTF(2, 3)
bundle_fail(BundleReader *r, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (!r->error) {
        r->error = g_strdup_printf("line %u: %s", r->line, what);
    }
}

static void bundle_put(BundleReader *r, HostStatus status)
{
    if (++r->entries > BUNDLE_MAX_ENTRIES) {
        bundle_fail(r, "more than %d entries", BUNDLE_MAX_ENTRIES);
    } else if (!host_store_put(r->store, r->kind, r->path, status,
                               g_steal_pointer(&r->content))) {
        bundle_fail(r, "a second entry for %s", r->path);
    }
}

static void bundle_close(BundleReader *r)
{
    if (!r->content) {
        return;
    }
    /* A link's target and a directory's last name end without a newline */
    if ((r->kind == HOST_LINK || r->kind == HOST_DIR) && r->content->len) {
        g_string_truncate(r->content, r->content->len - 1);
    }
    bundle_put(r, HOST_OK);
}

static bool bundle_path(BundleReader *r, const char *path)
{
    const char *c = path;

    while (g_ascii_isgraph(*c)) {
        c++;
    }
    if (path[0] != '/' || strlen(path) > HOST_STORE_MAX_PATH) {
        bundle_fail(r, "not an absolute path of at most %d bytes",
                    HOST_STORE_MAX_PATH);
    } else if (*c) {
        bundle_fail(r, "a path with a byte that is not printable");
    }
    r->path = host_text(r->store, "%s", path);
    return !r->error;
}

/* "KIND PATH" or "STATUS KIND PATH" */
static void bundle_head(BundleReader *r, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    unsigned count = g_strv_length(words);
    int status = text_index(bundle_statuses, HOST_STATUS__MAX, words[0]);
    int kind;

    bundle_close(r);
    if (count != (status < 0 ? 2 : 3)) {
        bundle_fail(r, "not \"KIND PATH\", \"STATUS KIND PATH\" or "
                    "\"| CONTENT\"");
        return;
    }
    kind = text_index(bundle_kinds, HOST_KIND__MAX, words[count - 2]);
    r->hex = kind == HOST_CONFIG ||
             (status < 0 && !strcmp(words[0], "hex"));
    if (kind < 0 && !r->hex) {
        bundle_fail(r, "a kind that is not file, hex, link, dir or config");
        return;
    }
    r->kind = kind < 0 ? HOST_FILE : kind;
    if (!bundle_path(r, words[count - 1])) {
        return;
    }
    if (status < 0) {
        r->content = g_string_new(NULL);
    } else {
        bundle_put(r, status);
    }
}

static void bundle_hex(BundleReader *r, const char *text)
{
    const char *c = text;

    while (*c) {
        int high = g_ascii_xdigit_value(c[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(c[1]);

        if (low < 0 || (c[2] && c[2] != ' ')) {
            bundle_fail(r, "not pairs of hexadecimal digits");
            return;
        }
        g_string_append_c(r->content, high << 4 | low);
        c += c[2] ? 3 : 2;
    }
}

static void bundle_content(BundleReader *r, const char *line)
{
    const char *text = line[1] == ' ' ? line + 2 : line + 1;

    if (!r->content) {
        bundle_fail(r, "content without an entry");
        return;
    }
    if (r->hex) {
        bundle_hex(r, text);
    } else if (r->kind == HOST_LINK && r->content->len) {
        bundle_fail(r, "a link with more than one target");
    } else {
        g_string_append(r->content, text);
        g_string_append_c(r->content, '\n');
    }
    if (r->content->len > HOST_STORE_MAX_CONTENT) {
        bundle_fail(r, "more than %d bytes in %s", HOST_STORE_MAX_CONTENT,
                    r->path);
    }
}

static void bundle_line(BundleReader *r, const char *line)
{
    r->line++;
    if (r->line == 1) {
        if (strcmp(line, BUNDLE_HEAD)) {
            bundle_fail(r, "not a bundle: it begins with \"%s\"", BUNDLE_HEAD);
        }
    } else if (line[0] == '|') {
        bundle_content(r, line);
    } else if (line[0] && line[0] != '#') {
        bundle_head(r, line);
    }
}

HostStore *bundle_parse(const char *text, size_t size, char **error)
{
    BundleReader r = { .store = host_store_new(NULL, NULL) };
    const char *end = text + size;

    if (size > BUNDLE_MAX_SIZE) {
        r.error = g_strdup_printf("%zu bytes, and a bundle has %d at most",
                                  size, BUNDLE_MAX_SIZE);
    } else if (!size) {
        r.error = g_strdup("not a bundle: it is empty");
    } else if (memchr(text, '\0', size)) {
        r.error = g_strdup("not a bundle: it has a NUL byte");
    }
    while (!r.error && text < end) {
        const char *newline = memchr(text, '\n', end - text);
        size_t length = (newline ? newline : end) - text;
        g_autofree char *line = g_strndup(text, length);

        bundle_line(&r, line);
        text += newline ? length + 1 : length;
    }
    if (!r.error) {
        bundle_close(&r);
    }
    if (r.content) {
        g_string_free(r.content, TRUE);
    }
    if (r.error) {
        *error = r.error;
        g_clear_pointer(&r.store, host_store_free);
    }
    return r.store;
}

/* The data that may leave a host in a bundle */

/**
 * RedactRange: bytes that are kept; a list ends with one of @last 0
 */
typedef struct RedactRange {
    size_t first;
    size_t last;
} RedactRange;

/**
 * RedactRule: the part of the data that is kept; all if no field is set
 * @words: keep the parts that begin with one of them, each once
 * @keep: replace each line by the result, or drop it for NULL
 * @separator: between the parts, a newline if it is not set
 * @ranges: keep these bytes, the others become 0
 */
typedef struct RedactRule {
    const char *pattern;
    const char *const *words;
    const char *separator;
    const RedactRange *ranges;
    const char *(*keep)(char *line);
} RedactRule;

#define WORDS(...)  .words = (const char *const[]) { __VA_ARGS__, NULL }
#define RANGES(...) .ranges = (const RedactRange[]) { __VA_ARGS__, { 0, 0 } }

/* Digits, dots, "-pve": the rest may name a person or a machine */
static const char *redact_version(char *line)
{
    const char *whose = strstr(line, HOST_PVE) ? HOST_PVE : "";

    g_strlcpy(line + strspn(line, "0123456789."), whose, strlen(whose) + 1);
    return *line ? line : NULL;
}

/* Without the time, and who built the kernel and where */
static const char *redact_log(char *line)
{
    return strstr(line, HOST_LOG_STOLEN) ?:
           strstr(line, HOST_LOG_FIRST) ? HOST_LOG_FIRST : NULL;
}

/* All lines but the addresses of the kernel itself */
static const char *redact_iomem(char *line)
{
    return *line && !strstr(line, " : Kernel ") ? line : NULL;
}

static const RedactRule redact_rules[] = {
    { "/etc/os-release", WORDS("ID=", "ID_LIKE=") },
    { "/proc/sys/kernel/osrelease", .keep = redact_version },
    { "/proc/cpuinfo", WORDS("vendor_id", "address sizes") },
    { "/proc/meminfo", WORDS("MemTotal:", "MemAvailable:") },
    { "/proc/self/limits", WORDS("Max locked memory") },
    { "/proc/cmdline", WORDS("intel_iommu=", "iommu="), .separator = " " },
    { "/proc/iomem", .keep = redact_iomem },
    { HOST_LOG, .keep = redact_log },
    { "/sys/firmware/acpi/tables", WORDS("DMAR") },
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
    /* The bytes that are read: the header, GGC, BDSM, ASLS */
    { HOST_SYSFS_PCI "/?*/config",
      RANGES({ 0x00, 0x3f }, { 0x50, 0x51 }, { 0x5c, 0x5f }, { 0xc0, 0xc7 },
             { 0xfc, 0xff }) },
    { HOST_SYSFS_PCI "/?*" },
};

/* NULL if the entry must not leave the host */
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

static const char *redact_part(const RedactRule *rule, const GString *kept,
                               char *part)
{
    const char *const *words = rule->words;

    g_strchomp(part);
    if (!words) {
        return rule->keep(part);
    }
    while (*words && !g_str_has_prefix(part, *words)) {
        words++;
    }
    /* The same line of every CPU is there once */
    return *words && !strstr(kept->str, part) ? part : NULL;
}

static char *redact_text(const HostEntry *entry, const RedactRule *rule)
{
    const char *separator = rule->separator ?: "\n";
    g_auto(GStrv) parts = g_strsplit(entry->data, separator, -1);
    GString *kept = g_string_new(NULL);
    unsigned i;

    for (i = 0; parts[i]; i++) {
        const char *part = redact_part(rule, kept, parts[i]);

        if (part) {
            g_string_append_printf(kept, "%s%s", kept->len ? separator : "",
                                   part);
        }
    }
    if (entry->kind == HOST_FILE && (kept->len || rule->words)) {
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

/* Writing a bundle */

/* Whether bytes survive as lines of text */
static bool bundle_is_text(const char *data, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (!g_ascii_isprint(data[i]) && data[i] != '\n' && data[i] != '\t') {
            return false;
        }
    }
    return size && data[size - 1] == '\n';
}

static void bundle_write_hex(GString *text, const char *data, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        g_string_append_printf(text, "%s%02x",
                               i % BUNDLE_HEX_LINE ? " " : "| ",
                               (unsigned char)data[i]);
        if (i % BUNDLE_HEX_LINE == BUNDLE_HEX_LINE - 1 || i + 1 == size) {
            g_string_append_c(text, '\n');
        }
    }
}

/* Each line ends with a newline, the last one too */
static void bundle_write_lines(GString *text, const char *data)
{
    g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
    unsigned i;

    for (i = 0; lines[i] && lines[i + 1]; i++) {
        g_string_append_printf(text, "|%s%s\n", *lines[i] ? " " : "",
                               lines[i]);
    }
}

static gboolean bundle_write_entry(gpointer key, gpointer value,
                                   gpointer opaque)
{
    const HostEntry *entry = value;
    const RedactRule *rule = redact_rule(entry);
    GString *text = opaque;
    bool file = entry->kind == HOST_FILE;
    g_autofree char *data = NULL;
    size_t size;

    if (!rule || entry->status == HOST_NOT_ASKED) {
        return FALSE;
    }
    if (entry->status != HOST_OK) {
        g_string_append_printf(text, "%s %s %s\n",
                               bundle_statuses[entry->status],
                               bundle_kinds[entry->kind], entry->path);
        return FALSE;
    }
    if (rule->words || rule->keep) {
        data = redact_text(entry, rule);
        size = strlen(data);
    } else {
        data = redact_bytes(entry, rule->ranges);
        size = entry->size;
    }
    if (entry->kind == HOST_CONFIG || (file && !bundle_is_text(data, size))) {
        g_string_append_printf(text, "%s %s\n", file ? "hex" : "config",
                               entry->path);
        bundle_write_hex(text, data, size);
        return FALSE;
    }
    g_string_append_printf(text, "%s %s\n", bundle_kinds[entry->kind],
                           entry->path);
    if (size) {
        g_autofree char *ended = g_strconcat(data, file ? NULL : "\n", NULL);

        bundle_write_lines(text, ended);
    }
    return FALSE;
}

GString *bundle_write(const HostStore *store)
{
    GString *text = g_string_new(BUNDLE_HEAD "\n");

    g_tree_foreach(store->entries, bundle_write_entry, text);
    return text;
}
