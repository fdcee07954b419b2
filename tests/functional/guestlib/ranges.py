"""Inclusive address ranges.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.
"""

from dataclasses import dataclass


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
