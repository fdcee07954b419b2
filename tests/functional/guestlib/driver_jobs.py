"""What guests do with the kernel driver, one part after the other.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: makes shell lines.  What the guest should say is in test_driver.py.
"""

from .checks import FILL_WORD, MIB

CPU_WORD = 0x55AA55AA
DMA_WORD = 0xC001D00D
RESERVED = 2 * MIB
OPREGION_VBT = 0x10000          # behind the OpRegion, both in the GSM
VBT_WORD = 0x54425624           # "$VBT"

BDSM_OFFSET = {"32": 0x5C, "64": 0xC0}

# name: (BDSM, what the driver says about it)
WRONG_BDSM = {
    "zero": (0, "BDSM is zero"),
    "all-ones": (-1, "BDSM reads as all ones"),
    "unaligned": (0x7B880000, "BDSM is not 1 MiB aligned"),
    "in-ram": (0x10000000, "it is in System RAM"),
    "above-4g": (0xFE000000, "it would end above 4 GiB"),
    "in-use": (0xFC000000, "it is in use"),
}
NO_MEMORY = 0xC0000000          # in the PCI window, no BAR's
NO_OPREGION = 0x00100000        # in RAM
CLEAR_ALL = "dsm_cpu_access=1 keep_reserved=0"

# Each has to read the same through vfio-pci: subtype, offset.
PEEKS = ((1, 0), (1, 0x10), (1, 0x3B8), (1, 0x3C0), (1, 0x1FFC), (1, 0x2000),
         (1, 0x2FF8), (2, 0), (2, 0xFFC), (3, 0), (3, 0x60))


def octal(value, size):
    """The bytes of a little-endian number, as config_put takes them."""
    raw = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return " ".join(f"{byte:o}" for byte in raw)


def put_bdsm(width, value):
    """Shell line that writes BDSM."""
    return f"config_put {BDSM_OFFSET[width]:#x} {octal(value, int(width) // 8)}"


def facts(where):
    """As it is loaded by itself: the region says where, and no more."""
    look = f"{where.dsm_base:#x} {where.dsm.limit - 3:#x}"
    return [
        "dma_open",
        f"dma_fill {where.region.base:#x} {where.region.size:#x} "
        f"{where.dsm_base:#x}",
        "igdvfio_bind",
        "user facts info map read 0 write 0 1",
        f"words facts {look}",
        "igdvfio_set require_clear 1",
        "user must-clear",
        "igdvfio_set require_clear 0",
    ]


def config_space():
    """Each byte, by a user of ours and by one of vfio-pci's."""
    return [
        "user config info config hardware config-write hardware",
        "user config-next info config hardware",
        "driver_unbind",
        "vfio_bind",
        "user config-stock config hardware config-write hardware config-write",
        "user config-stock-next hardware",
        "driver_unbind",
    ]


def contents(where):
    """
    The first use: cleared, both ways of access, two descriptors.

    While the driver has the DSM the kernel keeps others off it, but for the
    first and the last page.
    """
    dsm, last = where.dsm_base, where.dsm.limit - 3
    return [
        "igdvfio_unload",
        "dma_open",
        f"dma_fill {where.region.base:#x} {where.region.size:#x} {dsm:#x}",
        f"igdvfio_load {CLEAR_ALL}",
        f"words before {dsm:#x} {last:#x} {where.region.base:#x}",
        "igdvfio_bind",
        "say_lines igdvfio_iomem_bound < /proc/iomem",
        f"user first info map check 0 0 0 read 0 write 0 0x11223344 read 0 "
        f"write {where.dsm_size - 4} 0x99887766 read {where.dsm_size - 4} "
        f"check 0 4 0x11223344 check -4 4 0x99887766 "
        f"read {where.dsm_size} write {where.dsm_size} 1 outside "
        f"fill {CPU_WORD:#x} open check 0 0 {CPU_WORD:#x} "
        f"close check 0 0 {CPU_WORD:#x}",
        f"words closed {dsm:#x} {last:#x} {where.region.base:#x}",
    ]


