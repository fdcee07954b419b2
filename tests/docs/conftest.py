# What the tests of the book share: where things are, one build of the book
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess
from pathlib import Path

import pytest

from guestlib import book
from igdrmrr import docs, paths

ROOT = paths.ROOT


def name_of(block):
    return block.name


def sphinx(target, source=docs.SOURCE, builder='html'):
    """Builds the book elsewhere; the exit status and all that was said."""
    return subprocess.run(
        docs.command(Path(target) / 'html', Path(target) / 'trees', source,
                     builder),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)


def mini_book(directory, index, builder='html', **others):
    """Builds a book of pages with these texts, with the book's own conf.py."""
    source = directory / 'docs'
    source.mkdir()
    for name in ('conf.py', 'static'):
        (source / name).symlink_to(docs.SOURCE / name)
    for name, text in dict(others, index=index).items():
        (source / (name + '.rst')).write_text('Page\n====\n\n%s\n' % text)
    return sphinx(directory, source, builder)


@pytest.fixture(scope='session')
def built(tmp_path_factory):
    """The directory of a fresh build, and how it went."""
    directory = tmp_path_factory.mktemp('book')
    return directory, sphinx(directory)


@pytest.fixture(scope='session')
def scratch(tmp_path_factory):
    """A function: the directory in which a page's commands are run.

    It looks like a clone that was built, and nothing lands in the real one:
    its directories are links, and what a command writes stays beside them.
    """
    directories = {}

    def of(page):
        if page not in directories:
            directory = tmp_path_factory.mktemp(page.replace('/', '-'))
            for entry in ROOT.iterdir():
                if entry.name not in ('.git', '.gitignore'):
                    (directory / entry.name).symlink_to(entry)
            directories[page] = directory
        return directories[page]

    return of


@pytest.fixture
def page_of_text(tmp_path, monkeypatch):
    """A function: the blocks of a page with this text."""
    def of(text):
        (tmp_path / 'page.rst').write_text(text)
        monkeypatch.setattr(book, 'DOCS', tmp_path)
        return book.blocks()

    return of
