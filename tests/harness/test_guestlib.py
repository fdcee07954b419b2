# Guest harness: evidence, and checks that can fail
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import struct
from types import SimpleNamespace

import pytest

from guestlib import cases, checks, evidence as said, kexec, xen
from guestlib.acpi import TableError
from guestlib.evidence import Evidence, Range

STOLEN = checks.Stolen(0x7b800000, 64 << 20, 8 << 20)

CONSOLE = '''\
[    0.000000] BIOS-e820: [mem 0x0000000000100000-0x000000007afdffff] usable
[    0.000000] BIOS-e820: [mem 0x000000007afe0000-0x000000007f7fffff] reserved
[    0.010000] Reserving Intel graphics memory at \
[mem 0x7b800000-0x7f7fffff]
[    0.000000] efi: mem07: [Reserved    |   |WB] \
range=[0x000000007b000000-0x000000007f7fffff] (72MB)
[    0.000000] efi: mem08: [ACPI Mem NVS|   |WB] \
range=[0x000000007a000000-0x000000007affffff] (16MB)
[    0.100000] DMAR: RMRR base: 0x0000007b000000 end: 0x0000007f7fffff
[    1.000000] system 00:07: [mem 0x7b000000-0x7f7fffff] has been reserved
'''

# One RMRR for 00:02.0, built by hand from chapter 8 of the specification.
RMRR = (struct.pack('<HHHHQQ', 1, 32, 0, 0, 0x7b000000, 0x7f7fffff)
        + bytes((1, 8, 0, 0, 0, 0, 2, 0)))


def dmar_table(*structures):
    body = b''.join(structures)
    table = bytearray(b'DMAR' + struct.pack('<I', 48 + len(body))
                      + bytes(40) + body)
    table[9] = -sum(table) & 0xff
    return bytes(table)


SAYS = f'''\
@@L1 started 3.00
@@L1 iomem 7b000000-7f7fffff : Reserved
@@L1 iomem 7f800000-afffffff : PCI Bus 0000:00
@@L1 table DMAR {dmar_table(RMRR).hex(' ')}
@@L1 bar 0000:00:02.0 0xfd000000 0xfdffffff 0x140204
@@L1 group_region 0000:00:02.0 0x7b000000 0x7f7fffff direct-relaxable
@@L1 group_region 0000:00:02.0 0xfee00000 0xfeefffff msi
@@L1 dma_fill 0x7b000000 0x4800000 status 0x2 words 0x5A17ED00 0x5A17ED00 \
0x5A17ED00 fault 0xFFFFFFFFFFFFFFFF
@@L1 dma_read 0x7b000000 0x4800000 status 0x2 sum \
{0x4800000 // 4 * 0x5a17ed00:#x}
@@L1 dma_checksum 0x7b800000 status 0x2 0x2 sum 0x51112223
@@L1 dma_copy 0x7b900000 0x7bb00000 status 0x2 word 0x0C0FFEE0
@@L1 finished 9.00
'''

GOOD = [
    (checks.kernel_stolen, 'Reserving Intel', '[mem 0x7b800000', '[mem 0x0'),
    (checks.e820_reserved, 'e820', '7f7fffff] res', '7f6fffff] res'),
    (checks.e820_reserved, 'e820 far below', '7afe0000-', '70000000-'),
    (checks.rmrr_logged, 'RMRR', 'end: 0x0000007f7fffff',
     'end: 0x0000007f7effff'),
    (checks.rmrr_logged, 'second RMRR', '[    1.000000]',
     '[    1.000000] DMAR: RMRR base: 0x1000 end: 0x1fff\n[    1.0]'),
    (checks.rmrr_in_table, 'table', 'table DMAR', 'table OTHER'),
    (checks.group_relaxable, 'relaxable', 'direct-relaxable', 'direct'),
    (checks.motherboard_resource, 'pnp', 'system 00:07: [mem 0x7b0',
     'system 00:07: [mem 0x7b8'),
    (checks.pci_windows_clear, 'window', '7f800000-afffffff',
     '7f000000-afffffff'),
    (checks.bars_clear, 'bar', '0xfd000000 0xfdffffff',
     '0x7f000000 0x7fffffff'),
    (checks.efi_map_clear, 'uefi', '7a000000-0x000000007affffff',
     '7a000000-0x000000007b000fff'),
    (checks.efi_map_clear, 'uefi not printed', 'efi: mem', 'efi: '),
    (checks.dma_read_back, 'dma read', 'dma_read', 'dma_other'),
]

