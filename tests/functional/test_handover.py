"""The device handed on to L2 and taken back: whose memory does it reach?

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Under the default policy L2's device has L2's memory, and L1 has its own again
afterwards, and so it is under exact.  Under rmrr-policy=lock in L0 it reaches
L1's all the time: the same guests, the same checks, and just those three fail
that have to.
"""

import pytest

from guestlib import catalog, checks, handover
from guestlib.cases import case, guests, verdict, verify, verify_start
from guestlib.handover import CPU_FIRST, CPU_LAST, DEVICE_WORD

CHAINS = [spec.name for spec in catalog.NESTED_SPECS
          if spec.name != "nested-firmware"]
VISITED = [spec.name for spec in catalog.NESTED_SPECS
           if spec.name in CHAINS and "step own" in spec.job]
LOCK = [spec.name for spec in catalog.LOCK_SPECS]
EXACT = [spec.name for spec in catalog.EXACT_SPECS]
LARGE = "vfio-256m"
LIMITS = "vfio-limits"
DEFAULT = [*CHAINS, *EXACT, LARGE, LIMITS]
WAY = {"own": "identity", "lent": "foreign", "back": "identity"}


test_l2_cpu_writes_seen_by_device = case(
    "l2", handover.cpu_seen_by_device, *CHAINS, *EXACT)
test_l2_device_writes_seen_by_cpu = case(
    "l2", handover.device_seen_by_cpu, *CHAINS, *EXACT)


@guests(*DEFAULT)
def test_l1_has_its_memory_back_untouched(guest):
    verify(*handover.kept(guest.phase("before"), guest.phase("back"),
                          guest.spec.stolen))

@guests(*DEFAULT, *LOCK)
def test_l1_device_works_again(guest):
    verify(*checks.device_works(guest.phase("back"), guest.spec.stolen))


test_l1_no_dmar_fault = case("l1", checks.no_dmar_fault, LARGE, *LOCK)
test_l0_states = verdict(
    lambda guest: handover.way(guest.l0.log), *CHAINS, *EXACT)


@guests(*VISITED, *EXACT)
def test_l0_asked_on_the_way(guest):
    policy = "exact" if guest.spec.name in EXACT else "keep"
    verify(*(handover.asked(guest.l0, step, policy, reason)
             for step, reason in WAY.items()))


@guests(*LOCK)
def test_lock_l2_comes_to_its_end(guest):
    assert guest.l2.finished, guest.run.inner_console[-2000:]
    assert guest.l1.inner_status() == 0, guest.l1.inner_says()


@guests(*LOCK)
def test_lock_breaks_these_checks(guest):
    assert not any(handover.coherent(guest.l2, guest.phase("back"),
                                     guest.spec.stolen))


@guests(*LOCK)
def test_lock_breaks_no_other(guest):
    failed = [str(check) for level in (guest.l1, guest.l2)
              for check in checks.whole_level(level, guest.spec.stolen)
              if not check]
    assert failed == []


test_lock_device_in_l2_reads_memory_of_l1 = verdict(
    lambda guest: handover.same_sum(guest.phase("before"), guest.l2), *LOCK)


@guests(*LOCK)
def test_lock_l2_cpu_keeps_what_it_wrote(guest):
    said = guest.l2.dma("device_to_cpu")
    assert said["status"] == [checks.STATUS_DONE]
    assert said["words"] == [CPU_FIRST, CPU_LAST]


@guests(*LOCK)
def test_lock_device_in_l2_writes_memory_of_l1(guest):
    verify(handover.all_words("L1's stolen memory, written by L2's device",
                              guest.phase("back"), guest.spec.stolen,
                              lambda at: DEVICE_WORD))


test_lock_l0_states = verdict(
    lambda guest: handover.way(guest.l0.log, ("identity", "locked",
    "identity", "translation-off")), *LOCK)


@guests(*LOCK)
def test_lock_l0_asked_on_the_way(guest):
    verify(*(handover.asked(guest.l0, step, "lock", reason)
             for step, reason in {**WAY, "lent": "locked"}.items()))


# 256 MiB are 65536 pages of 4 KiB, as Linux maps the region; VFIO takes 65535
# mappings.  L0's listener stands for a container of VFIO's.

@guests(LARGE)
def test_large_attaches_twice(guest):
    assert guest.l1.said("vfio_attach") == [["0"]] * 2
    assert guest.l1.said("vfio_detach") == [["0"]] * 2


test_large_l0_states = verdict(
    lambda guest: handover.way(guest.l0.log, ("identity", "foreign") * 2 +
    handover.LENT[2:]), LARGE)


@pytest.mark.parametrize("step", catalog.WAY_OF_LARGE)
@guests(LARGE)
def test_large_fits(guest, step):
    stats = handover.listener(guest.l0, step)
    refused = {name: stats[name] for name in (
        "enospc", "eexist", "einval", "fatal", "surrendered",
        "untranslatable") if stats[name]}
    assert refused == {}


@pytest.mark.parametrize("step", catalog.WAY_OF_LARGE)
@guests(LARGE)
def test_large_is_one_mapping_of_l1(guest, step):
    lent = step.startswith("attached")
    verify(handover.asked(guest.l0, step, "keep",
                          "foreign" if lent else "identity"))
    entries = handover.listener(guest.l0, step)["entries"]
    assert (entries == 1) != lent


@guests(LARGE)
def test_large_switches(guest):
    last = handover.device_seen(guest.l0, "back")
    assert (last["switches"], last["failures"]) == (4, 0)


# VFIO in L1 takes few mappings: the emulator in L1 says so, or goes on.

@guests("nested-6.12", LIMITS)
def test_limit_is_set(guest):
    wanted = ["1", "64", "40"] if guest.spec.name == LIMITS else ["64"]
    assert [words[0] for words in guest.l1.said("vfio_limit")] == wanted


@guests(LIMITS)
def test_limit_too_small_is_refused(guest):
    verify_start(guest, "limit-1", 1, ("igd-stolen@7b000000",
                                       "No space left"))


@guests(LIMITS)
def test_limit_of_64_is_enough(guest):
    verify_start(guest, "limit-64")


@guests(LIMITS)
def test_limit_reached_at_run_time_is_said(guest):
    said = [line for line in map(" ".join, guest.l1.said("bare_says"))
            if "stolen memory" in line]
    assert len(said) == 1, said
    assert "0x7b000000-0x7f7fffff is not kept mapped" in said[0]
    assert "No space left" in said[0]


@guests(LIMITS)
def test_limit_reached_at_run_time_is_survived(guest):
    lines = map(" ".join, guest.l1.said("bare_says"))
    reasons = [state.reason for state in handover.states(lines)]
    assert reasons == ["absent", "identity", "map-failed", "identity"]
    assert guest.l1.said("bare_close") == [["0"]]


@guests(LIMITS)
def test_limit_reached_device_reaches_nothing(guest):
    full = guest.phase("full")
    assert full.dma("region_sum")["status"] == [checks.STATUS_READ_FAILED]
    assert full.dma("device_to_cpu") == {
        "status": [checks.STATUS_WRITE_FAILED],
        "words": [CPU_FIRST, CPU_LAST]}


@guests(LIMITS)
def test_limit_no_longer_reached_region_is_back(guest):
    verify(handover.cpu_seen_by_device(guest.phase("room")),
           handover.device_seen_by_cpu(guest.phase("room")))
