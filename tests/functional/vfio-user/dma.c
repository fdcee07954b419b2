/*
 * User of a VFIO device with a stolen memory region: the DSM, by the device
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "hw/display/igd-testdev-regs.h"
#include "user.h"

#define COMMAND         4       /* of PCI config space */
#define MEMORY          0x2
#define MASTER          0x4

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
void master(void)
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
void irq(void)
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
void dma_map(uint64_t iova)
{
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
void dma_fill(uint64_t iova, uint32_t word)
{
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
void dma_forever(uint64_t iova, uint32_t word)
{
    printf("dma-forever\n");
    fflush(stdout);
    for (;;) {
        if (reg_read(IGD_TESTDEV_DMA_STATUS) != IGD_TESTDEV_STATUS_BUSY) {
            dma_start(iova, word);
        }
        usleep(1000);
    }
}
