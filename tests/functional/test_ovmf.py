"""L1 under OVMF: what UEFI firmware makes of a reserved region.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

OVMF 2022.11 (Debian 12) drops reserved entries of etc/e820, so Linux warns
that nothing covers the RMRR's GSM part; OVMF 2025.02 (Debian 13) keeps them.
"""

from guestlib import catalog, checks
from guestlib.cases import case, guests, silent, verdict

EVERY = [spec.name for spec in catalog.OVMF_SPECS]
DEBIAN_12 = [name for name in EVERY if name.startswith("ovmf12")]
DEBIAN_13 = [name for name in EVERY if name.startswith("ovmf13")]


test_uefi_map_clear_of_region = case("l1", checks.efi_map_clear, *EVERY)
test_kernel_reserves_dsm = case("l1", checks.kernel_stolen, *EVERY)
test_kernel_takes_rmrr = case("l1", checks.rmrr_logged, *EVERY)
test_group_is_relaxable = case("l1", checks.group_relaxable, *EVERY)


@guests(*EVERY)
def test_bdsm_is_base(guest):
    assert f"{guest.l1.bdsm():#x}" == f"{guest.spec.stolen.dsm_base:#x}"


test_dsdt_names_region = case("l1", checks.motherboard_resource, *EVERY)
test_no_bar_on_region = case("l1", checks.bars_clear, *EVERY)
test_no_pci_window_on_region = case("l1", checks.pci_windows_clear, *EVERY)
test_no_firmware_bug = case("l1", checks.no_firmware_bug, *DEBIAN_13)
test_e820_reserves_region = case("l1", checks.e820_reserved, *DEBIAN_13)
test_one_known_warning = verdict(
    lambda guest: checks.only_gsm_warning(guest.l1, guest.spec.stolen.region),
    *DEBIAN_12)
test_no_dmar_fault = case("l1", checks.no_dmar_fault, *EVERY)
test_device_write_seen_by_cpu = case("l1", checks.dma_seen_by_cpu, *EVERY)
test_emulator_prints_nothing = silent(*EVERY)
