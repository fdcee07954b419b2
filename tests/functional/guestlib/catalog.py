"""The guests of the test suite and of the demo, by name.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

What each one should say is in the test_*.py files; this is only what is run.
"""

import shlex
from dataclasses import replace

from igdrmrr import paths

from . import book, driver_jobs, jobs, kexec
from .boot import ACCELERATORS, IOMMU, L1_PROBES, L2_PROBES, Inner, Spec
from .checks import MIB, Stolen
from .initramfs import KVM_MODULES

Q35 = ("-machine", "q35")
PC = ("-machine", "pc")
NOT_MAPPED = 0x10000000
# For snapshots: what is written goes to a temporary qcow2 file.
DISK = ("-drive", "if=none,id=disk,file=null-co://,snapshot=on")


def stolen(dsm_base, dsm_size=64, gsm_size=8):
    """Stolen memory with its sizes in MiB."""
    return Stolen(dsm_base, dsm_size * MIB, gsm_size * MIB)


def dma_job(where):
    """The probes, then device DMA over the region, then the log's rest."""
    region = where.region
    return "\n".join([
        L1_PROBES,
        "dma_open",
        f"dma_fill {region.base:#x} {region.size:#x} {where.dsm_base:#x}",
        f"dma_checksum {where.dsm_base:#x}",
        f"dma_copy {where.dsm_base + MIB:#x} {where.dsm_base + 3 * MIB:#x}",
    ])


def l1(name, where, **options):
    """A guest with the device, which probes and does DMA."""
    return Spec(name, where, job=dma_job(where), **options)


USUAL = stolen(0x7b800000)
# More pages of 4 KiB, which Linux maps it with, than VFIO takes mappings.
LARGE = stolen(0x6f800000, 256, 8)


def nested(name, where, first="", inner=None, visited=False, **options):
    """L1 with a Linux guest inside, both of them looking at their memory."""
    step = "step {}" if visited else ""
    inner = {"work": jobs.lines(L2_PROBES, jobs.inside(where)),
             **(inner or {})}
    return Spec(
        name, where, time_limit=1400,
        job=jobs.lines(dma_job(where), first, jobs.mark(where),
                       "steps_open" if visited else "", step.format("own")),
        inner=Inner(**inner),
        after=jobs.lines(jobs.taken_back(where), step.format("back")),
        visits=(jobs.nested,) if visited else (), **options)



def picture(*work):
    """L2 that ends with a test card, and what takes the picture of it."""
    return Inner(work=jobs.lines(L2_PROBES, *work, "picture"),
                 bring=("test-card",))


def handing_on_again(where):
    """L2 that hands the device on to L3, which draws, and takes it back."""
    work = jobs.lines(L2_PROBES, jobs.inside(where), jobs.mark(where))
    return Inner(work=work, memory="768M", inner=picture(jobs.inside(where)),
                 after=jobs.taken_back(where))


# The demo's two scenes: here, and on a QEMU that knows nothing of an RMRR.
DEMO = replace(nested("demo", USUAL, memory="1536M",
                      device_options=",scanout=on"),
               inner=picture(jobs.inside(USUAL)),
               visits=(jobs.screendump,))
THREE_LEVELS = replace(nested("three-levels", USUAL, memory="2G",
                              device_options=",scanout=on", visited=True),
                       inner=handing_on_again(USUAL),
                       visits=(jobs.nested_twice,))
DEMO_STOCK = Spec("demo-stock", USUAL, memory="1536M", stock=True,
                  device_options=",scanout=on", inner=picture("dma_open"),
                  visits=(jobs.screendump,), time_limit=1400, full=True)

L1_SPECS = [
    l1("ram3g-base-below-end", USUAL, memory="3G"),
    l1("ram4g-base-below-end", USUAL, memory="4G", full=True),
    l1("ram1g-base-below-end", stolen(0x3b800000)),
    l1("ram1g-base-at-end", stolen(0x40800000)),
    l1("ram1g-base-above-end", USUAL, full=True),
    l1("ram1g-base-in-pci-window", stolen(0xce000000, 32, 2)),
    l1("ram3g-base-in-pci-window", stolen(0xce000000, 32, 2), memory="3G"),
    l1("gen12", stolen(0x4c800000, 60), memory="3G",
       device_options=",device-id=0x9a49"),
    l1("kernel-6.12", USUAL, memory="3G", release="trixie"),
    l1("iommu-pt", USUAL, parameters="intel_iommu=on iommu=pt"),
    l1("iommu-off", USUAL, parameters="intel_iommu=off"),
    l1("no-iommu", USUAL, memory="3G", machine=Q35, parameters=""),
    l1("machine-pc", USUAL, memory="3G", machine=PC, parameters=""),
    Spec("stray-dma", USUAL,
         job=f"{L1_PROBES}\ndma_open\ndma_stray {NOT_MAPPED:#x}"),
]


