"""Xen below a guest's kernel, and what the hypervisor's log says.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The emulator boots Xen by multiboot, with the kernel and the initramfs as its
modules; the kernel is then dom0.  Both write to the first serial port.  Xen is
told not to map reserved memory for dom0 on that account alone, so that what the
device reaches of it is there because of an RMRR.
"""

import gzip
import re
from dataclasses import replace

from . import handover, runner
from .checks import Check, listed, nothing
from .initramfs import unpacked, write_whole

OPTIONS = ("console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all "
           "iommu=verbose,debug dom0-iommu=map-reserved=no")
DOM0_CONSOLE = "console=hvc0"

FOUND = re.compile(r"^\(XEN\) \[VT-D\]found ACPI_DMAR_RMRR:")
ENDPOINT = re.compile(r"^\(XEN\) \[VT-D\] endpoint: ([0-9a-f:.]+)$")
# "DMAR:[DMA Write] Request device ..." and the line with the reason after it.
FAULT = re.compile(r"^\(XEN\) \[VT-D\]DMAR:")
ENABLED = ("(XEN) I/O virtualisation enabled",
           "(XEN) [VT-D]iommu_enable_translation: ")


def below(guest, image, directory):
    """The same guest with Xen below; unpacks both into the directory."""
    xen, kernel = directory / "xen", directory / "vmlinux"
    write_whole(xen, gzip.decompress(image.read_bytes()))
    write_whole(kernel, unpacked(guest.kernel.read_bytes()))
    line = runner.KERNEL_COMMAND_LINE.replace("console=ttyS0", DOM0_CONSOLE)
    module = f"{kernel} {line} {guest.parameters}".replace(",", ",,")
    return replace(
        guest, trace=(*guest.trace, "vtd_dmar_fault"),
        boots=("-kernel", str(xen), "-initrd", f"{module},{guest.initramfs}",
               "-append", OPTIONS))


def rmrrs(log):
    """The devices of each RMRR that Xen has found, as it names them."""
    found = []
    for above, line in zip([""] + log, log):
        if FOUND.match(line):
            found.append([])
        endpoint = ENDPOINT.match(line)
        if endpoint and found and (FOUND.match(above) or ENDPOINT.match(above)):
            found[-1].append(endpoint[1])
    return found


def rmrr_found(evidence, device="0000:00:02.0"):
    """Xen has taken up one RMRR, for this device."""
    found = rmrrs(evidence.log)
    return Check("RMRRs that Xen found", str(found), found == [[device]],
                 str([[device]]))


def rmrr_reserved(evidence):
    """Xen's memory map has the RMRR's range as reserved."""
    return nothing("RMRRs not in reserved memory",
                   evidence.logged("not in reserved memory"))


def translates(evidence):
    """Xen has the devices translated."""
    found = [words for words in ENABLED
             if any(line.startswith(words) for line in evidence.log)]
    return Check("Xen's VT-d", listed(found), found == list(ENABLED),
                 listed(ENABLED))


def no_fault(evidence):
    """Xen reports no DMA fault."""
    return nothing("DMA faults that Xen reports",
                   [line for line in evidence.log if FAULT.match(line)])


def no_fault_traced(evidence):
    """The emulated VT-d has refused nothing."""
    return nothing("DMA faults in the emulator",
                   evidence.logged("^vtd_dmar_fault "))


def memory_mapped(evidence, name):
    """VFIO has mappings of dom0's memory beside that of the region."""
    stats = handover.listener(evidence, name)
    others = stats["entries"] - stats["region-entries"]
    return Check(f"mappings of dom0's memory at {name}", str(others),
                 others > 0, "some")


def below_linux(evidence, version):
    """The kernel is dom0 of that Xen, which has kept the DMAR for itself."""
    xen = evidence.logged(rf"^Xen version: {re.escape(version)}")
    tables = [words[0] for words in evidence.said("table_name")]
    passed = bool(xen) and "FACP" in tables and "DMAR" not in tables
    return Check("dom0", f"{listed(xen)}; tables {' '.join(tables)}", passed,
                 f"Xen version: {version}, and no table DMAR")
