# The map of the book in characters, for the manual page
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: address spaces in, text out. At most 74 columns, so that it fits a
# manual page of 80.

from . import address_map as model

AXIS = 10
CELL = 20


def label(row):
    if row is None:
        return ''
    name = row.name
    if row.kind == 'stolen':
        name = 'STOLEN: ' + name
    text = '%s %s' % (name, model.size_text(row.size))
    if len(text) >= CELL:
        raise ValueError('too long for the map: ' + text)
    return text


def line(address, cells, joint):
    """One line: an address or nothing, a cell for each space."""
    return (address.rjust(AXIS - 1) + ' ' + joint + joint.join(cells)
            + joint).rstrip()


def edge_line(edge, begins):
    """The line at an address; @begins says where a cell ends and begins."""
    cells = [('-' if new else ' ') * CELL for new in begins]
    text = line('%x' % edge, cells, '+')
    # Where nothing begins on either side, the upright goes on.
    for number in range(len(begins) + 1):
        near = begins[max(number - 1, 0):number + 1]
        if not any(near):
            at = AXIS + number * (CELL + 1)
            text = text[:at] + '|' + text[at + 1:]
    return text


def title_lines(spaces):
    names = ['%s, %s' % (space.title, space.subtitle) for space in spaces]
    return [(' ' * AXIS + ''.join(' ' + name.center(CELL)
                                  for name in names)).rstrip()]


def draw(spaces):
    edges = model.edges(spaces)
    columns = [model.pieces(space, edges) for space in spaces]
    lines = title_lines(spaces)
    whole = [True] * len(spaces)
    tops = [model.above(space) for space in spaces]
    lines.append(line('', ['-' * CELL] * len(spaces), '+'))
    lines.append(line('', [(' ' + label(top)).ljust(CELL) for top in tops],
                      '|'))
    lines.append(edge_line(model.FOUR_GIB, whole))
    for low, high in reversed(list(zip(edges, edges[1:]))):
        cells = []
        for pieces in columns:
            # A range has its name in the highest piece of it.
            named = next((row for _, top, row in pieces if top == high), None)
            cells.append((' ' + label(named)).ljust(CELL))
        lines.append(line('', cells, '|'))
        lines.append(edge_line(low, [any(piece[0] == low for piece in pieces)
                                     for pieces in columns]))
    lines.append((' ' * (AXIS + 1) + 'STOLEN: one address, and'
                  ' at each level other memory.').rstrip())
    return '\n'.join(lines) + '\n'
