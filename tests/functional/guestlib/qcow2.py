"""An empty qcow2 disk, to which an emulator saves snapshots.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.  QEMU's docs/interop/qcow2.txt, version 2: a header, a refcount table
with one block, and an L1 table with nothing in it, a cluster each.
"""

import struct

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
SIZE = 1 << 30
CLUSTERS = 4


def empty():
    """The bytes of the file."""
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, CLUSTER_BITS,
                         SIZE, 0, SIZE >> (2 * CLUSTER_BITS - 3),
                         3 * CLUSTER, CLUSTER, 1, 0, 0)
    refcount_table = struct.pack(">Q", 2 * CLUSTER)
    refcounts = struct.pack(f">{CLUSTERS}H", *[1] * CLUSTERS)
    return b"".join(part.ljust(CLUSTER, b"\0")
                    for part in (header, refcount_table, refcounts, b""))
