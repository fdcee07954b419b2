# Guests that are there already: domains and configurations of Proxmox VE
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/data/tool/guests has the guests, all made up after real ones, and what
# changes in each as a diff, which IGD_RMRR_BLESS writes anew.

import re
import shlex
import subprocess
import xml.etree.ElementTree as xml

import pytest

from conftest import ROOT, bundle, check_domain, compare, run

GUESTS = ROOT / 'tests/data/tool/guests'
# Host and options for each.
CHANGED = {
    'win11.xml': ('alder-lake',), 'debian13.xml': ('skylake-ready',),
    'sets.xml': ('unknown-id-root',), 'unraid.xml': ('sound',),
    'no-iommu.xml': ('skylake-ready', '--no-iommu'),
    'newer.xml': ('skylake-ready', '--no-iommu'),
    'one-line.xml': ('sound',), 'other-igd.xml': ('meteor-lake',),
    'pve-q35.conf': ('sound',), 'pve-legacy.conf': ('direct-line',),
    'pve-args.conf': ('skylake-nobody',),
    'pve-plain.conf': ('skylake-ready',),
    'pve-args-pc.conf': ('skylake-ready',),
    'pve-last.conf': ('sound',),
}
# Made of one of the above: {name: (which, text, its replacement)}.
MADE = {
    'no-iommu.xml': ('win11.xml', '9.2', '10.0'),
    'newer.xml': ('unraid.xml', '9.2', '11.0'),
    'one-line.xml': ('debian13.xml', re.compile(r'\n *|<!.*?>'), ''),
    'pve-args-pc.conf': ('pve-args.conf', 'machine: type=q35,viommu=intel\n',
                         ''),
    # The line that goes is the one behind which another comes.
    'pve-last.conf': ('pve-q35.conf', re.compile(
        r'(hostpci0: .*\n)((?s:.*?))args: .*\n(?=\n)'), r'\2\1'),
    'other-igd.xml': ('debian13.xml', '<iommu model', '<!-- --><iommu model'),
}


def plan(path, *words):
    """The program's answer about a guest in the directory @path is in."""
    kind = ('--from-qm', path.name, '--emulator', '/usr/bin/kvm') if (
        path.suffix == '.conf') else ('--from-xml', path.name)
    return run('plan', *kind, '--from', bundle(words[0]), *words[1:],
               cwd=path.parent)


def made(tmp_path, which, old, new):
    """A copy of a guest with a change, which takes place."""
    text = (GUESTS / which).read_text()
    changed = old.sub(new, text) if isinstance(old, re.Pattern) else (
        text.replace(old, new))
    assert changed != text
    path = tmp_path / which
    path.write_text(changed)
    return path


@pytest.fixture(params=CHANGED)
def guest(request, tmp_path):
    """(path, host and options, the answer) of each guest."""
    name = request.param
    path = made(tmp_path, *MADE[name]) if name in MADE else GUESTS / name
    return name, path, plan(path, *CHANGED[name])


def test_changed(guest, tmp_path):
    """The diff is the one that was read, and makes the new file of the old."""
    name, path, done = guest
    assert done.returncode == 0, done.stderr
    compare('guests/%s.diff' % name, done.stderr)
    patched = tmp_path / 'patched'
    subprocess.run(['patch', '-s', '-o', patched, path], check=True, text=True,
                   input=done.stderr)
    assert patched.read_text() == done.stdout


def test_changed_once(guest, tmp_path):
    """Nothing has to change in what was printed."""
    name, path, done = guest
    again = tmp_path / ('again' + path.suffix)
    again.write_text(done.stdout)
    second = plan(again, *CHANGED[name])
    assert second.stdout == done.stdout
    assert second.stderr.startswith('Nothing has to change.\n')


def test_libvirt_takes_it(guest, tmp_path):
    name, _, done = guest
    if name.endswith('.xml'):
        check_domain(done.stdout, tmp_path)


def parts(domain):
    """What the IGD needs of a domain, without the order of attributes."""
    qemu = '{http://libvirt.org/schemas/domain/qemu/1.0}'
    igd = [one for one in domain.iter('hostdev')
           if one.find('alias') is not None
           and one.find('alias').get('name') == 'ua-igd']
    ioapic = domain.find('features/ioapic')
    iommu = domain.find('devices/iommu/driver')
    return (domain.findtext('devices/emulator'),
            [igd[0].find('address').get(key)
             for key in ('type', 'bus', 'slot', 'function')],
            iommu is not None and {
                key: iommu.get(key)
                for key in ('intremap', 'caching_mode', 'aw_bits')},
            ioapic is not None and ioapic.get('driver'),
            [one.attrib for one in domain.iter(qemu + 'property')
             if one.get('name').startswith('x-igd')])


