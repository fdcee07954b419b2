# Tests of hooks and overlay on a tree of three small files
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os

import pytest

from igdrmrr import source, stock, ui

BODY = '{\n    a();\n    b();\n    c();\n    d();\n}\n\n'
TEXT = 'int one(void)\n%sint two(void)\n%s' % (BODY, BODY)

HOOK = '''\
From: Somebody <somebody@example.org>
Subject: call it

--- a/hw/one.c
+++ b/hw/one.c
@@ -3,4 +3,5 @@ int one(void)
     a();
     b();
+    call();
     c();
     d();
'''
CALLED = 'b();\n    call();\n    c();'


@pytest.fixture
def tree(tmp_path):
    """An unpacked source, hooks' place, and one file of ours."""
    src = tmp_path / 'unpacked'
    for name in ('hw/one.c', 'hw/two.c', 'include/three.h'):
        (src / name).parent.mkdir(parents=True, exist_ok=True)
        (src / name).write_text(TEXT)
        os.utime(src / name, (1000, 1000))
    (src / '.igd-rmrr').mkdir(parents=True)
    (tmp_path / 'hooks/fixes').mkdir(parents=True)
    own = tmp_path / 'own.c'
    own.write_text('ours\n')
    return source.Tree('QEMU', src, tmp_path / 'hooks',
                       lambda: {'hw/i386/new.c': own})


def apply(tree, **hooks):
    """Writes hooks/series with the given patches, and applies them."""
    for old in (tree.hooks / 'fixes').iterdir():
        old.unlink()
    for name, text in hooks.items():
        (tree.hooks / 'fixes' / (name + '.patch')).write_text(text)
    (tree.hooks / 'series').write_text(
        ''.join('fixes/%s.patch\n' % name for name in hooks))
    source.apply_hooks('10.0.1', tree)


def test_apply_and_take_away(tree):
    left = tree.src / 'hw/.tmp-left'
    left.write_text('half of a file, from an interruption')
    apply(tree, call=HOOK)
    assert CALLED in (tree.src / 'hw/one.c').read_text()
    assert not left.exists()
    apply(tree)
    assert (tree.src / 'hw/one.c').read_text() == TEXT


def test_only_what_changes_is_touched(tree):
    two = HOOK.replace('one.c', 'two.c')
    apply(tree, call=HOOK, other=two)
    os.utime(tree.src / 'hw/one.c', (2000, 2000))
    apply(tree, call=HOOK, other=two.replace('call()', 'another_call()'))
    assert (tree.src / 'hw/one.c').stat().st_mtime == 2000
    assert 'another_call()' in (tree.src / 'hw/two.c').read_text()


def test_two_hooks_on_one_file(tree):
    later = HOOK.replace('     a();\n     b();\n+    call();\n',
                         '     b();\n     call();\n+    more();\n'
                         ).replace('-3,4 +3,5', '-4,4 +4,5')
    apply(tree, call=HOOK, later=later)
    assert 'call();\n    more();\n    c' in (tree.src / 'hw/one.c').read_text()


def test_interrupted_before_installing(tree, monkeypatch):
    def interrupt(_source, _name):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(source, 'install', interrupt)
        with pytest.raises(KeyboardInterrupt):
            apply(tree, call=HOOK)
    apply(tree, call=HOOK)
    assert (tree.src / 'hw/one.c').read_text().count('call()') == 1


def test_offset_is_noted(tree, capsys):
    apply(tree, call=HOOK.replace('-3,4 +3,5', '-2,4 +2,5'))
    assert ('fixes/call.patch, hw/one.c: Hunk #1 succeeded at 3 (offset 1 '
            'line)') in capsys.readouterr().out


