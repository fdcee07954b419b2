"""igd-stolen inside the guests: its verdicts, and L1 as a host for L2.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later
"""

import subprocess

import pytest

from guestlib import assets, catalog, checks
from guestlib.cases import case, guests, verify, verify_start

EVERY = [spec.name for spec in catalog.L1_SPECS + catalog.OVMF_SPECS]
# Without an IOMMU in use there is no group to ask.
NO_GROUP = ("iommu-off", "no-iommu", "machine-pc")
# Firmware that drops reserved entries of etc/e820.
NO_E820 = [name for name in EVERY if name.startswith("ovmf12")]
ALL_AGREE = [name for name in EVERY if name not in (*NO_GROUP, *NO_E820)]
CHAINS = [spec.name for spec in catalog.NESTED_SPECS
          if spec.name != "nested-firmware"]


@guests(*ALL_AGREE)
def test_verify_passes(guest):
    verify(*checks.tool_verdicts(guest.l1))
    assert guest.l1.value("verify_status") == "0"


test_verdicts_are_those_of_the_checks = case("l1", checks.tool_agrees, *EVERY)


@guests(*NO_E820)
def test_verify_names_what_firmware_dropped(guest):
    failed = [title for title, status, _ in guest.l1.verdicts()
              if status == "FAIL"]
    assert failed == ["E820"]
    assert guest.l1.value("verify_status") == "1"


@guests(*NO_GROUP)
def test_verify_warns_without_iommu(guest):
    assert guest.l1.value("verify_status") == "0"
    warned = [title for title, status, _ in guest.l1.verdicts()
              if status == "WARN"]
    assert "reserved_regions of the IOMMU group" in warned


@guests(*EVERY)
def test_l1_probe_finds_region(guest):
    stolen = guest.spec.stolen
    region = guest.l1.tool_probe()["host"]["region"]
    assert region == {
        "base": f"0x{stolen.region.base:08x}",
        "limit": f"0x{stolen.region.limit:08x}",
        "dsm_base": f"0x{stolen.dsm_base:08x}",
        "from": "config space"}


@guests(*ALL_AGREE)
def test_l1_probe_says_yes(guest):
    said = guest.l1.tool_probe()
    assert said["verdict"] == "warn"
    # No driver has the device yet, and igd-testdev has no OpRegion.
    assert [one["name"] for one in said["checks"]
            if one["status"] != "pass"] == ["driver", "opregion"]
    assert said["host"]["region_by_group"]["base"] == (
        f"0x{guest.spec.stolen.region.base:08x}")


@guests(*NO_GROUP)
def test_l1_probe_says_no_without_iommu(guest):
    said = guest.l1.tool_probe()
    assert said["verdict"] == "fail"
    assert guest.l1.value("tool_status") == "1"


@guests(*ALL_AGREE)
def test_l1_plan(guest):
    words = " ".join(guest.l1.tool_plan()).replace("\\ ", "").split()
    assert words[0] == "qemu-system-x86_64-igd-rmrr"
    assert "q35,accel=tcg" in words
    assert ("vfio-pci,host=0000:00:02.0,addr=02.0,x-igd-stolen=identity"
            in words)


@guests(*ALL_AGREE)
def test_replay_of_l1(guest, tmp_path):
    """What was captured in L1 says here what the program said there."""
    path = tmp_path / "l1.bundle"
    text = "\n".join(" ".join(words)
                     for words in guest.l1.said("tool_bundle"))
    path.write_text(text + "\n")
    done = subprocess.run([assets.tool(), "verify", "--from", path],
                          stdout=subprocess.PIPE, text=True)
    said = [" ".join(words) for words in guest.l1.said("verify")]
    assert [" ".join(line.split()) for line in
            done.stdout.splitlines()] == said


@guests("vfio-starts")
def test_planned_line_starts(guest):
    """The emulator in L1 takes the line that igd-stolen printed there."""
    verify_start(guest, "planned", silent=True)


@pytest.mark.parametrize("level", ["l1", "l2"])
@guests(*CHAINS)
def test_chain_verifies(guest, level):
    evidence = getattr(guest, level)
    verify(*checks.tool_verdicts(evidence),
           checks.tool_agrees(evidence, guest.spec.stolen))