def ovmf(name, release, where, **options):
    """A guest under OVMF that prints the UEFI memory map."""
    return l1(name, where, ovmf=release, time_limit=400,
              parameters="intel_iommu=on efi=debug", **options)


OVMF_SPECS = [
    ovmf("ovmf13-ram3g", "trixie", USUAL, memory="3G"),
    ovmf("ovmf13-ram1g", "trixie", USUAL, full=True),
    ovmf("ovmf13-low-base", "trixie", stolen(0x4c800000), memory="3G"),
    ovmf("ovmf13-pci-window", "trixie", stolen(0xce000000, 32, 2)),
    ovmf("ovmf12-ram3g", "bookworm", USUAL, memory="3G"),
    ovmf("ovmf12-low-base", "bookworm", stolen(0x4c800000), memory="3G",
         full=True),
]

NESTED_SPECS = [
    DEMO,
    nested("nested-6.12", LARGE, first="vfio_limit 64", memory="3G",
           release="trixie", inner={"release": "trixie"}, visited=True),
    nested("nested-tcg", USUAL, memory="1536M", inner={"accel": "tcg"}),
    THREE_LEVELS,
    Spec("nested-firmware", USUAL, memory="3G",
         inner=Inner(vfio_options=",x-igd-stolen=firmware"), time_limit=1400),
]

# name: (options of vfio-pci, what the emulator in L1 has to say)
REFUSALS = {
    "base-differs": ("x-igd-stolen-base=0x7c000000,x-igd-stolen-size=72M",
                     "0x7c000000", "0x7b000000"),
    "size-differs": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=64M",
                     "0x4000000", "0x4800000"),
    "base-without-size": ("x-igd-stolen-base=0x7b000000",
                          "x-igd-stolen-base=0x7b000000",
                          "x-igd-stolen-size"),
    "size-without-base": ("x-igd-stolen-size=72M", "x-igd-stolen-size",
                          "x-igd-stolen-base"),
    "base-zero": ("x-igd-stolen-base=0,x-igd-stolen-size=72M",
                  "x-igd-stolen-base=0"),
    "size-zero": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=0",
                  "x-igd-stolen-size=0"),
    "base-unaligned": ("x-igd-stolen-base=0x7b080000,x-igd-stolen-size=72M",
                       "0x7b080000"),
    "size-unaligned": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=4097",
                       "0x1001"),
    "above-4g": ("x-igd-stolen-base=0xfc000000,x-igd-stolen-size=72M",
                 "0xfc000000"),
    "size-too-large": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=4G",
                       "0x100000000"),
    "mode-unknown": ("x-igd-stolen=always", "x-igd-stolen=always",
                     "auto, identity"),
    "other-size-asked": ("x-igd-stolen=identity,x-igd-gms=4", "x-igd-gms=4",
                         "0x8000000", "0x4000000"),
    "meteor-lake-identity": ("x-igd-stolen=identity,x-pci-device-id=0x7d55",
                             "x-igd-stolen=identity", "0x7d55",
                             "x-igd-stolen=off"),
    "unknown-id-identity": ("x-igd-stolen=identity,x-pci-device-id=0x1234",
                            "x-igd-stolen-base", "x-igd-stolen-gsm-size"),
    "unknown-id-no-split": ("x-pci-device-id=0x1234,"
                            "x-igd-stolen-base=0x7b000000,"
                            "x-igd-stolen-size=72M", "0x1234",
                            "x-igd-stolen-gsm-size=8M"),
    "split-too-large": ("x-pci-device-id=0x1234,x-igd-stolen-base=0x7b000000,"
                        "x-igd-stolen-size=72M,x-igd-stolen-gsm-size=72M",
                        "0x4800000", "x-igd-stolen-gsm-size"),
    "split-unaligned": ("x-pci-device-id=0x1234,x-igd-stolen-base=0x7b000000,"
                        "x-igd-stolen-size=72M,x-igd-stolen-gsm-size=4K",
                        "0x1000", "multiple of 1 MiB"),
    "unknown-id-unaligned": ("x-pci-device-id=0x1234,"
                             "x-igd-stolen-base=0x7b080000,"
                             "x-igd-stolen-size=72M,x-igd-stolen-gsm-size=8M",
                             "0x7b080000", "BDSM is not 1 MiB aligned"),
    "unknown-id-size": ("x-pci-device-id=0x1234,x-igd-stolen-base=0x7b000000,"
                        "x-igd-stolen-size=73732K,x-igd-stolen-gsm-size=8M",
                        "0x4801000", "not in whole MiB"),
    "split-differs": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=72M,"
                      "x-igd-stolen-gsm-size=4M", "0x400000", "0x800000"),
    "split-alone": ("x-igd-stolen-gsm-size=8M", "x-igd-stolen-base"),
}

