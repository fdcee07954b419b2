# Tests of which package goes with a kernel
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import apt, assets, fetch
from igdrmrr.ui import Failure

HEADERS, COMMON, KBUILD = assets.headers('bookworm')
DEPENDS = ('linux-headers-6.1.0-9-common (= 6.1.9-2), '
           'linux-kbuild-6.1 (>= 6.1.9-2)')


class Archive:
    """An archive in which the kernel is 6.1.9-2, and kbuild as said."""
    suite = 'bookworm'

    def __init__(self, *kbuild):
        self.lists = {
            'linux-headers-6.1.0-9-amd64': [
                {'Version': '6.1.9-2', 'Depends': DEPENDS}],
            'linux-headers-6.1.0-9-common': [{'Version': '6.1.9-2'}],
            'linux-kbuild-6.1': [{'Version': one} for one in kbuild]}

    def binary_versions(self, package):
        return self.lists.get(package, [])


@pytest.fixture(autouse=True)
def kernel(monkeypatch):
    monkeypatch.setattr(assets.KernelAsset, 'kernel', lambda self: (
        'linux-image-6.1.0-9-amd64', '6.1.9-2', 'sum'))


@pytest.mark.parametrize('listed, taken', [
    (['6.1.9-3', '6.1.9-2', '6.1.8-1'], ['6.1.9-2', '6.1.9-3']),
    (['6.1.9-3', '6.1.8-1'], ['6.1.9-3']),
    (['6.1.10-1'], ['6.1.10-1']),
])
def test_kbuild_may_be_newer(listed, taken):
    found = fetch.Fetcher().with_kernel(Archive(*listed), KBUILD)
    assert found == [('linux-kbuild-6.1', {'Version': version})
                     for version in taken]


@pytest.mark.parametrize('asset', [HEADERS, COMMON])
def test_headers_are_the_kernels_own(asset):
    [(_, stanza)] = fetch.Fetcher().with_kernel(Archive(), asset)
    assert stanza['Version'] == '6.1.9-2'
    assert not asset.fits('6.1.9-3', '6.1.9-2')


def test_kbuild_must_not_be_older():
    with pytest.raises(Failure, match='no longer has linux-kbuild-6.1'):
        fetch.Fetcher().with_kernel(Archive('6.1.8-1'), KBUILD)


class Backports:
    """Two kernels, of which the mirror has not got all that it lists."""
    suite = assets.BACKPORTS

    def refresh(self):
        pass

    def kernel_releases(self):
        return ['7.3.4+deb13', '7.2.12+deb13']

    def binary_versions(self, package):
        return [{'Version': package.split('-')[2]}]


@pytest.fixture
def backports(monkeypatch):
    """(the fetcher, what it unpacks); the parts in .missing answer 404."""
    fetcher = fetch.Fetcher()
    fetcher.archives[assets.BACKPORTS] = Backports()
    fetcher.missing = set()
    taken = {}

    def unpack(archive, package, stanza, final, keep=None):
        if package in fetcher.missing:
            raise Failure('404 ' + package)
        taken[final.name] = (package, stanza['Version'], 'sum')

    monkeypatch.setattr(fetcher, 'unpack_binary', unpack)
    monkeypatch.setattr(assets, 'stamp',
                        lambda asset: taken.get(asset.directory.name))
    return fetcher, taken


@pytest.mark.parametrize('missing, version', [
    ('', '7.3.4+deb13'),
    ('linux-headers-7.3.4+deb13-common', '7.2.12+deb13'),
    ('linux-modules-7.3.4+deb13-amd64', '7.2.12+deb13'),
])
def test_newest_kernel_that_is_there_whole(backports, missing, version):
    fetcher, taken = backports
    fetcher.missing.add(missing)
    fetcher.newest_kernel()
    assert len(taken) == len(assets.NEWEST_KERNEL)
    assert {found for _, found, _ in taken.values()} == {version}


def test_whole_kernel_is_kept(backports):
    fetcher, taken = backports
    fetcher.newest_kernel()
    fetcher.archives = {}
    fetcher.newest_kernel()
    assert len(fetcher.reused) == len(taken)


def test_no_kernel_is_there_whole(backports):
    fetcher, _ = backports
    fetcher.missing = {'linux-kbuild-7.3.4+deb13', 'linux-kbuild-7.2.12+deb13'}
    with pytest.raises(Failure, match='404 linux-kbuild-7.2.12'):
        fetcher.newest_kernel()


def test_kernel_releases(monkeypatch):
    archive = apt.Archive(assets.BACKPORTS)
    monkeypatch.setattr(archive, 'cache', lambda *_: '''
        linux-headers-7.2.12+deb13-amd64 linux-headers-7.3.4+deb13-common
        linux-headers-7.10.1+deb13-amd64 linux-headers-7.3.4+deb13-amd64
        linux-headers-7.11.2+deb13-cloud-amd64 linux-headers-amd64''')
    assert archive.kernel_releases() == [
        '7.10.1+deb13', '7.3.4+deb13', '7.2.12+deb13']
