# The benchmark's numbers: medians, ratios, verdicts, the table
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: numbers in, text out. A number that misses what was wanted is said to
# be missed, or to be so by design, and why.

import dataclasses
import statistics
import textwrap
from typing import Optional

COLUMNS = 102
WIDTHS = (44, 12, 12, 6, 8)         # and the verdict has what is left

median = statistics.median


@dataclasses.dataclass
class Wanted:
    """A bound on a number: '>=' or '<=' or '==', and which number."""
    sign: str
    value: float
    text: str = ''
    of: str = 'ratio'               # or 'ours'

    def met(self, number):
        return {'>=': number >= self.value, '<=': number <= self.value,
                '==': number == self.value}[self.sign]

    def __str__(self):
        return self.text or '%s %g' % (self.sign, self.value)


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
        if number is not None and self.wanted.met(number):
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
    if unit == 's':
        for size, name in ((1, 's'), (1e-3, 'ms'), (1e-6, 'us')):
            if value >= size or (name == 'us' and value):
                return '%.4g %s' % (value / size, name)
        return '0'
    text = '%.0f' % value if value >= 100 else '%.3g' % value
    return '%s %s' % (text, unit)


def line(cells):
    text = ' '.join(cell.ljust(width) if index == 0 else cell.rjust(width)
                    for index, (cell, width) in enumerate(zip(cells, WIDTHS)))
    return (text + '  ' + cells[len(WIDTHS)]).rstrip()


def cells(row, notes):
    """The row's columns; why it missed becomes a note, said once."""
    verdict = row.verdict
    text = {'by design': 'by design: ' + row.by_design,
            'missed': row.note}.get(verdict)
    if text:
        if text not in notes:
            notes.append(text)
        verdict += ' [%d]' % (notes.index(text) + 1)
    stock, ours = row.shown or (number(row.stock, row.unit),
                                number(row.ours, row.unit))
    return ('  ' + row.what, stock, ours,
            '-' if row.ratio is None else '%.3f' % row.ratio,
            str(row.wanted or ''), verdict)


def table(rows, titles):
    """The whole table; @titles names the sections, in their order."""
    out = [line(('', 'stock', 'ours', 'ratio', 'wanted', 'verdict'))]
    notes = []
    for section, title in titles.items():
        mine = [row for row in rows if row.section == section]
        if mine:
            out += ['', '(%s) %s' % (section, title)]
            out += [line(cells(row, notes)) for row in mine]
    out.append('')
    for index, text in enumerate(notes, 1):
        out += textwrap.wrap('[%d] %s' % (index, text), COLUMNS,
                             subsequent_indent='    ')
    return '\n'.join(out) + '\n'


def summary(rows):
    """How many were reached, and the names of those that were missed."""
    of = {verdict: [row for row in rows if row.verdict == verdict]
          for verdict in ('reached', 'missed', 'by design')}
    out = ['%d of %d reached, %d more miss by design' % (
        len(of['reached']), len(of['reached'] + of['missed']),
        len(of['by design']))]
    out += ['missed: (%s) %s' % (row.section, row.what)
            for row in of['missed']]
    return '\n'.join(out) + '\n'
