"""The kernel driver igd-vfio-pci in L1: region, clearing, life cycle.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import re

import pytest

from guestlib import checks
from guestlib.cases import case, guests
from guestlib.checks import FILL_WORD
from guestlib.driver_jobs import (CPU_WORD, DMA_WORD, NO_MEMORY, RESERVED,
                                  WRONG_BDSM)

WHOLE = ["driver-6.1", "driver-6.12-whole"]
ALL = [*WHOLE, "driver-6.12", "driver-newest"]
CLAIM = "igd-vfio-pci stolen memory"
EINVAL = "errno 22"
EIO = "errno 5"
# Bytes of the capabilities that igd-testdev has: power management, MSI, PCIe.
CAPABILITY_SIZE = {0x01: 8, 0x05: 14, 0x10: 0x3C}


def user(guest, name, verb):
    """The lines of one verb of one run of vfio-user."""
    return [" ".join(words) for words in guest.l1.said("user", name, verb)]


def words(guest, name):
    """What the CPU found, by devmem."""
    return [int(word, 16) for word in guest.l1.value("words", name).split()]


def differences(guest, name):
    """[(offset, length, word, how many differ)] of the checks of a run."""
    found = []
    for line in user(guest, name, "check"):
        at, length, _, word, _, count, *_ = line.split()
        found.append((int(at, 16), int(length, 16), int(word, 16),
                      int(count)))
    return found


def claimed(guest, when):
    """Ranges of /proc/iomem that the driver has."""
    return [line[0] for line in guest.l1.said(*when.split())
            if " ".join(line[2:]) == CLAIM]


def bound_to(guest):
    """The driver that the device had each time that it was given to one."""
    return [words[0] for words in guest.l1.said("driver_bind",
                                                "0000:00:02.0")]


@guests(*ALL)
def test_binds_by_override(guest):
    bound = bound_to(guest)
    assert bound.count("igd-vfio-pci") == len(bound) - 2 > 0
    assert not guest.l1.said("problem")


def config(guest, name, view, at=0):
    """The bytes of a run's @at-th look at config space."""
    looks = []
    for line in user(guest, name, view):
        where, data = line.split()
        if where == "bytes":
            looks.append(bytearray(int(data)))
        else:
            start = int(where, 16)
            looks[-1][start:start + 16] = bytes.fromhex(data)
    return looks[at]


def changed(guest, name):
    """Offsets that a user changed in the hardware, in an open device."""
    before, after = (config(guest, name, "hardware", at) for at in (0, 1))
    return {at for at, byte in enumerate(before) if byte != after[at]}


def undefined(space):
    """Offsets that are in no header and in no capability."""
    found = set(range(0x40, len(space)))
    at = space[0x34]
    while at:
        found -= set(range(at, at + CAPABILITY_SIZE[space[at]]))
        at = space[at + 1]
    return found


@guests(*ALL)
def test_region_by_itself_only_says_where(guest):
    size = guest.spec.stolen.dsm_size
    assert user(guest, "facts", "region") == [
        f"9 type 0x80008086 subtype 4 size {size:#x} flags 0x0"]
    assert user(guest, "facts", "stolen") == user(guest, "first", "stolen")
    assert user(guest, "facts", "map") == [EINVAL]
    assert user(guest, "facts", "read") == ["0x0 bytes -1 word 0x0"]
    assert user(guest, "facts", "write") == ["0x0 bytes -1"]


@guests(*ALL)
def test_by_itself_touches_nothing(guest):
    assert words(guest, "facts") == [FILL_WORD] * 2


@guests(*ALL)
def test_require_clear(guest):
    assert user(guest, "must-clear", "open") == [EIO]
    assert guest.l1.logged("not opened, as require_clear is set and stolen "
                           "memory was not cleared; dsm_cpu_access is not set")


@guests(*WHOLE)
def test_memory_that_holds_nothing(guest):
    assert user(guest, "no-memory", "region")[0].endswith("flags 0x0")
    assert user(guest, "no-memory", "map") == [EINVAL]
    assert user(guest, "no-memory", "read") == ["0x0 bytes -1 word 0x0"]
    assert guest.l1.logged(f"DSM {NO_MEMORY:#x} does not hold what the CPU "
                           "writes, and is not cleared$")
    assert user(guest, "no-memory-must-clear", "open") == [EIO]
    assert guest.l1.logged("not opened, as require_clear is set and stolen "
                           "memory was not cleared$")


