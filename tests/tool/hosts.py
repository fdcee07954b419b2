#!/usr/bin/python3
"""Bundles of hosts, from a table of what is known of them.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Run with the name of a directory, writes NAME.bundle there for each host; "./run
tool" does so in build/hosts.  Ranges and device ids are those of real boards,
from public boot logs and reports; capability registers are those that such
boards print.  The rest is what Linux shows.
"""

import os
import struct
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

MIB = 1 << 20
IGD = "0000:00:02.0"
PCI = "/sys/bus/pci/devices"

# VT-d capability registers as Linux prints them: width of 39 and of 48 bits
CAP_39 = 0x1C0000C40660462
CAP_39_OLD = 0xC0000020E60262
CAP_48 = 0x8D2078C106F0466
CAP_42 = 0xC9DE008CEE690462

# Extended capability register: bit 3 is interrupt remapping
ECAP = 0xF050DA
ECAP_IR = 8

# BAR 2 of the IGD, as sysfs and /proc/iomem have it
BAR2 = (0xD0000000, 0xDFFFFFFF)

# Lines of os-release
SYSTEMS = {
    "debian": ["ID=debian"],
    "ubuntu": ["ID=ubuntu", "ID_LIKE=debian"],
    "rocky": ['ID="rocky"', 'ID_LIKE="rhel centos fedora"'],
    "arch": ["ID=arch"],
    "slackware": ["ID=slackware"],
}


@dataclass
class Host:
    """One host; dsm, sizes and limit in bytes, mode as Linux gives it."""
    name: str
    says: str
    device: int
    ggc: int = 0
    dsm: int = 0
    limit: int = 0
    gsm: int = 8 * MIB
    gen11: bool = False
    kernel: str = "6.12.43"
    root: bool = True
    driver: str = "i915"
    display: int = 0x030000
    cap: int = CAP_39
    vtd: str = "on"             # on, kernel-off, firmware-off
    entry_limit: int = None
    memory: int = 16 << 20      # KiB
    others: dict = field(default_factory=dict)
    kvm: bool = True
    group_base: int = None      # if it differs from what the registers say
    raw_bdsm: int = None
    where: str = IGD
    # The device in the group's reserved_regions: line, direct,
    # two (another relaxable range besides), none, absent (no such file)
    source: str = "line"
    besides: dict = field(default_factory=dict)     # in no group with it
    functions: int = 0          # virtual functions
    asls: int = 0x7A000018
    ecap: int = ECAP
    framebuffer: str = None     # who holds BAR 2
    system: str = "debian"
    cpu_width: int = 39

    @property
    def base(self):
        return self.dsm - self.gsm


def gms(size):
    """GMS of gen 8 to 12, where it is bits 15:8."""
    if size % (32 * MIB) == 0:
        return size // (32 * MIB) << 8
    return 0xF0 + size // (4 * MIB) - 1 << 8


