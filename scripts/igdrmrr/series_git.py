# ./run export-series: our files and hooks as patches for QEMU's maintainers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two series: fixes, and the feature on top of them. The commits are made in a
# repository that has nothing of QEMU but the files that change, from the
# archive as QEMU's developers released it: Debian's own patches are to some of
# the same files.

import os
import re
import subprocess
import time

from . import fetch, files, paths, qemu, series, source, stock, suites, ui
from .ui import Failure, say

TOP = paths.BUILD / 'series'
PATCHES = TOP / 'patches'
TREE = TOP / 'git'
UPSTREAM = TOP / 'upstream'
# QEMU as Debian builds it, as the other trees have it, so ccache has most of
# the objects.
BUILD = TOP / 'build'
CHECKPATCH = 'scripts/checkpatch.pl'

# Who signs off where git does not know it.
NOBODY = 'The qemu-igd-rmrr developers <qemu-igd-rmrr@localhost>'

# Tables of bytes have to be a patch of their own. checkpatch finds no diff in
# it, and there is no place for a licence in them. MAINTAINERS has all files
# from the first patch of the feature on.
TABLES = 'tests/data/acpi/'
NOT_WRONG = re.compile(
    r"file 'tests/data/acpi/\S+' need 'SPDX-License-|"
    r'-tests-data-acpi-.*not appear to be a unified-diff|'
    r'2-feature/.*does MAINTAINERS need updating')

def base_names(version):
    """QEMU's files that the series changes."""
    return sorted({name for hook in source.read_series(version=version)
                   for name in hook.touched} | {'MAINTAINERS'})


def upstream(record):
    """QEMU's files as released: those that change, and its checkpatch."""
    names = [*base_names(record['version']), CHECKPATCH]
    stamp = {'source': record, 'names': names}
    if files.read_json(UPSTREAM / 'stamp.json') == stamp:
        return UPSTREAM
    with files.new_directory(UPSTREAM) as new:
        if 'tree' in record:
            where, command = record['tree'], ['cp', '--parents', '-t', new,
                                              *names]
        else:
            where = fetch.SOURCE / record['directory']
            archive, = where.glob('*.orig.tar.xz')
            command = ['tar', '-xf', archive, '-C', new,
                       '--strip-components=1', '--wildcards',
                       '--no-wildcards-match-slash', *map('*/'.__add__, names)]
        ui.run_logged("taking QEMU's files", command, 'series-unpack.log',
                      cwd=where)
        files.write_json(new / 'stamp.json', stamp)
    return UPSTREAM


# The repository

def identity():
    """Who signs off, as git has it."""
    try:
        return re.match(r'.*<.*?>', ui.output(
            ['git', '-c', 'user.useConfigOnly=true', 'var',
             'GIT_COMMITTER_IDENT'], cwd=paths.ROOT))[0]
    except Failure:
        ui.warn('git has no user.name and user.email: signed off by nobody')
        return NOBODY


def environment(who):
    """Nobody's settings: they could change what a patch looks like."""
    name, mail = re.match(r'(.*) <(.*)>', who).groups()
    env = {key: value for key, value in os.environ.items()
           if not key.startswith('GIT_')}
    return dict(env, GIT_CONFIG_NOSYSTEM='1', GIT_CONFIG_GLOBAL='/dev/null',
                GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=mail,
                GIT_COMMITTER_NAME=name, GIT_COMMITTER_EMAIL=mail,
                LC_ALL='C.UTF-8')


def git(who, *arguments, text=''):
    done = subprocess.run(['git', *map(str, arguments)], cwd=TREE,
                          env=environment(who), input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)
    if done.returncode:
        raise Failure('git %s failed:\n%s' % (arguments[0], done.stdout))
    return done.stdout


def write(contents):
    for name, content in contents.items():
        path = TREE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def commit(who, subject, body='', *options):
    git(who, 'add', '-A', '-f')
    git(who, 'commit', '-q', *options, '-F', '-',
        text='%s\n\n%s\n' % (subject, body))


