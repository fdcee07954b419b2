# Shared by the tests of igd-stolen: the program, the bundles, its answers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import hosts
import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = Path(os.environ.get('IGD_STOLEN',
                           ROOT / 'build/top/tools/igd-stolen/igd-stolen'))
SCHEMA = json.loads((ROOT / 'tools/igd-stolen/schema.json').read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

BY_NAME = {host.name: host for host in hosts.HOSTS}
DIRECTORY = Path(tempfile.mkdtemp(prefix='igd-stolen-hosts-'))

atexit.register(shutil.rmtree, DIRECTORY, ignore_errors=True)


@functools.cache
def bundle_with(text):
    """A file with this text."""
    path = DIRECTORY / ('%x.bundle' % (hash(text) & (1 << 64) - 1))
    path.write_text(text)
    return path


def bundle(name, **changes):
    """The file of a host of the table, or of one that differs from it."""
    return bundle_with(hosts.bundle_of(replace(BY_NAME[name], **changes)))


def run(*words, **options):
    """The program's exit status, output and complaint."""
    done = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode in (0, 1, 2), done
    return done


def check_domain(text, tmp_path):
    """libvirt's own schema takes the domain."""
    path = tmp_path / 'domain.xml'
    path.write_text(text)
    checked = subprocess.run(['virt-xml-validate', path, 'domain'],
                             stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    assert checked.returncode == 0, checked.stdout


@functools.cache
def answer(path, *words):
    """The JSON about a host, which always fits the schema."""
    done = run(*words, '--json', '--from', path)
    assert done.stderr == ''
    said = json.loads(done.stdout)
    VALIDATOR.validate(said)
    assert said['exit_status'] == done.returncode
    return said


def compare(name, said):
    """With a file of tests/data/tool, which IGD_RMRR_BLESS writes anew."""
    path = ROOT / 'tests/data/tool' / name
    if 'IGD_RMRR_BLESS' in os.environ:
        path.write_text(said)
    assert said == path.read_text()


def checks(said):
    """{name: check} of an answer."""
    return {one['name']: one for one in said['checks']}


@pytest.fixture(params=sorted(BY_NAME))
def host(request):
    """The name of each host."""
    return request.param
