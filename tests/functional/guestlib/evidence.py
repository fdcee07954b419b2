"""What a guest said: its kernel's log and the lines of its job, parsed.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: text in, values out; no verdict (that is checks.py).
"""

import json
import re
import struct
from dataclasses import dataclass

from . import acpi

TIMESTAMP = re.compile(r"^\[ *\d+\.\d+\] ")
MEMORY = r"\[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\]"
E820 = re.compile(r"^BIOS-e820: " + MEMORY + r" (.+)$")
STOLEN = re.compile(r"Reserving Intel graphics memory at " + MEMORY)
RMRR = re.compile(r"DMAR: RMRR base: 0x([0-9a-f]+) end: 0x([0-9a-f]+)")
PNP_MEMORY = re.compile(r"^system [0-9a-f:]+: " + MEMORY)
EFI_MEMORY = re.compile(r"efi: mem\d+: \[([^|\]]+?) *\|.*"
                        r"range=\[0x([0-9a-f]+)-0x([0-9a-f]+)\]")

VERDICT = re.compile(r"^Checking (.*?) : (PASS|WARN|FAIL)(?: \((.*)\))?$")

FIRMWARE_BUG = re.compile(r"Firmware (Bug|Warn)|Your BIOS is broken|"
                          r"No firmware reserved region")
# The kernel's two lines about an RMRR that the firmware did not reserve whole.
RMRR_NOT_RESERVED = ("No firmware reserved region can cover this RMRR",
                     "Your BIOS is broken; bad RMRR")
# The words in which the kernel refuses VFIO a device with a strict RMRR.
VFIO_INELIGIBLE = ("Device is ineligible for IOMMU domain attach due to "
                   "platform RMRR requirement")
DMAR_FAULT = re.compile(r"DMAR: .*(Request device|handling fault status)")
KERNEL_TROUBLE = re.compile(r"BUG:|Oops|Call Trace|Kernel panic|WARNING: CPU")

GGC = 0x50
BDSM = {"32": (0x5C, 4), "64": (0xC0, 8)}
RESOURCE_MEMORY = 0x200          # IORESOURCE_MEM of sysfs's resource file

FIRST_STRUCTURE = 48
TYPE_RMRR = 1
RMRR_SCOPE = 24


@dataclass(frozen=True, order=True)
class Range:
    """[base, limit]; limit is the address of the last byte."""
    base: int
    limit: int

    @classmethod
    def parse(cls, base, limit):
        """From two hexadecimal texts, with or without 0x."""
        return cls(int(base, 16), int(limit, 16))

    @property
    def size(self):
        return self.limit - self.base + 1

    def covers(self, other):
        """True if all of `other` lies in this range."""
        return self.base <= other.base and other.limit <= self.limit

    def overlaps(self, other):
        """True if the two have at least one byte in common."""
        return self.base <= other.limit and other.base <= self.limit

    def __str__(self):
        return f"{self.base:08x}-{self.limit:08x}"


@dataclass(frozen=True)
class Rmrr:
    """A reserved range and the devices it is for."""
    where: Range
    segment: int
    devices: tuple              # ((start bus, ((device, function), ...)), ...)


def structures(table):
    """[(type, bytes)] of a DMAR table, in the table's order."""
    acpi.check(table)
    found = []
    at = FIRST_STRUCTURE
    while at < len(table):
        kind, size = struct.unpack_from("<HH", table, at)
        if size < 4 or at + size > len(table):
            raise acpi.TableError(f"structure at {at} has length {size}")
        found.append((kind, table[at:at + size]))
        at += size
    return found


def rmrrs(table):
    """Its RMRR structures (VT-d specification, chapter 8), decoded."""
    return [decode_rmrr(body) for kind, body in structures(table)
            if kind == TYPE_RMRR]


def decode_rmrr(body):
    """One RMRR structure."""
    segment = struct.unpack_from("<H", body, 6)[0]
    base, limit = struct.unpack_from("<QQ", body, 8)
    devices = []
    at = RMRR_SCOPE
    while at < len(body):
        length = body[at + 1]
        if length < 8 or at + length > len(body):
            raise acpi.TableError(f"device scope at {at} has length {length}")
        path = body[at + 6:at + length]
        devices.append((body[at + 5],
                        tuple(zip(path[0::2], path[1::2]))))
        at += length
    return Rmrr(Range(base, limit), segment, tuple(devices))


@dataclass(frozen=True)
class Device:
    """A PCI device as sysfs shows it."""
    address: str
    vendor: int
    device: int
    class_code: int


