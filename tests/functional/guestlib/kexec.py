"""Guests whose kernel starts another one: kexec, then a crash kernel.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Three boots of one kernel in one emulator, with firmware before the first only:
first   marks the region, loads the next boot and starts it (kexec)
next    loads the crash kernel and panics
crash   the crash kernel (kdump), while translation is still on
guest/kexec.sh is the guest's side; each boot's lines are in a phase of its
name.
"""

import re

from . import jobs
from .checks import Check, listed
from .evidence import Evidence
from .initramfs import Archive

BOOTS = ("first", "next", "crash")
RESERVED = "crashkernel=256M"
LINUX = re.compile(r"(?m)^(?=\[ *[0-9.]+\] Linux version )")

# What a crash kernel says that takes over tables in use, and no other kernel.
TAKES_OVER = ("DMAR: Translation already enabled - trying to copy "
              "translation structures")
COPIED = "DMAR: Copied translation tables from previous kernel for dmar0"


def files(program, kernel, initramfs):
    """The archive with /kexec: kexec-load, a kernel and its initramfs."""
    archive = Archive()
    archive.directory("kexec")
    archive.file("kexec/load", program.read_bytes(), 0o755)
    archive.file("kexec/vmlinuz", kernel.read_bytes())
    archive.file("kexec/initramfs", initramfs)
    return archive.finish()


def job(where):
    """What all three boots do, and what each of them does in its turn."""
    region = jobs.region(where)
    return jobs.lines(
        "steps_open", "boot=${boot:-first}", "phase $boot",
        "probe_tables; probe_device", "dma_open",
        f"[ $boot = first ] && region_mark {region}",
        f"region_sum {region}", f"region_look {region}", "step $boot",
        "case $boot in",
        f"first) kexec_next next {RESERVED};;",
        "next) kexec_panic crash;;",
        f"crash) {jobs.dma(where).replace(chr(10), '; ')}; step done;;",
        "esac", "phase")


def visit(asks):
    """Looks at each boot, and when the last one has powered off.

    asks: whether this emulator knows query-rmrr
    """
    def procedure(outside):
        def look(name):
            if asks:
                outside.look(name)
            outside.look_at_listener(name)

        for name in (*BOOTS, "done"):
            outside.step(name)
            look(name)
            if name != "done":
                outside.answer()
        outside.monitor.cmd("set-action", shutdown="pause")
        outside.answer()
        outside.event("SHUTDOWN")
        look("off")
        outside.monitor.cmd("quit")

    return procedure


def boots(outcome):
    """{name: what that boot said and logged}, of the boots there were."""
    logs = LINUX.split(outcome.run.console)[1:]
    return {name: Evidence(f"L1-{name}", log, outcome.run.says)
            for name, log in zip(BOOTS, logs)}


def booted_thrice(outcome):
    """Three kernels, each of which came to its init."""
    found = [f"{len(LINUX.split(outcome.run.console)) - 1} kernels",
             f"{len(outcome.l1.said('started'))} inits"]
    return Check("boots", listed(found), found == ["3 kernels", "3 inits"],
                 "3 of both")


def took_over(found):
    """Only the crash kernel met translation that was on, and copied it."""
    said = {name: [words for words in (TAKES_OVER, COPIED)
                   if words in one.log] for name, one in found.items()}
    return Check("translation tables taken over", str(said),
                 said == {"first": [], "next": [],
                          "crash": [TAKES_OVER, COPIED]},
                 "both lines, in the crash kernel alone")
