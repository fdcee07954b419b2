# Tests of how the machine's Debian mirrors are found
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import apt

MAIN = 'http://mirror.example/debian/'
SECURITY = 'http://mirror.example/security/'
OTHER = 'https://elsewhere.example/'


def target(uri, release, origin='Debian', component='main', kind='Packages'):
    return '|'.join((kind, uri, release, component, origin))


ROWS = {
    'Debian 12': ([target(MAIN, 'bookworm'),
                   target(MAIN, 'bookworm-updates'),
                   target(SECURITY, 'bookworm-security')], MAIN, SECURITY),
    'Debian 13, sources first': (
        [target(MAIN, 'trixie', kind='Sources'), target(MAIN, 'trixie'),
         target(SECURITY, 'trixie-security')], MAIN, SECURITY),
    'lists never fetched': (
        [target(MAIN, 'bookworm', origin='$(ORIGIN)'),
         target(SECURITY, 'bookworm-security', origin='$(ORIGIN)')],
        MAIN, SECURITY),
    'by the name stable': ([target(MAIN, 'stable'),
                            target(SECURITY, 'stable-security')],
                           MAIN, SECURITY),
    'no security archive': ([target(MAIN, 'bookworm')], MAIN, None),
    'others before Debian': (
        [target(OTHER, 'nodistro', origin='. nodistro'),
         target(OTHER, 'bookworm', origin='Docker'),
         target(MAIN, 'bookworm'), target(SECURITY, 'bookworm-security')],
        MAIN, SECURITY),
    'a CD is no mirror': ([target('cdrom:[Debian]/', 'bookworm'),
                           target(MAIN, 'bookworm')], MAIN, None),
    'only contrib': ([target(MAIN, 'bookworm', component='contrib')],
                     None, None),
    'backports alone': ([target(MAIN, 'bookworm-backports')], None, None),
    'nothing': ([], None, None),
}


@pytest.mark.parametrize('row', ROWS)
def test_pick_mirrors(row):
    targets, main, security = ROWS[row]
    assert apt.pick_mirrors('\n'.join(targets)) == (main, security)


@pytest.mark.parametrize('line, taken', [
    ('Acquire::http::Proxy "http://proxy.example:3128";', True),
    ('Acquire::Check-Valid-Until "false";', True),
    ('Acquire::AllowInsecureRepositories "true";', False),
    ('Acquire::AllowWeakRepositories "true";', False),
    ('Acquire::Languages "en";', False),
    ('APT::Get::AllowUnauthenticated "true";', False),
    ('APT::Update::Post-Invoke:: "rm -f x";', False),
    ('Dir::Etc::trusted "trusted.gpg";', False),
])
def test_machine_setting(line, taken):
    assert bool(apt.MACHINE_SETTING.match(line)) == taken


def test_newest_first():
    names = ['1:10.0.2+ds-2', '1:10.0.13+ds-0', '1:10.0.2+ds-2', '1:9.9']
    found = apt.newest_first([{'Version': name} for name in names])
    assert [stanza['Version'] for stanza in found] == [
        '1:10.0.13+ds-0', '1:10.0.2+ds-2', '1:9.9']


def test_parse_stanzas():
    text = 'Package: a\nChecksums-Sha256:\n 12 3 x\n 45 6 y\n\n\nPackage: b\n'
    first, second = apt.parse_stanzas(text)
    assert first['Checksums-Sha256'].split('\n') == ['', '12 3 x', '45 6 y']
    assert second == {'Package': 'b'}
