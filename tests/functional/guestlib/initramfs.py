"""A guest's file system, put together from layers.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Each layer is a cpio archive; the kernel reads several in a row as one.  A
layer that does not change from test to test is built once and kept under the
hash of what went into it.  The last layer is the test's own job.

Modules of an unpacked kernel package have no modules.dep (depmod writes it when
the package is installed), so the dependencies are read from each module's own
"depends=" line.
"""

import ctypes
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from . import assets

from igdrmrr import assets as cached

SCRIPTS = Path(__file__).parent / "guest"

# What L1 loads: VFIO for handing the device on, the emulator's own files.
VFIO_MODULES = ("vfio_iommu_type1", "vfio-pci")
FW_CFG_MODULES = ("qemu_fw_cfg",)
# For guests of L1 under KVM: TCG's "max" CPU has AMD's SVM.
KVM_MODULES = ("kvm-amd",)
# For what a guest of a guest says: a serial port would cost it an exit from
# each level above for each character.
PORT_MODULES = ("virtio_pci", "virtio_console")

KEEP_SECONDS = 24 * 3600

# Of modules
SUFFIXES = (".ko", ".ko.xz", ".ko.gz")
DEPENDS = re.compile(rb"\0depends=([A-Za-z0-9_,-]*)\0")

# Of a bzImage (Linux, Documentation/arch/x86/boot.rst)
SETUP_SECTORS = 0x1F1
PAYLOAD_OFFSET = 0x248
XZ_MAGIC = b"\xfd7zXZ\0"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ELF_MAGIC = b"\x7fELF"
TRAILER = "TRAILER!!!"


class Archive:
    """A newc cpio archive: collects files, directories and links.

    The same entries give the same bytes: owner 0, time 0, inode numbers in
    order.
    """

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


def unpacked(image):
    """The ELF kernel in a bzImage, or the bzImage if it cannot be unpacked.

    An emulator inside an emulator takes half a minute to decompress a Debian
    kernel, which the host does in one second.  The unpacked kernel is booted
    through its PVH entry; SeaBIOS runs first, as for a bzImage, and gives it
    the same memory map.
    """
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
    return kernel if kernel.startswith(ELF_MAGIC) else image


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


