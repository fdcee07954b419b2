"""Whose memory the device reaches, when it is handed on and when it is back.

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

Verdicts, as in checks.py.  guest/handover.sh has the same numbers.
"""

import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path

from .checks import STATUS_DONE, Check, dma_line, listed, only_if

CPU_FIRST = 0x11112222
CPU_LAST = 0x40000001
DEVICE_WORD = 0x0DDBA110

STATE = re.compile(r"vtd_rmrr_state (\S+) 0x([0-9a-f]+)-0x([0-9a-f]+) "
                   r"mapped ([01]): (.+)$")

# What the trace says, by the emulator's source, and query-rmrr's word for it.
REASONS = {
    "".join(re.findall('"(.*?)"', texts)): name.lower().replace("_", "-")
    for name, texts in re.findall(
        r'\[RMRR_REASON_(\w+)\] = ((?:".*"\s*)+),',
        (Path(__file__).parents[3] / "hw/i386/rmrr_policy.c").read_text())}
# On the way from one domain to the next, as often as the kernel likes.
BETWEEN = ("no-context", "absent", "partial")
LENT = ("identity", "foreign", "identity", "translation-off")


def cpu_seen_by_device(evidence):
    """What the guest's CPU wrote is what the device reads, and no more."""
    return dma_line("CPU writes to stolen memory, read by the device",
                    evidence.dma("region_sum"),
                    {"status": [STATUS_DONE], "value": [CPU_FIRST + CPU_LAST]})


def device_seen_by_cpu(evidence):
    """What the device wrote is what the guest's CPU reads."""
    return dma_line("device writes to stolen memory, read by the CPU",
                    evidence.dma("device_to_cpu"),
                    {"status": [STATUS_DONE], "words": [DEVICE_WORD] * 2})


def words(evidence):
    """{address: value} of what the CPU found all over the region."""
    return {int(at): int(value, 16)
            for at, value in evidence.said("region_word")}


def all_words(title, evidence, stolen, wanted):
    """Each of them is wanted(address), from the first word to the last."""
    found = words(evidence)
    wrong = [f"{at:#x} has {value:#x}" for at, value in found.items()
             if value != wanted(at)]
    whole = (min(found, default=None) == stolen.region.base
             and max(found) == stolen.region.limit - 3)
    said = wrong[0] if wrong else f"{len(found)} words as wanted"
    return Check(title, said, whole and not wrong,
                 f"{wanted(stolen.region.base):#x} at its base, and so on "
                 "to its last word")


def marks_intact(evidence, stolen):
    """Each word has its own address, as it was marked."""
    return all_words("stolen memory as its owner left it", evidence, stolen,
                     lambda at: at)


def marks_cleared(evidence, stolen):
    """Each word is zero."""
    return all_words("stolen memory, cleared", evidence, stolen,
                     lambda at: 0)


def same_sum(earlier, later):
    """The device reads all of the region, at once, as it was before."""
    known = (earlier.dma("region_sum") or {}).get("value", [])
    return dma_line("device DMA from stolen memory, as it was before",
                    later.dma("region_sum"),
                    {"status": [STATUS_DONE] * len(known), "value": known})


def kept(earlier, later, stolen):
    """What was marked is still there, by the CPU and by the device."""
    return [marks_intact(later, stolen), same_sum(earlier, later)]


def coherent(inner, back, stolen):
    """What a policy that does not let L2 decide would break.

    inner: what the inner guest said; back: what L1 said when it was gone.
    """
    return [cpu_seen_by_device(inner), device_seen_by_cpu(inner),
            marks_intact(back, stolen)]


@dataclass(frozen=True)
class State:
    """Whether the machine kept the region mapped, and why."""
    mapped: bool
    reason: str


def states(lines, sid="00:02.0"):
    """Each change that the emulator has traced."""
    found = map(STATE.search, lines)
    return [State(one[4] == "1", REASONS.get(one[5], one[5]))
            for one in found if one and one[1] == sid]


def way(lines, wanted=LENT):
    """The region's way, by the reasons in order, each run of one once.

    Those on the way from one domain to the next are left out; it must not
    have been mapped then.  (L2 that hands the device on and takes it back
    goes from foreign to foreign.)
    """
    found = states(lines)
    reasons = [reason for reason, _ in itertools.groupby(
        one.reason for one in found if one.reason not in BETWEEN)]
    stray = [one for one in found if one.mapped and one.reason in BETWEEN]
    return Check("states of stolen memory in the emulator", listed(reasons),
                 reasons == list(wanted) and not stray, listed(wanted))


def asked(evidence, name, *wanted):
    """query-rmrr's policy and reason at that step."""
    found = [words[:2] for words in evidence.said("rmrr", name)]
    return Check(f"query-rmrr at {name}", listed(map(" ".join, found)),
                 found == [list(wanted)], " ".join(wanted))


def device_seen(evidence, name):
    """All that query-rmrr said of the device at that step."""
    return json.loads(evidence.said("rmrr", name)[0][2])


def listener(evidence, name):
    """The listener's counters at that step."""
    return json.loads(evidence.said("listener", name)[0][0])


def no_call(evidence, name):
    """VFIO was asked to map the region once, at realize, and never since."""
    stats = listener(evidence, name)
    found = {key: stats[key] for key in
             ("region-maps", "region-unmaps", "fatal", "surrendered")}
    return Check(f"calls of the listener until {name}", str(found),
                 list(found.values()) == [1, 0, 0, 0], "1, 0, 0, 0")


def always_mapped(lines, *wanted):
    """The machine kept the region mapped, for these reasons in order."""
    found = states(lines)
    away = [state for state in found if not state.mapped]
    reasons = [state.reason for state in found]
    return Check("states of stolen memory in the emulator",
                 listed(f"{state.reason}{'' if state.mapped else ', off'}"
                        for state in found),
                 reasons == list(wanted) and not away,
                 f"{listed(wanted)}, and mapped")


def demonstrated(outcome):
    """The demo's lines about the device in L2, or in L3 as well, and its
    return to each level above."""
    stolen = outcome.spec.stolen
    lines = []
    for above, inner in zip(outcome.levels, outcome.levels[1:]):
        back = outcome.phase("back", above.level)
        reads, writes, untouched = coherent(inner, back, stolen)
        before = outcome.phase("before", above.level)
        lines += [(inner.level, reads), (inner.level, writes),
                  (above.level, untouched),
                  (above.level, same_sum(before, back))]
    lines.append(("L0", way(outcome.l0.log)))
    return [(level, only_if(outcome.l1.finished, check))
            for level, check in lines]
