# Hints are what people paste as root: valid, complete, and harmless
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import re
import shlex
import subprocess

import pytest

from conftest import BY_NAME, answer, bundle

RUNS = (('probe',), ('probe', '--device', '00:02.1'),
        ('plan', '-m', '8G'), ('plan', '-m', '8G', '--audio'),
        ('plan', '-m', '600G', '--machine', 'pc', '--audio'),
        ('plan', '-m', '2G', '--firmware', 'ovmf', '--no-iommu'))
# Drivers that a hint may take a device from; by hand, not by class.
MAY_GO = ('i915', 'xe', 'snd_hda_intel', 'i801_smbus')
# The kind of a device that no hint takes; by hand as well.
VITAL = {
    'disk-in-group': {'0000:01:00.0': 'storage', '0000:01:00.1': 'network'},
    'usb-in-group': {'0000:00:14.0': 'USB'},
    'emmc-in-group': {'0000:00:1c.0': 'storage'},
    'fibre-in-group': {'0000:01:00.0': 'storage'},
    'infiniband-in-group': {'0000:01:00.0': 'network'},
    'wireless-in-group': {'0000:01:00.0': 'network'},
    'isa-bridge-in-group': {'0000:00:1f.0': 'a bridge'},
    'whiskey-lake': {'0000:00:00.0': 'a bridge'},
    'no-class-in-group': {'0000:01:00.0': 'a device of unknown class'},
}
INTEL, AUDIO = 0x8086, 0x0403


def checks(host, words):
    return answer(bundle(host), *words)['checks']


def hints(host):
    """Every hint about a host: (what it is about, the script)."""
    return sorted({(one['name'], one['hint']) for words in RUNS
                   for one in checks(host, words) if one['hint']})


def devices(host):
    one = BY_NAME[host]
    functions = {one.where[:-1] + str(i + 1): (
        INTEL, one.device, one.display, 'vfio-pci')
        for i in range(one.functions)}
    return {one.where: (INTEL, one.device, one.display, one.driver),
            **one.others, **one.besides, **functions}


def test_is_shell(host):
    # A line that goes on in the next one would make no function of it.
    lines = [line for _, hint in hints(host) for line in hint.splitlines()]
    script = ''.join('f() {\n%s\n:\n}\n' % line for line in lines)
    done = subprocess.run(['bash', '-n'], input=script, text=True,
                          stderr=subprocess.PIPE)
    assert done.returncode == 0, (script, done.stderr)
    for line in lines:
        assert line.strip() == line != ''
        assert not re.search(r'[;&|\\]', line.split('#')[0]), line


def test_takes_nothing_vital_away(host):
    known = devices(host)
    for name, hint in hints(host):
        comments = [line for line in hint.splitlines() if line[0] == '#']
        for address in re.findall(r'([0-9a-f:.]{12})/driver/unbind', hint):
            device = known[address]
            assert device[3] in MAY_GO, (name, hint)
            if address != BY_NAME[host].where:
                assert any(' stops' in line for line in comments), hint
                assert (device[2] >> 8 != AUDIO
                        or '# sound of the host stops' in comments)
            elif device[3]:
                assert any('its picture stops' in line for line in comments)


@pytest.mark.parametrize('name', VITAL)
def test_nothing_of_a_group_with_a_vital_device_is_taken(name):
    """One comment for each, and no command."""
    hint = dict(hints(name))['group']
    assert hint.splitlines() == [
        '# %s is %s, which this host may need: no command takes it away; a '
        'card can go into another slot' % one for one in VITAL[name].items()]


@pytest.mark.parametrize('name, about', [
    ('no-intremap', 'intremap'), ('other-gpu-primary', 'opregion'),
    ('not-vga', 'opregion'), ('unknown-id', 'parts')])
def test_comments_only(name, about):
    """Of what weakens the host, does not help, or cannot be a command."""
    hint = dict(hints(name))[about]
    assert [line for line in hint.splitlines() if line[0] != '#'] == []


