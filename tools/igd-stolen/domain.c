/*
 * A domain of libvirt that is there already: elements, and what changes
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: glib and expat, which says where in the file each element is. Tested
 * by tests/tool/test_change.py, fuzzed by tests/fuzz/fuzz-igd-change.c.
 */

#include "qemu/osdep.h"
#include <expat.h>
#include "change.h"

/* What expat 2.9 has in place of its functions for a place, 2.5 has not */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#define QEMU_NAMESPACE  "http://libvirt.org/schemas/domain/qemu/1.0"

/* A domain is six deep */
#define MAX_DEPTH       32

typedef struct Reader {
    Change *change;
    XML_Parser parser;
    Element *open;
    unsigned depth;
    const char *wrong;
} Reader;

static void reader_stop(Reader *reader, const char *wrong)
{
    reader->wrong = wrong;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL reader_doctype(void *opaque, const XML_Char *name,
                                   const XML_Char *system,
                                   const XML_Char *public, int internal)
{
    reader_stop(opaque, "a document type, which no domain has");
}

static void XMLCALL reader_start(void *opaque, const XML_Char *name,
                                 const XML_Char **attributes)
{
    Reader *reader = opaque;
    HostStore *store = reader->change->store;
    Element *e = host_keep(store, g_new0(Element, 1));
    unsigned count = 0;
    unsigned i;

    if (++reader->depth > MAX_DEPTH) {
        reader_stop(reader, "elements too deep in each other");
        return;
    }
    while (attributes[count]) {
        count++;
    }
    e->name = host_text(store, "%s", name);
    e->attributes = host_keep(store, g_new0(char *, count + 1));
    for (i = 0; i < count; i++) {
        e->attributes[i] = host_text(store, "%s", attributes[i]);
    }
    e->start = XML_GetCurrentByteIndex(reader->parser);
    e->inside = e->start + XML_GetCurrentByteCount(reader->parser);
    e->parent = reader->open;
    if (!e->parent) {
        reader->change->domain = e;
    } else if (e->parent->last) {
        e->parent->last->next = e;
    } else {
        e->parent->first = e;
    }
    if (e->parent) {
        e->parent->last = e;
    }
    reader->open = e;
}

/* The end of an element without an end tag has no bytes */
static void XMLCALL reader_end(void *opaque, const XML_Char *name)
{
    Reader *reader = opaque;
    int size = XML_GetCurrentByteCount(reader->parser);
    Element *e = reader->open;

    e->end = size ? (size_t)XML_GetCurrentByteIndex(reader->parser) : e->inside;
    e->after = e->end + size;
    reader->open = e->parent;
    reader->depth--;
}

static char *reader_run(Change *change)
{
    Reader reader = { .change = change, .parser = XML_ParserCreate("UTF-8") };
    char *wrong = NULL;

    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, reader_start, reader_end);
    XML_SetStartDoctypeDeclHandler(reader.parser, reader_doctype);
    if (XML_Parse(reader.parser, change->text, change->size, 1) !=
        XML_STATUS_OK) {
        wrong = g_strdup_printf("line %lu: %s", (unsigned long)
                                XML_GetCurrentLineNumber(reader.parser),
                                reader.wrong ?: XML_ErrorString(
                                    XML_GetErrorCode(reader.parser)));
    }
    XML_ParserFree(reader.parser);
    return wrong;
}

/* Elements; each of these takes NULL for one that is not there */

static Element *element_named(Element *e, const char *name)
{
    while (e && strcmp(e->name, name)) {
        e = e->next;
    }
    return e;
}

static Element *element_child(const Element *e, const char *name)
{
    return e ? element_named(e->first, name) : NULL;
}

static const char *element_get(const Element *e, const char *name)
{
    unsigned i;

    for (i = 0; e && e->attributes[i]; i += 2) {
        if (!strcmp(e->attributes[i], name)) {
            return e->attributes[i + 1];
        }
    }
    return NULL;
}

static bool element_has(const Element *e, const char *name, const char *value)
{
    return !g_strcmp0(element_get(e, name), value);
}

static uint64_t element_number(const Element *e, const char *name)
{
    return g_ascii_strtoull(element_get(e, name) ?: "", NULL, 0);
}

/* The text of an element without children */
static char *element_text(const Change *change, const Element *e)
{
    return e ? g_strstrip(host_text(change->store, "%.*s",
                                    (int)(e->end - e->inside),
                                    change->text + e->inside)) : NULL;
}

