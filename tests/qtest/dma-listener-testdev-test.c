/*
 * dma-listener-testdev: what it holds, refuses and counts
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Watches a device that has no stolen memory: any PCI device will do. The
 * tests of VT-d use it behind igd-testdev, igd-testdev-rig.h.
 */

#include "qemu/osdep.h"
#include "igd-testdev-rig.h"
#include "igd-rmrr-util.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"

#define Q35 "-machine q35 "
#define VTD "-device intel-iommu,intremap=on,caching-mode=on "
#define EDU "-device edu,id=igd0,addr=02.0 "
#define LISTENER "-device dma-listener-testdev,id=igd0-dma,"
#define LAST "0xffffffffffffffff"

static void call(IGDRig *rig, const char *text)
{
    igd_rig_set(rig, "igd0", "call", QOBJECT(qstring_from_str(text)));
}

static IGDRig start(const char *options)
{
    return (IGDRig) {
        .qts = qtest_initf("-machine q35 -m 128M -nodefaults " VTD EDU LISTENER
                           "for=igd0,%s", options),
    };
}

/*
 * What is mapped and unmapped, which of it is counted as what, and what is
 * there then. The counted range is 0x2000-0x3fff.
 */
typedef struct CallRow {
    const char *name;
    const char *options;
    const char *calls[8];
    const char *counts;     /* eexist einval enospc entries region-entries */
    const char *map;
} CallRow;

static const CallRow rows[] = {
    { "empty", "", { }, "0 0 0 0 0", "" },
    { "one", "", { "map 0x1000-0x1fff ram+0x5000 rw" }, "0 0 0 1 0",
      "0x1000-0x1fff ram+0x5000 rw\n" },
    { "ends", "", { "map 0x0-0xfff ram+0x0 rw",
                    "map 0xfffffffffffff000-" LAST " ram+0x1000 rw" },
      "0 0 0 2 0",
      "0x0-0xfff ram+0x0 rw\n"
      "0xfffffffffffff000-" LAST " ram+0x1000 rw\n" },
    { "everything", "", { "map 0x0-" LAST " ram+0x0 rw",
                          "map 0x1000-0x1fff ram+0x0 rw", "unmap 0x0-" LAST },
      "1 0 0 0 0", "" },
    { "merged", "", { "map 0x2000-0x2fff ram+0x1000 rw",
                      "map 0x1000-0x1fff ram+0x0 rw",
                      "map 0x3000-0x5fff ram+0x2000 rw" }, "0 0 0 3 2",
      "0x1000-0x5fff ram+0x0 rw\n" },
    { "not-merged", "", { "map 0x1000-0x1fff ram+0x0 rw",
                          "map 0x2000-0x2fff ram+0x8000 rw",
                          "map 0x3000-0x3fff ram+0x9000 ro",
                          "map 0x4000-0x4fff other+0xa000 rw",
                          "map 0x6000-0x6fff other+0xc000 rw" }, "0 0 0 5 2",
      "0x1000-0x1fff ram+0x0 rw\n"
      "0x2000-0x2fff ram+0x8000 rw\n"
      "0x3000-0x3fff ram+0x9000 ro\n"
      "0x4000-0x4fff other+0xa000 rw\n"
      "0x6000-0x6fff other+0xc000 rw\n" },
    { "exists", "", { "map 0x2000-0x3fff ram+0x0 rw",
                      "map 0x2000-0x3fff ram+0x0 rw",
                      "map 0x1000-0x2000 ram+0x0 rw",
                      "map 0x3fff-0x4fff ram+0x0 rw",
                      "map 0x0-" LAST " ram+0x0 rw",
                      "map 0x1000-0x1fff ram+0x9000 rw",
                      "map 0x4000-0x4fff ram+0x9000 rw" }, "4 0 0 3 1",
      "0x1000-0x1fff ram+0x9000 rw\n"
      "0x2000-0x3fff ram+0x0 rw\n"
      "0x4000-0x4fff ram+0x9000 rw\n" },
    { "cut", "", { "map 0x2000-0x5fff ram+0x0 rw", "unmap 0x2000-0x4fff",
                   "unmap 0x3000-0x5fff", "unmap 0x3000-0x3fff",
                   "unmap 0x0-0x2000", "unmap 0x5fff-" LAST }, "0 5 0 1 1",
      "0x2000-0x5fff ram+0x0 rw\n" },
    { "unmap", "", { "map 0x1000-0x1fff ram+0x0 rw",
                     "map 0x3000-0x3fff ram+0x0 rw",
                     "map 0x5000-0x5fff ram+0x0 rw", "unmap 0x2000-0x2fff",
                     "unmap 0x2000-0x4fff", "unmap 0x5000-0x5fff",
                     "unmap 0x5000-0x5fff" }, "0 0 0 1 0",
      "0x1000-0x1fff ram+0x0 rw\n" },
    { "full", ",limit=2", { "map 0x1000-0x1fff ram+0x0 rw",
                            "map 0x2000-0x2fff ram+0x1000 rw",
                            "map 0x3000-0x3fff ram+0x2000 rw",
                            "map 0x2000-0x2fff ram+0x2000 rw",
                            "unmap 0x1000-0x1fff",
                            "map 0x3000-0x3fff ram+0x2000 rw" }, "1 0 1 2 2",
      "0x2000-0x3fff ram+0x1000 rw\n" },
};