def test_has_what_a_plan_has(guest):
    """The IGD of a domain is that of the domain that plan makes anew."""
    name, _, done = guest
    if name.endswith('.xml'):
        host, *words = CHANGED[name]
        machine = ['--machine', 'pc'] if 'i440fx' in done.stdout else []
        new = run('plan', '-m', '4G', '--firmware', 'ovmf', '--format',
                  'libvirt', *machine, *words, '--from', bundle(host))
        assert parts(xml.fromstring(done.stdout.encode())) == parts(
            xml.fromstring(new.stdout))


# Options of the IGD in a configuration of Proxmox VE, by what reads them.
IDENTITY = 'x-igd-stolen=identity'
MEANT = {
    'pve-q35.conf': [
        '-smbios', 'type=1,product=A B',
        '-global', 'host-x86_64-cpu.host-phys-bits-limit=39',
        '-global', 'intel-iommu.aw-bits=39',
        '-device', 'vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0,%s,'
        'x-igd-opregion=on,romfile=/usr/share/kvm/igd.rom' % IDENTITY],
    'pve-legacy.conf': [
        '-set', 'device.hostpci0.x-igd-lpc=on',
        '-set', 'device.hostpci0.x-igd-stolen-base=0x7b800000',
        '-set', 'device.hostpci0.x-igd-stolen-size=0x4800000'],
    # Without root nobody knows of an OpRegion.
    'pve-args.conf': [
        '-global', 'host-x86_64-cpu.host-phys-bits-limit=40',
        '-global', 'intel-iommu.aw-bits=39',
        '-device', 'vfio-pci,host=0000:00:02.0,bus=pcie.0,addr=02.0,%s,'
        'romfile=/usr/share/kvm/igd.rom' % IDENTITY],
    'pve-args-pc.conf': [
        '-global', 'host-x86_64-cpu.host-phys-bits-limit=40',
        '-device', 'vfio-pci,host=0000:00:02.0,bus=pci.0,addr=02.0,%s,'
        'x-igd-opregion=on,romfile=/usr/share/kvm/igd.rom' % IDENTITY],
    'pve-plain.conf': ['-set', 'device.hostpci3.' + IDENTITY],
}
MEANT['pve-last.conf'] = MEANT['pve-q35.conf'][2:]


def test_proxmox_is_told(guest):
    name, path, done = guest
    if name.endswith('.conf'):
        main, _, rest = done.stdout.partition('\n[')
        lines = dict(line.split(': ', 1) for line in main.splitlines()
                     if line and line[0] != '#')
        assert shlex.split(lines['args']) == MEANT[name]
        assert path.read_text().endswith(rest)
        q35 = 'q35' in lines.get('machine', '')
        assert ('viommu=intel' in lines.get('machine', '')) == q35
        igd = [lines[key] for key in lines if key.startswith('hostpci')
               and '00:02' in lines[key]]
        assert bool(igd) == (not q35 and '-device' not in MEANT[name])
        assert all('legacy-igd=1' in one for one in igd)
        assert not igd or lines['vga'] == 'none'


HOSTDEV = re.compile(r'<source>\n *<address domain=.0. bus=.0. slot=.2.')
PORTS = ''.join("<sound model='ac97'><address type='pci' bus='0' slot='%d'/>"
                '</sound>' % slot for slot in range(3, 31))
