"""What a guest should have said: one verdict per fact.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.  Both the demo and the tests take their verdicts from here, so they
cannot disagree about what a good line is.
"""

from dataclasses import dataclass

from .evidence import RMRR_NOT_RESERVED, VFIO_INELIGIBLE, Range

MIB = 1 << 20
FILL_WORD = 0x5A17ED00
COPY_WORD = 0x0C0FFEE0
CHECKSUM = 0x11112222 + 0x40000001
EFI_RESERVED = "Reserved"
STATUS_DONE = 2
STATUS_READ_FAILED = 0x80000005
STATUS_WRITE_FAILED = 0x80000006


@dataclass(frozen=True)
class Stolen:
    """Stolen memory as the command line asks for it."""
    dsm_base: int
    dsm_size: int
    gsm_size: int

    @property
    def dsm(self):
        return Range(self.dsm_base, self.dsm_base + self.dsm_size - 1)

    @property
    def region(self):
        """GSM and DSM: what is reserved and what the RMRR covers."""
        return Range(self.dsm_base - self.gsm_size, self.dsm.limit)


@dataclass(frozen=True)
class Check:
    """One verdict: what was looked at, what the guest said, the outcome."""
    title: str
    said: str
    passed: bool
    wanted: str

    def __bool__(self):
        return self.passed

    def __str__(self):
        verdict = "PASS" if self.passed else "FAIL"
        text = f"{verdict}  {self.title}: {self.said}"
        return text if self.passed else f"{text} (wanted {self.wanted})"


def listed(values):
    """Values as one text, or "nothing"."""
    return ", ".join(str(value) for value in values) or "nothing"


def exactly(title, found, wanted):
    """The guest named this one range and no other."""
    return Check(title, listed(found), list(found) == [wanted], str(wanted))


def kernel_stolen(evidence, stolen):
    """early-quirks reserved the DSM, by BDSM and GGC alone."""
    return exactly("Reserving Intel graphics memory", evidence.stolen(),
                   stolen.dsm)


def e820_reserved(evidence, stolen):
    """The memory map's reserved entry that ends with the region.

    The firmware may have joined the region with its own reserved memory
    directly below; nothing may be joined above.
    """
    region = stolen.region
    found = [where for where in evidence.e820("reserved")
             if where.overlaps(region)]
    passed = (len(found) == 1 and found[0].covers(region)
              and found[0].limit == region.limit
              and region.base - found[0].base < MIB)
    return Check("E820 reserved range", listed(found), passed,
                 f"{region}, or that joined with the firmware's own below")


def rmrr_logged(evidence, stolen):
    """The kernel's IOMMU driver took the RMRR up."""
    return exactly("DMAR RMRR", evidence.logged_rmrrs(), stolen.region)


def rmrr_in_table(evidence, stolen, path=((2, 0),)):
    """The ACPI table has one RMRR, for this device and no other."""
    found = evidence.table_rmrrs()
    passed = [(one.where, one.segment, one.devices) for one in found] == [
        (stolen.region, 0, ((0, path),))]
    return Check("RMRR in the ACPI table", listed(found), passed,
                 f"{stolen.region} for 00:{path}")


def group_relaxable(evidence, stolen):
    """VFIO may have the device: its RMRR is relaxable."""
    return exactly("direct-relaxable range of the IOMMU group",
                   evidence.group_regions("direct-relaxable"), stolen.region)


def only_if(finished, check):
    """The same check, failed if its guest did not come to its end.

    Where the absence of something passes, silence must not.
    """
    if finished or not check.passed:
        return check
    return Check(check.title, check.said + ", but the guest broke off",
                 False, check.wanted)


def nothing(title, found):
    """The guest's log has no such line."""
    return Check(title, "none" if not found else found[0], not found, "none")


def no_firmware_bug(evidence):
    """The kernel has no complaint about the firmware."""
    return nothing("firmware-bug lines", evidence.firmware_bugs())


def only_gsm_warning(evidence, region):
    """OVMF 2022.11's one known complaint, and no other."""
    found = evidence.firmware_bugs()
    where = f"[{region.base:#018x}-{region.limit:#018x}]"
    known = [line for line in found if where in line
             and any(words in line for words in RMRR_NOT_RESERVED)]
    return Check("firmware-bug lines", listed(found),
                 len(known) == 2 and known == found,
                 f"the two lines of one warning about {where}")


def no_dmar_fault(evidence):
    """The IOMMU refused nothing."""
    return nothing("DMAR faults", evidence.dmar_faults())


def no_kernel_trouble(evidence):
    """No crash and no warning of the kernel's own."""
    return nothing("kernel crashes and warnings", evidence.kernel_trouble())


def pci_windows_clear(evidence, stolen):
    """No window of a PCI host bridge takes in any of the region."""
    return nothing("PCI windows over stolen memory",
                   [f"{what} {where}" for where, what in evidence.iomem()
                    if what.startswith("PCI Bus")
                    and where.overlaps(stolen.region)])


