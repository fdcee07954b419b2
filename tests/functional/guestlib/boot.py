"""From the description of a guest to what it said.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import shlex
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .checks import MIB, Stolen
from .evidence import Evidence
from .initramfs import (FW_CFG_MODULES, KVM_MODULES, VFIO_MODULES, Builder,
                        joined, write_whole)
from . import acpi, assets, kexec, outside, runner, xen

from igdrmrr import assets as cached, driver as kernel_driver, guest_program

IOMMU = ("-device", "intel-iommu,intremap=on,caching-mode=on")
IOMMU_ON = "intel_iommu=on"
# How a level runs the next one.  Interrupt remapping wants the split irqchip.
ACCELERATORS = {
    "kvm": ("-accel", "kvm", "-machine", "kernel-irqchip=split",
            "-cpu", "host"),
    # Time by instructions: else the less of a CPU it has, the larger a part of
    # them is the timer's.
    "tcg": ("-accel", "tcg", "-icount", "shift=3"),
}
VFIO_DEVICE = "vfio-pci,host=0000:00:02.0,addr=02.0"

L1_PROBES = ("probe_memory; probe_tables; probe_fw_cfg; probe_device; "
             "probe_tool")
L2_PROBES = "probe_tables; probe_device; probe_verify"


# Work that a kernel in an emulator in an emulator need not do: checking its own
# page tables and ciphers, parsing certificates, preparing trace events.
LESS_WORK = ("rodata=off cryptomgr.notests initcall_blacklist="
             "init_kprobe_trace,load_system_certificate_list,trace_eval_init")


def chained(job, bind, inner, after):
    """A level's job, and then the guest inside it if there is one."""
    if not inner:
        return job
    return "\n".join([job, "load_modules" if inner.device else bind,
                      inner.job(), after])


# Its log comes whole by a port (guest/say.sh); on the console, which is slow,
# only what would explain that it does not come.
INNER_COMMAND_LINE = runner.KERNEL_COMMAND_LINE.replace("ignore_loglevel",
                                                        "loglevel=5")


@dataclass(frozen=True)
class Inner:
    """A Linux guest inside the guest, with the device through vfio-pci.

    device: or with this one, in the words of a command line.
    """
    release: str = "bookworm"
    vfio_options: str = ""
    machine: tuple = ("-machine", "q35") + IOMMU
    memory: str = "256M"
    parameters: str = f"{IOMMU_ON} {LESS_WORK}"
    time_limit: int = 1300
    work: str = L2_PROBES
    device: tuple = ()
    start: str = "inner_linux"          # the shell's function for it
    vfio: bool = False                  # load VFIO in it
    bring: tuple = ()                   # more files: see assets.bring()
    accel: str = "kvm"                  # of ACCELERATORS
    inner: Optional["Inner"] = None     # one more level
    after: str = ""                     # this level's job when that is gone

    @property
    def whole_work(self):
        """Its job, and then the guest inside it if there is one."""
        return chained(self.work, "vfio_bind", self.inner, self.after)

    def arguments(self):
        """The inner emulator's arguments, but for the guest's own files."""
        device = self.device or ("-device", VFIO_DEVICE + self.vfio_options)
        return [*self.machine, *device,
                *ACCELERATORS[self.accel], "-m", self.memory]

    def job(self):
        """Shell lines that start it from inside L1."""
        kernel_line = f"{INNER_COMMAND_LINE} {self.parameters}"
        return " ".join([self.start, str(self.time_limit),
                         shlex.quote(kernel_line),
                         shlex.join(self.arguments())])