def ggc(size, gsm=8 * MIB):
    """GGC of gen 8 to 12 without its lock bit."""
    return gms(size) | {2: 1, 4: 2, 8: 3}[gsm // MIB] << 6


def ggc_old(size, gsm):
    """GGC of gen 6 and 7."""
    return size // (32 * MIB) << 3 | gsm // MIB << 8


USUAL = (ggc(64 * MIB), 0x7C000000, 0x7FFFFFFF)
READY = {"driver": "vfio-pci", "entry_limit": 65535}

HOSTS = [
    Host("sandy-bridge-vtd-off", "gen 6, VT-d not used by the kernel", 0x0102,
         ggc_old(64 * MIB, 2 * MIB), 0xDBA00000, 0xDF9FFFFF, 2 * MIB,
         kernel="6.1.0", cap=CAP_39_OLD, vtd="kernel-off"),
    Host("haswell-high", "gen 7, inside the guest's PCI window", 0x0412,
         ggc_old(32 * MIB, 2 * MIB), 0xCE000000, 0xCFFFFFFF, 2 * MIB,
         kernel="6.1.0", cap=CAP_39_OLD),
    Host("haswell-256m", "gen 7, across c0000000, on SeaBIOS's MMCONFIG",
         0x0416, ggc_old(256 * MIB, 2 * MIB), 0xBF200000, 0xCF1FFFFF,
         2 * MIB, cap=CAP_39_OLD, driver="vfio-pci"),
    Host("broadwell", "gen 8, on SeaBIOS's MMCONFIG", 0x1616, ggc(64 * MIB),
         0xBB000000, 0xBEFFFFFF, **READY),
    Host("braswell", "gen 8, Cherryview's own GGC", 0x22B1,
         ggc_old(64 * MIB, 3 * MIB), 0x7C000000, 0x7FFFFFFF, 8 * MIB,
         memory=4 << 20),
    Host("skylake-ready", "gen 9, bound to vfio-pci, alone in its group",
         0x1912, ggc(64 * MIB), 0x7B800000, 0x7F7FFFFF, **READY),
    Host("skylake-nobody", "the same as anybody but root sees it", 0x1912,
         ggc(64 * MIB), 0x7B800000, 0x7F7FFFFF, **READY, root=False),
    Host("apollo-lake", "gen 9 with an id in Haswell's range", 0x5A84,
         *USUAL, memory=8 << 20),
    Host("kaby-lake-128m", "gen 9, 128 MiB below 2 GiB", 0x5912,
         ggc(128 * MIB), 0x78000000, 0x7FFFFFFF, driver=None),
    Host("coffee-lake-shared", "gen 9, a sound device in its group", 0x3E98,
         ggc(32 * MIB), 0x8D800000, 0x8F7FFFFF,
         others={"0000:00:1f.3": (0x8086, 0xA348, 0x040300, "snd_hda_intel"),
                 "0000:00:01.0": (0x8086, 0x1901, 0x060400, "pcieport")}),
    Host("whiskey-lake", "few mappings allowed, a busy host bridge", 0x3EA0,
         ggc(64 * MIB), 0x8C000000, 0x8FFFFFFF, driver="vfio-pci",
         entry_limit=1024, others={"0000:00:00.0": (0x8086, 0x3E34, 0x060000,
                                                    "skl_uncore")}),
    Host("comet-lake-vtd-off", "gen 9, no DMAR table", 0x9BC5, *USUAL,
         vtd="firmware-off", root=False),
    Host("ice-lake", "gen 11, BDSM of 64 bits", 0x8A52, ggc(64 * MIB),
         0x9C800000, 0xA07FFFFF, gen11=True, **READY),
    Host("tiger-lake-nuc", "gen 12, as nobody, i915", 0x9A49, ggc(64 * MIB),
         0x4B800000, 0x4F7FFFFF, gen11=True, root=False),
    Host("tiger-lake", "gen 12, 60 MiB, bound to igd-vfio-pci", 0x9A49,
         ggc(60 * MIB), 0x4C800000, 0x503FFFFF, gen11=True,
         driver="igd-vfio-pci", entry_limit=65535),
    Host("alder-lake", "gen 12, GSM and DSM across 2 GiB", 0x4680,
         ggc(64 * MIB, 8 * MIB), 0x7C800000, 0x807FFFFF, gen11=True,
         cap=CAP_48, **READY, memory=64 << 20),
    Host("meteor-lake", "stolen memory in a BAR", 0x7D55, 0, gen11=True,
         **READY, cap=CAP_48),
    Host("not-vga", "the IGD is not the primary display", 0x3E98,
         *USUAL, display=0x038000),
    Host("unknown-id", "an id that is in no table", 0x0042, 0, 0x7B800000,
         0x7F7FFFFF, **READY, root=False),
    Host("unknown-id-root", "the same; its kernel knows the DSM", 0x0042, 0,
         0x7B800000, 0x7F7FFFFF, **READY),
    Host("contradiction", "registers and kernel disagree", 0x1912,
         ggc(64 * MIB), 0x7B800000, 0x7F7FFFFF, driver="vfio-pci",
         group_base=0x7A000000),
    Host("bdsm-zero", "registers that firmware never set", 0x1912,
         ggc(64 * MIB), 0x7B800000, 0x7F7FFFFF, raw_bdsm=0, vtd="kernel-off"),
    Host("no-igd", "a discrete GPU of Intel alone", 0x56A0, 0,
         where="0000:03:00.0", driver="xe", vtd="on", root=False),
    # A source says nothing, or more than one thing
    Host("no-line", "no range in the group, as in a guest of stock QEMU",
         0x5917, *USUAL, **READY, source="none"),
    Host("two-lines", "another range in the group, relaxed as well", 0x3E92,
         ggc(64 * MIB), 0x8C000000, 0x8FFFFFFF, **READY, source="two",
         kernel="6.8.12"),
    Host("direct-line", "a kernel that knows no relaxable ranges", 0x1912,
         *USUAL, driver="vfio-pci", source="direct", kernel="4.19.107",
         system="slackware"),
    Host("direct-nobody", "the same as nobody", 0x1912, *USUAL,
         driver="vfio-pci", source="direct", kernel="4.19.107",
         system="slackware", root=False),
    Host("no-file", "a kernel without reserved_regions", 0x0412,
         ggc_old(64 * MIB, 2 * MIB), 0xDB200000, 0xDF1FFFFF, 2 * MIB,
         driver="vfio-pci", source="absent", kernel="4.6.6", asls=0),
    Host("line-on-old-kernel", "a relaxable range below Linux 5.3", 0x3E92,
         *USUAL, **READY, kernel="4.18.0", system="rocky"),
    Host("kernel-3", "a kernel that keeps the display", 0x0412,
         ggc_old(64 * MIB, 2 * MIB), 0xDB200000, 0xDF1FFFFF, 2 * MIB,
         driver="vfio-pci", source="absent", kernel="3.16.0", system="arch"),
    Host("other-gpu-primary", "class 0380, as another GPU is primary",
         0xA780, ggc(64 * MIB), 0x6C800000, 0x707FFFFF, gen11=True, **READY,
         display=0x038000,
         besides={"0000:01:00.0": (0x10DE, 0x2783, 0x030000, "nvidia")}),
    Host("virtual-functions", "gen 12, seven virtual functions", 0x46D1,
         ggc(64 * MIB), 0x7C800000, 0x807FFFFF, gen11=True, driver="xe",
         functions=7, kernel="6.14.8"),
    Host("function-in-guest", "a virtual function that a guest was handed",
         0x46D1, gen11=True, driver="vfio-pci", raw_bdsm=0, asls=0),
    Host("bridge-at-02", "a Xeon's root port where an IGD would be", 0x6F04,
         display=0x060400, driver="pcieport", cap=CAP_48,
         besides={"0000:01:00.1": (0x102B, 0x0533, 0x030000, "mgag200")}),
    Host("sound", "sound in a group of its own, a wide CPU", 0x1912, *USUAL,
         **READY, cpu_width=46, besides={
             "0000:00:1f.3": (0x8086, 0xA170, 0x040300, "snd_hda_intel")}),
    Host("sound-shared", "sound in a group with SMBus", 0x1912, *USUAL,
         **READY, besides={
             "0000:00:1f.3": (0x8086, 0xA170, 0x040300, "vfio-pci"),
             "0000:00:1f.4": (0x8086, 0xA123, 0x0C0500, "i801_smbus")}),
    Host("framebuffer", "the console's framebuffer in BAR 2", 0x5912, *USUAL,
         **READY, framebuffer="simplefb", system="rocky"),
    Host("framebuffer-old", "the same, before sysfb_init", 0x5912, *USUAL,
         **READY, framebuffer="efifb", kernel="5.10.0"),
    Host("no-intremap", "no interrupt remapping", 0x0102,
         ggc_old(64 * MIB, 2 * MIB), 0xDBA00000, 0xDF9FFFFF, 2 * MIB,
         driver="vfio-pci", cap=CAP_39_OLD, ecap=ECAP & ~ECAP_IR),
    Host("wildcat-lake", "stolen memory in a BAR, and no RMRR", 0xFD80,
         gen11=True, **READY, cap=CAP_42, kernel="6.17.2"),
    Host("arrow-lake-s", "the same", 0xB640, gen11=True, **READY, cap=CAP_42,
         kernel="6.17.2"),
    Host("nova-lake", "the same", 0xD741, gen11=True, **READY, cap=CAP_42,
         kernel="6.17.2"),
    Host("amber-lake", "gen 9, an id of its own", 0x87C0, *USUAL, **READY),
    Host("cannon-lake", "gen 10, as gen 9", 0x5A52, *USUAL, **READY),
    Host("ubuntu-vtd-off", "VT-d not used by the kernel", 0x1912, *USUAL,
         vtd="kernel-off", system="ubuntu"),
]

# The IGD's driver, and the other devices of its group
IN_GROUP = {
    "disk": ("i915", {
        "0000:01:00.0": (0x144D, 0xA808, 0x010802, "nvme"),
        "0000:01:00.1": (0x8086, 0x15B7, 0x020000, "e1000e")}),
    "usb": ("i915", {
        "0000:00:14.0": (0x8086, 0xA36D, 0x0C0330, "xhci_hcd")}),
    "emmc": ("vfio-pci", {
        "0000:00:1c.0": (0x8086, 0x31CC, 0x080501, "sdhci-pci")}),
    "fibre": ("vfio-pci", {
        "0000:01:00.0": (0x1077, 0x2532, 0x0C0400, "qla2xxx")}),
    "infiniband": ("vfio-pci", {
        "0000:01:00.0": (0x15B3, 0x6274, 0x0C0600, "ib_mthca")}),
    "wireless": ("vfio-pci", {
        "0000:01:00.0": (0x8086, 0x7560, 0x0D4000, "iosm")}),
    "isa-bridge": ("vfio-pci", {
        "0000:00:1f.0": (0x8086, 0xA145, 0x060100, "lpc_ich")}),
    "no-class": ("vfio-pci", {
        "0000:01:00.0": (0x1000, 0x0072, None, "mpt3sas")}),
    "smbus": ("vfio-pci", {
        "0000:00:1f.4": (0x8086, 0xA323, 0x0C0500, "i801_smbus")}),
}
HOSTS += [Host(f"{name}-in-group", f"{name} in its group", 0x1912, *USUAL,
               driver=driver, others=others)
          for name, (driver, others) in IN_GROUP.items()]


class Bundle:
    """Collects entries; text() gives the bundle."""

    def __init__(self):
        self._entries = {}

    def put(self, kind, path, lines, missing="absent"):
        """Adds a file, link, dir or config; with None for lines, why not."""
        text = (f"{missing} {kind} {path}\n" if lines is None else
                f"{kind} {path}\n" + "".join(
                    f"| {line}".rstrip() + "\n" for line in lines))
        order = ("file", "hex", "link", "dir", "config").index(kind)
        self._entries[(path, order)] = text

    def put_bytes(self, kind, path, content):
        rows = [content[at:at + 16] for at in range(0, len(content), 16)]
        self.put(kind, path, [row.hex(" ") for row in rows])

    def text(self):
        """The bundle's text, in the order in which the tool writes it."""
        return "igd-stolen-bundle 1\n" + "".join(
            self._entries[key] for key in sorted(self._entries))


def config_space(host):
    """256 bytes, or those that anybody may read."""
    content = bytearray(256)
    bdsm = host.dsm | 1 if host.raw_bdsm is None else host.raw_bdsm
    struct.pack_into("<HHH", content, 0, 0x8086, host.device, 7)
    struct.pack_into("<I", content, 8, host.display << 8)
    struct.pack_into("<H", content, 0x50, host.ggc)
    struct.pack_into("<Q" if host.gen11 else "<I", content,
                     0xC0 if host.gen11 else 0x5C, bdsm)
    struct.pack_into("<I", content, 0xFC, host.asls)
    return bytes(content if host.root else content[:64])


def dmar_table(host):
    """A DMAR table with two units and, if there is a region, its RMRR."""
    scope = bytes([1, 8, 0, 0, 0, 0, 2, 0])
    body = struct.pack("<HHIQ", 0, 24, 0, 0xFED90000) + scope
    body += struct.pack("<HHIQ", 0, 16, 1, 0xFED91000)
    if host.dsm:
        body += struct.pack("<HHIQQ", 1, 32, 0, host.base, host.limit) + scope
    table = struct.pack("<4sIBB26xBB10x", b"DMAR", 48 + len(body), 1, 0,
                        38 if host.cap != CAP_48 else 45,
                        1 if host.ecap & ECAP_IR else 0) + body
    return table[:9] + bytes([-sum(table) & 0xFF]) + table[10:]


def memory_ranges(host):
    """[(base, limit, name)]: the top level of a host's memory map."""
    low = (host.base if host.dsm else 0x7C000000) - 0x4800000
    top = max(host.limit + 1, 0x80000000)
    ranges = [
        (0x1000, 0x9FFFF, "System RAM"), (0xA0000, 0xFFFFF, "Reserved"),
        (0x100000, low - 1, "System RAM"),
        (low, low + 0x3FFFFFF, "ACPI Non-volatile Storage"),
    ]
    if host.dsm:
        ranges.append((host.base, host.limit, "Reserved"))
    if top < 0xE0000000:
        ranges.append((top, 0xDFFFFFFF, "PCI Bus 0000:00"))
    return ranges + [
        (0xE0000000, 0xEFFFFFFF, "Reserved"),
        (0xFED90000, 0xFED91FFF, "Reserved"),
        (1 << 32, (1 << 32) + (host.memory << 10) - low - 1, "System RAM")]


def put_memory(bundle, host):
    """/proc/iomem and the firmware's map."""
    lines = []
    entries = []
    for base, limit, name in memory_ranges(host):
        lines.append((0, base, limit, name))
        if host.driver == "i915" and base == host.base:
            lines.append((1, host.dsm, host.limit, "Graphics Stolen Memory"))
        if not name.startswith("PCI"):
            entries.append((base, limit, name))
        elif base <= BAR2[0]:
            lines.append((1, *BAR2, host.where))
            if host.framebuffer:
                lines.append((2, BAR2[0], BAR2[0] + 0x7E8FFF,
                              host.framebuffer))
    bundle.put("file", "/proc/iomem", [
        "  " * depth + "%08x-%08x : %s" % (base if host.root else 0,
                                           limit if host.root else 0, name)
        for depth, base, limit, name in lines])
    directory = "/sys/firmware/memmap"
    bundle.put("dir", directory, sorted(str(i) for i in range(len(entries))))
    for number, (base, limit, name) in enumerate(entries):
        bundle.put("file", f"{directory}/{number}/start", [f"{base:#x}"])
        bundle.put("file", f"{directory}/{number}/end", [f"{limit:#x}"])
        bundle.put("file", f"{directory}/{number}/type", [name])


def put_system(bundle, host):
    """Kernel, processor, memory, limits."""
    bundle.put("file", "/etc/os-release", SYSTEMS[host.system])
    bundle.put("file", "/proc/sys/kernel/osrelease", [host.kernel])
    bundle.put("file", "/proc/cpuinfo",
               ["vendor_id\t: GenuineIntel",
                "address sizes\t: %d bits physical, 48 bits virtual"
                % host.cpu_width])
    bundle.put("file", "/proc/meminfo",
               [f"MemTotal:       {host.memory:8d} kB",
                f"MemAvailable:   {host.memory * 3 // 4:8d} kB"])
    bundle.put("file", "/proc/self/limits",
               ["Max locked memory         8388608              8388608"
                "              bytes"])
    bundle.put("file", "/proc/cmdline",
               ["intel_iommu=on"] if host.vtd == "on" else [""])
    quirk = ["Reserving Intel graphics memory at [mem 0x%08x-0x%08x]"
             % (host.dsm, host.limit)] * (
                 host.dsm and host.raw_bdsm is None)
    bundle.put("file", "/dev/kmsg",
               ["Linux version", *quirk] if host.root else None, "denied")
    for name, value in (("dma_entry_limit", str(host.entry_limit)),
                        ("allow_unsafe_interrupts", "N")):
        bundle.put("file", "/sys/module/vfio_iommu_type1/parameters/" + name,
                   [value] if host.entry_limit else None)
    bundle.put("link", "/sys/class/misc/kvm",
               ["../../devices/virtual/misc/kvm"] if host.kvm else None)


def put_device(bundle, address, vendor, device, display, driver):
    """Ids, class and driver of a device."""
    directory = f"{PCI}/{address}"
    bundle.put("file", f"{directory}/vendor", [f"0x{vendor:04x}"])
    bundle.put("file", f"{directory}/device", [f"0x{device:04x}"])
    bundle.put("file", f"{directory}/class",
               None if display is None else [f"0x{display:06x}"])
    bundle.put("link", f"{directory}/driver",
               [f"../../../bus/pci/drivers/{driver}"] if driver else None)


def reserved_regions(host):
    """The lines about a device's group, or None if there is no such file."""
    base = host.base if host.group_base is None else host.group_base
    line = "0x%016x 0x%016x " % (base, host.limit)
    of_device = {
        "line": [line + "direct-relaxable"],
        "direct": [line + "direct"],
        "two": ["0x000000003e2e0000 0x000000003e2fffff direct-relaxable",
                line + "direct-relaxable"],
    }.get(host.source, []) if host.dsm else []
    return (None if host.source == "absent" else
            of_device + ["0x00000000fee00000 0x00000000feefffff msi"])


def put_group(bundle, address, number, devices, regions):
    """A group and its devices."""
    group = f"/sys/kernel/iommu_groups/{number}"
    bundle.put("link", f"{PCI}/{address}/iommu_group", [f"../../..{group[4:]}"])
    bundle.put("file", f"{group}/type", ["DMA-FQ"])
    bundle.put("dir", f"{group}/devices", sorted(devices))
    bundle.put("file", f"{group}/reserved_regions", regions)
    bundle.put("link", f"{PCI}/{address}/iommu",
               ["../../virtual/iommu/dmar0"])


def put_groups(bundle, host):
    """The IGD's group and IOMMU unit, and those of its functions."""
    unit = "/sys/class/iommu/dmar0/intel-iommu"
    for name, value in (("cap", host.cap), ("ecap", host.ecap)):
        bundle.put("file", f"{unit}/{name}",
                   [f"{value:x}"] if host.vtd == "on" else None)
    if host.vtd != "on":
        for name in ("iommu_group", "iommu"):
            bundle.put("link", f"{PCI}/{host.where}/{name}", None)
        return
    put_group(bundle, host.where, 1, [host.where, *host.others],
              reserved_regions(host))
    for address in host.besides:
        put_group(bundle, address, 2, list(host.besides), [])
    for function in range(1, host.functions + 1):
        address = host.where[:-1] + str(function)
        put_group(bundle, address, 16 + function, [address],
                  reserved_regions(replace(host, source="none")))


def put_functions(bundle, host):
    """Virtual functions: of the physical one's ids, with nothing to read."""
    for function in range(1, host.functions + 1):
        address = host.where[:-1] + str(function)
        put_device(bundle, address, 0x8086, host.device, host.display,
                   "vfio-pci" if function == 1 else None)
        put_details(bundle, address, bytes(b"\xff" * 4 + bytes(252)))
        bundle.put("link", f"{PCI}/{address}/physfn", [f"../{host.where}"])


def put_details(bundle, address, config):
    """Files that are read of displays alone."""
    directory = f"{PCI}/{address}"
    bundle.put("link", directory, [f"../../../devices/pci0000:00/{address}"])
    bundle.put_bytes("config", f"{directory}/config", config)
    bundle.put("file", f"{directory}/resource", [
        "0x%016x 0x%016x 0x%016x" % line for line in (
            (0x6000000000, 0x6000FFFFFF, 0x140204), (0, 0, 0),
            (*BAR2, 0x14220C))])


def bundle_of(host):
    """The whole text."""
    bundle = Bundle()
    put_system(bundle, host)
    put_memory(bundle, host)
    others = {"0000:00:00.0": (0x8086, 0x3E30, 0x060000, None), **host.others,
              **host.besides}
    functions = [host.where[:-1] + str(number + 1)
                 for number in range(host.functions)]
    bundle.put("dir", PCI, sorted([host.where, *others, *functions]))
    for address, device in others.items():
        put_device(bundle, address, *device)
        bundle.put("link", f"{PCI}/{address}/iommu_group", None)
    put_device(bundle, host.where, 0x8086, host.device, host.display,
               host.driver)
    put_details(bundle, host.where, config_space(host))
    bundle.put("link", f"{PCI}/{host.where}/physfn", None)
    put_functions(bundle, host)
    put_groups(bundle, host)
    units = ["dmar0", "dmar1"] if host.vtd == "on" else []
    bundle.put("dir", "/sys/class/iommu", units)
    table = "/sys/firmware/acpi/tables/DMAR"
    there = host.vtd != "firmware-off"
    bundle.put("dir", "/sys/firmware/acpi/tables", ["DMAR"] if there else [])
    if there and host.root:
        bundle.put_bytes("hex", table, dmar_table(host))
    else:
        bundle.put("file", table, None, "denied" if there else "absent")
    return bundle.text()


def main():
    directory = Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for host in HOSTS:
        path = directory / f"{host.name}.bundle"
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(bundle_of(host))
        new.rename(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
