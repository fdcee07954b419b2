/*
 * Text for people: lines of at most 100 columns, sizes, ranges
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only.
 */

#ifndef IGD_STOLEN_TEXT_H
#define IGD_STOLEN_TEXT_H

#include <glib.h>
#include <stdint.h>

#define TEXT_COLUMNS    100

/**
 * text_wrap: append a text, broken at blanks, where it is too long at any byte
 * @prefix: what every line begins with
 */
void text_wrap(GString *out, const char *prefix, const char *text);

/**
 * text_printable: replaces every byte that a terminal could choke on by "?"
 *
 * Returns: @text.
 */
char *text_printable(char *text);

/**
 * text_index: which of @count words it is; some of them may be NULL
 *
 * Returns: -1 if it is none of them.
 */
int text_index(const char *const *words, int count, const char *word);

/**
 * text_size: a number of bytes, in the largest unit that divides it
 *
 * Returns: "72 MiB"; to be freed by the caller.
 */
char *text_size(uint64_t bytes);

/**
 * text_range: "7b000000-7f7fffff"; to be freed by the caller
 */
char *text_range(uint64_t base, uint64_t limit);

#endif
