# Files that are whole or absent: atomic writes, check sums, locks
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from . import ui


def sha256(path):
    with open(path, 'rb') as f:
        return hashlib.file_digest(f, 'sha256').hexdigest()


def write_atomic(path, content, mode=0o644):
    """Writes text or bytes so that a reader sees the old or the new, whole."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # What an interruption leaves is called .tmp-*, which sweep() removes.
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix='.tmp-',
                                     delete=False) as f:
        f.write(content.encode() if isinstance(content, str) else content)
        f.flush()
        os.fsync(f.fileno())
        os.fchmod(f.fileno(), mode)
    os.replace(f.name, path)


def write_json(path, data):
    write_atomic(path, json.dumps(data, indent=1, sort_keys=True) + '\n')


def read_json(path):
    """The data, or None if the file is absent or no JSON."""
    try:
        return json.loads(Path(path).read_text())
    except (OSError, ValueError):
        return None


def remove_tree(path):
    """
    Removes a directory, in whatever state; does not mind its absence.

    It is renamed first, so an interruption leaves nothing under the name.
    """
    path = Path(path)
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    if not path.exists():
        return
    doomed = tempfile.mkdtemp(dir=path.parent, prefix='.tmp-gone-')
    os.rename(path, os.path.join(doomed, 'x'))
    shutil.rmtree(doomed, ignore_errors=True)


def copy_atomic(source, target, copy=shutil.copy2):
    """Copies a file so that a reader sees the old or the new one, whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / ('.tmp-' + target.name)
    copy(source, temporary)
    os.replace(temporary, target)


def link(path, target):
    """Makes @path a symbolic link to @target unless it is one already."""
    if path.is_symlink() and os.readlink(path) == str(target):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def sweep(directory):
    """Removes what interrupted runs left; only under the lock."""
    for left in Path(directory).glob('.tmp-*'):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                left.unlink()


@contextlib.contextmanager
def new_directory(final):
    """
    A directory that gets its name only when the block ends well.

    Whatever had the name before is replaced.
    """
    final = Path(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix='.tmp-'))
    os.chmod(temporary, 0o755)
    try:
        yield temporary
        remove_tree(final)
        os.rename(temporary, final)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def configured(directory, inputs, what, command, log, **kwargs):
    """
    Makes a build directory by @command, unless it was made of these @inputs.

    Never from a half-done or a differently made one.
    """
    stamp = directory / 'igd-rmrr-configured.json'
    if read_json(stamp) == inputs:
        return
    remove_tree(directory)
    directory.mkdir(parents=True)
    ui.run_logged(what, command, log, cwd=directory, **kwargs)
    write_json(stamp, inputs)


class Lock:
    """
    One run at a time: a lock on a file, waited for, with a word about it.

    Give .fd to the commands that must not outlive the lock (see ui.py).
    """

    def __init__(self, path, what):
        self.path = Path(path)
        self.what = what

    def __enter__(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, 'a')
        self.fd = self.file.fileno()
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ui.say('waiting for another run to finish with ' + self.what)
            fcntl.flock(self.fd, fcntl.LOCK_EX)
        return self

    def __exit__(self, *_exc):
        self.file.close()
