"""Pictures: PPM as screendump writes it, PNG for people, and comparing them.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.  PNG is written and read here: QEMU does it only with libpng, which the
stock emulator and its users would need for nothing else, and PPM is in every
build.  Colours of 8 bits, no alpha, not interlaced (PNG specification, 5
and 9).
"""

import struct
import zlib
from dataclasses import dataclass

DUMP = "picture.ppm"            # beside a guest's logs
SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR = struct.pack(">5B", 8, 2, 0, 0, 0)


class PictureError(Exception):
    """A file that is no picture of ours."""


@dataclass(frozen=True)
class Picture:
    """Pixels as three bytes each, line by line."""
    width: int
    height: int
    rgb: bytes

    @classmethod
    def of(cls, width, height, pixel):
        """A picture of pixel(x, y), which are 0xRRGGBB."""
        return cls(width, height, b"".join(
            pixel(x, y).to_bytes(3, "big")
            for y in range(height) for x in range(width)))

    def pixel(self, x, y):
        """0xRRGGBB at that place."""
        at = 3 * (y * self.width + x)
        return int.from_bytes(self.rgb[at:at + 3], "big")

    def lines(self):
        """The bytes of each line."""
        size = 3 * self.width
        return [self.rgb[at:at + size]
                for at in range(0, size * self.height, size)]


def difference(found, wanted):
    """The first difference in words; None if the two are equal."""
    if (found.width, found.height) != (wanted.width, wanted.height):
        return (f"{found.width}x{found.height} pixels instead of "
                f"{wanted.width}x{wanted.height}")
    wrong = [at // 3 for at in range(0, len(wanted.rgb), 3)
             if found.rgb[at:at + 3] != wanted.rgb[at:at + 3]]
    if not wrong:
        return None
    y, x = divmod(wrong[0], wanted.width)
    return (f"{len(wrong)} pixels differ, the first at {x},{y}: "
            f"{found.pixel(x, y):06x} instead of {wanted.pixel(x, y):06x}")


def from_ppm(data):
    """A picture from a binary PPM, with 8 bits a colour."""
    words = data.split(None, 4)
    if len(words) < 4 or words[0] != b"P6" or words[3] != b"255":
        raise PictureError("no binary PPM of 8 bits a colour")
    width, height = int(words[1]), int(words[2])
    size = 3 * width * height
    # One blank after the header, whatever the first pixel is.
    header = b"P6\n%d %d\n255\n" % (width, height)
    if not data.startswith(header) or len(data) != len(header) + size:
        raise PictureError(f"PPM of {len(data)} bytes for "
                           f"{width}x{height} pixels")
    return Picture(width, height, data[len(header):])


def chunk(kind, data):
    """One chunk of a PNG."""
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def to_png(picture):
    """The bytes of a PNG."""
    lines = b"".join(b"\0" + line for line in picture.lines())
    size = struct.pack(">2I", picture.width, picture.height)
    return (SIGNATURE + chunk(b"IHDR", size + TRUE_COLOUR)
            + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b""))


def chunks(data):
    """[(kind, data)] of a PNG whose checksums are right."""
    if not data.startswith(SIGNATURE):
        raise PictureError("no PNG")
    found, at = [], len(SIGNATURE)
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + size]
        if data[at:at + 12 + size] != chunk(kind, body):
            raise PictureError(f"bad chunk at {at}")
        found.append((kind, body))
        at += 12 + size
    return found


def from_png(data):
    """A picture from a PNG as to_png() writes it."""
    found = chunks(data)
    header = dict(found).get(b"IHDR", b"")
    if header[8:] != TRUE_COLOUR:
        raise PictureError("no PNG of 8 bits a colour")
    width, height = struct.unpack(">2I", header[:8])
    raw = zlib.decompress(b"".join(body for kind, body in found
                                   if kind == b"IDAT"))
    step = 3 * width + 1
    if len(raw) != step * height or any(raw[::step]):
        raise PictureError("a PNG with filters: not written here")
    return Picture(width, height, b"".join(
        raw[at + 1:at + step] for at in range(0, len(raw), step)))


def cell(number, fore, back):
    """The escape sequence of a foreground and a background colour."""
    def colour(rgb):
        if number > 256:
            return "2;%d;%d;%d" % rgb
        red, green, blue = (round(value * 5 / 255) for value in rgb)
        return f"5;{16 + 36 * red + 6 * green + blue}"

    return f"\x1b[38;{colour(fore)};48;{colour(back)}m\u2580"


def half_blocks(pictures, columns, number):
    """Lines for a terminal of so many colours, pictures side by side.

    A character is an upper half block: two of the picture's squares, each the
    pixel in its middle.
    """
    lines = []
    first = pictures[0]
    rows = columns * first.height // first.width // 2
    for row in range(rows):
        cells = []
        for shown in pictures:
            for column in range(columns):
                x = (2 * column + 1) * shown.width // (2 * columns)
                up, down = ((4 * row + half) * shown.height // (4 * rows)
                            for half in (1, 3))
                cells.append(cell(number, *(tuple(
                    shown.pixel(x, y).to_bytes(3, "big"))
                    for y in (up, down))))
            cells.append("\x1b[0m  ")
        lines.append("".join(cells).rstrip())
    return lines
