# A clean Debian with libvirt and our packages, as a chroot and as a guest
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The chroot's domain has igd-testdev itself. The guest boots the same file
# system from a disk with Debian's kernel, so that AppArmor is there whatever
# kernel this machine runs; its domain is handed the guest's igd-testdev.

import re
import shutil
import xml.etree.ElementTree as xml
from pathlib import Path

from guestlib import assets, chroot, debian_qemu, runner
from guestlib.boot import IOMMU, IOMMU_ON, L1_PROBES, LESS_WORK, Bench
from guestlib.initramfs import (FW_CFG_MODULES, VFIO_MODULES, Archive,
                                ModuleTree, joined, unpacked)
from igdrmrr import assets as cached, fetch, package, paths, ui

import domains

HERE = Path(__file__).resolve().parent
DIRECTORY = paths.BUILD / 'libvirt'
EXAMPLES = 'usr/share/doc/qemu-system-x86-igd-rmrr/examples'
IMAGES = 'var/lib/libvirt/images'
LOGS = '/var/log/libvirt/qemu'
PACKAGES = ('libvirt-daemon-system', 'libvirt-clients', 'apparmor',
            # What domains.py needs; Debian 12 has virtiofsd in the other.
            'ovmf', 'swtpm', 'swtpm-tools',
            'virtiofsd | qemu-system-common (<< 1:8)')
OURS = ('qemu-system-x86-igd-rmrr', 'igd-stolen')
# Installed once libvirt has asked the emulator what it has.
LATER = ('qemu-system-modules-opengl-igd-rmrr',
         'qemu-system-modules-spice-igd-rmrr')
QEMU = domains.QEMU
SCRIPTS = ('steps.sh', 'life.sh', 'confined.sh')

DEVICE = 'igd-testdev,addr=02.0,dsm-base=0x7b800000'
DISK_MODULES = ('virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic')
OTHER_MODULES = ('tun', 'vhost_net', 'button', 'evdev')
DISK_SIZE = '2G'
DEBIAN = Path('srv/debian-qemu')
EMULATOR = '/%s/emulator' % DEBIAN
LIFE_SECONDS = 400
CONFINED_SECONDS = 600

# Once the power button is pressed there is something to read, and init ends.
BUTTON = r'''
say ready
for at in /sys/class/input/event*; do
    read -r name < $at/device/name
    [ "$name" = "Power Button" ] && head -c 24 /dev/input/${at##*/} > /tmp/key
done
'''

xml.register_namespace('qemu', QEMU)


class Steps:
    """What steps.sh printed: lines and exit status of each step."""

    def __init__(self, text):
        self.text = text
        self.lines = {}
        self.status = {}
        for line in text.replace('\r', '').splitlines():
            name, _, rest = line.partition(' ')
            if name == '@@exit':
                step, status = rest.split()
                self.status[step] = int(status)
            elif name.startswith('@@'):
                self.lines.setdefault(name[2:], []).append(rest)

    def of(self, step):
        """The lines of a step that succeeded."""
        assert self.status.get(step) == 0, (
            step, self.status.get(step), self.lines.get(step), self.text)
        return self.lines.get(step, [])


def add(parent, tag, text=None, **attributes):
    element = xml.SubElement(parent, tag, attributes)
    element.text = text
    return element


def override(domain, alias, name, value):
    """Sets an option of a device that libvirt has no element for."""
    where = domain
    for tag, attributes in (
            ('override', {}), ('device', {'alias': alias}), ('frontend', {}),
            ('property', {'name': name, 'type': 'string', 'value': value})):
        where = add(where, '{%s}%s' % (QEMU, tag), **attributes)


def with_guest(domain, parameters):
    """Gives a domain kernel, initramfs and the guests' serial ports."""
    system = domain.find('os')
    for name, value in (('kernel', '/%s/vmlinuz' % IMAGES),
                        ('initrd', '/%s/%s.img' % (
                            IMAGES, domain.findtext('name'))),
                        ('cmdline', '%s %s' % (runner.KERNEL_COMMAND_LINE,
                                               parameters))):
        add(system, name, value)
    devices = domain.find('devices')
    for name in ('console', 'says'):
        port = add(devices, 'serial', type='file')
        add(port, 'source', path='%s/%s.log' % (LOGS, name))
    return domain


def testdev_domain(root):
    """
    The packaged example without hardware.

    It gets a guest, a display, and a policy that is not the default.
    """
    domain = xml.parse(root / EXAMPLES / 'libvirt-testdev.xml').getroot()
    display = add(domain.find('devices'), 'graphics', type='vnc')
    add(display, 'listen', type='socket')
    override(domain, 'iommu0', 'rmrr-policy', 'exact')
    return with_guest(domain, IOMMU_ON)


def igd_domain(root):
    """
    A domain that is handed an IGD by another emulator; small, without KVM.

    It is the packaged example before igd-stolen changes it in the guest. Its
    display is in a module, its RAM in large pages, its keyboard L1's.
    """
    domain = xml.parse(root / EXAMPLES / 'libvirt-igd.xml').getroot()
    domain.set('type', 'qemu')
    devices = domain.find('devices')
    igd = devices.find('hostdev')
    for parent, name in ((domain, 'cpu'), (domain, 'memtune'),
                         (domain, '{%s}override' % QEMU), (devices, 'iommu'),
                         (domain.find('features'), 'ioapic'), (igd, 'alias')):
        parent.remove(parent.find(name))
    domain.find('memory').text = '256'
    domain.find('vcpu').text = '1'
    devices.find('emulator').text = '/usr/bin/qemu-system-x86_64'
    igd.find('address').set('slot', '0x05')
    display = add(devices, 'graphics', type='spice')
    add(display, 'listen', type='none')
    domains.merge(domain, domains.OWN_KERNEL)
    card = add(devices, 'interface', type='ethernet')
    add(card, 'model', type='virtio')
    add(card, 'address', type='pci', bus='0x00', slot='0x02')
    return with_guest(domain, '%s %s' % (IOMMU_ON, LESS_WORK))


