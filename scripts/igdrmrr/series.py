# The series for QEMU's maintainers: which patches, and what is in each
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A patch is one hook, or hooks of one subject that follow each other. It says
# what they say, and has the files of ours that their lines "Files:" name and
# no patch before it. series_git.py makes commits of that. Our files are of one
# text for all QEMUs; in a patch for one of them they have only what is for it.

import fnmatch
import itertools
import os
import re
import subprocess
from dataclasses import dataclass

from . import fetch, paths, source
from .ui import Failure

SECTION = 'IGD stolen memory'
VTD = 'VT-d Emulation'

# The cases for the fixes, each in the patch of its fix.
CASES = 'tests/qtest/intel-iommu-notify-test.c'
CASE = r'''(/\*(?:(?!\*/)[\s\S])*\*/\n)?static void test_%s\(void\)
\{
[\s\S]*?
\}

'''

# One file, or test, of ours in a meson.build of ours is one line.
LISTED = re.compile(rb"  '(?:([\w./-]+\.c)',|([\w-]+)': .*)\n")
EMPTY = re.compile(rb"(?:#.*\n)*\w+\.add\([^()]*files\(\n\)\)\n")

# Its tables are in directories that an environment variable names; QEMU has
# bios-tables-test instead.
NOT_SENT = re.compile('tests/(qtest/dmar-rmrr-test.c|data/acpi/.*/DMAR.igd.*)')


@dataclass(frozen=True)
class Patch:
    """One patch: its text, its hooks, patterns of files of ours."""
    subject: str
    body: str
    hooks: tuple
    files: tuple
    cases: tuple = ()


def hooks(version):
    """Those that the series has: the others are for users of both QEMUs."""
    return [hook for hook in source.read_series(version=version)
            if not re.search('^Forwarded: not-needed$',
                             hook.path.read_text(), re.M)]


def read_hook_text(hook):
    """Subject, description, patterns of files, and cases of a hook."""
    text = hook.path.read_text().partition('\n---\n')[0]
    head, _, body = text.partition('\n\n')
    names = ' '.join(re.findall(r'^Files: (.*)$', head, re.M))
    cases = re.findall(r'^Reproducer: .*/(.*)$', head, re.M)
    if cases:
        body += '\n\nReproducer: qtest intel-iommu-notify/%s.' % cases[0]
    return (re.search(r'^Subject: (.*)$', head, re.M)[1], body, names.split(),
            cases)


def read_patches(hooks):
    """The patches, in the order of the hooks."""
    patches = []
    read = [(hook, *read_hook_text(hook)) for hook in hooks]
    for subject, group in itertools.groupby(read, key=lambda one: one[1]):
        hooks, _subjects, bodies, names, cases = zip(*group)
        patches.append(Patch(subject, '\n\n'.join(bodies), hooks,
                             tuple(itertools.chain(*names)),
                             tuple(itertools.chain(*cases))))
    return patches


# Files of ours

# Not in the series: see the first of them.
COMPAT = ('hw/igd-rmrr-compat.h', 'hw/igd-rmrr-version.h')
INCLUDED = re.compile('#include "(?:%s)"\n' % '|'.join(COMPAT))
# The names of options that we use, and theirs since 11.1.
RENAMED = {'x-scalable-mode': 'scalable-mode', 'x-flts': 'fsts'}


def decide(text, version):
    """A file without its conditions on QEMU's version."""
    done = subprocess.run(
        ['unifdef', '-k'], stdout=subprocess.PIPE, text=True,
        input=re.sub(r'QEMU_SINCE\((\d+), (\d+)\)', lambda since: str(int(
            version >= (int(since[1]), int(since[2])))), text))
    if done.returncode > 1:
        raise Failure('unifdef failed')
    return done.stdout


