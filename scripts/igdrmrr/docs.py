# The book as HTML: ./run docs
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from . import files, paths, ui

SOURCE = paths.ROOT / 'docs'


def command(target=paths.BUILD / 'docs', trees=paths.BUILD / 'docs-trees',
            source=SOURCE, builder='html'):
    """A warning is an error, and so is a reference that leads nowhere."""
    return ['/usr/bin/python3', '-m', 'sphinx', '-W', '-n', '-E', '-q',
            '--keep-going', '-b', builder, '-d', str(trees), str(source),
            str(target)]


def build():
    with files.Lock(paths.BUILD / '.lock-docs', 'build/docs'):
        ui.run_logged('building the book', command(), 'build-docs.log')
    ui.say('build/docs/index.html')
