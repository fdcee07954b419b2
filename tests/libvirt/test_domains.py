# Domains that people have, and what libvirt knows of ours and Debian's emulator
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import xml.etree.ElementTree as xml

import pytest

import domains
from guestlib import debian_qemu
from guestlib.catalog import USUAL
from igdrmrr import full, package, paths


def started(life, row):
    """What the emulator of a row answered to query-status and query-rmrr."""
    status, rmrr = [json.loads(line) for line in life.of(row)
                    if line.startswith('{')]
    assert status['return']['status'] == 'running'
    return rmrr


@pytest.mark.parametrize('name', domains.ROWS)
def test_starts(name, life):
    region, = started(life, 'ours/' + name)['return']
    assert (region['base'], region['limit'], region['placed']) == (
        USUAL.region.base, USUAL.region.limit, True)
    assert [device['mapped'] for device in region['devices']] == (
        [] if domains.PC in domains.ROWS[name] else [True])


@pytest.mark.parametrize('name', domains.ROWS)
def test_starts_with_debian(name, life):
    """What this one starts, ours has to; "edu" is in the IGD's place."""
    assert started(life, 'debian/' + name)['error']['class'] == (
        'CommandNotFound')


def flat(element, path=''):
    """{path of an element, with its attributes: its text}, of all below."""
    path += '/' + ' '.join((element.tag, *(
        '%s=%s' % pair for pair in sorted(element.items()))))
    found = {path: (element.text or '').strip()}
    if element.tag == 'value':
        found = {path + '/' + element.text: ''}
    for child in element:
        found.update(flat(child, path))
    return found


def test_capabilities(life):
    """libvirt knows of both the same, but for what is listed."""
    ours, debian = [
        {path.partition('domainCapabilities/')[2].replace(' ', '_'): text
         for path, text in flat(xml.fromstring(
             '\n'.join(life.of(step)))).items()}
        for step in ('capabilities_then', 'capabilities_debian')]
    assert min(len(ours), len(debian)) > 100
    assert debian_qemu.complaints(
        debian_qemu.differences(ours, debian),
        [row[1:] for row in full.table(
            paths.ROOT / 'packaging/full-differences', 5)
         if row[0] == 'domcapabilities'], package.release()[0]) == []
