# QEMU's source with our files: unpacked, hooked, linked
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build/qemu-src is the unpacked source package. Of each file that a hook
# touches, the untouched one is kept in .igd-rmrr/pristine; the hooks are
# always applied to those, aside, and only files whose contents differ then are
# replaced. So a changed hook rebuilds what it changes and nothing else, and an
# interruption at any point is mended by the next run. Our own files appear in
# the tree as links to the clone.
#
# There can be other trees with other hooks and links (see stock.py); without
# a word about it, build/qemu-src is meant.

import collections
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from . import fetch, files, paths
from .ui import Failure, say

STATE = paths.QEMU_SRC / '.igd-rmrr'
PRISTINE = STATE / 'pristine'
HOOKS = paths.ROOT / 'hooks'

# What is linked into QEMU's tree: directory, endings.
OVERLAY = (('hw', None), ('include', None), ('tests/data/acpi', None),
           ('tests/qtest', ('.c', '.h', '.build')), ('qapi', ('.json',)))
NO_OVERLAY = re.compile(r'^\.|~$|\.(orig|rej|swp|rst|md)$')

# A hunk's lines before and after, and the function that `diff -p` names; what
# it takes for the first line of one.
HUNK = re.compile(r'@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)')
FUNCTION = re.compile(r'[A-Za-z_$]')

Hook = collections.namedtuple('Hook', 'name path touched')

# A source tree: what it is called, where it is, where its state and the
# untouched files are, the directory of its hooks, and a function that gives
# what is linked into it, {path in the tree: our file}.
Tree = collections.namedtuple('Tree', 'name src state pristine hooks links')


def main_tree():
    return Tree('QEMU', paths.QEMU_SRC, STATE, PRISTINE, HOOKS, overlay)


def unpack(record, tree=None):
    """Unpacks the source package unless it is there; True if it did."""
    tree = tree or main_tree()
    state = files.read_json(tree.state / 'source.json')
    if state == record:
        say('%s %s is unpacked already' % (tree.name, record['version']))
        return False
    say('unpacking %s %s' % (tree.name, record['version']))
    files.sweep(tree.src.parent)
    with files.new_directory(tree.src) as new:
        # dpkg-source makes the directory itself.
        inner = new / 'x'
        fetch.unpack_source(record, inner, 'unpack-source.log')
        for entry in list(inner.iterdir()):
            os.rename(entry, new / entry.name)
        inner.rmdir()
        (new / '.igd-rmrr/pristine').mkdir(parents=True)
        files.write_json(new / '.igd-rmrr/source.json', record)
    return True


# Hooks

def touched_files(path, name):
    """The files that a hook changes; making or removing one is refused."""
    touched = []
    text = path.read_text()
    for old, new in re.findall(r'^--- (\S+).*\n\+\+\+ (\S+)', text, re.M):
        if '/dev/null' in (old, new):
            raise Failure('hook %s makes or removes a file (%s): new code '
                          'belongs in the overlay' % (name, new))
        touched.append(new.split('/', 1)[1])
    if not touched:
        raise Failure('hook %s changes no file' % name)
    return touched


def read_series(directory=None):
    """The hooks in order; hooks/series names them one a line."""
    directory = directory or HOOKS
    try:
        lines = (directory / 'series').read_text().splitlines()
    except FileNotFoundError:
        return []
    hooks = []
    for line in lines:
        name = line.split('#')[0].strip()
        if not name:
            continue
        path = directory / name
        if not path.exists():
            raise Failure('hooks/series names %s, which is not there' % name)
        hooks.append(Hook(name, path, touched_files(path, name)))
    listed = {hook.name for hook in hooks}
    for path in sorted(directory.rglob('*.patch')):
        name = str(path.relative_to(directory))
        if name not in listed:
            raise Failure('hooks/%s is not in hooks/series' % name)
    return hooks


def pristine(name, tree):
    """A file as the source package has it; kept aside the first time."""
    kept = tree.pristine / name
    if kept.exists():
        return kept
    original = tree.src / name
    if original.is_symlink() or not original.is_file():
        return None
    kept.parent.mkdir(parents=True, exist_ok=True)
    fd, temporary = tempfile.mkstemp(dir=tree.pristine, prefix='.tmp-')
    os.close(fd)
    shutil.copy2(original, temporary)
    os.replace(temporary, kept)
    return kept


