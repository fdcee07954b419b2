# Debian's archive through apt, with configuration and lists of our own
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine's apt configuration is read (where its mirror is, its proxy) and
# never changed. Signatures are always checked, against Debian's own keys.
# Nothing is installed through this, so it needs no root.

import functools
import os
import re
import subprocess

from . import files, paths
from .ui import Failure, run_logged, say, warn

KEYRINGS = ('/usr/share/keyrings/debian-archive-keyring.gpg',
            '/usr/share/keyrings/debian-archive-keyring.pgp')

# Suites of the main archive; the security archive's are NAME-security.
MAIN_SUITE = re.compile(r'(bookworm|trixie|oldstable|stable|oldoldstable)'
                        r'(-updates)?$')
SECURITY_SUITE = re.compile(r'[a-z]+(-security|/updates)$')

# Not those of a flavour, as in linux-headers-7.3.4+deb13-cloud-amd64.
KERNEL_HEADERS = re.compile(r'linux-headers-(\d[^-]*)-amd64$')

# Settings of the machine's apt that are about reaching its mirror.
MACHINE_SETTING = re.compile(
    r'Acquire::(?!IndexTargets|Languages|GzipIndexes|Allow|PDiffs|By-Hash'
    r'|Snapshots|CompressionTypes|cdrom)')
# Its credentials, if any, and if they can be read.
CREDENTIALS = (('netrc', '/etc/apt/auth.conf'),
               ('netrcparts', '/etc/apt/auth.conf.d'))

CONFIG = '''\
// apt for %(suite)s, private to qemu-igd-rmrr
%(machine)s
Dir::Etc "%(root)s/etc";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "%(root)s/etc/sources.list.d";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::State "%(root)s/state";
Dir::State::lists "%(root)s/lists";
Dir::State::status "%(root)s/state/status";
Dir::Cache "%(root)s/cache";
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::GzipIndexes "true";
Acquire::Retries "3";
'''

SOURCES = '''\
Types: deb%(source)s
URIs: %(uri)s
Suites: %(suites)s
Components: main
Signed-By: %(keyring)s
'''


def output(command, **kwargs):
    result = subprocess.run(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, **kwargs)
    if result.returncode:
        raise Failure('%s failed: %s' % (' '.join(command[:3]),
                                         result.stderr.strip()))
    return result.stdout


def pick_mirrors(targets):
    """
    The addresses of the Debian and the security archive.

    @targets are lines "created by|address|release|component|origin" of
    apt-get indextargets; the origin is empty until the first apt-get update.
    Either result can be None.
    """
    main = security = None
    for line in targets.splitlines():
        kind, uri, release, component, origin = line.split('|')
        if kind not in ('Packages', 'Sources') or component != 'main':
            continue
        if origin.startswith('$('):
            origin = ''
        if origin not in ('', 'Debian') or uri.startswith('cdrom:'):
            continue
        if SECURITY_SUITE.match(release):
            security = security or uri
        elif MAIN_SUITE.match(release):
            main = main or uri
    return main, security


@functools.lru_cache(maxsize=None)
def mirrors():
    main, security = pick_mirrors(output(
        ['apt-get', 'indextargets', '--format', '$(CREATED_BY)|$(REPO_URI)|'
         '$(RELEASE)|$(COMPONENT)|$(ORIGIN)']))
    if not main:
        raise Failure("no Debian archive (component main) among this "
                      "machine's apt sources, see apt-get indextargets")
    if not security:
        warn("no security archive among this machine's apt sources, "
             'going on without')
    return main, security


def keyring():
    for path in KEYRINGS:
        if os.path.exists(path):
            return path
    raise Failure('the package debian-archive-keyring is not installed')


def machine_settings():
    dump = output(['apt-config', 'dump']).splitlines()
    lines = [line for line in dump if MACHINE_SETTING.match(line)]
    lines += ['Dir::Etc::%s "%s";' % pair for pair in CREDENTIALS
              if os.access(pair[1], os.R_OK)]
    return '\n'.join(lines)


