# What igd-stolen finds out, against what the bundles were made from
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import json
import re
import shlex
import shutil
import subprocess
from dataclasses import replace

import pytest

from conftest import BY_NAME, ROOT, TOOL, make, run

MIB = make.MIB
ECAM = (0xB0000000, 0xBFFFFFFF)

# Status of each check that is not "pass", by host.
NOT_PASSED = {
    'sandy-bridge-vtd-off': {'driver': 'warn', 'group': 'fail',
                             'vtd': 'fail', 'width': 'warn',
                             'sources': 'warn'},
    'haswell-high': {'driver': 'warn'},
    'haswell-256m': {},
    'broadwell': {},
    'braswell': {'driver': 'warn'},
    'skylake-ready': {},
    'skylake-nobody': {},
    'apollo-lake': {'driver': 'warn'},
    'kaby-lake-128m': {'driver': 'warn'},
    'coffee-lake-shared': {'driver': 'warn', 'group': 'fail'},
    'whiskey-lake': {'group': 'fail', 'mappings': 'warn'},
    'comet-lake-vtd-off': {'driver': 'warn', 'group': 'fail', 'vtd': 'fail',
                           'width': 'warn', 'region': 'fail'},
    'ice-lake': {},
    'tiger-lake-nuc': {'driver': 'warn'},
    'tiger-lake': {},
    'alder-lake': {},
    'meteor-lake': {},
    'not-vga': {'driver': 'warn', 'opregion': 'warn'},
    'unknown-id': {'igd': 'warn', 'sources': 'warn', 'parts': 'fail'},
    'unknown-id-root': {'igd': 'warn', 'sources': 'warn'},
    'contradiction': {'sources': 'fail'},
    'bdsm-zero': {'driver': 'warn', 'group': 'fail', 'vtd': 'fail',
                  'width': 'warn', 'region': 'fail'},
    'no-igd': {'igd': 'fail'},
    'no-line': {'sources': 'warn'},
    'two-lines': {'sources': 'warn'},
    'direct-line': {'kernel': 'warn'},
    'direct-nobody': {'kernel': 'warn', 'sources': 'warn'},
    'no-file': {'kernel': 'warn', 'sources': 'warn', 'opregion': 'warn'},
    'line-on-old-kernel': {},
    'kernel-3': {'kernel': 'fail', 'sources': 'warn'},
    'other-gpu-primary': {'opregion': 'warn'},
    'virtual-functions': {'driver': 'warn'},
    'function-in-guest': {},
    'bridge-at-02': {'igd': 'fail'},
    'disk-in-group': {'driver': 'warn', 'group': 'fail'},
    'usb-in-group': {'driver': 'warn', 'group': 'fail'},
    'emmc-in-group': {'group': 'fail'}, 'fibre-in-group': {'group': 'fail'},
    'infiniband-in-group': {'group': 'fail'},
    'wireless-in-group': {'group': 'fail'},
    'isa-bridge-in-group': {'group': 'fail'},
    'no-class-in-group': {'group': 'fail'},
    'smbus-in-group': {'group': 'fail'},
    'sound': {}, 'sound-shared': {},
    'framebuffer': {'bar2': 'warn'},
    'framebuffer-old': {'bar2': 'warn'},
    'no-intremap': {'intremap': 'fail'},
    'wildcat-lake': {}, 'arrow-lake-s': {}, 'nova-lake': {},
    'amber-lake': {}, 'cannon-lake': {},
    'ubuntu-vtd-off': {'driver': 'warn', 'group': 'fail', 'vtd': 'fail',
                       'width': 'warn', 'sources': 'warn'},
}

GENERATIONS = {
    'sandy-bridge-vtd-off': 'gen 6', 'haswell-high': 'gen 7',
    'haswell-256m': 'gen 7', 'broadwell': 'gen 8 (Broadwell)',
    'braswell': 'gen 8 (Cherryview)', 'skylake-ready': 'gen 9',
    'apollo-lake': 'gen 9', 'comet-lake-vtd-off': 'gen 9',
    'ice-lake': 'gen 11', 'tiger-lake': 'gen 12', 'alder-lake': 'gen 12',
    'meteor-lake': None, 'unknown-id': None, 'wildcat-lake': None,
    'arrow-lake-s': None, 'nova-lake': None, 'amber-lake': 'gen 9',
    'cannon-lake': 'gen 9', 'other-gpu-primary': 'gen 12',
}


def answer(host, tmp_path, *words):
    """The program's JSON about a host of the table."""
    path = tmp_path / 'host.bundle'
    path.write_text(make.bundle_of(host))
    done = run(*words, '--json', '--from', path)
    assert done.stderr == ''
    said = json.loads(done.stdout)
    assert said['exit_status'] == done.returncode
    return said


def ranges():
    """The DSM ranges of real hosts, from the table of the unit tests."""
    text = (ROOT / 'tests/unit/host-dsm-ranges.h').read_text()
    found = re.findall(r'\{ 0x([0-9a-f]{8}), 0x([0-9a-f]{8}) \}', text)
    return [(int(base, 16), int(limit, 16)) for base, limit in found]