GOOD_ALONE = [
    (checks.no_firmware_bug, 'bug', '[    1.000000] system',
     '[    1.0] DMAR: [Firmware Bug]: No firmware reserved region can'),
    (checks.no_dmar_fault, 'fault', '[    1.000000] system',
     '[    1.0] DMAR: [DMA Write NO_PASID] Request device [00:02.0] '),
    (checks.no_kernel_trouble, 'trouble', '[    1.000000] system',
     '[    1.0] WARNING: CPU: 0 PID: 1'),
    (checks.dma_seen_by_cpu, 'fill failed', 'fill 0x7b000000 0x4800000 '
     'status 0x2', 'fill 0x7b000000 0x4800000 status 0x80000006'),
    (checks.dma_seen_by_cpu, 'old word', '0x5A17ED00 fault',
     '0x01010101 fault'),
    (checks.dma_seen_by_cpu, 'no word', '0x5A17ED00 fault', 'fault'),
    (checks.cpu_seen_by_dma, 'sum', '0x51112223', '0x0'),
    (checks.dma_copied, 'copy', 'word 0x0C0FFEE0', 'word 0x0'),
]


def evidence(old='', new=''):
    text = CONSOLE + '\0' + SAYS
    if old:
        assert old in text
        text = text.replace(old, new)
    return Evidence('L1', *text.split('\0'))


@pytest.mark.parametrize('check,what,old,new', GOOD,
                         ids=[row[1] for row in GOOD])
def test_check_passes_and_fails(check, what, old, new):
    assert check(evidence(), STOLEN)
    assert not check(evidence(old, new), STOLEN)


@pytest.mark.parametrize('check,what,old,new', GOOD_ALONE,
                         ids=[row[1] for row in GOOD_ALONE])
def test_check_of_log_passes_and_fails(check, what, old, new):
    assert check(evidence())
    assert not check(evidence(old, new))


@pytest.mark.parametrize('check', [checks.no_dmar_fault, checks.kernel_stolen])
def test_case_is_what_the_check_says(check):
    guest = SimpleNamespace(l1=evidence(), l2=evidence('Reserving', 'x'),
                            spec=SimpleNamespace(stolen=STOLEN))
    cases.case('l1', check, 'any')(guest)
    if check is checks.kernel_stolen:
        with pytest.raises(pytest.fail.Exception):
            cases.case('l2', check, 'any')(guest)


def test_silence_does_not_pass():
    check = checks.no_dmar_fault(Evidence('L2', '', ''))
    assert check and not checks.only_if(False, check)


def test_other_level_is_not_heard():
    assert not Evidence('L2', '', SAYS).says


def test_dmar_scope():
    [rmrr] = said.rmrrs(dmar_table(RMRR))
    assert rmrr.where == Range(0x7b000000, 0x7f7fffff)
    assert rmrr.devices == ((0, ((2, 0),)),)


@pytest.mark.parametrize('table', [
    dmar_table(RMRR)[:-1], dmar_table(RMRR[:-1]), b'DMAR' + bytes(60),
    dmar_table(struct.pack('<HH', 1, 2)),
], ids=['short', 'structure cut', 'wrong length', 'structure length'])
def test_dmar_broken(table):
    with pytest.raises(TableError):
        said.rmrrs(table)

# Three boots in one emulator

LINUX = '[    0.000000] Linux version 6.1.0\n'
COPIED = (f'[    2.216629] {kexec.TAKES_OVER}\n'
          f'[    2.218454] {kexec.COPIED}\n')
BOOTS = 'firmware\n' + LINUX + LINUX + LINUX + COPIED
STARTS = '@@L1 started 2.45\n' * 3


def outcome(console=BOOTS, says=STARTS):
    run = SimpleNamespace(console=console, says=says)
    return SimpleNamespace(run=run, l1=Evidence('L1', console, says))


@pytest.mark.parametrize('console,says', [
    (BOOTS.replace(LINUX, '', 1), STARTS),
    (BOOTS + LINUX, STARTS),
    (BOOTS, STARTS[:-1].rsplit('\n', 1)[0]),
    ('', ''),
])
def test_boots_are_counted(console, says):
    assert kexec.booted_thrice(outcome())
    assert not kexec.booted_thrice(outcome(console, says))