# As info rmrr has it
PLACED = "0x7b000000-0x7f7fffff, BDSM 0x7b800000"
# A newer igd.c is silent where legacy mode is out of question, and has quirks
# for any Intel display.
OLD = paths.QEMU == "10.0"


def no_legacy(why):
    return ("IGD legacy mode disabled", why) if OLD else ()


# name: (options of vfio-pci, what is said about a start that works)
ACCEPTED = {
    "auto": ("x-igd-stolen=auto",),
    "identity": ("x-igd-stolen=identity",),
    "same-values": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=72M",),
    "off": ("x-igd-stolen=off",),
    "own-size-asked": ("x-igd-gms=2", PLACED),
    "own-size-identity": ("x-igd-stolen=identity,x-igd-gms=2", PLACED),
    "other-size-auto": ("x-igd-gms=4", PLACED, "x-igd-gms=4", "0x8000000",
                        "0x4000000, which it keeps"),
    "opregion-asked": ("x-igd-opregion=on", PLACED),
    "falls-back": ("x-igd-stolen=auto -machine default-bus-bypass-iommu=on",
                   "not at the host's base", "default-bus-bypass-iommu=off"),
    # The region is known from L1's sysfs before RAM is laid out.
    "early-scan": ("x-igd-stolen=identity -m 2G -trace stolen_memory_early "
                   "-trace stolen_memory_plug", "low RAM ends at 0x7b000000",
                   "0x7b000000-0x7f7fffff BDSM 0x7b800000"),
    "meteor-lake": ("x-pci-device-id=0x7d55", "0x7d55",
                    "nothing is reserved"),
    "unknown-id": ("x-pci-device-id=0x1234", "0x1234", "not a known IGD"),
    "amber-lake": ("x-pci-device-id=0x87c0", PLACED),
    "wildcat-lake": ("x-pci-device-id=0xfd80", "0xfd80",
                     "nothing is reserved"),
    "unknown-id-explicit": ("x-pci-device-id=0x1234,"
                            "x-igd-stolen-base=0x7b000000,"
                            "x-igd-stolen-size=72M,x-igd-stolen-gsm-size=8M",
                            PLACED),
    "no-opregion-no-legacy": (
        "romfile=/tmp/rom -machine pc", *no_legacy("OpRegion"),
        "BDSM 0x7b800000"),
}

# Starts with nothing to say. Of the class of an IGD that is not the host's
# primary display; and with the registers of a virtual function.
SILENT = ("auto", "identity", "same-values", "off", "own-size-asked",
          "own-size-identity", "opregion-asked", "amber-lake",
          "unknown-id-explicit", "secondary", "vf", "vf-off")
SECONDARY = {
    "secondary": ("x-igd-stolen=auto", PLACED),
    "no-vga-no-legacy": ("romfile=/tmp/rom -machine pc", *no_legacy("VGA"),
                         "BDSM 0x7b800000"),
    # 10.0's knows neither the class nor the id: no mirror of BDSM in BAR0.
    "mirror": ("x-igd-stolen=firmware,x-pci-device-id=0x87c0",
               "e01080c0: " + ("0x00000000" if OLD else "0x7b800000")),
}
# BAR0 to e0000000, and a look at BDSM in it.
MIRROR = ("o /w 0xcf8 0x80001010", "o /w 0xcfc 0xe0000000",
          "o /w 0xcf8 0x80001014", "o /w 0xcfc 0", "o /w 0xcf8 0x80001004",
          "o /w 0xcfc 2", "xp /1wx 0xe01080c0")
