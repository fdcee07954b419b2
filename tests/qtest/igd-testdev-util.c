/*
 * Driver of igd-testdev for qtests
 *
 * Copyright (c) 2026 The qemu-igd-rmrr developers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "libqos/pci-pc.h"
#include "hw/pci/pci_regs.h"
#include "igd-testdev-util.h"

#define DMA_TIMEOUT_US      (60 * G_USEC_PER_SEC)
#define DMA_POLL_US         200

IGDGuest *igd_guest_start(const char *opts, const char *extra)
{
    IGDGuest *g = g_new0(IGDGuest, 1);

    g->qts = qtest_initf("-machine q35 -m %" PRIu64 "M -nodefaults "
                         "-device igd-testdev,addr=%02x.0,%s %s",
                         (uint64_t)(IGD_GUEST_RAM >> 20), IGD_GUEST_SLOT, opts,
                         extra);
    g->bus = qpci_new_pc(g->qts, NULL);
    g->dev = qpci_device_find(g->bus, QPCI_DEVFN(IGD_GUEST_SLOT, 0));
    g_assert_nonnull(g->dev);
    return g;
}

IGDGuest *igd_guest_open(const char *opts)
{
    IGDGuest *g = igd_guest_start(opts, "");

    igd_guest_enable(g);
    return g;
}

void igd_guest_close(IGDGuest *g)
{
    g_free(g->dev);
    qpci_free_pc(g->bus);
    qtest_quit(g->qts);
    g_free(g);
}

/* The aperture comes first: it is the largest, and so wastes no space */
void igd_guest_enable(IGDGuest *g)
{
    QPCIBus *bus = g->bus;
    uint64_t mmio = bus->mmio_alloc_ptr;
    uint64_t pio = bus->pio_alloc_ptr;

    g->aperture = qpci_iomap(g->dev, IGD_TESTDEV_BAR_APERTURE, NULL);
    g->regs = qpci_iomap(g->dev, IGD_TESTDEV_BAR_REGS, NULL);
    g->io = qpci_iomap(g->dev, IGD_TESTDEV_BAR_IO, NULL);
    qpci_device_enable(g->dev);

    /* So that the next call finds the same addresses */
    bus->mmio_alloc_ptr = mmio;
    bus->pio_alloc_ptr = pio;
}

void igd_guest_flr(IGDGuest *g)
{
    uint8_t devctl = IGD_TESTDEV_CFG_PCIE + PCI_EXP_DEVCTL;

    qpci_config_writew(g->dev, devctl, qpci_config_readw(g->dev, devctl) |
                                       PCI_EXP_DEVCTL_BCR_FLR);
}

uint32_t igd_guest_read(IGDGuest *g, uint32_t reg)
{
    return qpci_io_readl(g->dev, g->regs, reg);
}

uint64_t igd_guest_read64(IGDGuest *g, uint32_t reg)
{
    return qpci_io_readq(g->dev, g->regs, reg);
}

void igd_guest_write(IGDGuest *g, uint32_t reg, uint32_t value)
{
    qpci_io_writel(g->dev, g->regs, reg, value);
}

void igd_guest_write64(IGDGuest *g, uint32_t reg, uint64_t value)
{
    qpci_io_writeq(g->dev, g->regs, reg, value);
}

uint64_t igd_guest_io_read(IGDGuest *g, QPCIBar bar, uint64_t off,
                           unsigned size)
{
    switch (size) {
    case 1:
        return qpci_io_readb(g->dev, bar, off);
    case 2:
        return qpci_io_readw(g->dev, bar, off);
    case 4:
        return qpci_io_readl(g->dev, bar, off);
    default:
        return qpci_io_readq(g->dev, bar, off);
    }
}

void igd_guest_io_write(IGDGuest *g, QPCIBar bar, uint64_t off, unsigned size,
                        uint64_t value)
{
    switch (size) {
    case 1:
        qpci_io_writeb(g->dev, bar, off, value);
        break;
    case 2:
        qpci_io_writew(g->dev, bar, off, value);
        break;
    case 4:
        qpci_io_writel(g->dev, bar, off, value);
        break;
    default:
        qpci_io_writeq(g->dev, bar, off, value);
        break;
    }
}

void igd_guest_dma_start(IGDGuest *g, uint32_t cmd, uint64_t src, uint64_t dst,
                         uint64_t len)
{
    igd_guest_write64(g, IGD_TESTDEV_DMA_SRC, src);
    igd_guest_write64(g, IGD_TESTDEV_DMA_DST, dst);
    igd_guest_write64(g, IGD_TESTDEV_DMA_LEN, len);
    igd_guest_write(g, IGD_TESTDEV_DMA_CMD, cmd);
}

uint32_t igd_guest_dma_wait(IGDGuest *g)
{
    gint64 deadline = g_get_monotonic_time() + DMA_TIMEOUT_US;
    uint32_t status;

    for (;;) {
        status = igd_guest_read(g, IGD_TESTDEV_DMA_STATUS);
        if (status != IGD_TESTDEV_STATUS_BUSY) {
            return status;
        }
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(DMA_POLL_US);
    }
}

uint32_t igd_guest_dma(IGDGuest *g, uint32_t cmd, uint64_t src, uint64_t dst,
                       uint64_t len)
{
    igd_guest_dma_start(g, cmd, src, dst, len);
    return igd_guest_dma_wait(g);
}

void igd_guest_set_master(IGDGuest *g, bool on)
{
    uint16_t cmd = qpci_config_readw(g->dev, PCI_COMMAND);

    cmd = on ? cmd | PCI_COMMAND_MASTER : cmd & ~PCI_COMMAND_MASTER;
    qpci_config_writew(g->dev, PCI_COMMAND, cmd);
}
