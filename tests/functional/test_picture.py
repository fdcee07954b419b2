"""The demo's pictures: what L2 or L3 drew, and what is left without us.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

That those in the README are the same is seen without a guest as well, by
tests/harness/test_scene.py.
"""

import pytest

from guestlib import picture, scene
from guestlib.cases import guests, verify

NAMES = {"demo": scene.HERE, "three-levels": scene.HERE,
         "demo-stock": scene.STOCK}


@pytest.mark.parametrize("number", range(3))
@guests("demo", "three-levels")
def test_shown_here(guest, number):
    verify(scene.here(guest)[number][1])


@pytest.mark.parametrize("number", range(6))
@guests("demo-stock")
def test_shown_on_stock(guest, number):
    verify(scene.on_stock(guest)[number][1])


@guests("demo-stock")
def test_stock_has_faults_at_the_base(guest):
    base = guest.spec.stolen.dsm_base
    assert [line for line in guest.l1.dmar_faults()
            if f"fault addr {base:#x}" in line], guest.l1.dmar_faults()


@guests(*NAMES)
def test_readme_has_this_picture(guest):
    kept = scene.read_png(scene.README / NAMES[guest.spec.name])
    wrong = picture.difference(scene.dumped(guest), kept)
    assert wrong is None, f"{wrong}; README.rst says how to make it anew"
