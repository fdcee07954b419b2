# Verdicts of igd-stolen verify on sources that do not agree
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

import hosts
from conftest import BY_NAME, answer, bundle_with

HOST = BY_NAME['skylake-ready']
BASE, LIMIT, DSM = HOST.base, HOST.limit, HOST.dsm
KIB = 1 << 10
MIB = hosts.MIB
LOG = '| Reserving Intel graphics memory at [mem 0x%08x-0x%08x]'


def verdicts(text):
    """{name: verdict} of each check that is not right."""
    return {one['name']: '%(status)s: %(detail)s' % one for one in
            answer(bundle_with(text), 'verify')['checks']
            if one['status'] != 'pass'}


def with_ranges(change, monkeypatch):
    """The bundle with another firmware map and kernel map."""
    usual = hosts.memory_ranges(HOST)
    monkeypatch.setattr(hosts, 'memory_ranges', lambda host: change(usual))
    return hosts.bundle_of(HOST)


def with_table(change, monkeypatch):
    """The bundle with another DMAR table; @change edits its bytes."""
    table = bytearray(hosts.dmar_table(HOST))
    at = len(table) - 32    # its last structure is the RMRR
    change(table, at)
    table[4:8] = len(table).to_bytes(4, 'little')
    monkeypatch.setattr(hosts, 'dmar_table', lambda host: bytes(table))
    return hosts.bundle_of(HOST)


def replaced(base, limit, name='Reserved'):
    """The region's own entry gives way to another."""
    return lambda ranges: [one for one in ranges if one[0] != BASE] + [
        (base, limit, name)]


def added(base, limit, name):
    return lambda ranges: ranges + [(base, limit, name)]


def test_all_agrees():
    assert verdicts(hosts.bundle_of(HOST)) == {}


IN_THE_WAY = 'fail: %s is in the way'


@pytest.mark.parametrize('change, e820, clear', [
    (replaced(BASE - MIB + 4 * KIB, LIMIT), None, None),
    (replaced(BASE - MIB, LIMIT), 'fail: reserved 7af00000-7f7fffff', None),
    (replaced(BASE, LIMIT + 4 * KIB), 'fail: reserved 7b000000-7f800fff',
     None),
    (replaced(BASE + MIB, LIMIT), 'fail: reserved 7b100000-7f7fffff', None),
    (replaced(BASE, LIMIT - MIB), 'fail: reserved 7b000000-7f6fffff', None),
    (replaced(BASE, LIMIT, 'ACPI Tables'),
     IN_THE_WAY % '7b000000-7f7fffff ACPI Tables', None),
    (replaced(BASE, LIMIT, 'System RAM'),
     IN_THE_WAY % '7b000000-7f7fffff System RAM',
     'fail: 7b000000-7f7fffff is System RAM'),
    (replaced(0xF8000000, 0xF8FFFFFF), 'fail: no entry covers stolen memory',
     None),
    (added(LIMIT - KIB, LIMIT, 'Reserved'),
     IN_THE_WAY % '7f7ffbff-7f7fffff Reserved', None),
    (added(LIMIT, LIMIT + KIB, 'System RAM'),
     IN_THE_WAY % '7f7fffff-7f8003ff System RAM',
     'fail: 7f7fffff-7f8003ff is System RAM'),
    (added(BASE - KIB, BASE, 'PCI Bus 0000:00'), None,
     'fail: 7afffc00-7b000000 is PCI Bus 0000:00'),
], ids=range(11))
def test_memory_map(change, e820, clear, monkeypatch):
    wrong = {'e820': e820, 'clear': clear}
    assert verdicts(with_ranges(change, monkeypatch)) == {
        name: wrong[name] for name in wrong if wrong[name]}


def with_line(old, new):
    """The bundle with other text in it."""
    text = hosts.bundle_of(HOST)
    assert old in text
    return text.replace(old, new)


def test_bar_over_region():
    line = '| %08x-%08x : ' % (BASE, LIMIT)
    text = with_line(line, '|   %08x-%08x : 0000:00:1f.3\n%s'
                     % (LIMIT - KIB, LIMIT, line))
    assert verdicts(text) == {
        'clear': 'fail: 7f7ffbff-7f7fffff is 0000:00:1f.3'}


def set_bytes(offset, content):
    def change(table, at):
        table[at + offset:at + offset + len(content)] = content
    return change


def second_scope(table, at):
    table[at + 2] += 8
    table.extend([1, 8, 0, 0, 0, 0, 3, 0])


def longer_path(table, at):
    table[at + 2] += 2
    table[at + 25] += 2
    table.extend([0, 0])


def no_rmrr(table, at):
    del table[at:]


NOT_ALONE = '7b000000-7f7fffff, scope is not the device alone'
TABLES = {
    'segment': (set_bytes(6, b'\1'), NOT_ALONE),
    'base': (set_bytes(8, b'\0\0\x10\x7b'),
             '7b100000-7f7fffff, scope 0000:00:02.0'),
    'limit': (set_bytes(16, b'\xff\xff\x6f\x7f'),
              '7b000000-7f6fffff, scope 0000:00:02.0'),
    'type': (set_bytes(24, b'\2'), NOT_ALONE),
    'bus': (set_bytes(29, b'\1'), NOT_ALONE),
    'device': (set_bytes(30, b'\3'), NOT_ALONE),
    'function': (set_bytes(31, b'\1'), NOT_ALONE),
    'second': (second_scope, NOT_ALONE), 'path': (longer_path, NOT_ALONE),
    'none': (no_rmrr, 'none of 0 covers stolen memory'),
}


@pytest.mark.parametrize('name', TABLES)
def test_table(name, monkeypatch):
    change, wrong = TABLES[name]
    assert verdicts(with_table(change, monkeypatch)) == {
        'dmar': 'fail: ' + wrong}


@pytest.mark.parametrize('base, limit, kind, wrong', [
    (BASE + MIB, LIMIT, '-relaxable', 'direct-relaxable 7b100000-7f7fffff'),
    (BASE, LIMIT - MIB, '-relaxable', 'direct-relaxable 7b000000-7f6fffff'),
    (BASE, LIMIT, '', 'group 1 has 0 direct-relaxable ranges, not one'),
], ids=['base', 'limit', 'strict'])
def test_group(base, limit, kind, wrong):
    line = '| 0x%016x 0x%016x direct%s'
    assert verdicts(with_line(line % (BASE, LIMIT, '-relaxable'),
                              line % (base, limit, kind))) == {
        'reserved_regions': 'fail: ' + wrong}


@pytest.mark.parametrize('new, wrong', [
    (LOG % (DSM + MIB, LIMIT), 'DSM 7b900000-7f7fffff'),
    (LOG % (DSM, LIMIT + MIB), 'DSM 7b800000-7f8fffff'),
    ('| nothing', "the kernel's log has no line about it"),
    ('| Reserving Intel graphics memory',
     "the kernel's log has no line about it"),
], ids=['base', 'limit', 'no line', 'no range'])
def test_log(new, wrong):
    assert verdicts(with_line(LOG % (DSM, LIMIT), new)) == {
        'kernel': 'fail: ' + wrong}


def test_log_cut_off():
    text = with_line(LOG % (DSM, LIMIT), '| other')
    assert verdicts(text.replace('| Linux version\n', '')) == {
        'kernel': "warn: unknown: the kernel's log does not go back far "
                  "enough"}
