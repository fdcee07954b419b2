"""How a test names its guest and gives its verdict.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import pytest


def guests(*names):
    """Runs a test once for each of these guests of the catalog."""
    return pytest.mark.parametrize("guest", names, indirect=True)


def verify(check):
    """Fails with what the guest said, if the check failed."""
    if not check:
        pytest.fail(str(check), pytrace=False)
