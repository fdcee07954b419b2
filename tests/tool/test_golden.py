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

from conftest import BUNDLES, COLUMNS, ROOT, bundle, make, run

GOLDEN = ROOT / 'tests/data/tool'

# File name: words of the command line.
RUNS = {
    'probe.txt': ('probe',),
    'verify.txt': ('verify',),
    'plan-qemu.sh': ('plan', '--memory', '8G'),
    'plan-ovmf.sh': ('plan', '--memory', '3G', '--firmware', 'ovmf'),
    'plan-libvirt.xml': ('plan', '--memory', '8G', '--firmware', 'ovmf',
                         '--format', 'libvirt'),
    'plan-proxmox.sh': ('plan', '--memory', '4G', '--format', 'proxmox',
                        '--firmware', 'ovmf'),
    'plan-no-iommu.sh': ('plan', '--memory', '1536M', '--no-iommu'),
    'plan.json': ('plan', '--memory', '8G', '--format', 'json'),
}


def test_there_are_enough_hosts():
    assert len(BUNDLES) >= 8


def test_bundles_are_those_of_the_table():
    assert BUNDLES == sorted(one.name for one in make.HOSTS)
    for one in make.HOSTS:
        assert bundle(one.name).read_text() == make.bundle_of(one)


@pytest.mark.parametrize('name', RUNS)
def test_says(host, name):
    done = run(*RUNS[name], '--from', bundle(host))
    path = GOLDEN / host / name
    said = done.stdout + 'exit status %d\n' % done.returncode
    if os.environ.get('IGD_RMRR_BLESS'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert said == path.read_text()
    assert done.stderr == ''


# A string of JSON cannot be broken, so only text has a limit.
@pytest.mark.parametrize('name', [one for one in RUNS if one != 'plan.json'])
def test_lines_fit(host, name):
    done = run(*RUNS[name], '--from', bundle(host))
    assert [line for line in done.stdout.splitlines()
            if len(line) > COLUMNS] == []
    assert [line for line in done.stdout.splitlines()
            if line != line.rstrip()] == []


@pytest.mark.parametrize('name', RUNS)
def test_bundle_has_all_that_is_read(host, name):
    done = run(*RUNS[name], '--from', bundle(host))
    assert 'not in the bundle' not in done.stdout


def test_no_golden_file_is_left_over():
    there = {path.relative_to(GOLDEN).as_posix()
             for path in GOLDEN.rglob('*') if path.is_file()}
    assert there == {'%s/%s' % (host, name) for host in BUNDLES
                     for name in RUNS}
