# Answers of probe and plan about hosts of public reports, and about others
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import re
import shlex
import shutil
import subprocess

import pytest

import hosts
from conftest import (BY_NAME, ROOT, TOOL, answer, bundle, bundle_with,
                      checks, run)

MIB = hosts.MIB
ECAM = (0xB0000000, 0xBFFFFFFF)
PLAN = ('plan', '--memory', '8G', '--firmware', 'ovmf')
IDENTITY = ('x-igd-stolen=identity',)


def given(base, size, *gsm):
    return ('x-igd-stolen-base=0x%x' % base, 'x-igd-stolen-size=0x%x' % size,
            *('x-igd-stolen-gsm-size=0x%x' % one for one in gsm))


# Host: vfio-pci's options about stolen memory; None if the answer is no.
RIGHT = {
    'no-line': given(0x7b800000, 0x4800000),
    'two-lines': given(0x8b800000, 0x4800000),
    'direct-line': given(0x7b800000, 0x4800000),
    'direct-nobody': given(0x7b800000, 0x4800000),
    'no-file': given(0xdb000000, 0x4200000),
    'unknown-id': None,
    'unknown-id-root': given(0x7b000000, 0x4800000, 0x800000),
    'line-on-old-kernel': IDENTITY,
    'other-gpu-primary': IDENTITY,
    'virtual-functions': IDENTITY,
    'function-in-guest': (),
    'amber-lake': IDENTITY,
    'cannon-lake': IDENTITY,
    'wildcat-lake': (),
    'arrow-lake-s': (),
    'nova-lake': (),
    'kernel-3': None,
    'bridge-at-02': None,
    'no-intremap': None,
    'disk-in-group': None,
}


def stolen(said):
    """The options about stolen memory in an answer of plan."""
    option = next(one['option'] for one in said['plan']['qemu']
                  if one['option'].startswith('-device vfio-pci'))
    return tuple(word for word in option.split(',')
                 if word.startswith('x-igd-stolen'))


def is_right(path, wanted):
    """Whether probe and plan say no, or plan has these options."""
    probed, planned = answer(path, 'probe'), answer(path, *PLAN)
    assert probed['exit_status'] == planned['exit_status'] == (wanted is None)
    if wanted is None:
        assert planned['plan'] is None
    else:
        assert stolen(planned) == wanted
    return planned['plan']


@pytest.mark.parametrize('name', RIGHT)
def test_right_answer(name):
    is_right(bundle(name), RIGHT[name])


def test_plan_never_contradicts_probe(host):
    """Every check of probe is in plan, with the same status and reason."""
    for words in (('--firmware', 'ovmf'), ('--machine', 'pc', '--audio'),
                  ('--no-iommu',)):
        planned = answer(bundle(host), 'plan', '-m', '2G', *words)
        for name, one in checks(answer(bundle(host), 'probe')).items():
            if name not in ('verdict', 'width'):
                there = checks(planned)[name]
                assert (there['status'], there['detail']) == (
                    one['status'], one['detail'])
                assert one['status'] != 'fail' or planned['exit_status']


@pytest.mark.parametrize('form', ['qemu', 'libvirt', 'proxmox'])
@pytest.mark.parametrize('name', [name for name in RIGHT
                                  if RIGHT[name] is None])
def test_no_format_plans_what_fails(name, form):
    done = run('plan', '-m', '2G', '--format', form, '--from', bundle(name))
    assert done.returncode == 1
    assert 'FAIL' in done.stdout
    assert 'vfio-pci,host' not in done.stdout


@pytest.mark.parametrize('name, device, why', [
    ('bridge-at-02', (), 'no Intel display device'),
    ('bridge-at-02', ('--device', '00:02.0'),
     '0000:00:02.0 is not an Intel display device: 8086:6f04, class 0604'),
    ('disk-in-group', ('--device', '01:00.0'),
     '0000:01:00.0 is not an Intel display device: 144d:a808, class 0108'),
    ('skylake-ready', ('--device', '0000:00:1e.0'),
     '/sys/bus/pci/devices/0000:00:1e.0/vendor is not in the bundle')])
def test_other_device_is_no_igd(name, device, why):
    for words in (('probe',), PLAN, ('verify',)):
        done = run(*words, *device, '--from', bundle(name))
        assert done.returncode == 1
        assert '(%s)' % why in done.stdout
        assert 'unbind' not in done.stdout


def without(text, *paths):
    """A bundle that says nothing of some paths."""
    for path in paths:
        text, count = re.subn(r'(?m)^(absent |denied )?\w+ %s\n(\|.*\n)*'
                              % re.escape(path), '', text)
        assert count
    return text


FUNCTION = '/sys/bus/pci/devices/0000:00:02.1/'


