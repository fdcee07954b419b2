/*
 * BARs of igd-testdev
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Test device: the registers (BAR0), the aperture (BAR2) and the I/O ports
 * (BAR4). Registers are 32 bits wide: any bytes of them can be read, but a
 * write has to cover one or two whole ones. What a guest does wrong is
 * logged and has no effect.
 *
 * Test: tests/qtest/igd-testdev-test.c.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "igd-testdev.h"

#define REG_SIZE                4

static bool igd_testdev_bar_is_dma(hwaddr reg)
{
    return reg >= IGD_TESTDEV_DMA_BLOCK &&
           reg < IGD_TESTDEV_DMA_BLOCK + IGD_TESTDEV_DMA_BLOCK_SIZE;
}

static bool igd_testdev_bar_is_scanout(hwaddr reg)
{
    return reg >= IGD_TESTDEV_SCAN_BLOCK &&
           reg < IGD_TESTDEV_SCAN_BLOCK + IGD_TESTDEV_SCAN_BLOCK_SIZE;
}

/* @reg is a multiple of REG_SIZE; what is not implemented reads as 0 */
static uint32_t igd_testdev_bar_reg(IGDTestDevState *s, hwaddr reg)
{
    if (igd_testdev_bar_is_dma(reg)) {
        return igd_testdev_dma_read(&s->dma, reg);
    }
    if (igd_testdev_bar_is_scanout(reg)) {
        return igd_testdev_scanout_read(&s->scan, reg);
    }
    switch (reg) {
    case IGD_TESTDEV_REG_GGC:
        return s->ggc;
    case IGD_TESTDEV_REG_BDSM:
        return s->region.dsm_base;
    case IGD_TESTDEV_REG_BDSM + REG_SIZE:
        return s->region.dsm_base >> 32;
    case IGD_TESTDEV_REG_GSMBASE:
        return s->region.base;
    case IGD_TESTDEV_REG_GSMBASE + REG_SIZE:
        return s->region.base >> 32;
    case IGD_TESTDEV_REG_RESERVED:
        return s->reserved;
    default:
        qemu_log_mask(LOG_UNIMP, TYPE_IGD_TESTDEV ": read of BAR0 register "
                      "0x%" HWADDR_PRIx ", which it does not have\n", reg);
        return 0;
    }
}

/* Whether a write of @size bytes at @addr is one of whole registers */
static bool igd_testdev_bar_whole(const char *bar, hwaddr addr, unsigned size)
{
    if (addr % REG_SIZE == 0 && size % REG_SIZE == 0) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": %u byte write at %s "
                  "0x%" HWADDR_PRIx " ignored: registers are written whole\n",
                  size, bar, addr);
    return false;
}

static void igd_testdev_bar_reg_set(IGDTestDevState *s, hwaddr reg,
                                    uint32_t value)
{
    if (igd_testdev_bar_is_dma(reg)) {
        igd_testdev_dma_write(&s->dma, reg, value);
    } else if (igd_testdev_bar_is_scanout(reg)) {
        igd_testdev_scanout_write(&s->scan, reg, value);
    } else {
        qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": write of 0x%x to "
                      "read-only or unimplemented BAR0 register "
                      "0x%" HWADDR_PRIx "\n", value, reg);
    }
}

/* Any @size bytes at @addr, out of the one to three registers they are in */
static uint64_t igd_testdev_bar_extract(IGDTestDevState *s, hwaddr addr,
                                        unsigned size,
                                        uint32_t (*reg)(IGDTestDevState *,
                                                        hwaddr))
{
    hwaddr first = QEMU_ALIGN_DOWN(addr, REG_SIZE);
    uint8_t bytes[REG_SIZE * 4] = { 0 };
    hwaddr at;

    for (at = first; at < addr + size; at += REG_SIZE) {
        stl_le_p(bytes + (at - first), reg(s, at));
    }
    return ldn_le_p(bytes + (addr - first), size);
}

static uint64_t igd_testdev_regs_read(void *opaque, hwaddr addr, unsigned size)
{
    return igd_testdev_bar_extract(opaque, addr, size, igd_testdev_bar_reg);
}

static void igd_testdev_regs_write(void *opaque, hwaddr addr, uint64_t value,
                                   unsigned size)
{
    IGDTestDevState *s = opaque;

    if (!igd_testdev_bar_whole("BAR0", addr, size)) {
        return;
    }
    igd_testdev_bar_reg_set(s, addr, value);
    if (size > REG_SIZE) {
        igd_testdev_bar_reg_set(s, addr + REG_SIZE, value >> 32);
    }
}

