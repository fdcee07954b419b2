# The test card in stolen memory, shown by the device.
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The program is tests/functional/test-card; it waits until the host has made
# a screendump, which it learns from the device.

# picture: memory decoding and bus mastering are on (dma_open)
picture() {
    test-card /sys/bus/pci/devices/$IGD < /card 2>&1 | say_lines picture
}
