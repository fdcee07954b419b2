"""What guests do with the kernel driver, one part after the other.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: makes shell lines.  What the guests should say is in test_driver.py, and
in test_driver_nested.py where the emulator uses the driver.
"""

from .boot import IOMMU, L1_PROBES, L2_PROBES, Inner, Spec
from .checks import FILL_WORD, MIB, Stolen

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


# Guests in which the emulator uses the driver, and guests inside

WHERE = Stolen(0x7B800000, 64 * MIB, 8 * MIB)
OTHER_BDSM = 0x7C800000
L1_WORD = 0x6A6A6A6A            # L1's own, in the GSM
L2_WORD = 0x1234ABCD            # what L2's CPU writes into its DSM

MACHINE = " ".join(("-machine", "q35") + IOMMU) + " -accel tcg -m 128M"

# Before each of a group of starts: shell lines, then
# name: (accepted, options of vfio-pci, what the emulator says)
TRACE = " -trace vfio_igd_rmrr_region"
SAYS_REGION = "0x7b000000-0x7f7fffff BDSM 0x7b800000"
DEVICE = "x-igd-stolen-memory=device"
FACTS, RIGHT, OTHER, SILENT, UNALIGNED, STOCK = range(6)
PREPARE = {
    FACTS: ("igdvfio_bind",),
    RIGHT: ("igdvfio_set dsm_cpu_access 1",),
    OTHER: (put_bdsm("32", OTHER_BDSM),),
    SILENT: (put_bdsm("32", 0),),
    UNALIGNED: (put_bdsm("32", WHERE.dsm_base + 0x80000),),
    STOCK: (put_bdsm("32", WHERE.dsm_base), "driver_unbind", "vfio_bind"),
}
STARTS = {
    "facts": (FACTS, True, "x-igd-stolen=identity" + TRACE, SAYS_REGION),
    "facts-device": (FACTS, False, DEVICE, "x-igd-stolen-memory=ram",
                     "igd-vfio-pci with dsm_cpu_access=1"),
    "agree": (RIGHT, True, "x-igd-stolen=identity" + TRACE, SAYS_REGION),
    "agree-with-user": (
        RIGHT, True, "x-igd-stolen-base=0x7b000000,x-igd-stolen-size=72M"
        + TRACE, SAYS_REGION),
    "device": (RIGHT, True, DEVICE + TRACE + " -trace stolen_memory_plug",
               SAYS_REGION),
    "device-early": (RIGHT, True, DEVICE + " -m 2G -trace stolen_memory_early "
                     "-trace stolen_memory_plug",
                     "low RAM ends at 0x7b000000", SAYS_REGION),
    "user-differs": (RIGHT, False, "x-igd-stolen-base=0x7c000000,"
                     "x-igd-stolen-size=72M", "0x7c000000", "0x7b000000",
                     "driver and registers say"),
    "memory-unknown": (RIGHT, False, "x-igd-stolen-memory=gpu",
                       "x-igd-stolen-memory=gpu", "ram, device"),
    "device-off": (RIGHT, False, DEVICE + ",x-igd-stolen=off",
                   "x-igd-stolen=off"),
    "device-firmware": (RIGHT, False, DEVICE + ",x-igd-stolen=firmware",
                        "x-igd-stolen=firmware"),
    "device-other-size": (RIGHT, False, DEVICE + ",x-igd-gms=4",
                          "x-igd-gms=4", "leave x-igd-gms out"),
    "registers-differ": (OTHER, False, "x-igd-stolen=auto",
                         "driver says", "0x7b000000-0x7f7fffff",
                         "registers say", "0x7c000000-0x807fffff"),
    "registers-silent": (SILENT, True, "x-igd-stolen=identity"
                         + TRACE, SAYS_REGION),
    "registers-wrong": (UNALIGNED, False, "x-igd-stolen=auto",
                        "0x7b000000-0x7f7fffff", "BDSM is not 1 MiB aligned"),
    "stock": (STOCK, True, "x-igd-stolen=identity"),
    "stock-device": (STOCK, False, DEVICE, "igd-vfio-pci",
                     "x-igd-stolen-memory=ram"),
}


EJECTED = {"eject-ram": "x-igd-stolen=identity", "eject-device": DEVICE}


def starts_job():
    """Each start, with the registers and the driver that it wants."""
    lines = [L1_PROBES]
    for group, prepare in PREPARE.items():
        lines += prepare
        lines += [f"inner_ejected {name} 60 -machine pc -accel tcg -m 128M "
                  f"-device vfio-pci,host=0000:00:02.0,addr=02.0,id=igd0,"
                  f"{options}" for name, options in EJECTED.items()
                  if group == RIGHT]
        for name, (when, accepted, options, *_) in STARTS.items():
            if when == group:
                how = "inner_paused" if accepted else "inner"
                lines.append(f"{how} {name} 60 {MACHINE} -device vfio-pci,"
                             f"host=0000:00:02.0,addr=02.0,{options}")
    return "\n".join(lines)


def chain(name, memory, **options):
    """L2 writes into its stolen memory while L1 watches its own."""
    base, last = WHERE.dsm_base, WHERE.dsm.limit - 3
    region = WHERE.region
    look = f"{base:#x} {last:#x} {region.base:#x}"
    work = "\n".join([
        L2_PROBES,
        f"devmem {base:#x} 32 {L2_WORD:#x}",
        "say_time wrote",
        "sleep 6",
        "dma_open",
        f"dma_fill {region.base:#x} {region.size:#x} {base:#x}",
        "sleep 6",
        f"dma_checksum {base:#x}",
    ])
    job = "\n".join([L1_PROBES, "igdvfio_load dsm_cpu_access=1",
                     f"devmem {region.base:#x} 32 {L1_WORD:#x}",
                     f"watch_begin {look}"])
    return Spec(name, WHERE, memory="3G", driver=True, time_limit=1200,
                job=job, after="watch_end", **options,
                inner=Inner(work=work, time_limit=1000,
                            vfio_options=f",x-igd-stolen-memory={memory}"))


CHAINS = [chain("driver-nested-device", "device"),
          # That L2 has memory of its own, every other chain shows.
          chain("driver-nested-ram", "ram", full=True)]
SPECS = CHAINS + [
    Spec("driver-starts", WHERE, memory="4G", vfio=True, driver=True,
         job=starts_job(), time_limit=600,
         device_options=",config-unlocked=on"),
]
