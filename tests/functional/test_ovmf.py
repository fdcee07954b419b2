"""L1 under OVMF: what UEFI firmware makes of a reserved region.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

OVMF 2022.11 (Debian 12) drops reserved entries of etc/e820, so Linux warns
that nothing covers the RMRR's GSM part; OVMF 2025.02 (Debian 13) keeps them.
"""

from guestlib import catalog, checks
from guestlib.cases import guests, verify

EVERY = [spec.name for spec in catalog.OVMF_SPECS]
DEBIAN_12 = [name for name in EVERY if name.startswith("ovmf12")]
DEBIAN_13 = [name for name in EVERY if name.startswith("ovmf13")]


@guests(*EVERY)
def test_uefi_map_clear_of_region(guest):
    verify(checks.efi_map_clear(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_kernel_reserves_dsm(guest):
    verify(checks.kernel_stolen(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_kernel_takes_rmrr(guest):
    verify(checks.rmrr_logged(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_group_is_relaxable(guest):
    verify(checks.group_relaxable(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_bdsm_is_base(guest):
    assert f"{guest.l1.bdsm():#x}" == f"{guest.spec.stolen.dsm_base:#x}"


@guests(*EVERY)
def test_dsdt_names_region(guest):
    verify(checks.motherboard_resource(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_no_bar_on_region(guest):
    verify(checks.bars_clear(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_no_pci_window_on_region(guest):
    verify(checks.pci_windows_clear(guest.l1, guest.spec.stolen))


@guests(*DEBIAN_13)
def test_no_firmware_bug(guest):
    verify(checks.no_firmware_bug(guest.l1))


@guests(*DEBIAN_13)
def test_e820_reserves_region(guest):
    verify(checks.e820_reserved(guest.l1, guest.spec.stolen))


@guests(*DEBIAN_12)
def test_one_known_warning(guest):
    verify(checks.only_gsm_warning(guest.l1, guest.spec.stolen.region))


@guests(*EVERY)
def test_no_dmar_fault(guest):
    verify(checks.no_dmar_fault(guest.l1))


@guests(*EVERY)
def test_device_write_seen_by_cpu(guest):
    verify(checks.dma_seen_by_cpu(guest.l1))


@guests(*EVERY)
def test_emulator_prints_nothing(guest):
    assert guest.run.errors == ""
