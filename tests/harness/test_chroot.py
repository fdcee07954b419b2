# A clean Debian: where there can be none, and what its cache keeps
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from guestlib import chroot
from igdrmrr import paths
from igdrmrr.ui import Failure


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One whose user is root; sets what its unshare does."""
    monkeypatch.setattr(paths, 'BUILD', tmp_path)
    monkeypatch.setattr(chroot.os, 'geteuid', lambda: 0)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % tmp_path)

    def unshare(script):
        for name, text in (('unshare', script),
                           ('umount', 'echo "$*" >> %s/umounted' % tmp_path)):
            (tmp_path / name).write_text('#!/bin/sh\n%s\n' % text)
            (tmp_path / name).chmod(0o755)
        chroot.usable_propagation.cache_clear()

    yield unshare
    chroot.usable_propagation.cache_clear()


@pytest.mark.parametrize('script, kind, why', [
    ('exit 0', 'private', ''),
    ('case "$*" in *unchanged*) exit 0; esac\nexit 1', 'unchanged', ''),
    ('echo "unshare failed" >&2; exit 1', None, 'unshare failed')])
def test_propagation(machine, script, kind, why):
    machine(script)
    found = chroot.usable_propagation()
    assert found[0] == kind and why in found[1] and bool(found[1]) == bool(why)
    if why:
        with pytest.raises(Failure, match=why):
            chroot.base('bookworm')


def test_mounts_that_are_seen_outside(machine, monkeypatch, tmp_path):
    """They are taken away again, and no clean Debian is tried."""
    machine('exit 0')
    monkeypatch.setattr(chroot.Path, 'is_mount', lambda _: True)
    assert 'seen outside' in chroot.obstacle()
    assert len((tmp_path / 'umounted').read_text().split()) == 2
    assert not list(tmp_path.glob('.trial-*'))
