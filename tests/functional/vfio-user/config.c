/*
 * User of a VFIO device with a stolen memory region: config space
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "user.h"

#define CONFIG_SIZE     4096
#define LINE            16

static void show(const char *what, int fd, uint64_t offset)
{
    static const uint8_t nothing[LINE];
    uint8_t bytes[CONFIG_SIZE] = { 0 };
    ssize_t size = pread(fd, bytes, sizeof(bytes), offset);
    ssize_t at;
    unsigned i;

    printf("%s bytes %zd\n", what, size);
    for (at = 0; at < size; at += LINE) {
        if (!memcmp(bytes + at, nothing, LINE)) {
            continue;
        }
        printf("%s 0x%zx ", what, at);
        for (i = 0; i < LINE; i++) {
            printf("%02x", bytes[at + i]);
        }
        printf("\n");
    }
}

/* As the user sees it */
void config(void)
{
    show("config", device, region_offset(VFIO_PCI_CONFIG_REGION_INDEX));
}

/* As it is, which takes root */
void hardware(void)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", address);
    fd = open(path, O_RDONLY);
    if (fd < 0) {
        fail("to open the device's config space");
    }
    show("hardware", fd, 0);
    close(fd);
}

/* Each byte, inverted; so twice leaves what can be written as it was */
void config_write(void)
{
    uint64_t offset = region_offset(VFIO_PCI_CONFIG_REGION_INDEX);
    unsigned written = 0, at;
    uint8_t byte;

    for (at = 0; at < CONFIG_SIZE; at++) {
        if (pread(device, &byte, 1, offset + at) == 1) {
            byte ^= 0xff;
            written += pwrite(device, &byte, 1, offset + at) == 1;
        }
    }
    printf("config-write %u\n", written);
}
