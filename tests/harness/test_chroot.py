# A clean Debian: where there can be none, its cache, what is the same file
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import threading
import time

import pytest

from igdrmrr import chroot, package_check, paths, ui
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


def test_root_directory_that_is_no_mount_point(machine):
    machine('case "$*" in *unchanged*) exit 0; esac\nexit 1')
    assert chroot.propagation() == ('unchanged', '')


def test_mounts_that_are_seen_outside(machine, monkeypatch, tmp_path):
    """They are taken away again, and no clean Debian is tried."""
    machine('exit 0')
    (tmp_path / 'umount').write_text('#!/bin/sh\necho "$*" >> %s/umounted\n'
                                     % tmp_path)
    (tmp_path / 'umount').chmod(0o755)
    monkeypatch.setattr(chroot.Path, 'is_mount', lambda _: True)
    assert 'seen outside' in chroot.obstacle()
    places = (tmp_path / 'umounted').read_text().split()
    assert len(places) == 2 and not list(tmp_path.glob('.trial-*'))


def test_not_root(machine, monkeypatch):
    machine('exit 0')
    monkeypatch.setattr(chroot.os, 'geteuid', lambda: 1000)
    assert chroot.obstacle() == 'needs root'


def test_skipped_with_the_reason(machine, monkeypatch, capsys):
    """And lintian, which needs no clean Debian, runs."""
    machine('exit 1')
    ran = []
    monkeypatch.setattr(package_check.package, 'build', lambda: [])
    monkeypatch.setattr(package_check, 'releases', lambda: ('trixie',))
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


def test_proxies_of_apt():
    text = ('Acquire::http::Proxy "http://proxy.example:3128";\n'
            'Acquire::https::Proxy "DIRECT";\n'
            'Acquire::http::Proxy::deb.example "DIRECT";\n')
    assert chroot.proxies(text) == {
        'http_proxy': 'http://proxy.example:3128', 'https_proxy': ''}


def test_other_packages_replace_the_cached_ones(machine, monkeypatch,
                                                tmp_path):
    """And not those of another release."""
    machine('exit 0')
    monkeypatch.setattr(paths, 'CACHE', tmp_path)
    monkeypatch.setattr(chroot.Chroot, 'run', lambda *_: '')
    monkeypatch.setattr(chroot.Chroot, 'copy',
                        lambda self, _: self.root.mkdir())
    for name in ('bookworm', 'trixie', 'trixie-0'):
        (tmp_path / 'chroot' / name).mkdir(parents=True)
    first = chroot.with_packages('bookworm', ['one'])
    assert first.is_dir()
    assert chroot.with_packages('bookworm', ['one']) == first
    second = chroot.with_packages('bookworm', ['one', 'two'])
    assert second.is_dir() and not first.exists()
    assert (tmp_path / 'chroot/trixie-0').is_dir()
    chroot.forget()
    assert not (tmp_path / 'chroot').exists()


def test_stop_ends_what_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, 'LOGS', tmp_path)
    system = chroot.Chroot('bookworm', tmp_path / 'root', 'log')
    system.stop()
    failures = []

    def run():
        try:
            ui.run_logged('sleeping', ['sleep', '60'], 'log',
                          on_start=system.started)
        except Failure as failure:
            failures.append(str(failure))

    thread = threading.Thread(target=run)
    thread.start()
    while not system.process:
        time.sleep(0.01)
    system.stop()
    thread.join(20)
    assert failures and 'sleeping failed' in failures[0]