static void element_set(Change *change, Element *e, const char *name,
                        const char *value)
{
    char **longer;
    unsigned i;

    if (element_has(e, name, value)) {
        return;
    }
    e->changed = true;
    for (i = 0; e->attributes[i]; i += 2) {
        if (!strcmp(e->attributes[i], name)) {
            e->attributes[i + 1] = host_text(change->store, "%s", value);
            return;
        }
    }
    longer = host_keep(change->store, g_new0(char *, i + 3));
    memcpy(longer, e->attributes, i * sizeof(char *));
    longer[i] = host_text(change->store, "%s", name);
    longer[i + 1] = host_text(change->store, "%s", value);
    e->attributes = longer;
}

/* The blanks before an element */
static size_t element_indent(const Change *change, const Element *e)
{
    size_t from = e->start;

    while (from && strchr(" \t", change->text[from - 1])) {
        from--;
    }
    return from;
}

/* Adds lines to its end, each further to the right than itself */
static void element_add(Change *change, Element *e, const char *text)
{
    size_t from = element_indent(change, e);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned i;

    for (i = 0; lines[i] && *lines[i]; i++) {
        e->more = host_text(change->store, "%s%.*s  %s\n", e->more ?: "",
                            (int)(e->start - from), change->text + from,
                            lines[i]);
    }
}

static void element_remove(Change *change, const Element *e)
{
    size_t from = element_indent(change, e);
    bool alone = from && change->text[from - 1] == '\n' &&
                 change->text[e->after] == '\n';

    from = alone ? from : e->start;
    change_edit(change, from, e->after + alone - from, "");
}

static char *element_tag(const Change *change, const Element *e, bool closed)
{
    g_autoptr(GString) tag = g_string_new(NULL);
    unsigned i;

    g_string_append_printf(tag, "<%s", e->name);
    for (i = 0; e->attributes[i]; i += 2) {
        g_autofree char *value = g_markup_escape_text(e->attributes[i + 1], -1);

        g_string_append_printf(tag, " %s='%s'", e->attributes[i], value);
    }
    return host_text(change->store, "%s%s>", tag->str, closed ? "/" : "");
}

static void element_write(Change *change, const Element *e)
{
    size_t from = element_indent(change, e);
    size_t at = e->end;
    bool empty = e->after == e->inside;

    if (e->changed || (empty && e->more)) {
        change_edit(change, e->start, e->inside - e->start,
                    element_tag(change, e, empty && !e->more));
    }
    if (!e->more) {
        return;
    }
    if (empty) {
        change_edit(change, e->inside, 0, host_text(
            change->store, "\n%s%.*s</%s>", e->more, (int)(e->start - from),
            change->text + from, e->name));
        return;
    }
    while (at > e->inside && strchr(" \t", change->text[at - 1])) {
        at--;
    }
    change_edit(change, at, 0, change->text[at - 1] == '\n' ? e->more :
                host_text(change->store, "\n%s%.*s", e->more,
                          (int)(e->start - from), change->text + from));
}

/* Children first: where both end, they do */
static void domain_write(Change *change)
{
    const Element *e = change->domain;
    bool down = true;

    while (e) {
        if (down && e->first) {
            e = e->first;
            continue;
        }
        element_write(change, e);
        down = e->next;
        e = e->next ?: e->parent;
    }
}

/* The domain */

/* "KiB" and "k" are 1024 bytes, "KB" is 1000; in MiB, 0 if it is none */
static uint64_t domain_mib(const Change *change, const Element *e)
{
    static const char letters[] = "BKMGT";
    const char *unit = element_get(e, "unit") ?: "KiB";
    const char *letter = *unit ? strchr(letters, g_ascii_toupper(*unit)) : NULL;
    unsigned step = letter && !strcmp(unit + 1, "B") ? 1000 : 1024;
    unsigned power = letter ? letter - letters : 0;
    uint64_t number;
    double bytes;

    if (!e || !letter || !read_number(element_text(change, e), 10, &number)) {
        return 0;
    }
    for (bytes = number; power; power--) {
        bytes *= step;
    }
    return bytes < 0x1p46 ? ((uint64_t)bytes + STOLEN_ALIGN - 1) >> 20 : 0;
}

