# The map of the book: one region in the address spaces of host, L1 and L2
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The numbers are what igd-stolen plans: on the host for L1, and in L1 for L2,
# from bundles of both. Drawn by address_map_svg.py and address_map_text.py.

import json
import math
import subprocess
from dataclasses import dataclass

from . import paths

HOST = 'tests/data/hosts/skylake-ready.bundle'
L1 = 'tests/data/book/l1.bundle'
L1_MEMORY = '4G'
L2_MEMORY = '2G'

MIB = 1 << 20
FOUR_GIB = 4 << 30

# Beginning of igd-stolen's name for a range: (kind, name in the map).
KINDS = (
    ('stolen memory, DSM', 'stolen', 'DSM'),
    ('stolen memory, GSM', 'stolen', 'GSM'),
    ('System RAM', 'ram', 'RAM'),
    ('RAM', 'ram', 'RAM'),
    ('MMCONFIG', 'mmconfig', 'MMCONFIG'),
    ('no RAM; PCI', 'pci', 'no RAM; PCI'),
    ('PCI Bus', 'pci', 'PCI window'),
    ('PCI', 'pci', 'PCI window'),
    ('APIC', 'chipset', 'chipset'),
    ('ACPI', 'reserved', 'ACPI NVS'),
    ('Reserved', 'reserved', 'reserved'),
)


@dataclass(frozen=True)
class Row:
    """A range of an address space; limit is its last byte."""
    base: int
    limit: int
    kind: str
    name: str

    @property
    def size(self):
        return self.limit - self.base + 1


@dataclass(frozen=True)
class Space:
    """An address space: what it is called, its ranges from the lowest on."""
    title: str
    subtitle: str
    whose: str
    rows: tuple


def plan(bundle, memory):
    """What igd-stolen plans for a guest on the host of a bundle."""
    done = subprocess.run(
        [paths.BUILD / 'igd-stolen', 'plan', '--memory', memory, '--format',
         'json', '--from', paths.ROOT / bundle],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def row(entry):
    for begin, kind, name in KINDS:
        if entry['name'].startswith(begin):
            break
    else:
        raise ValueError('no kind for ' + entry['name'])
    base = int(entry['base'], 16)
    # The first MiB of a PC is not drawn.
    base = 0 if base == MIB else base
    return Row(base, int(entry['limit'], 16), kind, name)


def rows(entries):
    return tuple(map(row, entries))


def stolen(entries):
    """The ranges of stolen memory, as igd-stolen names them."""
    return [(entry['name'], entry['base'], entry['limit'])
            for entry in entries if entry['name'].startswith('stolen')]


def spaces():
    """The three address spaces; stolen memory has to be the same in all."""
    for_l1 = plan(HOST, L1_MEMORY)
    for_l2 = plan(L1, L2_MEMORY)
    host = for_l1['plan']['host_map']
    l1 = for_l1['plan']['guest_map']
    l2 = for_l2['plan']['guest_map']
    total = for_l1['host']['memory_total']['value']
    seen = for_l2['plan']['host_map']
    if not stolen(host) == stolen(l1) == stolen(seen) == stolen(l2) != []:
        raise ValueError('stolen memory is not the same at all levels')
    return (
        Space('host', '%d GiB' % (total >> 30),
              "firmware's own; not touched", rows(host)),
        Space('L1', L1_MEMORY[:-1] + ' GiB', "memory of L1's own", rows(l1)),
        Space('L2', L2_MEMORY[:-1] + ' GiB', "memory of L2's own", rows(l2)),
    )


def edges(all_spaces):
    """Every address below 4 GiB at which something begins or ends."""
    found = {0, FOUR_GIB}
    for space in all_spaces:
        for one in space.rows:
            found |= {one.base, one.limit + 1}
    return sorted(edge for edge in found if edge <= FOUR_GIB)


def pieces(space, all_edges):
    """(first edge, edge after it, Row or None) without gaps, below 4 GiB."""
    found = []
    for low, high in zip(all_edges, all_edges[1:]):
        here = next((one for one in space.rows
                     if one.base <= low and one.limit >= high - 1), None)
        if found and found[-1][2] == here:
            low = found.pop()[0]
        found.append((low, high, here))
    return found


def above(space):
    """RAM above 4 GiB, or None."""
    return next((one for one in space.rows
                 if one.base >= FOUR_GIB and one.kind == 'ram'), None)


def height(low, high):
    """How high a piece is drawn: larger ones are, but not by their size."""
    return round(15 + 5 * math.log2(1 + (high - low) / MIB))


def size_text(size):
    if size >= 8 << 30 and size % (1 << 30) == 0:
        return '%d GiB' % (size >> 30)
    return '%d MiB' % (size // MIB)
