"""RMRRs of an ACPI DMAR table (VT-d specification, chapter 8).

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: bytes in, values out.
"""

import struct
from dataclasses import dataclass

from .ranges import Range

FIRST_STRUCTURE = 48
TYPE_RMRR = 1
RMRR_SCOPE = 24


class TableError(Exception):
    """The table contradicts itself."""


@dataclass(frozen=True)
class Rmrr:
    """A reserved range and the devices it is for."""
    where: Range
    segment: int
    devices: tuple              # ((start bus, ((device, function), ...)), ...)


def structures(table):
    """[(type, bytes)] of the table, in the table's order."""
    length = struct.unpack_from("<I", table, 4)[0]
    if table[:4] != b"DMAR" or length != len(table):
        raise TableError(f"no DMAR table of {length} bytes")
    if sum(table) & 0xFF:
        raise TableError("checksum is not zero")
    found = []
    at = FIRST_STRUCTURE
    while at < length:
        kind, size = struct.unpack_from("<HH", table, at)
        if size < 4 or at + size > length:
            raise TableError(f"structure at {at} has length {size}")
        found.append((kind, table[at:at + size]))
        at += size
    return found


def rmrrs(table):
    """The RMRR structures, decoded."""
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
            raise TableError(f"device scope at {at} has length {length}")
        path = body[at + 6:at + length]
        devices.append((body[at + 5],
                        tuple(zip(path[0::2], path[1::2]))))
        at += length
    return Rmrr(Range(base, limit), segment, tuple(devices))
