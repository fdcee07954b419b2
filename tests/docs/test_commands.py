# Every command of the book is run, or the page says that it needs hardware
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Those for a guest are run by tests/functional/test_book.py.

import os
import subprocess

import pytest

from conftest import ROOT, name_of
from igdrmrr import book

SECONDS = 120

# Where the project's own commands are run: a file, and what in it does so.
RUN_BY = {
    'build': ('scripts/igdrmrr/check.py', 'qemu.build('),
    'check': ('.ci/run', './run check'),
    'demo': ('tests/functional/guestlib/catalog.py', 'DEMO = '),
    'bench': ('tests/harness/test_bench.py', 'bench'),
    'guest': ('scripts/igdrmrr/check.py', "run_pytest_suite('guest'"),
    'docs': ('tests/docs/conftest.py', 'docs.command('),
    'fuzz': ('scripts/igdrmrr/check.py', 'fuzz.suite_fuzz'),
    'package': ('scripts/igdrmrr/package_check.py', 'package.build('),
    'help': ('tests/docs/test_commands.py', "'./run', 'help'"),
}
OWN_TOOLS = {
    'meson': ('scripts/igdrmrr/top.py', 'MESON'),
    'ninja': ('scripts/igdrmrr/tool.py', 'NINJA'),
}


@pytest.mark.parametrize('block', book.blocks(), ids=name_of)
def test_class(block):
    book.check(block)


@pytest.mark.parametrize('block', book.run_by(book.HOST), ids=name_of)
def test_run(block, scratch):
    for step in book.steps(block):
        done = subprocess.run(
            ['/bin/bash', '-c', step.command], cwd=scratch(block.page),
            env=dict(os.environ, LC_ALL='C.UTF-8'), timeout=SECONDS,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 0, (step.command, done.stdout)
        if step.expected:
            assert book.matches(step.expected, done.stdout.split('\n')), (
                step.command, step.expected, done.stdout)


@pytest.mark.parametrize('block', book.run_by(book.PROJECT), ids=name_of)
def test_projects_own(block):
    help_text = subprocess.run(['./run', 'help'], cwd=ROOT, text=True,
                               stdout=subprocess.PIPE).stdout
    for step in book.steps(block):
        words = step.command.split()
        if words[0] == './run':
            assert '\n  %s ' % words[1] in help_text
            where, what = RUN_BY[words[1]]
        else:
            where, what = OWN_TOOLS[words[0]]
        assert what in (ROOT / where).read_text()


def test_table_has_commands_that_there_are():
    text = (ROOT / 'run').read_text()
    assert [name for name in RUN_BY if '\n  %s ' % name not in text] == []


@pytest.mark.parametrize('runner', [book.HOST, book.GUEST, book.OTHER_GUEST,
                                    book.PROJECT, book.HARDWARE])
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
    'text': ('text', '', 'DMAR: No RMRR found'),
}
BAD = {
    'no caption': ('console', '', '$ true'),
    'other caption': ('console', '   :caption: Try this\n', '$ true'),
    'hardware, not which': ('console', '   :caption: Needs hardware\n',
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