class Kernel:
    """Linux when sysfs is written to, in a directory."""

    def __init__(self, root, host):
        self.root = root
        self.sys = root / 'sys/bus/pci'
        (self.sys / 'drivers').mkdir(parents=True)
        (root / 'bin').mkdir()
        modprobe = root / 'bin/modprobe'
        modprobe.write_text('#!/bin/sh\n[ $# = 1 ] || exit 1\n'
                            'mkdir -p %s/drivers/$1\n' % self.sys)
        modprobe.chmod(0o755)
        for address, device in devices(host).items():
            where = self.sys / 'devices' / address
            where.mkdir(parents=True)
            (where / 'driver_override').write_text('\n')
            if device[3]:
                self.bind(address, device[3])

    def bind(self, address, driver):
        where = self.sys / 'drivers' / driver
        where.mkdir(exist_ok=True)
        (where / 'unbind').write_text('')
        (self.sys / 'devices' / address / 'driver').symlink_to(where)

    def driver(self, address):
        link = self.sys / 'devices' / address / 'driver'
        return os.path.basename(os.readlink(link)) if link.exists() else None

    def react(self):
        """To the last command's output."""
        for path in self.sys.glob('drivers/*/unbind'):
            for address in path.read_text().split():
                (self.sys / 'devices' / address / 'driver').unlink()
            path.write_text('')
        path = self.sys / 'drivers_probe'
        for address in path.read_text().split() if path.exists() else ():
            wanted = (self.sys / 'devices' / address / 'driver_override'
                      ).read_text().strip()
            if wanted and not self.driver(address) and (
                    self.sys / 'drivers' / wanted).is_dir():
                self.bind(address, wanted)
        path.write_text('')

    def run(self, script):
        """Line by line, as a person would paste it."""
        for line in script.splitlines():
            line = re.sub(r'/sys/', str(self.root / 'sys') + '/', line)
            subprocess.run(['bash', '-e', '-c', line], check=True,
                           env={'PATH': '%s/bin:/usr/bin:/bin' % self.root})
            self.react()


def test_binds(host, tmp_path):
    """Afterwards the device, or what shares its group, is vfio-pci's."""
    about = [(name, hint) for name, hint in hints(host)
             if 'drivers_probe' in hint]
    for number, (_, hint) in enumerate(about):
        kernel = Kernel(tmp_path / str(number), host)
        named = set(re.findall(r'echo ([0-9a-f:.]{12}) > '
                               '/sys/bus/pci/drivers_probe', hint))
        before = {address: kernel.driver(address)
                  for address in devices(host)}
        kernel.run(hint)
        assert named
        for address, driver in before.items():
            assert kernel.driver(address) == (
                'vfio-pci' if address in named else driver)
    one = BY_NAME[host]
    if one.driver in ('i915', 'xe') and host != 'no-igd':
        assert 'driver' in [name for name, _ in about]


def test_debian_command_adds_the_word(tmp_path):
    """The line in grub.d is what grub-mkconfig sources."""
    hint = dict(hints('ubuntu-vtd-off'))['vtd']
    other = dict(hints('framebuffer-old'))['bar2']
    (tmp_path / 'default/grub.d').mkdir(parents=True)
    # However often, and whatever else.
    for one in (hint, other, hint, other):
        script = re.sub(r'/etc', str(tmp_path), one).replace('update-grub',
                                                             ':')
        subprocess.run(['bash', '-e', '-c', script], check=True)
    said = subprocess.run(
        ['sh', '-c', 'GRUB_CMDLINE_LINUX=quiet; for x in %s/*.cfg; '
         'do . "$x"; done; echo "$GRUB_CMDLINE_LINUX"'
         % (tmp_path / 'default/grub.d')],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    assert sorted(said.split()) == ['intel_iommu=on', 'quiet',
                                    'video=efifb:off']


def test_planned_commands_plan(host):
    """A plan that a failed check names passes that check."""
    for words in RUNS:
        if words[0] != 'plan':
            continue
        for one in checks(host, words):
            if one['status'] == 'fail' and (one['hint'] or '').startswith(
                    'igd-stolen plan'):
                again = checks(host, shlex.split(one['hint'])[1:])
                assert one['name'] not in [
                    other['name'] for other in again
                    if other['status'] == 'fail'], one
