"""Linux kernel images: the kernel inside a bzImage.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: bytes in, bytes out.  An emulator inside an emulator takes half a
minute to decompress a Debian kernel, which the host does in one second.  The
unpacked kernel is booted through its PVH entry; SeaBIOS runs first, as for a
bzImage, and gives it the same memory map.  Field offsets are those of the
x86 boot protocol (Documentation/arch/x86/boot.rst).
"""

import lzma
import struct

SETUP_SECTORS = 0x1F1
PAYLOAD_OFFSET = 0x248
XZ_MAGIC = b"\xfd7zXZ\0"
ELF_MAGIC = b"\x7fELF"


def unpacked(image):
    """The ELF kernel in a bzImage, or None if it is not packed with xz."""
    sectors = image[SETUP_SECTORS] or 4
    offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length]
    if not payload.startswith(XZ_MAGIC):
        return None
    kernel = lzma.LZMADecompressor().decompress(payload)
    return kernel if kernel.startswith(ELF_MAGIC) else None
