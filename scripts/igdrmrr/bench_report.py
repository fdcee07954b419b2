# The benchmark's numbers: medians, ratios, verdicts, the table
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: numbers in, text out. A number that misses what was wanted is said to
# be missed, with the reason under the table; none is left out.

import dataclasses
import statistics
import textwrap
from typing import Optional

COLUMNS = 100
WIDTHS = (44, 12, 12, 6, 8)         # and the verdict has what is left


@dataclasses.dataclass
class Wanted:
    """A bound on a number: '>=' or '<=' or '==', and which number."""
    sign: str
    value: float
    text: str = ''
    of: str = 'ratio'               # or 'ours'

    def met(self, number):
        if self.sign == '>=':
            return number >= self.value
        if self.sign == '<=':
            return number <= self.value
        return number == self.value

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
    reason: str = ''                # of a miss; shown only then
    note: str = ''                  # shown in any case
    shown: tuple = ()               # stock and ours as texts, if not so

    @property
    def reached(self):
        """True, False, or None where nothing is wanted."""
        if not self.wanted:
            return None
        number = self.ratio if self.wanted.of == 'ratio' else self.ours
        return number is not None and self.wanted.met(number)

    def record(self):
        """For the JSON file."""
        fields = dataclasses.asdict(self)
        fields['wanted'] = str(self.wanted) if self.wanted else None
        fields['reached'] = self.reached
        return fields


def median(values):
    return statistics.median(values)


def paired_ratio(ours, stock):
    """
    The median of the ratios of pairs.

    The two of a pair were measured right after each other, so what else the
    machine did cancels; between pairs it may have changed.
    """
    if len(ours) != len(stock):
        raise ValueError('%d and %d are no pairs' % (len(ours), len(stock)))
    return median([one / other for one, other in zip(ours, stock)])


def spread(ours, stock):
    """Between which ratios the middle half of the pairs lies."""
    ratios = [one / other for one, other in zip(ours, stock)]
    if len(ratios) < 2:
        return ratios[0], ratios[0]
    low, _, high = statistics.quantiles(ratios, n=4, method='inclusive')
    return low, high


def compare(section, what, stock, ours, unit, wanted=None, reason='', note=''):
    """A row from the repeated measurements of both."""
    low, high = spread(ours, stock)
    if wanted and not reason and len(ours) < 3:
        reason = 'no more than %d pairs, which say little' % len(ours)
    elif wanted and not reason and (wanted.met(low) or wanted.met(high)):
        reason = ('within the scatter of the measurement: half of the %d '
                  'pairs lie between %.3f and %.3f' % (len(ours), low, high))
    return Row(section, what, median(stock), median(ours), unit,
               paired_ratio(ours, stock), wanted, reason, note)


def number(value, unit):
    """A number with its unit, in at most 12 columns."""
    if value is None:
        return '-'
    if unit in ('calls', 'bytes', 'mappings'):
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


def table(rows, titles):
    """The whole table; @titles names the sections, in their order."""
    out = [line(('', 'stock', 'ours', 'ratio', 'wanted', 'verdict'))]
    notes = []
    for section, title in titles.items():
        mine = [row for row in rows if row.section == section]
        if not mine:
            continue
        out += ['', '(%s) %s' % (section, title)]
        out += [line(cells(row, notes)) for row in mine]
    if notes:
        out.append('')
        for index, text in enumerate(notes, 1):
            out += textwrap.wrap('[%d] %s' % (index, text), COLUMNS,
                                 subsequent_indent='    ')
    return '\n'.join(out) + '\n'


def cells(row, notes):
    """The row's columns; what is to be said becomes a note, said once."""
    verdict = {True: 'reached', False: 'missed', None: ''}[row.reached]
    found = []
    texts = [row.note]
    if row.reached is False:
        texts.append(row.reason or 'not explained')
    for text in filter(None, texts):
        if text not in notes:
            notes.append(text)
        found.append('%d' % (notes.index(text) + 1))
    if found:
        verdict = ('%s [%s]' % (verdict, ','.join(found))).strip()
    stock, ours = row.shown or (number(row.stock, row.unit),
                                number(row.ours, row.unit))
    return ('  ' + row.what, stock, ours,
            '-' if row.ratio is None else '%.3f' % row.ratio,
            str(row.wanted) if row.wanted else '',
            verdict)


def summary(rows):
    """How many were reached, and the names of those that were missed."""
    wanted = [row for row in rows if row.wanted]
    missed = [row for row in wanted if not row.reached]
    out = ['%d of %d reached' % (len(wanted) - len(missed), len(wanted))]
    out += ['missed: (%s) %s' % (row.section, row.what) for row in missed]
    return '\n'.join(out) + '\n'


# What programs print

def parse_scan(text):
    """
    {(format, page size, range): (seconds, table reads)} of the lines
    "FORMAT PAGE_SIZE RANGE_BYTES MICROSECONDS READS".
    """
    found = {}
    for words in map(str.split, text.splitlines()):
        if len(words) == 5 and words[0] in ('second', 'first'):
            found[words[0], int(words[1]), int(words[2])] = (
                float(words[3]) * 1e-6, int(words[4]))
    return found


def parse_stats(text):
    """{name: number} of the words "NAME NUMBER NAME NUMBER..."."""
    words = text.split()
    if len(words) % 2:
        raise ValueError('no pairs: ' + text)
    return {name: int(value) for name, value in zip(words[::2], words[1::2])}
