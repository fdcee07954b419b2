/*
 * User of a VFIO device with a stolen memory region: regions, by the CPU
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "user.h"

#define TYPE_INTEL      (VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086u)
#define PAGE            4096ull

struct vfio_region_info region;
volatile uint32_t *dsm; /* volatile: the device writes there, too */

static struct vfio_region_info_cap_igd_stolen where;
static bool have_region;

static struct vfio_region_info *region_info(unsigned index)
{
    struct vfio_region_info *info = calloc(1, sizeof(*info));

    info->argsz = sizeof(*info);
    info->index = index;
    if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info)) {
        free(info);
        return NULL;
    }
    if (info->argsz > sizeof(*info)) {
        unsigned size = info->argsz;

        info = realloc(info, size);
        memset(info, 0, size);
        info->argsz = size;
        info->index = index;
        if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, info)) {
            fail("region info, at its full size");
        }
    }
    return info;
}

static const void *capability(const struct vfio_region_info *info, unsigned id)
{
    const struct vfio_info_cap_header *cap;
    unsigned at;

    for (at = info->cap_offset; at; at = cap->next) {
        cap = (const void *)((const char *)info + at);
        if (cap->id == id) {
            return cap;
        }
    }
    return NULL;
}

static void look_at_region(const struct vfio_region_info *info)
{
    const struct vfio_region_info_cap_type *type =
        capability(info, VFIO_REGION_INFO_CAP_TYPE);
    const struct vfio_region_info_cap_igd_stolen *stolen =
        capability(info, VFIO_REGION_INFO_CAP_IGD_STOLEN);

    if (!type) {
        return;
    }
    printf("region %u type 0x%x subtype %u size 0x%llx flags 0x%x\n",
           info->index, type->type, type->subtype, info->size,
           info->flags & ~VFIO_REGION_INFO_FLAG_CAPS);
    if (type->type != TYPE_INTEL ||
        type->subtype != VFIO_REGION_SUBTYPE_INTEL_IGD_STOLEN || !stolen) {
        return;
    }
    region = *info;
    where = *stolen;
    have_region = true;
    printf("stolen version %u flags 0x%x base 0x%llx gsm_size 0x%llx "
           "dsm_base 0x%llx dsm_size 0x%llx\n", stolen->header.version,
           stolen->flags, stolen->base, stolen->gsm_size, stolen->dsm_base,
           stolen->dsm_size);
}

void list_regions(void)
{
    struct vfio_device_info info = { .argsz = sizeof(info) };
    unsigned i;

    if (ioctl(device, VFIO_DEVICE_GET_INFO, &info)) {
        fail("device info");
    }
    for (i = VFIO_PCI_NUM_REGIONS; i < info.num_regions; i++) {
        struct vfio_region_info *one = region_info(i);

        if (one) {
            look_at_region(one);
            free(one);
        }
    }
    printf("info regions %u stolen %d\n",
           info.num_regions - VFIO_PCI_NUM_REGIONS, have_region);
}

uint64_t region_offset(unsigned index)
{
    struct vfio_region_info *info = region_info(index);
    uint64_t offset;

    if (!info) {
        fail("region info");
    }
    offset = info->offset;
    free(info);
    return offset;
}

/* The DSM by the CPU */

void map(void)
{
    void *at = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED,
                    device, region.offset);

    printf("map %s\n", outcome(at == MAP_FAILED ? -1 : 0));
    dsm = at == MAP_FAILED ? NULL : at;
}

void unmap(void)
{
    printf("unmap %s\n", outcome(munmap((void *)dsm, region.size)));
    dsm = NULL;
}

/* How many words differ; offsets < 0 count from the end, length 0 is all */
void check(long long offset, uint64_t length, uint32_t word)
{
    uint64_t first = offset + (offset < 0 ? region.size : 0);
    uint64_t end = length ? first + length : region.size;
    uint64_t differ = 0, at, seen = 0;

    for (at = first / 4; at < end / 4; at++) {
        if (dsm[at] != word && !differ++) {
            seen = dsm[at];
        }
    }
    printf("check 0x%" PRIx64 " 0x%" PRIx64 " word 0x%x differ %" PRIu64
           " first 0x%" PRIx64 "\n", first, end - first, word, differ, seen);
}

void fill(uint32_t word)
{
    uint64_t at;

    for (at = 0; at < region.size / 4; at++) {
        dsm[at] = word;
    }
    printf("fill 0x%x\n", word);
}

void read_word(uint64_t offset)
{
    uint32_t word = 0;
    ssize_t done = pread(device, &word, sizeof(word),
                         region.offset + offset);

    printf("read 0x%" PRIx64 " bytes %zd word 0x%x\n", offset, done, word);
}

void write_word(uint64_t offset, uint32_t word)
{
    printf("write 0x%" PRIx64 " bytes %zd\n", offset,
           pwrite(device, &word, sizeof(word), region.offset + offset));
}

/* The pages on both sides of the region, by each way there is */
void outside(void)
{
    const struct { const char *name; uint64_t at; uint64_t size; } tries[] = {
        { "gsm-first", region.offset - where.gsm_size, PAGE },
        { "gsm-last", region.offset - PAGE, PAGE },
        { "gsm-and-dsm", region.offset - PAGE, 2 * PAGE },
        { "behind", region.offset + region.size, PAGE },
        { "dsm-and-behind", region.offset + region.size - PAGE, 2 * PAGE },
        { "wraps", region.offset + (1ull << 40) - PAGE, PAGE },
    };
    uint32_t word = 0;
    unsigned i;

    for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        void *at = mmap(NULL, tries[i].size, PROT_READ, MAP_SHARED, device,
                        tries[i].at);

        printf("outside %s mmap %s", tries[i].name,
               outcome(at == MAP_FAILED ? -1 : 0));
        if (at != MAP_FAILED) {
            munmap(at, tries[i].size);
        }
        printf(" read %s", outcome(pread(device, &word, sizeof(word),
                                         tries[i].at)));
        printf(" write %s\n", outcome(pwrite(device, &word, sizeof(word),
                                             tries[i].at)));
    }
}

/* What is in the way of a region's contents: subtype, offset */
void peek(unsigned subtype, uint64_t offset)
{
    unsigned index;
    uint64_t bytes = 0;
    ssize_t done;

    for (index = VFIO_PCI_NUM_REGIONS;; index++) {
        struct vfio_region_info *one = region_info(index);
        const struct vfio_region_info_cap_type *type;

        if (!one) {
            printf("peek %u none\n", subtype);
            return;
        }
        type = capability(one, VFIO_REGION_INFO_CAP_TYPE);
        if (type && type->subtype == subtype) {
            done = pread(device, &bytes, sizeof(bytes),
                         one->offset + offset);
            printf("peek %u 0x%" PRIx64 " bytes %zd 0x%016" PRIx64 "\n",
                   subtype, offset, done, bytes);
            done = pwrite(device, &bytes, sizeof(bytes), one->offset);
            printf("poke %u %s\n", subtype, outcome(done));
            free(one);
            return;
        }
        free(one);
    }
}
