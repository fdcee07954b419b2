"""kexec and kdump on top of running translation: the region stays mapped.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

A kernel starts itself again (kexec), and a crash kernel (kdump) takes over from
it with translation on, tables and all.  VFIO is asked for nothing between
realize and the last power-off.
"""

from dataclasses import replace

import pytest

from guestlib import checks, guest_bench, handover, kexec
from guestlib.assets import LOGS
from guestlib.boot import Bench
from guestlib.cases import case, guests, silent, verdict, verify

FULL = [pytest.param(name, marks=pytest.mark.full)
        for name in ("kexec-sm", "kexec-pt")]
EVERY = ["kexec-6.1", "kexec-6.12", *FULL]
each_boot = pytest.mark.parametrize("boot", kexec.BOOTS)


test_three_kernels = verdict(kexec.booted_thrice, *EVERY)


@each_boot
@guests(*EVERY)
def test_kernel_finds_rmrr(guest, boot):
    evidence = kexec.boots(guest)[boot]
    verify(checks.rmrr_logged(evidence, guest.spec.stolen),
           checks.group_relaxable(evidence, guest.spec.stolen))


test_crash_kernel_takes_over_tables = verdict(
    lambda guest: kexec.took_over(kexec.boots(guest)), *EVERY)
test_no_fault = case("l1", checks.no_dmar_fault, *EVERY)


@each_boot
@guests(*EVERY)
def test_contents_stay(guest, boot):
    verify(*handover.kept(guest.phase("first"), guest.phase(boot),
                          guest.spec.stolen))


@guests(*EVERY)
def test_device_works_in_crash_kernel(guest):
    verify(*checks.device_works(guest.phase("crash"), guest.spec.stolen))


@pytest.mark.parametrize("name", [*kexec.BOOTS, "done", "off"])
@guests(*EVERY)
def test_no_call(guest, name):
    verify(handover.no_call(guest.l0, name))


@guests(*EVERY)
def test_region_is_mapped_throughout(guest):
    on = "pass-through" if guest.spec.name == "kexec-pt" else "identity"
    # kexec switches translation off on its way out; a panic does not.
    verify(handover.always_mapped(guest.l0.log, on, "translation-off", on,
                                  "translation-off"))


test_emulator_prints_nothing = silent(*EVERY)


def on_stock(guest):
    """The same guest on the reference emulator, with the RMRR by a table."""
    table = guest.phase("first").data("table", "DMAR")
    spec = guest_bench.on_stock(guest.spec, table)
    return Bench(LOGS).boot(replace(
        spec, name=f"{spec.name}-stock", stock=True,
        visits=(kexec.visit(asks=False),)))


@pytest.mark.full
@guests("kexec-6.1", "kexec-6.12")
def test_stock_unmaps_the_region(guest):
    stock = on_stock(guest)
    verify(kexec.booted_thrice(stock))
    for evidence in kexec.boots(stock).values():
        verify(checks.rmrr_logged(evidence, guest.spec.stolen))
    # At each kernel's start and end; a crash kernel's start is one of them.
    unmaps = [handover.listener(stock.l0, name)["region-unmaps"]
              for name in (*kexec.BOOTS, "off")]
    assert 0 < unmaps[0] < unmaps[1] < unmaps[2] < unmaps[3]
