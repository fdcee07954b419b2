# Tests of which package goes with a kernel
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import assets, fetch
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
