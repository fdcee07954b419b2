"""The kernel driver used by the emulator in L1, and what L2 then has.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import pytest

from guestlib import checks, driver_jobs
from guestlib.cases import guests, verdict, verify, verify_start
from guestlib.checks import FILL_WORD
from guestlib.driver_jobs import EJECTED, L1_WORD, L2_WORD, STARTS, WHERE

START = "driver-starts"
DEVICE = "driver-nested-device"
RAM = "driver-nested-ram"
CHAINS = [spec.name for spec in driver_jobs.CHAINS]


# Starts with nothing to say.
SILENT = ("facts", "agree", "agree-with-user", "device", "stock")


@pytest.mark.parametrize("name", STARTS)
@guests(START)
def test_start(guest, name):
    _, accepted, _, *words = STARTS[name]
    verify_start(guest, name, 0 if accepted else 1, words, name in SILENT)


@pytest.mark.parametrize("name", EJECTED)
@guests(START)
def test_ejected_device_is_reset_and_its_memory_freed(guest, name):
    verify_start(guest, name, 0, ['"DEVICE_DELETED"'])
    said = guest.l1.inner_says(name)
    assert "warning" not in said, said
    size = f"{WHERE.region.size:#018x}"
    there = [size in line for line in said.splitlines()
             if "Block Name" in line]
    assert there == [True, False], said


def watched(guest):
    """What L1 found: first and last word of its DSM, first of its GSM."""
    return [tuple(int(word, 16) for word in words)
            for words in guest.l1.said("watched")]


@guests(*CHAINS)
def test_l2_comes_to_its_end(guest):
    assert guest.l2.finished, guest.run.inner_console[-2000:]
    assert guest.l1.inner_status() == 0, guest.l1.inner_says()


@guests(*CHAINS)
def test_driver_has_the_device(guest):
    assert guest.l1.said("driver_bind", "0000:00:02.0") == [["igd-vfio-pci"]]


test_l2_device_works = verdict(
    lambda guest: checks.device_works(guest.l2, guest.spec.stolen), *CHAINS)


@guests(*CHAINS)
def test_l2_kernel(guest):
    verify(*checks.whole_level(guest.l2, guest.spec.stolen))


@guests(*CHAINS)
def test_no_trouble(guest):
    verify(checks.no_kernel_trouble(guest.l1),
           checks.no_kernel_trouble(guest.l2),
           checks.no_dmar_fault(guest.l1))


@guests(DEVICE)
def test_device_memory_is_l1s_stolen_memory(guest):
    """What L2's CPU writes, then what its DMA writes, is in L1's DSM."""
    seen = [first for first, _, _ in watched(guest)]
    assert L2_WORD in seen and FILL_WORD in seen
    assert seen.index(L2_WORD) < seen.index(FILL_WORD)
    assert FILL_WORD in [last for _, last, _ in watched(guest)]


@guests(DEVICE)
def test_device_memory_is_cleared_when_l2_ends(guest):
    assert watched(guest)[-1][:2] == (0, 0)


@guests(RAM)
def test_ram_is_not_l1s_stolen_memory(guest):
    assert guest.l2.said("wrote")
    assert {words[:2] for words in watched(guest)} == {(0, 0)}


@guests(*CHAINS)
def test_gsm_of_l1_is_left_alone(guest):
    assert {gsm for _, _, gsm in watched(guest)} == {L1_WORD}