@pytest.mark.parametrize('hidden', [
    (), ('physfn',), ('physfn', 'config'), ('physfn', 'resource')],
    ids=' '.join)
def test_virtual_function(hidden):
    """Also where only its ids show that it is one."""
    path = bundle_with(without(bundle('virtual-functions').read_text(),
                               *(FUNCTION + name for name in hidden)))
    said = answer(path, 'probe', '--device', '00:02.1')
    assert said['exit_status'] == 0
    assert checks(said)['region']['detail'] == (
        'a virtual function has no stolen memory: nothing to place')
    assert said['checks'][-1]['hint'].endswith(' --device 0000:00:02.1')
    said = answer(path, *PLAN, '--device', '00:02.1')
    assert stolen(said) == ()
    assert said['plan']['placed'] is False


def test_virtual_function_with_an_id_of_its_own():
    old = FUNCTION + 'device\n| 0x46d1'
    text = bundle('virtual-functions').read_text()
    assert old in text
    said = answer(bundle_with(text.replace(old, old.replace('d1', 'd0'))),
                  'probe', '--device', '00:02.1')
    assert said['host']['virtual_function_of'] == '0000:00:02.0'


# A source is missing: what says so in the bundle, and the options then. Of two
# sources one is enough; base and size are given if it is not the one that the
# emulator finds by itself.
IGD = '/sys/bus/pci/devices/0000:00:02.0/'
GROUP = '/sys/kernel/iommu_groups/1/'
REGION = given(0x7b000000, 0x4800000)
MISSING = {
    'nothing': ({}, (), IDENTITY),
    'config': ({}, (IGD + 'config',), IDENTITY),
    'no line': ({'source': 'none'}, (), REGION),
    'two lines': ({'source': 'two'}, (), REGION),
    'direct': ({'source': 'direct', 'kernel': '4.19.0'}, (), REGION),
    'no file': ({'source': 'absent'}, (), REGION),
    'group': ({}, (GROUP + 'reserved_regions',), REGION),
    'config, direct': ({'source': 'direct', 'kernel': '4.19.0'},
                       (IGD + 'config',), REGION),
    'config, no line': ({'source': 'none'}, (IGD + 'config',), None),
    'config, two lines': ({'source': 'two'}, (IGD + 'config',), None),
    'config, direct on 6.12': ({'source': 'direct'}, (IGD + 'config',),
                               None),
    'class 0380': ({'display': 0x038000}, (), IDENTITY),
    'class 0300': ({'display': 0x060400}, (), None),
    'another GPU': ({'besides': {'0000:01:00.0': (
        0x8086, 0x56a0, 0x030000, 'xe')}}, (), IDENTITY),
    'log': ({}, ('/dev/kmsg',), IDENTITY),
    'table': ({}, ('/sys/firmware/acpi/tables/DMAR',), IDENTITY),
    'ecap': ({}, ('/sys/class/iommu/dmar0/intel-iommu/ecap',), IDENTITY),
    'no intremap': ({'ecap': 0}, (), None),
    'no intremap, ecap': ({'ecap': 0}, (
        '/sys/class/iommu/dmar0/intel-iommu/ecap',), None),
    'resource': ({}, (IGD + 'resource',), IDENTITY),
    'physfn': ({}, (IGD + 'physfn',), IDENTITY),
    'os-release': ({}, ('/etc/os-release',), IDENTITY),
    'map': ({}, ('/proc/iomem',), IDENTITY),
    'VT-d': ({'vtd': 'kernel-off'}, (), None),
    'kernel': ({}, ('/proc/sys/kernel/osrelease',), IDENTITY),
}


@pytest.mark.parametrize('name', MISSING)
def test_source_that_is_missing(name):
    changes, paths, wanted = MISSING[name]
    plan = is_right(bundle_with(without(
        bundle('skylake-ready', **changes).read_text(), *paths)), wanted)
    assert plan is None or plan['low_ram'] == '0x7b000000'


@pytest.mark.parametrize('system, command', [
    ('debian', '.cfg\nupdate-grub\n'), ('ubuntu', '.cfg\nupdate-grub\n'),
    ('rocky', 'grubby --update-kernel=ALL --args=intel_iommu=on\n'),
    ('arch', '# add intel_iommu=on to GRUB_CMDLINE_LINUX in /etc/default/grub'
     ', then:\ngrub-mkconfig -o /boot/grub/grub.cfg\n'),
    ('slackware', "# add intel_iommu=on to the kernel's command line, ")])
def test_command_line_of_the_kernel(system, command):
    hint = checks(answer(bundle('ubuntu-vtd-off', system=system),
                         'probe'))['vtd']['hint']
    assert command in hint
    assert 'intel_iommu=on' in hint
    assert hint.endswith('then reboot')


