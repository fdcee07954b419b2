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

HOOKS = paths.ROOT / 'hooks'

# What is linked into QEMU's tree: directory, endings.
OVERLAY = (('hw', ''), ('include', ''), ('tests/data/acpi', ''),
           ('tests/qtest', ('.c', '.h', '.inc', '.build')), ('qapi', '.json'))
NO_OVERLAY = re.compile(r'^\.|~$|\.(orig|rej|swp|rst|md)$')

# A line of hooks/series: the hook, and the version that it is not for any more.
ENTRY = re.compile(r'(\S+\.patch)(?: until (\d+\.\d+))?')

# A hunk's lines before and after, and the function that `diff -p` names; what
# it takes for the first line of one.
HUNK = re.compile(r'@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@ ?(.*)')
FUNCTION = re.compile(r'[A-Za-z_$]')

# Touched is {file: [(first line, first line after it, function)]}.
Hook = collections.namedtuple('Hook', 'name path touched')

# A source tree: what it is called, where it is, the directory of its hooks,
# a function that gives what is linked into it, {path in it: our file}, and the
# list of its hooks if it has not all of them.
Tree = collections.namedtuple('Tree', 'name src hooks links series',
                              defaults=(None,))


def state(tree):
    return tree.src / '.igd-rmrr'


def unpack(record, tree):
    """Unpacks the source package unless it is there."""
    if files.read_json(state(tree) / 'source.json') == record:
        say('%s %s is unpacked already' % (tree.name, record['version']))
        return
    say('unpacking %s %s' % (tree.name, record['version']))
    files.sweep(tree.src.parent)
    with files.new_directory(tree.src) as new:
        # dpkg-source makes the directory itself.
        inner = new / 'x'
        fetch.unpack_source(record, inner, 'unpack-source.log')
        for entry in list(inner.iterdir()):
            entry.rename(new / entry.name)
        inner.rmdir()
        files.write_json(new / '.igd-rmrr/source.json', record)


# Hooks

def read_hook(name, path):
    """A hook; one that makes or removes a file is refused."""
    touched = {}
    for line in path.read_text().splitlines():
        if line.startswith(('--- /dev/null', '+++ /dev/null')):
            raise Failure('hook %s makes or removes a file: new code belongs '
                          'in the overlay' % name)
        if line.startswith('+++ '):
            there = touched.setdefault(line.split()[1].split('/', 1)[1], [])
        numbers = HUNK.match(line)
        if numbers:
            there.append((int(numbers[1]), int(numbers[2]), numbers[3]))
    if not touched:
        raise Failure('hook %s changes no file' % name)
    return Hook(name, path, touched)


def texts(directory):
    """
    {hook: {version: path}}, the version being the first that a text is for.

    hooks/fixes and hooks/feature are for all; hooks/11.1/fixes for 11.1 on.
    """
    found = {}
    for path in sorted(directory.rglob('*.patch')):
        top, *rest = path.relative_to(directory).parts
        since = re.fullmatch(r'\d+\.\d+', top)
        name = '/'.join(rest if since else (top, *rest))
        found.setdefault(name, {})[
            fetch.version_of(top) if since else (0, 0)] = path
    return found


def read_series(directory=None, version='10.0', series=None):
    """
    The hooks for a QEMU in order; hooks/series names them one a line.

    Of a hook's texts the newest that is not for a later QEMU is taken; with
    none it begins later. Another list, @series, need not have all hooks.
    """
    directory = directory or HOOKS
    version = fetch.version_of(version)
    found = texts(directory)
    hooks, names = [], set()
    for line in (series or directory / 'series').read_text().splitlines():
        entry = ENTRY.fullmatch(line)
        if not entry and line and line[0] != '#':
            raise Failure('hooks/series: not a hook, "%s"' % line)
        if not entry:
            continue
        name, until = entry.groups()
        names.add(name)
        if name not in found:
            raise Failure('hooks/series names %s, which is not there' % name)
        since = max((one for one in found[name] if one <= version),
                    default=None)
        if since and not (until and version >= fetch.version_of(until)):
            hooks.append(read_hook(name, found[name][since]))
    for name in () if series else sorted(found.keys() - names):
        raise Failure('hooks/%s is not in hooks/series' % name)
    return hooks


def pristine(name, tree):
    """A file as the source package has it; kept aside the first time."""
    kept = state(tree) / 'pristine' / name
    original = tree.src / name
    if not kept.exists() and original.is_file() and not original.is_symlink():
        files.copy_atomic(original, kept)
    return kept


def function_before(lines, number):
    """As `diff -p` names it: where line @number is, counted from 1."""
    return next((line[:40].rstrip() for line in reversed(lines[:number - 1])
                 if FUNCTION.match(line)), '')