class Machines:
    """Both machines, from one file system."""

    def __init__(self):
        self.release = package.release()[1]
        self.kernel = assets.kernel(self.release)
        self.bench = Bench(DIRECTORY)
        self.system = chroot.Chroot(
            self.release, DIRECTORY / 'root', 'libvirt.log',
            PACKAGES + tuple(package.dependencies(OURS + LATER)))
        self.disk = DIRECTORY / 'disk.img'

    def make(self):
        """The file system, and the guest's disk."""
        self.system.make()
        root = self.system.root
        for path in package.debs():
            name = path.name.partition('_')[0] + '.deb'
            shutil.copyfile(path, root / 'srv' / name)
        self.system.run('installing our packages', 'cd /srv\ndpkg -i '
                        + ' '.join(name + '.deb' for name in OURS))
        for name in SCRIPTS:
            shutil.copyfile(HERE / name, root / 'srv' / name)
        self.add_guests(root)
        self.add_rows(root)
        self.disk.unlink(missing_ok=True)
        ui.run_logged(
            "the guest's disk",
            ['/sbin/mke2fs', '-q', '-t', 'ext4', '-O', '^has_journal', '-d',
             root, self.disk, DISK_SIZE], 'libvirt-disk.log')
        self.add_debian(root)

    def add_guests(self, root):
        image = self.kernel.image.read_bytes()
        (root / IMAGES / 'vmlinuz').write_bytes(unpacked(image))
        outer = self.bench.builder.layers(
            L1_PROBES + BUTTON, 'L1', FW_CFG_MODULES + ('button', 'evdev'),
            self.kernel)
        inner = self.bench.builder.layers(':', 'L2')
        for domain, layers in ((testdev_domain(root), outer),
                               (igd_domain(root), inner)):
            name = domain.findtext('name')
            (root / IMAGES / (name + '.img')).write_bytes(joined(layers))
            path = root / 'srv' / (name.replace('igd-', '') + '.xml')
            path.write_bytes(xml.tostring(domain))

    def add_rows(self, root):
        """The domains of domains.py, and their files."""
        for directory, emulator in (('ours', None), ('debian', EMULATOR)):
            (root / 'srv' / directory).mkdir()
            for name in domains.ROWS:
                (root / 'srv' / directory / (name + '.xml')).write_text(
                    domains.domain(name, emulator))
        debian_qemu.write_files(root / IMAGES)

    def add_debian(self, root):
        """Debian's emulator of the version of ours, with all its modules."""
        debian_qemu.fetch(fetch.fetch(()))
        shutil.copytree(debian_qemu.DIRECTORY / 'usr', root / DEBIAN / 'usr',
                        symlinks=True)
        command = ' '.join(map(str, debian_qemu.command()))
        modules = '/%s' % (DEBIAN / debian_qemu.modules().relative_to(
            debian_qemu.DIRECTORY))
        emulator = root / DEBIAN / 'emulator'
        emulator.write_text('#!/bin/sh\nQEMU_MODULE_DIR=%s exec %s "$@"\n' % (
            modules, command.replace('%s' % debian_qemu.DIRECTORY,
                                     '/%s' % DEBIAN)))
        emulator.chmod(0o755)

    def life(self):
        """A domain's life in the chroot."""
        return Steps(self.system.run_booted(
            "a domain's life", 'sh /srv/life.sh', LIFE_SECONDS))

    def initramfs(self):
        archive = Archive()
        for directory in ('dev', 'root', 'bin', 'modules'):
            archive.directory(directory)
        archive.character_device('dev/console', 5, 1)
        archive.file('bin/busybox', cached.busybox('bookworm').read_bytes(),
                     0o755)
        archive.file('init', (HERE / 'init').read_bytes(), 0o755)
        tree = ModuleTree(self.kernel.modules)
        names = DISK_MODULES + VFIO_MODULES + OTHER_MODULES
        for index, (name, content) in enumerate(tree.load_order(names)):
            archive.file('modules/%02d-%s.ko' % (index, name), content)
        path = DIRECTORY / 'initramfs.cpio'
        path.write_bytes(archive.finish())
        return path

    def confined(self):
        """The other domain's life, under AppArmor in the guest."""
        guest = runner.Guest(
            name='confined', emulator=assets.emulator(),
            firmware_directory=self.bench.firmware_directory(),
            machine=['-machine', 'q35', *IOMMU, '-device', DEVICE],
            kernel=self.kernel.image, initramfs=self.initramfs(),
            memory='2G', cpus=2, time_limit=CONFINED_SECONDS,
            more=('-drive', 'if=none,id=disk,format=raw,snapshot=on,'
                  'cache=unsafe,file=%s' % self.disk,
                  '-device', 'virtio-blk-pci,drive=disk'))
        return runner.run(guest, DIRECTORY / 'confined', None,
                          self.bench.stop)

    def stop(self):
        """Ends both."""
        self.bench.stop.set()
        ui.stop_running()

    def remove(self):
        self.system.remove()
        self.disk.unlink(missing_ok=True)


def without_comments(path):
    """An XML file in one form, for comparing."""
    text = re.sub(r'\s*\n\s*', ' ', Path(path).read_text())
    return xml.canonicalize(text, strip_text=True)
