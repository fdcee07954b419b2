"""Modules of a Debian kernel package, with what they depend on.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

An unpacked kernel package holds no modules.dep (depmod writes it when the
package is installed), so the dependencies are read from each module's own
"depends=" line.  Compressed modules are handed out uncompressed: the guest's
insmod is then busybox's simple one.
"""

import gzip
import lzma
import re
from pathlib import Path

SUFFIXES = (".ko", ".ko.xz", ".ko.gz")
DEPENDS = re.compile(rb"\0depends=([A-Za-z0-9_,-]*)\0")


class ModuleError(Exception):
    """A module, or one that it needs, is not in the kernel package."""


def plain_name(name):
    """The name as the kernel compares it: dashes are underscores."""
    return name.replace("-", "_")


class ModuleTree:
    """The modules below one lib/modules/VERSION directory."""

    def __init__(self, root):
        self.root = Path(root)
        self._paths = {}
        for path in sorted(self.root.rglob("*.ko*")):
            for suffix in SUFFIXES:
                if path.name.endswith(suffix):
                    name = path.name[:-len(suffix)]
                    self._paths[plain_name(name)] = path
        builtin = self.root / "modules.builtin"
        names = builtin.read_text().split() if builtin.exists() else []
        self._builtin = {plain_name(Path(name).stem) for name in names}

    def load_order(self, names):
        """[(name, bytes)]: what to insmod, in order, each module once."""
        order = []
        done = set()
        for name in names:
            self._visit(plain_name(name), order, done, ())
        return order

    def _visit(self, name, order, done, above):
        if name in done or name in self._builtin:
            return
        if name in above:
            raise ModuleError(f"{name} depends on itself, by way of {above}")
        path = self._paths.get(name)
        if path is None:
            raise ModuleError(f"no module {name} below {self.root}")
        content = read_module(path)
        for needed in depends(content):
            self._visit(plain_name(needed), order, done, above + (name,))
        done.add(name)
        order.append((name, content))


def depends(content):
    """Names on the module's own list of what it depends on."""
    found = DEPENDS.search(content)
    names = found.group(1).decode() if found else ""
    return [name for name in names.split(",") if name]


def read_module(path):
    """The module's bytes, uncompressed."""
    content = Path(path).read_bytes()
    if path.name.endswith(".xz"):
        return lzma.decompress(content)
    if path.name.endswith(".gz"):
        return gzip.decompress(content)
    return content
