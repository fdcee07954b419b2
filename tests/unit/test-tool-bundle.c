/*
 * Unit tests of igd-stolen's bundles: reading, writing, what is left out
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pure: links the tool's store.c alone.
 */

#include "qemu/osdep.h"
#include "store.h"
#include "test-rows.h"

#define HEAD "igd-stolen-bundle 1\n"

/* Reading */

typedef struct ErrorRow {
    const char *name;
    const char *text;
    const char *error;
} ErrorRow;

static const ErrorRow error_rows[] = {
    { "empty", "", "not a bundle: it is empty" },
    { "no-head", "file /x\n",
      "line 1: not a bundle: it begins with \"igd-stolen-bundle 1\"" },
    { "version", "igd-stolen-bundle 12\n",
      "line 1: not a bundle: it begins with \"igd-stolen-bundle 1\"" },
    { "kind", HEAD "\nfifo /x\n",
      "line 3: a kind that is not file, hex, link, dir or config" },
    { "one-word", HEAD "file\n",
      "line 2: not \"KIND PATH\", \"STATUS KIND PATH\" or \"| CONTENT\"" },
    { "three-words", HEAD "file /x y\n",
      "line 2: not \"KIND PATH\", \"STATUS KIND PATH\" or \"| CONTENT\"" },
    { "status-alone", HEAD "absent /x\n",
      "line 2: not \"KIND PATH\", \"STATUS KIND PATH\" or \"| CONTENT\"" },
    { "status-ok", HEAD "ok file /x\n",
      "line 2: not \"KIND PATH\", \"STATUS KIND PATH\" or \"| CONTENT\"" },
    { "relative", HEAD "file x\n",
      "line 2: not an absolute path of at most 512 bytes" },
    { "path-byte", HEAD "file /\001\n",
      "line 2: a path with a byte that is not printable" },
    { "no-entry", HEAD "| x\n", "line 2: content without an entry" },
    { "after-status", HEAD "denied file /x\n| x\n",
      "line 3: content without an entry" },
    { "twice", HEAD "file /x\nabsent file /x\n",
      "line 3: a second entry for /x" },
    { "odd-hex", HEAD "hex /x\n| 0\n",
      "line 3: not pairs of hexadecimal digits" },
    { "not-hex", HEAD "config /x\n| 00 0g\n",
      "line 3: not pairs of hexadecimal digits" },
    { "hex-run", HEAD "hex /x\n| 0011\n",
      "line 3: not pairs of hexadecimal digits" },
    { "targets", HEAD "link /x\n| a\n| b\n",
      "line 4: a link with more than one target" },
};

static void check_error(const char *text, size_t size, const char *expected)
{
    g_autofree char *error = NULL;

    g_assert_null(bundle_parse(text, size, &error));
    g_assert_cmpstr(error, ==, expected);
}

static void test_error(gconstpointer data)
{
    const ErrorRow *row = data;

    check_error(row->text, strlen(row->text), row->error);
}

static void test_nul(void)
{
    check_error(HEAD "\0", sizeof(HEAD), "not a bundle: it has a NUL byte");
}

static void test_large(void)
{
    g_autofree char *text = g_strnfill(BUNDLE_MAX_SIZE + 1, '\n');

    check_error(text, BUNDLE_MAX_SIZE + 1,
                "4194305 bytes, and a bundle has 4194304 at most");
}

static void test_large_content(void)
{
    g_autoptr(GString) text = g_string_new(HEAD "file /x\n");
    unsigned i;

    for (i = 0; i < HOST_STORE_MAX_CONTENT / 64 + 1; i++) {
        g_string_append_printf(text, "| %63s\n", "");
    }
    check_error(text->str, text->len,
                "line 4099: more than 262144 bytes in /x");
}

static void test_many_entries(void)
{
    g_autoptr(GString) text = g_string_new(HEAD);
    unsigned i;

    for (i = 0; i <= BUNDLE_MAX_ENTRIES; i++) {
        g_string_append_printf(text, "absent file /%u\n", i);
    }
    check_error(text->str, text->len, "line 20002: more than 20000 entries");
}

