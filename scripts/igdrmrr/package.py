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
import platform
import re
import shutil

from . import driver, files, full, paths, qemu, tool
from .ui import Failure, output, run_logged, say

DIRECTORY = paths.BUILD / 'package'
QEMU_BUILD = paths.BUILD / 'qemu-package'
DEBIAN = paths.ROOT / 'packaging/debian'

EMULATOR = 'qemu-system-x86_64-igd-rmrr'
PACKAGES = ('igd-stolen', 'igd-vfio-pci-dkms', *(
    name + '-igd-rmrr' for name in (full.WITH_THE_EMULATOR,
                                    *full.MODULE_PACKAGES)))
# Where Debian's packages have firmware; the first is for what must differ.
FIRMWARE = ('/usr/share/qemu-igd-rmrr', '/usr/share/qemu',
            '/usr/share/seabios', '/usr/lib/ipxe/qemu')
RELEASES = {'12': 'bookworm', '13': 'trixie'}


def release():
    """Number and name of the Debian that this machine runs."""
    number = platform.freedesktop_os_release().get('VERSION_ID', '?')
    if number not in RELEASES:
        raise Failure('packages are made on Debian 12 and 13, and this is '
                      'VERSION_ID=%s of /etc/os-release' % number)
    return number, RELEASES[number]


def output_directory():
    return DIRECTORY / release()[1]


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
        # For debian/tests.
        'host.bundle': paths.ROOT / 'build/hosts/skylake-ready.bundle',
    }
    for name, place in (('apparmor', DEBIAN.parent / 'apparmor'),
                        ('examples', docs / 'examples')):
        found.update({'%s/%s' % (name, path.name): path
                      for path in place.iterdir()})
    found.update({'module/' + path.name: path for path in driver.sources()})
    found.update({'modules/%s/%s' % (debian, path.name): path for path, debian
                  in full.modules(QEMU_BUILD).items()})
    return found


def fill_in(directory, record):
    """
    The words in packaging/debian that depend on what was built.

    The version is QEMU's, ours, and which Debian: 10.0.13+igd1.0~deb12.
    """
    number, suite = release()
    try:
        commit = output(['git', '-C', paths.ROOT, 'rev-parse', 'HEAD']).strip()
    except Failure:
        commit = 'unknown'
    words = {'@DKMS@': driver.package()[1], '@QEMU@': record['version'],
             '@COMMIT@': commit}
    for path in directory.iterdir():
        if path.is_file():
            text = path.read_text()
            for name, value in words.items():
                text = text.replace(name, value)
            path.write_text(text)
    changelog = directory / 'changelog'
    upstream = re.match(r'(?:\d+:)?([0-9.]+)', record['version'])[1]
    changelog.write_text(re.sub(
        r'\((.*?)\) \S+;', r'(%s+igd\1~deb%s) %s;' % (upstream, number, suite),
        changelog.read_text(), count=1))


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


def debs():
    return sorted(output_directory().glob('*.deb'))


def dependencies(packages=PACKAGES):
    """What the packages depend on, other than each other."""
    fields = [output(['dpkg-deb', '-f', path, 'Depends']).strip()
              for path in debs() if path.name.partition('_')[0] in packages]
    return sorted({depends for field in fields
                   for depends in field.split(', ')
                   if depends and depends.split()[0] not in PACKAGES})


@functools.cache
def build():
    """Builds all that is packaged, and the packages; returns their paths."""
    qemu.build()
    tool.build()
    record = qemu.build(directory=QEMU_BUILD, firmware=FIRMWARE,
                        features=full.features(release()[0]),
                        modules=['modules'])
    with files.Lock(paths.BUILD / '.lock', 'build/') as lock:
        with files.new_directory(output_directory()) as new:
            stage(new / 'source', record)
            run_logged('dpkg-buildpackage',
                       ['dpkg-buildpackage', '-b', '-uc', '-us',
                        '--no-pre-clean'], 'package.log', keep=(lock.fd,),
                       cwd=new / 'source',
                       env=dict(qemu.environment(), SOURCE_DATE_EPOCH=epoch(),
                                DEB_BUILD_OPTIONS='noautodbgsym'))
    for path in debs():
        say(str(path.relative_to(paths.ROOT)))
    return debs()
