# The benchmark's numbers: medians, ratios, verdicts, the table
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: numbers in, text out. A number that misses what was wanted is said to
# be missed, or to be so by design, and why.

import collections
import dataclasses
import operator
import statistics
import textwrap
from typing import NamedTuple, Optional

COLUMNS = 102
FORMAT = '{:44} {:>12} {:>12} {:>6} {:>8}  {}'

COMPARE = {'>=': operator.ge, '<=': operator.le, '==': operator.eq}

median = statistics.median


class Wanted(NamedTuple):
    """A bound on a number: '>=' or '<=' or '==', and which number."""
    sign: str
    value: float
    text: str = ''
    of: str = 'ratio'               # or 'ours'

    def __str__(self):
        return self.text or '%s %g' % self[:2]


@dataclasses.dataclass
class Row:
    """A line of the table; stock and ours are numbers or None."""
    section: str
    what: str
    stock: Optional[float] = None
    ours: Optional[float] = None
    unit: str = ''
    ratio: Optional[float] = None
    wanted: Optional[Wanted] = None
    by_design: str = ''             # why what is wanted may be missed
    note: str = ''                  # shown where it is missed
    shown: tuple = ()               # stock and ours as texts, if not so

    @property
    def verdict(self):
        if not self.wanted:
            return ''
        number = self.ratio if self.wanted.of == 'ratio' else self.ours
        if number is not None and COMPARE[self.wanted.sign](
                number, self.wanted.value):
            return 'reached'
        return 'by design' if self.by_design else 'missed'

    def record(self):
        """For the JSON file."""
        return dict(dataclasses.asdict(self), verdict=self.verdict,
                    wanted=str(self.wanted) if self.wanted else None)


def compare(section, what, stock, ours, unit, wanted=None, by_design=''):
    """
    A row from repeated measurements of both; the ratio is that of pairs.

    The two of a pair were measured right after each other, so what else the
    machine did cancels; between pairs it may have changed.
    """
    ratios = sorted(a / b for a, b in zip(ours, stock, strict=True))
    quarter = len(ratios) // 4
    note = 'the middle half of %d pairs lies between %.3f and %.3f' % (
        len(ratios), ratios[quarter], ratios[-1 - quarter])
    if len(ratios) < 3:
        note = 'no more than %d pairs, which say little' % len(ratios)
    return Row(section, what, median(stock), median(ours), unit,
               median(ratios), wanted, by_design, note)


def number(value, unit):
    """A number with its unit, in at most 12 columns."""
    if value is None:
        return '-'
    if unit in ('calls', 'mappings'):
        return '%d' % value
    if unit == 'ratio':
        return '%.2f' % value
    if unit == 's' and not value:
        return '0'
    if unit == 's':
        size, name = next(one for one in ((1, 's'), (1e-3, 'ms'), (0, 'us'))
                          if value >= one[0])
        return '%.4g %s' % (value / (size or 1e-6), name)
    return ('%.0f %s' if value >= 100 else '%.3g %s') % (value, unit)


def line(row, notes):
    """The row's columns; why it missed becomes a note, said once."""
    verdict = row.verdict
    text = {'by design': 'by design: ' + row.by_design,
            'missed': row.note}.get(verdict)
    if text:
        verdict += ' [%d]' % notes.setdefault(text, len(notes) + 1)
    shown = row.shown or [number(one, row.unit)
                          for one in (row.stock, row.ours)]
    return FORMAT.format(
        '  ' + row.what, *shown, '-' if row.ratio is None else
        '%.3f' % row.ratio, str(row.wanted or ''), verdict).rstrip()


def table(rows, titles):
    """The whole table; @titles names the sections, in their order."""
    out = [FORMAT.format('', 'stock', 'ours', 'ratio', 'wanted', 'verdict')]
    notes = {}
    for section, title in titles.items():
        mine = [line(row, notes) for row in rows if row.section == section]
        if mine:
            out += ['', '(%s) %s' % (section, title), *mine]
    out.append('')
    for text, index in notes.items():
        out += textwrap.wrap('[%d] %s' % (index, text), COLUMNS,
                             subsequent_indent='    ')
    return '\n'.join(out) + '\n'


def summary(rows):
    """How many were reached, and the names of those that were missed."""
    of = collections.Counter(row.verdict for row in rows)
    return '%d of %d reached, %d more miss by design\n' % (
        of['reached'], of['reached'] + of['missed'], of['by design']
        ) + ''.join('missed: (%s) %s\n' % (row.section, row.what)
                    for row in rows if row.verdict == 'missed')
