# Makes both machines once, and has both at work while the tests wait
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from guestlib import chroot
from machines import Machines, Steps

# Told to end, take the guest along.
signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope='session')
def machines(request):
    obstacle = chroot.obstacle()
    if obstacle:
        pytest.skip('no clean Debian: ' + obstacle)
    made = Machines()
    made.make()
    yield made
    if not request.session.testsfailed:
        made.remove()


@pytest.fixture(scope='session')
def running(machines):
    with ThreadPoolExecutor(2) as pool:
        confined = pool.submit(machines.confined)
        life = pool.submit(machines.life)
        yield {'life': life, 'confined': confined}
        machines.stop()


@pytest.fixture(scope='session')
def life(running):
    """The steps of the domain in the chroot."""
    return running['life'].result()


@pytest.fixture(scope='session')
def confined(running):
    """The steps of the domain under AppArmor."""
    run = running['confined'].result()
    return Steps(run.says + run.errors)
