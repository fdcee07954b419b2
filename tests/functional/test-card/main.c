/*
 * Draws a test card into stolen memory and has igd-testdev show it
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test: as a display driver would, believes BDSM, writes the card there with
 * the CPU, tells the device to show what is at the beginning of its DSM, and
 * waits until somebody has looked. Each step is a line of output; a program
 * of its own, because a shell cannot write so much in a guest's guest. The card
 * is standard input, made by guestlib/picture.py.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hw/display/igd-testdev-regs.h"

#define CONFIG_BDSM     0x5c
#define CARD_WIDTH      400
#define CARD_HEIGHT     300
#define STRIDE          2048
#define FRAME_SIZE      (STRIDE * CARD_HEIGHT)
#define PAGE            4096
#define POLLS           120
#define POLL_US         500000

static volatile uint32_t *scan; /* a device's registers */

static void fail(const char *what)
{
    printf("problem %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_of(const char *directory, const char *name, int flags)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    fd = open(path, flags);
    if (fd < 0) {
        fail(path);
    }
    return fd;
}

static void *map(int fd, off_t offset, size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                        offset);

    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    return memory;
}

static uint32_t get(uint32_t reg)
{
    return scan[(reg - IGD_TESTDEV_SCAN_BLOCK) / sizeof(*scan)];
}

static void put(uint32_t reg, uint32_t value)
{
    scan[(reg - IGD_TESTDEV_SCAN_BLOCK) / sizeof(*scan)] = value;
}

static void draw(uint32_t bdsm)
{
    void *frame = map(open_of("/dev", "mem", O_RDWR), bdsm, FRAME_SIZE);

    if (read(STDIN_FILENO, frame, FRAME_SIZE) != FRAME_SIZE) {
        fail("to read the card");
    }
}

static void show(const char *device)
{
    off_t page = IGD_TESTDEV_SCAN_BLOCK & ~(PAGE - 1);
    char *regs = map(open_of(device, "resource0", O_RDWR), page, PAGE);

    scan = (uint32_t *)(regs + IGD_TESTDEV_SCAN_BLOCK - page);
    put(IGD_TESTDEV_SCAN_OFFSET, 0);
    put(IGD_TESTDEV_SCAN_OFFSET + 4, 0);
    put(IGD_TESTDEV_SCAN_STRIDE, STRIDE);
    put(IGD_TESTDEV_SCAN_WIDTH, CARD_WIDTH);
    put(IGD_TESTDEV_SCAN_HEIGHT, CARD_HEIGHT);
    put(IGD_TESTDEV_SCAN_CTRL, IGD_TESTDEV_SCAN_ENABLE);
    printf("status 0x%x\n", get(IGD_TESTDEV_SCAN_STATUS));
}

static void wait_for_refresh(void)
{
    for (int poll = 0; poll < POLLS && !get(IGD_TESTDEV_SCAN_FRAMES); poll++) {
        usleep(POLL_US);
    }
    printf("frames %u faults %u at 0x%08x%08x\n", get(IGD_TESTDEV_SCAN_FRAMES),
           get(IGD_TESTDEV_SCAN_FAULT_COUNT),
           get(IGD_TESTDEV_SCAN_FAULT_ADDR + 4),
           get(IGD_TESTDEV_SCAN_FAULT_ADDR));
}

int main(int argc, char **argv)
{
    uint32_t bdsm;

    if (argc != 2) {
        printf("usage: test-card DEVICE-DIRECTORY < CARD\n");
        return 1;
    }
    setlinebuf(stdout);
    if (pread(open_of(argv[1], "config", O_RDONLY), &bdsm, sizeof(bdsm),
              CONFIG_BDSM) != sizeof(bdsm)) {
        fail("config space");
    }
    draw(bdsm & ~(0x100000u - 1));
    printf("drawn 0x%x\n", bdsm);
    show(argv[1]);
    printf("waits\n");
    wait_for_refresh();
    return 0;
}
