"""Xen as L1: Debian's hypervisors, which nobody here wrote, find the RMRR.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The device is dom0's, in a domain that Xen made; dom0's user space drives it.
Xen reserves no memory for the device but the RMRR's, so DMA to the region
works because Xen has read the RMRR.
"""

from guestlib import catalog, checks, handover, xen
from guestlib.cases import case, guests, silent, verdict, verify

EVERY = [spec.name for spec in catalog.XEN_SPECS]


test_xen_finds_rmrr = case("l1", xen.rmrr_found, *EVERY)
test_rmrr_is_in_reserved_memory = verdict(
    lambda guest: checks.only_if(guest.l1.finished,
    xen.rmrr_reserved(guest.l1)), *EVERY)
test_translation_is_on = case("l1", xen.translates, *EVERY)


@guests(*EVERY)
def test_kernel_is_dom0(guest):
    version = guest.spec.name.removeprefix("xen-")
    verify(xen.below_linux(guest.l1, version))


test_dom0_reserves_dsm = case("l1", checks.kernel_stolen, *EVERY)


@guests(*EVERY)
def test_dom0_reads_bdsm(guest):
    assert f"{guest.l1.bdsm():#x}" == f"{guest.spec.stolen.dsm_base:#x}"


@guests(*EVERY)
def test_dom0_has_nothing_over_the_region(guest):
    verify(checks.bars_clear(guest.l1, guest.spec.stolen))
    verify(checks.pci_windows_clear(guest.l1, guest.spec.stolen))


@guests(*EVERY)
def test_device_reaches_region(guest):
    said = guest.phase("dom0")
    verify(*handover.kept(guest.phase("before"), said, guest.spec.stolen),
           *checks.device_works(said, guest.spec.stolen))


@guests(*EVERY)
def test_no_fault(guest):
    verify(checks.only_if(guest.l1.finished, xen.no_fault(guest.l1)))
    verify(checks.only_if(guest.l1.finished, xen.no_fault_traced(guest.l0)))
    verify(checks.no_kernel_trouble(guest.l1))


@guests(*EVERY)
def test_region_stays_mapped(guest):
    verify(handover.asked(guest.l0, "dom0", "keep", "identity"))
    verify(handover.no_call(guest.l0, "dom0"))
    verify(handover.always_mapped(guest.l0.log, "identity",
                                  "translation-off"))


test_memory_of_dom0_stays_mapped = verdict(
    lambda guest: xen.memory_mapped(guest.l0, "dom0"), *EVERY)
test_emulator_prints_nothing = silent(*EVERY)
