/*
 * What a refusal of stolen memory says to do, done
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each wrong command line has to be refused with the device's id or address,
 * and with a remedy, which is then applied as it stands. Options of
 * igd-testdev itself are in igd-testdev-options-test.c.
 */

#include "qemu/osdep.h"
#include "libqtest.h"
#include "refusal.h"
#include "test-rows.h"

#define IOMMU " -device intel-iommu,intremap=on,caching-mode=on "
#define IGD " -device igd-testdev,id=igd0,addr=02.0,dsm-base=0x7b800000"
#define NAME "igd0 (igd-testdev at 0000:00:02.0): "

typedef struct RemedyRow {
    const char *name;
    const char *args;
    const char *device;
    const char *remedy;
    const char *fixed;
} RemedyRow;

static const RemedyRow rows[] = {
    { "no-id", "-M q35 -device igd-testdev,addr=03.0,dsm-base=0x1000000",
      "igd-testdev at 0000:00:03.0: ", "set dsm-base=0x1800000",
      "-M q35 -device igd-testdev,addr=03.0,dsm-base=0x1800000" },
    { "two-same", "-M q35 " IGD " -device igd-testdev,dsm-base=0x7b800000,"
      "id=igd1,addr=03.0", "that of igd0 (igd-testdev at 0000:00:02.0) at ",
      "set dsm-base=0x80000000", "-M q35 " IGD " -device igd-testdev,"
      "dsm-base=0x80000000,id=igd1,addr=03.0" },
    { "two-at-the-end", "-M q35 -device igd-testdev,dsm-base=0xfac00000 "
      "-device igd-testdev,dsm-base=0xf9000000,id=igd1,addr=03.0",
      "igd1 (igd-testdev at 0000:00:03.0): ", "set dsm-base=0xf6400000",
      "-M q35 -device igd-testdev,dsm-base=0xfac00000 "
      "-device igd-testdev,dsm-base=0xf6400000,id=igd1,addr=03.0" },
    { "tseg", "-M q35 -m 2G -global igd-testdev.dsm-base=0x7b800000 "
      "-device igd-testdev,id=igd0,addr=02.0", NAME,
      "max-ram-below-4g=0x7b000000 (-machine)",
      "-M q35,max-ram-below-4g=0x7b000000 -m 2G "
      "-global igd-testdev.dsm-base=0x7b800000 "
      "-device igd-testdev,id=igd0,addr=02.0" },
    { "microvm", "-M microvm,pcie=on -device igd-testdev,id=igd0,"
      "dsm-base=0x7b800000", "igd0 (igd-testdev at ", "-machine q35",
      "-machine q35 -device igd-testdev,id=igd0,dsm-base=0x7b800000" },
    { "virtio-iommu", "-M q35 -device virtio-iommu,addr=04.0 " IGD, NAME,
      "use -device intel-iommu", "-M q35 -device intel-iommu " IGD },
    { "bypass", "-M q35,default-bus-bypass-iommu=on " IOMMU IGD, NAME,
      "default-bus-bypass-iommu=off",
      "-M q35,default-bus-bypass-iommu=off " IOMMU IGD },
    { "caching-mode", "-M q35 -device intel-iommu " IGD ",maps-iova=on", NAME,
      "intel-iommu,caching-mode=on",
      "-M q35 -device intel-iommu,caching-mode=on " IGD ",maps-iova=on" },
    { "first-stage", "-M q35 -device intel-iommu,x-scalable-mode=on,x-flts=on,"
      "caching-mode=on " IGD ",maps-iova=on", NAME, "intel-iommu,x-flts=off",
      "-M q35 -device intel-iommu,x-scalable-mode=on,x-flts=off,"
      "caching-mode=on " IGD ",maps-iova=on" },
    { "iommu-last", "-M q35 " IGD ",maps-iova=on " IOMMU, NAME,
      "put -device intel-iommu first", "-M q35 " IOMMU IGD ",maps-iova=on" },
};

static void test_remedy(gconstpointer data)
{
    const RemedyRow *row = data;

    refusal_assert(row->args, row->device, row->remedy, NULL);
    refusal_helped(row->fixed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST_ROWS("refusal-remedy", rows, test_remedy);
    return g_test_run();
}