char *domain_read(Change *change, PlanRequest *request)
{
    char *wrong = reader_run(change);
    const Element *domain = change->domain;
    const Element *os, *type;
    unsigned i;

    if (wrong) {
        return wrong;
    }
    os = element_child(domain, "os");
    type = element_child(os, "type");
    if (strcmp(domain->name, "domain") || !element_child(domain, "devices")) {
        return g_strdup_printf("a <%s>, not a <domain> with <devices>",
                               domain->name);
    }
    for (i = 0; domain->attributes[i]; i += 2) {
        if (!strcmp(domain->attributes[i + 1], QEMU_NAMESPACE) !=
            !strcmp(domain->attributes[i], "xmlns:qemu")) {
            return g_strdup_printf("%s='%s'; the namespace has to be xmlns:"
                                   "qemu='" QEMU_NAMESPACE "'",
                                   domain->attributes[i],
                                   domain->attributes[i + 1]);
        }
    }
    if (!element_has(domain, "type", "kvm") &&
        !element_has(domain, "type", "qemu")) {
        return g_strdup_printf("a domain of type='%s'; only kvm and qemu have "
                               "an emulator",
                               element_get(domain, "type") ?: "");
    }
    request->firmware = element_has(os, "firmware", "efi") ||
                        element_child(os, "loader") ? STOLEN_FIRMWARE_OTHER
                                                    : STOLEN_FIRMWARE_SEABIOS;
    request->memory =
        domain_mib(change, element_child(domain, "memory")) << 20;
    if (!element_has(type, "arch", "x86_64") && element_get(type, "arch")) {
        return g_strdup_printf("arch='%s'; an IGD is for x86_64",
                               element_get(type, "arch"));
    }
    return change_machine(change, request,
                          element_get(type, "machine") ?: "pc");
}

/* The options that libvirt has no element for */

/* Where libvirt writes JSON, "-set device.hostdev0.X=Y" finds no device */
static void domain_commandline(const Plan *plan, Change *change,
                               const char *alias, GPtrArray *options)
{
    Element *line = element_child(change->domain, "qemu:commandline");
    Element *e, *next;
    const char *prefix = host_text(change->store, "device.%s.", alias);
    const Element *cpu = element_child(change->domain, "cpu");
    bool limit = plan->cpu_limit && !element_child(cpu, "maxphysaddr") &&
                 element_has(cpu, "mode", "host-passthrough");

    for (e = element_child(line, "qemu:arg"); e; e = next) {
        const char *word;

        next = element_named(e->next, "qemu:arg");
        word = element_get(next, "value") ?: "";
        limit &= !strstr(element_get(e, "value") ?: "", "host-phys-bits-limit");
        if (element_has(e, "value", "-set") && g_str_has_prefix(word, prefix)) {
            change_keep(plan, options, word + strlen(prefix));
        } else if (!element_has(e, "value", "-global") ||
                   !g_str_has_prefix(word, "vfio-pci.x-igd-gms=")) {
            continue;
        }
        element_remove(change, e);
        element_remove(change, next);
        next = element_named(next->next, "qemu:arg");
    }
    if (limit) {
        element_add(change, change->domain, line ? "" : "<qemu:commandline>\n");
        element_add(change, line ?: change->domain, host_text(
                    change->store, "%s<qemu:arg value='-global'/>\n"
                    "%s<qemu:arg value='" PLAN_CPU_LIMIT "%u'/>\n",
                    line ? "" : "  ", line ? "" : "  ", plan->cpu_limit));
        element_add(change, change->domain,
                    line ? "" : "</qemu:commandline>\n");
    }
}

static char *domain_device(const char *alias, GPtrArray *options, int indent)
{
    GString *text = g_string_new(NULL);

    g_ptr_array_add(options, NULL);
    plan_override(alias, (const char *const *)options->pdata, indent, text);
    g_ptr_array_set_size(options, options->len - 1);
    return g_string_free(text, FALSE);
}

