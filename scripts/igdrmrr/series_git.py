# ./run export-series: our files and hooks as patches for QEMU's maintainers
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two series: fixes, and the feature on top of them. The commits are made in a
# repository that has nothing of QEMU but the files that change, from a tree
# that --qemu-tree names, or from the archive as QEMU's developers released it:
# Debian's own patches are to some of the same files.

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import fetch, files, paths, qemu, series, source, stock, suites, ui
from .ui import Failure, say

TOP = paths.QEMU_TOP / 'series'
PATCHES = TOP / 'patches'
TREE = TOP / 'git'
UPSTREAM = TOP / 'upstream'
# QEMU as Debian builds it, or the tree, as the other trees have it, so ccache
# has most of the objects.
BUILD = TOP / 'build'
CHECKPATCH = 'scripts/checkpatch.pl'
LOCK = paths.QEMU_TOP / '.lock-series'

# Who signs off where git does not know it.
NOBODY = 'The qemu-igd-rmrr developers <qemu-igd-rmrr@localhost>'

# Blessed tables are made as the head of bios-tables-test.c has it: allowed to
# differ, the change, the tables. There is no place for a licence in them.
TABLES = 'tests/data/acpi/'
ALLOWED = 'tests/qtest/bios-tables-test-allowed-diff.h'
PLAIN_DSDT = TABLES + 'x86/q35/DSDT'
NOT_WRONG = re.compile(r"file 'tests/data/acpi/\S+' need 'SPDX-License-")

# The cases for the fixes, and a program that measures.
CASES = Path(series.CASES).stem
BENCH = 'igd-dma-bench'


def base_names(version):
    """QEMU's files that the series changes."""
    return sorted({name for hook in series.hooks(version)
                   for name in hook.touched}
                  | {'MAINTAINERS', ALLOWED, PLAIN_DSDT})


def upstream(record):
    """QEMU's files as released: those that change, and its checkpatch."""
    stamp = {'source': record,
             'names': [*base_names(record['version']), CHECKPATCH]}
    if files.read_json(UPSTREAM / 'stamp.json') == stamp:
        return UPSTREAM
    with files.new_directory(UPSTREAM) as new:
        if 'tree' in record:
            for name in stamp['names']:
                files.copy_atomic(Path(record['tree'], name), new / name)
        else:
            archive, = (name for name in record['sha256']
                        if '.orig.tar.' in name)
            ui.run_logged(
                "unpacking QEMU's files",
                ['tar', '-xf', fetch.SOURCE / record['directory'] / archive,
                 '-C', new, '--strip-components=1', '--wildcards',
                 '--no-wildcards-match-slash',
                 *('*/' + name for name in stamp['names'])],
                'series-unpack.log')
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


def disassembly(old, new):
    """The difference of two tables, for a commit's message."""
    with tempfile.TemporaryDirectory() as name:
        for number, path in enumerate((old, new)):
            shutil.copy(path, Path(name, '%d.aml' % number))
            ui.output(['iasl', '-d', '%d.aml' % number], cwd=name)
        lines = subprocess.run(['diff', '-U1', '-I', r'^ \*', '0.dsl', '1.dsl'],
                               cwd=name, stdout=subprocess.PIPE,
                               text=True).stdout.splitlines()[2:]
    return '%s, from %s:\n\n%s' % (new.name, old.name, '\n'.join(
        ('    ' + line).rstrip() for line in lines))


def bless(who, tables, own):
    """The tables, and nothing is allowed to differ any more."""
    for name in tables:
        if not own[name]:
            raise Failure('%s is empty: ./run bless --qemu-tree DIR '
                          'bios-tables-test' % name)
    write({name: own[name] for name in tables})
    where = TREE / TABLES / 'x86/q35'
    git(who, 'checkout', 'base', '--', ALLOWED)
    commit(who, 'tests/acpi: expected tables with stolen memory and its RMRR',
           'As rebuild-expected-aml.sh writes them.\n\n%s\n\n%s' % (
               disassembly(where / 'DMAR.rmrr-none', where / 'DMAR.rmrr'),
               disassembly(where / 'DSDT', where / 'DSDT.rmrr')), '-s')


