# ./run export-series: our files and hooks as patches for QEMU's maintainers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The commits are made in a repository that has nothing of QEMU but the files
# that change, from the archive as QEMU's developers released it: Debian's own
# patches are to some of the same files.

import os
import re
import subprocess

from . import fetch, files, paths, series, ui
from .ui import Failure, say

TOP = paths.BUILD / 'series'
PATCHES = TOP / 'patches'
TREE = TOP / 'git'
UPSTREAM = TOP / 'upstream'
CHECKPATCH = 'scripts/checkpatch.pl'

# Who signs off where git does not know it.
NOBODY = 'The qemu-igd-rmrr developers <qemu-igd-rmrr@localhost>'

# Of a patch of nothing but tables of bytes checkpatch finds no diff; they have
# to be apart from all else, and there is no place for a licence in them.
OF_TABLES = re.compile(r"file 'tests/data/acpi/\S+' need 'SPDX-License-|"
                       r'-tests-data-acpi-.*not appear to be a unified-diff')

USAGE = '''usage: ./run export-series [DIRECTORY] [--build]

Writes our files and hooks as patches with a cover letter, to an empty or new
DIRECTORY or to build/series/patches, and has QEMU's checkpatch look at each.

  --build    also apply them to Debian's QEMU, and build it after each
'''


def upstream():
    """QEMU's files as released: those that change, and its checkpatch."""
    record = fetch.fetch(())
    stamp = {'source': record, 'names': [*series.base_names(), CHECKPATCH]}
    if files.read_json(UPSTREAM / 'stamp.json') == stamp:
        return UPSTREAM
    archive, = (name for name in record['sha256'] if '.orig.tar.' in name)
    with files.new_directory(UPSTREAM) as new:
        ui.run_logged(
            "unpacking QEMU's files",
            ['tar', '-xf', fetch.SOURCE / record['directory'] / archive, '-C',
             new, '--strip-components=1', '--wildcards',
             '--no-wildcards-match-slash',
             *('*/' + name for name in stamp['names'])], 'series-unpack.log')
        files.write_json(new / 'stamp.json', stamp)
    return UPSTREAM


# The repository

def identity():
    """Who signs off, as git has it."""
    done = subprocess.run(
        ['git', '-c', 'user.useConfigOnly=true', 'var', 'GIT_COMMITTER_IDENT'],
        cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True)
    if done.returncode:
        ui.warn('git has no user.name and user.email: signed off by nobody')
        return NOBODY
    return re.match(r'.*<.*?>', done.stdout)[0]


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


def commit(who, contents, message, *options):
    for name, content in contents.items():
        path = TREE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(who, 'add', '-A', '-f')
    git(who, 'commit', '-q', *options, '-F', '-', text=message)


def make_commits(who, base):
    files.remove_tree(TREE)
    TREE.mkdir(parents=True)
    git(who, 'init', '-q', '-b', 'series')
    commit(who, {name: (base / name).read_bytes()
                 for name in series.base_names()}, 'QEMU')
    git(who, 'tag', 'base')
    for patch, contents in series.states(base, TOP / 'scratch', who):
        commit(who, contents, '%s\n\n%s\n' % (patch.subject, patch.body), '-s')


def write_cover(directory):
    subject, body = series.read_cover()
    path, = directory.glob('0000-*')
    text = path.read_text().replace('*** SUBJECT HERE ***', subject)
    path.write_text(text.replace('*** BLURB HERE ***', body))


def export(who, directory=PATCHES):
    """Writes the series, signed off by @who; the cover letter is first."""
    paths.BUILD.mkdir(exist_ok=True)
    with files.Lock(paths.BUILD / '.lock-series', 'build/series'):
        make_commits(who, upstream())
        if directory == PATCHES:
            files.remove_tree(directory)
            directory.mkdir()
        git(who, 'format-patch', '-q', '--cover-letter', '--binary', '-o',
            directory, 'base')
        write_cover(directory)
    return sorted(directory.iterdir())


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
        found += [line for line in complaints if not OF_TABLES.search(line)]
    return found


# The command

def parse(arguments):
    """(directory, whether to build)"""
    words = [word for word in arguments if word != '--build']
    for word in words:
        if word.startswith('-'):
            raise Failure('export-series has no option %s' % word)
    if len(words) > 1:
        raise Failure('export-series takes one directory, not %s'
                      % ' '.join(words))
    directory = paths.Path(words[0]).absolute() if words else PATCHES
    return directory, '--build' in arguments


def make_empty(directory):
    """Makes a directory that was named; what is in one stays."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise Failure('%s is not empty' % directory)
    except OSError as error:
        raise Failure('%s: %s' % (directory, error.strerror)) from error


def cmd_export_series(arguments):
    from . import series_check

    if {'-h', '--help'} & set(arguments):
        print(USAGE, end='')
        return 0
    directory, build = parse(arguments)
    if directory != PATCHES:
        make_empty(directory)
    _cover, *patches = export(identity(), directory)
    for path in patches:
        print('  ' + path.name)
    complaints = check_style(patches)
    for line in complaints:
        print('  ' + line)
    say('%d patches and a cover letter in %s; checkpatch: %d complaints'
        % (len(patches), directory, len(complaints)))
    say("in QEMU's tree: git am --empty=drop %s/*.patch" % directory)
    if build:
        for _patch in series_check.apply_each(patches, True):
            pass
    return 1 if complaints else 0