def by_device(where):
    """DMA through a mapping of the region, and a user killed during it."""
    dsm, last = where.dsm_base, where.dsm.limit - 3
    return [
        f"user dma info map dma-map {dsm:#x} master "
        f"dma-fill {dsm:#x} {DMA_WORD:#x} check 0 0 {DMA_WORD:#x}",
        f"words dma-closed {dsm:#x} {last:#x}",
        f"user_killed killed 6 info map dma-map {dsm:#x} master "
        f"dma-forever {dsm:#x} {DMA_WORD:#x}",
        f"words killed {dsm:#x} {last:#x}",
        "sleep 1",
        f"words killed-later {dsm:#x} {last:#x}",
        "driver_unbind",
        f"words killed-inside {dsm + MIB:#x} {dsm + where.dsm_size // 2:#x}",
        "igdvfio_bind",
        "user after-killed info map check 0 0 0",
    ]


def opregion_there(where):
    """An OpRegion in the GSM, which is memory like any other here."""
    base = where.region.base
    vbt = base + OPREGION_VBT
    words = [(0x00, 0x65746E49), (0x04, 0x6172476C), (0x08, 0x63696870),
             (0x0C, 0x6D654D73), (0x10, 8), (0x14, 0x02000000),
             (OPREGION_VBT, VBT_WORD), (OPREGION_VBT + 0xFF8, VBT_WORD)]
    halves = [(0x3BA, vbt & 0xFFFF), (0x3BC, vbt >> 16), (0x3BE, 0),
              (0x3C0, 0), (0x3C2, 0x1000), (0x3C4, 0)]
    return [f"devmem {base + at:#x} 32 {word:#x}" for at, word in words] + [
        f"devmem {base + at:#x} 16 {half:#x}" for at, half in halves] + [
        f"config_put 0xfc {octal(base, 4)}",
    ]


def opregion(where):
    """The OpRegion through our driver, and through vfio-pci."""
    peeks = " ".join(f"peek {subtype} {at:#x}" for subtype, at in PEEKS)
    return [
        "driver_unbind",
        *opregion_there(where),
        "igdvfio_bind",
        f"user opregion info {peeks}",
        f"config_put 0xfc {octal(NO_OPREGION, 4)}",
        f"user opregion-moved info {peeks}",
        "driver_unbind",
        f"config_put 0xfc {octal(NO_OPREGION, 4)}",
        "igdvfio_bind",
        "user opregion-in-ram info",
        f"config_put 0xfc {octal(where.region.base, 4)}",
        "driver_unbind",
        "vfio_bind",
        f"user opregion-stock info {peeks}",
        "driver_unbind",
        f"config_put 0xfc {octal(0, 4)}",
    ]


def wrong_bdsm(where, width):
    """Registers that cannot be right; then the right ones again."""
    lines = []
    for name, (value, _) in WRONG_BDSM.items():
        lines += [put_bdsm(width, value), "igdvfio_bind",
                  f"user bdsm-{name} info master", "driver_unbind"]
    return lines + no_memory(width) + [
        put_bdsm(width, where.dsm_base), "igdvfio_bind",
        "user rebound info map check 0 0 0"]


def no_memory(width):
    """As where hardware keeps the CPU from the DSM: stores go nowhere."""
    return [put_bdsm(width, NO_MEMORY), "igdvfio_bind",
            "user no-memory info map read 0",
            "igdvfio_set require_clear 1",
            "user no-memory-must-clear",
            "igdvfio_set require_clear 0",
            "driver_unbind"]


def selective(where):
    """Unload, load without keep_reserved=0, look at the reserved part."""
    last = where.dsm.limit - 3
    return [
        "igdvfio_unload",
        "dma_open",
        f"dma_fill {where.region.base:#x} {where.region.size:#x} "
        f"{where.dsm_base:#x}",
        "igdvfio_load dsm_cpu_access=1",
        "igdvfio_bind",
        f"user selective info map check 0 {where.dsm_size - RESERVED} 0 "
        f"check {-RESERVED} 0 {FILL_WORD:#x} fill {CPU_WORD:#x}",
        "igdvfio_unload",
        f"words selective {where.dsm_base:#x} "
        f"{last - RESERVED:#x} {last - RESERVED + 4:#x} {last:#x}",
    ]


def others():
    """A device that is no display, and one in use."""
    return ["igdvfio_bind 0000:00:1f.0", "driver_unbind 0000:00:1f.0"]


def whole(where, width):
    """All of it."""
    return "\n".join([*facts(where), *config_space(), *contents(where),
                      *by_device(where), *opregion(where),
                      *wrong_bdsm(where, width), *others(),
                      *selective(where)])


def short(where):
    """What differs from kernel to kernel: VFIO's interface."""
    return "\n".join([*facts(where), *config_space(), *contents(where),
                      *opregion(where), *others(), "igdvfio_bind",
                      "igdvfio_unload"])