VIRTUAL_FUNCTION = {
    "vf": ("x-igd-stolen=auto", "No device has a reserved region"),
    "vf-off": ("x-igd-stolen=off", "No device has a reserved region"),
}
VIRTUAL_FUNCTION_REFUSED = {
    "vf-identity": ("x-igd-stolen=identity", "virtual function",
                    "set x-igd-stolen=off"),
    "vf-explicit": ("x-igd-stolen-base=0x7b000000,x-igd-stolen-size=72M",
                    "virtual function", "leave x-igd-stolen-base"),
}

# With an OpRegion whose address on the host is the region's base.
ASLS = ("o /w 0xcf8 0x800010fc", "i /w 0xcfc")
NO_ASLS = "portl[0x0cfc] = 0x00000000"
OPREGION = {
    "opregion": ("x-igd-stolen=auto -trace vfio_pci_igd_opregion_enabled",
                 "vfio_pci_igd_opregion_enabled", PLACED, NO_ASLS),
    "opregion-no-memory": (
        "x-pci-device-id=0x7d55 -trace vfio_pci_igd_opregion_enabled",
        "vfio_pci_igd_opregion_enabled", NO_ASLS),
    "opregion-off": ("x-igd-opregion=off", PLACED, NO_ASLS),
    "opregion-off-stock": ("x-igd-opregion=off,x-igd-stolen=off", NO_ASLS),
}
# A second device that has one, too: firmware takes one.
SECOND = "0000:00:03.0"
SECOND_PLACE = stolen(0x3b800000)
TWO = {
    "two": (f"x-igd-stolen=auto -device vfio-pci,host={SECOND},addr=03.0 "
            "-trace vfio_pci_igd_opregion_enabled", PLACED,
            "0x3b000000-0x3f7fffff"),
}

INNER_MACHINE = " ".join(Q35 + IOMMU) + " -accel tcg -m 128M"
PC_MACHINE = " ".join(PC) + " -accel tcg -m 128M"


def inner_start(function, name, options):
    """A shell line that starts the emulator in L1 with these options."""
    machine = INNER_MACHINE
    if options.endswith(" -machine pc"):
        options, machine = options[:-len(" -machine pc")], PC_MACHINE
    return (f"{function} {name} 60 {machine} "
            f"-device vfio-pci,host=0000:00:02.0,addr=02.0,{options}")


def refused(rows):
    """Shell lines that try these."""
    return [inner_start("inner", name, words[0])
            for name, words in rows.items()]


def accepted(rows, *asked):
    """Shell lines that start these, and ask the monitor of each."""
    ask = shlex.join(["ask", "info rmrr", *asked])
    return [line for name, words in rows.items()
            for line in (ask, inner_start("inner_paused", name, words[0]))]


EMPTY_ROM = "dd if=/dev/zero of=/tmp/rom bs=512 count=1 2> /dev/null"


def starts_job():
    """Each of the refusals and of the starts that work, one by one."""
    return "\n".join([
        L1_PROBES, EMPTY_ROM, "vfio_bind", *refused(REFUSALS),
        *accepted(ACCEPTED), "inner_planned planned 60 128M",
        *driver_jobs.opregion_there(USUAL), *accepted(OPREGION, *ASLS)])


def two_job():
    """Both have the same OpRegion."""
    opregion = driver_jobs.opregion_there(USUAL)
    return "\n".join([L1_PROBES, *opregion, "vfio_bind", f"IGD={SECOND}",
                      opregion[-1], "vfio_bind", *accepted(TWO)])


def secondary_job():
    """The same of a device that is not the primary display, then of a VF."""
    return "\n".join([
        L1_PROBES, EMPTY_ROM, "vfio_bind",
        *accepted(SECONDARY, *MIRROR),
        "config_put 0x50 0 0", "config_put 0x5c 0 0 0 0",
        *accepted(VIRTUAL_FUNCTION), *refused(VIRTUAL_FUNCTION_REFUSED)])


