# ./run port-hooks: the hooks for one QEMU brought to a newer one by git
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# In a repository, build/port/git, each hook is a commit on the old QEMU's
# files and is picked onto the new QEMU's tree. git finds moved files and
# merges; where it cannot, the user does. Then each commit becomes a text in
# hooks/VERSION, unless an older text of the hook does the same there.

import os
import subprocess
import tempfile
from pathlib import Path

from . import fetch, files, paths, source
from .ui import Failure, output, say

TOP = paths.BUILD / 'port'
REPOSITORY = TOP / 'git'
NEW = TOP / 'new'
GIT = ['git', '-c', 'user.name=port', '-c', 'user.email=port@localhost',
       '-c', 'merge.renameLimit=99999', '-C', str(REPOSITORY)]


def git(*words):
    return output([*GIT, *words])


def commit(subject):
    git('add', '-A', '-f', '.')
    git('commit', '-q', '--allow-empty', '-m', subject)


def begin(old, record):
    """Makes the repository; the branch "port" is the new QEMU."""
    src = paths.top(old) / 'qemu-src'
    was = files.read_json(src / '.igd-rmrr/source.json')
    if not was:
        raise Failure('QEMU %s was not built here: ./run build --qemu %s'
                      % (old, old))
    files.remove_tree(TOP)
    REPOSITORY.mkdir(parents=True)
    git('init', '-q', '-b', 'hooks')
    output(['cp', '-rT', src / '.igd-rmrr/pristine', REPOSITORY])
    commit('old')
    git('tag', 'old')
    for hook in source.read_series(version=was['version']):
        output(['patch', '-p1', '--fuzz=0', '--no-backup-if-mismatch', '-d',
                REPOSITORY, '-i', hook.path])
        commit(hook.name)
    git('checkout', '-q', '-b', 'port', 'old')
    fetch.unpack_source(record, NEW, 'unpack-source.log')
    git('--work-tree=%s' % NEW, 'add', '-A', '-f', '.')
    git('commit', '-q', '-m', 'new')
    git('tag', 'new')
    git('reset', '-q', '--hard')
    # A file that the new QEMU has not would come back by "git add".
    git('clean', '-qfdx')
    files.write_json(TOP / 'record.json', record)


def text_fits(name, text, before, after, version):
    """Whether the text of a hook makes @after of the files @before."""
    with tempfile.TemporaryDirectory(dir=TOP) as scratch:
        output(['cp', '-rT', before, scratch])
        try:
            source.apply_hook(source.read_hook(name, text), Path(scratch),
                              version, source.Tree('new', NEW, None, dict))
        except Failure:
            return False
        return not subprocess.run(['diff', '-rq', scratch, after],
                                  stdout=subprocess.DEVNULL).returncode


def remake(name, version, at):
    """Writes the text of a hook, the commit @at, if it needs another one."""
    texts = source.texts(source.HOOKS)[name]
    since = max(one for one in texts if one <= fetch.version_of(version))
    changed = git('diff', '--no-renames', '--name-only', at + '~', at).split()
    with tempfile.TemporaryDirectory(dir=TOP) as scratch:
        for file in changed:
            for side, of in (('a', at + '~'), ('b', at)):
                files.write_atomic(Path(scratch, side, file),
                                   git('show', '%s:%s' % (of, file)))
        if text_fits(name, texts[since], Path(scratch, 'a'),
                     Path(scratch, 'b'), version):
            return
        text = texts[since].read_text().split('---\n', 1)[0] + '---\n'
        for file in changed:
            names = 'a/' + file, 'b/' + file
            text += subprocess.run(
                ['diff', '-U3', '-p', *('--label=' + one for one in names),
                 *names], cwd=scratch, stdout=subprocess.PIPE,
                text=True).stdout
    path = source.HOOKS / ('%d.%d' % fetch.version_of(version)) / name
    files.write_atomic(path, text)
    say('written: %s' % os.path.relpath(path, paths.ROOT))


def cmd_port_hooks(arguments):
    """[OLD]: begins or, once all hooks are picked, writes the texts."""
    record = fetch.fetch(())
    picked = files.read_json(TOP / 'record.json') == record
    if not picked:
        begin(arguments[0] if arguments else '10.0', record)
        picked = not subprocess.run([
            *GIT, 'cherry-pick', '--keep-redundant-commits', 'old..hooks'
        ]).returncode
    if not picked or (REPOSITORY / '.git/sequencer').exists():
        raise Failure('merge what git could not, in %s, and "git cherry-pick '
                      '--continue", or --skip where a hook has to go; then '
                      'run this again' % REPOSITORY)
    done = {}
    for line in git('log', '--reverse', '--format=%H %s', 'new..').split('\n'):
        at, _, name = line.partition(' ')
        done[name] = at
        if at:
            remake(name, record['version'], at)
    for name in git('log', '--format=%s', 'old..hooks').split():
        if name not in done:
            say('skipped: "%s until %d.%d" in hooks/series'
                % (name, *fetch.version_of(record['version'])))