# What is made of a guest, and is not changed: (host, which, text, instead).
REFUSED = (
    ('skylake-ready', 'debian13.xml', HOSTDEV,
     "<source><address domain='0' bus='2' slot='0'"),
    ('skylake-ready', 'debian13.xml', re.compile(
        r"(?s)<hostdev.*hostdev>"), "<hostdev mode='subsystem' type='mdev' "
     "model='vfio-pci'><source><address uuid='c2177883-f1bb-47f0-914d-"
     "32a22e3a8804'/></source></hostdev>"),
    ('skylake-ready', 'sets.xml', re.compile(
        r'(?s)<hostdev.*hostdev>(.*)(</qemu:commandline>)'), r'\1<qemu:arg '
     r'value="-device"/><qemu:arg value="vfio-pci,host=00:02.0,addr=02.0"/>\2'),
    ('skylake-ready', 'debian13.xml', "iommu model='intel'",
     "iommu model='virtio'"),
    ('skylake-ready', 'sets.xml', 'x-vga" type="bool" value="false"',
     'x-igd-lpc" type="bool" value="true"'),
    ('skylake-ready', 'sets.xml', 'x-pci-sub-device-id=0x2212',
     'x-igd-legacy-mode=on'),
    ('skylake-ready', 'debian13.xml', '<iommu', PORTS + '<iommu'),
    ('broadwell', 'debian13.xml', "'q35'", "'pc-q35-8.1'"),
    ('skylake-ready', 'win11.xml', '8388608', '5368709120'),
    ('no-igd', 'win11.xml', '9.2', '9.1'),
    ('skylake-ready', 'win11.xml', 'pc-q35-9.2', 'microvm'),
    ('skylake-ready', 'win11.xml', 'x86_64', 'aarch64'),
    ('skylake-ready', 'win11.xml', "'kvm'", "'xen'"),
    ('skylake-ready', 'win11.xml', 'devices>', 'device>'),
    ('skylake-ready', 'win11.xml', 'domain', 'domstatus'),
    ('skylake-ready', 'win11.xml', "unit='KiB'", "unit='pages'"),
    ('skylake-ready', 'win11.xml', '8388608', '1'),
    ('skylake-ready', 'win11.xml', '</domain>', ''),
    ('skylake-ready', 'win11.xml', '<domain', '<!DOCTYPE domain [<!ENTITY a '
     '"b">]>\n<domain'),
    ('skylake-ready', 'win11.xml', '<vcpu', '<a>' * 40 + '<vcpu'),
    ('skylake-ready', 'win11.xml', 'win11</name>', 'win\x0111</name>'),
    ('skylake-ready', 'win11.xml', 'win11</name>', 'x' * (1 << 18)),
    ('skylake-ready', 'sets.xml', 'xmlns:qemu', 'xmlns:q'),
    ('skylake-ready', 'pve-args.conf', 'viommu=intel', 'viommu=virtio'),
    ('skylake-ready', 'pve-q35.conf', '0000:00:02.0,pcie=1', 'mapping=igd'),
    ('skylake-ready', 'pve-q35.conf', 'pcie=1', 'mdev=i915-GVTg_V5_4'),
    ('skylake-ready', 'pve-q35.conf', '02.0,', '02.0;00:1f.3,'),
    ('skylake-ready', 'pve-q35.conf', 'hostpci1', 'hostpci0'),
    ('skylake-ready', 'pve-q35.conf', '00:1f.3', '00:02'),
    ('skylake-ready', 'pve-q35.conf', 'hostpci0', 'usb0'),
    ('skylake-ready', 'pve-q35.conf', "A B'", 'A B'),
    ('skylake-ready', 'pve-q35.conf', 'memory: 8192', 'memory: 8G'),
    ('skylake-ready', 'pve-q35.conf', 'memory: 8192', 'arch: aarch64'),
    ('skylake-ready', 'pve-legacy.conf', 'cores: 4', 'machine: q35'),
)


def test_refused(tmp_path):
    """Nothing for a file, one reason, and what would help."""
    text = ''
    for host, which, old, new in REFUSED:
        path = made(tmp_path, which, old, new)
        done = plan(path, host)
        assert (done.returncode in (1, 2), done.stdout) == (True, ''), done
        said = [line for line in re.sub(
            r'(?m)^Checking .*: (PASS|WARN) .*\n(    hint:\n(     .*\n)+)?',
            '', done.stderr).splitlines()]
        assert ('; try: ' in done.stderr if done.returncode == 2 else
                'hint:' in '\n'.join(said) or host == 'no-igd'), done.stderr
        # As root, without harm: comments, and plans.
        hints = [line.strip() for line in said if line.startswith(' ' * 8)]
        assert all(re.match('# |igd-stolen plan |lspci -nn$', line)
                   for line in hints), hints
        text += '%s, %s:\n%s\n' % (which, str(new)[:50], '\n'.join(said))
    compare('guests/refused.txt', text)


def test_own_emulator_of_proxmox_is_refused():
    """With a command that is not refused."""
    done = run('plan', '--from-qm', GUESTS / 'pve-plain.conf', '--from',
               bundle('skylake-ready'))
    assert (done.returncode, done.stdout) == (1, '')
    again = shlex.split(done.stderr.splitlines()[-1])[1:]
    assert run(*again, '--from', bundle('skylake-ready')).returncode == 0


def test_name_of_file_ends_no_comment(tmp_path):
    path = tmp_path / 'a\nreboot #.xml'
    path.write_text((GUESTS / 'win11.xml').read_text().replace(
        '8388608', '5368709120'))
    done = plan(path, 'skylake-ready')
    assert '        # in a?reboot #.xml: memory of at most' in done.stderr


@pytest.mark.parametrize('diff', [None, 'exit 2', 'kill $$'])
def test_no_diff_is_said(diff, tmp_path):
    """Where there is no diff(1), the file is there all the same."""
    if diff:
        (tmp_path / 'diff').write_text('#!/bin/sh\n%s\n' % diff)
        (tmp_path / 'diff').chmod(0o755)
    done = run('plan', '--from-xml', GUESTS / 'win11.xml', '--from',
               bundle('skylake-ready'), env={'PATH': str(tmp_path)})
    assert done.returncode == 0
    assert 'ua-igd' in done.stdout
    assert done.stderr.startswith('igd-stolen: no diff: ')
