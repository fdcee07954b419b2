/*
 * Text form of what was read of a host, to be replayed elsewhere
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Nothing in a bundle is trusted: sizes and numbers are
 * limited, bytes are checked, an error names its line.
 * Tested by tests/unit/test-tool-bundle.c and tests/fuzz/fuzz-igd-bundle.c.
 */

#include "qemu/osdep.h"
#include "bundle.h"
#include "read.h"

#define BUNDLE_HEAD     "igd-stolen-bundle 1"
#define BUNDLE_HEX_LINE 16

typedef struct BundleReader {
    HostStore *store;
    unsigned line;
    unsigned entries;
    /* The entry whose content is being read */
    bool open;
    bool hex;
    HostKind kind;
    char *path;
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
                               r->content->str, r->content->len)) {
        bundle_fail(r, "a second entry for %s", r->path);
    }
}

static void bundle_close(BundleReader *r)
{
    if (!r->open) {
        return;
    }
    /* A link's target and a directory's last name end without a newline */
    if ((r->kind == HOST_LINK || r->kind == HOST_DIR) && r->content->len) {
        g_string_truncate(r->content, r->content->len - 1);
    }
    bundle_put(r, HOST_OK);
    r->open = false;
}

static bool bundle_path(BundleReader *r, const char *path)
{
    const char *c;

    if (path[0] != '/' || strlen(path) > HOST_STORE_MAX_PATH) {
        bundle_fail(r, "not an absolute path of at most %d bytes",
                    HOST_STORE_MAX_PATH);
        return false;
    }
    for (c = path; *c; c++) {
        if (!g_ascii_isgraph(*c)) {
            bundle_fail(r, "a path with a byte that is not printable");
            return false;
        }
    }
    g_free(r->path);
    r->path = g_strdup(path);
    return true;
}

/* "KIND PATH" or "STATUS KIND PATH" */
static void bundle_head(BundleReader *r, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    unsigned count = g_strv_length(words);
    int status = text_index(bundle_statuses, HOST_STATUS__MAX, words[0]);
    const char *kind = words[status < 0 ? 0 : 1];
    int found;

    bundle_close(r);
    r->hex = count == 2 && !strcmp(words[0], "hex");
    if (count != (status < 0 ? 2 : 3)) {
        bundle_fail(r, "not \"KIND PATH\", \"STATUS KIND PATH\" or "
                    "\"| CONTENT\"");
        return;
    }
    found = r->hex ? HOST_FILE
                   : text_index(bundle_kinds, HOST_KIND__MAX, kind);
    if (found < 0) {
        bundle_fail(r, "a kind that is not file, hex, link, dir or config");
        return;
    }
    if (!bundle_path(r, words[count - 1])) {
        return;
    }
    r->kind = found;
    r->hex |= found == HOST_CONFIG;
    g_string_truncate(r->content, 0);
    if (status < 0) {
        r->open = true;
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

    if (!r->open) {
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
    BundleReader r = {
        .store = host_store_new(NULL, NULL),
        .content = g_string_new(NULL),
    };
    const char *end = text + size;

    if (size > BUNDLE_MAX_SIZE) {
        r.error = g_strdup_printf("%zu bytes, and a bundle has %d at most",
                                  size, BUNDLE_MAX_SIZE);
    } else if (size && memchr(text, '\0', size)) {
        r.error = g_strdup("not a bundle: it has a NUL byte");
    } else if (!size) {
        r.error = g_strdup("not a bundle: it is empty");
    }
    while (!r.error && text < end) {
        const char *newline = memchr(text, '\n', end - text);
        const char *next = newline ? newline : end;
        g_autofree char *line = g_strndup(text, next - text);

        bundle_line(&r, line);
        text = newline ? next + 1 : end;
    }
    if (!r.error) {
        bundle_close(&r);
    }
    g_string_free(r.content, TRUE);
    g_free(r.path);
    if (r.error) {
        *error = r.error;
        g_clear_pointer(&r.store, host_store_free);
    }
    return r.store;
}

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

/* Of an empty text, one empty line */
static void bundle_write_lines(GString *text, const char *data)
{
    size_t length;

    for (;; data += length + 1) {
        length = strcspn(data, "\n");
        g_string_append_printf(text, "|%s%.*s\n", length ? " " : "",
                               (int)length, data);
        if (!data[length]) {
            return;
        }
    }
}

static void bundle_write_entry(GString *text, const HostEntry *entry)
{
    g_autofree char *data = NULL;
    bool file = entry->kind == HOST_FILE;
    size_t size;

    if (entry->status != HOST_OK) {
        g_string_append_printf(text, "%s %s %s\n",
                               bundle_statuses[entry->status],
                               bundle_kinds[entry->kind], entry->path);
        return;
    }
    data = redact(entry, &size);
    if (entry->kind == HOST_CONFIG || (file && !bundle_is_text(data, size))) {
        g_string_append_printf(text, "%s %s\n", file ? "hex" : "config",
                               entry->path);
        bundle_write_hex(text, data, size);
        return;
    }
    g_string_append_printf(text, "%s %s\n", bundle_kinds[entry->kind],
                           entry->path);
    if (file) {
        data[size - 1] = '\0';
    }
    if (size) {
        bundle_write_lines(text, data);
    }
}

GString *bundle_write(const HostStore *store)
{
    g_autoptr(GPtrArray) entries = host_store_entries(store);
    GString *text = g_string_new(BUNDLE_HEAD "\n");
    unsigned i;

    for (i = 0; i < entries->len; i++) {
        const HostEntry *entry = g_ptr_array_index(entries, i);

        if (entry->status != HOST_NOT_ASKED && redact_allows(entry)) {
            bundle_write_entry(text, entry);
        }
    }
    return text;
}
