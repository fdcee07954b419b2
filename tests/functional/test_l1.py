"""L1: a Linux guest with igd-testdev under SeaBIOS.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

from guestlib import catalog, checks
from guestlib.cases import case, guests, silent, verify
from guestlib.evidence import DMAR_FAULT

SPECS = {spec.name: spec for spec in catalog.L1_SPECS}
EVERY = list(SPECS)
WITH_DMA = [name for name in EVERY if name != "stray-dma"]
WITH_TABLE = [name for name in EVERY
              if name not in ("no-iommu", "machine-pc")]
TRANSLATING = [name for name in WITH_TABLE if name != "iommu-off"]
CAPPED = [name for name in EVERY if name.endswith("base-below-end")]
FOUR_GIB = 1 << 32
E820_RESERVED = 2
GEN12 = "gen12"


test_kernel_reserves_dsm = case("l1", checks.kernel_stolen, *EVERY)
test_e820_reserves_region = case("l1", checks.e820_reserved, *EVERY)


@guests(*EVERY)
def test_emulator_publishes_e820_entry(guest):
    reserved = [where for where, kind in guest.l1.fw_cfg_e820()
                if kind == E820_RESERVED]
    assert guest.spec.stolen.region in reserved


@guests(*EVERY)
def test_emulator_publishes_stolen_base(guest):
    raw = guest.l1.data("fw_cfg_bytes", "etc/igd-stolen-base")
    assert int.from_bytes(raw, "little") == guest.spec.stolen.dsm_base
    assert len(raw) == 8


@guests(*EVERY)
def test_firmware_is_not_asked_for_stolen_memory(guest):
    names = guest.l1.fw_cfg_names()
    assert "etc/e820" in names
    assert "etc/igd-bdsm-size" not in names


@guests(*EVERY)
def test_bdsm_is_base(guest):
    width = "64" if guest.spec.name == GEN12 else "32"
    assert f"{guest.l1.bdsm(width):#x}" == f"{guest.spec.stolen.dsm_base:#x}"


test_no_pci_window_on_region = case("l1", checks.pci_windows_clear, *EVERY)
test_dsdt_names_region = case("l1", checks.motherboard_resource, *EVERY)
test_no_bar_on_region = case("l1", checks.bars_clear, *EVERY)


@guests(*EVERY)
def test_no_ram_on_region(guest):
    region = guest.spec.stolen.region
    usable = guest.l1.e820("usable")
    assert usable
    assert not [str(ram) for ram in usable if ram.overlaps(region)]


@guests(*CAPPED)
def test_low_ram_ends_below_region(guest):
    low = [ram for ram in guest.l1.e820("usable") if ram.limit < FOUR_GIB]
    assert max(low).limit < guest.spec.stolen.region.base


@guests(*CAPPED)
def test_rest_of_ram_is_above_4g(guest):
    high = [ram for ram in guest.l1.e820("usable") if ram.base >= FOUR_GIB]
    memory = int(guest.spec.memory[:-1]) << 30
    assert [str(ram) for ram in high] == [str(checks.Range(
        FOUR_GIB, FOUR_GIB + memory - guest.spec.stolen.region.base - 1))]


test_no_firmware_bug = case("l1", checks.no_firmware_bug, *EVERY)
test_no_kernel_trouble = case("l1", checks.no_kernel_trouble, *EVERY)
test_emulator_prints_nothing = silent(*WITH_DMA)
test_rmrr_in_table = case("l1", checks.rmrr_in_table, *WITH_TABLE)
test_kernel_takes_rmrr = case("l1", checks.rmrr_logged, *TRANSLATING)
test_group_is_relaxable = case("l1", checks.group_relaxable, *TRANSLATING)


@guests("no-iommu", "machine-pc")
def test_no_table_without_iommu(guest):
    assert guest.l1.data("table", "DMAR") is None


@guests("iommu-pt")
def test_pass_through_group(guest):
    assert guest.l1.value("group_type", "0000:00:02.0") == "identity"


@guests("ram3g-base-below-end")
def test_translated_group(guest):
    assert guest.l1.value("group_type", "0000:00:02.0").startswith("DMA")


@guests("iommu-off", "no-iommu", "machine-pc")
def test_no_group_without_iommu(guest):
    assert guest.l1.value("group_type", "0000:00:02.0") == "none"


test_device_write_seen_by_cpu = case("l1", checks.dma_seen_by_cpu, *WITH_DMA)
test_device_reads_what_it_wrote = case("l1", checks.dma_read_back, *WITH_DMA)
test_cpu_write_seen_by_device = case("l1", checks.cpu_seen_by_dma, *WITH_DMA)
test_device_copy = case("l1", checks.dma_copied, *WITH_DMA)
test_no_dmar_fault = case("l1", checks.no_dmar_fault, *WITH_DMA)


# Without this one the DMA checks above would prove little: translation is on
# and stops a device elsewhere.
@guests("stray-dma")
def test_stray_dma_is_refused(guest):
    verify(checks.stray_dma_refused(guest.l1))


@guests("stray-dma")
def test_stray_dma_is_reported(guest):
    faults = guest.l1.logged(DMAR_FAULT)
    assert [line for line in faults if "[00:02.0]" in line
            and f"{catalog.NOT_MAPPED:x}" in line], faults
