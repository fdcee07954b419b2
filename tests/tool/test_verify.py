# What igd-stolen verify makes of things that do not agree
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json

import pytest

from conftest import make, run

HOST = next(one for one in make.HOSTS if one.name == 'skylake-ready')
BASE, LIMIT, DSM = HOST.base, HOST.limit, HOST.dsm
KIB = 1 << 10
MIB = make.MIB
GROUP = '| 0x%016x 0x%016x direct-relaxable' % (BASE, LIMIT)
LOG = '| Reserving Intel graphics memory at [mem 0x%08x-0x%08x]'


def verdicts(text, tmp_path):
    """{name: status} of what is not right."""
    path = tmp_path / 'host.bundle'
    path.write_text(text)
    done = run('verify', '--json', '--from', path)
    assert done.stderr == ''
    return {one['name']: one['status'] for one in
            json.loads(done.stdout)['checks'] if one['status'] != 'pass'}


def with_ranges(change, monkeypatch):
    """The bundle with another firmware map and kernel map."""
    usual = make.memory_ranges(HOST)
    monkeypatch.setattr(make, 'memory_ranges', lambda host: change(usual))
    return make.bundle_of(HOST)


def with_table(change, monkeypatch):
    """The bundle with another DMAR table; @change edits its bytes."""
    table = bytearray(make.dmar_table(HOST))
    at = len(table) - 32    # its last structure is the RMRR
    change(table, at)
    table[4:8] = len(table).to_bytes(4, 'little')
    monkeypatch.setattr(make, 'dmar_table', lambda host: bytes(table))
    return make.bundle_of(HOST)


def replaced(base, limit, name='Reserved'):
    """The region's own entry gives way to another."""
    return lambda ranges: [one for one in ranges if one[0] != BASE] + [
        (base, limit, name)]


def added(base, limit, name):
    return lambda ranges: ranges + [(base, limit, name)]


def test_all_agrees(tmp_path):
    assert verdicts(make.bundle_of(HOST), tmp_path) == {}


@pytest.mark.parametrize('change, wrong', [
    (replaced(BASE - MIB + 4 * KIB, LIMIT), {}),
    (replaced(BASE - MIB, LIMIT), {'e820': 'fail'}),
    (replaced(BASE, LIMIT + 4 * KIB), {'e820': 'fail'}),
    (replaced(BASE + MIB, LIMIT), {'e820': 'fail'}),
    (replaced(BASE, LIMIT - MIB), {'e820': 'fail'}),
    (replaced(BASE, LIMIT, 'ACPI Tables'), {'e820': 'fail'}),
    (replaced(BASE, LIMIT, 'System RAM'), {'e820': 'fail', 'clear': 'fail'}),
    (replaced(0xF8000000, 0xF8FFFFFF), {'e820': 'fail'}),
    (added(LIMIT - KIB, LIMIT, 'Reserved'), {'e820': 'fail'}),
    (added(LIMIT, LIMIT + KIB, 'System RAM'),
     {'e820': 'fail', 'clear': 'fail'}),
    (added(BASE - KIB, BASE, 'PCI Bus 0000:00'), {'clear': 'fail'}),
], ids=range(11))
def test_memory_map(change, wrong, tmp_path, monkeypatch):
    text = with_ranges(change, monkeypatch)
    assert verdicts(text, tmp_path) == wrong


def test_bar_over_region(tmp_path):
    line = '| %08x-%08x : ' % (BASE, LIMIT)
    text = make.bundle_of(HOST)
    assert line in text
    text = text.replace(line, '|   %08x-%08x : 0000:00:1f.3\n%s'
                        % (LIMIT - KIB, LIMIT, line))
    assert verdicts(text, tmp_path) == {'clear': 'fail'}


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


@pytest.mark.parametrize('change', [
    set_bytes(6, b'\1'), set_bytes(8, b'\0\0\x10\x7b'),
    set_bytes(16, b'\xff\xff\x6f\x7f'), set_bytes(24, b'\2'),
    set_bytes(29, b'\1'), set_bytes(30, b'\3'), set_bytes(31, b'\1'),
    second_scope, longer_path, no_rmrr],
    ids=['segment', 'base', 'limit', 'type', 'bus', 'device', 'function',
         'second', 'path', 'none'])
def test_table(change, tmp_path, monkeypatch):
    text = with_table(change, monkeypatch)
    assert verdicts(text, tmp_path) == {'dmar': 'fail'}


@pytest.mark.parametrize('old, new, wrong', [
    (GROUP, '| 0x%016x 0x%016x direct-relaxable' % (BASE + MIB, LIMIT),
     'fail'),
    (GROUP, '| 0x%016x 0x%016x direct-relaxable' % (BASE, LIMIT - MIB),
     'fail'),
    (GROUP, '| 0x%016x 0x%016x direct' % (BASE, LIMIT), 'fail'),
], ids=['base', 'limit', 'strict'])
def test_group(old, new, wrong, tmp_path):
    text = make.bundle_of(HOST)
    assert old in text
    assert verdicts(text.replace(old, new), tmp_path) == {
        'reserved_regions': wrong}


@pytest.mark.parametrize('new, wrong', [
    (LOG % (DSM + MIB, LIMIT), 'fail'), (LOG % (DSM, LIMIT + MIB), 'fail'),
    ('| nothing', 'fail'), ('| Reserving Intel graphics memory', 'fail'),
], ids=['base', 'limit', 'no line', 'no range'])
def test_log(new, wrong, tmp_path):
    text = make.bundle_of(HOST)
    old = LOG % (DSM, LIMIT)
    assert old in text
    assert verdicts(text.replace(old, new), tmp_path) == {'kernel': wrong}


def test_log_cut_off(tmp_path):
    text = make.bundle_of(HOST).replace(LOG % (DSM, LIMIT), '| other')
    text = text.replace('| Linux version\n', '')
    assert verdicts(text, tmp_path) == {'kernel': 'warn'}