@guests(*ALL)
def test_vfio_pci_lets_config_writes_through(guest):
    """So the next test has something to find."""
    space = config(guest, "config-stock", "hardware")
    # All but the header of an extended capability, which is not there.
    through = undefined(space) - set(range(0x100, 0x104))
    assert through <= changed(guest, "config-stock")
    assert config(guest, "config-stock-next", "hardware") == space


@guests(*ALL)
def test_config_writes_change_no_hardware(guest):
    space = config(guest, "config", "hardware")
    assert user(guest, "config", "config-write") == ["4096"]
    assert changed(guest, "config") <= changed(guest, "config-stock")
    assert not changed(guest, "config") & undefined(space)


@guests(*ALL)
def test_next_open_finds_what_the_first_found(guest):
    for verb in ("region", "info", "config", "hardware"):
        size = len(user(guest, "config-next", verb))
        assert size
        assert (user(guest, "config", verb)[:size] ==
                user(guest, "config-next", verb))


@guests(*ALL)
def test_config_is_as_vfio_pci_shows_it(guest):
    assert (config(guest, "config", "config") ==
            config(guest, "config-stock", "config"))


@guests(*ALL)
def test_opregion_is_where_it_was_when_bound(guest):
    """Somebody has written ASLS behind the driver's back."""
    for verb in ("region", "peek", "poke"):
        assert (user(guest, "opregion-moved", verb) ==
                user(guest, "opregion", verb))


@guests(*ALL)
def test_region(guest):
    size = guest.spec.stolen.dsm_size
    assert user(guest, "first", "region") == [
        f"9 type 0x80008086 subtype 4 size {size:#x} flags 0x7"]


@guests(*ALL)
def test_region_says_where(guest):
    stolen = guest.spec.stolen
    assert user(guest, "first", "stolen") == [
        f"version 1 flags 0x0 base {stolen.region.base:#x} gsm_size "
        f"{stolen.gsm_size:#x} dsm_base {stolen.dsm_base:#x} dsm_size "
        f"{stolen.dsm_size:#x}"]


@guests(*ALL)
def test_said_at_probe(guest):
    dsm = guest.spec.stolen.dsm
    assert guest.l1.logged(
        f"stolen memory: DSM {dsm.base:#x}-{dsm.limit:#x}, GSM 0x800000 ")


@guests(*ALL)
def test_pattern_is_there_before(guest):
    assert words(guest, "before") == [FILL_WORD] * 3


@guests(*ALL)
def test_mmap(guest):
    assert user(guest, "first", "map") == ["ok 0"]


@guests(*ALL)
def test_cleared_at_first_open(guest):
    size = guest.spec.stolen.dsm_size
    assert differences(guest, "first")[0] == (0, size, 0, 0)


@guests(*ALL)
def test_read_and_write(guest):
    last = guest.spec.stolen.dsm_size - 4
    assert user(guest, "first", "read")[:3] == [
        "0x0 bytes 4 word 0x0", "0x0 bytes 4 word 0x11223344",
        f"{last:#x} bytes 4 word 0x99887766"]
    assert differences(guest, "first")[1:3] == [
        (0, 4, 0x11223344, 0), (last, 4, 0x99887766, 0)]


@guests(*ALL)
def test_nothing_behind(guest):
    end = guest.spec.stolen.dsm_size
    assert user(guest, "first", "read")[3] == f"{end:#x} bytes -1 word 0x0"
    assert user(guest, "first", "write")[2] == f"{end:#x} bytes -1"


@pytest.mark.parametrize("where", ["gsm-first", "gsm-last", "gsm-and-dsm",
                                   "behind", "wraps"])
@guests(*ALL)
def test_outside_is_refused(guest, where):
    assert user(guest, "first", "outside").count(
        f"{where} mmap {EINVAL} read {EINVAL} write {EINVAL}") == 1


@guests(*ALL)
def test_mapping_beyond_the_end_is_refused(guest):
    assert user(guest, "first", "outside").count(
        f"dsm-and-behind mmap {EINVAL} read ok 0 write ok 0") == 1


@guests(*ALL)
def test_second_open_clears_nothing(guest):
    size = guest.spec.stolen.dsm_size
    assert user(guest, "first", "open") == ["ok 0"] * 2
    assert differences(guest, "first")[3:] == [(0, size, CPU_WORD, 0)] * 2


@guests(*ALL)
def test_cleared_at_last_close(guest):
    assert words(guest, "closed")[:2] == [0, 0]


@guests(*ALL)
def test_gsm_is_left_alone(guest):
    assert words(guest, "closed")[2] == FILL_WORD