@pytest.mark.parametrize('hook, words', [
    (HOOK.replace('     d', '     e'), ('10.0.1', 'hw/one.c', 'FAILED')),
    (HOOK.replace('     a', '     e'), ('10.0.1', 'hw/one.c', 'FAILED')),
    (HOOK.replace('-3,4 +3,5', '-11,4 +11,5'),
     ('10.0.1', 'hw/one.c', '"int one(void)" landed in "int two(void)"')),
    (HOOK.replace(' int one(void)', ''),
     ('hw/one.c', '"" landed in "int one(void)", line 3')),
    (HOOK.replace('one.c', 'gone.c'), ('10.0.1', 'hw/gone.c')),
    (HOOK.replace('--- a/hw/one.c', '--- /dev/null'), ('overlay',)),
    ('Subject: nothing\n', ('no file',)),
], ids=['context', 'fuzz', 'function', 'no function', 'no such file',
        'new file', 'empty'])
def test_refused_by_name(tree, hook, words):
    with pytest.raises(ui.Failure) as failure:
        apply(tree, call=hook)
    for word in ('fixes/call.patch', *words):
        assert word in str(failure.value)
    assert (tree.src / 'hw/one.c').read_text() == TEXT


def test_series_and_hooks_are_the_same(tree):
    apply(tree, call=HOOK)
    stray = tree.hooks / 'fixes/stray.patch'
    stray.write_text(HOOK)
    with pytest.raises(ui.Failure, match='fixes/stray.patch is not in'):
        source.apply_hooks('10.0.1', tree)
    stray.unlink()
    (tree.hooks / 'fixes/call.patch').unlink()
    with pytest.raises(ui.Failure, match='call.patch, which is not there'):
        source.apply_hooks('10.0.1', tree)


def test_texts_of_a_hook(tree):
    """The newest that is not for a later QEMU; "until" ends a hook."""
    apply(tree, call=HOOK)
    for since in ('10.2', '11.1'):
        text = tree.hooks / since / 'fixes/call.patch'
        text.parent.mkdir(parents=True)
        text.write_text(HOOK.replace('call()', 'in_%s()' % since[:2]))
    later = tree.hooks / '10.2/fixes/later.patch'
    later.write_text(HOOK)
    (tree.hooks / 'series').write_text(
        'fixes/call.patch\nfixes/later.patch until 11.1\n')

    def paths(version):
        return [str(hook.path.relative_to(tree.hooks))
                for hook in source.read_series(tree.hooks, version)]

    assert paths('1:10.0.13+ds-0') == paths('10.1.2') == ['fixes/call.patch']
    assert paths('10.2.2') == paths('11.0.0') == [
        '10.2/fixes/call.patch', '10.2/fixes/later.patch']
    assert paths('11.0.92') == paths('11.1.3') == ['11.1/fixes/call.patch']


@pytest.mark.parametrize('line', ['fixes/call.patch before 11.1',
                                  'fixes/call.patch until 11', 'call'])
def test_line_of_series_is_refused(tree, line):
    apply(tree, call=HOOK)
    (tree.hooks / 'series').write_text(line + '\n')
    with pytest.raises(ui.Failure, match='not a hook, "%s"' % line):
        source.read_series(tree.hooks)


def test_hooks_of_the_reference_are_the_real_ones():
    tree = stock.reference_tree()
    hooks = source.read_series(tree.hooks, series=tree.series)
    assert len(hooks) > 3
    for hook in hooks:
        assert source.HOOKS in hook.path.resolve().parents


def test_overlay_links_come_and_go(tree):
    source.link_overlay(tree)
    link = tree.src / 'hw/i386/new.c'
    assert link.is_symlink() and link.read_text() == 'ours\n'
    source.link_overlay(tree._replace(links=dict))
    assert not link.is_symlink()
    with pytest.raises(ui.Failure, match='hw/one.c of ours would hide'):
        source.link_overlay(tree._replace(links=lambda: {'hw/one.c': 'x'}))


def test_no_leftover_of_an_editor_is_ours(tmp_path, monkeypatch):
    monkeypatch.setattr(source.paths, 'ROOT', tmp_path)
    (tmp_path / 'hw').mkdir()
    for name in ('new.c', 'new.c~', 'new.c.orig', '.new.c.swp', 'new.rst'):
        (tmp_path / 'hw' / name).touch()
    assert list(source.overlay()) == ['hw/new.c']
