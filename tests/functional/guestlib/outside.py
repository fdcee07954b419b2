"""What is done to a guest from outside while it runs.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

A guest says "step NAME" and waits for an answer on the port on which it says
it (guest/steps.sh).  So what happens outside happens at a known place of its
job, however slow either side is.  QMP is a socket pair that the emulator
inherits.  What is learned goes to host.log in the form in which a guest says
things, as "@@L0 KEY words...".
"""

import contextlib
import json
import os
import socket
import sys
import threading
import time
from dataclasses import replace

from . import runner

from igdrmrr import paths

WAIT_SECONDS = 1200
POLL_SECONDS = 0.05
MONITOR_SECONDS = 60
LISTENER = "/machine/peripheral/igd0-dma"
SAYS = "says.log"


class OutsideError(Exception):
    """Something that was waited for did not happen."""


class Port:
    """Both directions of one emulator's port, in the directory of its logs.

    What the guest says goes to a file, as with every guest; the answers come
    out of a FIFO.  A socket with a logfile will not do: when the reader is late
    and the socket full, QEMU's log has the same character once more for each
    time that it was refused.
    """

    def __init__(self, directory):
        self._says = directory / SAYS
        self._path = directory / "answers"
        self._heard = 0
        self._path.unlink(missing_ok=True)
        os.mkfifo(self._path)
        # With a reader here, neither side has to wait for the other to open
        # it, and the emulator never finds its end.
        self._answers = os.open(self._path, os.O_RDWR)

    def command(self, words):
        """A guest's command line with answers on this port."""
        words = list(words)
        words[words.index(f"file:{self._says}")] = "chardev:says"
        return words + ["-chardev", f"file,id=says,path={self._says},"
                        f"input-path={self._path}"]

    def line(self):
        """The next whole line, or None if there is none yet."""
        line, end, _ = self._rest().partition("\n")
        if not end:
            return None
        self._heard += len(line) + 1
        return line

    def wait(self, text, seconds, gone=lambda: False):
        """Waits until the guest says this, after what was waited for last.

        gone: tells that it will say no more
        False if it did not say it.
        """
        end = time.monotonic() + seconds
        while True:
            last = gone() or time.monotonic() > end
            before, found, _ = self._rest().partition(text)
            if found:
                self._heard += len(before) + len(text)
                return True
            if last:
                return False
            time.sleep(POLL_SECONDS)

    def send(self, word):
        """Sends the guest a line."""
        os.write(self._answers, word.encode() + b"\n")

    def close(self):
        """The emulator is gone."""
        os.close(self._answers)
        self._path.unlink(missing_ok=True)

    def _rest(self):
        return runner.read_text(self._says)[self._heard:]


def monitor_on(connection):
    """
    QEMU's own QMP client, which need not be there else: in its source, or as
    of 11.1 in what its configure has installed.
    """
    before = list(sys.path)
    sys.path += [str(paths.QEMU_SRC / "python"), *map(
        str, paths.QEMU_BUILD.glob("pyvenv/lib/*/site-packages"))]
    from qemu.qmp.legacy import QEMUMonitorProtocol
    sys.path[:] = before
    monitor = QEMUMonitorProtocol(connection)
    monitor.settimeout(MONITOR_SECONDS)
    monitor.connect()
    return monitor


class Outside:
    """The host's side of one emulator process, for a procedure."""

    def __init__(self, monitor, port, directory, gone=lambda: False):
        self.monitor = monitor
        self.directory = directory
        self._port = port
        self._gone = gone

    def heard(self, text):
        """Waits until a guest has said this."""
        if not self._port.wait(text, WAIT_SECONDS, self._gone):
            raise OutsideError(f"the guest did not say {text!r}")

    def line(self):
        """The next line that a guest has said, or None if there is none yet.

        OutsideError if there will be none any more.
        """
        gone = self._gone()
        line = self._port.line()
        if line is None and gone:
            raise OutsideError("the emulator has gone")
        return line

    def step(self, name):
        """Waits until L1 waits at this step."""
        self.heard(f" step {name}\n")

    def answer(self, word="on"):
        """Lets L1 go on."""
        self._port.send(word)

    def note(self, *words):
        """Adds a line to what L0 says."""
        note(self.directory, *words)

    def until(self, what, found):
        """Calls found() until it gives something, which is returned."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            result = found()
            if result:
                return result
            time.sleep(POLL_SECONDS)
        raise OutsideError(f"{what}: not done in {WAIT_SECONDS} s")

    def leave(self):
        """Migrates the guest to the file and ends this emulator."""
        self.monitor.cmd("migrate",
                             uri=f"file:{state_file(self.directory)}")
        self.migrated()
        self.monitor.cmd("quit")

    def migrated(self):
        """Waits until the migration, in or out, is complete."""
        def complete():
            answer = self.monitor.cmd("query-migrate")
            if answer.get("status") == "failed":
                raise OutsideError("migration: " + answer.get("error-desc",
                                                              "failed"))
            return answer.get("status") == "completed"

        self.until("migration", complete)

    def human(self, line):
        """A command of the monitor for people that says nothing if it works."""
        said = self.monitor.cmd("human-monitor-command",
                                **{"command-line": line})
        if said:
            raise OutsideError(f"{line}: {said}")

    def look(self, name):
        """Notes what query-rmrr says of each device now."""
        for region in self.monitor.cmd("query-rmrr"):
            for device in region["devices"]:
                self.note("rmrr", name, region["policy"], device["reason"],
                          compact(device))

    def look_at_listener(self, name):
        """Notes the counters of the device's listener."""
        self.note("listener", name,
                  compact(self.listener("stats")))

    def listener(self, name):
        """A property of the device's listener."""
        return self.monitor.cmd("qom-get", path=LISTENER, property=name)

    def event(self, name):
        """Waits for that event of the monitor; drops those before it."""
        while self.monitor.pull_event(1.0 * MONITOR_SECONDS)["event"] != name:
            pass