@guests(*WHOLE)
def test_device_reaches_it_through_the_mapping(guest):
    size = guest.spec.stolen.dsm_size
    base = guest.spec.stolen.dsm_base
    assert user(guest, "dma", "dma-map") == [f"{base:#x} ok 0"]
    assert user(guest, "dma", "dma-fill") == [f"{base:#x} status 0x2"]
    assert differences(guest, "dma") == [(0, size, DMA_WORD, 0)]
    assert words(guest, "dma-closed") == [0, 0]


@guests(*WHOLE)
def test_killed_while_dma_runs(guest):
    assert guest.l1.value("user_exit", "killed") == "137"
    assert user(guest, "killed", "dma-forever") == [""]
    assert words(guest, "killed") == [0, 0]
    assert words(guest, "killed-later") == [0, 0]
    assert words(guest, "killed-inside") == [0, 0]


@guests(*WHOLE)
def test_next_user_after_killed_one(guest):
    size = guest.spec.stolen.dsm_size
    assert differences(guest, "after-killed") == [(0, size, 0, 0)]


@guests(*ALL)
def test_other_regions_as_vfio_pci_has_them(guest):
    """OpRegion with its VBT, host bridge, LPC bridge."""
    ours = [user(guest, "opregion", verb)
            for verb in ("region", "peek", "poke")]
    stock = [user(guest, "opregion-stock", verb)
             for verb in ("region", "peek", "poke")]
    assert len(stock[0]) == 3 and "0x0201000000000008" in " ".join(stock[1])
    assert ours[0][:3] == stock[0] and ours[1:] == stock[1:]


@guests(*ALL)
def test_opregion_is_never_in_system_ram(guest):
    """ASLS may be what a user of another driver wrote: no OpRegion then."""
    assert guest.l1.value("user_exit", "opregion-in-ram") == "0"
    assert not [line for line in user(guest, "opregion-in-ram", "region")
                if " subtype 1 " in line]


@guests(*ALL)
def test_vfio_pci_has_no_such_region(guest):
    assert bound_to(guest).count("vfio-pci") == 2
    assert user(guest, "opregion-stock", "info") == ["regions 3 stolen 0"]


@pytest.mark.parametrize("name", WRONG_BDSM)
@guests(*WHOLE)
def test_wrong_bdsm(guest, name):
    value, reason = WRONG_BDSM[name]
    digits = r"f+" if value < 0 else f"{value:x}"
    if not value:
        digits = "0"
    assert guest.l1.logged(
        f"no stolen memory region: BDSM 0x{digits}: {re.escape(reason)}$")
    assert user(guest, f"bdsm-{name}", "info") == ["regions 0 stolen 0"]
    assert user(guest, f"bdsm-{name}", "master") == ["ok 0"]
    assert guest.l1.value("user_exit", f"bdsm-{name}") == "0"


@guests(*WHOLE)
def test_unbind_and_rebind(guest):
    size = guest.spec.stolen.dsm_size
    assert user(guest, "rebound", "info") == ["regions 1 stolen 1"]
    assert differences(guest, "rebound") == [(0, size, 0, 0)]


@guests(*ALL)
def test_other_class_is_refused(guest):
    assert guest.l1.value("driver_bind", "0000:00:1f.0") == ""
    assert guest.l1.logged("0000:00:1f.0: .* is not an Intel display device")


@guests(*WHOLE)
def test_selective_clearing(guest):
    size = guest.spec.stolen.dsm_size
    assert user(guest, "selective", "stolen")[0].startswith(
        "version 1 flags 0x1 ")
    assert differences(guest, "selective") == [
        (0, size - RESERVED, 0, 0), (size - RESERVED, RESERVED, FILL_WORD, 0)]
    assert words(guest, "selective") == [0, 0, CPU_WORD, CPU_WORD]


@guests(*ALL)
def test_claims_its_memory(guest):
    dsm = guest.spec.stolen.dsm
    assert claimed(guest, "igdvfio_iomem_bound") == [
        f"{dsm.base + 0x1000:08x}-{dsm.limit - 0x1000:08x}"]


@guests(*ALL)
def test_unload_leaves_nothing(guest):
    unloaded = guest.l1.said("igdvfio_unload")
    assert len(unloaded) >= 2 and unloaded == [["0"]] * len(unloaded)
    assert claimed(guest, "igdvfio_iomem before")
    assert claimed(guest, "igdvfio_iomem after") == []
    assert guest.l1.said("igdvfio_left") == []


test_no_dmar_fault = case("l1", checks.no_dmar_fault, *ALL)
test_no_kernel_trouble = case("l1", checks.no_kernel_trouble, *ALL)
