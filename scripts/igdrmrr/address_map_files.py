# The files that have the map of the book in them
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Same bundles, same bytes: tests/docs compares what is committed with what
# this makes.

from . import address_map, address_map_svg, address_map_text, paths

SVG = 'docs/explanation/address-map.svg'
TEXT = 'docs/explanation/address-map.txt'
PAGE = 'docs/man/igd-stolen.1'
# The lines of the page between which the text is.
PAGE_BEGIN = '.Bd -literal -offset 0\n'
PAGE_END = '.Ed\n'


def page_with(page, text):
    """The manual page with this text in the place of the one it has."""
    before, rest = page.split(PAGE_BEGIN)
    after = rest.split(PAGE_END, 1)[1]
    literal = ''.join(line.replace('\\', '\\e') + '\n'
                      for line in text.splitlines())
    return before + PAGE_BEGIN + literal + PAGE_END + after


def made():
    """{path: text} of all that has the map in it."""
    all_spaces = address_map.spaces()
    text = address_map_text.draw(all_spaces)
    return {SVG: address_map_svg.draw(all_spaces), TEXT: text,
            PAGE: page_with((paths.ROOT / PAGE).read_text(), text)}


def main():
    for name, text in made().items():
        (paths.ROOT / name).write_text(text)
    return 0