def make_commits(who, base, version):
    released = source.Tree('the released QEMU', base, None, dict)
    own = series.read_own(version)
    patches = series.read_patches(series.hooks(version))
    _fixes, feature = series.split(patches)
    files.remove_tree(TREE)
    TREE.mkdir(parents=True)
    git(who, 'init', '-q', '-b', 'series')
    write({name: (base / name).read_bytes() for name in base_names(version)})
    commit(who, 'QEMU')
    git(who, 'tag', 'base')
    placed, cases = set(), {'page'}
    for patch, names in zip(patches, series.assign(patches, own)):
        if patch == feature[0]:
            git(who, 'tag', 'fixes')
        tables = {name for name in names if name.startswith(TABLES)}
        if tables:
            write({name: b'' for name in tables})
            write({ALLOWED: (base / ALLOWED).read_bytes() + ''.join(
                '"%s",\n' % name for name in sorted(tables)).encode()})
            commit(who, 'tests/acpi: allow the tables to differ that come next',
                   'They are of: ' + patch.subject, '-s')
        if patch.files:
            path = TREE / 'MAINTAINERS'
            path.write_text(series.maintainers(
                path.read_text(), series.SECTION if patch in feature
                else series.VTD, patch.files, who))
        for hook in patch.hooks:
            source.apply_hook(hook, TREE, version, released)
        placed |= names - tables
        cases |= set(patch.cases)
        contents = {name: series.without_absent(name, own[name], placed)
                    for name in placed}
        if series.CASES in contents:
            contents[series.CASES] = series.without_cases(
                contents[series.CASES].decode(), cases).encode()
        write(contents)
        commit(who, patch.subject, patch.body, '-s')
        if tables:
            bless(who, tables, own)


def export(who, record=None):
    """Writes both series, signed off by @who; the patches in order."""
    record = record or fetch.fetch(())
    paths.QEMU_TOP.mkdir(parents=True, exist_ok=True)
    with files.Lock(LOCK, str(TOP)):
        make_commits(who, upstream(record), record['version'])
        files.remove_tree(PATCHES)
        for name, commits in (('1-fixes', 'base..fixes'),
                              ('2-feature', 'fixes..')):
            cover, *_patches = git(
                who, 'format-patch', '--binary', '--cover-letter', '-o',
                PATCHES / name, commits).splitlines()
            path = Path(cover)
            text = path.read_text()
            for mark, said in zip(('SUBJECT', 'BLURB'),
                                  series.read_cover(name)):
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


def run_test(directory, name, emulator, *words):
    """Whether a qtest of a build directory passes with an emulator."""
    return not subprocess.run(
        ['timeout', '300', 'tests/qtest/' + name, *words], cwd=directory,
        env=dict(suites.qtest_environment(), QTEST_QEMU_BINARY=emulator),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def build_one(patch, last):
    """
    Builds what the patch has made, and runs the tests.

    A case that it adds has to fail with the emulator of the patch before.
    """
    directory = stock.build_directory(BUILD)
    tests = [name for name in suites.our_qtests()
             if (stock.source_directory(BUILD) / 'tests/qtest'
                 / (name + '.c')).exists()]
    before, now = './before', './qemu-system-x86_64'
    if (directory / now).exists():
        shutil.copy(directory / now, directory / before)
    qemu.ninja([now[2:], *('tests/qtest/' + name for name in tests)],
               directory)
    for case in re.findall(r'^\+ +qtest_add_func\("(intel-iommu-notify/.*?)"',
                           patch.read_text(), re.M):
        words = CASES, before, '-p', '/x86_64/' + case
        if not case.endswith('/page') and run_test(directory, *words):
            raise Failure('%s: %s passes without it' % (patch.name, case))
    for name in tests if last else {CASES} & set(tests):
        if name != BENCH and not run_test(directory, name, now):
            raise Failure('%s: %s fails' % (patch.name, name))


def apply_each(patches, build):
    """
    Applies one after the other to QEMU, @build or not; yields each.

    The directories are made anew: files from an archive are older than the
    objects of the run before, and ninja would keep those.
    """
    record = fetch.fetch(())
    with files.Lock(LOCK, str(TOP)):
        files.remove_tree(BUILD)
        stock.unpack_stock(record, BUILD)
        if build:
            stock.configure(record, BUILD, 'series')
            qemu.link_firmware(stock.build_directory(BUILD))
        for patch in patches:
            start = time.monotonic()
            apply_patch(patch, stock.source_directory(BUILD))
            if build:
                build_one(patch, patch == patches[-1])
                say('built and tested %s (%d s)' % (
                    patch.name, time.monotonic() - start))
            yield patch


def cmd_export_series(arguments):
    """Writes them and has QEMU's checkpatch judge each."""
    if arguments not in ([], ['--build']):
        raise Failure('export-series takes --build (also apply the patches to '
                      'the QEMU that is built, and build and test it after '
                      'each) or nothing, not %s' % ' '.join(arguments))
    patches = export(identity())
    for path in patches:
        print('  %s/%s' % (path.parent.name, path.name))
    complaints = check_style(patches)
    for line in complaints:
        print('  ' + line)
    say('%d patches, two cover letters in %s; checkpatch: %d complaints'
        % (len(patches), PATCHES, len(complaints)))
    say("in QEMU's tree: git am --empty=drop %s/*/*.patch" % PATCHES)
    if arguments:
        list(apply_each(patches, True))
    return 1 if complaints else 0
