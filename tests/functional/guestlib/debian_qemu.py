# Debian's own emulator in the cache, and how ours differs from it
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The packages qemu-system-x86 and its modules, of the very version that ours
# is made from, are unpacked with the libraries that they need; nothing is
# installed. They are Debian 13's, so its loader starts the emulator.

import fnmatch
import json
import os
import re
import subprocess

from . import assets        # noqa: F401 (finds igdrmrr)
from igdrmrr import files, paths
from igdrmrr.apt import Archive
from igdrmrr.ui import Failure, run_logged, say

DIRECTORY = paths.CACHE / 'debian-qemu'
LIBRARIES = DIRECTORY / 'usr/lib/x86_64-linux-gnu'
PACKAGES = ('qemu-system-x86', 'qemu-system-gui', 'qemu-system-modules-spice',
            'qemu-system-modules-opengl', 'qemu-block-extra')
# Beside these the packages bring data and daemons, and a compiler for shaders:
# none of it is opened by an emulator that only lists what it has.
KEPT = ('lib', 'zlib1g', 'qemu-')
NOT_KEPT = ('libllvm', 'libz3-', 'libsystemd-shared', 'qemu-system-data')

# An option ROM, which is run and returns.
ROM = b'\x55\xaa\x01\xcb'.ljust(512, b'\0')
DATA_SIZE = 64 << 20

# An entry of a help text: its name, in a list of devices in quotes.
ENTRY = re.compile(r'name "(.*?)"|\s*([\w-]+)')


def wanted(closure):
    """Of what a package needs, what the emulator and its modules load."""
    return {name: version for name, version in closure.items()
            if name.startswith(KEPT) and not name.startswith(NOT_KEPT)}


def fetch(record):
    """Debian's packages of the version of the source package @record."""
    stamp = DIRECTORY / 'STAMP'
    with files.Lock(paths.CACHE / '.lock', 'the cache') as lock:
        if stamp.is_file() and stamp.read_text() == record['version']:
            return
        archive = Archive('trixie', lock.fd)
        archive.refresh()
        try:
            packages = wanted(archive.closure(
                dict.fromkeys(PACKAGES, record['version'])))
        except Failure as failure:
            raise Failure('the mirror has no packages of QEMU %s, the source '
                          'in the cache; ./run update\n%s'
                          % (record['version'], failure))
        say("fetching Debian's emulator %s and %d libraries"
            % (record['version'], len(packages) - len(PACKAGES)))
        with files.new_directory(DIRECTORY) as new:
            archive.run("fetching Debian's emulator",
                        ['apt-get', 'download',
                         *map('%s=%s'.__mod__, packages.items())], new)
            for deb in sorted(new.glob('*.deb')):
                run_logged('unpacking ' + deb.name,
                           ['dpkg-deb', '-x', deb, new], 'unpack.log',
                           keep=(lock.fd,), append=True)
                deb.unlink()
            # Documents, translations, fonts.
            files.remove_tree(new / 'usr/share')
            files.write_atomic(new / 'STAMP', record['version'])


def command(program=DIRECTORY / 'usr/bin/qemu-system-x86_64'):
    """Debian's emulator, or another program, by Debian 13's loader."""
    directories = [LIBRARIES, *sorted(
        {path.parent for path in LIBRARIES.glob('*/lib*.so*')})]
    return [LIBRARIES / 'ld-linux-x86-64.so.2', '--library-path',
            ':'.join(map(str, directories)), program]


def modules():
    return LIBRARIES / 'qemu'


def as_debian(text):
    """The words of a device that it has in igd-testdev's place."""
    return re.sub(r',(dsm-base|class)=[^,\s]*', '',
                  text.replace('igd-testdev', 'edu'))


def write_files(directory):
    """What configurations name: a disk and a ROM."""
    with open(directory / 'raw.img', 'wb') as image:
        image.truncate(DATA_SIZE)
    (directory / 'vbios.rom').write_bytes(ROM)


