/*
 * User of a VFIO device with a stolen memory region
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
#include <inttypes.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "hw/display/igd-testdev-regs.h"
#include "igd_vfio_stolen.h"

#define MAX_DESCRIPTORS 4
#define CONFIG_SIZE     4096
#define LINE            16
#define COMMAND         4       /* of PCI config space */
#define MEMORY          0x2
#define MASTER          0x4
#define TYPE_INTEL      (VFIO_REGION_TYPE_PCI_VENDOR_TYPE | 0x8086u)
#define PAGE            4096ull

static const char *address;         /* of the device, as 0000:00:02.0 */
static int container, group;
static int device;                  /* the first descriptor of the device */
static int descriptors[MAX_DESCRIPTORS];
static unsigned open_descriptors;
static char **arguments;            /* those that are still to be read */

static struct vfio_region_info region;      /* the stolen memory */
static struct vfio_region_info_cap_igd_stolen where;
static bool have_region;
static volatile uint32_t *dsm;  /* volatile: the device writes there, too */

/* Prints what was not possible, with errno, and exits */
static void __attribute__((noreturn)) fail(const char *what)
{
    printf("failed %s errno %d\n", what, errno);
    exit(1);
}

/* "ok" or "errno N"; valid until the next call */
static const char *outcome(long result)
{
    static char text[32];

    snprintf(text, sizeof(text), "%s %d", result < 0 ? "errno" : "ok",
             result < 0 ? errno : 0);
    return text;
}

/* The next argument */
static uint64_t number(void)
{
    long long value;

    errno = EINVAL;
    if (!*arguments || sscanf(*arguments++, "%lli", &value) != 1) {
        fail("to read a number");
    }
    return value;
}

/* Regions, by the CPU */

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

static void list_regions(void)
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

/* The offset of a region that every PCI device has, such as BAR 0 */
static uint64_t region_offset(unsigned index)
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

static void map(void)
{
    void *at = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED,
                    device, region.offset);

    printf("map %s\n", outcome(at == MAP_FAILED ? -1 : 0));
    dsm = at == MAP_FAILED ? NULL : at;
}

/*
 * check OFFSET LENGTH WORD: how many words differ; offsets < 0 count from the
 * end, length 0 is all
 */
