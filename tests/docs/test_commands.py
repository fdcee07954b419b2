# Every command of the book is run, or the page says why not
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Those for a guest are run by tests/functional/test_book.py.

import os
import re
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT, name_of
from guestlib import book
from igdrmrr import paths, suites

SECONDS = {book.HOST: 600, book.LONG: 3600}

# The test that runs the blocks of a class, by its file and name.
RUN_BY = {
    book.HOST: (Path(__file__), 'test_run'),
    book.LONG: (Path(__file__), 'test_run'),
    book.GUEST: (suites.FUNCTIONAL / 'test_book.py', 'test_commands'),
    book.OTHER_GUEST: (suites.FUNCTIONAL / 'test_book.py', 'test_commands'),
}


@pytest.mark.parametrize('block', book.blocks(), ids=name_of)
def test_class(block):
    book.check(block)


@pytest.mark.parametrize('block', book.run_by(book.HOST, book.LONG),
                         ids=name_of)
def test_run(block, scratch):
    """Long ones are for the clone itself: what they make stays there."""
    long = block.runner == book.LONG
    if long and not suites.full():
        pytest.skip('./run check --full runs it')
    for step in book.steps(block):
        done = subprocess.run(
            ['/bin/bash', '-c', step.command],
            cwd=ROOT if long else scratch(block.page),
            env=dict(os.environ, LC_ALL='C.UTF-8', IGD_RMRR_GUEST_LOGS=str(
                paths.BUILD / 'book-guests')),
            timeout=SECONDS[block.runner], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, (step.command, done.stdout)
        if step.expected:
            assert book.matches(step.expected, done.stdout.split('\n')), (
                step.command, step.expected, done.stdout)


@pytest.fixture(scope='module')
def collected():
    """A function: the cases that pytest finds for a test of a file."""
    found = {}
    for path in {path for path, _ in RUN_BY.values()}:
        found[path] = subprocess.run(
            suites.pytest_command('--collect-only', '-q', path.name),
            cwd=path.parent, env=suites.pytest_environment(), text=True,
            check=True, stdout=subprocess.PIPE).stdout.splitlines()
    return lambda path, test: [
        line.partition('::' + test + '[')[2] for line in found[path]]


@pytest.mark.parametrize('block', book.run_by(*RUN_BY), ids=name_of)
def test_caption_is_true(block, collected):
    """The test that its caption speaks of has a case for this block."""
    cases = collected(*RUN_BY[block.runner])
    assert [case for case in cases if case.endswith(block.name + ']')]


@pytest.mark.parametrize('block', book.run_by(*book.CAPTIONS), ids=name_of)
def test_run_has_the_command(block):
    commands = re.findall(r'\n  ([a-z-]+) ', (ROOT / 'run').read_text())
    asked = re.findall(r'^[$#] \./run (\S+)', block.text, re.M)
    assert set(asked) <= {*commands, 'help'}


@pytest.mark.parametrize('runner', book.CAPTIONS)
def test_every_class_is_used(runner):
    assert book.run_by(runner)


BLOCK = '''
.. code-block:: %s
%s
   %s
'''
GOOD = {
    'host': ('console', '   :caption: Run by the tests\n', '$ true'),
    'guest': ('console', '   :caption: Run by the tests, in a guest\n',
              '# true'),
    'hardware': ('console', '   :caption: Needs hardware: an IGD\n',
                 '$ true'),
    'nobody': ('console', '   :caption: Not run by the tests: too long\n',
               '$ true'),
    'text': ('text', '', 'DMAR: No RMRR found'),
}
BAD = {
    'no caption': ('console', '', '$ true'),
    'other caption': ('console', '   :caption: Try this\n', '$ true'),
    'hardware, not which': ('console', '   :caption: Needs hardware\n',
                            '$ true'),
    'nobody, not why': ('console', '   :caption: Not run by the tests\n',
                        '$ true'),
    'host with a reason': ('console', '   :caption: Run by the tests: no\n',
                           '$ true'),
    'other language': ('bash', '   :caption: Run by the tests\n', '$ true'),
    'no language': ('', '', 'true'),
    'no command': ('console', '   :caption: Run by the tests\n', 'true'),
    'prompt of a guest': ('console', '   :caption: Run by the tests\n',
                          '# true'),
    'prompt in text': ('text', '', '$ true'),
    'program in text': ('text', '', 'build/igd-stolen probe'),
    'emulator in text': ('none', '', 'qemu-system-x86_64 -m 4G'),
    'writes in text': ('text', '', '  echo 1 > /sys/x'),
    'wider than the page': ('console', '   :caption: Run by the tests\n',
                            '$ true ' + 'x' * 90),
}


@pytest.mark.parametrize('words', GOOD.values(), ids=list(GOOD))
def test_block_in_a_class(words, page_of_text):
    for block in page_of_text(BLOCK % words):
        book.check(block)


@pytest.mark.parametrize('words', BAD.values(), ids=list(BAD))
def test_block_in_no_class(words, page_of_text):
    block, = page_of_text(BLOCK % words)
    with pytest.raises(book.Wrong):
        book.check(block)


@pytest.mark.parametrize('expected, actual, same', [
    (['a'], ['a'], True), (['a'], ['b'], False), (['a'], ['a', 'b'], False),
    (['a', '...'], ['a', 'b', 'c'], True), (['...', 'c'], ['a', 'c'], True),
    (['a ... c'], ['a b c'], True), (['a ... c'], ['a b d'], False),
    (['a.c'], ['abc'], False), (['a'], ['a  \r', '', ''], True),
    (['a', '...', 'z'], ['a', 'z'], True), (['a'], [], False),
], ids=range(11))
def test_matches(expected, actual, same):
    assert book.matches(expected, actual) == same


def test_steps_of_a_block(page_of_text):
    block, = page_of_text(BLOCK % (
        'console', '   :caption: Run by the tests\n',
        '$ one \\\n       more\n   out\n\n   put\n   $ two'))
    assert book.steps(block) == [
        book.Step('one \\\n    more', ('out', '', 'put')),
        book.Step('two', None)]
