"""The emulator's monitor: commands and events as JSON, a line each.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import json
import socket


class QmpError(Exception):
    """The emulator refused a command, or is gone."""


def words(descriptor):
    """A command line's, for a monitor on a socket that is inherited."""
    return ["-chardev", f"socket,id=monitor,fd={descriptor}",
            "-mon", "chardev=monitor,mode=control"]


class Lines:
    """Whole lines out of a socket."""

    def __init__(self, connection):
        self.connection = connection
        self._rest = b""
        self._lines = []

    def next(self, timeout=0.0):
        """The next line, or None if none comes in time.

        EOFError when the other side has gone.
        """
        self.connection.settimeout(timeout or 1e-3)
        while not self._lines:
            try:
                data = self.connection.recv(65536)
            except (socket.timeout, BlockingIOError):
                return None
            if not data:
                raise EOFError
            *self._lines, self._rest = (self._rest + data).split(b"\n")
        return self._lines.pop(0).decode("utf-8", "replace")


class Monitor:
    """One connection; keeps the events that come in between."""

    TIMEOUT = 60

    def __init__(self, connection):
        self._connection = connection
        self._lines = Lines(connection)
        self._events = []
        self._receive()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        """Runs a command; what it returns, or QmpError."""
        message = {"execute": command, "arguments": arguments}
        self._connection.settimeout(self.TIMEOUT)
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError as failure:
            raise QmpError("the emulator has gone") from failure
        while True:
            answer = self._receive()
            if "event" in answer:
                self._events.append(answer)
            elif "error" in answer:
                raise QmpError(f"{command}: {answer['error']['desc']}")
            else:
                return answer["return"]

    def get(self, path, name):
        """A property of an object."""
        return self.execute("qom-get", path=path, property=name)

    def set(self, path, name, value):
        """Sets a property of an object."""
        self.execute("qom-set", path=path, property=name, value=value)

    def event(self):
        """The next event that has come, or None; does not wait."""
        while True:
            try:
                line = self._lines.next()
            except EOFError:
                break
            if line is None:
                break
            self._events.append(json.loads(line))
        return self._events.pop(0) if self._events else None

    def wait(self, name):
        """Waits for that event; QmpError if it does not come.

        Others that come before it are dropped.
        """
        while True:
            event = self.event() or self._receive()
            if event["event"] == name:
                return event

    def _receive(self):
        try:
            line = self._lines.next(self.TIMEOUT)
        except (EOFError, OSError) as failure:
            raise QmpError("the emulator has gone") from failure
        if line is None:
            raise QmpError(f"no answer in {self.TIMEOUT} s")
        return json.loads(line)
