/*
 * Text for people: lines of at most 100 columns, sizes, ranges
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Tested by tests/unit/test-tool-read.c.
 */

#include "qemu/osdep.h"
#include "text.h"

void text_wrap(GString *out, const char *prefix, const char *text)
{
    size_t room = TEXT_COLUMNS - strlen(prefix);

    do {
        size_t length = strlen(text);

        if (length > room) {
            const char *blank;

            length = room;
            blank = g_strrstr_len(text, room + 1, " ");
            if (blank && blank > text) {
                length = blank - text;
            }
        }
        g_string_append_printf(out, "%s%.*s\n", prefix, (int)length, text);
        text += length;
        text += strspn(text, " ");
    } while (*text);
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

char *text_size(uint64_t bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    unsigned i = 0;

    while (bytes && bytes % 1024 == 0 && i + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        i++;
    }
    return g_strdup_printf("%" PRIu64 " %s", bytes, units[i]);
}

char *text_range(uint64_t base, uint64_t limit)
{
    return g_strdup_printf("%08" PRIx64 "-%08" PRIx64, base, limit);
}
