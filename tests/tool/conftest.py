# What the tests of igd-stolen share: the program, the bundles
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
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / 'tests/data/hosts'
TOOL = Path(os.environ.get('IGD_STOLEN',
                           ROOT / 'build/top/tools/igd-stolen/igd-stolen'))

sys.path.insert(0, str(HOSTS))

import make  # noqa: E402

BY_NAME = {host.name: host for host in make.HOSTS}
BUNDLES = sorted(BY_NAME)
DIRECTORY = Path(tempfile.mkdtemp(prefix='igd-stolen-hosts-'))

atexit.register(shutil.rmtree, DIRECTORY, ignore_errors=True)


@functools.cache
def bundle(name):
    """The file of a host of the table."""
    path = DIRECTORY / (name + '.bundle')
    path.write_text(make.bundle_of(BY_NAME[name]))
    return path


def run(*words, **options):
    """The program's exit status, output and complaint."""
    done = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode in (0, 1, 2), done
    return done


@functools.cache
def answer(path, *words):
    """Exit status and JSON about a host."""
    done = run(*words, '--json', '--from', path)
    assert done.stderr == ''
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(params=BUNDLES)
def host(request):
    """The name of each host."""
    return request.param