# The first line of the hint, and the command that follows it.
@pytest.mark.parametrize('system, release, command', [
    ('debian', '3.16.0-4-amd64', 'apt-get install linux-image-amd64'),
    ('ubuntu', '3.16.0', 'apt-get install linux-generic'),
    ('rocky', '3.16.0', 'dnf upgrade kernel'),
    ('arch', '3.16.0', 'pacman -Syu linux'), ('slackware', '3.16.0', None),
    ('debian', '3.10.0-1-pve', None), ('debian', '4.0.9-pve', None)])
def test_newer_kernel_is_the_systems_own(system, release, command):
    """Proxmox VE has kernels of its own, and no package of Debian's."""
    hint = checks(answer(bundle('kernel-3', system=system, kernel=release),
                         'probe'))['kernel']['hint']
    assert hint == ('# Linux 5.3 or later:\n%s' % command if command else
                    '# install Linux 5.3 or later')


# The DSM ranges of real hosts, from the table of the unit tests.
RANGES = [(int(base, 16), int(limit, 16)) for base, limit in re.findall(
    r'\{ 0x([0-9a-f]{8}), 0x([0-9a-f]{8}) \}',
    (ROOT / 'tests/unit/host-dsm-ranges.h').read_text())]
real_ranges = pytest.mark.parametrize('dsm, limit', RANGES, ids=[
    '%08x' % base for base, _ in RANGES])


@pytest.mark.parametrize('gsm', [2 * MIB, 4 * MIB, 8 * MIB])
@real_ranges
def test_real_ranges(dsm, limit, gsm):
    path = bundle('skylake-ready', dsm=dsm, limit=limit, gsm=gsm,
                  ggc=hosts.ggc(limit - dsm + 1, gsm))
    said = answer(path, 'probe')
    assert said['exit_status'] == 0
    assert said['host']['region'] == {
        'base': '0x%08x' % (dsm - gsm), 'limit': '0x%08x' % limit,
        'dsm_base': '0x%08x' % dsm, 'from': 'config space'}
    assert answer(path, 'verify')['verdict'] == 'pass'


@pytest.mark.parametrize('memory', [1, 2, 3, 8])
@real_ranges
def test_plan_of_real_ranges(dsm, limit, memory):
    path = bundle('skylake-nobody', dsm=dsm, limit=limit)
    base = dsm - BY_NAME['skylake-nobody'].gsm
    words = ('plan', '--memory', '%dG' % memory)
    if base <= ECAM[1] and limit >= ECAM[0]:
        assert answer(path, *words)['plan'] is None
        words += ('--firmware', 'ovmf')
    plan = answer(path, *words)['plan']
    usual = memory << 30 if memory << 30 < 0xB0000000 else 0x80000000
    assert plan['placed']
    assert int(plan['low_ram'], 16) == min(usual, base)
    assert plan['locked_memory'] == (
        (memory << 30) + limit - base + 1 + (1 << 30))
    check_map(plan['guest_map'], memory << 30, base, limit)


def check_map(rows, memory, base, limit):
    """The rows follow each other; all RAM is there, none in the region."""
    ends = [(int(row['base'], 16), int(row['limit'], 16)) for row in rows]
    for (_, before), (after, _) in zip(ends, ends[1:]):
        assert after == before + 1
    ram = [end for row, end in zip(rows, ends) if row['name'] == 'RAM']
    assert sum(last - first + 1 for first, last in ram) == memory
    assert not [end for end in ram if end[0] <= limit and end[1] >= base]
    assert [row['name'] for row, end in zip(rows, ends)
            if end == (base, limit)] == ['stolen memory (GSM and DSM)']


# Where the machines of QEMU 10.0 end RAM below 4 GiB if nothing is in its way.
@pytest.mark.parametrize('machine, memory, low', [
    ('q35', 512, 0x20000000), ('q35', 2048, 0x80000000),
    ('q35', 2815, 0xaff00000), ('q35', 2816, 0x80000000),
    ('q35', 8192, 0x80000000), ('pc', 3072, 0xc0000000),
    ('pc', 3583, 0xdff00000), ('pc', 3584, 0xc0000000),
    ('pc', 8192, 0xc0000000)])
def test_usual_low_ram(machine, memory, low):
    said = answer(bundle('meteor-lake'), 'plan', '--memory', '%dM' % memory,
                  '--machine', machine)
    assert int(said['plan']['low_ram'], 16) == low


NARROW = {'cap': 0x1C0000C40230462}


def test_aw_bits_of_a_wide_host():
    said = answer(bundle('alder-lake'), 'plan', '--memory', '8G')
    assert said['plan']['aw_bits'] == 48


