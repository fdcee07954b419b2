"""Guests in which the emulator uses the kernel driver, and guests inside.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: what is run.  What should be said is in test_driver_nested.py.
"""

from .boot import IOMMU, L1_PROBES, L2_PROBES, Inner, Spec
from .checks import MIB, Stolen
from .driver_jobs import put_bdsm

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