def hunks(path):
    """{file: [(first line, first line after it, function)]} of a hook."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith('+++ '):
            there = found.setdefault(line.split()[1].split('/', 1)[1], [])
        numbers = HUNK.match(line)
        if numbers:
            there.append((int(numbers[1]), int(numbers[2]), numbers[3]))
    return found


def function_before(lines, number):
    """As `diff -p` names it: where line @number is, counted from 1."""
    for line in reversed(lines[:number - 1]):
        if FUNCTION.match(line):
            return line[:40].rstrip()
    return ''


def check_functions(hook, before, landed, version):
    """Each hunk is in the function that its @@ line names, or Failure."""
    for name, there in hunks(hook.path).items():
        for (old, new, function), line in zip(there, landed[name]):
            found = function_before(before[name], old + line - new)
            if found != function:
                raise Failure(
                    'hook %s no longer applies to QEMU %s: in file %s its '
                    'hunk for "%s" landed in "%s", line %d'
                    % (hook.name, version, name, function, found, line))


def apply_hook(hook, scratch, version, tree):
    """Applies one hook, no fuzz; returns the notes about moved lines."""
    for name in hook.touched:
        target = scratch / name
        if target.exists():
            continue
        original = pristine(name, tree)
        if not original:
            raise Failure('hook %s no longer applies to QEMU %s: it has no '
                          'file %s' % (hook.name, version, name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(original, target)
    before = {name: (scratch / name).read_text(errors='replace').splitlines()
              for name in hook.touched}
    landed = {name: [] for name in hook.touched}
    with open(hook.path) as patch:
        done = subprocess.run(
            ['patch', '-p1', '--verbose', '--fuzz=0', '--force',
             '--reject-file=-',
             '--no-backup-if-mismatch', '-d', scratch],
            stdin=patch, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=dict(os.environ, LC_ALL='C'))
    notes = []
    current = '?'
    for line in done.stdout.splitlines():
        if line.startswith('patching file '):
            current = line[len('patching file '):]
        elif 'FAILED' in line and line.startswith('Hunk'):
            raise Failure('hook %s no longer applies to QEMU %s, in file %s: '
                          '%s' % (hook.name, version, current, line))
        elif 'succeeded at' in line:
            landed[current].append(int(line.split('succeeded at ')[1]
                                       .split()[0].rstrip('.')))
            if 'offset' in line:
                notes.append('%s, %s: %s' % (hook.name, current, line))
    if done.returncode:
        raise Failure('hook %s no longer applies to QEMU %s:\n%s'
                      % (hook.name, version, done.stdout))
    check_functions(hook, before, landed, version)
    return notes


def install(source, target):
    """Replaces a file of the tree if its contents are not these already."""
    new = source.read_bytes()
    if target.read_bytes() == new:
        return False
    fd, temporary = tempfile.mkstemp(dir=target.parent, prefix='.tmp-')
    with os.fdopen(fd, 'wb') as f:
        f.write(new)
    shutil.copymode(target, temporary)
    os.replace(temporary, target)
    return True


def apply_hooks(version, tree=None):
    """Brings the tree to the state of hooks/series."""
    tree = tree or main_tree()
    files.sweep(tree.state)
    files.sweep(tree.pristine)
    hooks = read_series(tree.hooks)
    wanted = {file for hook in hooks for file in hook.touched}
    for directory in {(tree.src / file).parent for file in wanted}:
        files.sweep(directory)
    notes = []
    changed = 0
    with tempfile.TemporaryDirectory(dir=tree.state, prefix='.tmp-') as name:
        scratch = Path(name)
        for hook in hooks:
            notes += apply_hook(hook, scratch, version, tree)
        for file in sorted(wanted):
            changed += install(scratch / file, tree.src / file)
    for kept in sorted(tree.pristine.rglob('*')):
        file = str(kept.relative_to(tree.pristine))
        if kept.is_file() and file not in wanted:
            changed += install(kept, tree.src / file)
    for note in notes:
        say('note: ' + note)
    say('%d hooks on %s %s: %s' % (
        len(hooks), tree.name, version,
        '%d files changed' % changed if changed else 'in place already'))


# Overlay

def overlay_files():
    """Our files that belong into QEMU's tree, as relative paths."""
    found = []
    for top, endings in OVERLAY:
        for directory, _subdirs, names in os.walk(paths.ROOT / top):
            for name in names:
                if NO_OVERLAY.search(name):
                    continue
                if endings and not name.endswith(endings):
                    continue
                path = Path(directory, name)
                found.append(str(path.relative_to(paths.ROOT)))
    return sorted(found)


def overlay():
    """What is linked into build/qemu-src: everything at its own path."""
    return {name: paths.ROOT / name for name in overlay_files()}


def link_overlay(tree=None):
    """Links our files into the tree and removes links of gone ones."""
    tree = tree or main_tree()
    links = tree.links()
    wanted = sorted(links)
    before = files.read_json(tree.state / 'overlay.json') or []
    # Both lists, before any link is made: an interruption forgets none.
    files.write_json(tree.state / 'overlay.json', sorted({*before, *wanted}))
    for name in before:
        link = tree.src / name
        if name not in wanted and link.is_symlink():
            link.unlink()
    for name in wanted:
        link = tree.src / name
        target = str(links[name])
        if link.is_symlink():
            if os.readlink(link) == target:
                continue
            link.unlink()
        elif link.exists():
            raise Failure('%s of ours would hide a file of QEMU: change '
                          "QEMU's by a hook" % name)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(target, link)
    files.write_json(tree.state / 'overlay.json', wanted)


def prepare(record, tree=None):
    """A tree, ready to be configured and built."""
    unpack(record, tree)
    apply_hooks(record['version'], tree)
    link_overlay(tree)
