"""Linux guests that say what they see, for the tests and the demo.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

assets     where kernels, firmware, busybox and the emulator are
cpio       the archive format of an initramfs
kmodules   modules of a kernel and what they depend on
initramfs  a guest's file system, put together from cached layers
runner     one QEMU process, its time limit and what it said
evidence   what a guest said, parsed
qmp        the emulator's monitor
steps      a guest that goes step by step, and what each did to the mappings
acpi       ACPI tables that a kernel takes instead of its firmware's
xen        Xen below a guest's kernel, and what its log says
kexec      guests whose kernel starts another one, or a crash kernel
outside    what is done to a guest while it runs: looks, moves, resets
visits     those procedures, by guest
jobs       jobs of guests that hand the device on, move or are reset
handover   whose memory the device reached, one verdict per line
checks     what the guest should have said, one verdict per line
picture    pictures as PPM and PNG, and comparing two of them
card       the test card, and the pattern of a page that cannot be read
scene      what the demo's guests drew and the device showed of it
catalog    the guests of the test suite and of the demo, by name
guest/     the shell scripts that run inside
"""
