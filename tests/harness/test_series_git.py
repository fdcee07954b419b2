# ./run export-series: what it is told, and what it makes of git and checkpatch
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import subprocess

import pytest

from igdrmrr import paths, results, series_check, series_git
from igdrmrr.ui import Failure


@pytest.mark.parametrize('arguments, parsed', [
    ([], (series_git.PATCHES, False)),
    (['--build'], (series_git.PATCHES, True)),
    (['/x/y', '--build'], (paths.Path('/x/y'), True)),
])
def test_arguments(arguments, parsed):
    assert series_git.parse(arguments) == parsed


@pytest.mark.parametrize('arguments, message', [
    (['--biuld'], 'no option --biuld$'),
    (['a', 'b'], 'one directory, not a b$'),
])
def test_wrong_arguments(arguments, message):
    with pytest.raises(Failure, match=message):
        series_git.parse(arguments)


def test_a_named_directory_is_made(tmp_path):
    series_git.make_empty(tmp_path / 'a/b')
    assert (tmp_path / 'a/b').is_dir()


def test_what_is_in_a_named_directory_stays(tmp_path):
    (tmp_path / '01-mine.patch').touch()
    with pytest.raises(Failure, match=r'^\S+ is not empty$'):
        series_git.make_empty(tmp_path)
    assert (tmp_path / '01-mine.patch').exists()


def test_a_named_file_is_refused(tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(Failure, match=r'/file: File exists$'):
        series_git.make_empty(tmp_path / 'file')


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
    assert capsys.readouterr().out == ''


def test_nobodys_settings_change_a_patch(monkeypatch):
    monkeypatch.setenv('GIT_DIR', '/elsewhere')
    env = series_git.environment('A B <a@b>')
    assert 'GIT_DIR' not in env
    assert env['GIT_CONFIG_GLOBAL'] == '/dev/null'
    assert (env['GIT_AUTHOR_NAME'], env['GIT_COMMITTER_EMAIL']) == (
        'A B', 'a@b')


@pytest.fixture
def checkpatch(monkeypatch, tmp_path):
    """A checkpatch that does what it is told."""
    monkeypatch.setattr(series_git, 'UPSTREAM', tmp_path)
    script = tmp_path / series_git.CHECKPATCH
    script.parent.mkdir()
    return script


def test_complaints_are_shown_except_of_tables(checkpatch):
    checkpatch.write_text('''print "$ARGV[-1]:1: WARNING: one\\n";
print "ERROR: New file 'tests/data/acpi/x' need 'SPDX-License-Identifier'\\n";
print "note\\n"; exit 1;''')
    assert series_git.check_style([paths.Path('0001-a.patch')]) == [
        '0001-a.patch:1: WARNING: one']


def test_a_checkpatch_that_fails_is_no_praise(checkpatch):
    checkpatch.write_text('die "no such module";')
    with pytest.raises(Failure, match='failed on 0001-a.patch:\nno such mod'):
        series_git.check_style([paths.Path('0001-a.patch')])


# The suite

def repository(directory, contents):
    directory.mkdir(parents=True)
    for name, content in contents.items():
        (directory / name).write_text(content)


def make_patch(tmp_path, before, after):
    """A patch file that turns {name: content} into another."""
    for name, contents in (('a', before), ('b', after)):
        repository(tmp_path / name, contents)
    done = subprocess.run(['git', 'diff', '--no-index', 'a', 'b'],
                          cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    path = tmp_path / '0001-x.patch'
    path.write_text(done.stdout.replace('a/a/', 'a/').replace('b/b/', 'b/'))
    return path


def test_applied_where_a_repository_would_not_look(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, 'LOGS', tmp_path / 'log')
    patch = make_patch(tmp_path, {'x': '1\n'}, {'x': '2\n'})
    subprocess.run(['git', 'init', '-q', tmp_path], check=True)
    (tmp_path / '.gitignore').write_text('build\n')
    tree = tmp_path / 'build/src'
    repository(tree, {'x': '1\n'})
    series_check.apply_patch(patch, tree)
    assert (tree / 'x').read_text() == '2\n'
    with pytest.raises(Failure, match='applying 0001-x.patch failed'):
        series_check.apply_patch(patch, tree)


def test_only_tests_that_are_there_are_built(tmp_path, monkeypatch):
    monkeypatch.setattr(series_check.suites, 'our_qtests',
                        lambda: ['a-test', 'b-test'])
    repository(tmp_path / 'tests/qtest', {'b-test.c': ''})
    assert series_check.targets(tmp_path) == ['qemu-system-x86_64',
                                              'tests/qtest/b-test']


def run_suite(monkeypatch, fail_at=None, **broken):
    """The suite with everything it calls replaced; its counts."""
    def apply_each(patches, build):
        for number, patch in enumerate(patches, 1):
            if number == fail_at:
                raise Failure('ninja failed')
            yield patch

    found = [paths.Path('0000-c'), paths.Path('0001-a'), paths.Path('0002-b')]
    monkeypatch.setattr(series_git, 'export', lambda who: found)
    monkeypatch.setattr(series_git, 'check_style',
                        lambda patches: broken.get('style', []))
    monkeypatch.setattr(series_check, 'check_applies',
                        lambda found: broken.get('applies', []))
    monkeypatch.setattr(series_check, 'apply_each', apply_each)
    monkeypatch.setattr(series_check, 'check_whole',
                        lambda: broken.get('whole', []))
    return series_check.suite_series()


def test_suite_passes(monkeypatch):
    assert str(run_suite(monkeypatch)) == '6 passed, 0 failed'


@pytest.mark.parametrize('broken, failed', [
    ({'style': ['x']}, ['series: checkpatch']),
    ({'applies': ['x']}, ['series: applies']),
    ({'whole': ['x']}, ['series: whole']),
    ({'fail_at': 1}, ['series: one by one: 0001-a']),
    ({'fail_at': 2}, ['series: one by one: 0002-b']),
])
def test_suite_fails(monkeypatch, broken, failed):
    counts = run_suite(monkeypatch, **broken)
    assert counts.failed == failed
    assert isinstance(counts, results.Counts)
