"""A guest's file system, put together from layers.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Each layer is a cpio archive; the kernel reads several in a row as one.  A
layer that does not change from test to test is built once and kept under the
hash of what went into it.  The last layer is the test's own job.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import cpio, kimage, kmodules

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


class Builder:
    """Builds initramfs files in one cache directory."""

    def __init__(self, assets, cache):
        self.assets = assets
        self.cache = Path(cache)

    def layers(self, job, level, modules=(), kernel=None, inner=None,
               driver=None, bring=(), ports=False):
        """Paths of the archives that make up a guest which runs `job`.

        modules: names to load, from `kernel`'s package.
        ports: bring the modules of virtio's ports as well.
        inner: None, or (kernel, layers) of a guest inside this one; the
        emulator then comes along.
        driver: None, or (module, program) of our own kernel driver.
        bring: [(path in the guest, file)] of what else comes along.
        """
        layers = [self._base(), self._tool()]
        if ports:
            layers.append(self._modules(kernel, PORT_MODULES, "ports"))
        if modules:
            layers.append(self._modules(kernel, modules))
        if inner:
            layers += [self._emulator(), self._inner_guest(*inner)]
        if driver:
            layers.append(self._driver(*driver))
        if bring:
            layers.append(self._bring(bring))
        layers.append(self._job(job, level))
        return layers

    def _base(self):
        busybox = self.assets.busybox()
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
            tree = kmodules.ModuleTree(kernel.modules)
            for index, (name, content) in enumerate(tree.load_order(names)):
                archive.file(f"{where}/{index:02}-{name}.ko", content)

        return self._layer(where, [kernel.image], " ".join(names), fill)

    def _driver(self, module, program):
        def fill(archive):
            archive.file(f"driver/{module.name}", module.read_bytes())
            archive.file("bin/vfio-user", program.read_bytes(), 0o755)

        return self._layer("driver", [module, program], "", fill)

    def _bring(self, files):
        def fill(archive):
            for where, path in files:
                archive.file(where, path.read_bytes(), 0o755)

        return self._layer("bring", [path for _, path in files],
                           " ".join(where for where, _ in files), fill)

    def _emulator(self):
        emulator = self.assets.inner_emulator()
        firmware = self.assets.firmware()

        def fill(archive):
            archive.file("emulator", stripped(emulator), 0o755)
            for library in shared_libraries(emulator):
                archive.file(str(library), library.read_bytes(), 0o755)
            for name, path in sorted(firmware.items()):
                archive.file(f"firmware/{name}", path.read_bytes())

        return self._layer("emulator", [emulator, *firmware.values()], "",
                           fill)

    def _tool(self):
        tool = self.assets.tool()

        def fill(archive):
            archive.file("bin/igd-stolen", stripped(tool), 0o755)
            for library in shared_libraries(tool):
                archive.file(str(library), library.read_bytes(), 0o755)

        return self._layer("tool", [tool], "", fill)

    def _inner_guest(self, kernel, layers):
        def fill(archive):
            image = kernel.image.read_bytes()
            archive.file("inner/vmlinuz", kimage.unpacked(image) or image)
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
        for module in (cpio, kimage, kmodules):
            digest.update(file_digest(Path(module.__file__)))
        digest.update(file_digest(Path(__file__)))
        target = self.cache / f"{kind}-{digest.hexdigest()[:16]}.cpio"
        if target.exists():
            os.utime(target)
        else:
            archive = cpio.Archive()
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
