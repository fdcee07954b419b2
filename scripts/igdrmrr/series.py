# The series for QEMU's maintainers: which patches, and what is in each
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# scripts/series has a file for each patch, in order: what it says, and after
# a line "--" what is in it. A patch of hooks alone says what its hook says.
# Own headers go with the first patch that includes them, and what names a file
# of ours in a build file with the patch that has the file, so each patch
# builds. Here is what the tree looks like after each; series_git.py makes
# commits of that.

import fnmatch
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

from . import files, paths, source
from .ui import Failure

MESSAGES = paths.ROOT / 'scripts/series'
COVER = '00-cover'
KEYS = ('Files', 'Hooks', 'Maintained')

SECTION = 'IGD stolen memory'
BEFORE = '\nVT-d Emulation\n'
INCLUDE = re.compile(rb'^\s*#include "([^"]+)"', re.M)

# In a meson.build: a file in a list, and a test with all that it is made of.
LISTED = re.compile(rb"'([\w./-]+\.c)',?")
TEST = re.compile(rb"^  '([\w-]+)':.*\n(?:    .*\n)*", re.M)
# In trace-events: a file's.
TRACED = re.compile(rb'^\n# (\S+\.c)\n(?:.+\n)*', re.M)


@dataclass(frozen=True)
class Patch:
    """One patch: its text, the hooks in it, patterns of files of ours."""
    name: str
    subject: str
    body: str
    hooks: tuple
    files: tuple
    maintained: tuple


def read_hook_text(name):
    """Subject and description of a hook."""
    text = (paths.ROOT / 'hooks' / name).read_text()
    head, _, body = text.partition('\n---\n')[0].partition('\n\n')
    return re.search(r'^Subject: (.*)$', head, re.M)[1], body.strip()


def read_patch(path):
    said, _, rest = ('\n' + path.read_text()).partition('\n--\n')
    there = {}
    for line in rest.splitlines():
        key, _, words = line.partition(': ')
        if key not in KEYS:
            raise Failure('scripts/series/%s: "%s" does not begin with one of '
                          '%s' % (path.name, line, ', '.join(KEYS)))
        there[key] = there.get(key, ()) + tuple(words.split())
    names, hooks, maintained = (there.get(key, ()) for key in KEYS)
    subject, _, body = said.strip().partition('\n\n')
    if not subject and hooks:
        subject, body = read_hook_text(hooks[0])
    if not (subject and body):
        raise Failure('scripts/series/%s says nothing' % path.name)
    return Patch(path.name, subject, body, hooks, names, maintained)


def read_patches():
    """Every patch, in order, without the cover letter."""
    return [read_patch(path) for path in sorted(MESSAGES.iterdir())
            if path.name != COVER]


def read_cover():
    subject, _, body = (MESSAGES / COVER).read_text().partition('\n\n')
    return subject, body.strip()


# Files of ours

def read_own():
    """{path in QEMU's tree: content}, the kernel's header in QEMU's way."""
    own = {}
    for name, path in source.overlay().items():
        content = path.read_bytes()
        if path.is_symlink():
            content = re.sub(
                r'/\* (SPDX-License-Identifier: GPL-2.0)\b.* \*/',
                r'/* \1-or-later */',
                content.decode().expandtabs(8)).encode()
        own[name] = content
    return own


def included(name, own):
    """The files of ours that a file of ours includes."""
    for found in INCLUDE.findall(own[name]):
        for place in (os.path.dirname(name), 'include'):
            path = os.path.normpath(os.path.join(place, found.decode()))
            if path in own:
                yield path
                break


def with_headers(names, own):
    """These files and all that they include, of ours."""
    todo = list(names)
    done = set()
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            todo += included(name, own)
    return done


def in_hooks(patch, own):
    """The headers of ours that a patch's hooks include."""
    for hook in patch.hooks:
        text = (paths.ROOT / 'hooks' / hook).read_text()
        for wanted in re.findall(r'^\+\s*#include "([^"]+)"', text, re.M):
            yield from (name for name in own
                        if name == 'include/' + wanted
                        or os.path.basename(name) == wanted)