def test_every_host_has_a_row():
    assert set(NOT_PASSED) == set(BY_NAME)


@pytest.mark.parametrize('name', NOT_PASSED)
def test_verdicts(name, tmp_path):
    said = answer(BY_NAME[name], tmp_path, 'probe')
    expected = dict(NOT_PASSED[name])
    if 'fail' in expected.values():
        expected['verdict'] = 'fail'
    assert {one['name']: one['status'] for one in said['checks']
            if one['status'] != 'pass'} == expected
    assert all(one['hint'] for one in said['checks']
               if one['status'] == 'fail' and one['name'] != 'verdict')


def test_nobody_is_told_to_make_it_primary(tmp_path):
    said = answer(BY_NAME['other-gpu-primary'], tmp_path, 'probe')
    assert 'not the host\'s primary display' in said['checks'][0]['detail']
    assert not [one for one in said['checks']
                if 'primary' in (one['hint'] or '')]


@pytest.mark.parametrize('name', NOT_PASSED)
def test_strict(name, tmp_path):
    said = answer(BY_NAME[name], tmp_path, 'probe', '--strict')
    assert said['exit_status'] == bool(NOT_PASSED[name])


@pytest.mark.parametrize('name', GENERATIONS)
def test_generation(name, tmp_path):
    said = answer(BY_NAME[name], tmp_path, 'probe')
    assert said['host']['igd']['generation'] == GENERATIONS[name]


@pytest.mark.parametrize('gsm', [2 * MIB, 4 * MIB, 8 * MIB])
@pytest.mark.parametrize('dsm, limit', ranges(),
                         ids=['%08x' % base for base, _ in ranges()])
def test_real_ranges(dsm, limit, gsm, tmp_path):
    host = replace(BY_NAME['skylake-ready'], dsm=dsm, limit=limit, gsm=gsm,
                   ggc=make.ggc(limit - dsm + 1, gsm))
    said = answer(host, tmp_path, 'probe')
    assert said['exit_status'] == 0
    assert said['host']['region'] == {
        'base': '0x%08x' % (dsm - gsm), 'limit': '0x%08x' % limit,
        'dsm_base': '0x%08x' % dsm, 'from': 'config space'}
    assert answer(host, tmp_path, 'verify')['verdict'] == 'pass'


@pytest.mark.parametrize('memory', [1, 2, 3, 8])
@pytest.mark.parametrize('dsm, limit', ranges(),
                         ids=['%08x' % base for base, _ in ranges()])
def test_plan_of_real_ranges(dsm, limit, memory, tmp_path):
    host = replace(BY_NAME['skylake-nobody'], dsm=dsm, limit=limit)
    base = dsm - host.gsm
    said = answer(host, tmp_path, 'plan', '--memory', '%dG' % memory)
    if base <= ECAM[1] and limit >= ECAM[0]:
        assert said['plan'] is None and said['exit_status'] == 1
        said = answer(host, tmp_path, 'plan', '--memory', '%dG' % memory,
                      '--firmware', 'ovmf')
    plan = said['plan']
    assert plan['placed']
    usual = memory << 30 if memory << 30 < 0xB0000000 else 0x80000000
    low = min(usual, base)
    assert int(plan['low_ram'], 16) == low
    assert plan['locked_memory'] == (
        (memory << 30) + limit - base + 1 + (1 << 30))
    check_map(plan['guest_map'], memory << 30, base, limit)


# Where the machines of QEMU 10.0 end RAM below 4 GiB if nothing is in its way.
@pytest.mark.parametrize('machine, memory, low', [
    ('q35', 512, 0x20000000), ('q35', 2048, 0x80000000),
    ('q35', 2815, 0xaff00000), ('q35', 2816, 0x80000000),
    ('q35', 8192, 0x80000000), ('pc', 3072, 0xc0000000),
    ('pc', 3583, 0xdff00000), ('pc', 3584, 0xc0000000),
    ('pc', 8192, 0xc0000000)])
def test_usual_low_ram(machine, memory, low, tmp_path):
    said = answer(BY_NAME['meteor-lake'], tmp_path, 'plan', '--memory',
                  '%dM' % memory, '--machine', machine)
    assert int(said['plan']['low_ram'], 16) == low


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


def test_aw_bits_of_a_wide_host(tmp_path):
    said = answer(BY_NAME['alder-lake'], tmp_path, 'plan', '--memory', '8G')
    assert said['plan']['aw_bits'] == 48


def test_too_much_memory_for_the_width(tmp_path):
    said = answer(BY_NAME['skylake-ready'], tmp_path, 'plan', '--memory',
                  '510G')
    assert said['plan'] is None
    assert [(one['name'], one['hint']) for one in said['checks']
            if one['status'] == 'fail'] == [
                ('ram', 'igd-stolen plan --memory 522160M --format json')]


def test_host_is_the_limit_without_an_iommu(tmp_path):
    """What the guest has as RAM is what the host's IOMMU maps."""
    said = answer(BY_NAME['skylake-ready'], tmp_path, 'plan', '--memory',
                  '510G', '--no-iommu')
    assert [one['hint'] for one in said['checks'] if one['status'] ==
            'fail'] == ['igd-stolen plan --memory 522160M --format json '
                        '--no-iommu']