def check_functions(hook, before, landed, wrong):
    """Each hunk is in the function that its @@ line names, or Failure."""
    for name, there in hook.touched.items():
        for (old, new, function), line in zip(there, landed.get(name, ())):
            found = function_before(before[name], old + line - new)
            if found != function:
                raise Failure('%s: in file %s its hunk for "%s" landed in '
                              '"%s", line %d' % (wrong, name, function, found,
                                                 line))


def apply_hook(hook, scratch, version, tree):
    """Applies one hook, no fuzz; returns the notes about moved lines."""
    wrong = 'hook %s no longer applies to QEMU %s' % (hook.name, version)
    before, landed, notes = {}, {}, []
    for name in hook.touched:
        target = scratch / name
        original = pristine(name, tree)
        if not original.exists():
            raise Failure('%s: it has no file %s' % (wrong, name))
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(original, target)
        before[name] = target.read_text(errors='replace').splitlines()
    done = subprocess.run(
        ['patch', '-p1', '--verbose', '--fuzz=0', '--force',
         '--reject-file=-', '--no-backup-if-mismatch', '-d', scratch,
         '-i', hook.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=dict(os.environ, LC_ALL='C'))
    for line in done.stdout.splitlines():
        if line.startswith('patching file '):
            current = line[len('patching file '):]
        elif 'FAILED' in line and line.startswith('Hunk'):
            raise Failure('%s, in file %s: %s' % (wrong, current, line))
        elif 'succeeded at' in line:
            landed.setdefault(current, []).append(
                int(re.search(r'succeeded at (\d+)', line)[1]))
            if 'offset' in line:
                notes.append('%s, %s: %s' % (hook.name, current, line))
    if done.returncode:
        raise Failure('%s:\n%s' % (wrong, done.stdout))
    check_functions(hook, before, landed, wrong)
    return notes


def install(source, target):
    """Replaces a file of the tree if its contents are not these already."""
    if target.read_bytes() == source.read_bytes():
        return False
    # With a new time, for ninja.
    files.copy_atomic(source, target, shutil.copy)
    return True


def apply_hooks(version, tree):
    """Brings the tree to the state of hooks/series."""
    hooks = read_series(tree.hooks, version, tree.series)
    wanted = sorted({file for hook in hooks for file in hook.touched})
    kept = state(tree) / 'pristine'
    for directory in {state(tree), kept, *((place / file).parent
                                           for file in wanted
                                           for place in (tree.src, kept))}:
        files.sweep(directory)
    notes = []
    with tempfile.TemporaryDirectory(dir=state(tree), prefix='.tmp-') as name:
        scratch = Path(name)
        for hook in hooks:
            notes += apply_hook(hook, scratch, version, tree)
        changed = sum(install(scratch / file, tree.src / file)
                      for file in wanted)
    for path in sorted(kept.rglob('*')):
        file = str(path.relative_to(kept))
        if path.is_file() and file not in wanted:
            changed += install(path, tree.src / file)
    # A newer QEMU has moved most of them.
    for note in notes if len(notes) < 10 else (
            '%d hunks are at moved lines' % len(notes),):
        say('note: ' + note)
    say('%d hooks on %s %s: %s' % (
        len(hooks), tree.name, version,
        '%d files changed' % changed if changed else 'in place already'))


# Overlay

def overlay():
    """What is linked into build/qemu-src: everything at its own path."""
    return {str(path.relative_to(paths.ROOT)): path
            for top, endings in OVERLAY
            for path in sorted((paths.ROOT / top).rglob('*'))
            if path.is_file() and path.name.endswith(endings)
            and not NO_OVERLAY.search(path.name)}


def link_overlay(tree):
    """Links our files into the tree and removes links of gone ones."""
    links = tree.links()
    record = state(tree) / 'overlay.json'
    before = files.read_json(record) or []
    # Both lists, before any link is made: an interruption forgets none.
    files.write_json(record, sorted({*before, *links}))
    for name in before:
        if name not in links and (tree.src / name).is_symlink():
            (tree.src / name).unlink()
    for name, path in links.items():
        link = tree.src / name
        if link.exists() and not link.is_symlink():
            raise Failure('%s of ours would hide a file of QEMU: change '
                          "QEMU's by a hook" % name)
        files.link(link, path)
    files.write_json(record, sorted(links))


def prepare(record, tree=None):
    """A tree, ready to be configured and built."""
    tree = tree or Tree('QEMU', paths.QEMU_SRC, HOOKS, overlay)
    unpack(record, tree)
    apply_hooks(record['version'], tree)
    link_overlay(tree)
