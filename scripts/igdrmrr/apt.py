# Debian's archive through apt, with configuration and lists of our own
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine's apt configuration is read (where its mirror is, its proxy) and
# never changed. Signatures are always checked, against Debian's own keys.
# Nothing is installed through this, so it needs no root.

import email
import functools
import os
import re
import subprocess

from . import files, paths
from .ui import Failure, output, run_logged, say, warn

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

# Source packages of all that is newer than Debian 13.
NEWEST = 'newest'

# Suites of the main archive; the security archive's are NAME-security.
MAIN_SUITE = re.compile(r'(bookworm|trixie|oldstable|stable|oldoldstable)'
                        r'(-updates)?$')
SECURITY_SUITE = re.compile(r'[a-z]+(-security|/updates)$')
TARGET = re.compile(r'(Packages|Sources)\|(?!cdrom:)(?P<uri>[^|]+)\|'
                    r'(?P<release>[^|]+)\|main\|(Debian|\$\(.*)?$')

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
Types: %(types)s
URIs: %(uri)s
Suites: %(suites)s
Components: main
Signed-By: %(keyring)s
'''


def pick_mirrors(targets):
    """
    The addresses of the Debian and the security archive.

    @targets are lines "created by|address|release|component|origin" of
    apt-get indextargets; the origin is empty until the first apt-get update.
    Either result can be None.
    """
    main = security = None
    for line in targets.splitlines():
        found = TARGET.match(line)
        if found and SECURITY_SUITE.match(found['release']):
            security = security or found['uri']
        elif found and MAIN_SUITE.match(found['release']):
            main = main or found['uri']
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


def sources(suite):
    """For sources.list.d: a release with its updates and security suites."""
    main, security = mirrors()
    entries, types = [(main, suite)], 'deb'
    if suite == NEWEST:
        entries, types = [(main, 'trixie-backports sid')], 'deb-src'
    elif not suite.endswith('-backports'):
        entries = [(main, '%s %s-updates' % (suite, suite))]
        types = 'deb deb-src' if suite == 'trixie' else 'deb'
        if security:
            entries.append((security, suite + '-security'))
    return '\n'.join(
        SOURCES % {'uri': uri, 'suites': suites, 'keyring': KEYRING,
                   'types': types}
        for uri, suites in entries)


def machine_settings():
    dump = output(['apt-config', 'dump']).splitlines()
    lines = [line for line in dump if MACHINE_SETTING.match(line)]
    lines += ['Dir::Etc::%s "%s";' % pair for pair in CREDENTIALS
              if os.access(pair[1], os.R_OK)]
    return '\n'.join(lines)


def parse_stanzas(text):
    """Debian control stanzas as dictionaries; newlines kept in values."""
    return [dict(email.message_from_string(block).items())
            for block in re.split(r'\n\s*\n', text.strip()) if block]


def newest_first(versions):
    """Each version once."""
    def compare(a, b):
        older, newer = (subprocess.run(['dpkg', '--compare-versions', a,
                                        relation, b]).returncode == 0
                        for relation in ('lt', 'gt'))
        return newer - older

    return sorted(set(versions), key=functools.cmp_to_key(compare),
                  reverse=True)


class Archive:
    """One Debian release, with its updates and security suites."""

    def __init__(self, suite, lock_fd=None):
        self.suite = suite
        self.root = paths.CACHE / 'apt' / suite
        self.keep = () if lock_fd is None else (lock_fd,)
        self.fresh = False

    @property
    def env(self):
        return dict(os.environ, APT_CONFIG=str(self.root / 'apt.conf'),
                    LC_ALL='C.UTF-8')

    def configure(self):
        for name in ('etc/sources.list.d', 'state', 'lists/partial',
                     'cache/archives/partial'):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        files.write_atomic(self.root / 'state/status', '')
        # A proxy's password may be among the settings.
        files.write_atomic(
            self.root / 'apt.conf', CONFIG % {
                'suite': self.suite, 'root': self.root,
                'machine': machine_settings()}, 0o600)
        files.write_atomic(self.root / 'etc/sources.list.d/debian.sources',
                           sources(self.suite))

    def refresh(self):
        """Fetches the package lists, once per run."""
        if self.fresh:
            return
        self.configure()
        say("fetching %s's package lists from this machine's mirror"
            % self.suite)
        done = self.root / 'lists-complete'
        try:
            self.run('apt-get update', ['apt-get', 'update'])
            files.write_atomic(done, '')
        except Failure as failure:
            if not done.exists():
                raise
            warn('%s\nrun: going on with the lists of an earlier run'
                 % failure)
        self.fresh = True

    def run(self, what, command, directory=None):
        run_logged(what, command, 'apt-%s.log' % self.suite, keep=self.keep,
                   append=True, cwd=directory, env=self.env)

    def cache(self, *command):
        return output(['apt-cache', *command], env=self.env)

    def versions(self, package, *command):
        """The stanzas of a package, each version once, newest first."""
        by_version = {}
        for stanza in parse_stanzas(self.cache(*command, package)):
            if stanza['Package'] == package:
                by_version.setdefault(stanza['Version'], stanza)
        if not by_version:
            raise Failure('%s has no package %s' % (self.suite, package))
        return [by_version[version] for version in newest_first(by_version)]

    def binary_versions(self, package):
        return self.versions(package, 'show')

    def source_versions(self, package):
        return self.versions(package, 'showsrc', '--only-source')

    def kernel_releases(self, pattern):
        """Kernels that modules can be built for, newest first."""
        names = self.cache('pkgnames', 'linux-headers-').split()
        found = [re.fullmatch('linux-headers-(%s)-amd64' % pattern, name)
                 for name in names]
        return newest_first(match[1] for match in found if match)

    def closure(self, packages):
        """{name: version} of @packages, of these versions, and all that they
        need; what they only recommend is left out."""
        text = output(['apt-get', '--simulate', '--no-install-recommends',
                       'install', *map('%s=%s'.__mod__, packages.items())],
                      env=self.env)
        return dict(re.findall(r'^Inst (\S+) \((\S+) ', text, re.M))

    def download(self, package, version, directory, *how):
        """A package into @directory, by default a binary one; apt checks it."""
        self.run('fetching %s %s' % (package, version),
                 ['apt-get', *(how or ['download']),
                  '%s=%s' % (package, version)], directory)
