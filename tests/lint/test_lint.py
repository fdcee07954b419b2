# Checks of our own files: compilers' warnings, style, layers, hooks
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import os
import re
import shlex
import subprocess
import tempfile

import pytest

import circles
from igdrmrr import paths, qemu, source

FILE_LINES = 700
LINE_COLUMNS = 80
# A hook of more has code that belongs in a file of ours. A fix cannot be there.
HOOK_ADDED_LINES = {'feature': 40, 'fixes': 48}
# In the lines of a hook: a file or a function of the feature.
OURS = re.compile(r'rmrr|stolen')

COPYRIGHT = 'Copyright (c) 2026 The qemu-igd-rmrr developers'
LICENCE = 'SPDX-License-Identifier: GPL-2.0-or-later'
KERNEL_LICENCE = 'SPDX-License-Identifier: GPL-2.0'
KINDS = ('Pure:', 'Glue:', 'Test device:', 'Test:')

# Things of one machine that must not get into the repository.
MACHINE = re.compile(r'/(root|farm|work)/|/tmp/w\b'
                     r'|https?://[^\s/]*debian[^\s/]*/debian')

EXTRA_WARNINGS = ('-Wall', '-Wextra', '-Wno-unused-parameter',
                  '-Wno-missing-field-initializers', '-Wno-sign-compare',
                  '-Werror')

GCC_OPTIONS = ('-W', '-fzero-call-used-regs', '-ftrivial-auto-var-init')
# What QEMU's own headers need to be quiet.
CLANG_OPTIONS = ('-Wno-gnu-variable-sized-type-not-at-end',
                 '-Wno-typedef-redefinition', '-Wno-initializer-overrides',
                 '-Wno-null-pointer-subtraction')

# What our programs print has lines as long as they print them.
PRINTED = 'tests/data/tool/'
# Where files say their kind, and pure ones include no QEMU.
LAYERED = ('hw/', 'tools/')

SCRIPTS = ('run', '.ci/run', 'scripts/tcg-only/qemu-system-x86_64',
           'packaging/debian/tests/emulator', 'packaging/debian/tests/firmware',
           'packaging/debian/tests/tool', 'packaging/debian/tests/driver',
           'packaging/debian/tests/modules')
C_ENDINGS = ('.c', '.h', '.inc')
TEXT_ENDINGS = C_ENDINGS + ('.py', '.sh', '.build', '.rst', '.txt')


def our_files():
    """Every text file of the clone, as paths relative to it."""
    found = []
    for directory, subdirs, names in os.walk(paths.ROOT):
        subdirs[:] = [name for name in subdirs if name not in
                      ('.git', 'build', '__pycache__')]
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), paths.ROOT)
            if (path.startswith(PRINTED)
                    or os.path.islink(paths.ROOT / path)):
                continue
            if name.endswith(TEXT_ENDINGS) or path in SCRIPTS:
                found.append(path)
    return sorted(found)


def is_kernel(name):
    """Kernel code is in the kernel's style; driver.py has its checks."""
    return name.startswith('kernel/') and name.endswith(('.c', '.h'))


def read(name):
    return (paths.ROOT / name).read_text()


# Each check returns a list of complaints.

def check_head(name):
    head = read(name)[:1500]
    licence = KERNEL_LICENCE if is_kernel(name) else LICENCE
    wrong = [want for want in (COPYRIGHT, licence) if want not in head]
    return ['the head of the file lacks: ' + want for want in wrong]


def check_text(name):
    wrong = []
    lines = read(name).split('\n')
    if lines[-1]:
        wrong.append('no newline at the end')
    document = name.endswith('.rst')
    if len(lines) - 1 > FILE_LINES and not document:
        wrong.append('%d lines, more than %d' % (len(lines) - 1, FILE_LINES))
    for number, line in enumerate(lines, 1):
        where = 'line %d: ' % number
        if len(line) > LINE_COLUMNS and not document and not is_kernel(name):
            wrong.append(where + 'longer than %d columns' % LINE_COLUMNS)
        if '\t' in line and not is_kernel(name):
            wrong.append(where + 'tab')
        if line != line.rstrip():
            wrong.append(where + 'white space at the end')
        if MACHINE.search(line) and name != 'tests/lint/test_lint.py':
            wrong.append(where + 'names a machine or a mirror: ' + line)
    return wrong


def function_lengths(text):
    """Pairs of first line and length, for C functions in QEMU's style."""
    start = None
    for number, line in enumerate(text.split('\n'), 1):
        if line == '{':
            start = number
        elif line == '}' and start:
            yield start, number - start + 1
            start = None


def check_c(name):
    text = read(name)
    wrong = ['function at line %d has %d lines, more than 60' % pair
             for pair in function_lengths(text) if pair[1] > 60]
    if name.startswith(LAYERED) and name.endswith('.c'):
        if not any(kind in text[:2000] for kind in KINDS):
            wrong.append('the head of the file does not say its kind: '
                         + ' '.join(KINDS))
    if name.startswith('hw/'):
        wrong += ['a static variable: ' + one for one in mutable_state(text)]
    return wrong + check_layers(name, text)


def mutable_state(text):
    """The variables that last and are not constant."""
    for found in re.finditer(r'^ *static\b([^;={]*)[;={]', text, re.M):
        declared = found[1].strip()
        if not declared.endswith(')') and not re.search(
                r'\b(const\b[^*]*|TypeInfo \w+(\[\])?)$', declared):
            yield ' '.join(declared.split())