static void check(void)
{
    long long offset = number();
    uint64_t length = number();
    uint32_t word = number();
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

/* fill WORD */
static void fill(void)
{
    uint32_t word = number();
    uint64_t at;

    for (at = 0; at < region.size / 4; at++) {
        dsm[at] = word;
    }
    printf("fill 0x%x\n", word);
}

/* read OFFSET */
static void read_word(void)
{
    uint64_t offset = number();
    uint32_t word = 0;
    ssize_t done = pread(device, &word, sizeof(word),
                         region.offset + offset);

    printf("read 0x%" PRIx64 " bytes %zd word 0x%x\n", offset, done, word);
}

/* write OFFSET WORD */
static void write_word(void)
{
    uint64_t offset = number();
    uint32_t word = number();

    printf("write 0x%" PRIx64 " bytes %zd\n", offset,
           pwrite(device, &word, sizeof(word), region.offset + offset));
}

/* The pages on both sides of the region, by each way there is */
static void outside(void)
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

/* peek SUBTYPE OFFSET: what is in the way of a region's contents */
static void peek(void)
{
    unsigned subtype = number(), index;
    uint64_t offset = number();
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

/* The DSM, by the device */

static void reg_write(uint32_t reg, uint64_t value, size_t size)
{
    uint64_t offset = region_offset(VFIO_PCI_BAR0_REGION_INDEX) + reg;

    if (pwrite(device, &value, size, offset) != (ssize_t)size) {
        fail("to write a register");
    }
}

static uint32_t reg_read(uint32_t reg)
{
    uint64_t offset = region_offset(VFIO_PCI_BAR0_REGION_INDEX) + reg;
    uint32_t value = 0;

    if (pread(device, &value, sizeof(value), offset) != sizeof(value)) {
        fail("to read a register");
    }
    return value;
}

/* Memory decoding and bus mastering */
static void master(void)
{
    uint64_t offset = region_offset(VFIO_PCI_CONFIG_REGION_INDEX) + COMMAND;
    uint16_t command = MEMORY | MASTER;

    printf("master %s\n",
           outcome(pwrite(device, &command, sizeof(command), offset)));
}

/*
 * irq: how many MSIs came of one command within ten seconds; one that the
 * engine refuses is finished at once and needs no memory
 */
static void irq(void)
{
    uint64_t buffer[(sizeof(struct vfio_irq_set) + 15) / 8];
    struct vfio_irq_set *set = (struct vfio_irq_set *)buffer;
    struct pollfd waiting = { .fd = eventfd(0, 0), .events = POLLIN };
    uint64_t count = 0;

    *set = (struct vfio_irq_set) {
        .argsz = sizeof(*set) + sizeof(waiting.fd),
        .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
        .index = VFIO_PCI_MSI_IRQ_INDEX,
        .count = 1,
    };
    memcpy(set->data, &waiting.fd, sizeof(waiting.fd));
    if (ioctl(device, VFIO_DEVICE_SET_IRQS, set)) {
        fail("to have interrupts sent to a descriptor");
    }
    reg_write(IGD_TESTDEV_DMA_LEN, 0, 8);
    reg_write(IGD_TESTDEV_DMA_CMD,
              IGD_TESTDEV_CMD_FILL | IGD_TESTDEV_CMD_MSI, 4);
    if (poll(&waiting, 1, 10000) == 1 &&
        read(waiting.fd, &count, sizeof(count)) != sizeof(count)) {
        fail("to read how many interrupts came");
    }
    printf("irq %" PRIu64 "\n", count);
}

/* dma-map IOVA: the mapped region, for the device */
static void dma_map(void)
{
    uint64_t iova = number();
    struct vfio_iommu_type1_dma_map request = {
        .argsz = sizeof(request),
        .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
        .vaddr = (uintptr_t)dsm,
        .iova = iova,
        .size = region.size,
    };

    printf("dma-map 0x%" PRIx64 " %s\n", iova,
           outcome(ioctl(container, VFIO_IOMMU_MAP_DMA, &request)));
}

static void dma_start(uint64_t iova, uint32_t word)
{
    reg_write(IGD_TESTDEV_DMA_DST, iova, 8);
    reg_write(IGD_TESTDEV_DMA_LEN, region.size, 8);
    reg_write(IGD_TESTDEV_DMA_FILL, word, 4);
    reg_write(IGD_TESTDEV_DMA_CMD, IGD_TESTDEV_CMD_FILL, 4);
}

/* dma-fill IOVA WORD */
static void dma_fill(void)
{
    uint64_t iova = number();
    uint32_t word = number();
    unsigned tries = 1000;
    uint32_t status;

    dma_start(iova, word);
    do {
        usleep(10000);
        status = reg_read(IGD_TESTDEV_DMA_STATUS);
    } while (status == IGD_TESTDEV_STATUS_BUSY && --tries);
    printf("dma-fill 0x%" PRIx64 " status 0x%x\n", iova, status);
}

/* dma-forever IOVA WORD: until somebody kills this process */
static void dma_forever(void)
{
    uint64_t iova = number();
    uint32_t word = number();

    printf("dma-forever\n");
    fflush(stdout);
    for (;;) {
        if (reg_read(IGD_TESTDEV_DMA_STATUS) != IGD_TESTDEV_STATUS_BUSY) {
            dma_start(iova, word);
        }
        usleep(1000);
    }
}

/* Config space */

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
static void config(void)
{
    show("config", device, region_offset(VFIO_PCI_CONFIG_REGION_INDEX));
}

/* As it is, which takes root */
static void hardware(void)
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
static void config_write(void)
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

static void run(const char *verb)
{
    static const struct { const char *name; void (*function)(void); } all[] = {
        { "info", list_regions }, { "open", open_device },
        { "close", close_device }, { "map", map }, { "check", check },
        { "fill", fill }, { "read", read_word }, { "write", write_word },
        { "outside", outside }, { "peek", peek }, { "config", config },
        { "config-write", config_write }, { "hardware", hardware },
        { "master", master }, { "irq", irq }, { "dma-map", dma_map },
        { "dma-fill", dma_fill }, { "dma-forever", dma_forever },
    };
    unsigned i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!strcmp(verb, all[i].name)) {
            all[i].function();
            return;
        }
    }
    printf("failed: no such verb: %s\n", verb);
    exit(2);
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
        run(*arguments++);
    }
    printf("done\n");
    return 0;
}
