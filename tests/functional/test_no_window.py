"""No window: VFIO is asked for nothing while L1 has its region.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

One Linux guest from realize to power-off, with drivers bound and unbound, VFIO
attached and detached, a reboot between.  The device's listener stands for the
container; every call that touches the region is under the step it belongs to.
"./run bench" has the same way on an unmodified VT-d beside it.
"""

import pytest

from guestlib import catalog, guest_bench, steps
from guestlib.assets import LOGS
from guestlib.boot import Bench

# The guest's tables have the region mapped to itself before and after.
SAME = guest_bench.IDENTITY_STEPS
# The guest takes the device out of its domain: as on hardware, under keep.
AWAY = ["vfio-attach", "pass-through"]
BACK = ["vfio-detach", "translated"]
ONE_PIECE = ["realize", "vfio-detach", "pass-through", "translated"]


@pytest.fixture(scope="module")
def way():
    return steps.walk(Bench(LOGS), catalog.NO_WINDOW)


def test_all_steps_are_taken(way):
    names = [step.name for step in way.steps]
    assert names == ["realize", "boot", "driver-bind", "driver-unbind",
                     "vfio-bind", "vfio-attach", "vfio-detach", "vfio-unbind",
                     "pass-through", "translated", "driver-rebind",
                     "going-down", "reset", "boot-again", "power-off"]


@pytest.mark.parametrize("name", SAME)
def test_identity_to_identity_no_call(way, name):
    step = way.step(name)
    assert (step.maps, step.unmaps, step.calls) == (0, 0, [])


@pytest.mark.parametrize("name", SAME)
def test_identity_to_identity_always_mapped(way, name):
    assert way.step(name).unmapped_ns == 0


@pytest.mark.parametrize("name", AWAY + BACK)
def test_elsewhere_is_seen(way, name):
    step = way.step(name)
    assert step.unmaps > 0
    assert step.unmapped_ns > 0


@pytest.mark.parametrize("name", ONE_PIECE)
def test_it_is_one_mapping(way, name):
    step = way.step(name)
    assert (step.maps, step.entries) == (1, 1)


def test_vfio_would_not_have_ended_qemu(way):
    assert [step.fatal for step in way.steps] == [0] * len(way.steps)