/* With those of its own options that can stay, and those of @options */
static void domain_override(const Plan *plan, Change *change,
                            const char *old, const char *alias,
                            GPtrArray *options)
{
    Element *override = element_child(change->domain, "qemu:override");
    Element *device = element_child(override, "qemu:device");
    g_autoptr(GPtrArray) before = g_ptr_array_new();
    g_auto(GStrv) ours = g_strsplit(plan_device(plan, false), ",", -1);
    g_autofree char *was = NULL;
    g_autofree char *is = NULL;
    Element *e;
    unsigned i;

    while (device && !element_has(device, "alias", old)) {
        device = element_named(device->next, "qemu:device");
    }
    for (e = element_child(element_child(device, "qemu:frontend"),
                           "qemu:property"); e;
         e = element_named(e->next, "qemu:property")) {
        const char *name = element_get(e, "name") ?: "";
        const char *type = element_get(e, "type") ?: "";
        const char *value = element_get(e, "value") ?: "";
        char *option =
            !strcmp(type, "remove") ? host_text(change->store, "%s", name) :
            host_text(change->store, "%s=%s", name,
                      strcmp(type, "bool") ? value :
                      !strcmp(value, "true") ? "on" : "off");

        g_ptr_array_add(before, option);
        change_keep(plan, options, option);
    }
    for (i = 1; *ours && ours[i]; i++) {
        g_ptr_array_add(options, ours[i]);
    }
    was = domain_device(old, before, 0);
    is = domain_device(alias, options, override ? 0 : 2);
    if (device && strcmp(was, is)) {
        element_remove(change, device);
    }
    if (!options->len || (device && !strcmp(was, is))) {
        return;
    }
    element_add(change, override ?: change->domain, override ? is : host_text(
                change->store, "<qemu:override>\n%s</qemu:override>\n", is));
    element_set(change, change->domain, "xmlns:qemu", QEMU_NAMESPACE);
}

/* The devices */

static bool domain_is_at(const Element *e, const char *address)
{
    g_autofree char *at = g_strdup_printf(
        "%04" PRIx64 ":%02" PRIx64 ":%02" PRIx64 ".%" PRIx64,
        element_number(e, "domain"), element_number(e, "bus"),
        element_number(e, "slot"), element_number(e, "function"));

    return e && !strcmp(at, address);
}

/* On bus 0 of the guest; the address of a device without one is libvirt's */
static bool domain_on_bus_0(const Element *address)
{
    return element_has(address, "type", "pci") &&
           !element_number(address, "bus") && element_get(address, "slot");
}

/* The IGD goes to slot 2, all else that is there to another one */
static void domain_place(const Plan *plan, Change *change, Element *devices,
                         Element *igd)
{
    uint32_t used = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 31;
    Element *address = element_child(igd, "address");
    Element *e;
    unsigned slot = 3;

    /* What is in that slot then is another function */
    if (domain_on_bus_0(address) && element_number(address, "slot") == 2 &&
        !element_number(address, "function")) {
        return;
    }
    for (e = devices->first; e; e = e->next) {
        address = element_child(e, "address");
        if (domain_on_bus_0(address)) {
            used |= 1u << (element_number(address, "slot") & 31);
        }
    }
    while (slot < 31 && used & 1u << slot) {
        slot++;
    }
    for (e = devices->first; e; e = e->next) {
        address = element_child(e, "address");
        if (e == igd || !domain_on_bus_0(address) ||
            element_number(address, "slot") != 2) {
            continue;
        }
        if (slot == 31) {
            change_say(plan, "# free a slot of bus 0",
                       "<%s> has slot 0x02, which drivers expect the IGD in, "
                       "and slots up to 0x1e are taken", e->name);
            return;
        }
        element_set(change, address, "slot",
                    host_text(change->store, "0x%02x", slot));
    }
    address = element_child(igd, "address");
    if (!address) {
        element_add(change, igd, "<address type='pci' domain='0x0000' "
                    "bus='0x00' slot='0x02' function='0x0'/>\n");
    } else {
        element_set(change, address, "type", "pci");
        element_set(change, address, "domain", "0x0000");
        element_set(change, address, "bus", "0x00");
        element_set(change, address, "slot", "0x02");
        element_set(change, address, "function", "0x0");
    }
}

static void domain_iommu(const Plan *plan, Change *change, Element *devices)
{
    Element *features = element_child(change->domain, "features");
    Element *ioapic = element_child(features, "ioapic");
    Element *iommu = element_child(devices, "iommu");
    Element *driver = element_child(iommu, "driver");
    const char *bits = host_text(change->store, "%u", plan->aw_bits);

    if (iommu && !element_has(iommu, "model", "intel")) {
        change_say(plan, "# <iommu model='intel'/> in its place",
                   "<iommu model='%s'> cannot have the IGD's RMRR, only "
                   "intel can", element_get(iommu, "model") ?: "");
    } else if (!plan->request.iommu) {
        return;
    }
    if (!iommu) {
        element_add(change, devices, host_text(
            change->store, "<iommu model='intel'>\n  <driver intremap='on' "
            "caching_mode='on' aw_bits='%s'/>\n</iommu>\n", bits));
    } else if (!driver) {
        element_add(change, iommu, host_text(
            change->store, "<driver intremap='on' caching_mode='on' "
            "aw_bits='%s'/>\n", bits));
    } else {
        element_set(change, driver, "intremap", "on");
        element_set(change, driver, "caching_mode", "on");
        element_set(change, driver, "aw_bits", bits);
    }
    if (ioapic) {
        element_set(change, ioapic, "driver", "qemu");
    } else if (features) {
        element_add(change, features, "<ioapic driver='qemu'/>\n");
    } else {
        element_add(change, change->domain, "<features>\n  <acpi/>\n  <apic/>\n"
                    "  <ioapic driver='qemu'/>\n</features>\n");
    }
}

