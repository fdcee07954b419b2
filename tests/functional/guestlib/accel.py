"""Which accelerator runs the outermost guests: KVM only if it boots a kernel.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

/dev/kvm that can be opened says little: on some machines a stock kernel then
hangs, or the emulator aborts.  So the smallest guest there is is booted once,
with a short time limit, and what became of it is kept until this machine boots
anew or the emulator is another one.
"""

from dataclasses import replace
from pathlib import Path

from . import assets, runner        # noqa: F401 (finds igdrmrr)
from .runner import TCG
from igdrmrr import files

KVM = ("-accel", "kvm", "-machine", "kernel-irqchip=split", "-cpu", "host")
DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LIMIT_SECONDS = 15


def tried(guest, directory):
    """What became of the guest under KVM, as a text; "works" if it did."""
    guest = replace(guest, accel=KVM, cpu="", time_limit=LIMIT_SECONDS)
    run = runner.run(guest, directory)
    if run.finished and run.status == 0:
        return "works"
    if run.timed_out:
        return f"hangs ({LIMIT_SECONDS} s)"
    return f"ends with status {run.status}"


def outcome(guest, directory):
    """The same, from the last time if nothing has changed since."""
    known = directory / "outcome.json"
    directory.mkdir(parents=True, exist_ok=True)
    inputs = [BOOT_ID.read_text(), str(guest.emulator),
              guest.emulator.stat().st_mtime]
    before, text = files.read_json(known) or (None, None)
    if before != inputs:
        text = tried(guest, directory)
        files.write_json(known, [inputs, text])
    return text


def nested_kvm(modules=Path("/sys/module")):
    """True if a guest of this machine's KVM can have KVM itself."""
    return any(path.read_text().strip() in ("1", "Y")
               for path in modules.glob("kvm_*/parameters/nested"))


def choose(guest, directory, say, device=DEVICE):
    """The emulator's words for outermost guests: for those without a guest
    inside, and for those with one.

    guest: the smallest that there is; say(text) is told what was found
    """
    if not device.exists():
        return TCG, TCG
    text = outcome(guest, directory)
    if text != "works":
        say(f"guests run under TCG: with {device} a kernel {text}")
        return TCG, TCG
    nested = nested_kvm()
    say("guests run under KVM" + ("" if nested else ", those with guests "
        "under TCG: KVM's parameter nested is off"))
    return KVM, KVM if nested else TCG
