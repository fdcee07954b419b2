# Reading a real host: directories made from the bundles, and this machine
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import resource
import shutil
import stat
import subprocess

import pytest

from conftest import TOOL, bundle, run

NOBODY = 65534
HEAD = 'igd-stolen-bundle 1\n'

SECRETS = ('SECRET', 'deadbeef', '0badcafe')

RUNS = (('probe',), ('verify',), ('plan', '--memory', '8G'),
        ('plan', '-m', '3G', '--firmware', 'ovmf', '--audio'),
        ('plan', '-m', '1536M', '--machine', 'pc', '--format', 'libvirt'),
        ('plan', '-m', '4G', '--format', 'json'))
CAPTURE = ('capture', '-o', '-')
# Each form of what is read is in one of them.
KINDS = ('direct-line', 'haswell-256m', 'skylake-nobody', 'sound',
         'framebuffer', 'other-gpu-primary', 'no-igd', 'sandy-bridge-vtd-off',
         'virtual-functions')


def entries(text):
    """[(status, kind, path, lines)] of a bundle."""
    found = []
    for line in text.splitlines()[1:]:
        if line.startswith('|'):
            found[-1][3].append(line[2:])
        else:
            words = line.split()
            status = words[0] if len(words) == 3 else 'ok'
            found.append((status, words[-2], words[-1], []))
    return found


def make_entry(root, status, kind, path, lines):
    """One thing that the bundle has, as a file system has it."""
    where = root / path.lstrip('/')
    if status == 'absent':
        return
    if kind == 'link':
        where.parent.mkdir(parents=True, exist_ok=True)
        target = root / os.path.normpath(os.path.join(where.parent, lines[0]))
        target.mkdir(parents=True, exist_ok=True)
        where.symlink_to(lines[0])
    elif kind == 'dir':
        for name in filter(None, lines):
            if not (where / name).is_symlink():
                (where / name).mkdir(parents=True, exist_ok=True)
        where.mkdir(parents=True, exist_ok=True)
    else:
        where.parent.mkdir(parents=True, exist_ok=True)
        if kind in ('hex', 'config'):
            where.write_bytes(bytes.fromhex(' '.join(lines)))
        else:
            where.write_text(''.join(line + '\n' for line in lines))
        if status == 'denied':
            where.chmod(0)


def make_root(root, text):
    """A directory that looks like the host of a bundle."""
    parts = entries(text)
    names = {path for _, kind, path, _ in parts if kind != 'dir'}
    # Links first, since other paths lead through them.
    for part in sorted(parts, key=lambda one: (one[1] != 'link', one[2])):
        status, kind, path, lines = part
        if kind == 'dir':
            lines = [name for name in lines if path + '/' + name not in names]
        make_entry(root, status, kind, path, lines)
    for directory, _, _ in os.walk(root):
        os.chmod(directory, 0o755)
    return root


