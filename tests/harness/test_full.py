# The packaged emulator: Debian's options, and what it lists beside Debian's
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re

import pytest

from guestlib import debian_qemu
from igdrmrr import apt, full, paths, ui

ROWS = [['--prefix=*', 'all', 'ours'], ['--enable-fuse', '12', 'a reason']]
WORDS = ['--prefix=/usr', '--enable-fuse', '--audio-drv-list=pa,oss']
RULES = r'''
b/qemu/configured: configure
        cd b/qemu && \
            ../../configure --with-pkgversion="Debian 1" \
                --enable-fuse $(shell echo --enable-rbd) \
                ${QEMU_CONFIGURE_OPTIONS} || false
'''.replace('        cd', '\tcd')
HELP = '''\
Controller/Bridge/Hub devices:
name "i82801b11-bridge", bus PCI
name "e1000", bus PCI, alias "e1000-82540em", desc "Intel Gigabit Ethernet"

  pty
pc                   Standard PC (alias of pc-i440fx-10.0)
'''


def test_words_of_debian(tmp_path, monkeypatch):
    """What make would run, whatever the user's environment says."""
    monkeypatch.setattr(paths, 'QEMU_SRC', tmp_path)
    monkeypatch.setenv('QEMU_CONFIGURE_OPTIONS', '--disable-kvm')
    monkeypatch.setenv('MAKEFLAGS', 'k')
    (tmp_path / 'debian').mkdir()
    (tmp_path / 'configure').touch()
    rules = tmp_path / 'debian/rules'
    rules.write_text(RULES)
    assert full.debian_words() == ['--with-pkgversion=Debian 1',
                                   '--enable-fuse', '--enable-rbd']
    rules.write_text(RULES.replace('/configure ', '/autogen '))
    with pytest.raises(ui.Failure, match='no configure line'):
        full.debian_words()


def test_left_out():
    """On the release that the row names; never found by configure itself."""
    assert full.adapt(WORDS, ROWS, '12') == ['--disable-fuse', WORDS[2]]
    assert full.adapt(WORDS, ROWS, '13') == ['--enable-fuse', WORDS[2]]
    with pytest.raises(ui.Failure, match='--enable-fuse'):
        full.adapt(WORDS[:1], ROWS, '13')


def test_who_installs_the_libraries():
    """Neither the demo nor a build does."""
    run = (paths.ROOT / 'run').read_text().replace('\\\n', ' ')
    needs = {name: words for names, words in re.findall(
        r'^([a-z |-]+)\)\s+needs="(.*)"', run, re.M)
        for name in re.split(r'[ |]+', names)}
    assert {name for name, words in needs.items()
            if 'full' in words.split()} == {'package', 'check'}
    assert {'build', 'demo', 'qtest'} < {*needs}


def test_modules_by_package(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, 'QEMU_SRC', tmp_path / 'src')
    (tmp_path / 'src/debian').mkdir(parents=True)
    (tmp_path / 'src/debian/qemu-system-gui.install').write_text(
        'usr/share/locale/*\nusr/lib/${DEB_HOST_MULTIARCH}/qemu/ui-gtk.so\n')
    for name in ('qemu-system-x86_64', 'ui-gtk.so', 'block-rbd.so',
                 'audio-oss.so', 'accel-qtest-x86_64.so'):
        (tmp_path / name).touch()
    assert full.modules(tmp_path) == {
        tmp_path / 'ui-gtk.so': 'qemu-system-gui',
        tmp_path / 'block-rbd.so': 'qemu-block-extra',
        tmp_path / 'audio-oss.so': 'qemu-system-x86'}


def test_entries():
    assert debian_qemu.entries(HELP) == {
        'Controller': 'Controller/Bridge/Hub devices:',
        'i82801b11-bridge': 'name "i82801b11-bridge", bus PCI',
        'e1000': 'name "e1000", bus PCI, alias "e1000-82540em", desc "Intel '
                 'Gigabit Ethernet"',
        'pty': 'pty', 'pc': 'pc Standard PC (alias of pc-i440fx-10.0)'}


def test_differences():
    found = debian_qemu.differences({'a': 'a', 'b': 'b', 'c': 'c 1'},
                                    {'b': 'b', 'c': 'c 2', 'd': 'd'})
    assert {*found} == {('+', 'a'), ('~', 'c'), ('-', 'd')}
    rows = [['+', 'a', 'all', 'why'], ['~', 'c', '12', 'why'],
            ['-', 'd', '13', 'why']]
    assert debian_qemu.complaints(found, rows, '12') == ['not listed: - d: d']
    del found['-', 'd'], found['+', 'a']
    assert debian_qemu.complaints(found, rows, '12') == [
        'listed, and none: + a']
    rows[0][1] = '?'
    assert debian_qemu.complaints({('+', 'a'): '', ('+', 'ab'): '',
                                   ('-', 'b'): ''}, rows, '13') == [
        'not listed: + ab: ', 'not listed: - b: ', 'listed, and none: - d']


def test_module_that_does_not_open(tmp_path):
    """What it has would be missing from the list."""
    program = tmp_path / 'qemu'
    program.write_text('#!/bin/sh\necho "Failed to open module: $1" >&2\n')
    program.chmod(0o755)
    with pytest.raises(ui.Failure, match='Failed to open module: -device'):
        debian_qemu.ask([program], tmp_path, '-device', 'help')


def test_closure(monkeypatch):
    asked = []
    monkeypatch.setattr(apt, 'output', lambda command, **_: (
        asked.extend(command) or 'NOTE: no\nInst a (1:2-3 Debian:13 [amd64])\n'
        'Inst b-t64 (4 Debian:13 [all])\nConf a (1:2-3 Debian:13 [amd64])\n'))
    assert apt.Archive('trixie').closure({'a': '1:2-3'}) == {
        'a': '1:2-3', 'b-t64': '4'}
    assert '--simulate' in asked and asked[-1] == 'a=1:2-3'


def test_what_is_fetched():
    """The libraries that Debian's emulator needs, without the rest."""
    assert debian_qemu.wanted({'libc6': '1', 'systemd': '2', 'libllvm19': '3',
                               'qemu-block-extra': '4'}) == {
        'libc6': '1', 'qemu-block-extra': '4'}
