"""Where the guests' kernels, firmware and the emulator are.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Everything comes from Debian packages that the set-up unpacked into its
cache (scripts/igdrmrr); nothing is fetched here.  $QEMU names another
emulator than the built one, $IGD_RMRR_GUEST_LOGS another directory for the
guests' logs and file systems than build/functional.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from . import picture

from igdrmrr import (assets as cached, guest_program, paths, stock,
                     tool as igd_stolen, ui)
from igdrmrr.files import write_atomic

# What the emulator loads by itself when it boots a kernel under SeaBIOS.
FIRMWARE_FILES = ("bios-256k.bin", "linuxboot_dma.bin", "pvh.bin",
                  "kvmvapic.bin", "multiboot_dma.bin")


LOGS = Path(os.environ.get("IGD_RMRR_GUEST_LOGS")
            or paths.QEMU_TOP / "functional")


@dataclass(frozen=True)
class Kernel:
    """One Debian kernel: its image and the directory of its modules."""
    image: Path
    modules: Path


def kernel(release):
    """The kernel of "bookworm" (6.1), "trixie" (6.12) or its backports."""
    return Kernel(cached.kernel(release), cached.module_dir(release))


def emulator(reference=False):
    """Ours, or the reference: a stock QEMU that has igd-testdev."""
    return program(stock.emulator(stock.REFERENCE) if reference else
                   Path(os.environ.get("QEMU") or paths.EMULATOR))


def tool():
    """igd-stolen."""
    return program(igd_stolen.PROGRAM)


def program(path):
    """The path, if the program is there."""
    if not os.access(path, os.X_OK):
        raise ui.Failure(f"no {path}: ./run build makes it, and ./run demo "
                         "the reference emulator as well")
    return path


def bring(names):
    """[(path in a guest, file)] of static programs that it brings along.

    test-card: draws a test card, which comes along, and has it shown
    vfio-user: uses a device through VFIO
    """
    files = [(f"bin/{name}", guest_program.build(name)) for name in names]
    if "test-card" in names:
        files.append(("card", LOGS / "card"))
        write_atomic(files[-1][1], picture.frame(picture.test_card()))
    return files


def firmware():
    """{name: path} of what the emulator loads by itself."""
    return {name: next(directory / name
                       for directory in cached.firmware_dirs()
                       if (directory / name).is_file())
            for name in FIRMWARE_FILES}