static void test_calls(const void *opaque)
{
    static const char *const names[] = {
        "eexist", "einval", "enospc", "entries", "region-entries",
    };
    const CallRow *row = opaque;
    /* One that maps no RAM of itself */
    g_autofree char *options = g_strconcat("mode=unmap,base=0x2000,size=8k",
                                           row->options, NULL);
    IGDRig rig = start(options);
    g_autofree char *map = NULL;
    g_autoptr(GString) counts = g_string_new(NULL);

    for (int i = 0; i < 8 && row->calls[i]; i++) {
        call(&rig, row->calls[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_string_append_printf(counts, "%s%" PRIu64, i ? " " : "",
                               igd_rig_count(&rig, names[i]));
    }
    map = igd_rig_get_string(&rig, "igd0", "map");
    g_assert_cmpstr(map, ==, row->map);
    g_assert_cmpstr(counts->str, ==, row->counts);
    qtest_quit(rig.qts);
}

/* The range is unmapped until its last byte is mapped */
static void test_region(void)
{
    IGDRig rig = start("mode=unmap,base=0x2000,size=8k");
    g_autofree char *calls = NULL;
    uint64_t before;

    call(&rig, "map 0x1000-0x2fff ram+0x0 rw");
    call(&rig, "map 0x3000-0x4fff ram+0x9000 rw");
    igd_rig_reset_stats(&rig);
    g_assert_cmpuint(igd_rig_count(&rig, "region-unmapped-ns"), ==, 0);
    call(&rig, "unmap 0x3000-0x4fff");
    call(&rig, "map 0x3000-0x3ffe ram+0x0 rw");
    call(&rig, "map 0x3fff-0x3fff ram+0x0 rw");
    before = igd_rig_count(&rig, "region-unmapped-ns");
    g_assert_cmpuint(before, >, 0);
    g_assert_cmpuint(igd_rig_count(&rig, "region-unmapped-ns"), ==, before);
    calls = igd_rig_get_string(&rig, "igd0", "region-calls");
    g_assert_cmpstr(calls, ==, "unmap 0x3000-0x4fff calls 1\n"
                    "map 0x3000-0x3fff calls 2\n");
    qtest_quit(rig.qts);
}

/* Before the device is there, as VFIO's container is: nothing is different */
static void test_before(void)
{
    IGDRig rig = {
        .qts = qtest_init("-machine q35 -m 128M -nodefaults " VTD
                          LISTENER "addr=02.0 " EDU),
    };
    IGDRig after = start("mode=map");
    g_autofree char *one = igd_rig_get_string(&rig, "igd0", "map");
    g_autofree char *other = igd_rig_get_string(&after, "igd0", "map");

    g_assert_nonnull(strstr(one, "pc.ram+0x0 rw\n"));
    g_assert_cmpstr(one, ==, other);
    qtest_quit(rig.qts);
    qtest_quit(after.qts);
}

/* The n-th call fails, and none after that */
static void test_fail_in(void)
{
    IGDRig rig = start("mode=unmap");
    g_autofree char *map = NULL;

    igd_rig_set(&rig, "igd0", "fail-in", QOBJECT(qnum_from_uint(2)));
    call(&rig, "map 0x1000-0x1fff ram+0x0 rw");
    call(&rig, "map 0x2000-0x2fff ram+0x1000 rw");
    call(&rig, "map 0x3000-0x3fff ram+0x2000 rw");
    map = igd_rig_get_string(&rig, "igd0", "map");
    g_assert_cmpstr(map, ==, "0x1000-0x1fff ram+0x0 rw\n"
                    "0x3000-0x3fff ram+0x2000 rw\n");
    g_assert_cmpuint(igd_rig_count(&rig, "injected"), ==, 1);
    qtest_quit(rig.qts);
}

static const Refusal refusals[] = {
    { "mode", Q35 EDU LISTENER "for=igd0,mode=vfio",
      { "'vfio'", "map, unmap" } },
    { "no-device", Q35 EDU LISTENER "for=other", { "for=other", "addr=02.0" } },
    { "not-pci", Q35 "-device usb-ehci -device usb-mouse,id=m " LISTENER
      "for=m", { "for=m", "PCI device" } },
    { "device-later", Q35 LISTENER "for=igd0 " EDU, { "for=igd0", "before" } },
    { "both", Q35 EDU LISTENER "for=igd0,addr=02.0", { "for", "addr" } },
    { "neither", Q35 EDU LISTENER "mode=map", { "for", "addr" } },
    { "hole-odd", Q35 VTD EDU LISTENER "for=igd0,hole=0x8000001000",
      { "hole=0x8000001000", "1 MiB" } },
    { "hole-without-iommu", Q35 EDU LISTENER "for=igd0,hole=0x8000000000",
      { "hole=0x8000000000", "-device intel-iommu" } },
    { "limit", Q35 EDU LISTENER "for=igd0,limit=1",
      { "cannot map RAM section", "raise limit=1" } },
    { "fails", Q35 EDU LISTENER "for=igd0,fail-in=1",
      { "cannot map RAM section pc.ram", "fail-in=0" } },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("dma-listener-testdev/calls", rows, test_calls);
    qtest_add_func("dma-listener-testdev/region", test_region);
    qtest_add_func("dma-listener-testdev/before", test_before);
    qtest_add_func("dma-listener-testdev/fail-in", test_fail_in);
    TEST_ROWS("dma-listener-testdev/refused", refusals, refusal_test);
    return g_test_run();
}
