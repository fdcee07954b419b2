# Configurations that people have start with the packages' emulator
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each row of "configurations" is started, with ours and, with "edu" in place of
# igd-testdev, with Debian's own emulator: what that one starts, ours has to.

import contextlib
import re
import string
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from guestlib import checks, debian_qemu, runner
from guestlib.boot import Bench, Spec
from guestlib.cases import verify
from guestlib.catalog import USUAL
from guestlib.evidence import Evidence
from igdrmrr import assets, package, paths, suites

SECONDS = 60
BOOT_SECONDS = 400
COMMANDS = {'status': ('query-status', {}), 'rmrr': ('query-rmrr', {})}

# {"$part", "row", "booted row" or "booted row, full": its words}.
TEXTS = {name: ' '.join(text.split()) for name, text in re.findall(
    r'^([^\s#][^:]*):(.*(?:\n    .*)*)',
    Path(__file__).with_name('configurations').read_text(), re.M)}
ROWS = [name for name in TEXTS if re.fullmatch(r'[\w-]+', name)]

# The devices that Proxmox VE's own file has, by name; it is given to
# -readconfig.
PVE_CFG = {
    'ehci': 'ich9-usb-ehci1 multifunction=on bus=pcie.0 addr=1d.7',
    'uhci-1': 'ich9-usb-uhci1 multifunction=on bus=pcie.0 addr=1d.0 '
              'masterbus=ehci.0 firstport=0',
    **{'ich9-pcie-port-%d' % n: 'pcie-root-port x-speed=16 x-width=32 '
       'multifunction=on bus=pcie.0 addr=1c.%d port=%d chassis=%d'
       % (n - 1, n, n) for n in (1, 2, 3, 4)},
    'pcidmi': 'i82801b11-bridge bus=pcie.0 addr=1e.0',
    **{'pci.%d' % n: 'pci-bridge bus=pcidmi addr=%d.0 chassis_nr=%d'
       % (n + 1, n + 1) for n in (0, 1, 2)}}


@pytest.fixture(scope='module')
def place(tmp_path_factory, debian):
    """A directory with what the rows name; its path is short (sockets)."""
    place = tmp_path_factory.mktemp('rows')
    (place / 'empty').mkdir()
    (place / 'pve.cfg').write_text(''.join(
        '[device "%s"]\n%s\n' % (name, '\n'.join(
            re.sub('=(.*)', r' = "\1"', word)
            for word in ('driver=' + words).split()))
        for name, words in PVE_CFG.items()))
    debian_qemu.write_files(place)
    return place


def expanded(name):
    """A row's words, with all parts in place but $dir and $ovmf."""
    text = TEXTS[name]
    while (found := re.search(r'\$(?!dir\b|ovmf\b)\w+', text)):
        text = text.replace(found[0], TEXTS[found[0]], 1)
    return text


def translated(name):
    return TEXTS['$vtd'] in expanded(name)


@contextlib.contextmanager
def daemon(place, name, *command):
    """A program that makes the socket of that name, while it is needed."""
    path = place / name
    path.unlink(missing_ok=True)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                          cwd=place) as process:
        try:
            end = time.monotonic() + SECONDS
            while not path.exists():
                assert process.poll() is None and time.monotonic() < end, name
                time.sleep(0.02)
            yield
        finally:
            process.kill()


def daemons(place, text):
    """Those that a row's words name the sockets of."""
    stack = contextlib.ExitStack()
    if '/swtpm' in text:
        stack.enter_context(daemon(
            place, 'swtpm', 'swtpm', 'socket', '--tpm2', '--tpmstate',
            'dir=%s' % place, '--ctrl', 'type=unixio,path=swtpm'))
    if '/virtiofsd' in text:
        stack.enter_context(daemon(
            place, 'virtiofsd', *debian_qemu.command(assets.virtiofsd()),
            '--socket-path=virtiofsd', '--shared-dir=.', '--sandbox=none'))
    return stack


def command(place, name, ours=True):
    """The words of a row; without @ours, for Debian's emulator."""
    text = expanded(name) if ours else debian_qemu.as_debian(expanded(name))
    words = string.Template(text).substitute(
        dir=place, ovmf=assets.ovmf('trixie').code.parent).split()
    return [*words, *(word for directory in assets.firmware_dirs()
                      for word in ('-L', str(directory)))]


def started(emulator, place, name, ours):
    """What an emulator answered, by the key of the question."""
    words = command(place, name, ours)
    with daemons(place, ' '.join(words)):
        done = debian_qemu.run(*emulator, [*words, '-qmp', 'stdio'],
                               debian_qemu.said(COMMANDS), timeout=SECONDS)
    lines = done.stdout.splitlines()
    said = [line for line in lines if not line.startswith('{')]
    assert (done.returncode, said) == (0, [])
    return debian_qemu.answers(lines)


@pytest.mark.parametrize('name', ROWS)
def test_starts(name, ours, place):
    found = started(ours, place, name, True)
    assert found['status']['status'] == 'running'
    region, = found['rmrr']
    assert (region['base'], region['limit'], region['placed']) == (
        USUAL.region.base, USUAL.region.limit, True)
    assert [device['mapped'] for device in region['devices']] == [
        True] * translated(name)


@pytest.mark.parametrize('name', ROWS)
def test_starts_with_debian(name, debian, place):
    assert started(debian, place, name, False)['status']['status'] == 'running'


@pytest.mark.parametrize('name', ['tpm-tis', 'vnc-password', 'numa'])
def test_starts_with_build(name, place):
    """The emulator of ./run build has these as well."""
    found = started(([paths.EMULATOR], ''), place, name, True)
    assert found['status']['status'] == 'running'


@pytest.fixture(scope='module')
def bench():
    return Bench(package.DIRECTORY / 'test/rows')


def booted():
    """Rows, each with a line that the guest's kernel says of it."""
    keys = [(re.fullmatch('booted ([^,]*)(, full)?', key), line)
            for key, line in TEXTS.items()]
    return [pytest.param(key[1], line, id=key[1]) for key, line in keys
            if key and (suites.full() or not key[2])]


@pytest.mark.parametrize('name, line', booted())
def test_boots(name, line, ours, place, bench, monkeypatch):
    monkeypatch.setenv('QEMU_MODULE_DIR', str(ours[1]))
    words = [word for word in command(place, name) if word != '-no-shutdown']
    guest = replace(
        bench.guest(Spec(name, machine=(), memory='2G', job=':',
                         packed=True)),
        emulator=ours[0][0], more=words, time_limit=BOOT_SECONDS)
    with daemons(place, ' '.join(words)):
        run = runner.run(guest, bench.directory / name, stop=bench.stop)
    assert run.finished, run.console[-2000:]
    # Its own words; OVMF makes stock QEMU's EHCI say something.
    assert package.EMULATOR not in run.errors, run.errors
    assert re.search(line, run.console)
    if translated(name):
        verify(checks.rmrr_logged(
            Evidence('L1', run.console, run.says), USUAL))