# A plan is refused, and how the plan that the hint names differs.
AGAIN = {
    'ram': ('skylake-ready', {}, ('--memory', '520G'), (), '522160M'),
    'width': ('skylake-ready', NARROW, ('--memory', '2G'), ('--no-iommu',),
              '2048M'),
    'place': ('haswell-256m', {}, ('--memory', '2G'), ('--firmware', 'ovmf'),
              '2048M'),
}
KEPT = (('--emulator', '/opt/<R&D>/it\'s', '--rom', '/x/y.rom'),
        ('--format', 'libvirt', '--emulator', '/opt/qemu', '--audio'),
        ('--format', 'proxmox', '--rom', '/x/y.rom', '--audio'),
        ('--format', 'json', '--firmware', 'ovmf'),
        ('--machine', 'pc', '--firmware', 'ovmf', '--no-iommu'))


@pytest.mark.parametrize('words', KEPT, ids=' '.join)
@pytest.mark.parametrize('name', AGAIN)
def test_suggested_plan_keeps_the_options(name, words):
    host, changes, asked, added, memory = AGAIN[name]
    path = bundle(host, **changes, besides={
        '0000:00:1f.3': (0x8086, 0xA170, 0x040300, 'vfio-pci')})
    device = ('--device', '0000:00:02.0')
    done = run('plan', *asked, *words, *device, '--from', path)
    assert done.stderr == ''
    # Proxmox VE's own emulator gets another one, and a plan besides.
    hint = re.search(r'igd-stolen plan (?!.*/usr/bin/kvm).*?(?="|$)',
                     done.stdout, re.M)
    gone = {'width': 'pc' in words,
            'place': 'proxmox' in words or 'ovmf' in words}
    assert (hint is None) == gone.get(name, False)
    if not hint:
        return
    if name == 'ram' and 'proxmox' in words:
        memory = '522240M'      # no place, so low RAM is the usual
    again = shlex.split(hint[0])[2:]
    kept = [word for word in words if word != '--no-iommu' or
            'pc' not in words]
    assert sorted(again) == sorted(
        ['--memory', memory, *kept, *device, *added])
    done = run('plan', *again, '--from', path)
    assert done.returncode == 0, done.stdout


def test_emulator_that_was_found_is_not_named(tmp_path):
    """Only what the user asked for is asked for again."""
    program = tmp_path / 'igd-stolen'
    shutil.copy(TOOL, program)
    emulator = tmp_path / 'qemu-system-x86_64-igd-rmrr'
    emulator.write_text('')
    emulator.chmod(0o755)
    said = subprocess.run([program, 'plan', '-m', '510G', '--from',
                           bundle('skylake-ready')],
                          stdout=subprocess.PIPE, text=True).stdout
    assert 'igd-stolen plan --memory 522160M\n' in said


@pytest.mark.parametrize('size, known', [
    (0, False), (64, False), (0x5C, False), (0x5F, False), (0x60, True)])
def test_config_space_cut_off(size, known, monkeypatch):
    whole = hosts.config_space(BY_NAME['skylake-ready'])
    monkeypatch.setattr(hosts, 'config_space', lambda host: whole[:size])
    said = answer(bundle('skylake-ready'), 'probe')
    assert (said['host']['bdsm']['value'] is not None) == known
    assert said['host']['region']['base'] == '0x7b000000'


@pytest.mark.parametrize('kernel, status', [
    ('4.0.9', 'fail'), ('4.1.0', 'warn'), ('5.2.21', 'warn'),
    ('5.3.0', 'pass'), ('6.0', 'pass'), ('', 'warn'), ('x', 'warn')])
def test_kernel(kernel, status):
    said = answer(bundle('skylake-ready', kernel=kernel, source='direct'),
                  'probe')
    assert checks(said)['kernel']['status'] == status


@pytest.mark.parametrize('name, status', [
    ('skylake-nobody', 1), ('skylake-ready', 0)])
def test_two_relaxable_ranges(name, status):
    """Which of them is the IGD's only its registers can tell."""
    path = bundle_with(bundle(name).read_text().replace(
        '| 0x00000000fee00000',
        '| 0x0000000070000000 0x0000000070ffffff direct-relaxable\n'
        '| 0x00000000fee00000'))
    said = answer(path, 'probe')
    assert said['exit_status'] == status
    assert 'group 1 has 2 direct-relaxable ranges, not one' in str(said)


def test_no_kvm():
    said = answer(bundle('skylake-ready', kvm=False), 'plan', '-m', '1G')
    options = [one['option'] for one in said['plan']['qemu']]
    assert '-machine q35,accel=tcg' in options
    assert '-cpu host' not in options