def parse_stanzas(text):
    """Debian control stanzas as dictionaries; newlines kept in values."""
    stanzas = []
    for block in re.split(r'\n\s*\n', text.strip()):
        stanza = {}
        key = None
        for line in block.splitlines():
            if line[:1] in ' \t' and key:
                stanza[key] += '\n' + line.strip()
            elif ':' in line:
                key, value = line.split(':', 1)
                stanza[key] = value.strip()
        if stanza:
            stanzas.append(stanza)
    return stanzas


def compare_versions(a, b):
    for relation, result in (('lt', -1), ('gt', 1)):
        if subprocess.run(['dpkg', '--compare-versions', a, relation,
                           b]).returncode == 0:
            return result
    return 0


def newest_first(stanzas):
    """The stanzas, each version once, newest first."""
    by_version = {}
    for stanza in stanzas:
        by_version.setdefault(stanza['Version'], stanza)
    order = sorted(by_version, key=functools.cmp_to_key(compare_versions),
                   reverse=True)
    return [by_version[version] for version in order]


class Archive:
    """One Debian release, with its updates and security suites."""

    def __init__(self, suite, lock_fd=None):
        self.suite = suite
        self.root = paths.CACHE / 'apt' / suite
        self.keep = () if lock_fd is None else (lock_fd,)
        self.fresh = False

    def environment(self):
        env = dict(os.environ, APT_CONFIG=str(self.root / 'apt.conf'),
                   LC_ALL='C.UTF-8')
        return env

    def sources(self):
        main, security = mirrors()
        if self.suite.endswith('-backports'):
            entries, security = [(main, self.suite)], None
        else:
            entries = [(main, '%s %s-updates' % (self.suite, self.suite))]
        if security:
            entries.append((security, self.suite + '-security'))
        return '\n'.join(
            SOURCES % {'uri': uri, 'suites': suites, 'keyring': keyring(),
                       'source': ' deb-src' if self.suite == 'trixie' else ''}
            for uri, suites in entries)

    def configure(self):
        for name in ('etc/sources.list.d', 'state', 'lists/partial',
                     'cache/archives/partial'):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        files.write_atomic(self.root / 'state/status', '')
        # A proxy's password may be among the settings.
        files.write_atomic(
            self.root / 'apt.conf', mode=0o600, text=CONFIG % {
                'suite': self.suite, 'root': self.root,
                'machine': machine_settings()})
        files.write_atomic(
            self.root / 'etc/sources.list.d/debian.sources', self.sources())

    def refresh(self):
        """Fetches the package lists, once per run."""
        if self.fresh:
            return
        self.configure()
        say("fetching %s's package lists from this machine's mirror"
            % self.suite)
        log = 'apt-%s.log' % self.suite
        done = self.root / 'lists-complete'
        try:
            run_logged('apt-get update', ['apt-get', 'update'], log,
                       keep=self.keep, env=self.environment())
            files.write_atomic(done, '')
        except Failure as failure:
            if not done.exists():
                raise
            warn('%s\nrun: going on with the lists of an earlier run'
                 % failure)
        self.fresh = True

    def cache(self, *command):
        return output(['apt-cache', *command], env=self.environment())

    def binary_versions(self, package):
        found = parse_stanzas(self.cache('show', package))
        return newest_first([s for s in found if s['Package'] == package])

    def source_versions(self, package):
        found = parse_stanzas(self.cache('showsrc', '--only-source', package))
        return newest_first([s for s in found if s['Package'] == package])

    def kernel_releases(self):
        """Kernels that modules can be built for, as uname -r but for the
        flavour, newest first."""
        names = self.cache('pkgnames', 'linux-headers-').split()
        found = [match[1] for match in map(KERNEL_HEADERS.match, names)
                 if match]
        return sorted(found, key=functools.cmp_to_key(compare_versions),
                      reverse=True)

    def download(self, package, version, directory):
        """A binary package into @directory; apt checks it."""
        run_logged('fetching %s %s' % (package, version),
                   ['apt-get', 'download', '%s=%s' % (package, version)],
                   'apt-%s.log' % self.suite, keep=self.keep, append=True,
                   cwd=directory, env=self.environment())

    def download_source(self, package, version, directory):
        run_logged('fetching the source of %s %s' % (package, version),
                   ['apt-get', 'source', '--download-only', '--only-source',
                    '%s=%s' % (package, version)],
                   'apt-%s.log' % self.suite, keep=self.keep, append=True,
                   cwd=directory, env=self.environment())
