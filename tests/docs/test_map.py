# The map of the book: its addresses and sizes are those that igd-stolen plans
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import re
import subprocess
from xml.etree import ElementTree

import pytest

from conftest import ROOT

SVG = 'docs/explanation/address-map.svg'
TEXT = 'docs/explanation/address-map.txt'
PAGE = 'docs/man/igd-stolen.1'
MIB = 1 << 20
FOUR_GIB = 4 << 30
# Where the columns of the text and of the picture are.
CELLS = (slice(11, 31), slice(32, 52), slice(53, 73))
MIDDLES = ('203', '463', '723')


def plan(bundle, memory):
    done = subprocess.run(
        [ROOT / 'build/igd-stolen', 'plan', '--memory', memory, '--format',
         'json', '--from', ROOT / bundle], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)['plan']


def ranges(entries):
    """[(base, size, whether stolen)], the highest first; RAM above 4 GiB."""
    found = []
    for entry in entries:
        base, limit = int(entry['base'], 16), int(entry['limit'], 16)
        # The first MiB of a PC is not drawn.
        base = 0 if base == MIB else base
        if base < FOUR_GIB or 'RAM' in entry['name']:
            found.append((base, limit - base + 1,
                          entry['name'].startswith('stolen')))
    return sorted(found, reverse=True)


@pytest.fixture(scope='module')
def planned():
    """What the host's, L1's and L2's column have to show."""
    l1 = plan('build/hosts/skylake-ready.bundle', '4G')
    l2 = plan('tests/data/book/l1.bundle', '2G')
    return [ranges(one) for one in
            (l1['host_map'], l1['guest_map'], l2['guest_map'])]


def in_text():
    """(edges, [sizes of each column]) of the text."""
    lines = (ROOT / TEXT).read_text().splitlines()[1:]
    return ({int(line[:9], 16) for line in lines if line[:9].strip()},
            [[int(size) for line in lines
              for size in re.findall(r' (\d+) MiB', line[cell])]
             for cell in CELLS])


def in_picture():
    texts = [(one.get('class', ''), one.get('x'), int(one.get('y')), one.text)
             for one in ElementTree.parse(ROOT / SVG).iter(
                 '{http://www.w3.org/2000/svg}text')]
    found = []
    for middle in MIDDLES:
        rows = sorted((y, text) for _, x, y, text in texts if x == middle)
        found.append([int(size) << (10 if unit == 'G' else 0)
                      for _, text in rows
                      for size, unit in re.findall(r', (\d+) ([MG])iB$',
                                                   text)])
    return ({int(text, 16) for kind, _, _, text in texts
             if kind == 'axis' and '-' not in text}, found)


@pytest.mark.parametrize('shown', [in_text, in_picture])
def test_numbers(shown, planned):
    edges, sizes = shown()
    assert sizes == [[size // MIB for _, size, _ in rows] for rows in planned]
    assert edges == {0, FOUR_GIB} | {
        edge for rows in planned for base, size, _ in rows
        for edge in (base, base + size) if edge <= FOUR_GIB}


def test_ranges_in_the_picture(planned):
    """Also of the region, which is at one height in all columns."""
    text = (ROOT / SVG).read_text()
    there = {'%08x-%08x' % (base, base + size - 1)
             for rows in planned for base, size, _ in rows}
    written = set(re.findall(r'>([0-9a-f]{8,}-[0-9a-f]{8,})<', text))
    assert written and written <= there
    stolen = [[row for row in rows if row[2]] for rows in planned]
    assert stolen[0] == stolen[1] == stolen[2] == [
        (0x7b800000, 64 * MIB, True), (0x7b000000, 8 * MIB, True)]
    assert text.count('7b000000-7f7fffff') == 2
    rectangles = re.findall(r'<rect x="(\d+)" y="(\d+)" width="\d+" height='
                            r'"(\d+)" fill="#b4491a"', text)
    assert len(rectangles) == 6
    assert len({(y, height) for _, y, height in rectangles}) == 2


def test_manual_page_has_the_text():
    page = (ROOT / PAGE).read_text().replace('\\e', '\\')
    assert '\n.Bd -literal -offset 0\n%s.Ed\n' % (
        ROOT / TEXT).read_text() in page
