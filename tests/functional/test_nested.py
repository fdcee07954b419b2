"""L2: the device handed on by vfio-pci inside L1.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import pytest

from guestlib import catalog, checks
from guestlib.cases import case, guests, verify, verify_start

CHAINS = [spec.name for spec in catalog.NESTED_SPECS]
IDENTITY = [name for name in CHAINS if name != "nested-firmware"]
STARTS = "vfio-starts"
NOT_DISPLAY = "vfio-not-display"
SECONDARY = "vfio-secondary"


@guests(*CHAINS)
def test_l2_comes_to_its_end(guest):
    assert guest.l2.finished, guest.run.inner_console[-2000:]


@guests(*CHAINS)
def test_l2_emulator_exits_well(guest):
    assert guest.l1.inner_status() == 0, guest.l1.inner_says()


test_l1_no_firmware_bug = case("l1", checks.no_firmware_bug, *CHAINS)
test_l1_no_dmar_fault = case("l1", checks.no_dmar_fault, *CHAINS)
test_l1_no_kernel_trouble = case("l1", checks.no_kernel_trouble, *CHAINS)
test_l2_kernel_reserves_dsm = case("l2", checks.kernel_stolen, *IDENTITY)
test_l2_e820_reserves_region = case("l2", checks.e820_reserved, *IDENTITY)
test_l2_kernel_takes_rmrr = case("l2", checks.rmrr_logged, *IDENTITY)
test_l2_rmrr_in_table = case("l2", checks.rmrr_in_table, *IDENTITY)
test_l2_group_is_relaxable = case("l2", checks.group_relaxable, *IDENTITY)
test_l2_no_firmware_bug = case("l2", checks.no_firmware_bug, *CHAINS)
test_l2_no_dmar_fault = case("l2", checks.no_dmar_fault, *CHAINS)
test_l2_no_kernel_trouble = case("l2", checks.no_kernel_trouble, *CHAINS)


@guests("nested-firmware")
def test_firmware_mode_l2_is_elsewhere(guest):
    assert guest.l2.bdsm() not in (0, guest.spec.stolen.dsm_base)


@pytest.mark.parametrize("check", [
    checks.kernel_stolen, checks.rmrr_logged, checks.group_relaxable,
    checks.e820_reserved], ids=lambda check: check.__name__)
@guests("nested-firmware")
def test_firmware_mode_follows_bdsm(guest, check):
    verify(check(guest.l2, firmware_choice(guest)))


def firmware_choice(guest):
    """Stolen memory as SeaBIOS placed it in L2: the DSM, and no GSM."""
    return checks.Stolen(guest.l2.bdsm(), guest.spec.stolen.dsm_size, 0)


# Guest, rows of the catalog, and the exit status that they all have.
TABLES = [(STARTS, catalog.REFUSALS, 1), (STARTS, catalog.ACCEPTED, 0),
          (STARTS, catalog.OPREGION, 0), ("vfio-two", catalog.TWO, 0),
          (SECONDARY, catalog.SECONDARY, 0),
          (SECONDARY, catalog.VIRTUAL_FUNCTION, 0),
          (SECONDARY, catalog.VIRTUAL_FUNCTION_REFUSED, 1)]


@pytest.mark.parametrize("guest, name, status, words", [
    pytest.param(guest, name, status, words, id=f"{guest}-{name}")
    for guest, rows, status in TABLES
    for name, (_, *words) in rows.items()], indirect=["guest"])
def test_start(guest, name, status, words):
    verify_start(guest, name, status, words, name in catalog.SILENT)


@pytest.mark.parametrize("name", catalog.OPREGION)
@guests(STARTS)
def test_opregion(guest, name):
    """It is the guest's by default, and ASLS is never the host's."""
    assert ("opregion_enabled" in guest.l1.inner_says(name)) == (
        not name.startswith("opregion-off"))


@guests("vfio-two")
def test_one_opregion_for_two_devices(guest):
    assert guest.l1.inner_says("two").count("opregion_enabled") == 1


@guests(NOT_DISPLAY)
def test_not_display_is_not_relaxable(guest):
    region = guest.spec.stolen.region
    assert guest.l1.group_regions("direct") == [region]
    assert guest.l1.group_regions("direct-relaxable") == []


test_not_display_is_refused_by_kernel = case(
    "l1", checks.vfio_ineligible, NOT_DISPLAY)


@guests(NOT_DISPLAY)
def test_not_display_emulator_fails(guest):
    assert guest.l1.inner_status() == 1, guest.l1.inner_says()