typedef struct GetRow {
    HostKind kind;
    const char *path;
    HostStatus status;
    const char *data;
    size_t size;
} GetRow;

static void test_read(void)
{
    static const char text[] =
        HEAD "# a remark\n\nfile /a\n| one\n|\n|two\nlink /b\n| ../c\n"
        "dir /d\n| x\n| y\nconfig /e\n| 86 80\n| 00\nhex /f\n"
        "absent link /g\ndenied file /h\nfailed dir /i\nfile /j\ndir /k";
    static const GetRow rows[] = {
        { HOST_FILE, "/a", HOST_OK, "one\n\ntwo\n", 9 },
        { HOST_LINK, "/a", HOST_NOT_ASKED },
        { HOST_LINK, "/b", HOST_OK, "../c", 4 },
        { HOST_DIR, "/d", HOST_OK, "x\ny", 3 },
        { HOST_CONFIG, "/e", HOST_OK, "\206\200\0", 3 },
        { HOST_FILE, "/f", HOST_OK, "", 0 },
        { HOST_LINK, "/g", HOST_ABSENT },
        { HOST_FILE, "/h", HOST_DENIED },
        { HOST_DIR, "/i", HOST_FAILED },
        { HOST_FILE, "/j", HOST_OK, "", 0 },
        { HOST_DIR, "/k", HOST_OK, "", 0 },
        { HOST_FILE, "/z", HOST_NOT_ASKED },
    };
    g_autofree char *error = NULL;
    g_autoptr(HostStore) store = bundle_parse(text, strlen(text), &error);
    unsigned i;

    g_assert_cmpstr(error, ==, NULL);
    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        const HostEntry *entry = host_store_get(store, rows[i].kind,
                                                rows[i].path);

        g_assert_cmpint(entry->status, ==, rows[i].status);
        g_assert_cmpmem(entry->data, entry->size, rows[i].data,
                        rows[i].size);
    }
}

/* Writing */

typedef struct WriteRow {
    const char *name;
    HostKind kind;
    const char *path;
    const char *data;
    const char *written;
} WriteRow;

static const WriteRow write_rows[] = {
    { "release", HOST_FILE, "/proc/sys/kernel/osrelease",
      "6.1.0-9-someone\n", "file /proc/sys/kernel/osrelease\n| 6.1.0\n" },
    { "cmdline", HOST_FILE, "/proc/cmdline",
      "root=UUID=1 intel_iommu=on,sm_on iommu=pt password=x\n",
      "file /proc/cmdline\n| intel_iommu=on,sm_on iommu=pt\n" },
    { "cmdline-none", HOST_FILE, "/proc/cmdline", "quiet\n",
      "file /proc/cmdline\n|\n" },
    { "cpuinfo", HOST_FILE, "/proc/cpuinfo",
      "address sizes : 39\nserial : 7\naddress sizes : 39\n",
      "file /proc/cpuinfo\n| address sizes : 39\n" },
    { "iomem", HOST_FILE, "/proc/iomem",
      "0-1 : System RAM\n  0-0 : Kernel code\n",
      "file /proc/iomem\n| 0-1 : System RAM\n" },
    { "log", HOST_FILE, "/dev/kmsg",
      "<5>[ 0.0] Linux version 6.1 (me@home)\n<6>[ 0.1] other\n"
      "<6>[ 0.2] Reserving Intel graphics memory at [mem 0x1-0x2]\n",
      "file /dev/kmsg\n| Linux version\n"
      "| Reserving Intel graphics memory at [mem 0x1-0x2]\n" },
    { "tables", HOST_DIR, "/sys/firmware/acpi/tables", "APIC\nDMAR\nSSDT1",
      "dir /sys/firmware/acpi/tables\n| DMAR\n" },
    { "binary", HOST_FILE, "/sys/class/iommu/dmar0/intel-iommu/cap", "\377",
      "hex /sys/class/iommu/dmar0/intel-iommu/cap\n| ff\n" },
    { "empty-lines", HOST_FILE, "/sys/bus/pci/devices/x/class", "\n\n1\n",
      "file /sys/bus/pci/devices/x/class\n|\n|\n| 1\n" },
    { "empty-line", HOST_FILE, "/sys/bus/pci/devices/x/class", "\n",
      "file /sys/bus/pci/devices/x/class\n|\n" },
    { "empty", HOST_FILE, "/sys/bus/pci/devices/x/class", "",
      "hex /sys/bus/pci/devices/x/class\n" },
    { "no-target", HOST_LINK, "/sys/bus/pci/devices/x/driver", "",
      "link /sys/bus/pci/devices/x/driver\n" },
    { "no-newline", HOST_FILE, "/sys/bus/pci/devices/x/class", "1",
      "hex /sys/bus/pci/devices/x/class\n| 31\n" },
    { "link", HOST_LINK, "/sys/class/misc/kvm", "../x",
      "link /sys/class/misc/kvm\n| ../x\n" },
    { "other", HOST_FILE, "/etc/hostname", "me\n", "" },
    { "shadow", HOST_FILE, "/sys/class/net/eth0/address", "02:00\n", "" },
};

