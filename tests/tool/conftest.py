# What the tests of igd-stolen share: the program, the bundles
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / 'tests/data/hosts'
TOOL = Path(os.environ.get('IGD_STOLEN',
                           ROOT / 'build/top/tools/igd-stolen/igd-stolen'))
COLUMNS = 100

sys.path.insert(0, str(HOSTS))

import make  # noqa: E402

BUNDLES = sorted(path.stem for path in HOSTS.glob('*.bundle'))


def bundle(name):
    return HOSTS / (name + '.bundle')


def run(*words, **options):
    """The program's exit status, output and complaint."""
    done = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode in (0, 1, 2), done
    return done


@pytest.fixture(params=BUNDLES)
def host(request):
    """The name of each bundle."""
    return request.param
