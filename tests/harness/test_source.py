# Tests of hooks and overlay on a tree of three small files
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

import pytest

from igdrmrr import paths, source, ui

TEXT = ''.join('line %d\n' % n for n in range(1, 21))

HOOK = '''\
From: Somebody <somebody@example.org>
Subject: call it

--- a/hw/one.c
+++ b/hw/one.c
@@ -4,4 +4,5 @@
 line 4
 line 5
+a call
 line 6
 line 7
'''


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A clone with one hook file's place and an unpacked source."""
    clone, unpacked = tmp_path / 'clone', tmp_path / 'unpacked'
    for name in ('hw/one.c', 'hw/two.c', 'include/three.h'):
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_text(TEXT)
        os.utime(unpacked / name, (1000, 1000))
    (unpacked / '.igd-rmrr/pristine').mkdir(parents=True)
    for name in ('hooks', 'hw/i386'):
        (clone / name).mkdir(parents=True)
    monkeypatch.setattr(paths, 'ROOT', clone)
    monkeypatch.setattr(paths, 'QEMU_SRC', unpacked)
    monkeypatch.setattr(source, 'STATE', unpacked / '.igd-rmrr')
    monkeypatch.setattr(source, 'PRISTINE', unpacked / '.igd-rmrr/pristine')
    monkeypatch.setattr(source, 'HOOKS', clone / 'hooks')
    return tmp_path


def series(tree, **hooks):
    """Writes hooks/series with the given patches."""
    directory = tree / 'clone/hooks'
    for old in directory.iterdir():
        old.unlink()
    for name, text in hooks.items():
        (directory / (name + '.patch')).write_text(text)
    (directory / 'series').write_text(
        ''.join(name + '.patch\n' for name in hooks))


def tree_file(tree, name='hw/one.c'):
    return tree / 'unpacked' / name


def test_apply_and_take_away(tree):
    series(tree, call=HOOK)
    source.apply_hooks('10.0.1')
    assert 'a call' in tree_file(tree).read_text()
    series(tree)
    source.apply_hooks('10.0.1')
    assert tree_file(tree).read_text() == TEXT


def test_second_time_touches_nothing(tree):
    series(tree, call=HOOK)
    source.apply_hooks('10.0.1')
    os.utime(tree_file(tree), (2000, 2000))
    source.apply_hooks('10.0.1')
    assert tree_file(tree).stat().st_mtime == 2000


def test_changed_hook_touches_its_file_only(tree):
    two = HOOK.replace('one.c', 'two.c')
    series(tree, call=HOOK, other=two)
    source.apply_hooks('10.0.1')
    os.utime(tree_file(tree), (2000, 2000))
    series(tree, call=HOOK, other=two.replace('a call', 'another call'))
    source.apply_hooks('10.0.1')
    assert tree_file(tree).stat().st_mtime == 2000
    assert 'another call' in tree_file(tree, 'hw/two.c').read_text()


def test_two_hooks_on_one_file(tree):
    later = HOOK.replace(' line 4\n line 5\n+a call\n',
                         ' line 5\n a call\n+more\n'
                         ).replace('-4,4 +4,5', '-5,4 +5,5')
    series(tree, call=HOOK, later=later)
    source.apply_hooks('10.0.1')
    assert 'line 5\na call\nmore\nline 6' in tree_file(tree).read_text()


def test_interrupted_before_installing(tree, monkeypatch):
    series(tree, call=HOOK)

    def interrupt(_source, _name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(source, 'install', interrupt)
        with pytest.raises(KeyboardInterrupt):
            source.apply_hooks('10.0.1')
    source.apply_hooks('10.0.1')
    assert tree_file(tree).read_text().count('a call') == 1


def test_offset_is_noted(tree, capsys):
    series(tree, call=HOOK.replace('-4,4 +4,5', '-2,4 +2,5'))
    source.apply_hooks('10.0.1')
    assert 'call.patch, hw/one.c: Hunk #1 succeeded at 4 (offset 2 lines)' in (
        capsys.readouterr().out)


@pytest.mark.parametrize('hook, words', [
    (HOOK.replace(' line 7', ' line seven'), ('call.patch', '10.0.1',
                                              'hw/one.c', 'FAILED')),
    (HOOK.replace('one.c', 'gone.c'), ('call.patch', '10.0.1', 'hw/gone.c')),
    (HOOK.replace('--- a/hw/one.c', '--- /dev/null'), ('call.patch',
                                                       'overlay')),
    ('Subject: nothing\n', ('call.patch', 'no file')),
], ids=['context', 'no such file', 'new file', 'empty'])
def test_refused_by_name(tree, hook, words):
    series(tree, call=hook)
    with pytest.raises(ui.Failure) as failure:
        source.apply_hooks('10.0.1')
    for word in words:
        assert word in str(failure.value)
    assert tree_file(tree).read_text() == TEXT


def test_hook_missing_in_series(tree):
    series(tree)
    (tree / 'clone/hooks/stray.patch').write_text(HOOK)
    with pytest.raises(ui.Failure, match='stray.patch is not in'):
        source.apply_hooks('10.0.1')


def test_series_names_missing_hook(tree):
    series(tree, call=HOOK)
    (tree / 'clone/hooks/call.patch').unlink()
    with pytest.raises(ui.Failure, match='call.patch, which is not there'):
        source.apply_hooks('10.0.1')


def test_overlay_links_come_and_go(tree):
    own = tree / 'clone/hw/i386/new.c'
    own.write_text('ours\n')
    (tree / 'clone/hw/i386/new.c~').write_text('backup\n')
    source.link_overlay()
    link = tree_file(tree, 'hw/i386/new.c')
    assert link.is_symlink() and link.read_text() == 'ours\n'
    assert not tree_file(tree, 'hw/i386/new.c~').exists()
    own.unlink()
    source.link_overlay()
    assert not link.is_symlink()


def test_overlay_never_hides_a_file(tree):
    (tree / 'clone/hw/one.c').write_text('ours\n')
    with pytest.raises(ui.Failure, match='hw/one.c of ours would hide'):
        source.link_overlay()
