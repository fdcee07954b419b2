# Circles: files that call each other, in C, or import each other, in Python
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A C file calls another one if it calls a function that is defined there and
# is not static. Calls through a pointer are not seen. In Python an import
# inside a function counts as well. Run alone, with or without the directory of
# a clone, it prints what it finds.

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What is linked together; igd-stolen has some files of hw/ as well.
C_PROGRAMS = (('hw',), ('hw', 'tools/igd-stolen'), ('kernel',))
PACKAGES = ('scripts/igdrmrr', 'tests/functional/guestlib')

NOT_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"'
                      r"|'(?:\\.|[^'\\\n])*'|^#(?:[^\n]*\\\n)*[^\n]*",
                      re.S | re.M)
# The body begins with a brace in the first column.
DEFINITION = re.compile(r'^(\w[\w\s*]*?)\b(\w+)\([^;{}]*\)\s*\n\{', re.M)
CALL = re.compile(r'\b([A-Za-z_]\w*)\s*\(')
IMPORT = re.compile(r'^[ \t]*(?:from (\.?\w*)(?:\.(\w+))? import ([\w, ]+|'
                    r'\([^)]*\))|import (\w+)(?:\.(\w+))?)', re.M)


def c_calls(texts):
    """{file: {other: names}} of {file: its text}."""
    public, called = {}, {}
    for name, text in texts.items():
        text = NOT_CODE.sub(' ', text)
        defined = DEFINITION.findall(text)
        called[name] = set(CALL.findall(text)) - {one for _, one in defined}
        for kind, function in defined:
            if 'static' not in kind.split():
                public.setdefault(function, []).append(name)
    edges = {name: {} for name in texts}
    for name, functions in called.items():
        for function in functions & set(public):
            for other in public[function]:
                edges[name].setdefault(other, set()).add(function)
    return edges


def imported(text, package):
    """The names that a module imports from its own package."""
    for place, module, names, alone, part in IMPORT.findall(text):
        if place in ('.', package) and not module:
            yield from re.findall(r'\w+', re.sub(r' as \w+', '', names))
        elif package in (place, alone):
            yield module or part
        elif not module + part:
            yield alone or place.lstrip('.')


def python_imports(texts, package):
    by_module = {Path(name).stem: name for name in texts}
    return {name: {by_module[module]: {'import'}
                   for module in imported(text, package)
                   if by_module.get(module, name) != name}
            for name, text in texts.items()}


def reached(edges, start):
    """Every file that one leads to."""
    found, todo = set(), [start]
    while todo:
        new = set(edges[todo.pop()]) - found
        found |= new
        todo += new
    return found


def circles(edges):
    """The groups of files each of which leads to every other one."""
    leads = {name: reached(edges, name) for name in edges}
    return sorted({tuple(sorted(other for other in leads[name]
                                if name in leads[other]))
                   for name in edges if name in leads[name]})


def read(directories, pattern, root):
    return {str(path.relative_to(root)): path.read_text()
            for directory in directories
            for path in sorted((root / directory).rglob(pattern))}


def complaints(root=ROOT):
    """Each circle, a line for each of its files."""
    graphs = [c_calls(read(places, '*.c', root)) for places in C_PROGRAMS]
    graphs += [python_imports(read((place,), '*.py', root), Path(place).name)
               for place in PACKAGES]
    found = {group: edges for edges in graphs for group in circles(edges)}
    for group, edges in sorted(found.items()):
        yield 'a circle of %d files:' % len(group)
        for name in group:
            for other in sorted(set(edges[name]) & set(group)):
                yield '  %s -> %s: %s' % (
                    name, other, ', '.join(sorted(edges[name][other])))


if __name__ == '__main__':
    lines = list(complaints(*map(Path, sys.argv[1:])))
    print('\n'.join(lines) or 'no circle')
    sys.exit(bool(lines))
