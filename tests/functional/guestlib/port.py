"""The port on which a guest says things, and on which it is answered.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

What the guest says goes to a file, as with every guest; the answers come out
of a FIFO.  A socket with a logfile will not do: when the reader is late and
the socket full, QEMU's log has the same character once more for each time
that it was refused.
"""

import os
import time

from . import runner

POLL_SECONDS = 0.05
SAYS = "says.log"


class Port:
    """Both directions of one emulator's port, in the directory of its logs."""

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
