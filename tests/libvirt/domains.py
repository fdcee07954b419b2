# Domains of people who pass an IGD through, with igd-testdev for it
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each row is what a domain has besides BASE, as libvirt's own elements; the
# device is in slot 2 unless the row says where. libvirt knows nothing of it,
# so the root ports for the domain's other devices are in slots 3 and 4.

import xml.etree.ElementTree as xml

from guestlib import debian_qemu
from igdrmrr import package

QEMU = 'http://libvirt.org/schemas/domain/qemu/1.0'

IGD = '-device igd-testdev,addr=02.0,dsm-base=0x7b800000'
PORTS = ''.join(
    "<controller type='pci' model='pcie-root-port' index='%d'>"
    "<address type='pci' slot='%d' function='%d' multifunction='on'/>"
    '</controller>' % (n + 1, 3 + n // 8, n % 8) for n in range(12))
VTD = ("<features><ioapic driver='qemu'/></features><devices>"
       "<iommu model='intel'><driver intremap='on' caching_mode='on' "
       "aw_bits='39'/></iommu>%s</devices>" % PORTS)
BASE = """
<domain type='qemu'><name/><memory unit='MiB'>256</memory><vcpu>2</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<features><acpi/><apic/></features><devices/></domain>
"""
PC = "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
SPICE = """
<graphics type='spice' autoport='no'><listen type='none'/>
<image compression='off'/></graphics>
"""
TPM = """
<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
"""
SHARED = """
<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
"""
DISK = """
<disk type='file' device='disk'><driver name='qemu' type='raw' %s/>
<source file='/var/lib/libvirt/images/raw.img'/>
<target dev='%s' bus='%s'/></disk>
"""

# name: (elements of the domain, elements of its devices).
ROWS = {
    'virt-manager': ('', SPICE + """
<video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1'/>
</video><controller type='usb' model='qemu-xhci' ports='15'/>
<redirdev bus='usb' type='spicevmc'/><redirdev bus='usb' type='spicevmc'/>
<channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/>
</channel><channel type='unix'><target type='virtio'
name='org.qemu.guest_agent.0'/></channel><input type='tablet' bus='usb'/>
<sound model='ich9'/><audio id='1' type='spice'/><rng model='virtio'>
<backend model='random'>/dev/urandom</backend></rng>"""),
    'windows-11': ("""
<os><loader readonly='yes' secure='yes'
type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.ms.fd</loader>
<nvram template='/usr/share/OVMF/OVMF_VARS_4M.ms.fd'/></os>
<features><smm state='on'/><hyperv><relaxed state='on'/><vapic state='on'/>
<spinlocks state='on' retries='8191'/></hyperv></features>
<clock offset='localtime'><timer name='hpet' present='no'/></clock>
""", TPM + "<video><model type='vga'/></video>" + DISK % (
        "discard='unmap'", 'sda', 'sata')),
    'tpm-tis': ('', TPM.replace('crb', 'tis')),
    '9p': ('', """<filesystem type='mount' accessmode='mapped'>
<source dir='/srv'/><target dir='host'/></filesystem>"""),
    'virtiofs': (SHARED, """<filesystem type='mount'><driver type='virtiofs'/>
<source dir='/var/lib/libvirt/images'/><target dir='host'/></filesystem>"""),
    'io-uring': ('<iothreads>1</iothreads>', DISK % (
        "io='io_uring' cache='none' iothread='1'", 'vda', 'virtio')),
    'native-aio': ('', DISK % ("io='native' cache='none'", 'sda', 'scsi') +
                   "<controller type='scsi' model='virtio-scsi'/>"),
    'memfd': (SHARED, ''),
    'numatune': ("""
<numatune><memory mode='strict' nodeset='0'/></numatune>
<cpu><numa><cell id='0' cpus='0' memory='128' unit='MiB'/>
<cell id='1' cpus='1' memory='128' unit='MiB'/></numa></cpu>""", ''),
    'vnc-password': ('', """<graphics type='vnc' passwd='secret'>
<listen type='socket'/></graphics><video><model type='bochs'/></video>"""),
    'looking-glass': ('', SPICE + """<shmem name='looking-glass'>
<model type='ivshmem-plain'/><size unit='M'>32</size>
<address type='pci' slot='5'/></shmem>
<input type='keyboard' bus='virtio'/><input type='mouse' bus='virtio'/>"""),
    'second-display': ('', SPICE + "<video><model type='virtio'/></video>"),
    'root-port': ('', "<video><model type='none'/></video>"),
    'pc-romfile': (PC, """<video><model type='none'/></video>
<memballoon model='none'/>"""),
}
# What needs a kernel that the suite has to itself, for the confined domain.
OWN_KERNEL = """<memoryBacking><hugepages/></memoryBacking>
<devices><input type='evdev'><source dev='/dev/input/event0'
grab='all' repeat='on'/></input></devices>"""
# Where the device is, if not in slot 2.
PLACES = {'second-display': IGD.replace('02', '05') + ',class=secondary',
          # libvirt's own ports come later.
          'root-port': '-device pcie-root-port,id=rp1,chassis=99,addr=1c.0 '
                       + IGD.replace('addr=02.0', 'bus=rp1'),
          'pc-romfile': IGD + ',romfile=/var/lib/libvirt/images/vbios.rom'}


def merge(domain, text):
    """Adds elements to a domain, and to its os, features and devices."""
    for part in xml.fromstring('<domain>%s</domain>' % text):
        there = domain.find(part.tag)
        if part.tag == 'os' and part.find('type') is not None:
            there.clear()
        if there is None:
            domain.append(part)
        else:
            there.extend(part)


def domain(name, debian=None):
    """The domain of a row, as text; for an emulator like @debian's or ours."""
    found = xml.fromstring(BASE)
    elements, devices = ROWS[name]
    words = PLACES.get(name, IGD)
    if debian:
        words = debian_qemu.as_debian(words)
    found.find('name').text = name
    merge(found, '<devices><emulator>%s</emulator></devices>'
          % (debian or '/usr/bin/' + package.EMULATOR))
    if elements != PC:
        merge(found, VTD)
    merge(found, elements)
    merge(found, '<devices>%s</devices>' % devices)
    line = xml.SubElement(found, '{%s}commandline' % QEMU)
    for word in words.split():
        xml.SubElement(line, '{%s}arg' % QEMU, value=word)
    return xml.tostring(found, 'unicode')
