# The series for QEMU's maintainers: what is in which patch, and that a wrong
# one fails
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
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


@pytest.mark.parametrize('version', ['10.0.13', '10.2.2', '11.1.0'])
def test_ours(version):
    own = series.read_own(version)
    patches = series.read_patches(series.hooks(version))
    assert sum(map(len, series.assign(patches, own))) == len(own)
    for word in b'QEMU_SINCE', b'igd-rmrr-compat', b'igd-rmrr-version':
        assert [name for name in own if word in own[name]] == []
    assert [name for name, content in own.items()
            if b'\t' in content and not name.startswith('tests/data')] == []
    assert own['include/hw/vfio/igd_vfio_stolen.h'].startswith(
        b'/* SPDX-License-Identifier: GPL-2.0-or-later */\n')


def test_no_build_line_before_its_file():
    assert series.without_absent(
        'hw/own/meson.build',
        b"s.add(files(\n  '../a.c',\n  '../sub/b.c',\n))\n"
        b"# b\ns.add(when: 'B', if_true: files(\n  '../sub/b.c',\n))\n",
        {'hw/a.c'}) == b"s.add(files(\n  '../a.c',\n))\n"
    assert series.without_absent(
        'tests/qtest/own/meson.build', b"  'a-test': x + y,\n  'b-test': x,\n",
        {'tests/qtest/b-test.c'}) == b"  'b-test': x,\n"
    assert series.without_absent('x', b"  'b.c',\n", set()) == b"  'b.c',\n"


def test_maintainers():
    before = 'VT-d Emulation\nM: A <a@b>\nF: a\n\nZ\nM: Z <z@z>\n'
    fixes = series.maintainers(before, series.VTD, ['b', 'c*'], 'W <w@x>')
    assert fixes == before.replace('F: a\n', 'F: a\nF: b\nF: c*\n')
    first = series.maintainers(fixes, series.SECTION, ['d'], 'W <w@x>')
    assert first == fixes.replace(
        '\nZ', '\nIGD stolen memory\nM: W <w@x>\nS: Maintained\nF: d\n\nZ')
    assert series.maintainers(first, series.SECTION, ['e'], 'W <w@x>') == (
        first.replace('F: d\n', 'F: d\nF: e\n'))


@pytest.mark.parametrize('version', ['10.0.13', '10.2.2', '11.1.0'])
def test_fixes_first(version):
    fixes, feature = series.split(series.read_patches(series.hooks(version)))
    assert 'dma-listener-testdev' in fixes[1].subject
    assert all(patch.hooks[0].name.startswith('fixes/') for patch in fixes[2:])
    assert all(patch.hooks[0].name.startswith('feature/')
               for patch in feature)


@pytest.mark.parametrize('passes, message', [
    (('before',), 'a.patch: intel-iommu-notify/levels passes without it'),
    ((), 'a.patch: intel-iommu-notify-test fails'),
    (('now',), None),
])
def test_a_case_fails_without_its_fix(monkeypatch, tmp_path, passes, message):
    directory = series_git.stock.build_directory(tmp_path)
    tests = series_git.stock.source_directory(tmp_path) / 'tests/qtest'
    for path in (directory / 'qemu-system-x86_64',
                 tests / 'intel-iommu-notify-test.c'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('')
    patch = tmp_path / 'a.patch'
    patch.write_text('+    qtest_add_func("intel-iommu-notify/page", x);\n'
                     '+    qtest_add_func("intel-iommu-notify/levels", x);\n')
    monkeypatch.setattr(series_git, 'BUILD', tmp_path)
    monkeypatch.setattr(series_git.qemu, 'ninja', lambda *_: None)
    monkeypatch.setattr(
        series_git, 'run_test', lambda _directory, _name, emulator, *words:
        ('before' if emulator == './before' else 'now') in passes)
    if message:
        with pytest.raises(Failure, match=message):
            series_git.build_one(patch, False)
    else:
        series_git.build_one(patch, False)


def test_a_case_is_in_the_patch_of_its_fix():
    text = (paths.ROOT / series.CASES).read_text()
    every = {case for hook in (paths.ROOT / 'hooks').rglob('*.patch')
             for case in series.read_hook_text(source.Hook('', hook, {}))[3]}
    assert series.without_cases(text, every | {'page'}) == text
    for case in every:
        assert 'intel-iommu-notify/' + case in text
    some = series.without_cases(text, {'page', 'no-entry'})
    assert re.findall(r'static void test_(\w+)', some) == ['page', 'no_entry']
    assert re.findall(r'test_(\w+)\);', some) == ['page', 'no_entry']
    assert 'The root entry goes' in some and 'reserved bit' not in some
    assert '\n\n\n' not in some


@pytest.mark.parametrize('version, made', [
    ('10.0.13', '#include "hw/boards.h"\n#include "exec/memory.h"\n'
     'old\nvoid *a; s->flts; "x-flts" /* MachineState, MemoryRegion */\n'),
    ('11.1.0', '#include "hw/core/boards.h"\n#include "system/memory.h"\n'
     'new\nconst void *a; s->fsts; "fsts" /* MachineState, MemoryRegion */\n'),
])
def test_only_what_is_for_the_version(version, made):
    assert series.ForVersion(version).of(
        '#include "hw/igd-rmrr-compat.h"\n'
        '#if QEMU_SINCE(11, 1)\nnew\n#else\nold\n#endif\n'
        'ClassData *a; s->flts; "x-flts" /* MachineState, MemoryRegion */\n'
    ) == made


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