static void domain_emulator(const Plan *plan, Change *change, Element *devices)
{
    g_autofree char *path = g_markup_escape_text(
        plan->request.emulator ?: "/usr/bin/" PLAN_EMULATOR, -1);
    Element *e = element_child(devices, "emulator");

    if (!e) {
        element_add(change, devices, host_text(
            change->store, "<emulator>%s</emulator>\n", path));
    } else if (strcmp(element_text(change, e), path)) {
        change_edit(change, e->start, e->after - e->start, host_text(
            change->store, "<emulator>%s</emulator>", path));
    }
}

/* A limit of the user's own has to let all of it be locked */
static void domain_hard_limit(const Plan *plan, Change *change)
{
    const Element *e = element_child(element_child(change->domain, "memtune"),
                                     "hard_limit");
    uint64_t least = plan->locked >> 20;

    if (e && domain_mib(change, e) < least) {
        change_edit(change, e->start, e->after - e->start, host_text(
            change->store, "<hard_limit unit='MiB'>%" PRIu64 "</hard_limit>",
            least));
    }
}

/* What is in the place of an IGD that the domain does not have */
static void domain_without(const Plan *plan, const Change *change,
                           const Element *devices)
{
    const char *address = plan->host->igd.address;
    const char *right = host_text(
        change->store, "# add: <hostdev mode='subsystem' type='pci' "
        "managed='yes'><source><address domain='0x%.4s' bus='0x%.2s' "
        "slot='0x%.2s' function='0x%c'/></source></hostdev>", address,
        address + 5, address + 8, address[11]);
    const Element *e;

    for (e = element_child(devices, "hostdev"); e;
         e = element_named(e->next, "hostdev")) {
        if (element_has(e, "type", "mdev")) {
            const char *uuid = element_get(element_child(element_child(
                e, "source"), "address"), "uuid") ?: "";

            change_say(plan, right, "<hostdev type='mdev'> %s: a "
                       "part of an IGD (GVT-g) has no stolen memory to place; "
                       "the whole IGD %s has", uuid, address);
            return;
        }
    }
    for (e = element_child(element_child(change->domain, "qemu:commandline"),
                           "qemu:arg"); e; e = e->next) {
        if (g_str_has_prefix(element_get(e, "value") ?: "", "vfio-pci,")) {
            change_say(plan, right, "<qemu:arg> %s comes before "
                       "libvirt's own devices, and the IOMMU has to be before "
                       "the IGD: it has to be a <hostdev>",
                       element_get(e, "value"));
            return;
        }
    }
    change_say(plan, right, "no <hostdev> of the IGD %s", address);
}

void domain_apply(const Plan *plan, Change *change)
{
    Element *devices = element_child(change->domain, "devices");
    Element *igd = element_child(devices, "hostdev");
    g_autoptr(GPtrArray) options = g_ptr_array_new();
    unsigned number = 0;
    const char *old, *alias;

    while (igd && !(element_has(igd, "type", "pci") &&
                    domain_is_at(element_child(element_child(
                        igd, "source"), "address"), plan->host->igd.address))) {
        igd = element_named(igd->next, "hostdev");
        number++;
    }
    if (!igd) {
        domain_without(plan, change, devices);
        return;
    }
    old = element_get(element_child(igd, "alias"), "name") ?:
          host_text(change->store, "hostdev%u", number);
    alias = g_str_has_prefix(old, "ua-") ? old : PLAN_ALIAS;
    if (!element_child(igd, "alias")) {
        element_add(change, igd, "<alias name='" PLAN_ALIAS "'/>\n");
    } else {
        element_set(change, element_child(igd, "alias"), "name", alias);
    }
    domain_emulator(plan, change, devices);
    domain_place(plan, change, devices, igd);
    domain_iommu(plan, change, devices);
    domain_hard_limit(plan, change);
    domain_commandline(plan, change, old, options);
    domain_override(plan, change, old, alias, options);
    domain_write(change);
}
