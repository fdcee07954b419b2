"""The commands of the book that are for a guest, as that guest's job.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure but for reading the book's sources: text for the guest's shell, and what it
said taken apart.  Each step says "book NAME STATUS", NAME being the block's and
the step's number, and "book_out NAME BYTES".
"""

from . import book

# What the reader's machine has and the test's guest has elsewhere.
SET_UP = """\
load_modules
printf '#!/bin/sh\\nexec /emulator -L /firmware "$@"\\n' \\
    > /bin/qemu-system-x86_64
chmod 755 /bin/qemu-system-x86_64
"""

# Each page finds the device bound to nobody.
NEW_PAGE = """\
echo > /sys/bus/pci/devices/$IGD/driver_override
[ -e /sys/bus/pci/devices/$IGD/driver ] &&
    echo $IGD > /sys/bus/pci/devices/$IGD/driver/unbind
"""

CAPTURE = """\
vfio_bind
igd-stolen capture -o /tmp/bundle
say_bytes book_bundle /tmp/bundle
"""


def step_name(block, number):
    return f"{block.name}:{number}"


def step_job(block, number, step):
    """One command, in a shell of its own."""
    name = step_name(block, number)
    return "\n".join([
        "cat > /tmp/step <<'BOOK_STEP'", step.command, "BOOK_STEP",
        "sh /tmp/step > /tmp/out 2>&1 < /dev/null", f"say book {name} $?",
        f"say_bytes 'book_out {name}' /tmp/out", ""])


def job(runner):
    """Every command for a guest with this caption, page by page."""
    parts = [SET_UP, CAPTURE]
    page = None
    for block in book.run_by(runner):
        if block.page != page:
            page = block.page
            parts.append(NEW_PAGE)
        parts += [step_job(block, number, step)
                  for number, step in enumerate(book.steps(block))]
    return "".join(parts)


def status(evidence, block, number):
    """A command's exit status; None if it never came to its end."""
    said = evidence.value("book", step_name(block, number))
    return None if said is None else int(said)


def output(evidence, block, number):
    """The lines a command printed."""
    data = evidence.data("book_out", step_name(block, number)) or b""
    return data.decode("utf-8", "replace").split("\n")