static const MemoryRegionOps igd_testdev_regs_ops = {
    .read = igd_testdev_regs_read,
    .write = igd_testdev_regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* INDEX has to name a whole register inside BAR0 for DATA to reach it */
static bool igd_testdev_io_index_ok(IGDTestDevState *s)
{
    if (s->io_index % REG_SIZE == 0 &&
        s->io_index < IGD_TESTDEV_BAR_REGS_SIZE) {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": BAR4 INDEX 0x%x names "
                  "no register of BAR0\n", s->io_index);
    return false;
}

static uint32_t igd_testdev_io_reg(IGDTestDevState *s, hwaddr reg)
{
    switch (reg) {
    case IGD_TESTDEV_IO_INDEX:
        return s->io_index;
    case IGD_TESTDEV_IO_DATA:
        return igd_testdev_io_index_ok(s) ? igd_testdev_bar_reg(s, s->io_index)
                                          : UINT32_MAX;
    default:
        return 0;
    }
}

static uint64_t igd_testdev_io_read(void *opaque, hwaddr addr, unsigned size)
{
    return igd_testdev_bar_extract(opaque, addr, size, igd_testdev_io_reg);
}

static void igd_testdev_io_write(void *opaque, hwaddr addr, uint64_t value,
                                 unsigned size)
{
    IGDTestDevState *s = opaque;

    if (!igd_testdev_bar_whole("BAR4", addr, size)) {
        return;
    }
    switch (addr) {
    case IGD_TESTDEV_IO_INDEX:
        s->io_index = value;
        break;
    case IGD_TESTDEV_IO_DATA:
        if (igd_testdev_io_index_ok(s)) {
            igd_testdev_bar_reg_set(s, s->io_index, value);
        }
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": write to BAR4 "
                      "0x%" HWADDR_PRIx ", where no register is\n", addr);
        break;
    }
}

static const MemoryRegionOps igd_testdev_io_ops = {
    .read = igd_testdev_io_read,
    .write = igd_testdev_io_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 4, .unaligned = true },
};

/* One access through the aperture; false if there is no DSM, or it failed */
static bool igd_testdev_aperture_rw(IGDTestDevState *s, hwaddr addr,
                                    void *bytes, unsigned size,
                                    DMADirection dir)
{
    const char *why;

    if (addr + size > s->opts.dsm_size) {
        why = "beyond the DSM";
    } else if (igd_testdev_move_rw(PCI_DEVICE(s), s->region.dsm_base + addr,
                                   bytes, size, dir) != MEMTX_OK) {
        why = "the device's DMA failed";
    } else {
        return true;
    }
    qemu_log_mask(LOG_GUEST_ERROR, TYPE_IGD_TESTDEV ": %u byte %s of the "
                  "aperture at 0x%" HWADDR_PRIx ": %s\n", size,
                  dir == DMA_DIRECTION_TO_DEVICE ? "read" : "write", addr, why);
    return false;
}

static uint64_t igd_testdev_aperture_read(void *opaque, hwaddr addr,
                                          unsigned size)
{
    uint8_t bytes[sizeof(uint64_t)];

    if (!igd_testdev_aperture_rw(opaque, addr, bytes, size,
                                 DMA_DIRECTION_TO_DEVICE)) {
        return UINT64_MAX;
    }
    return ldn_le_p(bytes, size);
}

static void igd_testdev_aperture_write(void *opaque, hwaddr addr,
                                       uint64_t value, unsigned size)
{
    uint8_t bytes[sizeof(uint64_t)];

    stn_le_p(bytes, size, value);
    igd_testdev_aperture_rw(opaque, addr, bytes, size,
                            DMA_DIRECTION_FROM_DEVICE);
}

static const MemoryRegionOps igd_testdev_aperture_ops = {
    .read = igd_testdev_aperture_read,
    .write = igd_testdev_aperture_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

void igd_testdev_bar_register(IGDTestDevState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    Object *obj = OBJECT(s);

    memory_region_init_io(&s->regs, obj, &igd_testdev_regs_ops, s,
                          "igd-testdev.regs", IGD_TESTDEV_BAR_REGS_SIZE);
    memory_region_init_io(&s->aperture, obj, &igd_testdev_aperture_ops, s,
                          "igd-testdev.aperture", s->aperture_size);
    memory_region_init_io(&s->io, obj, &igd_testdev_io_ops, s,
                          "igd-testdev.io", IGD_TESTDEV_BAR_IO_SIZE);

    pci_register_bar(pdev, IGD_TESTDEV_BAR_REGS,
                     PCI_BASE_ADDRESS_MEM_TYPE_64, &s->regs);
    pci_register_bar(pdev, IGD_TESTDEV_BAR_APERTURE,
                     PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &s->aperture);
    pci_register_bar(pdev, IGD_TESTDEV_BAR_IO,
                     PCI_BASE_ADDRESS_SPACE_IO, &s->io);
}