class Evidence:
    """Everything one guest said about itself."""

    def __init__(self, level, console, says):
        self.level = level
        self.log = [TIMESTAMP.sub("", line) for line in console.splitlines()]
        marker = f"@@{level} "
        self.says = [line[len(marker):].split()
                     for line in says.splitlines() if line.startswith(marker)]

    def said(self, *words):
        """The rest of each line that begins with these words."""
        begin = list(words)
        return [line[len(begin):] for line in self.says
                if line[:len(begin)] == begin]

    def value(self, *words):
        """The rest of the one line that begins so, as text; None if none."""
        lines = self.said(*words)
        return " ".join(lines[0]) if lines else None

    def data(self, *words):
        """The bytes that the line gives in hexadecimal; None if none."""
        text = self.value(*words)
        return bytes.fromhex(text) if text is not None else None

    def logged(self, pattern):
        """Lines of the kernel's log in which the pattern is found."""
        return [line for line in self.log if re.search(pattern, line)]

    @property
    def started(self):
        return bool(self.said("started"))

    @property
    def finished(self):
        return bool(self.said("finished"))

    def accelerator(self):
        """What runs this guest; its kernel tells KVM by CPUID."""
        return "kvm" if "Hypervisor detected: KVM" in self.log else "tcg"

    def stolen(self):
        """Ranges of the kernel's 'Reserving Intel graphics memory' lines."""
        return [Range.parse(*found.groups())
                for found in map(STOLEN.search, self.log) if found]

    def e820(self, kind=None):
        """Entries of the firmware's memory map, all or of one kind."""
        entries = [(Range.parse(found[1], found[2]), found[3].strip())
                   for found in map(E820.search, self.log) if found]
        if kind is None:
            return entries
        return [where for where, what in entries if what == kind]

    def logged_rmrrs(self):
        """Ranges of the RMRRs that the kernel's IOMMU driver named."""
        return [Range.parse(*found.groups())
                for found in map(RMRR.search, self.log) if found]

    def pnp_memory(self):
        """Ranges that the kernel's PNP system driver found in the DSDT."""
        return [Range.parse(*found.groups())
                for found in map(PNP_MEMORY.search, self.log) if found]

    def table_rmrrs(self):
        """RMRRs of the ACPI table itself, with their device scopes."""
        table = self.data("table", "DMAR")
        return rmrrs(table) if table else []

    def device(self, address="0000:00:02.0"):
        """The device, or None if the guest does not have it."""
        words = self.said("device", address)
        if not words or words[0] == ["absent"]:
            return None
        return Device(address, *(int(word, 16) for word in words[0]))

    def config(self, address="0000:00:02.0"):
        """The device's first 256 bytes of configuration space."""
        return self.data("config", address)

    def bdsm(self, width="32", address="0000:00:02.0"):
        """BDSM as configuration space shows it; width "32" or "64"."""
        at, size = BDSM[width]
        raw = self.config(address)[at:at + size]
        return int.from_bytes(raw, "little")

    def ggc(self, address="0000:00:02.0"):
        """GGC as configuration space shows it."""
        return int.from_bytes(self.config(address)[GGC:GGC + 2], "little")

    def group_regions(self, kind, address="0000:00:02.0"):
        """Reserved regions of one kind of the device's IOMMU group."""
        return [Range.parse(words[0], words[1])
                for words in self.said("group_region", address)
                if words[2:] == [kind]]

    def memory_bars(self, address="0000:00:02.0"):
        """Address ranges of the device's memory BARs."""
        return [Range.parse(words[0], words[1])
                for words in self.said("bar", address)
                if int(words[2], 16) & RESOURCE_MEMORY]

    def iomem(self):
        """[(range, name)] of /proc/iomem, all levels of it."""
        entries = []
        for words in self.said("iomem"):
            base, _, limit = words[0].partition("-")
            entries.append((Range.parse(base, limit), " ".join(words[2:])))
        return entries

    def efi_memory(self):
        """[(range, type)] of the UEFI memory map (needs efi=debug)."""
        return [(Range.parse(found[2], found[3]), found[1].strip())
                for found in map(EFI_MEMORY.search, self.log) if found]

    def firmware_bugs(self):
        """Lines in which the kernel complains about the firmware."""
        return self.logged(FIRMWARE_BUG)

    def dmar_faults(self):
        """Lines in which the IOMMU driver reports a fault."""
        return self.logged(DMAR_FAULT)

    def kernel_trouble(self):
        """Lines of a crash or a warning of the kernel's own."""
        return self.logged(KERNEL_TROUBLE)

    def fw_cfg_names(self):
        """Names of the files the emulator gave to the firmware."""
        return [words[0] for words in self.said("fw_cfg")]

    def fw_cfg_e820(self):
        """[(range, type number)] of etc/e820, as the emulator wrote it."""
        raw = self.data("fw_cfg_bytes", "etc/e820") or b""
        entries = []
        for at in range(0, len(raw) - 19, 20):
            base = int.from_bytes(raw[at:at + 8], "little")
            size = int.from_bytes(raw[at + 8:at + 16], "little")
            kind = int.from_bytes(raw[at + 16:at + 20], "little")
            entries.append((Range(base, base + size - 1), kind))
        return entries

    def dma(self, name):
        """{word: [values]} of a DMA check's line; None if it did not run.

        "dma_copy A B status S word W" gives {"status": [S], "word": [W]}.
        """
        lines = self.said(name)
        if not lines:
            return None
        fields, current = {}, "of"
        for word in lines[0]:
            if word[0].isalpha():
                current = word
            else:
                fields.setdefault(current, []).append(int(word, 16))
        return fields

    def verdicts(self):
        """[(title, status, detail)]: what igd-stolen verify printed."""
        found = []
        for words in self.said("verify"):
            verdict = VERDICT.match(" ".join(words))
            if verdict:
                found.append((verdict[1], verdict[2], verdict[3] or ""))
            elif found:
                title, status, detail = found[-1]
                found[-1] = (title, status, (detail + " " + " ".join(words))
                             .strip())
        return found

    def tool_probe(self):
        """igd-stolen probe --json, parsed; None if it did not run."""
        lines = [" ".join(words) for words in self.said("tool_probe")]
        return json.loads("\n".join(lines)) if lines else None

    def tool_plan(self):
        """Lines of igd-stolen plan that are no comments."""
        lines = [" ".join(words) for words in self.said("tool_plan")]
        return [line for line in lines if not line.startswith("#")]

    def inner_status(self, name="linux"):
        """Exit status of an emulator that ran in this guest."""
        value = self.value("inner_exit", name)
        return int(value) if value is not None else None

    def inner_says(self, name="linux"):
        """What that emulator printed."""
        return "\n".join(" ".join(words)
                         for words in self.said("inner_says", name))
