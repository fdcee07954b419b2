# QEMU from the same source package without our changes, to compare with
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The reference emulator has igd-testdev, one fix of TCG (without which a nested
# guest may hang) and nothing else of ours. A stand-in for what places
# a region does nothing; so VT-d, the memory core and the ACPI tables are stock
# to the letter, and a region is ordinary
# guest RAM. The benchmark measures against it; the demo's second picture is
# made on it. An untouched tree is for the series (series_git.py).
#
# The directories have the names they have beside each other in build/, one
# level down: so the compiler's command lines are those of the real build, and
# ccache has most of the objects already.

from . import fetch, files, paths, qemu, source

REFERENCE = paths.BUILD / 'reference'
BENCH = paths.ROOT / 'tests/bench'

# What the reference tree has of ours, at the paths of the real tree ...
REFERENCE_OVERLAY = ('hw/display', 'hw/igd-rmrr', 'hw/misc', 'hw/pci',
                     'hw/vfio/igd-stolen.c', 'include/hw/display',
                     'include/hw/igd-rmrr', 'include/hw/pci', 'include/hw/vfio',
                     'tests/qtest/intel-iommu-notify-test.c',
                     'tests/qtest/vtd-tables')
# ... and in place of others of ours.
REFERENCE_OWN = {'hw/pci/rmrr_provider_stock.c':
                 BENCH / 'rmrr_provider_stock.c',
                 'hw/igd-rmrr/meson.build': BENCH / 'meson.build'}


def source_directory(top):
    return top / paths.QEMU_SRC.name


def build_directory(top):
    return top / paths.QEMU_BUILD.name


def emulator(top):
    return build_directory(top) / 'qemu-system-x86_64'


def unpack_stock(record, top):
    source.unpack(record, source.Tree('an unmodified QEMU',
                                      source_directory(top), None, dict))


def reference_links():
    """What is linked into the reference tree."""
    links = {name: path for name, path in source.overlay().items()
             if name.startswith(REFERENCE_OVERLAY)}
    return {**links, **REFERENCE_OWN}


def reference_tree():
    return source.Tree('the reference QEMU', source_directory(REFERENCE),
                       source.HOOKS, reference_links, BENCH / 'series')


def configure(record, top, words):
    qemu.configure(record, build_directory(top), src=source_directory(top),
                   words=words)


def build_reference():
    """Builds the reference unless it is there; returns the emulator."""
    record = fetch.fetch((), qemu='10.0')
    with files.Lock(paths.BUILD / '.reference-lock', 'build/reference'):
        source.prepare(record, reference_tree())
        configure(record, REFERENCE, 'reference')
        qemu.ninja(directory=build_directory(REFERENCE))
    return emulator(REFERENCE)
