# Counts test cases: TAP output, junit files, meson's test log
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: takes text, returns counts. Tested by tests/harness/test_results.py.

import json
import re
import xml.etree.ElementTree

RESULT = re.compile(r'(not )?ok\b\s*(\d+)?\s*(?:- )?([^#]*)(?:#\s*(\w+))?')
PLAN = re.compile(r'1\.\.(\d+)\s*(?:#\s*(SKIP))?', re.I)


class Counts:
    """Cases passed, failed and skipped; names of the failed.

    times has pairs of seconds and name, of cases or of whole programs.
    """

    def __init__(self, passed=0, failed=(), skipped=0):
        self.passed = passed
        self.failed = list(failed)
        self.skipped = skipped
        self.times = []

    @property
    def total(self):
        return self.passed + len(self.failed) + self.skipped

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.times += other.times

    def __str__(self):
        text = '%d passed, %d failed' % (self.passed, len(self.failed))
        if self.skipped:
            text += ', %d skipped' % self.skipped
        return text


def count_tap(text, program):
    """The cases of one program that prints TAP; its plan must be kept."""
    counts = Counts()
    planned = None
    ended = False
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = int(plan.group(1))
            if planned == 0 and plan.group(2):
                counts.skipped += 1
                return counts
            continue
        if line.startswith('Bail out!'):
            counts.failed.append('%s: %s' % (program, line))
            ended = True
            continue
        found = RESULT.match(line)
        if not found:
            continue
        bad, _number, name, directive = found.groups()
        directive = (directive or '').upper()
        if directive == 'SKIP':
            counts.skipped += 1
        elif bad and directive != 'TODO':
            counts.failed.append('%s: %s' % (program, name.strip()))
        else:
            counts.passed += 1
    if ended:
        return counts
    if planned is None:
        counts.failed.append('%s: no TAP plan' % program)
    elif counts.total < planned:
        counts.failed.append('%s: ended after %d of %d cases'
                             % (program, counts.total, planned))
    return counts


def count_junit(text, program):
    """The cases in a junit file of pytest."""
    counts = Counts()
    for case in xml.etree.ElementTree.fromstring(text).iter('testcase'):
        name = '%s: %s' % (program, case.get('name'))
        counts.times.append((float(case.get('time', 0)), name))
        if case.find('failure') is not None or case.find('error') is not None:
            counts.failed.append(name)
        elif case.find('skipped') is not None:
            counts.skipped += 1
        else:
            counts.passed += 1
    return counts


def close(counts, program, verdict):
    """Makes a program's verdict and the count of its cases agree."""
    if verdict not in ('OK', 'SKIP', 'EXPECTEDFAIL') and not counts.failed:
        counts.failed.append('%s: the program ended with %s'
                             % (program, verdict))
    elif not counts.total:
        counts.failed.append('%s: ran no test' % program)
    return counts


def read_meson_log(text):
    """The entries of testlog.json: one JSON object a line."""
    entries = []
    for line in text.splitlines():
        if line.strip():
            entry = json.loads(line)
            entry['name'] = entry['name'].split(' / ')[-1]
            entries.append(entry)
    return entries
