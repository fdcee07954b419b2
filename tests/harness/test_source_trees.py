# Tests of a second source tree, with hooks and links of its own
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import pytest

from igdrmrr import paths, source, ui

TEXT = ''.join('line %d\n' % n for n in range(1, 11))

HOOK = '''\
From: Somebody <somebody@example.org>
Subject: add it

--- a/hw/one.c
+++ b/hw/one.c
@@ -4,2 +4,3 @@
 line 4
+%s
 line 5
'''


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with hooks for two trees, and nothing unpacked."""
    for name in ('hooks', 'other', 'own'):
        (tmp_path / name).mkdir()
    (tmp_path / 'own/new.c').write_text('ours')
    (tmp_path / 'hooks/shared.patch').write_text(HOOK % 'shared')
    (tmp_path / 'hooks/series').write_text('shared.patch\n')
    (tmp_path / 'other/alone.patch').write_text(
        (HOOK % 'alone').replace('one.c', 'two.c'))
    (tmp_path / 'other/series').write_text(
        '../hooks/shared.patch\nalone.patch\n')
    monkeypatch.setattr(paths, 'ROOT', tmp_path)
    return tmp_path


def tree_of(clone):
    """The second tree, unpacked."""
    src = clone / 'build/other/qemu-src'
    for name in ('hw/one.c', 'hw/two.c'):
        (src / name).parent.mkdir(parents=True, exist_ok=True)
        (src / name).write_text(TEXT)
    (src / '.state/pristine').mkdir(parents=True)
    return source.Tree('another QEMU', src, src / '.state',
                       src / '.state/pristine', clone / 'other',
                       lambda: {'hw/moved.c': clone / 'own/new.c'})


def test_hooks_of_both(clone):
    tree = tree_of(clone)
    source.apply_hooks('10.0.1', tree)
    assert 'shared\n' in (tree.src / 'hw/one.c').read_text()
    assert 'alone\n' in (tree.src / 'hw/two.c').read_text()


def test_links_have_names_of_their_own(clone):
    tree = tree_of(clone)
    source.link_overlay(tree)
    assert (tree.src / 'hw/moved.c').read_text() == 'ours'
    source.link_overlay(tree._replace(links=dict))
    assert not (tree.src / 'hw/moved.c').is_symlink()


def test_leftovers_of_an_interruption_go(clone):
    tree = tree_of(clone)
    left = tree.src / 'hw/.tmp-left'
    left.write_text('half')
    source.apply_hooks('10.0.1', tree)
    assert not left.exists()


def test_unlisted_hook_is_named(clone):
    (clone / 'other/stray.patch').write_text(HOOK % 'stray')
    with pytest.raises(ui.Failure, match='stray.patch is not in'):
        source.apply_hooks('10.0.1', tree_of(clone))
