# The series for QEMU's maintainers: which patches, and what is in each
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A patch is one hook, or hooks of one subject that follow each other. It says
# what they say, and has the files of ours that their lines "Files:" name and
# no patch before it. series_git.py makes commits of that.

import fnmatch
import itertools
import os
import re
from dataclasses import dataclass

from . import paths, source
from .ui import Failure

SECTION = 'IGD stolen memory'
BEFORE = '\nVT-d Emulation\n'

# One file of ours in a meson.build of ours is one line.
LISTED = re.compile(rb"  '([\w./-]+\.c)',\n")


@dataclass(frozen=True)
class Patch:
    """One patch: its text, its hooks, patterns of files of ours."""
    subject: str
    body: str
    hooks: tuple
    files: tuple


def read_hook_text(hook):
    """Subject, description and patterns of files of a hook."""
    text = hook.path.read_text().partition('\n---\n')[0]
    head, _, body = text.partition('\n\n')
    names = ' '.join(re.findall(r'^Files: (.*)$', head, re.M))
    return re.search(r'^Subject: (.*)$', head, re.M)[1], body, names.split()


def read_patches(hooks):
    """The patches, in the order of the hooks."""
    patches = []
    read = [(hook, *read_hook_text(hook)) for hook in hooks]
    for subject, group in itertools.groupby(read, key=lambda one: one[1]):
        hooks, _subjects, bodies, names = zip(*group)
        patches.append(Patch(subject, '\n\n'.join(bodies), hooks,
                             tuple(itertools.chain(*names))))
    return patches


# Files of ours

def read_own():
    """{path in QEMU's tree: content}, the kernel's headers in QEMU's way."""
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


def is_in(name, pattern):
    """As MAINTAINERS means it: no * is a slash."""
    return (fnmatch.fnmatchcase(name, pattern)
            and name.count('/') == pattern.count('/'))


def assign(patches, own):
    """[set of files] for each patch; every file is in exactly one."""
    left = set(own)
    result = []
    for patch in patches:
        new = set()
        for pattern in patch.files:
            found = {name for name in own if is_in(name, pattern)}
            if not found:
                raise Failure('hooks/%s: there is no %s'
                              % (patch.hooks[0].name, pattern))
            new |= found & left
        left -= new
        result.append(new)
    if left:
        raise Failure('no hook has a line "Files:" for '
                      + ', '.join(sorted(left)))
    return result


def without_absent(name, content, absent):
    """Leaves out of a meson.build the files that are not there yet."""
    if os.path.basename(name) != 'meson.build':
        return content
    return LISTED.sub(
        lambda line: b'' if os.path.normpath(os.path.join(
            os.path.dirname(name), line[1].decode())) in absent else line[0],
        content)


def maintainers(text, patches, who):
    """MAINTAINERS with a section of ours, for all that the patches add."""
    section = '\n%s\nM: %s\nS: Maintained\n%s' % (
        SECTION, who, ''.join('F: %s\n' % pattern for patch in patches
                              for pattern in patch.files))
    return text.replace(BEFORE, section + BEFORE)


def read_cover():
    subject, _, body = (paths.ROOT / 'scripts/series').read_text().partition(
        '\n\n')
    return subject, body.strip()