def assign(patches, own):
    """[set of files] for each patch; every file is in exactly one."""
    placed = set()
    result = []
    for patch in patches:
        matched = set()
        for pattern in patch.files:
            found = fnmatch.filter(own, pattern)
            if not found:
                raise Failure('scripts/series/%s: there is no %s'
                              % (patch.name, pattern))
            matched.update(found)
        matched.update(in_hooks(patch, own))
        new = with_headers(matched, own) - placed
        placed |= new
        result.append(new)
    if set(own) - placed:
        raise Failure('in no patch of scripts/series: '
                      + ', '.join(sorted(set(own) - placed)))
    return result


# QEMU's files

def base_names():
    """QEMU's files that the series changes."""
    return sorted({name for hook in source.read_series()
                   for name in hook.touched} | {'MAINTAINERS'})


def check_hooks(patches):
    queue = [hook.name for hook in source.read_series()]
    used = [name for patch in patches for name in patch.hooks]
    wrong = {name for name in {*queue, *used}
             if queue.count(name) != used.count(name)}
    if wrong:
        raise Failure('not in exactly one patch of scripts/series: '
                      + ', '.join(sorted(wrong)))


def without_absent(content, name, absent):
    """Leaves out of a build file what is about files not there yet."""
    directory = os.path.dirname(name)

    def unless_absent(match, form=b'%s'):
        named = os.path.join(directory, (form % match[1]).decode())
        return b'' if os.path.normpath(named) in absent else match[0]

    if os.path.basename(name) == 'trace-events':
        return TRACED.sub(unless_absent, content)
    if os.path.basename(name) != 'meson.build':
        return content
    content = TEST.sub(lambda match: unless_absent(match, b'../%s.c'), content)
    kept = []
    for line in content.split(b'\n'):
        left = LISTED.sub(unless_absent, line)
        if left == line:
            kept.append(line)
        elif left.strip():
            left = left.replace(b', if_false: files()', b'')
            kept.append(left.rstrip())
    return b'\n'.join(kept)


def hooked(names, base, scratch):
    """{path: content} of QEMU's files with these hooks, in queue order."""
    hooks = source.read_series()
    touched = sorted({path for hook in hooks for path in hook.touched})
    files.remove_tree(scratch)
    for path in touched:
        (scratch / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(base / path, scratch / path)
    for hook in hooks:
        if hook.name not in names:
            continue
        done = subprocess.run(
            ['patch', '-p1', '-s', '-f', '-F0', '-i', hook.path],
            cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure('%s does not apply without the hooks of later '
                          'patches:\n%s' % (hook.name, done.stdout))
    return {path: (scratch / path).read_bytes() for path in touched}


def is_maintained(name, patterns):
    """As MAINTAINERS means it: no * is a slash, a directory is all in it."""
    return any(name.startswith(pattern) if pattern.endswith('/') else
               fnmatch.fnmatchcase(name, pattern)
               and name.count('/') == pattern.count('/')
               for pattern in patterns)


def maintainers(base, patterns, who):
    """MAINTAINERS with a section of ours, if there is anything for it."""
    text = (base / 'MAINTAINERS').read_text()
    if patterns:
        section = '\n%s\nM: %s\nS: Maintained\n%s' % (
            SECTION, who, ''.join('F: %s\n' % one for one in patterns))
        at = text.index(BEFORE)
        text = text[:at] + section + text[at:]
    return text.encode()


def states(base, scratch, who):
    """
    Yields (patch, {path: content}) for each: all files, as it leaves them.

    @base has QEMU's files, @who is going to maintain ours.
    """
    patches = read_patches()
    own = read_own()
    check_hooks(patches)
    hooks, patterns, placed = set(), [], set()
    for patch, names in zip(patches, assign(patches, own)):
        hooks |= set(patch.hooks)
        patterns += patch.maintained
        placed |= names
        orphans = [name for name in sorted(placed)
                   if not is_maintained(name, patterns)]
        if orphans:
            raise Failure('scripts/series/%s: nobody maintains %s'
                          % (patch.name, ', '.join(orphans)))
        contents = {**hooked(hooks, base, scratch),
                    **{name: own[name] for name in placed}}
        contents = {name: without_absent(content, name, set(own) - placed)
                    for name, content in contents.items()}
        yield patch, {**contents,
                      'MAINTAINERS': maintainers(base, patterns, who)}
