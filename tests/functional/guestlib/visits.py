"""What is done to the guests of the catalog from outside, by procedure.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Each function takes an Outside and goes along with the job of one guest, step
by step; see outside.py for what it can do.
"""

from .scene import DUMP


def looks(*names):
    """Only looks, at each of these steps."""
    def visit(outside):
        for name in names:
            outside.step(name)
            outside.look(name)
            outside.answer()

    return visit


def listener_looks(*names):
    """Looks at the device's listener too."""
    def visit(outside):
        for name in names:
            outside.step(name)
            outside.look(name)
            outside.look_at_listener(name)
            outside.answer()

    return visit


def nested(outside):
    """Looks while L1 has the device, while L2 has it, and after."""
    looks("own")(outside)
    outside.heard("@@L2 started")
    outside.look("lent")
    looks("back")(outside)


def screendump(outside, level="L2"):
    """A picture of what the device shows while that guest waits for it."""
    path = outside.directory / DUMP
    path.unlink(missing_ok=True)
    outside.heard(f"@@{level} picture waits")
    outside.monitor.execute("screendump", filename=str(path))


def nested_twice(outside):
    """Looks the same way, and takes a picture while L3 has it."""
    looks("own")(outside)
    outside.heard("@@L2 started")
    outside.look("lent")
    screendump(outside, "L3")
    looks("back")(outside)


def depart(outside, name):
    """The guest, running, waits at that step and moves away."""
    outside.step(name)
    outside.look(name)
    outside.leave()


def arrive(outside, name):
    """It has come here, waiting at the same step, and goes on."""
    outside.migrated()
    outside.look(f"{name}-moved")
    outside.answer()


def moves(*names):
    """One visit more than there are names: it moves at each of them."""
    def visit(number):
        def one(outside):
            if number > 0:
                arrive(outside, names[number - 1])
            if number < len(names):
                depart(outside, names[number])

        return one

    return tuple(visit(number) for number in range(len(names) + 1))


def snapshot(outside):
    """Saved at one step, and restored at a later one."""
    disk = new_disk(outside)
    outside.step("saved")
    outside.look("saved")
    outside.job("snapshot-save", tag="tag", vmstate=disk, devices=[disk])
    outside.answer("first")
    outside.step("changed")
    outside.look("changed")
    outside.job("snapshot-load", tag="tag", vmstate=disk, devices=[disk])
    outside.look("restored")
    outside.answer("second")


def new_disk(outside):
    """An empty qcow2 disk that no device has; returns its node's name."""
    path = outside.directory / "disk.qcow2"
    path.unlink(missing_ok=True)
    execute = outside.monitor.execute
    outside.job("blockdev-create", options={
        "driver": "file", "filename": str(path), "size": 0})
    file = {"driver": "file", "node-name": "file", "filename": str(path)}
    execute("blockdev-add", **file)
    outside.job("blockdev-create", options={
        "driver": "qcow2", "file": "file", "size": 1 << 30})
    execute("blockdev-add", **{"driver": "qcow2", "node-name": "disk",
                               "file": "file"})
    # Open files stay until they are closed.
    path.unlink()
    return "disk"


def reset(guest_does):
    """The machine is reset in the guest's first boot."""
    def visit(outside):
        outside.monitor.execute("set-action", reboot="reset")
        outside.step("boot")
        outside.answer("first")
        outside.step("reboot")
        outside.look("before")
        if guest_does:
            outside.answer()
        else:
            outside.monitor.execute("system_reset")
        outside.step("boot")
        outside.look("after")
        outside.answer("second")

    return visit