@dataclass(frozen=True)
class Spec:
    """A guest of the test suite or of the demo."""
    name: str
    stolen: Optional[Stolen] = None
    machine: tuple = ("-machine", "q35") + IOMMU
    device_options: str = ""
    listener: str = ""                  # mode of a dma-listener-testdev
    memory: str = "1G"
    release: str = "bookworm"           # whose kernel
    ovmf: Optional[str] = None          # whose OVMF; None is SeaBIOS
    xen: Optional[str] = None           # whose Xen is below the kernel
    stock: bool = False                 # on the reference emulator
    parameters: str = IOMMU_ON
    job: str = L1_PROBES
    vfio: bool = False                  # load VFIO, bring the emulator along
    bring: tuple = ()                   # more files: see assets.bring()
    modules: tuple = ()                 # more to load
    tables: tuple = ()                  # ACPI tables in place of firmware's
    driver: bool = False                # bring our kernel driver along, too
    packed: bool = False                # decompresses its kernel, as PCs do
    kexec: bool = False                 # bring a kernel to start along
    inner: Optional[Inner] = None
    after: str = ""                     # L1's job when the inner guest is gone
    visits: tuple = ()                  # see outside.run()
    full: bool = False                  # only in ./run check --full
    time_limit: int = 300

    @property
    def slow(self):
        """True where the guest's guest has a guest, or TCG runs in TCG."""
        return bool(self.inner and (self.inner.inner
                                    or self.inner.accel == "tcg"))

    def device(self):
        """The option that adds igd-testdev, as a user would write it."""
        if not self.stolen:
            return []
        region = self.stolen.region
        listener = ["-device",
                    "dma-listener-testdev,id=igd0-dma,for=igd0,"
                    f"base={region.base:#x},size={region.size},"
                    f"mode={self.listener}"] if self.listener else []
        return ["-device",
                f"igd-testdev,addr=02.0,dsm-base={self.stolen.dsm_base:#x},"
                f"dsm-size={self.stolen.dsm_size // MIB}M,"
                f"gsm-size={self.stolen.gsm_size // MIB}M"
                + (",id=igd0" if listener else "") + self.device_options,
                *listener]

    @property
    def whole_job(self):
        """The job, and then the inner guest if there is one."""
        bind = "igdvfio_bind" if self.driver else "vfio_bind"
        return chained(self.job, bind, self.inner, self.after)


@dataclass
class Outcome:
    """One boot: the process and what each level said."""
    spec: Spec
    run: runner.Run
    l1: Evidence
    l2: Evidence
    l0: Optional[Evidence] = None

    @property
    def l3(self):
        """What the guest inside L2 said."""
        return Evidence("L3", self.run.innermost_console, self.run.says)

    @property
    def levels(self):
        """What each guest in the row said, L1 first."""
        return [self.l1, self.l2] + ([self.l3] if self.spec.inner.inner
                                     else [])

    @property
    def innermost(self):
        """What the last guest in the row said."""
        return self.levels[-1]

    def phase(self, name, level="L1"):
        """What a level said in a phase of its job (guest/handover.sh)."""
        return Evidence(f"{level}-{name}", self.run.console, self.run.says)

    def accelerators(self):
        """{level: what runs it}, by the levels' own kernels."""
        return {level.level: level.accelerator()
                for level in (self.l1, self.l2, self.l3) if level.log}


def handing_on(inner):
    """Modules of a level that gives its device to the next."""
    kvm = inner and inner.accel == "kvm"
    return VFIO_MODULES + (KVM_MODULES if kvm else ())