def compact(value):
    """JSON without a space in it: one word."""
    return json.dumps(value, separators=(",", ":"))


def note(directory, *words):
    """Adds a line to what L0 says."""
    with open(directory / "host.log", "a", encoding="utf-8") as log:
        log.write(" ".join(["@@L0", *map(str, words)]) + "\n")


def state_file(directory):
    """Where a guest waits for its next emulator."""
    return directory / "state"


class Visit:
    """A procedure at work on one emulator process, in a thread.

    directory: of the process's logs; notes: where host.log is
    If it fails, it says so as "@@L0 problem ...", and `failed` is set.
    """

    def __init__(self, procedure, directory, notes):
        self.failed = threading.Event()
        self._procedure = procedure
        self._notes = notes
        self._gone = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._port = Port(directory)
        self._monitor, self._theirs = socket.socketpair()

    def inherited(self):
        """The emulator's end of the monitor."""
        return [self._theirs.fileno()]

    def command(self, words):
        """The command line with the monitor and the answers."""
        return self._port.command(words) + [
            "-chardev", f"socket,id=monitor,fd={self._theirs.fileno()}",
            "-mon", "chardev=monitor,mode=control"]

    def begin(self):
        """The emulator has started and has its end."""
        self._theirs.close()
        self._thread.start()

    def _run(self):
        try:
            monitor = monitor_on(self._monitor)
            try:
                self._procedure(Outside(monitor, self._port, self._notes,
                                        self._gone.is_set))
            finally:
                # The emulator may have closed its end.
                with contextlib.suppress(Exception):
                    monitor.close()
        except Exception as failure:
            note(self._notes, "problem", type(failure).__name__, failure)
            self.failed.set()

    def end(self):
        """The emulator has ended; so will the procedure."""
        self._gone.set()
        if self._thread.is_alive():
            self._thread.join(30)
        for end in (self._monitor, self._theirs, self._port):
            end.close()


def run(guest, directory, procedures, progress=None, stop=None):
    """One guest, and an emulator process for each of the procedures.

    Each process but the first takes over what the one before has left in the
    file Outside.state, and has its logs in a directory of its own.  Returns
    one runner.Run of it all.
    """
    runs = []
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "host.log").write_bytes(b"")
    for number, procedure in enumerate(procedures):
        where = directory
        if number:
            where = directory / f"process-{number + 1}"
            where.mkdir(exist_ok=True)
            guest = replace(guest, more=(
                "-incoming", f"file:{state_file(directory)}"))
        visit = Visit(procedure, where, directory)
        runs.append(runner.run(guest, where, progress, stop, visit))
        if visit.failed.is_set() or runs[-1].timed_out:
            break
    state_file(directory).unlink(missing_ok=True)
    return joined(runs, noted(directory))


def joined(runs, notes):
    """Several processes of one guest, as one run.

    What went wrong outside is among the errors.
    """
    texts = {name: "".join(getattr(run, name) for run in runs) for name in
             ("console", "says", "inner_console", "innermost_console",
              "errors", "trace")}
    texts["errors"] += "".join(line + "\n" for line in notes.splitlines()
                               if line.startswith("@@L0 problem"))
    return replace(runs[-1], directory=runs[0].directory,
                   seconds=sum(run.seconds for run in runs), **texts)


def noted(directory):
    """What L0 says: the text of host.log, which only a visited guest has."""
    log = directory / "host.log"
    return runner.read_text(log) if log.exists() else ""
