# Test cases: read from what meson and pytest report, and counted
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import re
import xml.etree.ElementTree

GOOD = ('OK', 'SKIP', 'EXPECTEDFAIL')
SKIPPED = re.compile(r'^1\.\.0\s*#\s*skip', re.I | re.M)


class Cases:
    """The cases of a suite or a program: how many, names of the failed.

    times has pairs of seconds and name, of cases or of whole programs.
    """

    def __init__(self, name=''):
        self.name = name
        self.passed = self.skipped = 0
        self.failed = []
        self.times = []

    @property
    def total(self):
        return self.passed + len(self.failed) + self.skipped

    def __str__(self):
        text = '%d passed, %d failed' % (self.passed, len(self.failed))
        return text + (', %d skipped' % self.skipped if self.skipped else '')

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.times += other.times

    def fail(self, why):
        self.failed.append('%s: %s' % (self.name, why))
        return self

    def end(self, verdict='OK'):
        """Makes the verdict on all of them agree with their number."""
        if verdict not in GOOD and not self.failed:
            self.fail('the program ended with %s' % verdict)
        elif not self.total:
            self.fail('ran no test')
        return self

    def read(self, testcases):
        """Counts elements of a junit file."""
        for case in testcases:
            name = case.get('name')
            if case.get('time'):
                self.times.append((float(case.get('time')),
                                   '%s: %s' % (self.name, name)))
            found = {child.tag for child in case}
            if found & {'failure', 'error'}:
                self.fail(name)
            elif 'skipped' in found:
                self.skipped += 1
            else:
                self.passed += 1


def read_junit(path):
    return list(xml.etree.ElementTree.parse(path).iter('testcase')
                ) if path.exists() else []


def read_meson(log):
    """
    (entry of testlog.json, Cases) of each program in meson's @log.

    Its junit file has the cases of a program with TAP, and a case of that
    name for a program that said nothing.
    """
    of = {}
    for case in read_junit(log.with_suffix('.junit.xml')):
        of.setdefault(case.get('classname').partition('.')[2], []).append(case)
    for line in log.read_text().splitlines() if log.exists() else ():
        entry = json.loads(line)
        cases = Cases(entry['name'].split(' / ')[-1])
        cases.read(of.get(entry['name'], ()))
        if not cases.total and SKIPPED.search(entry.get('stdout', '')):
            cases.skipped = 1
        cases.times = [(entry['duration'], cases.name)]
        yield entry, cases.end(entry['result'])
