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


def rows(of_all, of_whole):
    """Each guest with each row that its job has."""
    return pytest.mark.parametrize("guest, name, wanted", [
        pytest.param(guest, name, wanted, id=f"{guest}-{name}")
        for guest in ALL for name, wanted in
        [*of_all.items(), *(of_whole.items() if guest in WHOLE else ())]],
        indirect=["guest"])


# What a user is told, by run and verb.  By itself the region only says where
# it is; so it does where the memory holds nothing.  The first run reads and
# writes, also behind its end, and opens the device twice.
REGION = "9 type 0x80008086 subtype 4 size {dsm_size:#x} flags "
NOT_READ = ["0x0 bytes -1 word 0x0"]


@rows({
    "facts region": [REGION + "0x0"], "facts map": [EINVAL],
    "facts read": NOT_READ, "facts write": ["0x0 bytes -1"],
    "must-clear open": [EIO],
    "first region": [REGION + "0x7"], "first map": ["ok 0"],
    "first stolen": [
        "version 1 flags 0x0 base {region.base:#x} gsm_size {gsm_size:#x} "
        "dsm_base {dsm_base:#x} dsm_size {dsm_size:#x}"],
    "first open": ["ok 0"] * 2,
    "first read": ["0x0 bytes 4 word 0x0", "0x0 bytes 4 word 0x11223344",
                   "{last:#x} bytes 4 word 0x99887766",
                   "{dsm_size:#x} bytes -1 word 0x0"],
    "first write": ["0x0 bytes 4", "{last:#x} bytes 4",
                    "{dsm_size:#x} bytes -1"],
}, {
    "no-memory region": [REGION + "0x0"], "no-memory map": [EINVAL],
    "no-memory read": NOT_READ, "no-memory-must-clear open": [EIO],
    "dma dma-map": ["{dsm_base:#x} ok 0"],
    "dma dma-fill": ["{dsm_base:#x} status 0x2"],
    "killed dma-forever": [""], "rebound info": ["regions 1 stolen 1"],
    "selective stolen": [
        "version 1 flags 0x1 base {region.base:#x} gsm_size {gsm_size:#x} "
        "dsm_base {dsm_base:#x} dsm_size {dsm_size:#x}"],
})
def test_user_is_told(guest, name, wanted):
    stolen = guest.spec.stolen
    facts = {name: getattr(stolen, name) for name in (
        "region", "gsm_size", "dsm_base", "dsm_size")}
    assert user(guest, *name.split()) == [
        line.format(**facts, last=stolen.dsm_size - 4) for line in wanted]


# What the CPU finds in the DSM, and last in the GSM: by itself the driver
# touches nothing; later each last close has cleared the DSM, also if the user
# was killed while the device wrote.
@rows({
    "facts": [FILL_WORD] * 2, "before": [FILL_WORD] * 3,
    "closed": [0, 0, FILL_WORD],
}, {
    "dma-closed": [0, 0], "killed": [0, 0], "killed-later": [0, 0],
    "killed-inside": [0, 0], "selective": [0, 0, CPU_WORD, CPU_WORD],
})
def test_words(guest, name, wanted):
    assert words(guest, name) == wanted


# What a user finds in a mapping, from an offset on (one < 0 from the end), in
# so many bytes (0: to the end): the word, in all of it.  A second open clears
# nothing; without keep_reserved=0 the part that is reserved stays.
@rows({
    "first": [(0, 0, 0), (0, 4, 0x11223344), (-4, 4, 0x99887766),
              (0, 0, CPU_WORD), (0, 0, CPU_WORD)],
}, {
    "dma": [(0, 0, DMA_WORD)], "after-killed": [(0, 0, 0)],
    "rebound": [(0, 0, 0)],
    "selective": [(0, -RESERVED, 0), (-RESERVED, 0, FILL_WORD)],
})
def test_contents(guest, name, wanted):
    size = guest.spec.stolen.dsm_size
    assert differences(guest, name) == [
        (at % size, length if length > 0 else size - at % size + length, word,
         0) for at, length, word in wanted]


# What the kernel's log has, also of what must not be opened.
NOT_OPENED = ("not opened, as require_clear is set and stolen memory was not "
              "cleared")


@rows({
    "must-clear": NOT_OPENED + "; dsm_cpu_access is not set",
    "probe": "stolen memory: DSM {0.dsm_base:#x}-{0.dsm.limit:#x}, "
             "GSM 0x800000 ",
}, {
    "no-memory": f"DSM {NO_MEMORY:#x} does not hold what the CPU writes, and "
                 "is not cleared$",
    "no-memory-must-clear": NOT_OPENED + "$",
})
def test_logged(guest, name, wanted):
    assert guest.l1.logged(wanted.format(guest.spec.stolen))


@guests(*WHOLE)
def test_killed_while_dma_runs(guest):
    assert guest.l1.value("user_exit", "killed") == "137"


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
def test_region_is_the_same_by_itself(guest):
    assert user(guest, "facts", "stolen") == user(guest, "first", "stolen")


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


@guests(*ALL)
def test_other_class_is_refused(guest):
    assert guest.l1.value("driver_bind", "0000:00:1f.0") == ""
    assert guest.l1.logged("0000:00:1f.0: .* is not an Intel display device")


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
