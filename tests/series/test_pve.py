# The series for Proxmox VE's QEMU: what is put into a clone of pve-qemu
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proxmox's own patches are not here; docs/howto/from-proxmox.rst says what
# was tried with them.

import re
import shutil
import subprocess

import pytest

from igdrmrr import fetch, series_git, series_pve, ui

CHANGELOG = '''\
pve-qemu-kvm (%s) trixie; urgency=medium

  * something

 -- Somebody <nobody@localhost>  Thu, 17 Jul 2025 23:08:46 +0200
'''
THEIRS = 'pve/0001-something.patch'


@pytest.fixture(autouse=True)
def apart(tmp_path_factory, monkeypatch):
    """What is made for another QEMU is not in the place of the series."""
    for name in ('TREE', 'PATCHES'):
        monkeypatch.setattr(series_git, name, tmp_path_factory.mktemp(name))


@pytest.fixture
def clone(tmp_path):
    """A function: a clone of a version, with a version in its submodule."""
    def of(package, submodule=None, files=None):
        patches = tmp_path / 'debian/patches'
        patches.mkdir(parents=True)
        (patches / 'series').write_text(THEIRS + '\n')
        (tmp_path / 'debian/changelog').write_text(CHANGELOG % package)
        tree = tmp_path / 'qemu'
        if files:
            shutil.copytree(files, tree)
        else:
            tree.mkdir()
        if submodule:
            (tree / 'VERSION').write_text(submodule + '\n')
        return tmp_path

    return of


@pytest.fixture
def released(clone):
    """A function: a clone of one of fetch.QEMUS, and which version that is."""
    def of(which):
        record = fetch.fetch((), qemu=which)
        version = re.match(r'(?:\d+:)?([\d.]+)', record['version'])[1]
        return clone(version + '-4', version,
                     series_git.upstream(record)), version

    return of


def listed(where):
    return (where / 'debian/patches/series').read_text().splitlines()


@pytest.mark.parametrize('which', ['10.0', 'newest'])
def test_patches_apply(released, which):
    """
    As dpkg-source does it, to the released files; tests are left out.

    The submodule's own directory stays as it was.
    """
    where, _ = released(which)
    exported = series_pve.export(where, series_git.NOBODY)
    theirs, *ours = listed(where)
    assert theirs == THEIRS
    assert len(ours) == len(exported) > 15
    tree = where / 'qemu'
    assert not list(tree.glob('hw/vfio/igd-rmrr*'))
    for name in ours:
        subprocess.run(['patch', '-p1', '-F0', '-N', '-s', '-i',
                        where / 'debian/patches' / name], cwd=tree, check=True)
    assert (tree / 'hw/vfio/igd-rmrr.c').exists()
    assert not list(tree.glob('tests/qtest/*rmrr*'))


def test_version_is_above(released):
    where, version = released('10.0')
    path = where / 'debian/changelog'
    series_pve.export(where, series_git.NOBODY)
    once, patches = path.read_text(), listed(where)
    assert once.startswith('pve-qemu-kvm (%s-4+igd1) trixie; ' % version)
    assert once.endswith(CHANGELOG % (version + '-4'))
    subprocess.run(['dpkg', '--compare-versions', version + '-4+igd1', 'gt',
                    version + '-4'], check=True)
    parsed = subprocess.run(['dpkg-parsechangelog', '-l', path], check=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert parsed.stderr == b''
    series_pve.export(where, series_git.NOBODY)
    assert (path.read_text(), listed(where)) == (once, patches)


@pytest.mark.parametrize('package, submodule, message', [
    ('9.2.0-5', '9.2.0', 'QEMU 9.2.0-5, and the hooks are for 10.0 to '),
    ('12.0.0-1', '12.0.0', 'QEMU 12.0.0-1, and the hooks are for 10.0 to '),
    ('11.0.0-2', '10.2.1', 'qemu has QEMU 10.2.1, and the package is 11.0.0-2'),
    ('11.0.0-2', None, 'qemu is empty: make -C .* submodule'),
])
def test_another_qemu_is_refused(clone, package, submodule, message):
    where = clone(package, submodule)
    with pytest.raises(ui.Failure, match=message):
        series_pve.export(where, series_git.NOBODY)
    assert listed(where) == [THEIRS]


def test_another_directory_is_refused(tmp_path):
    with pytest.raises(ui.Failure, match='not a clone of pve-qemu'):
        series_pve.export(tmp_path, series_git.NOBODY)