def check_layers(name, text):
    wrong = []
    includes = re.findall(r'^#include [<"]([^">]+)', text, re.M)
    for one, other in (('hw/i386/', 'hw/vfio/'), ('hw/vfio/', 'hw/i386/')):
        if name.startswith(one):
            wrong += ['includes %s of the other side' % include
                      for include in includes if include.startswith(other)]
    if name.endswith('.c') and 'Pure:' in text[:2000] and (
            name.startswith(LAYERED)):
        for include in includes:
            own = any((paths.ROOT / place / include).exists()
                      for place in ('include', '.'))
            if not own and re.match(r'(hw|exec|system|qom|qapi)/', include):
                wrong.append('pure, and includes ' + include)
    return wrong


def check_hook(name):
    text = read(name)
    fields = ('Subject:',)
    wrong = []
    added = re.findall(r'^\+(?!\+\+ ).*', text, re.M)
    kind = name.split('/')[-2]
    if kind == 'fixes':
        fields = ('Subject:', 'Last-Update:', '(Origin|Forwarded):')
        wrong += ['is a fix of QEMU, and calls what is ours: ' + line
                  for line in added if OURS.search(line)]
    limit = HOOK_ADDED_LINES[kind]
    if len(added) > limit:
        wrong.append('%d added lines, more than %d' % (len(added), limit))
    for field in fields:
        if not re.search('^' + field, text, re.M):
            wrong.append('no field ' + field)
    if MACHINE.search(text):
        wrong.append('names a machine or a mirror')
    return wrong


def check_list(listing, directory, pattern, key, more=''):
    """Compares the names in a meson.build with the files that are there."""
    there = {path.stem for path in (paths.ROOT / directory).glob(pattern)}
    listed = set(re.findall(key, read(listing) + more, re.M))
    return (['%s does not list %s' % (listing, name)
             for name in sorted(there - listed)]
            + ['%s lists %s, which is not there' % (listing, name)
               for name in sorted(listed - there)])


def check_listed():
    """Every unit test and every qtest is built, and no other is named."""
    return (check_list('tests/unit/meson.build', 'tests/unit', 'test-*.c',
                       r"^  '(test-[a-z0-9-]+)':")
            + check_list('tests/qtest/igd-rmrr/meson.build', 'tests/qtest',
                         '*-test.c', r"^\+?  '([a-z0-9-]+-test)':",
                         read('hooks/feature/dma-listener-testdev.patch')))


def compile_commands():
    """Our files' compile commands in QEMU's build, by relative path."""
    database = json.loads(
        (paths.QEMU_BUILD / 'compile_commands.json').read_text())
    ours = set(source.overlay())
    found = {}
    for entry in database:
        path = os.path.normpath(os.path.join(entry['directory'],
                                             entry['file']))
        name = os.path.relpath(path, paths.QEMU_SRC)
        if name in ours:
            found[name] = entry
    return found


def check_compiler(entry, compiler):
    """Compiles a file again, aside; warnings are errors."""
    words = shlex.split(entry['command'])
    words = words[2:] if 'ccache' in words[0] else words[1:]
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ('-o', '-MF', '-MQ'):
            skip = True
        # For clang: its own set of warnings, no code generation of gcc's.
        elif word not in ('-MD', '-c') and (
                compiler == 'gcc' or not word.startswith(GCC_OPTIONS)):
            kept.append(word)
    command = ['ccache', compiler, *kept, *EXTRA_WARNINGS,
               *(CLANG_OPTIONS if compiler == 'clang' else ())]
    # Not to /dev/null: a compiler run by root may replace its output file.
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [*command, '-c', '-o', scratch + '/x.o'], cwd=entry['directory'],
            env=qemu.environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines() if done.returncode else []


def check_checkpatch(name):
    done = subprocess.run(
        ['perl', paths.QEMU_SRC / 'scripts/checkpatch.pl', '--no-tree',
         '--no-summary', '--terse', '-f', name], cwd=paths.ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    return [line for line in done.stdout.splitlines()
            if ': ERROR: ' in line or ': WARNING: ' in line]


def cases():
    """Triples of name, function, arguments."""
    yield 'lists', check_listed, ()
    yield 'circles', lambda: list(circles.complaints()), ()
    for name in our_files():
        if name.endswith(C_ENDINGS + ('.py', '.build')) or '.' not in name:
            yield 'head ' + name, check_head, (name,)
        yield 'text ' + name, check_text, (name,)
        if name.endswith(C_ENDINGS):
            yield 'C ' + name, check_c, (name,)
            if not is_kernel(name):
                yield 'checkpatch ' + name, check_checkpatch, (name,)
    for path in sorted((paths.ROOT / 'hooks').rglob('*.patch')):
        name = str(path.relative_to(paths.ROOT))
        yield 'hook ' + name, check_hook, (name,)
    for name, entry in sorted(compile_commands().items()):
        for compiler in ('gcc', 'clang'):
            yield '%s %s' % (compiler, name), check_compiler, (entry, compiler)


CASES = {name: case for name, *case in cases()}


@pytest.mark.parametrize('name', CASES)
def test_lint(name):
    function, arguments = CASES[name]
    assert function(*arguments) == []
