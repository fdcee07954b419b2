"""The commands of the book that are for a guest, in that guest.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

docs/devel/book.rst has the rules; all other commands are tests/docs's.
"""

import os
import re

import pytest

from guestlib import book
from igdrmrr import paths

BUNDLE = paths.ROOT / "tests/data/book/l1.bundle"
# What differs from one boot to the next.
VARIES = re.compile(r"^\| Mem(Total|Available): .*$", re.M)


def blocks_for(runner, name):
    """A test's parameters: the guest, and each of its blocks."""
    return [pytest.param(name, block, id=block.name)
            for block in book.run_by(runner)]


@pytest.mark.parametrize(
    "guest, block", blocks_for(book.GUEST, "book")
    + blocks_for(book.OTHER_GUEST, "book-other"), indirect=["guest"])
def test_commands(guest, block):
    for number, step in enumerate(book.steps(block)):
        said = book.output(guest.l1, block, number)
        status = book.status(guest.l1, block, number)
        assert status == 0, (step.command, status, said)
        if step.expected:
            assert book.matches(step.expected, said), (
                step.command, step.expected, said)


@pytest.mark.parametrize("guest", ["book"], indirect=True)
def test_bundle_of_l1(guest):
    """The one that the book and its map use is such a guest's."""
    captured = guest.l1.data("book_bundle").decode()
    if os.environ.get("IGD_RMRR_BLESS"):
        BUNDLE.write_text(captured)
    assert VARIES.sub("|", captured) == VARIES.sub("|", BUNDLE.read_text())