class Bench:
    """Boots guests, with their files in one directory."""

    def __init__(self, directory, say=print):
        self.directory = Path(directory)
        self.say = say
        self.stop = threading.Event()   # ends all guests when it is set
        self.builder, self.stock_builder = (
            Builder(self.directory / "layers", reference)
            for reference in (False, True))
        self.builder.prune()
        self._accels = None
        self._choosing = threading.Lock()

    def accel(self, nested):
        """Which accelerator runs guests like that; found out once."""
        with self._choosing:
            if not self._accels:
                smallest = runner.Guest(
                    name="accel", emulator=assets.emulator(),
                    firmware_directory=self.firmware_directory(),
                    machine=["-machine", "q35"], memory="256M",
                    kernel=self.builder.kernel(assets.kernel("bookworm").image),
                    initramfs=self.directory / "accel" / "initramfs.cpio")
                write_whole(smallest.initramfs,
                            joined(self.builder.layers(":", "L1")))
                self._accels = runner.choose_accel(
                    smallest, self.directory / "accel", self.say)
        return self._accels[bool(nested)]

    def guest(self, spec):
        """The runner's guest for a spec; builds its initramfs."""
        kernel = assets.kernel(spec.release)
        builder = self.stock_builder if spec.stock else self.builder
        modules = FW_CFG_MODULES
        inner = None
        bring = assets.bring(spec.bring)
        if spec.vfio or spec.inner:
            modules += handing_on(spec.inner)
            inner = self.inner_files(spec.inner or Inner())
        if spec.driver:
            modules = FW_CFG_MODULES + handing_on(spec.inner)
            bring += [("driver/igd-vfio-pci.ko",
                       kernel_driver.module(spec.release)),
                      *assets.bring(["vfio-user"])]
        initramfs = self.directory / spec.name / "initramfs.cpio"
        front = acpi.archive(*spec.tables) if spec.tables else b""
        content = front + joined(builder.layers(
            spec.whole_job, "L1", modules + spec.modules, kernel, inner,
            bring))
        if spec.kexec:
            content += kexec.files(guest_program.build("kexec-load"),
                                   kernel.image, content)
        write_whole(initramfs, content)
        machine = [*spec.machine, *self.pflash(spec), *spec.device()]
        guest = runner.Guest(
            name=spec.name,
            emulator=assets.emulator(spec.stock),
            firmware_directory=self.firmware_directory(),
            machine=machine,
            kernel=(kernel.image if spec.packed or spec.ovmf or spec.xen
                    else builder.kernel(kernel.image)),
            initramfs=initramfs,
            parameters=spec.parameters,
            memory=spec.memory,
            accel=self.accel(inner),
            cpu="max" if "kvm-amd" in modules + spec.modules else "",
            time_limit=spec.time_limit,
            trace=() if spec.stock else ("vtd_rmrr_state",))
        if not spec.xen:
            return guest
        return xen.below(guest, cached.xen(spec.xen), initramfs.parent)

    def boot(self, spec, progress=None):
        """Boots the guest and returns what it said."""
        directory = self.directory / spec.name
        guest = self.guest(spec)
        if spec.visits:
            run = outside.run(guest, directory, spec.visits, progress,
                              self.stop)
        else:
            run = runner.run(guest, directory, progress, self.stop)
        return Outcome(spec, run, Evidence("L1", run.console, run.says),
                       Evidence("L2", run.inner_console, run.says),
                       Evidence("L0", run.trace, outside.noted(directory)))

    def inner_files(self, inner, level=2):
        """Kernel and file system layers of the guest inside."""
        kernel = assets.kernel(inner.release)
        modules, further = VFIO_MODULES if inner.vfio else (), None
        if inner.inner:
            modules = handing_on(inner.inner)
            further = self.inner_files(inner.inner, level + 1)
        return (kernel, self.builder.layers(inner.whole_work, f"L{level}",
                                            modules, kernel, further,
                                            bring=assets.bring(inner.bring),
                                            ports=True))

    def pflash(self, spec):
        """OVMF as pflash; changes of its variables are thrown away."""
        if not spec.ovmf:
            return []
        firmware = cached.ovmf(spec.ovmf)
        return ["-drive", "if=pflash,unit=0,format=raw,readonly=on,"
                          f"file={firmware.code}",
                "-drive", "if=pflash,unit=1,format=raw,snapshot=on,"
                          f"file={firmware.vars}"]

    def firmware_directory(self):
        """One directory with all that the emulator loads by itself."""
        directory = self.directory / "firmware"
        directory.mkdir(parents=True, exist_ok=True)
        for name, path in assets.firmware().items():
            link = directory / name
            if not link.is_symlink() or link.resolve() != path.resolve():
                link.unlink(missing_ok=True)
                link.symlink_to(path)
        return directory
