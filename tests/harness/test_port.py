# port-hooks: a hook on a file that the new QEMU has moved
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from igdrmrr import fetch, files, paths, port, source
from igdrmrr.ui import Failure

OLD = 'int f(void)\n{\n%s    return 0;\n}\n' % ''.join(
    '    g(%d);\n' % i for i in range(20))
HOOK = '''\
Subject: x
---
--- a/hw/old.c
+++ b/hw/old.c
@@ -9,6 +9,7 @@ int f(void)
     g(6);
     g(7);
     g(8);
+    hook();
     g(9);
     g(10);
     g(11);
'''


@pytest.fixture
def trees(tmp_path, monkeypatch):
    """The old QEMU was built; gives the tree of the new one."""
    new = tmp_path / 'new-qemu'
    files.write_atomic(tmp_path / 'qemu-src/.igd-rmrr/pristine/hw/old.c', OLD)
    files.write_json(tmp_path / 'qemu-src/.igd-rmrr/source.json',
                     {'version': '10.0.13'})
    files.write_atomic(tmp_path / 'hooks/series', 'fixes/x.patch\n')
    files.write_atomic(tmp_path / 'hooks/fixes/x.patch', HOOK)
    files.write_atomic(new / 'VERSION', '10.2.2\n')
    files.write_atomic(new / 'hw/new.c', OLD)
    monkeypatch.setattr(paths, 'top', lambda _: tmp_path)
    monkeypatch.setattr(paths, 'ROOT', tmp_path)
    monkeypatch.setattr(source, 'HOOKS', tmp_path / 'hooks')
    monkeypatch.setattr(port, 'TOP', tmp_path / 'port')
    monkeypatch.setattr(port, 'REPOSITORY', tmp_path / 'port/git')
    monkeypatch.setattr(port, 'NEW', tmp_path / 'port/new')
    monkeypatch.setattr(port, 'GIT', [*port.GIT[:-1], port.REPOSITORY])
    monkeypatch.setattr(fetch, 'fetch', lambda _: fetch.tree_record(new))
    return new


def text(tmp_path):
    return (tmp_path / 'hooks/10.2/fixes/x.patch').read_text()


def test_moved_file(trees, tmp_path):
    port.cmd_port_hooks([])
    assert '+++ b/hw/new.c\n@@ -9,6 +9,7 @@ int f(void)\n' in text(tmp_path)


def test_merged_by_hand(trees, tmp_path):
    """With every file added, as one does."""
    files.write_atomic(trees / 'hw/new.c', OLD.replace('g(8)', 'h(8)'))
    with pytest.raises(Failure, match='merge what git could not'):
        port.cmd_port_hooks([])
    files.write_atomic(port.REPOSITORY / 'hw/new.c', OLD.replace(
        'g(8);', 'h(8);\n    hook();'))
    port.git('add', '-A')
    subprocess.run([*port.GIT, '-c', 'core.editor=true', 'cherry-pick',
                    '--continue'], check=True)
    port.cmd_port_hooks([])
    assert text(tmp_path).count('+++ ') == 1
    assert '     h(8);\n+    hook();\n' in text(tmp_path)


def test_skipped(trees, capsys):
    files.write_atomic(trees / 'hw/new.c', OLD.replace('g(8);', 'hook();'))
    with pytest.raises(Failure):
        port.cmd_port_hooks([])
    port.git('cherry-pick', '--skip')
    port.cmd_port_hooks([])
    assert 'skipped: "fixes/x.patch until 10.2"' in capsys.readouterr().out
