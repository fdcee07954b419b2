# The book builds without a warning, and its blocks are those that are checked
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pickle
import re
import shutil

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from conftest import ROOT, sphinx
from guestlib import book
from igdrmrr import docs

# What the book has to have, page by page.
PARTS = ('index', 'tutorial/no-hardware', 'tutorial/hardware',
         'howto/black-screen', 'howto/code-43', 'howto/dmar-faults',
         'howto/no-rmrr-found', 'howto/aw-bits', 'howto/ineligible',
         'howto/no-space', 'howto/nested', 'system/igd-stolen',
         'reference/qmp', 'reference/tool', 'reference/registers',
         'specs/igd-testdev', 'specs/dma-listener-testdev',
         'specs/vfio-igd-stolen',
         'explanation/base', 'explanation/mapped', 'explanation/who-wins',
         'explanation/isolation', 'explanation/map')


def test_builds_without_warning(built):
    directory, done = built
    assert done.returncode == 0, done.stdout
    assert done.stdout == ''
    for page in book.pages():
        assert (directory / 'html' / (page + '.html')).exists(), page


@pytest.mark.parametrize('page', PARTS)
def test_page_is_there(page):
    assert page in book.pages()


@pytest.mark.parametrize('text, complaint', [
    ('See :doc:`nowhere`.', 'unknown document'),
    ('See :ref:`nowhere`.', 'undefined label'),
    (':py:func:`nowhere`', 'reference target not found'),
    ('.. no-such::\n', 'Unknown directive type'),
    ('A title\n=====\n', 'underline too short'),
    ('``open\n', 'Inline literal start-string'),
    ('.. image:: nothing.svg\n', 'image file not readable'),
], ids=lambda value: value.split()[0])
def test_warning_is_an_error(text, complaint, tmp_path):
    source = tmp_path / 'docs'
    source.mkdir()
    shutil.copy(docs.SOURCE / 'conf.py', source)
    (source / 'index.rst').write_text('Book\n====\n\n%s\n' % text)
    done = sphinx(tmp_path, source)
    assert done.returncode
    assert complaint in done.stdout


def page_outside_of_book(tmp_path):
    source = tmp_path / 'docs'
    source.mkdir()
    shutil.copy(docs.SOURCE / 'conf.py', source)
    (source / 'index.rst').write_text('Book\n====\n')
    (source / 'other.rst').write_text('Other\n=====\n')
    return sphinx(tmp_path, source)


def test_page_that_nobody_names(tmp_path):
    done = page_outside_of_book(tmp_path)
    assert done.returncode
    assert "isn't included in any toctree" in done.stdout


def blocks_of_sphinx(directory, page):
    """(caption, text) of each literal block, as Sphinx understood it."""
    tree = pickle.loads(
        (directory / 'trees' / (page + '.doctree')).read_bytes())
    for node in tree.findall(nodes.literal_block):
        titles = [child.astext() for child in node.parent.children
                  if isinstance(child, nodes.caption)]
        yield ''.join(titles), node.astext().rstrip()
    for node in tree.findall(nodes.doctest_block):
        yield 'doctest', node.astext()


def broken_rows(tree):
    """
    Rows of tables that are a wrapped line: a simple table begins a new row
    with each line that has text in its first column.
    """
    for row in tree.findall(nodes.row):
        cells = [entry.astext().strip() for entry in row.children]
        if '' in cells[1:] or cells[0].endswith((',', ';')):
            yield cells


@pytest.mark.parametrize('page', book.pages())
def test_no_table_row_is_broken(page, built):
    tree = pickle.loads(
        (built[0] / 'trees' / (page + '.doctree')).read_bytes())
    assert list(broken_rows(tree)) == []


def test_no_table_row_of_readme_is_broken():
    tree = publish_doctree((ROOT / 'README.rst').read_text())
    assert list(broken_rows(tree)) == []


@pytest.mark.parametrize('rows', ['all of it,  yes\nelsewhere   no\n',
                                  'all of it\nelsewhere   no\n'])
def test_a_broken_table_row_is_found(rows):
    rule = '==========  ===\n'
    assert list(broken_rows(publish_doctree(rule + rows + rule)))


@pytest.mark.parametrize('page', book.pages())
def test_no_block_is_overlooked(page, built):
    """"::" and other ways to make a block are seen here and not allowed."""
    there = list(blocks_of_sphinx(built[0], page))
    assert [(block.caption, block.text.rstrip())
            for block in book.blocks_of(page)] == there


# Named by the book, and files of others: QEMU's and Linux's.
ELSEWHERE = ('hw/boards.h', 'include/uapi/linux/vfio.h')


def named_paths(text):
    """What is in ``literals`` and looks like a file of the repository."""
    for name in re.findall(r'``([a-z.][A-Za-z0-9_./-]*)``', text):
        if name.split('/')[0] in ('docs', 'hooks', 'hw', 'include', 'kernel',
                                  'qapi', 'scripts', 'tests', 'tools'):
            yield name
        elif name.startswith(('fixes/', 'feature/')):
            yield 'hooks/%s.patch' % name


@pytest.mark.parametrize('page', book.pages())
def test_files_that_are_named_exist(page):
    text = (docs.SOURCE / (page + '.rst')).read_text()
    assert [name for name in named_paths(text)
            if name not in ELSEWHERE and not (ROOT / name).exists()] == []
