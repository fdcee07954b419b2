# The series for QEMU's maintainers: what is in which patch, and that a wrong
# one fails
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from igdrmrr import paths, series, series_git, source
from igdrmrr.ui import Failure

OWN = {'hw/a.c': b'', 'hw/a.h': b'', 'hw/sub/b.c': b''}


def patch(*patterns):
    hook = source.Hook('feature/x.patch', None, [])
    return series.Patch('subject', 'body', (hook,), patterns)


def hooks(directory, **texts):
    for name, text in texts.items():
        path = directory / (name + '.patch')
        path.write_text(text + '\n---\n--- a/x\n+++ b/x\n')
        yield source.Hook('feature/' + name, path, ['x'])


def test_hooks_of_one_subject_are_one_patch(tmp_path):
    first, second = series.read_patches(hooks(
        tmp_path, a='Subject: one\nFiles: a b\n\nText a.',
        b='Subject: one\n\nText b.', c='Subject: two\nFiles: c\n\nText c.'))
    assert (first.subject, first.body) == ('one', 'Text a.\n\nText b.')
    assert (first.files, second.files) == (('a', 'b'), ('c',))
    assert len(first.hooks) == 2


def test_a_file_is_in_the_first_patch_that_names_it():
    assert series.assign([patch('hw/a.*'), patch('hw/a.h', 'hw/sub/*')],
                         OWN) == [{'hw/a.c', 'hw/a.h'}, {'hw/sub/b.c'}]


@pytest.mark.parametrize('patterns, message', [
    (('hw/*',), 'no hook has a line "Files:" for hw/sub/b.c$'),
    (('hw/*', 'hw/sub/*', 'd*'), r'feature/x.patch: there is no d\*$'),
])
def test_no_file_is_left_out(patterns, message):
    with pytest.raises(Failure, match=message):
        series.assign([patch(*patterns)], OWN)


def test_ours():
    own = series.read_own()
    patches = series.read_patches(source.read_series())
    assert sum(map(len, series.assign(patches, own))) == len(own)
    assert [name for name, content in own.items()
            if b'\t' in content and not name.startswith('tests/data')] == []
    assert own['include/hw/vfio/igd_vfio_stolen.h'].startswith(
        b'/* SPDX-License-Identifier: GPL-2.0-or-later */\n')


def test_no_build_line_before_its_file():
    assert series.without_absent(
        'hw/own/meson.build', b"files(\n  '../a.c',\n  '../sub/b.c',\n))\n",
        {'hw/sub/b.c', 'hw/b.c'}) == b"files(\n  '../a.c',\n))\n"
    assert series.without_absent('x', b"  'b.c',\n", {'b.c'}) == (
        b"  'b.c',\n")


def test_a_section_of_our_own():
    assert series.maintainers(
        'One\nM: A <a@b>\n\nVT-d Emulation\nM: B <b@c>\n',
        [patch(), patch('a', 'b*')], 'W <w@x>') == (
            'One\nM: A <a@b>\n\nIGD stolen memory\nM: W <w@x>\n'
            'S: Maintained\nF: a\nF: b*\n\nVT-d Emulation\nM: B <b@c>\n')


def test_who_signs_off(monkeypatch, tmp_path, capsys):
    config = tmp_path / 'config'
    monkeypatch.setattr(paths, 'ROOT', tmp_path)
    monkeypatch.setenv('GIT_CONFIG_GLOBAL', str(config))
    monkeypatch.setenv('GIT_CONFIG_NOSYSTEM', '1')
    for name in ('GIT_COMMITTER_NAME', 'GIT_COMMITTER_EMAIL', 'EMAIL'):
        monkeypatch.delenv(name, raising=False)
    assert series_git.identity() == series_git.NOBODY
    assert 'signed off by nobody' in capsys.readouterr().out
    config.write_text('[user]\nname = A B\nemail = a@b\n')
    assert series_git.identity() == 'A B <a@b>'


@pytest.mark.parametrize('script, found', [
    ('print "$ARGV[-1]:1: WARNING: one\\nnote\\n"; exit 1;',
     ['0001-a.patch:1: WARNING: one']),
    ("print \"ERROR: New file 'tests/data/acpi/x' need "
     "'SPDX-License-Identifier'\\n\"; exit 1;", []),
    ('die "no such module";', None),
])
def test_complaints(monkeypatch, tmp_path, script, found):
    monkeypatch.setattr(series_git, 'UPSTREAM', tmp_path)
    (tmp_path / 'scripts').mkdir()
    (tmp_path / series_git.CHECKPATCH).write_text(script)
    patches = [paths.Path('0001-a.patch')]
    if found is None:
        with pytest.raises(Failure, match='0001-a.patch:\nno such module'):
            series_git.check_style(patches)
    else:
        assert series_git.check_style(patches) == found


def test_applied_where_a_repository_would_not_look(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, 'LOGS', tmp_path / 'log')
    made = tmp_path / '0001-x.patch'
    made.write_text('--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n')
    subprocess.run(['git', 'init', '-q', tmp_path], check=True)
    (tmp_path / '.gitignore').write_text('build\n')
    tree = tmp_path / 'build/src'
    tree.mkdir(parents=True)
    (tree / 'x').write_text('1\n')
    series_git.apply_patch(made, tree)
    assert (tree / 'x').read_text() == '2\n'
    with pytest.raises(Failure, match='applying 0001-x.patch failed'):
        series_git.apply_patch(made, tree)
