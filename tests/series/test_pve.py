# The series for Proxmox VE's QEMU: what is put into a clone of pve-qemu
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proxmox's own patches are not here; docs/howto/from-proxmox.rst says what
# was tried with them.

import shutil
import subprocess

import pytest

from igdrmrr import series_git, series_pve, ui

CHANGELOG = '''\
pve-qemu-kvm (%s) trixie; urgency=medium

  * something

 -- Somebody <nobody@localhost>  Thu, 17 Jul 2025 23:08:46 +0200
'''
THEIRS = 'pve/0001-something.patch'


@pytest.fixture
def clone(tmp_path):
    """A function: a clone of a version."""
    def of(version):
        patches = tmp_path / 'debian/patches'
        patches.mkdir(parents=True)
        (patches / 'series').write_text(THEIRS + '\n')
        (tmp_path / 'debian/changelog').write_text(CHANGELOG % version)
        return tmp_path

    return of


def listed(where):
    return (where / 'debian/patches/series').read_text().splitlines()


def test_patches_apply(clone, tmp_path):
    """As dpkg-source does it, to the released files; tests are left out."""
    where = clone('10.0.2-4')
    exported = series_pve.export(where, series_git.NOBODY)
    theirs, *ours = listed(where)
    assert theirs == THEIRS
    assert len(ours) == len(exported) > 15
    tree = tmp_path / 'tree'
    shutil.copytree(series_git.upstream(), tree)
    for name in ours:
        subprocess.run(['patch', '-p1', '-F0', '-N', '-s', '-i',
                        where / 'debian/patches' / name], cwd=tree, check=True)
    assert (tree / 'hw/vfio/igd-rmrr.c').exists()
    assert not list(tree.glob('tests/qtest/*rmrr*'))


def test_version_is_above(clone):
    where = clone('10.0.2-4')
    path = where / 'debian/changelog'
    series_pve.export(where, series_git.NOBODY)
    once, patches = path.read_text(), listed(where)
    assert once.startswith('pve-qemu-kvm (10.0.2-4+igd1) trixie; ')
    assert once.endswith(CHANGELOG % '10.0.2-4')
    subprocess.run(['dpkg', '--compare-versions', '10.0.2-4+igd1', 'gt',
                    '10.0.2-4'], check=True)
    parsed = subprocess.run(['dpkg-parsechangelog', '-l', path], check=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert parsed.stderr == b''
    series_pve.export(where, series_git.NOBODY)
    assert (path.read_text(), listed(where)) == (once, patches)


@pytest.mark.parametrize('version', ['11.0.0-2', '9.2.0-5'])
def test_another_qemu_is_refused(clone, version):
    where = clone(version)
    with pytest.raises(ui.Failure, match='QEMU %s.* for 10.0' % version):
        series_pve.export(where, series_git.NOBODY)
    assert listed(where) == [THEIRS]


def test_another_directory_is_refused(tmp_path):
    with pytest.raises(ui.Failure, match='not a clone of pve-qemu'):
        series_pve.export(tmp_path, series_git.NOBODY)