VFIO_SPECS = [
    Spec("vfio-starts", USUAL, memory="4G", vfio=True, job=starts_job(),
         device_options=",config-unlocked=on", time_limit=900),
    Spec("vfio-two", USUAL, memory="2G", vfio=True, job=two_job(),
         machine=(*Q35, *IOMMU, "-device", "igd-testdev,addr=03.0,"
                  f"dsm-base={SECOND_PLACE.dsm_base:#x},dsm-size=64M,"
                  "gsm-size=8M,config-unlocked=on"),
         device_options=",config-unlocked=on", full=True),
    Spec("vfio-secondary", USUAL, memory="2G", vfio=True, job=secondary_job(),
         device_options=",class=secondary,config-unlocked=on"),
    Spec("vfio-not-display", USUAL, memory="2G", vfio=True,
         device_options=",class=other", time_limit=300,
         job="\n".join([L1_PROBES, "vfio_bind",
                        inner_start("inner", "linux", "x-igd-stolen=off")])),
]

INNER = f"{INNER_MACHINE} -device vfio-pci,host=0000:00:02.0,addr=02.0"


def policy(name):
    """A machine with that rmrr-policy."""
    return Q35 + ("-device", f"{IOMMU[1]},rmrr-policy={name}")


WAY_OF_LARGE = ("own", "bound", "attached", "detached", "unbound",
                "bound-again", "attached-again", "detached-again", "back")

LIFE_SPECS = [
    Spec("vfio-256m", LARGE, memory="2G", vfio=True,
         listener="map,limit=65535",
         job=jobs.lines(dma_job(LARGE), jobs.attached_twice(LARGE, INNER)),
         visits=(jobs.listener_looks(*WAY_OF_LARGE),)),
    Spec("vfio-limits", USUAL, vfio=True,
         job=jobs.limited(USUAL, (
             (1, inner_start("inner", "limit-1", "x-igd-stolen=identity")),
             (64, inner_start("inner_paused", "limit-64",
                              "x-igd-stolen=identity"))), INNER)),
    *(Spec(f"migrate-{name}", USUAL, machine=policy(name), vfio=True,
           job=jobs.moving(USUAL, INNER), visits=jobs.moves("own", "lent"))
      for name in ("keep", "exact", "lock")),
    Spec("snapshot", USUAL, vfio=True, job=jobs.restored(USUAL, INNER),
         machine=(*Q35, *IOMMU, *DISK),
         visits=(jobs.snapshot,)),
    Spec("reset-clears", USUAL, memory="512M", job=jobs.reset(USUAL),
         visits=(jobs.resets(guest_does=False),)),
    Spec("reset-keeps", USUAL, memory="512M", job=jobs.reset(USUAL),
         device_options=",stolen-keep=on",
         visits=(jobs.resets(guest_does=True),)),
]

# migrate-lock and migrate-exact show the same with a guest's guest without a
# kernel.
LOCK_SPECS, EXACT_SPECS = (
    [nested(f"nested-{name}-{kernel}", USUAL, memory="1536M",
            machine=policy(name), visited=True, full=True, release=release,
            inner={"release": release})
     for kernel, release in (("6.1", "bookworm"), ("6.12", "trixie"))]
    for name in ("lock", "exact"))

# Low enough that RAM goes on above it where nothing keeps RAM clear of it.
LOWER = stolen(0x3b800000)

# Step by step past the listener's counters; only for steps.walk().
NO_WINDOW = Spec(
    "no-window", LOWER, memory="3G", vfio=True, modules=("pci-stub",),
    listener="map", time_limit=900,
    job=f"{L1_PROBES}\nsteps_walk {INNER_MACHINE} "
        "-device vfio-pci,host=0000:00:02.0,addr=02.0")


def kexecs(name, parameters="intel_iommu=on", **options):
    """A guest whose kernel is followed by another, and by a crash kernel."""
    return Spec(
        name, LOWER, memory="3G", kexec=True, job=kexec.job(LOWER),
        parameters=f"{parameters} {kexec.RESERVED}",
        listener="map", time_limit=600,
        visits=(kexec.visit(asks=True),), **options)


SCALABLE = Q35 + ("-device", f"{IOMMU[1]},x-scalable-mode=on")
KEXEC_SPECS = [
    kexecs("kexec-6.1"),
    kexecs("kexec-6.12", release="trixie"),
    kexecs("kexec-sm", "intel_iommu=on,sm_on", machine=SCALABLE),
    kexecs("kexec-pt", "intel_iommu=on iommu=pt", release="trixie"),
]