class ForVersion:
    """Turns a file of ours, which is for all QEMUs, into one for one QEMU."""

    def __init__(self, version):
        self.version = fetch.version_of(version)
        text = decide((paths.ROOT / 'include' / COMPAT[0]).read_text(),
                      self.version)
        self.headers = [(line, re.compile(r'\b(%s)' % '|'.join(
            words.split(', ')))) for line, words in re.findall(
                r'^(#include "\S+) +/\* (.*) \*/$', text, re.M)]
        self.names = {
            **(RENAMED if self.version >= (11, 1) else {}),
            **dict(re.findall(r'^#define (\w+) +(\w+)$', text, re.M)),
            **{name: what for what, name in
               re.findall(r'^typedef (.*) (\w+);$', text, re.M)}}

    def of(self, text):
        text = decide(text, self.version)
        headers = ''.join(line + '\n' for line, words in self.headers
                          if words.search(text))
        text = INCLUDED.sub(lambda line: headers * (COMPAT[0] in line[0]),
                            text)
        return re.sub('|'.join(r'\b%s\b' % name for name in self.names),
                      lambda name: self.names[name[0]], text)


def read_own(version):
    """{path in QEMU's tree: content}, the kernel's headers in QEMU's way."""
    own = {}
    one = ForVersion(version)
    ours = hooks(version)
    cases = {'page'}.union(*(patch.cases for patch in read_patches(ours)))
    # Of hooks that begin with a later QEMU.
    others = [pattern for hook, by_version in source.texts(source.HOOKS).items()
              if min(by_version) > one.version
              for text in by_version.values()
              for pattern in read_hook_text(source.Hook(hook, text, {}))[2]]
    for name, path in source.overlay().items():
        content = path.read_bytes()
        if (name.removeprefix('include/') in COMPAT or NOT_SENT.match(name)
                or any(is_in(name, pattern) for pattern in others)):
            continue
        if name == CASES:
            content = without_cases(content.decode(), cases).encode()
        if name.endswith(('.c', '.h', '.inc')):
            content = one.of(content.decode()).encode()
        if path.is_symlink():
            content = re.sub(
                r'/\* (SPDX-License-Identifier: GPL-2.0)\b.* \*/',
                r'/* \1-or-later */',
                content.decode().expandtabs(8)).encode()
        own[name] = content
    return {name: without_absent(name, content, own)
            for name, content in own.items()}


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


def without_absent(name, content, there):
    """Leaves out of a meson.build of ours the files that are not @there."""
    if os.path.basename(name) != 'meson.build':
        return content

    def line(found):
        file, test = (one and one.decode() for one in found.groups())
        path = os.path.join(os.path.dirname(name), file or '../%s.c' % test)
        return found[0] if os.path.normpath(path) in there else b''

    return EMPTY.sub(b'', LISTED.sub(line, content))


def without_cases(text, there):
    """Leaves out of the test of the fixes the cases that are not @there."""
    for case in re.findall(r'intel-iommu-notify/([\w-]+)"', text):
        if case not in there:
            name = case.replace('-', '_')
            text = re.sub(CASE % name, '', text)
            text = re.sub(r' *qtest_add_func\(.*, test_%s\);\n' % name, '',
                          text)
    return text


def maintainers(text, section, patterns, who):
    """MAINTAINERS with more files in a section; a new one comes after VT-d."""
    found = re.search(r'^%s\n(?:.+\n)+' % section, text, re.M)
    lines = ''.join('F: %s\n' % pattern for pattern in patterns)
    if not found:
        lines = '\n%s\nM: %s\nS: Maintained\n%s' % (section, who, lines)
        found = re.search(r'^%s\n(?:.+\n)+' % VTD, text, re.M)
    return text[:found.end()] + lines + text[found.end():]


def split(patches):
    """The two series: what comes up to the last fix, and the feature."""
    last = max(number for number, patch in enumerate(patches)
               if patch.hooks[0].name.startswith('fixes/'))
    return patches[:last + 1], patches[last + 1:]


def read_cover(name):
    subject, _, body = (paths.ROOT / 'scripts/series' / name).read_text(
        ).partition('\n\n')
    return subject, body.strip()
