# Cases of the suites that are not in pytest or meson: run, counted, shown
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import time

from . import results
from .ui import Failure, say


class Cases:
    """The cases of one suite, which it says it runs."""

    def __init__(self, suite):
        self.suite = suite
        self.total = results.Counts()
        self._start = time.monotonic()
        say('suite ' + suite)

    def run(self, name, function, *arguments):
        """Runs one, which returns what is wrong; True if nothing is."""
        start = time.monotonic()
        try:
            wrong = function(*arguments)
        except Failure as failure:
            wrong = str(failure).splitlines()
        self.total.times.append((time.monotonic() - start, '%s: %s'
                                 % (self.suite, name)))
        if wrong:
            self.total.failed.append('%s: %s' % (self.suite, name))
            say('FAILED %s, %s:\n%s' % (self.suite, name, '\n'.join(
                '    %s' % line for line in wrong)))
        else:
            self.total.passed += 1
        return not wrong

    def skip(self, name, reason):
        """Does not run one, and says why."""
        self.total.skipped += 1
        say('skipped: %s: %s' % (name, reason))

    def end(self):
        """Says how it went; returns the counts."""
        say('suite %s: %s (%d s)' % (self.suite, self.total,
                                     time.monotonic() - self._start))
        return self.total
