# ./run export-pve: our series in a clone of pve-qemu, Proxmox VE's own QEMU
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The patches of ./run export-series for the QEMU that the clone has in its
# submodule, but for tests: dpkg-source takes no binary files. They come after
# Proxmox's own, and the package gets a version that is above the one it is
# made of.

import email.utils
import re
from pathlib import Path

from . import fetch, files, series_git
from .ui import Failure, say

OURS = 'igd-rmrr'
HEAD = re.compile(r'pve-qemu-kvm \((\S+?)(\+igd\d+)?\) (\S+);.*\n')
ENTRY = '''\
pve-qemu-kvm (%s+igd1) %s; urgency=medium

  * Stolen memory of an assigned IGD and its RMRR: patches of qemu-igd-rmrr

 -- %s  %s

'''


def is_test(patch):
    touched = re.findall(r'^diff --git a/(\S+)', patch.read_text(), re.M)
    return all(name.startswith(('tests/', 'MAINTAINERS')) for name in touched)


def add_patches(directory, patches):
    """In the place of those of the last time."""
    files.remove_tree(directory / OURS)
    (directory / OURS).mkdir()
    path = directory / 'series'
    lines = [line for line in path.read_text().splitlines()
             if not line.startswith(OURS + '/')]
    for number, patch in enumerate(patches, 1):
        name = '%s/%02d-%s' % (OURS, number, patch.name[5:])
        (directory / name).write_bytes(patch.read_bytes())
        lines.append(name)
    path.write_text('\n'.join(lines) + '\n')


def add_entry(path, text, who):
    version, ours, suite = HEAD.match(text).groups()
    if not ours:
        path.write_text(ENTRY % (version, suite, who,
                                 email.utils.formatdate()) + text)


def read_qemu(where, version):
    """The record of the clone's submodule, which has to be of the package."""
    tree = Path(where, 'qemu').absolute()
    if not (tree / 'VERSION').exists():
        raise Failure('%s is empty: make -C %s submodule' % (tree, where))
    record = fetch.fetch((), qemu=str(tree))
    if not version.startswith(record['version'] + '-'):
        raise Failure('%s has QEMU %s, and the package is %s: git -C %s '
                      'submodule update qemu' % (tree, record['version'],
                                                 version, where))
    if not (10, 0) <= fetch.version_of(version) <= fetch.NEWEST:
        raise Failure('%s has QEMU %s, and the hooks are for 10.0 to %d.%d'
                      % (where, version, *fetch.NEWEST))
    return record


def export(where, who):
    """Returns the names of the patches."""
    debian = Path(where) / 'debian'
    try:
        text = (debian / 'changelog').read_text()
    except OSError:
        text = ''
    found = HEAD.match(text)
    if not found:
        raise Failure('%s is not a clone of pve-qemu: it has no '
                      'debian/changelog of pve-qemu-kvm' % where)
    patches = [patch
               for patch in series_git.export(who, read_qemu(where, found[1]))
               if not is_test(patch)]
    add_patches(debian / 'patches', patches)
    add_entry(debian / 'changelog', text, who)
    return patches


def cmd_export_pve(arguments):
    if len(arguments) != 1:
        raise Failure('export-pve takes the directory of a clone of pve-qemu')
    patches = export(arguments[0], series_git.identity())
    say('%d patches in %s/debian/patches/%s' % (len(patches), arguments[0],
                                                OURS))
    say('on a Proxmox VE host, in that directory: make deb')
    return 0