static void test_write(gconstpointer data)
{
    const WriteRow *row = data;
    g_autoptr(HostStore) store = host_store_new(NULL, NULL);
    g_autoptr(GString) text = NULL;
    g_autofree char *expected = g_strconcat(HEAD, row->written, NULL);

    g_assert_true(host_store_put(store, row->kind, row->path, HOST_OK,
                                 g_string_new(row->data)));
    text = bundle_write(store);
    g_assert_cmpstr(text->str, ==, expected);
}

/* Only the header and the registers that are looked at are kept */
static void test_write_config(void)
{
    static const char path[] = "/sys/bus/pci/devices/0000:00:02.0/config";
    g_autoptr(HostStore) store = host_store_new(NULL, NULL);
    g_autofree char *ones = g_strnfill(256, '\377');
    g_autoptr(GString) expected = g_string_new(HEAD);
    g_autoptr(GString) text = NULL;
    unsigned i;

    g_string_append_printf(expected, "config %s", path);
    for (i = 0; i < 256; i++) {
        bool kept = i < 0x40 || (i >= 0x50 && i < 0x52) ||
                    (i >= 0x5c && i < 0x60) || (i >= 0xc0 && i < 0xc8) ||
                    i >= 0xfc;

        g_string_append_printf(expected, "%s%s", i % 16 ? " " : "\n| ",
                               kept ? "ff" : "00");
    }
    g_string_append_c(expected, '\n');
    host_store_put(store, HOST_CONFIG, path, HOST_OK, g_string_new(ones));
    text = bundle_write(store);
    g_assert_cmpstr(text->str, ==, expected->str);
}

static HostStatus count_reads(void *opaque, HostKind kind, const char *path,
                              GString *data)
{
    ++*(unsigned *)opaque;
    return HOST_DENIED;
}

/* What was read once is not read again, and is what a bundle has */
static void test_live(void)
{
    unsigned reads = 0;
    g_autoptr(HostStore) store = host_store_new(count_reads, &reads);
    g_autoptr(GString) text = NULL;

    host_store_get(store, HOST_FILE, "/proc/iomem");
    host_store_get(store, HOST_FILE, "/proc/iomem");
    g_assert_cmpuint(reads, ==, 1);
    text = bundle_write(store);
    g_assert_cmpstr(text->str, ==, HEAD "denied file /proc/iomem\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("/tool-bundle/error", error_rows, test_error);
    TEST_ROWS("/tool-bundle/write", write_rows, test_write);
    g_test_add_func("/tool-bundle/error/nul", test_nul);
    g_test_add_func("/tool-bundle/error/large", test_large);
    g_test_add_func("/tool-bundle/error/large-content", test_large_content);
    g_test_add_func("/tool-bundle/error/many-entries", test_many_entries);
    g_test_add_func("/tool-bundle/read", test_read);
    g_test_add_func("/tool-bundle/write/config", test_write_config);
    g_test_add_func("/tool-bundle/live", test_live);
    return g_test_run();
}
