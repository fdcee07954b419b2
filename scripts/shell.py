#!/usr/bin/python3
"""A root prompt in a guest with an emulated IGD, on this terminal.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

"./run shell" runs it after set-up.  The guest is that of the book's pages, and
igd-stolen and the emulator are in it; with --level 2 the prompt is in a guest
inside that one, which has the IGD through vfio-pci, with --level 3 one deeper.
Every level has what the next one needs.  Exit status: that of the emulator, 2
if it could not start.
"""

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

FUNCTIONAL = Path(__file__).resolve().parents[1] / "tests" / "functional"
sys.path.insert(0, str(FUNCTIONAL))

from guestlib import book, runner  # noqa: E402
from guestlib.assets import LOGS  # noqa: E402
from guestlib.boot import Bench, Inner  # noqa: E402
from guestlib.catalog import BOOK_SPECS  # noqa: E402
from igdrmrr import ui  # noqa: E402

# Of the levels from the last one on.
MEMORY = ("768M", "1536M", "3G")

# The serial port is the terminal of each level.  The inner guest's scripts
# want the ports that tests listen to; here a file does ("null" is never open,
# and who writes to it waits).
FUNCTIONS = """\
inner_shell() {
    command_line=$2
    shift 2
    ports="-device virtio-serial-pci,addr=1e.0"
    for nr in 1 2 3; do
        ports="$ports -chardev file,id=port$nr,path=/dev/null"
        ports="$ports -device virtserialport,chardev=port$nr,nr=$nr"
    done
    echo "$LEVEL starts the next guest ..." > /dev/ttyS0
    /emulator -L /firmware -nodefaults -display none -no-reboot $ports \\
        -chardev stdio,id=console,signal=off -serial chardev:console \\
        -kernel /inner/vmlinuz -initrd /inner/initrd \\
        -append "$command_line" "$@" < /dev/ttyS0 > /dev/ttyS0 2>&1
}
"""
PROMPT = FUNCTIONS + book.SET_UP + """\
ln -s qemu-system-x86_64 /bin/qemu-system-x86_64-igd-rmrr
cat > /tmp/rc <<'RC'
PS1='@LEVEL@:\\w# '
poweroff() { /bin/busybox poweroff -f; }
RC
sed -i "s/@LEVEL@/$LEVEL/" /tmp/rc
stty rows @ROWS@ cols @COLUMNS@ < /dev/ttyS0
cd /tmp
HOME=/tmp TERM=@TERM@ ENV=/tmp/rc setsid cttyhack sh < /dev/ttyS0 \\
    > /dev/ttyS0 2>&1 3>&-
poweroff -f
"""


def prompt():
    """A level's job: a shell on its terminal, and then the end."""
    size = shutil.get_terminal_size()
    return PROMPT.replace("@ROWS@", str(size.lines)).replace(
        "@COLUMNS@", str(size.columns)).replace(
        "@TERM@", "".join(c for c in os.environ.get("TERM", "dumb")
                          if c.isalnum() or c in "-_."))


def spec(level):
    """The book's guest, and in it as many as there are before the prompt."""
    first = BOOK_SPECS[0]
    if level == 1:
        return replace(first, name="shell", job=prompt())
    # What is in it is brought along, but never started.
    inner = Inner()
    for number in range(level - 1):
        inner = Inner(start="inner_shell", memory=MEMORY[number],
                      work=FUNCTIONS if number else prompt(), inner=inner,
                      machine=first.machine)
    return replace(first, name="shell", job=FUNCTIONS, inner=inner,
                   memory=MEMORY[level - 1])


def command(bench, wanted):
    """The emulator's command line, with the first serial port here."""
    directory = bench.directory / wanted.name
    guest = bench.guest(wanted)
    runner.prepare(directory)
    words = guest.command(directory)
    words[words.index(f"file:{directory / runner.SERIAL_LOGS[0]}")] = (
        "mon:stdio")
    return [word.replace("ignore_loglevel", "loglevel=4") for word in words]


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="./run shell", description="A root prompt in a guest with an "
        "emulated IGD.")
    parser.add_argument("--level", type=int, choices=(1, 2, 3), default=1,
                        help="how deep: 1, or in a guest's guest (1)")
    level = parser.parse_args(arguments).level
    if not sys.stdin.isatty():
        print("shell: standard input is not a terminal", file=sys.stderr)
        return 2
    try:
        words = command(Bench(LOGS), spec(level))
    except ui.Failure as error:
        print(f"shell: {error}", file=sys.stderr)
        return 2
    print(f"A root prompt in L{level} comes "
          f"{('soon', 'in some minutes', 'after many minutes')[level - 1]}; "
          "leave it with poweroff, or at any time with Ctrl-A X.", flush=True)
    return subprocess.run(words).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
