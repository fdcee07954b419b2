# Files for other distributions: read by the distributions' own tools
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nothing is built with them here: docs/howto/other-distributions.rst says what
# was.

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from igdrmrr import fetch, files, series_distro, series_git

# As much of nixpkgs as the overlay needs.
NIX = '''
(import %s/overlay.nix {} {
  lib.hasPrefix = start: text:
    builtins.substring 0 (builtins.stringLength start) text == start;
  qemu_kvm = {
    version = "%s";
    overrideAttrs = change: change { patches = [ ./theirs.patch ]; };
  };
}).qemu-igd-rmrr.patches'''


@pytest.fixture(scope='module')
def made():
    """The version of QEMU; the files are in series_distro.TOP."""
    return series_distro.export(fetch.fetch(()), series_git.NOBODY)


def run(*command, **more):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, **more)


def printed(*command, **more):
    done = run(*command, **more)
    assert not done.returncode, done.stderr
    return done.stdout


def test_patch_applies(made, tmp_path):
    tree = tmp_path / 'tree'
    shutil.copytree(series_git.upstream(fetch.fetch(())), tree)
    before = {path: path.read_bytes() for path in tree.glob('tests/**/*')
              if path.is_file()}
    printed('patch', '-p1', '-F0', '-N', '-s', '-i',
            series_distro.TOP / series_distro.PATCH, cwd=tree)
    assert (tree / 'hw/vfio/igd-rmrr.c').exists()
    assert before == {path: path.read_bytes()
                      for path in tree.glob('tests/**/*') if path.is_file()}


def test_arch(made):
    """makepkg reads it and checks it; it refuses to be root."""
    command = ['env', 'PACMAN=true', 'makepkg', '--printsrcinfo']
    with tempfile.TemporaryDirectory(dir='/tmp') as name:
        where = Path(name)
        for path in series_distro.TOP.iterdir():
            shutil.copy(path, where)
        if os.getuid() == 0:
            command = ['setpriv', '--reuid=65534', '--regid=65534',
                       '--clear-groups', *command]
            os.chown(where, 65534, 65534)
        info = printed(*command, cwd=where)
    assert '\tpkgver = %s\n' % made in info
    assert '/qemu-%s.tar.xz.sig\n' % made in info
    assert '\tsha256sums = %s\n' % files.sha256(
        series_distro.TOP / series_distro.PATCH) in info


def test_fedora(made):
    spec = series_distro.TOP / 'qemu-igd-rmrr.spec'
    parsed = printed('rpmspec', '-P', '-D', '_sourcedir %s' % spec.parent,
                     spec)
    assert '%{' not in parsed
    assert 'Version:        %s\n' % made in parsed
    assert 'igd-rmrr.patch' in parsed.partition('%prep')[2]
    assert printed('rpmspec', '-q', '--requires', spec) == (
        'qemu-system-x86-core\n')


def nix(*arguments):
    # Without a store: it would be made in /nix.
    return run('nix-instantiate', '--store', 'dummy://', *arguments)


def evaluate(version):
    return nix('--eval', '--strict', '-E', NIX % (series_distro.TOP, version))


def test_nix(made):
    done = nix('--parse', series_distro.TOP / 'overlay.nix')
    assert not done.returncode, done.stderr
    done = evaluate(made)
    assert not done.returncode, done.stderr
    assert done.stdout.split() == [
        '[', str(Path.cwd() / 'theirs.patch'),
        str(series_distro.TOP / series_distro.PATCH), ']']


def test_nix_of_another_qemu(made):
    done = evaluate('9.2.4')
    assert done.returncode
    assert 'and qemu_kvm is 9.2.4' in done.stderr
