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


@pytest.mark.parametrize('name', domains.ROWS)
def test_starts(name, life):
    status, (region,) = [
        json.loads(line)['return'] for line in life.of('row-' + name)
        if line.startswith('{')]
    assert status['status'] == 'running'
    assert (region['base'], region['limit'], region['placed']) == (
        USUAL.region.base, USUAL.region.limit, True)
    assert [device['mapped'] for device in region['devices']] == (
        [] if domains.PC in domains.ROWS[name] else [True])


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
