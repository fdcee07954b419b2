"""Three levels: the IGD handed on twice, and taken back twice.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

And which accelerator runs each level, as its own kernel sees it: a guest of L1
under KVM must not turn out to run under TCG.
"""

import pytest

from guestlib import catalog, checks, handover
from guestlib.cases import case, guests, verify

NESTED = [spec.name for spec in catalog.SPECS.values() if spec.inner]
THREE = "three-levels"


def inner_levels(spec):
    """What runs each level below L1, by the catalog."""
    inner, found = spec.inner, []
    while inner:
        found.append(inner.accel)
        inner = inner.inner
    return {f"L{2 + number}": accel for number, accel in enumerate(found)}


@guests(*NESTED)
def test_accelerators(guest):
    found = guest.accelerators()
    assert found == {"L1": guest.run.accel, **inner_levels(guest.spec)}


@guests(THREE)
def test_l3_comes_to_its_end(guest):
    assert guest.l3.finished, guest.run.innermost_console[-2000:]


@guests(THREE)
def test_l3_emulator_exits_well(guest):
    assert guest.l2.inner_status() == 0, guest.l2.inner_says()


@pytest.mark.parametrize("check", [
    checks.kernel_stolen, checks.e820_reserved, checks.rmrr_logged,
    checks.rmrr_in_table, checks.group_relaxable],
    ids=lambda check: check.__name__)
@guests(THREE)
def test_l3_has_its_region(guest, check):
    verify(check(guest.l3, guest.spec.stolen))


@pytest.mark.parametrize("check", [
    checks.no_firmware_bug, checks.no_dmar_fault, checks.no_kernel_trouble],
    ids=lambda check: check.__name__)
@guests(THREE)
def test_l3_has_no_trouble(guest, check):
    verify(check(guest.l3))


test_l3_agrees_with_the_tool = case("l3", checks.tool_agrees, THREE)


@guests(THREE)
def test_l3_dma_is_coherent_with_its_cpu(guest):
    verify(handover.cpu_seen_by_device(guest.l3),
           handover.device_seen_by_cpu(guest.l3))


@pytest.mark.parametrize("level", ["L1", "L2"])
@guests(THREE)
def test_each_level_has_its_own_back(guest, level):
    before, back = (guest.phase(name, level) for name in ("before", "back"))
    verify(*handover.kept(before, back, guest.spec.stolen),
           *checks.device_works(back, guest.spec.stolen))
