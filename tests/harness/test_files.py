# Tests of atomic files, directories and the lock
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess
import time

import pytest

from igdrmrr import files, paths


def test_new_directory_appears_whole_or_not_at_all(tmp_path):
    final = tmp_path / 'b'
    with files.new_directory(final) as new:
        (new / 'old').write_text('1')
        assert not final.exists()
    with pytest.raises(KeyboardInterrupt):
        with files.new_directory(final) as new:
            (new / 'x').write_text('1')
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob('*')] == ['b', 'old']


def test_configured_once(tmp_path, monkeypatch):
    """Again with other inputs, and after one that failed."""
    monkeypatch.setattr(paths, 'LOGS', tmp_path)
    build = tmp_path / 'build'

    def configure(inputs, command='echo >> ../ran'):
        files.configured(build, inputs, 'configuring',
                         ['sh', '-c', command], 'log')

    for inputs in (1, 1, 2):
        configure(inputs)
    with pytest.raises(files.ui.Failure):
        configure(3, 'exit 1')
    configure(3)
    assert (tmp_path / 'ran').read_text() == '\n' * 3


def test_lock_outlives_its_owner_in_a_child(tmp_path, capsys):
    """And whoever waits says so."""
    path = tmp_path / 'lock'
    start = time.monotonic()
    with files.Lock(path, 'x') as lock:
        child = subprocess.Popen(['sleep', '1'], pass_fds=(lock.fd,))
    with files.Lock(path, 'the thing'):
        assert time.monotonic() - start >= 0.9
    child.wait()
    assert 'waiting for another run to finish with the thing' in (
        capsys.readouterr().out)
