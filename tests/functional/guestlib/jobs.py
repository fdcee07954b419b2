"""Jobs of guests whose device goes and comes back, that move or are reset.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The guest's side is text for its shell (guest/*.sh).  The host's side, at the
end, is a function that takes an Outside and goes along with that job, step by
step; see outside.py for what it can do.  The verdicts are in handover.py.
"""

from .picture import DUMP


def region(where):
    """The region as the shell functions take it."""
    return f"{where.region.base:#x} {where.region.size:#x}"


def region_look(where):
    """The same, and where the CPU looks."""
    return f"{region(where)} {where.dsm_base:#x}"


def lines(*parts):
    """Parts of a job, one after the other."""
    return "\n".join(parts)


def phase(name, *parts):
    """Parts of a job, said as those of a phase."""
    return lines(f"phase {name}", *parts, "phase")


def dma(where):
    """The device writes and reads the region, the CPU too."""
    return lines(f"dma_fill {region_look(where)}",
                 f"dma_checksum {where.dsm_base:#x}")


def mark(where, name="before"):
    """L1's region is marked; the device reads it."""
    return phase(name, f"region_mark {region(where)}",
                 f"region_sum {region(where)}")


def check(name, where):
    """The device is back, or still there: are the marks?  Does DMA work?"""
    return phase(name, "dma_open", f"region_sum {region(where)}",
                 f"region_look {region(where)}", dma(where))


def taken_back(where):
    """The device returns from VFIO."""
    return lines("driver_unbind", check("back", where))


def inside(where):
    """L2's job: DMA and its CPU in its own region."""
    return lines("say_time looked", "dma_open",
                 f"cpu_to_device {region_look(where)}",
                 f"device_to_cpu {region_look(where)}")


def bare(name, where):
    """The same for a guest's guest without a kernel."""
    return phase(name, f"bare_zero {region(where)}",
                 f"bare_cpu_to_device {region_look(where)}",
                 f"bare_device_to_cpu {region_look(where)}")


def moving(where, inner):
    """The guest moves twice: with the device, and while its guest has it."""
    return lines(
        "steps_open", "dma_open", mark(where), "step own",
        check("moved", where), mark(where, "before-l2"),
        "vfio_bind", f"bare_open {inner}", bare("l2", where),
        "step lent", bare("l2-moved", where), "bare_close",
        taken_back(where))


def under_xen(where):
    """dom0 has the device: what it is, what is in the tables, DMA."""
    return lines("steps_open", "probe_memory; probe_device",
                 "for table in /sys/firmware/acpi/tables/*; do "
                 "say table_name ${table##*/}; done",
                 "dma_open", mark(where), check("dom0", where), "step dom0")


def restored(where, inner):
    """Saved with the device; changed and lent; then as it was saved."""
    return lines(
        "steps_open", "dma_open", mark(where), "step saved",
        'if [ "$answer" = first ]; then', phase("changed", dma(where)),
        "vfio_bind", f"bare_open {inner}", "step changed", "fi",
        check("restored", where))


def reset(where):
    """Marked in the first boot, looked at in the second."""
    return lines(
        "steps_open", "dma_open", "step boot",
        'if [ "$answer" = first ]; then',
        phase("first", f"region_sum {region(where)}"), mark(where),
        "step reboot", "reboot -f", "fi", check("second", where))


def attached_twice(where, inner):
    """To VFIO and back, twice, without a guest that runs."""
    def once(name):
        return lines("vfio_bind", f"step bound{name}",
                     f"vfio_attach {inner}", f"step attached{name}",
                     "vfio_detach", f"step detached{name}")

    return lines("steps_open", mark(where), "step own", once(""),
                 "driver_unbind", "step unbound", once("-again"),
                 taken_back(where), "step back")


def limited(where, starts, inner):
    """VFIO that takes few mappings.

    starts: (limit, line that starts the emulator) of each; then the inner
    guest without a kernel uses all of 40 mappings, and wants its region back.
    """
    lines_of = [line for limit, start in starts
                for line in (f"vfio_limit {limit}", start)]
    return lines("dma_open", mark(where), "vfio_bind", *lines_of,
                 "vfio_limit 40",
                 f"bare_open {inner} -trace vtd_rmrr_state",
                 f"bare_full {region_look(where)} 40", "bare_close",
                 taken_back(where))


# The host's side

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
    outside.monitor.cmd("screendump", filename=str(path))


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
    outside.step("saved")
    outside.look("saved")
    outside.human("savevm tag")
    outside.answer("first")
    outside.step("changed")
    outside.look("changed")
    outside.human("loadvm tag")
    outside.look("restored")
    outside.answer("second")


def resets(guest_does):
    """The machine is reset in the guest's first boot."""
    def visit(outside):
        outside.monitor.cmd("set-action", reboot="reset")
        outside.step("boot")
        outside.answer("first")
        outside.step("reboot")
        outside.look("before")
        if guest_does:
            outside.answer()
        else:
            outside.monitor.cmd("system_reset")
        outside.step("boot")
        outside.look("after")
        outside.answer("second")

    return visit
