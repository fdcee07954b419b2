# What igd-stolen says of each bundle, in each format, word for word
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# With IGD_RMRR_BLESS set, writes what the program says instead; see with git
# diff whether that is what it should say.

import os

import pytest

from conftest import BUNDLES, HOSTS, ROOT, bundle, make, run

GOLDEN = ROOT / 'tests/data/tool'

# File name: words of the command line.
RUNS = {
    'probe.txt': ('probe',),
    'verify.txt': ('verify',),
    'plan-qemu.sh': ('plan', '--memory', '8G'),
    'plan-ovmf.sh': ('plan', '--memory', '3G', '--firmware', 'ovmf',
                     '--audio', '--rom', '/usr/share/kvm/igd.rom'),
    'plan-libvirt.xml': ('plan', '--memory', '8G', '--firmware', 'ovmf',
                         '--format', 'libvirt'),
    'plan-proxmox.sh': ('plan', '--memory', '4G', '--format', 'proxmox',
                        '--firmware', 'ovmf'),
    'plan-pc.sh': ('plan', '--memory', '1536M', '--machine', 'pc'),
    'plan.json': ('plan', '--memory', '8G', '--format', 'json'),
}

# Of the others only what probe says.
WHOLE = ('direct-line', 'haswell-256m', 'skylake-nobody', 'sound')


def names(host):
    return RUNS if host in WHOLE else ('probe.txt',)


def test_files_are_those_of_the_table():
    assert {path.stem for path in HOSTS.glob('*.bundle')} == set(make.SHOWN)
    for name in make.SHOWN:
        assert (HOSTS / (name + '.bundle')).read_text() == (
            bundle(name).read_text())


@pytest.mark.parametrize('name', RUNS)
def test_says(host, name):
    done = run(*RUNS[name], '--from', bundle(host))
    said = done.stdout + 'exit status %d\n' % done.returncode
    assert done.stderr == ''
    assert 'not in the bundle' not in said
    assert [line for line in said.splitlines()
            if line != line.rstrip()] == []
    if name not in names(host):
        return
    path = GOLDEN / host / name
    if os.environ.get('IGD_RMRR_BLESS'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert said == path.read_text()


def test_no_golden_file_is_left_over():
    there = {path.relative_to(GOLDEN).as_posix()
             for path in GOLDEN.rglob('*') if path.is_file()}
    assert there == {'%s/%s' % (host, name) for host in BUNDLES
                     for name in names(host)}
