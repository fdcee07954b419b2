"""Linux kernel images: the kernel inside a bzImage.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

An emulator inside an emulator takes half a minute to decompress a Debian
kernel, which the host does in one second.  The unpacked kernel is booted
through its PVH entry; SeaBIOS runs first, as for a bzImage, and gives it the
same memory map.  Field offsets are those of the x86 boot protocol
(Documentation/arch/x86/boot.rst).
"""

import ctypes
import lzma
import struct

SETUP_SECTORS = 0x1F1
PAYLOAD_OFFSET = 0x248
XZ_MAGIC = b"\xfd7zXZ\0"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ELF_MAGIC = b"\x7fELF"


def unpacked(image):
    """The ELF kernel in a bzImage, or None if it cannot be unpacked here."""
    sectors = image[SETUP_SECTORS] or 4
    offset, length = struct.unpack_from("<II", image, PAYLOAD_OFFSET)
    start = (sectors + 1) * 512 + offset
    payload = image[start:start + length]
    # The size of the unpacked kernel comes behind the packed one.
    size = struct.unpack_from("<I", payload, length - 4)[0]
    kernel = b""
    if payload.startswith(XZ_MAGIC):
        kernel = lzma.LZMADecompressor().decompress(payload)
    elif payload.startswith(ZSTD_MAGIC):
        kernel = unzstd(payload[:-4], size)
    return kernel if kernel.startswith(ELF_MAGIC) else None


def unzstd(packed, size):
    """Unpacks with libzstd, which dpkg needs too; b"" if it does not work."""
    try:
        library = ctypes.CDLL("libzstd.so.1")
    except OSError:
        return b""
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [ctypes.c_char_p, ctypes.c_size_t,
                                        ctypes.c_char_p, ctypes.c_size_t]
    target = ctypes.create_string_buffer(size)
    written = library.ZSTD_decompress(target, size, packed, len(packed))
    return target.raw if written == size else b""
