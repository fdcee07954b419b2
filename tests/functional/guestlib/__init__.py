"""Linux guests that say what they see, for the tests and the demo.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

assets      where kernels, firmware, busybox and the emulator are
initramfs   a guest's file system, put together from cached layers
acpi        ACPI tables that a kernel takes instead of its firmware's
runner      one QEMU process, its accelerator, its time limit, what it said
boot        from the description of a guest to what it said
evidence    what a guest said, parsed
checks      what the guest should have said, one verdict per line
handover    whose memory the device reached, one verdict per line
outside     what is done to a guest while it runs: looks, moves, resets
steps       a guest that goes step by step, and what each did to the mappings
jobs        guests that hand the device on, move or are reset: both sides
driver_jobs guests with the kernel driver
xen         Xen below a guest's kernel, and what its log says
kexec       guests whose kernel starts another one, or a crash kernel
picture     the test card, pictures as PPM and PNG, comparing two of them
scene       what the demo's guests drew and the device showed of it
book        the commands of the book, and the job of those for a guest
catalog     the guests of the test suite and of the demo, by name
guest/      the shell scripts that run inside
"""
