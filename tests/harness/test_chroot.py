# A clean Debian: where there can be none, and what is the same file
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import chroot, package_check, paths
from igdrmrr.ui import Failure


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """One where the user is root; returns what its unshare does, to be set."""
    monkeypatch.setattr(paths, 'BUILD', tmp_path)
    monkeypatch.setattr(chroot.os, 'geteuid', lambda: 0)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % tmp_path)

    def unshare(script):
        path = tmp_path / 'unshare'
        path.write_text('#!/bin/sh\n' + script)
        path.chmod(0o755)

    return unshare


def test_no_obstacle(machine):
    machine('exit 0')
    assert chroot.obstacle() == ''


def test_root_without_privileges(machine):
    machine('echo "unshare failed" >&2; exit 1')
    assert 'unshare failed' in chroot.obstacle()
    with pytest.raises(Failure, match='unshare failed'):
        chroot.base('bookworm')


def test_not_root(machine, monkeypatch):
    machine('exit 0')
    monkeypatch.setattr(chroot.os, 'geteuid', lambda: 1000)
    assert chroot.obstacle() == 'needs root'


def test_skipped_with_the_reason(machine, monkeypatch, capsys):
    """And lintian, which needs no clean Debian, runs."""
    machine('exit 1')
    ran = []
    monkeypatch.setattr(package_check.package, 'build', lambda: [])
    monkeypatch.setattr(package_check, 'suites', lambda: ('trixie',))
    monkeypatch.setattr(package_check, 'check_lintian',
                        lambda: ran.append('lintian') or [])
    total = package_check.suite_package()
    assert (total.passed, total.skipped, ran) == (
        1, len(package_check.STEPS), ['lintian'])
    assert 'root may make no mount' in capsys.readouterr().out


def test_same_file(tmp_path):
    one, other = tmp_path / 'one', tmp_path / 'other'
    one.write_text('text')
    other.write_text('text')
    assert chroot.same_file(one) == chroot.same_file(other)
    other.write_text('Text')
    assert chroot.same_file(one) != chroot.same_file(other)
    other.unlink()
    other.symlink_to(one)
    assert chroot.same_file(other) == 'link to %s' % one
    assert chroot.same_file(tmp_path) not in (chroot.same_file(one),
                                              chroot.same_file(other))
