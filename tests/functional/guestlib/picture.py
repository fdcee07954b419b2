"""The test card, PPM as screendump writes it, PNG for people, comparing them.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure.  PNG is written and read here: QEMU does it only with libpng, which the
stock emulator and its users would need for nothing else, and PPM is in every
build.  Colours of 8 bits, no alpha, not interlaced (PNG specification, 5
and 9).
"""

import functools
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


def framed(width, height, packed):
    """The bytes of a PNG whose lines are packed."""
    header = struct.pack(">2I", width, height) + TRUE_COLOUR
    return (SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", packed)
            + chunk(b"IEND", b""))


def to_png(picture):
    """The bytes of a PNG."""
    lines = b"".join(b"\0" + line for line in picture.lines())
    return framed(picture.width, picture.height, zlib.compress(lines, 9))


def from_png(data):
    """A picture from a PNG, which has to be one that to_png() has written."""
    width, height, size = struct.unpack(">2I9xI", data[16:37])
    packed = data[41:41 + size]
    if data != framed(width, height, packed):
        raise PictureError("not a PNG that was written here")
    raw = zlib.decompress(packed)
    step = 3 * width + 1
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


# The test card: colour bars on top, a texture that is different at every place
# of a 256 pixel square, and a grey ramp; over them a circle and the letters
# "L2".  Integers only.

WIDTH, HEIGHT = 400, 300
STRIDE = 2048
PAGE = 4096

BARS = (0xC0C0C0, 0xC0C000, 0x00C0C0, 0x00C000,
        0xC000C0, 0xC00000, 0x0000C0, 0x202020)
LETTERS = ("#      ### ",
           "#     #   #",
           "#         #",
           "#        # ",
           "#       #  ",
           "#      #   ",
           "##### #####")
SCALE = 14
LEFT = (WIDTH - 11 * SCALE) // 2
TOP = (HEIGHT - 7 * SCALE) // 2
OUTER, INNER = 130, 126


def card_pixel(x, y):
    """The card's colour at that place."""
    if x in (0, WIDTH - 1) or y in (0, HEIGHT - 1):
        return 0xFFFFFF
    square = (x - WIDTH // 2) ** 2 + (y - HEIGHT // 2) ** 2
    if INNER ** 2 < square <= OUTER ** 2:
        return 0xFFFFFF
    if lettered((x - LEFT) // SCALE, (y - TOP) // SCALE):
        return 0x000000
    if y < 180:
        return BARS[x // (WIDTH // len(BARS))]
    if y < 240:
        return (x & 0xFF) << 16 | y << 8 | (x ^ y) & 0xFF
    return x * 255 // (WIDTH - 1) * 0x010101


def lettered(column, row):
    """Whether there is a letter in that square."""
    return (0 <= row < len(LETTERS) and 0 <= column < len(LETTERS[row])
            and LETTERS[row][column] == "#")


def fault_pixel(x, y):
    """Magenta and black squares."""
    return 0x000000 if (x // 8 + y // 8) % 2 else 0xFF00FF


def shown(readable=lambda page: True):
    """The card as the device shows it; readable(page) of its memory pages."""
    def pixel(x, y):
        page = (y * STRIDE + 4 * x) // PAGE
        return card_pixel(x, y) if readable(page) else fault_pixel(x, y)

    return Picture.of(WIDTH, HEIGHT, pixel)


@functools.cache
def test_card():
    """All of it can be read."""
    return shown()


@functools.cache
def all_faults():
    """None of it can."""
    return shown(lambda page: False)


def frame(picture):
    """The bytes of it in the device's memory."""
    lines = (b"".join(line[at:at + 3][::-1] + b"\0"
                      for at in range(0, len(line), 3))
             for line in picture.lines())
    return b"".join(line.ljust(STRIDE, b"\0") for line in lines)
