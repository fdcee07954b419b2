/*
 * A guest that is there already, and what has to change in its file
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib only. Everything that is not changed stays byte for byte.
 */

#ifndef IGD_STOLEN_CHANGE_H
#define IGD_STOLEN_CHANGE_H

#include "run.h"

/* The oldest QEMU that the emulator can be of */
#define PLAN_QEMU_MAJOR 10
#define PLAN_QEMU_MINOR 0

/* Element: one of a domain; its places are offsets in the file */
typedef struct Element {
    const char *name;
    char **attributes;      /* name, value, ..., NULL */
    size_t start;           /* "<" of the start tag */
    size_t inside;          /* after the start tag */
    size_t end;             /* "<" of the end tag; @inside if there is none */
    size_t after;           /* after the element */
    bool changed;           /* @attributes are not those of the file */
    char *more;             /* lines to be added at its end, or NULL */
    struct Element *parent;
    struct Element *first;
    struct Element *last;
    struct Element *next;
} Element;

/* Edit: @text in the place of @size bytes; they are in order */
typedef struct Edit {
    size_t at;
    size_t size;
    const char *text;
    struct Edit *next;
} Edit;

struct Change {
    HostStore *store;
    const char *text;
    size_t size;
    const char *machine;
    Element *domain;        /* NULL for Proxmox VE */
    Edit *edits;
};

/* change_edit: puts @text in the place of @size bytes */
void change_edit(Change *change, size_t at, size_t size, const char *text);

/* change_text: the file as it has to be */
void change_text(const Change *change, GString *out);

/* change_say: refuses the guest's file */
void change_say(const Plan *plan, const char *hint, const char *format, ...)
                G_GNUC_PRINTF(3, 4);

/**
 * change_keep: adds an option that the IGD has to @options, if it may stay
 *
 * An option that cannot work is refused, and one that the plan gives itself
 * is left out.
 */
void change_keep(const Plan *plan, GPtrArray *options, const char *option);

/**
 * change_machine: checks machine and memory of the guest
 *
 * Returns: NULL, or one clause that describes the mistake; to be freed.
 */
char *change_machine(Change *change, PlanRequest *request,
                     const char *machine);

/* change_version: a warning if the emulator may be too old for the machine */
void change_version(const Plan *plan, const Change *change);

/* domain_read: a domain of libvirt; as change_machine() */
char *domain_read(Change *change, PlanRequest *request);

/* domain_apply: finds what has to change, or adds what cannot to the checks */
void domain_apply(const Plan *plan, Change *change);

/* qm_read, qm_apply: the same for a configuration of Proxmox VE */
char *qm_read(Change *change, PlanRequest *request);
void qm_apply(const Plan *plan, Change *change);

#endif
