"""L1 moves to another emulator, is restored, is reset: what stays, what goes.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The guest runs while it is migrated or saved, with translation on; once the
device is its own, once a guest's guest without a kernel has it.
"""

import pytest

from guestlib import checks, handover
from guestlib.cases import guests, silent, verify
from guestlib.handover import DEVICE_WORD

MOVED = {"migrate-keep": "keep", "migrate-exact": "exact",
         "migrate-lock": "lock"}
TABLES_WIN = ["migrate-keep", "migrate-exact"]
LOCK = "migrate-lock"
SNAPSHOT = "snapshot"
RESET = ["reset-clears", "reset-keeps"]


@guests(*MOVED, SNAPSHOT, *RESET)
def test_guest_sees_no_fault(guest):
    verify(checks.no_dmar_fault(guest.l1),
           checks.no_kernel_trouble(guest.l1))


test_emulator_prints_nothing = silent(*MOVED, SNAPSHOT, *RESET)


@pytest.mark.parametrize("moved", ["", "-moved"])
@guests(*MOVED)
def test_state_of_own_region(guest, moved):
    verify(handover.asked(guest.l0, "own" + moved, MOVED[guest.spec.name],
                          "identity"))


@pytest.mark.parametrize("moved", ["", "-moved"])
@guests(*MOVED)
def test_state_of_lent_region(guest, moved):
    name = MOVED[guest.spec.name]
    verify(handover.asked(guest.l0, "lent" + moved, name,
                          "locked" if name == "lock" else "foreign"))


@guests(*MOVED)
def test_contents_have_moved(guest):
    verify(*handover.kept(guest.phase("before"), guest.phase("moved"),
                          guest.spec.stolen))


@pytest.mark.parametrize("phase", ["moved", "back"])
@guests(*MOVED)
def test_device_works_where_it_has_moved(guest, phase):
    verify(*checks.device_works(guest.phase(phase), guest.spec.stolen))


@pytest.mark.parametrize("phase", ["l2", "l2-moved"])
@guests(*TABLES_WIN)
def test_lent_device_reaches_memory_of_l2(guest, phase):
    verify(handover.cpu_seen_by_device(guest.phase(phase)))
    verify(handover.device_seen_by_cpu(guest.phase(phase)))


@guests(*TABLES_WIN)
def test_lent_device_left_memory_of_l1(guest):
    verify(*handover.kept(guest.phase("before-l2"), guest.phase("back"),
                          guest.spec.stolen))


@guests(LOCK)
def test_locked_device_reaches_memory_of_l1(guest):
    verify(handover.same_sum(guest.phase("before-l2"), guest.phase("l2")))
    verify(handover.all_words("L1's stolen memory, written by L2's device",
                              guest.phase("back"), guest.spec.stolen,
                              lambda at: DEVICE_WORD))
    verify(handover.same_sum(guest.phase("l2-moved"), guest.phase("back")))


@guests(SNAPSHOT)
def test_snapshot_states(guest):
    verify(handover.asked(guest.l0, "saved", "keep", "identity"),
           handover.asked(guest.l0, "changed", "keep", "foreign"),
           handover.asked(guest.l0, "restored", "keep", "identity"))


@guests(SNAPSHOT)
def test_snapshot_was_left(guest):
    verify(checks.dma_seen_by_cpu(guest.phase("changed")))
    assert guest.l1.said("bare_open") == [["0x0000000054444749"]]


@guests(SNAPSHOT)
def test_snapshot_restores_contents(guest):
    verify(*handover.kept(guest.phase("before"), guest.phase("restored"),
                          guest.spec.stolen))


@guests(SNAPSHOT)
def test_snapshot_device_works(guest):
    verify(*checks.device_works(guest.phase("restored"), guest.spec.stolen))


@guests(*RESET)
def test_reset_happened_once(guest):
    assert len(guest.l1.said("started")) == 2
    assert len(guest.l1.logged("Linux version")) == 2


@guests(*RESET)
def test_reset_translation_was_on(guest):
    verify(handover.asked(guest.l0, "before", "keep", "identity"))
    verify(handover.asked(guest.l0, "after", "keep", "identity"))


@guests(*RESET)
def test_reset_leaves_region_mapped(guest):
    found = handover.states(guest.l0.log)
    assert [state.reason for state in found] == ["identity",
                                                 "translation-off"] * 2
    assert handover.device_seen(guest.l0, "after")["switches"] == 0


@guests(*RESET)
def test_memory_is_zero_at_first(guest):
    assert guest.phase("first").dma("region_sum") == {
        "status": [checks.STATUS_DONE], "value": [0]}


@guests(*RESET)
def test_memory_was_written_before_reset(guest):
    assert guest.phase("before").dma("region_sum")["value"] != [0]


@guests("reset-clears")
def test_reset_clears(guest):
    second = guest.phase("second")
    verify(handover.marks_cleared(second, guest.spec.stolen))
    verify(handover.same_sum(guest.phase("first"), second))


@guests("reset-keeps")
def test_reset_keeps_if_told(guest):
    verify(*handover.kept(guest.phase("before"), guest.phase("second"),
                          guest.spec.stolen))


@guests(*RESET)
def test_device_works_after_reset(guest):
    verify(*checks.device_works(guest.phase("second"), guest.spec.stolen))
