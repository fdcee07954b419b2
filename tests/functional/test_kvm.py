"""What only KVM can show: memory slots, interrupts, snapshots, unplug of L2.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

L1's kernel has KVM (TCG emulates SVM with nested paging); its emulator traces
each memory slot that it gives to KVM, or takes back, and each MSI.
"""

import re

import pytest

from guestlib import checks, handover, catalog
from guestlib.cases import guests, verify
from guestlib.evidence import Range

LAYOUTS = "kvm-layouts"
INTERRUPTS = "kvm-interrupts"
LIFE = "kvm-life"
USES = [f"{name}{again}" for name in ("translated", "pass-through",
                                      "switched") for again in ("", "-again")]

SLOT = re.compile(r"kvm_set_user_memory AddrSpace#(\d+) Slot#\d+ "
                  r"flags=0x[0-9a-f]+ gpa=0x([0-9a-f]+) size=0x([0-9a-f]+) "
                  r".*ret=(-?\d+)")


def events(guest, name="linux"):
    """[(base, size)] of each call for a slot; size 0 takes it away.

    Calls that only change what a slot logs, as savevm has them, are left out.
    """
    found = SLOT.findall(guest.l1.inner_says(name))
    assert found
    assert {result for *_, result in found} == {"0"}
    held, calls = {}, []
    for space, base, size, _ in found:
        call = int(base, 16), int(size, 16)
        if space == "0" and held.get(call[0]) != call[1]:
            calls.append(call)
            held[call[0]] = call[1]
    return calls


def slots(calls):
    """Ranges of the slots that there are after these calls."""
    held = {}
    for base, size in calls:
        if size:
            assert not held.get(base)
            held[base] = size
        else:
            del held[base]
    return sorted(Range(base, base + size - 1)
                  for base, size in held.items())


def of_region(guest, name="linux"):
    """The calls for slots that lie in the region or over it."""
    region = guest.spec.stolen or catalog.USUAL
    return touching(events(guest, name), region.region)


def touching(calls, region):
    """Those of the calls whose slot has something of the region."""
    sizes, found = {}, []
    for base, size in calls:
        sizes[base] = size or sizes[base]
        if Range(base, base + sizes[base] - 1).overlaps(region):
            found.append((base, size))
    return found


@pytest.mark.parametrize("name", catalog.LAYOUTS)
@guests(LAYOUTS)
def test_layout_starts(guest, name):
    assert guest.l1.inner_status(name) == 0, guest.l1.inner_says(name)


@pytest.mark.parametrize("name", catalog.LAYOUTS)
@guests(LAYOUTS)
def test_layout_region_is_one_slot(guest, name):
    region = catalog.LAYOUTS[name][0].region
    assert touching(events(guest, name), region) == [
        (region.base, region.size)]


@pytest.mark.parametrize("name", catalog.LAYOUTS)
@guests(LAYOUTS)
def test_layout_slots_do_not_overlap(guest, name):
    found = slots(events(guest, name))
    assert not [(one, next) for one, next in zip(found, found[1:])
                if one.overlaps(next)]


@guests(INTERRUPTS, LIFE)
def test_l2_comes_to_its_end(guest):
    assert guest.l2.finished, guest.run.inner_console[-2000:]
    assert guest.l1.inner_status() == 0, guest.l1.inner_says()


@guests(INTERRUPTS, LIFE)
def test_no_trouble(guest):
    for level in (guest.l1, guest.l2):
        verify(checks.no_kernel_trouble(level))
        verify(checks.no_dmar_fault(level))
        assert level.said("problem") == []


@guests(INTERRUPTS)
def test_region_is_one_slot_in_every_state(guest):
    region = guest.spec.stolen.region
    assert of_region(guest) == [(region.base, region.size)]


@guests(INTERRUPTS)
def test_cpu_and_device_see_the_same(guest):
    verify(handover.cpu_seen_by_device(guest.l2))
    verify(handover.device_seen_by_cpu(guest.l2))


@guests(INTERRUPTS)
def test_cpu_and_device_see_the_same_after(guest):
    verify(*checks.device_works(guest.phase("after", "L2"),
                                guest.spec.stolen))


@guests(INTERRUPTS)
def test_translation_was_switched(guest):
    assert [words[-1] for words in guest.l2.said("group_type")] == [
        "DMA", "identity", "DMA"]


@guests(INTERRUPTS)
def test_interrupts_are_remapped(guest):
    assert guest.l2.logged("DMAR-IR: Enabled IRQ remapping")


@pytest.mark.parametrize("name", USES)
@guests(INTERRUPTS)
def test_msi_arrives(guest, name):
    assert guest.l2.value("user_exit", name) == "0"
    assert guest.l2.said("user", name, "irq") == [["1"]]


@guests(INTERRUPTS)
def test_msi_goes_by_irqfd(guest):
    """KVM has a route for each; the emulator itself delivers none."""
    said = guest.l1.inner_says()
    enabled = re.findall(r"vfio_msi_enable .*Enabled (\d+) MSI", said)
    assert enabled == ["1"] * len(USES), said
    assert "kvm_irqchip_add_msi_route dev vfio-pci" in said, said
    assert "vfio_msi_interrupt" not in said


@guests(LIFE)
def test_l2_device_is_behind_a_port(guest):
    device = guest.l2.device(catalog.BEHIND_PORT)
    assert device and device.vendor == 0x8086


@guests(LIFE)
def test_l2_restored_as_it_was_saved(guest):
    verify(checks.dma_seen_by_cpu(guest.phase("changed", "L2")))
    restored = guest.phase("restored", "L2")
    verify(*handover.kept(guest.phase("before", "L2"), restored,
                          catalog.USUAL),
           *checks.device_works(restored, catalog.USUAL))


@guests(LIFE)
def test_l2_reset_clears_and_works(guest):
    assert len(guest.l2.said("started")) == 2
    verify(handover.marks_cleared(guest.phase("second", "L2"),
                                  catalog.USUAL))
    verify(*checks.device_works(guest.phase("second-dma", "L2"),
                                catalog.USUAL))


@guests(LIFE)
def test_l2_slot_goes_with_the_device(guest):
    region = catalog.USUAL.region
    assert guest.l2.said("gone") == [[catalog.BEHIND_PORT]]
    assert of_region(guest) == [(region.base, region.size), (region.base, 0)]


@guests(LIFE)
def test_l2_query_forgets_the_region(guest):
    _, before, *_, gone = guest.l1.inner_says().split("info rmrr")
    assert "igd-stolen@7b000000" in before
    assert "igd-stolen@7b000000" not in gone
