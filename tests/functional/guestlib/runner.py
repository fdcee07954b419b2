"""One QEMU process with a Linux guest, its time limit and what it said.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Three serial ports, three files: the guest's console, what its job says
("@@L1 ..."), and the console of a guest inside it.  The process is always
gone when run() returns.
"""

import shlex
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

POLL_SECONDS = 0.2

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
    time_limit: int = 300

    def command(self, directory):
        """The whole command line, with the logs in `directory`."""
        return [
            str(self.emulator), "-L", str(self.firmware_directory),
            "-accel", "tcg,thread=multi",
            "-smp", str(self.cpus), "-m", self.memory,
            "-nodefaults", "-display", "none", "-no-reboot",
            *self.machine,
            "-serial", f"file:{directory / 'console.log'}",
            "-serial", f"file:{directory / 'says.log'}",
            "-serial", f"file:{directory / 'inner-console.log'}",
            "-kernel", str(self.kernel), "-initrd", str(self.initramfs),
            "-append", f"{KERNEL_COMMAND_LINE} {self.parameters}",
        ]


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

    @property
    def finished(self):
        """True when the guest's job came to its end."""
        return "@@L1 finished" in self.says


def run(guest, directory, progress=None, stop=None):
    """Runs the guest; progress(seconds, console, says, inner) while it does.

    The time limit ends it with SIGKILL, and so does the event `stop`, if one
    is given.  The logs stay in `directory`.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    logs = [directory / name for name in
            ("console.log", "says.log", "inner-console.log")]
    for log in logs:
        log.write_bytes(b"")
    command = guest.command(directory)
    (directory / "command").write_text(shlex.join(command) + "\n")
    started = time.monotonic()
    with open(directory / "errors.log", "wb") as errors:
        with subprocess.Popen(command, stdin=subprocess.DEVNULL,
                              stdout=errors, stderr=errors) as process:
            timed_out = wait(process, guest.time_limit, started,
                             stop or threading.Event(),
                             lambda seconds: progress and progress(
                                 seconds, *map(read_text, logs)))
    return Run(directory, time.monotonic() - started, process.returncode,
               timed_out, *(read_text(log) for log in logs),
               read_text(directory / "errors.log"), command)


def wait(process, limit, started, stop, progress):
    """Waits for the process to end; kills it late or on an exception."""
    try:
        while process.poll() is None and not stop.is_set():
            elapsed = time.monotonic() - started
            if elapsed > limit:
                return True
            progress(elapsed)
            stop.wait(POLL_SECONDS)
        return False
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def read_text(path):
    """A log as text; a guest may write anything into it."""
    text = Path(path).read_bytes().decode("utf-8", "replace")
    return text.replace("\r", "")