def motherboard_resource(evidence, stolen):
    """The DSDT names the region as used by the motherboard (PNP0C02)."""
    return exactly("PNP0C02 resource",
                   [where for where in evidence.pnp_memory()
                    if where.overlaps(stolen.region)], stolen.region)


def bars_clear(evidence, stolen):
    """No BAR of the device lies over the region."""
    return nothing("BARs over stolen memory",
                   [str(bar) for bar in evidence.memory_bars()
                    if bar.overlaps(stolen.region)])


def vfio_ineligible(evidence):
    """The kernel refused to give a device with an RMRR to VFIO."""
    found = evidence.logged(VFIO_INELIGIBLE)
    return Check("VFIO's refusal", found[0] if found else "none",
                 bool(found), VFIO_INELIGIBLE)


def dma_line(title, fields, wanted):
    """A DMA check's words are the wanted ones."""
    if fields is None:
        return Check(title, "did not run", False, "a run")
    said = ", ".join(f"{name} {' '.join(f'{value:#x}' for value in values)}"
                     for name, values in fields.items() if name != "of")
    passed = all(fields.get(name) == values
                 for name, values in wanted.items())
    text = ", ".join(f"{name} {' '.join(f'{value:#x}' for value in values)}"
                     for name, values in wanted.items())
    return Check(title, said, passed, text)


def dma_seen_by_cpu(evidence):
    """The device filled the region; the CPU finds the pattern there."""
    return dma_line("device DMA into stolen memory, seen by the CPU",
                    evidence.dma("dma_fill"),
                    {"status": [STATUS_DONE], "words": [FILL_WORD] * 3})


def dma_read_back(evidence, stolen):
    """The device reads what it wrote, from GSM and DSM alike."""
    words = stolen.region.size // 4
    return dma_line("device DMA from stolen memory", evidence.dma("dma_read"),
                    {"status": [STATUS_DONE], "sum": [words * FILL_WORD]})


def cpu_seen_by_dma(evidence):
    """The CPU wrote into the region; the device's checksum has it."""
    return dma_line("CPU writes to stolen memory, seen by device DMA",
                    evidence.dma("dma_checksum"),
                    {"status": [STATUS_DONE] * 2, "sum": [CHECKSUM]})


def device_works(evidence, stolen):
    """DMA by the device and accesses by the CPU, and each sees the other's."""
    return [dma_seen_by_cpu(evidence), dma_read_back(evidence, stolen),
            cpu_seen_by_dma(evidence)]


def dma_copied(evidence):
    """The device copied a word inside the region."""
    return dma_line("device copy inside stolen memory",
                    evidence.dma("dma_copy"),
                    {"status": [STATUS_DONE], "word": [COPY_WORD]})


def stray_dma_refused(evidence):
    """A write where nothing is mapped fails at the device."""
    return dma_line("device DMA where nothing is mapped",
                    evidence.dma("dma_stray"),
                    {"status": [STATUS_WRITE_FAILED]})


def efi_map_clear(evidence, stolen):
    """Whatever of the UEFI memory map is in the region is reserved."""
    entries = evidence.efi_memory()
    if not entries:
        return Check("UEFI memory map", "not printed", False, "efi=debug")
    inside = [f"{kind} {where}" for where, kind in entries
              if kind != EFI_RESERVED and where.overlaps(stolen.region)]
    return nothing("firmware ranges of the UEFI map in stolen memory", inside)


def tool_verdicts(evidence):
    """The lines of igd-stolen verify, run in the guest."""
    found = [Check(f"igd-stolen verify, {title.removeprefix('for ')}",
                   detail if status == "PASS" else f"{status} {detail}",
                   status == "PASS", "PASS")
             for title, status, detail in evidence.verdicts()]
    return found or [Check("igd-stolen verify", "did not run", False,
                           "a run")]


def tool_agrees(evidence, stolen):
    """Each verdict of igd-stolen is that of the check it stands beside."""
    ours = {
        "reserved_regions of the IOMMU group":
            group_relaxable(evidence, stolen),
        "RMRR in the DMAR table": rmrr_in_table(evidence, stolen),
        "E820": e820_reserved(evidence, stolen),
        "the kernel's own reservation":
            kernel_stolen(evidence, stolen),
    }
    theirs = {title: status == "PASS"
              for title, status, _ in evidence.verdicts()}
    differ = [f"{title}: {theirs.get(title)}, and {check}"
              for title, check in ours.items()
              if theirs.get(title) != check.passed]
    return nothing("verdicts of igd-stolen that the logs contradict", differ)


def whole_level(evidence, stolen):
    """What every level of the chain has to say."""
    return [
        kernel_stolen(evidence, stolen),
        e820_reserved(evidence, stolen),
        rmrr_logged(evidence, stolen),
        group_relaxable(evidence, stolen),
        no_firmware_bug(evidence),
        no_dmar_fault(evidence),
    ]
