# ./run export-distro: what Nix, Arch Linux and Fedora make a package from
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The series of ./run export-series as one patch, without tests, and the files
# of packaging/distro with the version of QEMU that it is for.

import re

from . import fetch, files, paths, series_git
from .ui import Failure, say

TEMPLATES = paths.ROOT / 'packaging/distro'
TOP = paths.BUILD / 'distro'
PATCH = 'igd-rmrr.patch'

# For libraries that each of the packages depends on.
OPTIONS = (
    '--target-list=x86_64-softmmu', '--disable-install-blobs',
    '--disable-docs', '--disable-tools', '--disable-guest-agent',
    '--disable-werror', '--enable-kvm', '--enable-fdt=system',
    '--enable-slirp', '--enable-seccomp', '--enable-gnutls', '--enable-numa',
    '--enable-libusb', '--enable-usb-redir', '--enable-spice',
    '--enable-linux-aio', '--enable-linux-io-uring')


def export(record, who):
    """Returns the version of QEMU."""
    version = re.match(r'(?:\d+:)?([\d.]+)', record['version'])[1]
    if int(version.split('.')[2]) >= 50:
        raise Failure('QEMU %s is no release: there is no archive of it to '
                      'build from' % version)
    series_git.export(who, record)
    patch = series_git.git(who, 'diff', 'base', 'series', '--', '.',
                           ':!tests', ':!MAINTAINERS')
    with files.new_directory(TOP) as new:
        files.write_atomic(new / PATCH, patch)
        words = {'VERSION': version, 'SERIES': version.rpartition('.')[0],
                 'SHA256': files.sha256(new / PATCH),
                 'OPTIONS': ' '.join(OPTIONS)}
        for path in TEMPLATES.iterdir():
            files.write_atomic(new / path.name, re.sub(
                '@([A-Z0-9]+)@', lambda word: words[word[1]],
                path.read_text()))
    return version


def cmd_export_distro(arguments):
    if arguments:
        raise Failure('export-distro takes --qemu or --qemu-tree, not '
                      + ' '.join(arguments))
    version = export(fetch.fetch(()), series_git.identity())
    say('for QEMU %s, in %s: %s' % (version, TOP, ', '.join(
        sorted(path.name for path in TOP.iterdir()))))
    return 0
