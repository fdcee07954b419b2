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


def verify_start(guest, name, status=0, words=(), silent=False):
    """The emulator in L1 ended so, with these words and no others if silent."""
    said = guest.l1.inner_says(name)
    assert guest.l1.inner_status(name) == status, said
    assert not [word for word in words if word not in said], said
    assert "is unsupported in legacy mode" not in said
    assert not silent or "emulator:" not in said, said


def verdict(judge, *names):
    """A test: what judge() says of each of these guests holds, or all of it."""
    @guests(*names)
    def test(guest):
        found = judge(guest)
        verify(*(found if isinstance(found, list) else [found]))

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