@pytest.mark.parametrize('console', [
    BOOTS.replace(COPIED, ''),
    BOOTS.replace(kexec.COPIED, 'DMAR: Failed to copy'),
    BOOTS.replace(LINUX, LINUX + COPIED, 1),
    'firmware\n' + LINUX + LINUX + COPIED,
])
def test_tables_taken_over(console):
    assert kexec.took_over(kexec.boots(outcome()))
    assert not kexec.took_over(kexec.boots(outcome(console)))


# Xen below a kernel

XEN = '''\
(XEN) [VT-D]found ACPI_DMAR_DRHD:
(XEN) [VT-D] endpoint: 0000:00:00.0
(XEN) [VT-D] endpoint: 0000:00:02.0
(XEN) [VT-D]found ACPI_DMAR_RMRR:
(XEN) [VT-D] endpoint: 0000:00:02.0
(XEN) Using APIC driver default
(XEN) I/O virtualisation enabled
(XEN) [VT-D]iommu_enable_translation: iommu->reg = ffff82c000205000
[    1.349495] Xen version: 4.17.7 (preserve-AD)
'''
TABLES = '''\
@@L1 table_name FACP
@@L1 table_name RMAD
'''
TRACED = '''\
vtd_rmrr_state 00:02.0 0x7b000000-0x7f7fffff mapped 1: translation is off
'''
FAULT = ('(XEN) [VT-D]DMAR:[DMA Write] Request device [0000:00:02.0] fault '
         'addr 50000000\n')
RESERVED = ('(XEN) [VT-D]  RMRR address range 7b000000..7f7fffff not in '
            'reserved memory; need "iommu_inclusive_mapping=1"?\n')


def dom0(evidence):
    return xen.below_linux(evidence, '4.17')


@pytest.mark.parametrize('check,old,new', [
    (xen.rmrr_found, 'found ACPI_DMAR_RMRR', 'found ACPI_DMAR_ATSR'),
    (xen.rmrr_found, 'RMRR:\n(XEN) [VT-D] endpoint: 0000:00:02.0\n',
     'RMRR:\n'),
    (xen.rmrr_found, 'RMRR:\n(XEN) [VT-D] endpoint: 0000:00:02.0',
     'RMRR:\n(XEN) [VT-D] endpoint: 0000:00:1f.2'),
    (xen.rmrr_found, '(XEN) Using',
     '(XEN) [VT-D]found ACPI_DMAR_RMRR:\n(XEN) Using'),
    (xen.translates, 'virtualisation enabled', 'virtualisation disabled'),
    (xen.translates, 'iommu_enable_translation', 'iommu_other'),
    (xen.no_fault, '(XEN) Using', FAULT + '(XEN) Using'),
    (xen.rmrr_reserved, '(XEN) Using', RESERVED + '(XEN) Using'),
    (dom0, 'Xen version', 'Linux version'),
    (dom0, '4.17.7', '4.20.4'),
    (dom0, 'RMAD', 'DMAR'),
    (dom0, 'FACP', 'NONE'),
])
def test_check_of_xen_passes_and_fails(check, old, new):
    assert old in XEN + TABLES
    assert check(Evidence('L1', XEN, TABLES))
    assert not check(Evidence('L1', XEN.replace(old, new),
                              TABLES.replace(old, new)))


def test_fault_in_the_trace():
    fault = 'vtd_dmar_fault sid 0x10 fault 5 addr 0x7b000000 write 1\n'
    assert xen.no_fault_traced(Evidence('L0', TRACED, ''))
    assert not xen.no_fault_traced(Evidence('L0', TRACED + fault, ''))


@pytest.mark.parametrize('entries', [0, 1])
def test_memory_of_dom0(entries):
    def seen(entries):
        return Evidence('L0', '', '@@L0 listener dom0 {"entries":%d,'
                        '"region-entries":1}' % entries)

    assert xen.memory_mapped(seen(400), 'dom0')
    assert not xen.memory_mapped(seen(entries), 'dom0')


def test_silence_of_xen_does_not_pass():
    silent = Evidence('L1', '', '')
    assert not any(check(silent) for check in
                   (xen.rmrr_found, xen.translates, dom0))
