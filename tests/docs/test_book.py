# The book builds without a warning, and its blocks are those that are checked
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pickle
import re
import runpy

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from pygments.token import Text

from conftest import ROOT, mini_book
from guestlib import book
from igdrmrr import docs

def test_builds_without_warning(built):
    directory, done = built
    assert done.returncode == 0, done.stdout
    assert done.stdout == ''
    for page in book.pages():
        assert (directory / 'html' / (page + '.html')).exists(), page


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
    done = mini_book(tmp_path, text, 'dummy')
    assert done.returncode
    assert complaint in done.stdout


def test_page_that_nobody_names(tmp_path):
    done = mini_book(tmp_path, '', 'dummy', other='')
    assert done.returncode
    assert "isn't included in any toctree" in done.stdout


GLOSSARY = """
.. glossary::

   RMRR
      A range of the DMAR.

   DMAR
      A table.
"""


def test_first_use_of_a_word_is_linked(tmp_path):
    """In running text, once a page, and not on the glossary's own."""
    done = mini_book(tmp_path, """
.. toctree::

   words

An RMRR
-------

``RMRR`` xRMRR *two* RMRRs RMRR (:doc:`the RMRR <words>`)

.. code-block:: text

   RMRR
""", words=GLOSSARY)
    assert done.returncode == 0, done.stdout
    html = (tmp_path / 'html/index.html').read_text()
    assert html.count('words.html#term-RMRR') == 1
    assert ('xRMRR <em>two</em> <a class="reference internal" '
            'href="words.html#term-RMRR">RMRR</a>s RMRR (') in html
    assert 'href="#term-DMAR">DMAR' not in (
        tmp_path / 'html/words.html').read_text()


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
    with each line that has text in its first column. And rows with cells
    merged, which nobody means here.
    """
    for row in tree.findall(nodes.row):
        cells = [entry.astext().strip() for entry in row.children]
        if '' in cells[1:] or cells[0].endswith((',', ';')) or any(
                'more' in key for entry in row for key in entry.attributes):
            yield cells


# A phone's screen in pixels, less the page's margins; a letter of a table's
# text and of its literals, and the margins of a cell, as a browser has them.
PHONE = 360
LETTER = 7
CODE = 6.2
MARGINS = 16
# Developers' pages, whose tables of functions scroll by themselves on a phone.
SCROLLS = ('devel/design',)


def widest_word(cell):
    """In pixels; a browser breaks at blanks, hyphens and slashes."""
    return max(
        ((CODE if isinstance(text.parent, nodes.literal) else LETTER)
         * len(word) for text in cell.findall(nodes.Text)
         for word in re.findall(r'[^\s/-]+[/-]?', text.astext())), default=0)


def too_wide(tree):
    """Tables that do not fit on a phone, and how wide they are."""
    for table in tree.findall(nodes.tgroup):
        rows = [row.children for row in table.findall(nodes.row)]
        width = sum(MARGINS + max(map(widest_word, column))
                    for column in zip(*rows))
        if width > PHONE:
            yield width, table.astext()[:60]


@pytest.mark.parametrize('page', book.pages())
def test_tables_are_right(page, built):
    tree = pickle.loads(
        (built[0] / 'trees' / (page + '.doctree')).read_bytes())
    assert list(broken_rows(tree)) == []
    assert page in SCROLLS or list(too_wide(tree)) == []


def test_readme_is_right():
    tree = publish_doctree((ROOT / 'README.rst').read_text(),
                           settings_overrides={'halt_level': 2})
    assert list(broken_rows(tree)) == []


@pytest.mark.parametrize('rows, judge', [
    ('all of it\n%s\nall of it   a\n' % ('-' * 15), broken_rows),
    ('all of it,  yes\nelsewhere   no\n', broken_rows),
    ('all of it\nelsewhere   no\n', broken_rows),
    ('all of it   %s\n' % ('x' * 50), too_wide),
], ids=['merged', 'comma', 'empty', 'wide'])
def test_a_wrong_table_is_found(rows, judge):
    rule = '==========  ===\n'
    assert list(judge(publish_doctree(rule + rows + rule)))


CONF = runpy.run_path(str(docs.SOURCE / 'conf.py'))


def copied(text):
    """What the copy button does: lines with a prompt, and what follows."""
    going_on = False
    for line in text.split('\n'):
        prompt = re.match(CONF['copybutton_prompt_text'], line)
        if prompt or going_on:
            yield line[prompt.end():] if prompt else line
            going_on = line.endswith(
                CONF['copybutton_line_continuation_character'])


def coloured(text):
    """What is not shown as a prompt or as output."""
    return ''.join(value for kind, value in CONF['Console']().get_tokens(text)
                   if kind is Text).splitlines()


@pytest.mark.parametrize('how', [copied, coloured])
def test_reader_gets_the_commands_that_are_run(how):
    for block in book.run_by(*book.CAPTIONS):
        assert list(how(block.text)) == '\n'.join(
            book.commands(block)).split('\n'), block.name


@pytest.mark.parametrize('page', book.pages())
def test_no_block_is_overlooked(page, built):
    """"::" and other ways to make a block are seen here and not allowed."""
    there = list(blocks_of_sphinx(built[0], page))
    assert [(block.caption, block.text.rstrip())
            for block in book.blocks_of(page)] == there


# Named by the book, and files of others: QEMU's and Linux's.
ELSEWHERE = ('hw/boards.h', 'include/uapi/linux/vfio.h',
             'scripts/get_maintainer.pl',
             'tests/data/acpi/rebuild-expected-aml.sh')


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