XEN_SPECS = [
    Spec(f"xen-{version}", USUAL, xen=release, release=release, memory="1G",
         parameters="", listener="map",
         job=jobs.under_xen(USUAL), visits=(jobs.listener_looks("dom0"),))
    for version, release in (("4.17", "bookworm"), ("4.20", "trixie"))]

GEN12 = stolen(0x4c800000, 60)
DRIVER_SPECS = [
    Spec("driver-6.1", USUAL, memory="2G", driver=True, time_limit=400,
         device_options=",reserved-size=2M,config-unlocked=on",
         job=f"{L1_PROBES}\n{driver_jobs.whole(USUAL, '32')}"),
    Spec("driver-6.12-whole", GEN12, memory="2G", driver=True, time_limit=400,
         release="trixie", device_options=",device-id=0x9a49,"
         "reserved-size=2M,config-unlocked=on", full=True,
         job=f"{L1_PROBES}\n{driver_jobs.whole(GEN12, '64')}"),
    Spec("driver-6.12", GEN12, memory="1G", driver=True, time_limit=400,
         release="trixie", device_options=",device-id=0x9a49,"
         "reserved-size=2M,config-unlocked=on",
         job=f"{L1_PROBES}\n{driver_jobs.short(GEN12)}"),
    Spec("driver-newest", GEN12, memory="1G", driver=True, time_limit=400,
         release="trixie-backports", device_options=",device-id=0x9a49,"
         "class=secondary,reserved-size=2M,config-unlocked=on",
         job=f"{L1_PROBES}\n{driver_jobs.short(GEN12)}"),
]

# Guests under KVM inside a guest; the shell's part is guest/kvm.sh.
SLOTS = ("-trace", "kvm_set_user_memory")
MSI = ("-trace", "kvm_irqchip_add_msi_route", "-trace", "vfio_msi_enable",
       "-trace", "vfio_msi_interrupt")
BEHIND_PORT = "0000:01:00.0"

# name: (stolen memory, memory options of the emulator in L1)
LAYOUTS = {
    "above-the-end": (USUAL, "-m 512M"),
    "at-the-end": (stolen(0x20800000), "-m 512M"),
    "below-the-end": (stolen(0x18800000), "-m 512M"),
    "max-ram-below-4g": (stolen(0x18800000),
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


def interrupts_job(where):
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


def life_job(where):
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


LIFE = Inner(machine=(*Q35, *IOMMU, *DISK, "-device", "pcie-root-port,id=rp,"
                      "chassis=1,addr=1c.0", *SLOTS),
             device=testdev(USUAL, ",bus=rp,id=igd0"), work=life_job(USUAL),
             start="kvm_life")

KVM_SPECS = [
    Spec("kvm-layouts", memory="2G", vfio=True, modules=KVM_MODULES,
         job=layouts_job(), parameters=""),
    Spec("kvm-interrupts", USUAL, memory="1536M", time_limit=600,
         inner=Inner(work=interrupts_job(USUAL), machine=(*Q35, *IOMMU, *SLOTS,
                                                      *MSI),
                     vfio=True, bring=("vfio-user",))),
    Spec("kvm-life", memory="2G", time_limit=600, inner=LIFE),
]

# The guest of the book's pages; docs/devel/book.rst describes it.
BOOK_MACHINE = Q35 + (IOMMU[0], f"{IOMMU[1]},aw-bits=39")
BOOK_SPECS = [
    Spec("book", USUAL, machine=BOOK_MACHINE, memory="4G", vfio=True,
         packed=True, time_limit=600, device_options=",scanout=on",
         job=book.job(book.GUEST)),
    Spec("book-other", USUAL, machine=BOOK_MACHINE, memory="4G", vfio=True,
         time_limit=300, device_options=",class=other",
         job=book.job(book.OTHER_GUEST)),
]

SPECS = {spec.name: spec
         for spec in [*L1_SPECS, *OVMF_SPECS, *NESTED_SPECS, *LOCK_SPECS,
                      *EXACT_SPECS, DEMO_STOCK,
                      *VFIO_SPECS, *LIFE_SPECS, *KEXEC_SPECS, *XEN_SPECS,
                      *DRIVER_SPECS, *BOOK_SPECS,
                      *driver_jobs.SPECS, *KVM_SPECS]}
