"""The demo's scenes: what the last guest drew, and what the device showed.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Verdicts, as in checks.py, and the files in which the pictures are kept: those
of the README are in docs/pictures.
"""

from pathlib import Path

from . import checks, handover, picture
from .checks import Check, listed
from .picture import DUMP

README = Path(__file__).resolve().parents[3] / "docs" / "pictures"
# The pictures' names, here and on stock QEMU.
HERE, STOCK = "stolen-memory.png", "stock-qemu.png"
NO_FAULT = 0xFFFFFFFFFFFFFFFF
PAGES = -(-(picture.STRIDE * (picture.HEIGHT - 1) + 4 * picture.WIDTH)
          // picture.PAGE)


def dumped(outcome):
    """The screendump of a scene; None if there is none."""
    path = outcome.run.directory / DUMP
    return picture.from_ppm(path.read_bytes()) if path.exists() else None


def read_png(path):
    """A picture from a file."""
    return picture.from_png(Path(path).read_bytes())


def write_png(outcome, path):
    """Keeps the screendump of a scene; False if there is none."""
    found = dumped(outcome)
    if found:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture.to_png(found))
    return bool(found)


def compared(title, outcome, wanted, name):
    """The screendump, pixel by pixel."""
    found = dumped(outcome)
    wrong = (picture.difference(found, wanted) if found
             else "there is no screendump")
    said = wrong or f"{name}, in all {wanted.width * wanted.height} pixels"
    return Check(title, said, not wrong, name)


def drawn(outcome, where):
    """The last guest's CPU drew at BDSM."""
    found = outcome.innermost.said("picture", "drawn")
    return Check("the CPU draws a test card at BDSM",
                 listed(word for line in found for word in line),
                 found == [[hex(where)]], hex(where))


def refreshed(outcome, faults, first):
    """The device showed it once, with so many pages that it could not read."""
    found = [" ".join(line)
             for line in outcome.innermost.said("picture", "frames")]
    wanted = f"1 faults {faults} at {first:#018x}"
    return Check("refreshes, as the device tells it", listed(found),
                 found == [wanted], wanted)


def here(outcome):
    """[(level, check)] of the demo's picture."""
    level = outcome.innermost.level
    return [
        (level, drawn(outcome, outcome.spec.stolen.dsm_base)),
        (level, refreshed(outcome, 0, NO_FAULT)),
        ("L0", compared("the device's picture, in QEMU's console", outcome,
                        picture.test_card(), "the test card"))]


def base_moved(outcome):
    """BDSM in L2 is not where the device has its stolen memory."""
    bdsm = outcome.l2.bdsm()
    return Check("BDSM, moved by L2's firmware", f"{bdsm:#x}",
                 bdsm not in (0, outcome.spec.stolen.dsm_base),
                 f"not {outcome.spec.stolen.dsm_base:#x}")


def no_rmrr(evidence):
    """The kernel's IOMMU driver looked for one."""
    found = [line for line in evidence.log if "RMRR" in line]
    return Check("RMRR", listed(found), found == ["DMAR: No RMRR found"],
                 "DMAR: No RMRR found")


def on_stock(outcome):
    """[(level, check)] of the same scene on a QEMU without our changes."""
    if not outcome.l2.finished:
        return [("L2", Check("job", "not finished", False, "finished"))]
    base = outcome.spec.stolen.dsm_base
    return [
        ("L1", no_rmrr(outcome.l1)),
        ("L2", no_rmrr(outcome.l2)),
        ("L2", base_moved(outcome)),
        ("L2", drawn(outcome, outcome.l2.bdsm())),
        ("L2", refreshed(outcome, PAGES, base)),
        ("L0", compared("the device's picture, in QEMU's console", outcome,
                        picture.all_faults(), "the fault pattern"))]


def verdicts(outcome):
    """[(level, check)]: every line of the demo's result."""
    stolen = outcome.spec.stolen
    lines = []
    for level in outcome.levels:
        found = [*checks.tool_verdicts(level),
                 checks.tool_agrees(level, stolen),
                 checks.no_firmware_bug(level), checks.no_dmar_fault(level)]
        if level is outcome.l1:
            found.append(checks.dma_seen_by_cpu(level))
        lines += [(level.level, checks.only_if(level.finished, check))
                  for check in found]
    return lines + handover.demonstrated(outcome) + here(outcome)


def columns(level, stolen, dma, untouched=None, returned=None):
    """{column: check or None} of the table for one level."""
    return {"found": bool(level.device()),
            "placed": checks.kernel_stolen(level, stolen),
            "RMRR": checks.rmrr_logged(level, stolen), "DMA": dma,
            "handed on": untouched, "given back": returned}


def rows(outcome):
    """(name, columns) of each level."""
    stolen = outcome.spec.stolen
    for level in outcome.levels:
        dma = (checks.cpu_seen_by_dma if level.level == "L1"
               else handover.cpu_seen_by_device)(level)
        handed = ()
        if level.level != outcome.innermost.level:
            before, back = (outcome.phase(name, level.level)
                            for name in ("before", "back"))
            handed = (handover.marks_intact(back, stolen),
                      handover.same_sum(before, back))
        yield level.level, columns(level, stolen, dma, *handed)


def table(found):
    """Lines of the table of (name, columns)."""
    cells = [["", *found[0][1]]] + [
        [name, *("-" if check is None else "yes" if check else "NO"
                 for check in row.values())] for name, row in found]
    for row in cells:
        yield "".join(cell.ljust(12) for cell in row).rstrip()