def run(program, modules, words, said='', **options):
    """An emulator with that directory of modules, as a completed process."""
    return subprocess.run(
        [*program, *words], text=True, input=said, stdout=subprocess.PIPE,
        env=dict(os.environ, LC_ALL='C.UTF-8', QEMU_MODULE_DIR=str(modules)),
        stderr=subprocess.STDOUT, **options)


def ask(program, modules, *words, said=''):
    """What it answers."""
    done = run(program, modules, words, said)
    # For "-tpmdev help" the list is an error. What a module has that cannot
    # be opened would be missing from a list, without a word in it.
    if done.returncode not in (0, 1) or 'ailed to open module' in done.stdout:
        raise Failure('%s %s, exit status %d:\n%s' % (
            program[-1], ' '.join(words), done.returncode, done.stdout))
    return done.stdout


def said(commands):
    """What is said to QMP for {key: (name, arguments)}, and to quit."""
    return ''.join(json.dumps(line) + '\n' for line in (
        {'execute': 'qmp_capabilities'},
        *({'execute': name, 'arguments': arguments, 'id': key}
          for key, (name, arguments) in commands.items()),
        {'execute': 'quit'}))


def answers(lines):
    """{key: what it returned}."""
    return {answer['id']: answer['return']
            for answer in map(json.loads, lines)
            if 'id' in answer and 'return' in answer}


def qmp(program, modules, commands):
    """{key: what it returns} of @commands, {key: (name, arguments)}."""
    return answers(ask(
        program, modules, '-machine', 'none', '-nodefaults', '-display',
        'none', '-S', '-qmp', 'stdio', said=said(commands)).splitlines())


def introspection(program, modules):
    """{kind: {name: line}} of what libvirt asks an emulator for."""
    found = qmp(program, modules, {
        'types': ('qom-list-types', {}), 'commands': ('query-commands', {}),
        'options': ('query-command-line-options', {}),
        'devices': ('qom-list-types', {'implements': 'device',
                                       'abstract': False})})
    devices = [entry['name'] for entry in found['devices']]
    properties = qmp(program, modules, {
        name: ('device-list-properties', {'typename': name})
        for name in devices})
    return {
        'type': {entry['name']: '' for entry in found['types']},
        'command': {entry['name']: '' for entry in found['commands']},
        'option': {'%s.%s' % (entry['option'], parameter['name']): ''
                   for entry in found['options']
                   for parameter in entry['parameters']},
        'property': {'%s.%s' % (device, entry['name']): '%s, default %s'
                     % (entry['type'], entry.get('default-value'))
                     for device, entries in properties.items()
                     for entry in entries}}


def entries(text):
    """{name: line} of a help text; a heading is an entry as well."""
    return {next(filter(None, found.groups())): ' '.join(line.split())
            for line in text.splitlines() if (found := ENTRY.match(line))}


def differences(ours, debian):
    """{(sign, name): line}; + ours alone has, - Debian's, ~ both differ."""
    found = {}
    for name in {*ours, *debian}:
        if name not in debian:
            found['+', name] = ours[name]
        elif name not in ours:
            found['-', name] = debian[name]
        elif ours[name] != debian[name]:
            found['~', name] = '%s | %s' % (ours[name], debian[name])
    return found


def complaints(found, rows, release):
    """The differences without a row, and the rows without a difference.

    @rows are sign, pattern of the name, release and reason.
    """
    rows = [row for row in rows if row[2] in (release, 'all')]
    listed = [{key for key in found if key[0] == sign
               and fnmatch.fnmatchcase(key[1], pattern)}
              for sign, pattern, _where, _reason in rows]
    return [*('not listed: %s %s: %s' % (*key, found[key])
              for key in sorted({*found}.difference(*listed))),
            *('listed, and none: %s %s' % tuple(row[:2])
              for row, keys in zip(rows, listed) if not keys)]
