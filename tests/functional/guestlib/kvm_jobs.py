"""Guests under KVM inside a guest: what is run.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure; what should be said is in test_kvm.py, the shell's part in guest/kvm.sh.
"""

import shlex

from . import jobs
from .boot import ACCELERATORS, IOMMU, L2_PROBES, Inner, Spec
from .checks import MIB, Stolen
from .initramfs import KVM_MODULES

SLOTS = ("-trace", "kvm_set_user_memory")
MSI = ("-trace", "kvm_irqchip_add_msi_route", "-trace", "vfio_msi_enable",
       "-trace", "vfio_msi_interrupt")
Q35 = ("-machine", "q35")
USUAL = Stolen(0x7B800000, 64 * MIB, 8 * MIB)
BEHIND_PORT = "0000:01:00.0"

# name: (stolen memory, memory options of the emulator in L1)
LAYOUTS = {
    "above-the-end": (USUAL, "-m 512M"),
    "at-the-end": (Stolen(0x20800000, 64 * MIB, 8 * MIB), "-m 512M"),
    "below-the-end": (Stolen(0x18800000, 64 * MIB, 8 * MIB), "-m 512M"),
    "max-ram-below-4g": (Stolen(0x18800000, 64 * MIB, 8 * MIB),
                         "-m 512M -machine max-ram-below-4g=256M"),
    "above-a-lowered-end": (USUAL, "-m 768M -machine max-ram-below-4g=512M"),
}


def testdev(where, more=""):
    """The emulated IGD, for the emulator in L1."""
    return ("-device", f"igd-testdev,dsm-base={where.dsm_base:#x},"
            f"dsm-size={where.dsm_size // MIB}M,"
            f"gsm-size={where.gsm_size // MIB}M" + more)


def layouts_job():
    """The emulator in L1 with each layout, under KVM, not running."""
    lines = ["load_modules"]
    for name, (where, memory) in LAYOUTS.items():
        words = [*Q35, *IOMMU, *ACCELERATORS["kvm"], *memory.split(),
                 *testdev(where, ",addr=02.0"), *SLOTS]
        lines.append(f"inner_paused {name} 60 {shlex.join(words)}")
    return "\n".join(lines)


def interrupts(where):
    """L2 gives the device to VFIO, whose user has it send an MSI.

    Each opening and closing changes the device's domain; between them the
    default domain goes to pass-through and back.
    """
    def once(name):
        return jobs.lines("vfio_bind", f"msi {name}", f"msi {name}-again",
                          "driver_unbind")

    return jobs.lines(L2_PROBES, jobs.inside(where), once("translated"),
                      "group_type identity", once("pass-through"),
                      "group_type DMA", once("switched"),
                      jobs.phase("after", "dma_open", jobs.dma(where)))


def life(where):
    """L2 with an emulated IGD behind a root port: see kvm_life."""
    return jobs.lines(
        f"IGD={BEHIND_PORT}", "probe_device", "steps_open", "dma_open",
        "step boot", 'if [ "$answer" = first ]; then', jobs.mark(where),
        "step saved", 'if [ "$answer" = changed ]; then',
        jobs.phase("changed", jobs.dma(where)), "step changed", "fi",
        jobs.check("restored", where), "step reset", "fi",
        jobs.phase("second", f"region_look {jobs.region(where)}"),
        jobs.check("second-dma", where), "step unplug", f"gone {BEHIND_PORT}",
        "step gone")


LIFE = Inner(machine=(*Q35, *IOMMU, "-device", "pcie-root-port,id=rp,"
                      "chassis=1,addr=1c.0", *SLOTS),
             device=testdev(USUAL, ",bus=rp,id=igd0"), work=life(USUAL),
             start="kvm_life")

SPECS = [
    Spec("kvm-layouts", memory="2G", vfio=True, modules=KVM_MODULES,
         job=layouts_job(), parameters=""),
    Spec("kvm-interrupts", USUAL, memory="1536M", time_limit=600,
         inner=Inner(work=interrupts(USUAL), machine=(*Q35, *IOMMU, *SLOTS,
                                                      *MSI),
                     vfio=True, bring=("vfio-user",))),
    Spec("kvm-life", memory="2G", time_limit=600, bring=("disk",),
         inner=LIFE),
]
