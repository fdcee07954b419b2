# The kernel driver: built without a warning, by DKMS, and what it refuses
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import shutil

import pytest

from igdrmrr import assets, driver, files, guest_program, qemu, ui
from igdrmrr.driver import DIRECTORY, MODULE, SOURCE

ui.install_signal_handlers()

# Make's own words, which are no warnings.
CHATTER = re.compile(r'make(\[\d+\])?: |\$ |  (CC|LD|CHECK|MODPOST|BTF)\b'
                     r'|Skipping BTF '
                     r'|warning: (the compiler|pahole version) differs'
                     r'|  The kernel was built (by|with): |  You are using: |$')


def complaints(suite, *how):
    return [line for line in driver.make(suite, *how)
            if not CHATTER.match(line)]


@pytest.mark.parametrize('suite', assets.KERNEL_SUITES)
def test_build(suite):
    """Builds without a warning, with more warnings than usual."""
    module = DIRECTORY / suite / 'module' / MODULE
    files.remove_tree(module.parent)
    assert complaints(suite, 'build', 'W=1') == []
    assert (b'vermagic=%s ' % assets.kernel_version(suite).encode()
            in module.read_bytes())


# Debian's newer kbuild lacks what the kernel calls for sparse.
@pytest.mark.parametrize('suite', assets.SUITES)
def test_sparse(suite):
    assert complaints(suite, 'sparse', 'C=2', 'W=1') == []


@pytest.mark.parametrize('suite', assets.KERNEL_SUITES)
def test_dkms(suite):
    """A suite's DKMS adds, builds and removes it, in trees of its own."""
    driver.prepare(suite)
    trees = {name: DIRECTORY / suite / 'dkms' / name
             for name in ('tree', 'source', 'install')}
    files.remove_tree(DIRECTORY / suite / 'dkms')
    for tree in trees.values():
        tree.mkdir(parents=True)
    shutil.copytree(SOURCE, trees['source'] / '-'.join(driver.package()))
    for action, modules in (('build', 1), ('remove', 0)):
        ui.run_logged(
            'DKMS, %s, %s' % (action, suite),
            [assets.dkms(suite.split('-')[0]), action, '-m',
             '/'.join(driver.package()), '-k', assets.kernel_version(suite),
             '-a', 'x86_64',
             '--dkmstree', trees['tree'], '--sourcetree', trees['source'],
             '--installtree', trees['install'], '--kernelsourcedir',
             DIRECTORY / suite / 'tree/flavour'],
            'driver-%s-dkms.log' % suite, env=qemu.clean_environment())
        assert len(list(trees['tree'].rglob(MODULE + '*'))) == modules


def kernels():
    """The oldest and the newest kernel that main.c takes, as "6.1"."""
    text = (SOURCE / 'main.c').read_text()
    oldest, behind = [tuple(map(int, found)) for found in re.findall(
        r'LINUX_VERSION_CODE [<>=]+ KERNEL_VERSION\((\d+), (\d+), 0\)', text)]
    return '%d.%d' % oldest, '%d.%d' % (behind[0], behind[1] - 1)


@pytest.mark.parametrize('suite, version, patchlevel', [
    ('bookworm', 6, 0), (assets.BACKPORTS, 7, 4)])
def test_refuses(suite, version, patchlevel):
    """Does not build for that kernel, and says so by name."""
    driver.prepare(suite)
    header = (DIRECTORY / suite / 'tree/flavour/include/generated/uapi/linux'
              / 'version.h')
    original = header.read_text()
    header.write_text(re.sub(r'(LINUX_VERSION_CODE) \d+', r'\1 %d' % (
        (version << 16) + (patchlevel << 8)), original))
    try:
        with pytest.raises(ui.Failure, match='tested with Linux %s to %s'
                           % kernels()):
            driver.make(suite, 'refused')
    finally:
        header.write_text(original)


def test_range_for_dkms():
    """DKMS is told of the same kernels as the compiler."""
    text = (SOURCE / 'dkms.conf').read_text()
    taken = re.compile(re.search(r'^BUILD_EXCLUSIVE_KERNEL="(.*)"$', text,
                                 re.M)[1])
    # Linux goes on with X.0 after X.19 or X.20.
    known = ['%d.%d' % (version, level) for version in range(5, 9)
             for level in range(20)]
    oldest, newest = map(known.index, kernels())
    assert [name for name in known if taken.match(name + '.1-amd64')] == (
        known[oldest:newest + 1])


def test_aliases():
    """The built module's aliases are the table's ids, all and no others."""
    driver.make('bookworm', 'build')
    table = (SOURCE / 'igd_stolen_ids.h').read_text()
    ids = {device for first, last, gen in re.findall(
               r'\{ 0x(\w+), 0x(\w+), IGD_STOLEN_GEN(\w+) \}', table)
           if gen != '_NO_BDSM'
           for device in range(int(first, 16), int(last, 16) + 1)}
    module = (DIRECTORY / 'bookworm/module' / MODULE).read_bytes()
    found = set()
    for alias in re.findall(rb'\0alias=([^\0]*)', module):
        match = re.fullmatch(r'vfio_pci:v00008086d0000([0-9A-F]+)(\?*)'
                             r'sv\*sd\*bc03sc\*i\*', alias.decode())
        assert match and len(match[1] + match[2]) == 4, alias
        size = 16 ** len(match[2])
        first = int(match[1], 16) * size
        found.update(range(first, first + size))
    assert ids and found == ids


def test_checkpatch():
    names = [path for path in driver.sources() if path.suffix in ('.c', '.h')]
    # The kernel's own drivers know which kernel they are for; ours has to ask.
    ui.run_logged(
        'checkpatch', [
            'perl', assets.checkpatch(), '--strict', '--no-tree',
            '--no-signoff', '--terse', '--no-summary', '--ignore',
            'LINUX_VERSION_CODE,CONSTANT_COMPARISON', '-f', *names],
        'driver-checkpatch.log')


def test_user_program():
    guest_program.build('vfio-user')
