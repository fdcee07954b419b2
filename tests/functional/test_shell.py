"""./run shell, driven by a terminal: the tutorial's half that is for a guest.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import re

import pexpect
import pytest

from guestlib import book
from igdrmrr import paths

TUTORIAL = "tutorial/no-hardware"
# So wide that no command is broken when it is echoed.
SIZE = (50, 500)
# The shell asks where the cursor is, and nobody answers.
NOISE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\r")
SECONDS = {1: 300, 2: 1500, 3: 3600}


class Shell:
    """The guest's prompt on a terminal of its own."""

    def __init__(self, level):
        self.prompt = rf"L{level}:\S*# "
        self.child = pexpect.spawn(
            "/usr/bin/python3", [str(paths.ROOT / "scripts/shell.py"),
                                 "--level", str(level)],
            dimensions=SIZE, encoding="utf-8", timeout=SECONDS[level])
        self.child.expect("leave it with poweroff, or at any time with "
                          "Ctrl-A X.")
        self.child.expect(self.prompt)

    def run(self, command):
        """The lines that a command prints."""
        # The echo of what is typed has as many lines.
        lines = command.split("\n")
        for line in lines:
            self.child.sendline(line)
        self.child.expect(self.prompt)
        return NOISE.sub("", self.child.before).split("\n")[len(lines):]

    def end(self):
        """Its exit status, once it has ended by itself."""
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def shell(request):
    """A shell at that level."""
    started = Shell(request.param)
    yield started
    started.child.close(force=True)


@pytest.mark.parametrize("shell", [1], indirect=True)
def test_tutorial(shell):
    """Each command of the page prints what the page shows."""
    blocks = [block for block in book.run_by(book.GUEST)
              if block.page == TUTORIAL]
    assert len(blocks) > 3
    for block in blocks:
        for step in book.steps(block):
            said = shell.run(step.command)
            assert not step.expected or book.matches(step.expected, said), (
                step.command, step.expected, said)
    shell.child.send("\x01x")
    assert shell.end() == 0


@pytest.mark.parametrize("shell", [2, pytest.param(
    3, marks=pytest.mark.full)], indirect=True)
def test_level(shell):
    """The IGD is handed on, all agrees, and the next guest could start."""
    said = shell.run("igd-stolen verify; echo status $?")
    assert [line for line in said if "PASS" not in line] == ["status 0", ""]
    said = shell.run("echo quit | qemu-system-x86_64 -version; echo $?")
    assert "(igd-rmrr, " in said[0] and said[-2] == "0"
    assert shell.run("dmesg | grep -c 'DMAR: RMRR base: 0x0000007b000000'"
                     )[0] == "1"
    shell.child.sendline("poweroff")
    assert shell.end() == 0