def make_commits(who, record):
    version = record['version']
    base = source.Tree('the released QEMU', upstream(record), None, dict)
    own = series.read_own()
    patches = series.read_patches(source.read_series(version=version))
    files.remove_tree(TREE)
    TREE.mkdir(parents=True)
    git(who, 'init', '-q', '-b', 'series')
    write({name: (base.src / name).read_bytes()
           for name in base_names(version)})
    commit(who, 'QEMU')
    git(who, 'tag', 'base')
    placed = set()
    for patch, names in zip(patches, series.assign(patches, own)):
        if names and not placed:
            git(who, 'tag', 'fixes')
            path = TREE / 'MAINTAINERS'
            path.write_text(series.maintainers(path.read_text(), patches, who))
        tables = {name: own[name] for name in names
                  if name.startswith(TABLES)}
        if tables:
            write(tables)
            commit(who, TABLES + ': tables of the tests that come next',
                   patch.subject, '-s')
        for hook in patch.hooks:
            source.apply_hook(hook, TREE, version, base)
        placed |= names
        write({name: series.without_absent(name, own[name], set(own) - placed)
               for name in placed})
        commit(who, patch.subject, patch.body, '-s')


def export(who, record=None):
    """Writes both series, signed off by @who; the patches in order."""
    record = record or fetch.fetch(())
    paths.BUILD.mkdir(exist_ok=True)
    with files.Lock(paths.BUILD / '.lock-series', 'build/series'):
        make_commits(who, record)
        files.remove_tree(PATCHES)
        git(who, 'format-patch', '-q', '--binary', '-o', PATCHES / '1-fixes',
            'base..fixes')
        cover, *_patches = git(
            who, 'format-patch', '--binary', '--cover-letter', '-o',
            PATCHES / '2-feature', 'fixes..').splitlines()
        path = paths.Path(cover)
        text = path.read_text()
        for mark, said in zip(('SUBJECT', 'BLURB'), series.read_cover()):
            text = text.replace('*** %s HERE ***' % mark, said)
        path.write_text(text)
    return [path for path in sorted(PATCHES.glob('*/*.patch'))
            if path.name[:4] != '0000']


def check_style(patches):
    """QEMU's checkpatch, on each; returns complaints."""
    found = []
    for patch in patches:
        done = subprocess.run(
            ['perl', UPSTREAM / CHECKPATCH, '--no-tree', '--terse',
             '--no-summary', patch], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        complaints = [line for line in done.stdout.splitlines()
                      if re.search(r'ERROR|WARNING', line)]
        if done.returncode and not complaints:
            raise Failure('checkpatch failed on %s:\n%s'
                          % (patch.name, done.stdout))
        found += [line for line in complaints if not NOT_WRONG.search(line)]
    return found


def apply_patch(patch, directory):
    """Applies one outside of any repository, and sees that it was applied."""
    # In a directory that a repository ignores, git leaves all of it out.
    env = dict(os.environ, GIT_CEILING_DIRECTORIES=str(directory.parent))
    for reverse in ((), ('--reverse', '--check')):
        ui.run_logged('applying ' + patch.name,
                      ['git', 'apply', *reverse, patch],
                      'series-apply.log', env=env, cwd=directory)


def apply_each(patches, build):
    """
    Applies one after the other to QEMU, @build or not; yields each.

    The directories are made anew: files from an archive are older than the
    objects of the run before, and ninja would keep those.
    """
    record = fetch.fetch(())
    with files.Lock(paths.BUILD / '.lock-series', 'build/series'):
        files.remove_tree(BUILD)
        stock.unpack_stock(record, BUILD)
        if build:
            stock.configure(record, BUILD, 'series')
        for patch in patches:
            start = time.monotonic()
            apply_patch(patch, stock.source_directory(BUILD))
            if build:
                # Our qtests are in the last one.
                tests = suites.our_qtests() if patch == patches[-1] else []
                qemu.ninja(['qemu-system-x86_64', *(
                    'tests/qtest/' + name for name in tests)],
                    stock.build_directory(BUILD))
                say('built %s (%d s)' % (patch.name,
                                         time.monotonic() - start))
            yield patch


def cmd_export_series(arguments):
    """Writes them and has QEMU's checkpatch judge each."""
    if arguments not in ([], ['--build']):
        raise Failure('export-series takes --build (also apply the patches to '
                      "Debian's QEMU, and build it after each) or nothing, "
                      'not %s' % ' '.join(arguments))
    patches = export(identity())
    for path in patches:
        print('  %s/%s' % (path.parent.name, path.name))
    complaints = check_style(patches)
    for line in complaints:
        print('  ' + line)
    say('%d patches and a cover letter in %s; checkpatch: %d complaints'
        % (len(patches), PATCHES, len(complaints)))
    say("in QEMU's tree: git am --empty=drop %s/*/*.patch" % PATCHES)
    if arguments:
        list(apply_each(patches, True))
    return 1 if complaints else 0
