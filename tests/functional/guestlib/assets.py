"""Where the guests' kernels, firmware, busybox and the emulator are.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Everything comes from Debian packages that the set-up unpacked into its
cache (scripts/igdrmrr); nothing is fetched here.  $QEMU names another
emulator than the built one, $IGD_RMRR_GUEST_LOGS another directory for the
guests' logs and file systems than build/functional.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
if str(SCRIPTS) not in sys.path:
    sys.path.insert(0, str(SCRIPTS))

from igdrmrr import (assets as cached, driver, guest_program,  # noqa: E402
                     paths, stock, tool, ui)

from . import qcow2  # noqa: E402

# What the emulator loads by itself when it boots a kernel under SeaBIOS.
FIRMWARE_FILES = ("bios-256k.bin", "linuxboot_dma.bin", "pvh.bin",
                  "kvmvapic.bin", "multiboot_dma.bin")


LOGS = Path(os.environ.get("IGD_RMRR_GUEST_LOGS")
            or paths.BUILD / "functional")


class AssetError(Exception):
    """Something a guest needs is not there; says what and what to do."""


@dataclass(frozen=True)
class Kernel:
    """One Debian kernel: its image and the directory of its modules."""
    image: Path
    modules: Path


class Assets:
    """The unpacked packages of "bookworm" and "trixie"."""

    def __init__(self, emulator=None, inner_emulator=None):
        self._emulator = Path(emulator or os.environ.get("QEMU")
                              or paths.EMULATOR)
        self._inner_emulator = Path(inner_emulator or self._emulator)

    def emulator(self):
        """The emulator's path, or AssetError when it is not built."""
        return runnable(self._emulator)

    def reference(self):
        """With the reference emulator: a stock QEMU that has igd-testdev."""
        return Assets(stock.emulator(stock.REFERENCE))

    def bring(self, names):
        """[(path in a guest, file)] of what a guest brings along, by name.

        test-card: the static program that draws a test card and has it shown
        vfio-user: the static program that uses a device through VFIO
        disk: an empty qcow2 disk
        """
        return [("empty.qcow2", empty_disk()) if name == "disk" else
                (f"bin/{name}", fetched(guest_program.build, name))
                for name in names]

    def kexec_load(self):
        """The static program that loads a kernel for kexec."""
        return fetched(guest_program.build, "kexec-load")

    def inner_emulator(self):
        """The one that runs inside a guest; the same unless told."""
        return runnable(self._inner_emulator)

    def tool(self):
        """igd-stolen's path, or AssetError when it is not built."""
        if not os.access(tool.PROGRAM, os.X_OK):
            raise AssetError(f"no igd-stolen at {tool.PROGRAM}: "
                             "./run build makes it")
        return tool.PROGRAM

    def kernel(self, release):
        """The kernel of "bookworm" (6.1) or "trixie" (6.12)."""
        return Kernel(fetched(cached.kernel, release),
                      fetched(cached.module_dir, release))

    def driver(self, release):
        """The kernel driver's module, built for that release's kernel."""
        return fetched(driver.module, release)

    def driver_user(self):
        """The static program that uses the driver's devices."""
        return fetched(guest_program.build, "vfio-user")

    def busybox(self):
        """The static busybox that every guest runs."""
        return fetched(cached.busybox, "bookworm")

    def xen(self, release):
        """Xen of "bookworm" (4.17) or "trixie" (4.20)."""
        return fetched(cached.xen, release)

    def ovmf(self, release):
        """OVMF of "bookworm" (2022.11) or "trixie" (2025.02): code, vars."""
        return fetched(cached.ovmf, release)

    def firmware(self):
        """{name: path} of what the emulator loads by itself."""
        directories = fetched(cached.firmware_dirs)
        return {name: find(name, directories) for name in FIRMWARE_FILES}


def empty_disk():
    """A file with an empty qcow2 disk."""
    path = LOGS / "empty.qcow2"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(qcow2.empty())
    return path


def runnable(emulator):
    """The path, if there is an emulator."""
    if not os.access(emulator, os.X_OK):
        raise AssetError(f"no emulator at {emulator}: ./run build makes ours, "
                         "./run demo the reference as well")
    return emulator


def find(name, directories):
    """The first file of that name."""
    for directory in directories:
        if (directory / name).is_file():
            return directory / name
    raise AssetError(f"no {name} in {', '.join(map(str, directories))}")


def fetched(getter, *arguments):
    """What the cache has, or AssetError in the cache's own words."""
    try:
        return getter(*arguments)
    except ui.Failure as failure:
        raise AssetError(str(failure)) from failure
