"""How a test names its guest and gives its verdict.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import inspect

import pytest


def guests(*names):
    """Runs a test once for each of these guests of the catalog."""
    return pytest.mark.parametrize("guest", names, indirect=True)


def verify(*found):
    """Fails with what the guest said, if one of the checks failed."""
    for check in found:
        if not check:
            pytest.fail(str(check), pytrace=False)


def verdict(judge, *names):
    """A test: what judge() says of each of these guests holds."""
    @guests(*names)
    def test(guest):
        verify(judge(guest))

    return test


def case(level, check, *names):
    """A test: what that level of each of these guests said passes @check."""
    def judge(guest):
        said = getattr(guest, level)
        return check(said, guest.spec.stolen) if of_stolen else check(said)

    of_stolen = "stolen" in inspect.signature(check).parameters
    return verdict(judge, *names)


def silent(*names):
    """A test: the emulator of each of these guests printed nothing."""
    @guests(*names)
    def test(guest):
        assert guest.run.errors == ""

    return test
