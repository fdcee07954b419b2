"""One QEMU process with a Linux guest, its time limit and what it said.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Four serial ports, four files: the guest's console, what its job says
("@@L1 ..."), and the consoles of the guest inside it and of the one inside
that.  The process is always gone when run() returns.  What is to be done to it
meanwhile is a visit (outside.py).
"""

import shlex
import subprocess
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from igdrmrr import files

POLL_SECONDS = 0.2
TCG = ("-accel", "tcg,thread=multi")
KVM = ("-accel", "kvm", "-machine", "kernel-irqchip=split", "-cpu", "host")
DEVICE = Path("/dev/kvm")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LIMIT_SECONDS = 15
SERIAL_LOGS = ("console.log", "says.log", "inner-console.log",
               "innermost-console.log")

KERNEL_COMMAND_LINE = ("console=ttyS0 ignore_loglevel panic=-1 no_timer_check "
                       "random.trust_cpu=on mitigations=off")


@dataclass
class Guest:
    """What to run: everything but the paths of the logs."""
    name: str
    emulator: Path
    firmware_directory: Path
    machine: list
    kernel: Path
    initramfs: Path
    parameters: str = "intel_iommu=on"
    memory: str = "1G"
    cpus: int = 1
    accel: tuple = TCG          # see choose_accel()
    cpu: str = ""               # TCG's model; the emulator's default if empty
    time_limit: int = 300
    trace: tuple = ()           # events of the emulator, for trace.log
    boots: tuple = ()           # instead of kernel and initramfs
    more: tuple = ()            # more arguments

    def command(self, directory):
        """The whole command line, with the logs in `directory`."""
        return [
            str(self.emulator), "-L", str(self.firmware_directory),
            *self.accel,
            *(["-cpu", self.cpu] if self.cpu and self.accel == TCG else []),
            "-smp", str(self.cpus), "-m", self.memory,
            "-nodefaults", "-display", "none", "-no-reboot",
            *self.machine,
            *(word for log in SERIAL_LOGS
              for word in ("-serial", f"file:{directory / log}")),
            *self.booted(), *self.tracing(directory), *self.more,
        ]

    def booted(self):
        """Options for what the emulator boots."""
        return self.boots or [
            "-kernel", str(self.kernel), "-initrd", str(self.initramfs),
            "-append", f"{KERNEL_COMMAND_LINE} {self.parameters}"]

    def tracing(self, directory):
        """Options that have these events written to a log."""
        if not self.trace:
            return []
        events = [word for name in self.trace for word in ("-trace", name)]
        return [*events, "-D", str(directory / "trace.log")]


@dataclass
class Run:
    """How it went."""
    directory: Path
    seconds: float
    status: int                 # the emulator's exit status
    timed_out: bool
    console: str
    says: str
    inner_console: str
    errors: str                 # the emulator's standard error
    command: list = field(repr=False, default_factory=list)
    trace: str = ""             # what the emulator traced
    innermost_console: str = ""

    @property
    def finished(self):
        """True when the guest's job came to its end."""
        return "@@L1 finished" in self.says

    @property
    def accel(self):
        """What the outermost emulator was told to use: tcg or kvm."""
        words = self.command[self.command.index("-accel") + 1]
        return words.partition(",")[0]


def run(guest, directory, progress=None, stop=None, visit=None):
    """Runs the guest; progress(seconds, *logs) while it does.

    The time limit ends it with SIGKILL, and so do the event `stop`, if one
    is given, and a visit that fails.  The logs stay in `directory`.
    """
    directory = Path(directory)
    prepare(directory)
    command = guest.command(directory)
    if visit:
        command = visit.command(command)
    (directory / "command").write_text(shlex.join(command) + "\n")
    logs = [directory / name for name in SERIAL_LOGS]
    stops = [event for event in (stop, visit and visit.failed) if event]
    inherited = visit.inherited() if visit else ()
    started = time.monotonic()
    with open(directory / "errors.log", "wb") as errors:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stdout=errors, stderr=errors,
                              pass_fds=inherited) as process:
            if visit:
                visit.begin()
            timed_out = wait(process, guest.time_limit, started, stops,
                             lambda seconds: progress and progress(
                                 seconds, *map(read_text, logs)))
    if visit:
        visit.end()
    return Run(directory, time.monotonic() - started, process.returncode,
               timed_out, *(read_text(log) for log in logs[:3]),
               read_text(directory / "errors.log"), command,
               read_text(directory / "trace.log"), read_text(logs[3]))


def prepare(directory):
    """Empty logs."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in SERIAL_LOGS + ("trace.log",):
        (directory / name).write_bytes(b"")


def wait(process, limit, started, stops, progress):
    """Waits for the process to end; kills it late or on an exception."""
    try:
        while process.poll() is None and not any(
                stop.is_set() for stop in stops):
            elapsed = time.monotonic() - started
            if elapsed > limit:
                return True
            progress(elapsed)
            time.sleep(POLL_SECONDS)
        return False
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def read_text(path):
    """A log as text; a guest may write anything into it."""
    text = Path(path).read_bytes().decode("utf-8", "replace")
    return text.replace("\r", "")


# Which accelerator runs the outermost guests.  /dev/kvm that can be opened says
# little: on some machines a stock kernel then hangs, or the emulator aborts.
# So the smallest guest there is is booted once, with a short time limit, and
# what became of it is kept until this machine boots anew or the emulator is
# another one.

def try_kvm(guest, directory):
    """What became of the guest under KVM, as a text; "works" if it did."""
    guest = replace(guest, accel=KVM, cpu="", time_limit=LIMIT_SECONDS)
    tried = run(guest, directory)
    if tried.finished and tried.status == 0:
        return "works"
    if tried.timed_out:
        return f"hangs ({LIMIT_SECONDS} s)"
    return f"ends with status {tried.status}"


def tried_before(guest, directory):
    """The same, from the last time if nothing has changed since."""
    known = directory / "outcome.json"
    directory.mkdir(parents=True, exist_ok=True)
    inputs = [BOOT_ID.read_text(), str(guest.emulator),
              guest.emulator.stat().st_mtime]
    before, text = files.read_json(known) or (None, None)
    if before != inputs:
        text = try_kvm(guest, directory)
        files.write_json(known, [inputs, text])
    return text


def nested_kvm(modules=Path("/sys/module")):
    """True if a guest of this machine's KVM can have KVM itself."""
    return any(path.read_text().strip() in ("1", "Y")
               for path in modules.glob("kvm_*/parameters/nested"))


def choose_accel(guest, directory, say, device=DEVICE):
    """The emulator's words for outermost guests: for those without a guest
    inside, and for those with one.

    guest: the smallest that there is; say(text) is told what was found
    """
    if not device.exists():
        return TCG, TCG
    text = tried_before(guest, directory)
    if text != "works":
        say(f"guests run under TCG: with {device} a kernel {text}")
        return TCG, TCG
    nested = nested_kvm()
    say("guests run under KVM" + ("" if nested else ", those with guests "
        "under TCG: KVM's parameter nested is off"))
    return KVM, KVM if nested else TCG
