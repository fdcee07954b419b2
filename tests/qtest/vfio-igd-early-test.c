/*
 * Tests of vfio-pci's options before the machine exists
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test: low RAM ends below a region that the options name, however they are
 * given. No host device is needed: the machine is made before QEMU finds that
 * there is none and ends.
 */

#include "qemu/osdep.h"
#include "igd-rmrr-util.h"

#define BASE "x-igd-stolen-base=0x7b000000"
#define SIZE "x-igd-stolen-size=72M"
#define HOST "-device vfio-pci,host=0000:ff:1f.7"

typedef struct EarlyRow {
    const char *name;
    const char *args;
    bool found;
} EarlyRow;

static const EarlyRow rows[] = {
    { "options", HOST "," BASE "," SIZE, true },
    { "json", "-device \"{'driver':'vfio-pci','host':'0000:ff:1f.7',"
      "'x-igd-stolen-base':2063597568,'x-igd-stolen-size':75497472}\"", true },
    { "global", "-global vfio-pci." BASE " -global vfio-pci." SIZE " " HOST,
      true },
    { "global-off", "-global vfio-pci.x-igd-stolen=off " HOST "," BASE "," SIZE,
      false },
    { "option-over-global", "-global vfio-pci.x-igd-stolen-base=0x70000000 "
      HOST "," BASE "," SIZE, true },
    { "twice", HOST ",x-igd-stolen-base=0x70000000," BASE "," SIZE, true },
    { "firmware", HOST "," BASE "," SIZE ",x-igd-stolen=firmware", false },
    /* As libvirt writes it into a domain, and keeps it */
    { "older-machine", "-machine pc-q35-9.2 " HOST "," BASE "," SIZE, true },
    { "no-size", HOST "," BASE, false },
    { "not-a-size", HOST ",x-igd-stolen-base=here," SIZE, false },
    { "wraps", HOST "," BASE ",x-igd-stolen-size=0xfffffffff0000000", false },
};

static void test_early(const void *data)
{
    const EarlyRow *row = data;
    g_autofree char *args = g_strconcat("-machine q35 -m 2G -trace "
                                        "stolen_memory_early ", row->args,
                                        NULL);
    g_autofree char *error = refusal_run(args);

    g_assert_cmpint(!!strstr(error, "low RAM ends at 0x7b000000"), ==,
                    row->found);
    g_assert_cmpint(!!strstr(error, "low RAM ends at"), ==, row->found);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("vfio-igd/early", rows, test_early);
    return g_test_run();
}
