"""L2: the device handed on by vfio-pci inside L1.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import pytest

from guestlib import catalog, checks
from guestlib.cases import guests, verify

CHAINS = [spec.name for spec in catalog.NESTED_SPECS]
IDENTITY = [name for name in CHAINS if name != "nested-firmware"]
STARTS = "vfio-starts"
NOT_DISPLAY = "vfio-not-display"


@guests(*CHAINS)
def test_l2_comes_to_its_end(guest):
    assert guest.l2.finished, guest.run.inner_console[-2000:]


@guests(*CHAINS)
def test_l2_emulator_exits_well(guest):
    assert guest.l1.inner_status() == 0, guest.l1.inner_says()


@guests(*CHAINS)
def test_l1_no_firmware_bug(guest):
    verify(checks.no_firmware_bug(guest.l1))


@guests(*CHAINS)
def test_l1_no_dmar_fault(guest):
    verify(checks.no_dmar_fault(guest.l1))


@guests(*CHAINS)
def test_l1_no_kernel_trouble(guest):
    verify(checks.no_kernel_trouble(guest.l1))


@guests(*IDENTITY)
def test_l2_kernel_reserves_dsm(guest):
    verify(checks.kernel_stolen(guest.l2, guest.spec.stolen))


@guests(*IDENTITY)
def test_l2_e820_reserves_region(guest):
    verify(checks.e820_reserved(guest.l2, guest.spec.stolen))


@guests(*IDENTITY)
def test_l2_kernel_takes_rmrr(guest):
    verify(checks.rmrr_logged(guest.l2, guest.spec.stolen))


@guests(*IDENTITY)
def test_l2_rmrr_in_table(guest):
    verify(checks.rmrr_in_table(guest.l2, guest.spec.stolen))


@guests(*IDENTITY)
def test_l2_group_is_relaxable(guest):
    verify(checks.group_relaxable(guest.l2, guest.spec.stolen))


@guests(*CHAINS)
def test_l2_no_firmware_bug(guest):
    verify(checks.no_firmware_bug(guest.l2))


@guests(*CHAINS)
def test_l2_no_dmar_fault(guest):
    verify(checks.no_dmar_fault(guest.l2))


@guests(*CHAINS)
def test_l2_no_kernel_trouble(guest):
    verify(checks.no_kernel_trouble(guest.l2))


@guests("nested-firmware")
def test_firmware_mode_l2_is_elsewhere(guest):
    assert guest.l2.bdsm() not in (0, guest.spec.stolen.dsm_base)


@guests("nested-firmware")
def test_firmware_mode_kernel_finds_dsm(guest):
    verify(checks.kernel_stolen(guest.l2, firmware_choice(guest)))


@guests("nested-firmware")
def test_firmware_mode_rmrr_follows_bdsm(guest):
    verify(checks.rmrr_logged(guest.l2, firmware_choice(guest)))


@guests("nested-firmware")
def test_firmware_mode_group_is_relaxable(guest):
    verify(checks.group_relaxable(guest.l2, firmware_choice(guest)))


@guests("nested-firmware")
def test_firmware_mode_is_reserved(guest):
    verify(checks.e820_reserved(guest.l2, firmware_choice(guest)))


def firmware_choice(guest):
    """Stolen memory as SeaBIOS placed it in L2: the DSM, and no GSM."""
    return checks.Stolen(guest.l2.bdsm(), guest.spec.stolen.dsm_size, 0)


@pytest.mark.parametrize("name", catalog.REFUSALS)
@guests(STARTS)
def test_start_refused(guest, name):
    _, *words = catalog.REFUSALS[name]
    said = guest.l1.inner_says(name)
    assert guest.l1.inner_status(name) == 1, said
    assert not [word for word in words if word not in said], said


@pytest.mark.parametrize("name", catalog.ACCEPTED)
@guests(STARTS)
def test_start_accepted(guest, name):
    _, *words = catalog.ACCEPTED[name]
    said = guest.l1.inner_says(name)
    assert guest.l1.inner_status(name) == 0, said
    assert not [word for word in words if word not in said], said


@pytest.mark.parametrize("name", ["auto", "identity", "same-values", "off"])
@guests(STARTS)
def test_start_that_works_is_silent(guest, name):
    said = guest.l1.inner_says(name)
    assert "emulator:" not in said, said


@guests(NOT_DISPLAY)
def test_not_display_is_not_relaxable(guest):
    region = guest.spec.stolen.region
    assert guest.l1.group_regions("direct") == [region]
    assert guest.l1.group_regions("direct-relaxable") == []


@guests(NOT_DISPLAY)
def test_not_display_is_refused_by_kernel(guest):
    verify(checks.vfio_ineligible(guest.l1))


@guests(NOT_DISPLAY)
def test_not_display_emulator_fails(guest):
    assert guest.l1.inner_status() == 1, guest.l1.inner_says()