def as_nobody(*words, **options):
    """The program as run by somebody without privileges."""
    if os.geteuid():
        return run(*words, **options)
    return subprocess.run(
        ['setpriv', '--reuid=%d' % NOBODY, '--regid=%d' % NOBODY,
         '--clear-groups', '--inh-caps=-all', *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.fixture
def public():
    """A directory and a copy of the program that everybody can reach."""
    directory = subprocess.run(
        ['mktemp', '-d', '/tmp/igd-stolen-XXXXXX'], check=True, text=True,
        stdout=subprocess.PIPE).stdout.strip()
    os.chmod(directory, 0o755)
    shutil.copy(TOOL, directory + '/igd-stolen')
    yield directory
    shutil.rmtree(directory)


def root_of(name, tmp_path):
    return make_root(tmp_path / 'root', bundle(name).read_text())


@pytest.mark.parametrize('host', KINDS)
def test_directory_bundle_and_capture_say_the_same(host, tmp_path, public):
    root = root_of(host, tmp_path)
    shutil.copytree(root, public + '/root', symlinks=True)
    captured = tmp_path / 'captured'
    assert run('capture', '-o', captured, '--root', root).returncode == 0
    for words in RUNS:
        said = as_nobody(public + '/igd-stolen', *words, '--root',
                         public + '/root')
        expected = run(*words, '--from', bundle(host))
        assert said.stdout == expected.stdout
        assert said.returncode == expected.returncode
        assert said.stderr == ''
        # Root, which the bundle was perhaps not captured by.
        assert (run(*words, '--from', captured).stdout
                == run(*words, '--root', root).stdout)
    known = entries(bundle(host).read_text())
    denied = [path for status, _, path, _ in known if status == 'denied']
    for entry in entries(captured.read_text()):
        assert entry in known or entry[2] in denied


def test_capture_is_redacted(tmp_path):
    root = root_of('skylake-ready', tmp_path)
    igd = root / 'sys/bus/pci/devices/0000:00:02.0'
    (igd / 'serial').write_text('SECRET\n')
    config = bytearray((igd / 'config').read_bytes())
    config[0x80:0x84] = bytes.fromhex('0badcafe')
    (igd / 'config').write_bytes(config + b'SECRET' * 600)
    (root / 'proc/sys/kernel/osrelease').write_text('6.12.43-SECRET-host\n')
    with open(root / 'etc/os-release', 'a', encoding='ascii') as file:
        file.write('VARIANT="SECRET"\n')
    (root / 'proc/sys/kernel/hostname').write_text('SECRET\n')
    (root / 'proc/cmdline').write_text(
        'root=UUID=SECRET intel_iommu=on ip=10.0.0.1::SECRET\n')
    with open(root / 'proc/cpuinfo', 'a', encoding='ascii') as file:
        file.write('serial\t: SECRET\nmicrocode\t: 0xdeadbeef\n')
    with open(root / 'proc/iomem', 'a', encoding='ascii') as file:
        file.write('  deadbeef-deadbeff : Kernel code\n')
    dmar = root / 'sys/firmware/acpi/tables/DMAR'
    table = bytearray(dmar.read_bytes())
    table[10:16] = b'SECRET'
    dmar.write_bytes(table)
    before = run('probe', '--root', root).stdout
    path = tmp_path / 'captured'
    run('capture', '-o', path, '--root', root)
    text = path.read_text()
    for secret in SECRETS:
        assert secret not in text
        assert bytes(secret, 'ascii').hex(' ') not in text
    assert '0b ad ca fe' not in text
    assert run('probe', '--from', path).stdout == before
    assert '6.12.43' in text and 'intel_iommu=on' in text


def test_capture_keeps_whose_kernel_it_is(tmp_path):
    root = root_of('skylake-ready', tmp_path)
    (root / 'proc/sys/kernel/osrelease').write_text('3.10.0-7-pve\n')
    path = tmp_path / 'captured'
    run('capture', '-o', path, '--root', root)
    assert '| 3.10.0-pve\n' in path.read_text()
    said = run('probe', '--root', root).stdout
    assert '# install Linux 5.3 or later\n' in said
    assert run('probe', '--from', path).stdout == said


def files(root):
    return [path for path in root.rglob('*')
            if path.is_file() and not path.is_symlink()]


def nothing(root):
    shutil.rmtree(root / 'sys')
    shutil.rmtree(root / 'proc')


def in_place_of_files(make):
    def change(root):
        for path in files(root):
            path.unlink()
            make(path)
    return change


def in_files(content):
    def change(root):
        for path in files(root):
            path.write_bytes(content)
    return change


def links(root):
    for path in root.rglob('*'):
        if path.is_symlink():
            path.unlink()
            path.symlink_to(path.name)


ODD = {
    'nothing': nothing, 'directories': in_place_of_files(os.mkdir),
    'pipes': in_place_of_files(os.mkfifo), 'empty files': in_files(b''),
    'binary files': in_files(bytes(range(256)) * 16),
    'large files': in_files(b'0x1 ' * 100000), 'links': links,
}


@pytest.mark.parametrize('name', ODD)
def test_odd_host(name, tmp_path):
    root = root_of('alder-lake', tmp_path)
    ODD[name](root)
    for words in (*RUNS, CAPTURE):
        done = run(*words, '--root', root, timeout=20)
        assert done.stderr == ''
        assert done.stdout
        assert done.returncode in (0, 1)


@pytest.mark.parametrize('words', [*RUNS, CAPTURE], ids=' '.join)
def test_this_machine_as_nobody(words, public):
    done = as_nobody(public + '/igd-stolen', *words)
    assert done.returncode in (0, 1)
    assert done.stderr == ''
    assert done.stdout


def test_device_as_lspci_writes_it():
    long = run('probe', '--from', bundle('skylake-ready'), '--device',
               '0000:00:02.0')
    short = run('probe', '--from', bundle('skylake-ready'), '--device',
                '00:02.0')
    assert short.returncode == 0
    assert short.stdout == long.stdout


# A capture is written into an existing file, link or pipe, which stays one.

def test_capture_into_link(tmp_path):
    target = tmp_path / 'target'
    link = tmp_path / 'link'
    target.write_text('longer than nothing\n' * 2000)
    link.symlink_to(target)
    assert run('capture', '-o', link).returncode == 0
    assert link.is_symlink()
    assert target.read_text().startswith(HEAD)
    assert 'longer' not in target.read_text()


def test_capture_into_pipe(tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    with subprocess.Popen(['cat', pipe], stdout=subprocess.PIPE,
                          text=True) as reader:
        assert run('capture', '-o', pipe, timeout=20).returncode == 0
        assert reader.communicate(timeout=20)[0].startswith(HEAD)
    assert pipe.is_fifo()


@pytest.mark.skipif(os.geteuid(), reason='only root can make a device')
def test_capture_into_device(tmp_path):
    device = tmp_path / 'null'
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    try:
        with open(device, 'wb'):
            pass
    except PermissionError:
        pytest.skip('devices are not allowed here')
    assert run('capture', '-o', device).returncode == 0
    assert device.is_char_device()


@pytest.mark.parametrize('kind', ['pipe', 'device', 'sparse', 'large'])
def test_not_a_bundle(kind, tmp_path):
    """Neither waits nor takes more memory than a bundle can need."""
    path = tmp_path / kind
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'device':
        path = '/dev/zero'
    else:
        with open(path, 'wb') as file:
            file.truncate(6 << 30 if kind == 'sparse' else (4 << 20) + 1)

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))

    done = run('probe', '--from', path, timeout=5, preexec_fn=limit)
    assert done.returncode == 2
    assert str(path) in done.stderr


def test_bundle_that_may_not_be_read(public):
    path = public + '/host.bundle'
    shutil.copy(bundle('skylake-ready'), path)
    os.chmod(path, 0)
    done = as_nobody(public + '/igd-stolen', 'probe', '--from', path)
    assert (done.returncode, done.stderr) == (
        2, 'igd-stolen: --from %s: it may not be read; try: igd-stolen '
        'capture -o host.bundle\n' % path)


def beside(tmp_path, *names):
    """A copy of the program, and programs beside it."""
    shutil.copy(TOOL, tmp_path / 'igd-stolen')
    for name in names:
        (tmp_path / name).write_text('#!/bin/sh\n')
        (tmp_path / name).chmod(0o755)
    return tmp_path / 'igd-stolen'


@pytest.mark.parametrize('names, wanted', [
    ((), None), (('qemu-system-x86_64',), 'qemu-system-x86_64'),
    (('qemu-system-x86_64', 'qemu-system-x86_64-igd-rmrr'),
     'qemu-system-x86_64-igd-rmrr')], ids=str)
@pytest.mark.parametrize('form', ['qemu', 'libvirt'])
def test_emulator_beside_it(names, wanted, form, tmp_path):
    program = beside(tmp_path, *names)
    done = subprocess.run(
        ['./igd-stolen', 'plan', '-m', '8G', '--format', form, '--from',
         bundle('skylake-ready')], cwd=tmp_path, stdout=subprocess.PIPE,
        text=True, check=True)
    if form == 'qemu':
        expected = ('./' + wanted if wanted else
                    'qemu-system-x86_64-igd-rmrr') + ' \\'
    else:
        expected = '    <emulator>%s</emulator>' % (
            program.parent / wanted if wanted else
            '/usr/bin/qemu-system-x86_64-igd-rmrr')
    assert expected in done.stdout.splitlines()


def test_changes_nothing(tmp_path):
    root = root_of('skylake-ready', tmp_path)

    def state():
        return {path: path.lstat().st_mtime_ns for path in root.rglob('*')}

    before = state()
    for words in (*RUNS, CAPTURE):
        run(*words, '--root', root)
    assert state() == before