class Builder:
    """Builds initramfs files in one cache directory."""

    def __init__(self, cache, reference=False):
        self.cache = Path(cache)
        self.reference = reference      # the emulator that guests have

    def layers(self, job, level, modules=(), kernel=None, inner=None,
               bring=(), ports=False):
        """Paths of the archives that make up a guest which runs `job`.

        modules: names to load, from `kernel`'s package.
        ports: bring the modules of virtio's ports as well.
        inner: None, or (kernel, layers) of a guest inside this one; the
        emulator then comes along.
        bring: [(path in the guest, file)] of what else comes along.
        """
        layers = [self._base(), self._tool()]
        if ports:
            layers.append(self._modules(kernel, PORT_MODULES, "ports"))
        if modules:
            layers.append(self._modules(kernel, modules))
        if inner:
            layers += [self._emulator(), self._inner_guest(*inner)]
        if bring:
            layers.append(self._bring(bring))
        layers.append(self._job(job, level))
        return layers

    def kernel(self, image):
        """Path of the unpacked kernel, which SeaBIOS's guests are booted with.

        The name alone is not enough: a kernel may come anew with the same.
        """
        target = self.cache / f"vmlinux-{file_digest(image).hex()[:16]}"
        if target.exists():
            os.utime(target)
        else:
            write_whole(target, unpacked(image.read_bytes()))
        return target

    def _base(self):
        busybox = cached.busybox("bookworm")
        scripts = sorted(SCRIPTS.iterdir())

        def fill(archive):
            for directory in ("proc", "sys", "dev", "tmp", "lib"):
                archive.directory(directory)
            archive.character_device("dev/console", 5, 1)
            archive.file("bin/busybox", busybox.read_bytes(), 0o755)
            archive.symlink("bin/sh", "busybox")
            for script in scripts:
                if script.name == "init":
                    archive.file("init", script.read_bytes(), 0o755)
                else:
                    archive.file(f"lib/{script.name}", script.read_bytes())

        return self._layer("base", [busybox] + scripts, "", fill)

    def _modules(self, kernel, names, where="modules"):
        def fill(archive):
            archive.directory(where)
            tree = ModuleTree(kernel.modules)
            for index, (name, content) in enumerate(tree.load_order(names)):
                archive.file(f"{where}/{index:02}-{name}.ko", content)

        return self._layer(where, [kernel.image], " ".join(names), fill)

    def _bring(self, files):
        def fill(archive):
            for where, path in files:
                archive.file(where, path.read_bytes(), 0o755)

        return self._layer("bring", [path for _, path in files],
                           " ".join(where for where, _ in files), fill)

    def _emulator(self):
        emulator = assets.emulator(self.reference)
        firmware = assets.firmware()

        def fill(archive):
            archive.file("emulator", stripped(emulator), 0o755)
            for library in shared_libraries(emulator):
                archive.file(str(library), library.read_bytes(), 0o755)
            for name, path in sorted(firmware.items()):
                archive.file(f"firmware/{name}", path.read_bytes())

        return self._layer("emulator", [emulator, *firmware.values()], "",
                           fill)

    def _tool(self):
        tool = assets.tool()

        def fill(archive):
            archive.file("bin/igd-stolen", stripped(tool), 0o755)
            for library in shared_libraries(tool):
                archive.file(str(library), library.read_bytes(), 0o755)

        return self._layer("tool", [tool], "", fill)

    def _inner_guest(self, kernel, layers):
        def fill(archive):
            archive.file("inner/vmlinuz",
                         self.kernel(kernel.image).read_bytes())
            archive.file("inner/initrd", joined(layers))

        return self._layer("inner", [kernel.image, *layers], "", fill)

    def _job(self, job, level):
        text = f"LEVEL={level}\njob() {{\n:\n{job}\n}}\n"

        def fill(archive):
            archive.file("job.sh", text.encode())

        return self._layer("job", [], text, fill)

    def _layer(self, kind, inputs, extra, fill):
        """Path of a layer; fill(archive) is called only if it is new."""
        digest = hashlib.sha256(extra.encode())
        for path in inputs:
            digest.update(f"\0{Path(path).name}\0".encode())
            digest.update(file_digest(path))
        digest.update(file_digest(Path(__file__)))
        target = self.cache / f"{kind}-{digest.hexdigest()[:16]}.cpio"
        if target.exists():
            os.utime(target)
        else:
            archive = Archive()
            fill(archive)
            write_whole(target, archive.finish())
        return target

    def prune(self):
        """Forgets the layers that were not used for a day."""
        for path in self.cache.glob("*"):
            if time.time() - path.stat().st_mtime > KEEP_SECONDS:
                path.unlink(missing_ok=True)


def joined(layers):
    """The archives in a row, which is one initramfs for the kernel."""
    return b"".join(Path(layer).read_bytes() for layer in layers)


def write_whole(target, content):
    """The file appears complete or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, target)


_digests = {}


def file_digest(path):
    """SHA-256 of a file, computed once per process and file version."""
    status = os.stat(path)
    key = (str(path), status.st_size, status.st_mtime_ns)
    if key not in _digests:
        _digests[key] = hashlib.sha256(Path(path).read_bytes()).digest()
    return _digests[key]


def stripped(program):
    """The program's bytes without symbols, or as it is without strip(1)."""
    if not shutil.which("strip"):
        return program.read_bytes()
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "stripped"
        subprocess.run(["strip", "-o", target, program], check=True)
        return target.read_bytes()


def shared_libraries(program):
    """The libraries and the loader that the program needs, as ldd says."""
    output = subprocess.run(["ldd", program], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    found = []
    for line in output.splitlines():
        words = line.replace("=>", " ").split()
        found += [Path(word) for word in words if word.startswith("/")][-1:]
    return found
