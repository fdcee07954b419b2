# Where packages come from: mirrors, versions, the kernel that is there whole
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re

import pytest

from igdrmrr import apt, assets, fetch, files
from igdrmrr.ui import Failure

MAIN = 'http://mirror.example/debian/'
SECURITY = 'http://mirror.example/security/'
OTHER = 'https://elsewhere.example/'


def target(uri, release, origin='Debian', component='main', kind='Packages'):
    return '|'.join((kind, uri, release, component, origin))


ROWS = {
    'Debian 12': ([target(MAIN, 'bookworm'),
                   target(MAIN, 'bookworm-updates'),
                   target(SECURITY, 'bookworm-security')], MAIN, SECURITY),
    'lists never fetched': (
        [target(MAIN, 'stable', origin='$(ORIGIN)', kind='Sources'),
         target(SECURITY, 'stable-security', origin='$(ORIGIN)')],
        MAIN, SECURITY),
    'others before Debian': (
        [target(OTHER, 'nodistro', origin='. nodistro'),
         target(OTHER, 'bookworm', origin='Docker'),
         target('cdrom:[Debian]/', 'bookworm'),
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
    ('Acquire::AllowInsecureRepositories "true";', False),
    ('APT::Get::AllowUnauthenticated "true";', False),
    ('Dir::Etc::trusted "trusted.gpg";', False),
])
def test_machine_setting(line, taken):
    assert bool(apt.MACHINE_SETTING.match(line)) == taken


def test_private_apt(monkeypatch, tmp_path):
    """What a new cache begins with; a password may be in it."""
    monkeypatch.setattr(apt.paths, 'CACHE', tmp_path)
    monkeypatch.setattr(apt, 'mirrors', lambda: (MAIN, None))
    apt.Archive(apt.NEWEST).configure()
    conf = tmp_path / 'apt/newest/apt.conf'
    assert 'newest' in conf.read_text()
    assert conf.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize('suite, names, releases', [
    ('bookworm', 'linux-headers-6.1.0-9-amd64 linux-headers-6.1.0-10-amd64 '
     'linux-headers-6.1.0-11-rt-amd64 linux-headers-6.12.9+deb12-amd64',
     ['6.1.0-10', '6.1.0-9']),
    (assets.BACKPORTS, 'linux-headers-7.2.12+deb13-amd64 '
     'linux-headers-7.10.1+deb13-amd64 linux-headers-7.3.4+deb13-common '
     'linux-headers-7.11.2+deb13-cloud-amd64 linux-headers-amd64',
     ['7.10.1+deb13', '7.2.12+deb13'])])
def test_kernel_releases(monkeypatch, suite, names, releases):
    archive = apt.Archive(suite)
    monkeypatch.setattr(archive, 'cache', lambda *_: names)
    assert archive.kernel_releases(
        assets.KERNELS[suite][0].releases) == releases


class Archive:
    """Two kernels, of which the mirror has not got all that it lists."""
    suite = 'trixie'

    def refresh(self):
        pass

    def kernel_releases(self, _):
        return ['6.12.9+deb13', '6.12.8+deb13']

    def binary_versions(self, package):
        return [{'Version': package.split('-')[2]}]


@pytest.fixture
def mirror(monkeypatch):
    """(the fetcher, what it unpacks); the parts in .missing answer 404."""
    fetcher = fetch.Fetcher()
    fetcher.archives['trixie'] = Archive()
    fetcher.missing = set()
    taken = {}

    def unpack(archive, package, stanza, asset):
        if package in fetcher.missing:
            raise Failure('404 ' + package)
        taken[asset.name] = (package, stanza['Version'], 'sum')

    monkeypatch.setattr(fetcher, 'unpack_binary', unpack)
    monkeypatch.setattr(assets, 'stamp', lambda asset: taken.get(asset.name))
    return fetcher, taken


PARTS = assets.KERNELS['trixie']


@pytest.mark.parametrize('missing, version', [
    ('', '6.12.9+deb13'),
    ('linux-image-6.12.9+deb13-amd64', '6.12.8+deb13'),
    ('linux-kbuild-6.12.9+deb13', '6.12.8+deb13'),
])
def test_newest_kernel_that_is_there_whole(mirror, missing, version):
    fetcher, taken = mirror
    fetcher.missing.add(missing)
    fetcher.kernel('trixie', PARTS)
    assert {found for _, found, _ in taken.values()} == {version}
    assert set(taken) == {part.name for part in PARTS}


def test_kernel_in_the_cache_is_kept(mirror):
    """Whole, the network is left alone; else its other parts are fetched."""
    fetcher, taken = mirror
    fetcher.missing.add('linux-image-6.12.9+deb13-amd64')
    fetcher.kernel('trixie', PARTS[:1])
    fetcher.missing.clear()
    fetcher.kernel('trixie', PARTS)
    assert {found for _, found, _ in taken.values()} == {'6.12.8+deb13'}
    fetcher.archives = {}
    fetcher.kernel('trixie', PARTS)
    assert len(fetcher.reused) == len(PARTS) + 1


def test_no_kernel_is_there_whole(mirror):
    fetcher, _ = mirror
    fetcher.missing = {part.of(release) for part in PARTS
                       for release in Archive().kernel_releases('')}
    with pytest.raises(Failure, match='404 linux-image-6.12.8'):
        fetcher.kernel('trixie', PARTS)


class Sources:
    """QEMU's source packages, of which some answer 404."""
    suite = apt.NEWEST
    versions = ('1:11.2.0+ds-1', '1:11.1.3+ds-1', '1:11.1.2+ds-3',
                '1:10.2.2+ds-1', '1:10.2.1+ds-1')

    def refresh(self):
        pass

    def source_versions(self, _):
        return [{'Version': version} for version in self.versions]

    def download(self, _, version, directory, *how):
        if version in self.missing:
            raise Failure('404 ' + version)
        files.write_atomic(directory / 'x.dsc', version)


@pytest.mark.parametrize('which, missing, found', [
    ('newest', (), '1:11.1.3+ds-1'),
    ('newest', ('1:11.1.3+ds-1', '1:11.1.2+ds-3'), '1:10.2.2+ds-1'),
    ('10.2', (), '1:10.2.2+ds-1'),
])
def test_newest_qemu_that_is_served(tmp_path, monkeypatch, capsys, which,
                                    missing, found):
    """Those passed over are named, and again when it is in the cache."""
    monkeypatch.setattr(fetch, 'SOURCE', tmp_path)
    monkeypatch.setattr(fetch.paths, 'CACHE', tmp_path)
    monkeypatch.setattr(fetch, 'Archive', lambda suite, _: Sources())
    for Sources.missing in (missing, Sources.versions):
        assert fetch.fetch((), qemu=which)['version'] == found
        said = capsys.readouterr().out
        newer = ['1:11.2.0+ds-1', *missing] if which == 'newest' else []
        assert re.findall('newer than the hooks: (.*)', said) == [
            ', '.join(newer)] * bool(newer)


def test_tree_of_the_user(tmp_path):
    """Its files tell whether it is the same; git's and build/ do not."""
    with pytest.raises(Failure, match='not a source tree of QEMU'):
        fetch.tree_record(tmp_path)
    for name in ('VERSION', 'hw/x.c', '.git/x', 'build/x'):
        files.write_atomic(tmp_path / 'tree' / name, '11.0.92\n')
    tree = tmp_path / 'tree'
    before = fetch.tree_record(tree)
    assert before['version'] == '11.0.92'
    fetch.unpack_source(before, tmp_path / 'copy', '')
    assert sorted(path.name for path in (tmp_path / 'copy').iterdir()) == [
        'VERSION', 'hw']
    files.write_atomic(tree / 'build/x', 'y')
    assert fetch.tree_record(tree) == before
    files.write_atomic(tree / 'hw/x.c', 'changed')
    assert fetch.tree_record(tree) != before


@pytest.mark.parametrize('content, why', [('1', 'is damaged'),
                                          (None, 'is missing')])
def test_source_is_checked(tmp_path, content, why):
    if content:
        files.write_atomic(tmp_path / 'x.dsc', content)
    with pytest.raises(Failure, match='x.dsc ' + why):
        fetch.check_files(tmp_path, {'x.dsc': '0' * 64})
