/*
 * User of a VFIO device with a stolen memory region: the program
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test: opens a device through its group and does what its arguments say, one
 * after the other, each with a line of output that begins with its name.
 * Linked statically, so that a guest needs nothing else. What is right is
 * judged on the host, by tests/functional/test_driver.py.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "user.h"

#define MAX_DESCRIPTORS 4

int container;
int device;
const char *address;

static int group;
static int descriptors[MAX_DESCRIPTORS];    /* of the one device */
static unsigned open_descriptors;

void fail(const char *what)
{
    printf("failed %s errno %d\n", what, errno);
    exit(1);
}

const char *outcome(long result)
{
    static char text[32];

    snprintf(text, sizeof(text), "%s %d", result < 0 ? "errno" : "ok",
             result < 0 ? errno : 0);
    return text;
}

/* Opening */

static void open_device(void)
{
    int fd = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, address);

    printf("open %s\n", outcome(fd));
    if (fd >= 0 && open_descriptors < MAX_DESCRIPTORS) {
        descriptors[open_descriptors++] = fd;
        device = descriptors[0];
    }
}

static void close_device(void)
{
    printf("close %s\n", outcome(close(descriptors[--open_descriptors])));
}

static void open_all(const char *group_path)
{
    container = open("/dev/vfio/vfio", O_RDWR);
    group = open(group_path, O_RDWR);
    if (container < 0 || group < 0) {
        fail("to open container or group");
    }
    if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
        ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU)) {
        fail("to set the container or its type");
    }
    open_device();
}

/* Arguments */

static char **arguments;

static uint64_t number(void)
{
    long long value;

    errno = EINVAL;
    if (!*arguments || sscanf(*arguments++, "%lli", &value) != 1) {
        fail("to read a number");
    }
    return value;
}

static bool run_simple(const char *verb)
{
    static const struct { const char *name; void (*function)(void); } all[] = {
        { "info", list_regions }, { "open", open_device },
        { "close", close_device }, { "map", map }, { "unmap", unmap },
        { "outside", outside }, { "master", master }, { "irq", irq },
        { "config", config }, { "config-write", config_write },
        { "hardware", hardware },
    };
    unsigned i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!strcmp(verb, all[i].name)) {
            all[i].function();
            return true;
        }
    }
    return false;
}

static bool run_with_numbers(const char *verb)
{
    uint64_t a = 0, b = 0;

    if (!strcmp(verb, "check")) {
        a = number();
        b = number();
        check(a, b, number());
    } else if (!strcmp(verb, "fill")) {
        fill(number());
    } else if (!strcmp(verb, "read")) {
        read_word(number());
    } else if (!strcmp(verb, "write")) {
        a = number();
        write_word(a, number());
    } else if (!strcmp(verb, "peek")) {
        a = number();
        peek(a, number());
    } else if (!strcmp(verb, "dma-map")) {
        dma_map(number());
    } else if (!strcmp(verb, "dma-fill")) {
        a = number();
        dma_fill(a, number());
    } else if (!strcmp(verb, "dma-forever")) {
        a = number();
        dma_forever(a, number());
    } else if (!strcmp(verb, "sleep")) {
        sleep(number());
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s GROUP-FILE ADDRESS VERB...\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    address = argv[2];
    arguments = argv + 3;
    open_all(argv[1]);
    while (*arguments) {
        const char *verb = *arguments++;

        if (!run_simple(verb) && !run_with_numbers(verb)) {
            printf("failed: no such verb: %s\n", verb);
            return 2;
        }
    }
    printf("done\n");
    return 0;
}
