"""ACPI tables that a kernel takes from its initramfs instead of firmware's.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: bytes in, bytes out.  The kernel looks for them in the first archive,
which must not be compressed (Documentation/admin-guide/acpi/
initrd_table_override.rst), and takes one only if its OEM revision is higher
than that of the table it is for.
"""

import struct

from .initramfs import Archive

DIRECTORY = "kernel/firmware/acpi"
LENGTH = 4
CHECKSUM = 9
OEM_REVISION = 24
HEADER = 36


class TableError(Exception):
    """These bytes are no ACPI table."""


def check(table):
    """Raises TableError unless length and checksum are right."""
    if len(table) < HEADER:
        raise TableError(f"{len(table)} bytes are no table")
    length = struct.unpack_from("<I", table, LENGTH)[0]
    if length != len(table):
        raise TableError(f"the length says {length}, and it is {len(table)}")
    if sum(table) & 0xFF:
        raise TableError("the checksum is not zero")


def raised(table):
    """The same table with its OEM revision raised by one."""
    check(table)
    new = bytearray(table)
    revision = struct.unpack_from("<I", table, OEM_REVISION)[0]
    struct.pack_into("<I", new, OEM_REVISION, revision + 1)
    new[CHECKSUM] = 0
    new[CHECKSUM] = -sum(new) & 0xFF
    return bytes(new)


def archive(*tables):
    """The archive that goes in front of an initramfs."""
    out = Archive()
    for table in tables:
        check(table)
        name = table[:4].decode("ascii").lower()
        out.file(f"{DIRECTORY}/{name}.aml", table)
    return out.finish()
