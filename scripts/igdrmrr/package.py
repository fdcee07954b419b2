# ./run package: Debian packages for the release that this machine runs
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What is packaged is built first, then debhelper makes the packages of
# packaging/debian from a tree in which all is in place already:
#
#     build/qemu-package            QEMU, configured to be installed
#     build/package/SUITE/source    what dpkg-buildpackage is run in
#     build/package/SUITE/*.deb     the packages

import email.utils
import functools
import re
import shutil
import subprocess

from . import apt, driver, fetch, files, paths, qemu, source, tool
from .ui import Failure, run_logged, say

DIRECTORY = paths.BUILD / 'package'
# Beside build/qemu, so that the compiler's command lines are the same and
# ccache has most objects already.
QEMU_BUILD = paths.BUILD / 'qemu-package'
STAMP = QEMU_BUILD / 'igd-rmrr-configured.json'
DEBIAN = paths.ROOT / 'packaging/debian'
APPARMOR = paths.ROOT / 'packaging/apparmor/qemu-system-x86-igd-rmrr'

EMULATOR = 'qemu-system-x86_64-igd-rmrr'
PACKAGES = ('qemu-system-x86-igd-rmrr', 'igd-stolen', 'igd-vfio-pci-dkms')
# Where Debian's packages have firmware; the first is for what must differ.
FIRMWARE = ('/usr/share/qemu-igd-rmrr', '/usr/share/qemu',
            '/usr/share/seabios', '/usr/lib/ipxe/qemu')
RELEASES = {'12': 'bookworm', '13': 'trixie'}


def release():
    """Number and name of the Debian that this machine runs."""
    with open('/etc/os-release') as f:
        found = re.search(r'^VERSION_ID="?(\d+)', f.read(), re.M)
    number = found[1] if found else '?'
    if number not in RELEASES:
        raise Failure('packages are made on Debian 12 and 13, and this is '
                      'VERSION_ID=%s of /etc/os-release' % number)
    return number, RELEASES[number]


def output_directory():
    return DIRECTORY / release()[1]


def version(record):
    """QEMU's, ours, and which Debian: 10.0.13+igd1.0~deb12."""
    upstream = re.match(r'(?:\d+:)?([0-9.]+)', record['version'])[1]
    own = re.match(r'\S+ \((\S+)\)', (DEBIAN / 'changelog').read_text())[1]
    return '%s+igd%s~deb%s' % (upstream, own, release()[0])


# QEMU, to be installed

def configure_command(record):
    command = [word for word in qemu.configure_command(record)
               if not word.startswith('--firmwarepath=')]
    return command + ['--prefix=/usr', '--sysconfdir=/etc',
                      '--localstatedir=/var', '--libexecdir=/usr/lib/qemu',
                      '--disable-relocatable',
                      '--firmwarepath=' + ':'.join(FIRMWARE)]


def build_qemu(record, lock):
    command = configure_command(record)
    command[0] = '../%s/configure' % paths.QEMU_SRC.name
    inputs = qemu.configured_for(command, record)
    if files.read_json(STAMP) != inputs:
        files.remove_tree(QEMU_BUILD)
        QEMU_BUILD.mkdir(parents=True)
        say('configuring QEMU %s, to be installed' % record['version'])
        run_logged("QEMU's configure", command, 'package-configure.log',
                   keep=(lock.fd,), cwd=QEMU_BUILD, env=qemu.environment())
        files.write_json(STAMP, inputs)
    run_logged('building QEMU, to be installed',
               qemu.ninja_command('qemu-system-x86_64'), 'package-build.log',
               keep=(lock.fd,), cwd=QEMU_BUILD, env=qemu.environment())


# The tree that debhelper finds

def git(*arguments):
    done = subprocess.run(['git', '-C', paths.ROOT, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True)
    return done.stdout.strip() if done.returncode == 0 else ''


def staged():
    """What is packaged, as {path below staged/: file}."""
    docs = paths.ROOT / 'docs'
    man = EMULATOR + '.1'
    found = {
        EMULATOR: QEMU_BUILD / 'qemu-system-x86_64',
        man: docs / 'man' / man,
        'doc/igd-stolen.rst': docs / 'system/igd-stolen.rst',
        'doc/copyright.qemu': paths.QEMU_SRC / 'debian/copyright',
        'igd-stolen': tool.PROGRAM,
        'igd-stolen.1': docs / 'man/igd-stolen.1',
        'completions/igd-stolen':
            paths.ROOT / tool.SOURCES / 'igd-stolen.bash-completion',
        'dkms.conf': driver.SOURCE / 'dkms.conf',
        'doc/vfio-igd-stolen.rst': docs / 'specs/vfio-igd-stolen.rst',
    }
    found['apparmor/' + APPARMOR.name] = APPARMOR
    found.update({'examples/' + path.name: path
                  for path in (docs / 'examples').iterdir()})
    found.update({'module/' + path.name: path for path in driver.sources()})
    return found


def fill_in(directory, record):
    """The words in packaging/debian that depend on what was built."""
    number, suite = release()
    words = {'@DKMS@': driver.package()[1], '@QEMU@': record['version'],
             '@COMMIT@': git('rev-parse', 'HEAD') or 'unknown'}
    for path in directory.iterdir():
        if path.is_file():
            text = path.read_text()
            for name, value in words.items():
                text = text.replace(name, value)
            path.write_text(text)
    changelog = directory / 'changelog'
    text = changelog.read_text()
    text = re.sub(r'\(.*?\) \S+;', '(%s) %s;' % (version(record), suite),
                  text, count=1)
    changelog.write_text(text)


def stage(directory, record):
    for name, path in staged().items():
        target = directory / 'staged' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    shutil.copytree(DEBIAN, directory / 'debian')
    fill_in(directory / 'debian', record)


def epoch():
    """When the packaged files say they were made: the changelog's date."""
    date = re.search(r'^ -- .*>  (.*)$', (DEBIAN / 'changelog').read_text(),
                     re.M)[1]
    return '%d' % email.utils.parsedate_to_datetime(date).timestamp()


def make_packages(record, lock):
    final = output_directory()
    with files.new_directory(final) as new:
        stage(new / 'source', record)
        env = dict(qemu.environment(), SOURCE_DATE_EPOCH=epoch(),
                   DEB_BUILD_OPTIONS='noautodbgsym')
        run_logged('dpkg-buildpackage',
                   ['dpkg-buildpackage', '-b', '-uc', '-us', '--no-pre-clean'],
                   'package.log', keep=(lock.fd,), cwd=new / 'source',
                   env=env)
    return debs()


def debs():
    return sorted(output_directory().glob('*.deb'))


def dependencies(packages=PACKAGES):
    """What each package depends on, those that depend on something."""
    fields = [apt.output(['dpkg-deb', '-f', path, 'Depends']).strip()
              for path in debs() if path.name.partition('_')[0] in packages]
    return [field for field in fields if field]


def changes():
    found, = output_directory().glob('*.changes')
    return found


@functools.cache
def build():
    """Builds all that is packaged, and the packages; returns their paths."""
    qemu.build()
    tool.build()
    record = fetch.fetch(())
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        source.prepare(record)
        build_qemu(record, lock)
        made = make_packages(record, lock)
    for path in made:
        say(str(path.relative_to(paths.ROOT)))
    return made
