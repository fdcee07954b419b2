# Tests of atomic files, directories and the lock
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess
import sys
import time

import pytest

from igdrmrr import fetch, files, ui


def test_new_directory_appears_whole(tmp_path):
    final = tmp_path / 'a/b'
    with files.new_directory(final) as new:
        (new / 'x').write_text('1')
        assert not final.exists()
    assert (final / 'x').read_text() == '1'
    assert [path.name for path in final.parent.iterdir()] == ['b']


def test_new_directory_after_failure(tmp_path):
    final = tmp_path / 'b'
    final.mkdir()
    (final / 'old').write_text('1')
    with pytest.raises(KeyboardInterrupt):
        with files.new_directory(final) as new:
            (new / 'x').write_text('1')
            raise KeyboardInterrupt
    assert [path.name for path in tmp_path.rglob('*')] == ['b', 'old']


def test_sweep_takes_only_leftovers(tmp_path):
    (tmp_path / '.tmp-abc/inner').mkdir(parents=True)
    (tmp_path / '.tmp-file').write_text('1')
    (tmp_path / 'kept').write_text('1')
    files.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ['kept']


def test_broken_json_counts_as_absent(tmp_path):
    (tmp_path / 'x').write_text('{"a": ')
    assert files.read_json(tmp_path / 'x') is None
    assert files.read_json(tmp_path / 'y') is None


def test_lock_outlives_its_owner_in_a_child(tmp_path):
    path = tmp_path / 'lock'
    start = time.monotonic()
    with files.Lock(path, 'x') as lock:
        child = subprocess.Popen(['sleep', '1'], pass_fds=(lock.fd,))
    with files.Lock(path, 'x'):
        assert time.monotonic() - start >= 0.9
    child.wait()


def test_lock_says_that_it_waits(tmp_path, capsys):
    path = tmp_path / 'lock'
    code = ('import fcntl, sys, time; f = open(sys.argv[1], "w"); '
            'fcntl.flock(f, fcntl.LOCK_EX); print("x", flush=True); '
            'time.sleep(1)')
    with subprocess.Popen([sys.executable, '-c', code, str(path)],
                          stdout=subprocess.PIPE) as child:
        child.stdout.read(1)
        with files.Lock(path, 'the thing'):
            pass
    assert 'waiting for another run to finish with the thing' in (
        capsys.readouterr().out)


def test_damaged_file_is_named(tmp_path):
    (tmp_path / 'x.dsc').write_text('1')
    with pytest.raises(ui.Failure, match='x.dsc is damaged'):
        fetch.check_files(tmp_path, {'x.dsc': '0' * 64})


def test_missing_file_is_named(tmp_path):
    with pytest.raises(ui.Failure, match='x.dsc is missing'):
        fetch.check_files(tmp_path, {'x.dsc': '0' * 64})
