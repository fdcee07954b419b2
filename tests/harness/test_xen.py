# Guest harness: what Xen's log says, and that it can say otherwise
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later


import pytest

from guestlib import xen
from guestlib.evidence import Evidence

CONSOLE = '''\
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
SAYS = '''\
@@L1 table_name FACP
@@L1 table_name RMAD
'''
TRACE = '''\
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
def test_check_passes_and_fails(check, old, new):
    assert old in CONSOLE + SAYS
    assert check(Evidence('L1', CONSOLE, SAYS))
    assert not check(Evidence('L1', CONSOLE.replace(old, new),
                              SAYS.replace(old, new)))


def test_fault_in_the_trace():
    fault = 'vtd_dmar_fault sid 0x10 fault 5 addr 0x7b000000 write 1\n'
    assert xen.no_fault_traced(Evidence('L0', TRACE, ''))
    assert not xen.no_fault_traced(Evidence('L0', TRACE + fault, ''))


@pytest.mark.parametrize('entries', [0, 1])
def test_memory_of_dom0(entries):
    def seen(entries):
        return Evidence('L0', '', '@@L0 listener dom0 {"entries":%d,'
                        '"region-entries":1}' % entries)

    assert xen.memory_mapped(seen(400), 'dom0')
    assert not xen.memory_mapped(seen(entries), 'dom0')


def test_silence_does_not_pass():
    silent = Evidence('L1', '', '')
    assert not any(check(silent) for check in
                   (xen.rmrr_found, xen.translates, dom0))


