"""Writer of newc cpio archives, the format of a Linux initramfs.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Pure: bytes in, bytes out.  The same entries give the same bytes: owner 0,
time 0, inode numbers in order.  Several archives in a row are one initramfs
for the kernel, as long as each one is padded; finish() pads to 512.
"""

import stat

TRAILER = "TRAILER!!!"


class Archive:
    """Collects files, directories and links; finish() gives the archive."""

    def __init__(self):
        self._parts = []
        self._seen = set()
        self._inode = 0

    def directory(self, path):
        """Adds a directory and, first, those it lies in."""
        path = path.strip("/")
        if not path or path in self._seen:
            return
        parent, _, _ = path.rpartition("/")
        self.directory(parent)
        self._seen.add(path)
        self._entry(path, stat.S_IFDIR | 0o755, b"")

    def file(self, path, content, mode=0o644):
        """Adds a regular file with these bytes."""
        self._parent(path)
        self._entry(path.strip("/"), stat.S_IFREG | mode, content)

    def symlink(self, path, target):
        """Adds a symbolic link that points to target."""
        self._parent(path)
        self._entry(path.strip("/"), stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path, major, minor):
        """Adds a character device node, with no need to be root."""
        self._parent(path)
        self._entry(path.strip("/"), stat.S_IFCHR | 0o600, b"", major, minor)

    def finish(self):
        """The archive with its trailer, padded to 512 bytes."""
        self._entry(TRAILER, 0, b"")
        blob = b"".join(self._parts)
        return blob + bytes(-len(blob) % 512)

    def _parent(self, path):
        self.directory(path.strip("/").rpartition("/")[0])

    def _entry(self, name, mode, content, major=0, minor=0):
        self._inode += 1
        raw_name = name.encode() + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (self._inode, mode, 0, 0, links, 0, len(content), 0, 0,
                  major, minor, len(raw_name), 0)
        header = b"070701" + b"".join(b"%08X" % field for field in fields)
        head = header + raw_name
        self._parts += [head, bytes(-len(head) % 4),
                        content, bytes(-len(content) % 4)]
