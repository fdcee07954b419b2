/*
 * Readers of the small text files of sysfs and procfs, and text for people
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Every function takes whatever bytes a file may have.
 */

#ifndef IGD_STOLEN_READ_H
#define IGD_STOLEN_READ_H

#include "store.h"

/**
 * HostFact: a number that may be unknown
 * @known: @value is valid
 * @from: owned; where the number was read, or, if it is unknown, why
 */
typedef struct HostFact {
    bool known;
    uint64_t value;
    char *from;
} HostFact;

void host_fact_clear(HostFact *fact);

/**
 * host_fact_set, host_fact_unknown: take @from over
 */
void host_fact_set(HostFact *fact, uint64_t value, char *from);
void host_fact_unknown(HostFact *fact, char *why);

/* read_le: a little-endian number of @size bytes, 8 at most */
uint64_t read_le(const void *bytes, unsigned size);

/**
 * read_number: a whole text as one number, white space around it allowed
 * @base: 10, or 16 with or without "0x"
 */
bool read_number(const char *text, unsigned base, uint64_t *value);

/**
 * read_file_number: a file that holds one number
 *
 * Returns: whether there is one; @fact says so either way.
 */
bool read_file_number(HostStore *store, unsigned base, HostFact *fact,
                      const char *path);

/**
 * read_basename: the last part of what a link points to
 *
 * Returns: NULL if there is no such link; to be freed by the caller.
 */
char *read_basename(HostStore *store, const char *path);

/**
 * read_names: the names in a directory
 *
 * Returns: never NULL, empty if there is no such directory.
 */
char **read_names(HostStore *store, const char *path);

/**
 * read_keyed: the first number in the line of a file that begins with a key
 * @key: such as "MemTotal:"
 */
bool read_keyed(HostStore *store, const char *path, const char *key,
                HostFact *fact);

/**
 * read_printable: a copy with every byte that a terminal could choke on
 * replaced by "?", and of at most @limit bytes
 *
 * Returns: to be freed by the caller.
 */
char *read_printable(const char *text, size_t limit);

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

/* text_range: "7b000000-7f7fffff"; to be freed by the caller */
char *text_range(uint64_t base, uint64_t limit);

#endif