def test_narrow_host(tmp_path):
    host = replace(BY_NAME['skylake-ready'], cap=0x1C0000C40230462)
    said = answer(host, tmp_path, 'probe')
    assert said['host']['iommu_width']['value'] == 36
    assert said['exit_status'] == 1
    assert [one['hint'] for one in said['checks'] if one['name'] ==
            'width'] == ['igd-stolen plan --memory 8G --no-iommu']


# Why a plan is refused, and what is not the same in the one that is named.
AGAIN = {
    'ram': (replace(BY_NAME['skylake-ready']), ('--memory', '520G'), (),
            '522160M'),
    'width': (replace(BY_NAME['skylake-ready'], cap=0x1C0000C40230462), (),
              ('--no-iommu',), '2048M'),
    'place': (replace(BY_NAME['haswell-256m']), (), ('--firmware', 'ovmf'),
              '2048M'),
}
KEPT = (('--emulator', '/opt/<R&D>/it\'s', '--rom', '/x/y.rom'),
        ('--format', 'libvirt', '--emulator', '/opt/qemu', '--audio'),
        ('--format', 'proxmox', '--rom', '/x/y.rom', '--audio'),
        ('--format', 'json', '--firmware', 'ovmf'),
        ('--machine', 'pc', '--firmware', 'ovmf', '--no-iommu'))


@pytest.mark.parametrize('words', KEPT, ids=' '.join)
@pytest.mark.parametrize('name', AGAIN)
def test_suggested_plan_keeps_the_options(name, words, tmp_path):
    host, changed, added, memory = AGAIN[name]
    path = tmp_path / 'host.bundle'
    path.write_text(make.bundle_of(replace(host, besides={
        '0000:00:1f.3': (0x8086, 0xA170, 0x040300, 'vfio-pci')})))
    device = ('--device', '0000:00:02.0')
    done = run('plan', *(changed or ('--memory', '2G')), *words, *device,
               '--from', path)
    assert done.stderr == ''
    hint = re.search(r'igd-stolen plan .*?(?="|$)', done.stdout, re.M)
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
    path = tmp_path / 'host.bundle'
    path.write_text(make.bundle_of(BY_NAME['skylake-ready']))
    said = subprocess.run([program, 'plan', '-m', '510G', '--from', path],
                          stdout=subprocess.PIPE, text=True).stdout
    assert 'igd-stolen plan --memory 522160M\n' in said


@pytest.mark.parametrize('size, known', [
    (0, False), (64, False), (0x5C, False), (0x5F, False), (0x60, True)])
def test_config_space_cut_off(size, known, tmp_path, monkeypatch):
    whole = make.config_space(BY_NAME['skylake-ready'])
    monkeypatch.setattr(make, 'config_space', lambda host: whole[:size])
    said = answer(BY_NAME['skylake-ready'], tmp_path, 'probe')
    assert (said['host']['bdsm']['value'] is not None) == known
    assert said['host']['region']['base'] == '0x7b000000'


@pytest.mark.parametrize('kernel, status', [
    ('4.0.9', 'fail'), ('4.1.0', 'warn'), ('5.2.21', 'warn'),
    ('5.3.0', 'pass'), ('6.0', 'pass'), ('', 'warn'), ('x', 'warn')])
def test_kernel(kernel, status, tmp_path):
    host = replace(BY_NAME['skylake-ready'], kernel=kernel, source='direct')
    said = answer(host, tmp_path, 'probe')
    assert {one['name']: one['status'] for one in
            said['checks']}['kernel'] == status


def test_limits_that_differ(tmp_path):
    text = make.bundle_of(BY_NAME['skylake-ready']).replace(
        '0x000000007f7fffff direct', '0x000000007f6fffff direct')
    path = tmp_path / 'host.bundle'
    path.write_text(text)
    assert 'config space says 7b000000-7f7fffff' in run(
        'probe', '--from', path).stdout
    assert run('plan', '-m', '1G', '--from', path).returncode == 1


def test_two_relaxable_ranges(tmp_path):
    """Which of them is the IGD's only its registers can tell."""
    for name, status in (('skylake-nobody', 1), ('skylake-ready', 0)):
        text = make.bundle_of(BY_NAME[name]).replace(
            '| 0x00000000fee00000',
            '| 0x0000000070000000 0x0000000070ffffff direct-relaxable\n'
            '| 0x00000000fee00000')
        path = tmp_path / name
        path.write_text(text)
        done = run('probe', '--from', path)
        assert done.returncode == status
        assert '2 direct-relaxable ranges' in done.stdout


def test_no_kvm(tmp_path):
    host = replace(BY_NAME['skylake-ready'], kvm=False)
    said = answer(host, tmp_path, 'plan', '--memory', '1G')
    options = [one['option'] for one in said['plan']['qemu']]
    assert '-machine q35,accel=tcg' in options
    assert '-cpu host' not in options
