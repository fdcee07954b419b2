# The map of the book as a picture
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Pure: address spaces in, SVG out. An address is at one height in all of
# them; heights grow with the logarithm of a range's size.

from html import escape

from . import address_map as model

LEFT = 96           # the addresses are left of this
COLUMN = 214
GAP = 46
TOP = 64
ABOVE = 46          # height of RAM above 4 GiB
BREAK = 16          # between it and the rest
BOTTOM = 106
RIGHT = 18

FILL = {'ram': '#d7e8d4', 'stolen': '#b4491a', 'mmconfig': '#d9d2ea',
        'pci': '#e4edf7', 'chipset': '#dddddd', 'reserved': '#eee6c8'}
STYLE = '''
text { font-family: "DejaVu Sans", Verdana, sans-serif; font-size: 13px;
       fill: #1a1a1a; }
.title { font-size: 17px; font-weight: bold; }
.small { font-size: 11px; fill: #444444; }
.axis { font-family: "DejaVu Sans Mono", monospace; font-size: 11px;
        fill: #444444; }
.in { fill: #ffffff; font-weight: bold; }
'''


class Picture:
    """Collects elements."""

    def __init__(self):
        self.parts = []

    def rect(self, x, y, width, height, fill, stroke='#777777', more=''):
        self.parts.append(
            '<rect x="%d" y="%d" width="%d" height="%d" fill="%s" '
            'stroke="%s"%s/>' % (x, y, width, height, fill, stroke, more))

    def line(self, x, y, x2, y2, more='stroke="#bbbbbb"'):
        self.parts.append('<line x1="%d" y1="%d" x2="%d" y2="%d" %s/>'
                          % (x, y, x2, y2, more))

    def text(self, x, y, what, kind='', anchor='middle'):
        self.parts.append(
            '<text x="%d" y="%d" text-anchor="%s"%s>%s</text>'
            % (x, y, anchor, ' class="%s"' % kind if kind else '',
               escape(what)))


def heights(edges):
    """{address: y}, the highest address first."""
    y = TOP + ABOVE + BREAK
    found = {edges[-1]: y}
    for low, high in reversed(list(zip(edges, edges[1:]))):
        y += model.height(low, high)
        found[low] = y
    return found


def column_x(number):
    return LEFT + number * (COLUMN + GAP)


def draw_cell(picture, x, y, height, row):
    """A range with its name, and its numbers where there is room."""
    if row is None:
        picture.rect(x, y, COLUMN, height, 'url(#hole)')
        return
    picture.rect(x, y, COLUMN, height, FILL[row.kind])
    inside = 'in' if row.kind == 'stolen' else ''
    middle = x + COLUMN // 2
    name = '%s, %s' % (row.name, model.size_text(row.size))
    if row.kind == 'stolen':
        name = 'stolen: ' + name
    if height < 38:
        picture.text(middle, y + height // 2 + 5, name, inside)
        return
    picture.text(middle, y + height // 2 - 1, name, inside)
    picture.text(middle, y + height // 2 + 15,
                 '%08x-%08x' % (row.base, row.limit),
                 'axis' + (' in' if inside else ''))


def draw_space(picture, number, space, edges, y_of):
    x = column_x(number)
    middle = x + COLUMN // 2
    picture.text(middle, 30, space.title, 'title')
    picture.text(middle, 50, space.subtitle + ' of RAM', 'small')
    top = model.above(space)
    if top:
        draw_cell(picture, x, TOP, ABOVE, top)
    for low, high, row in model.pieces(space, edges):
        draw_cell(picture, x, y_of[high], y_of[low] - y_of[high], row)
    picture.text(middle, y_of[0] + 24, 'stolen memory here:', 'small')
    picture.text(middle, y_of[0] + 40, space.whose)


def draw_band(picture, spaces, y_of, width):
    """The region, at one height from the left to the right."""
    parts = [row for row in spaces[0].rows if row.kind == 'stolen']
    low = min(row.base for row in parts)
    high = max(row.limit for row in parts) + 1
    x = LEFT - 8
    picture.rect(x, y_of[high] - 3, width - x - RIGHT + 8,
                 y_of[low] - y_of[high] + 6, '#fbe3d6', '#b4491a',
                 ' stroke-width="2"')
    return low, high


def draw_axis(picture, edges, y_of, width):
    for edge in edges:
        picture.text(LEFT - 14, y_of[edge] + 4, '%x' % edge, 'axis', 'end')
        picture.line(LEFT - 11, y_of[edge], width - RIGHT, y_of[edge])
    picture.text(LEFT - 14, TOP + ABOVE // 2 + 4, 'above 4 GiB', 'small',
                 'end')


def draw(spaces):
    edges = model.edges(spaces)
    y_of = heights(edges)
    width = column_x(len(spaces)) - GAP + RIGHT
    height = y_of[0] + BOTTOM
    picture = Picture()
    picture.rect(0, 0, width, height, '#ffffff', 'none')
    draw_axis(picture, edges, y_of, width)
    low, high = draw_band(picture, spaces, y_of, width)
    for number, space in enumerate(spaces):
        draw_space(picture, number, space, edges, y_of)
    picture.text(width // 2, y_of[0] + 72,
                 'The region %x-%x has one address at every level, and is '
                 'other memory at each.' % (low, high - 1))
    picture.text(width // 2, y_of[0] + 90,
                 'Not to scale. Hatched: nothing of a MiB or more is listed.',
                 'small')
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
        'viewBox="0 0 %d %d" role="img">\n'
        '<title>Address spaces of host, L1 and L2</title>\n'
        '<desc>Three columns, from address 0 at the foot to RAM above 4 GiB. '
        'Stolen memory, %x-%x, is at the same height in all.</desc>\n'
        '<style>%s</style>\n'
        '<defs><pattern id="hole" width="8" height="8" '
        'patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="8" height="8" fill="#ffffff"/>'
        '<line x1="0" y1="0" x2="0" y2="8" stroke="#cccccc" '
        'stroke-width="2"/></pattern></defs>\n'
        % (width, height, width, height, low, high - 1, STYLE))
    return head + '\n'.join(picture.parts) + '\n</svg>\n'
