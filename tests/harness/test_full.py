# The packaged emulator: Debian's options, its modules in packages
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re

import pytest

from igdrmrr import full, paths, ui

ROWS = [['--prefix=*', 'all', 'ours'], ['--enable-fuse', '12', 'a reason']]
WORDS = ['--prefix=/usr', '--enable-fuse', '--audio-drv-list=pa,oss']
RULES = r'''
b/qemu/configured: configure
        cd b/qemu && \
            ../../configure --with-pkgversion="Debian 1" \
                --enable-fuse $(shell echo --enable-rbd) \
                ${QEMU_CONFIGURE_OPTIONS} || false
'''.replace('        cd', '\tcd')


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
