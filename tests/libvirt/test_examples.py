# The example domains: libvirt's schema, and what igd-stolen plans
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from igdrmrr import paths, tool
from machines import EXAMPLES, without_comments

SOURCE = paths.ROOT / 'docs/examples'
NAMES = sorted(path.name for path in SOURCE.glob('*.xml'))
HOST = paths.ROOT / 'build/hosts/skylake-ready.bundle'


def test_there_are_both():
    assert NAMES == ['libvirt-igd.xml', 'libvirt-testdev.xml']


@pytest.mark.parametrize('name', NAMES)
def test_schema(name):
    done = subprocess.run(['virt-xml-validate', SOURCE / name, 'domain'],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    assert done.returncode == 0, done.stdout


def test_example_is_what_is_planned(tmp_path):
    plan = tmp_path / 'plan.xml'
    plan.write_bytes(subprocess.run(
        [tool.PROGRAM, 'plan', '--memory', '4G', '--format', 'libvirt',
         '--from', HOST], check=True, stdout=subprocess.PIPE).stdout)
    assert without_comments(plan) == without_comments(
        SOURCE / 'libvirt-igd.xml')


@pytest.mark.parametrize('name', NAMES)
def test_is_packaged(machines, name):
    assert (machines.system.root / EXAMPLES / name).read_bytes() == (
        SOURCE / name).read_bytes()
