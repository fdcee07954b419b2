# Messages that the book quotes are those of the code
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a command prints is compared where the command is run; this is for the
# rest of ours and of QEMU's. Linux's words are in the guests' tests.

import re

import pytest

from guestlib import book
from igdrmrr import paths

# (page, what it quotes, the file that says so); "..." is a format or a macro.
QUOTES = [
    ('howto/code-43',
     'is inside guest RAM, which this firmware uses as one piece; set '
     'max-ram-below-4g=0x', 'hw/i386/stolen_memory.c'),
    ('howto/no-space',
     '...: its stolen memory 0x...-0x... is not kept mapped until its IOMMU '
     'context changes next: ', 'hw/i386/intel_iommu_rmrr.c'),
    ('howto/no-space',
     "Raise the limit on locked memory (ulimit -l, or libvirt's "
     '<hard_limit>).', 'hw/i386/stolen_memory.c'),
    ('howto/no-space', 'the host could not map it', 'hw/i386/rmrr_policy.c'),
    ('howto/dmar-faults', 'the guest maps none of it',
     'hw/i386/rmrr_policy.c'),
    ('howto/dmar-faults', 'the guest maps something else there',
     'hw/i386/rmrr_policy.c'),
    ('howto/dmar-faults', 'the host could not map it',
     'hw/i386/rmrr_policy.c'),
    ('howto/dmar-faults', 'detected translation failure (dev=',
     'build/qemu-src/hw/i386/intel_iommu.c'),
    ('howto/nested', 'the guest maps something else there',
     'hw/i386/rmrr_policy.c'),
    ('howto/nested', 'no iommu_group found',
     'build/qemu-src/hw/vfio/container.c'),
    ('howto/nested',
     'Interrupt Remapping cannot work with kernel-irqchip=on',
     'build/qemu-src/hw/i386/x86-iommu.c'),
    ('howto/nested',
     'a device that shadows IOMMU mappings needs intel-iommu,caching-mode=on',
     'hw/i386/stolen_memory.c'),
    ('howto/symptoms', 'not available for ..., in use by',
     'build/qemu-src/hw/pci/pci.c'),
    ('howto/symptoms', "stolen memory is not at the host's base",
     'hw/vfio/igd-rmrr.c'),
    ('howto/symptoms',
     'is not kept mapped until its IOMMU context changes next',
     'hw/i386/intel_iommu_rmrr.c'),
    ('specs/vfio-igd-stolen', 'no stolen memory region: BDSM',
     'kernel/igd-vfio-pci/stolen.c'),
]


def joined(text):
    """C strings in one piece; "..." for each macro or format in them."""
    text = re.sub(r'"\s*PRI\w+\s*"', '', text)
    text = re.sub(r'"\s*"', '', text)
    return re.sub(r'%(l*[duxs]|#x)?', '...', text)


def in_one_line(page):
    text = (book.DOCS / (page + '.rst')).read_text()
    return re.sub(r'\s+', ' ', text)


@pytest.mark.parametrize('page, quote, source', QUOTES,
                         ids=['%s-%d' % (one[0], number)
                              for number, one in enumerate(QUOTES)])
def test_quote(page, quote, source):
    assert quote.strip() in in_one_line(page)
    assert quote in joined((paths.ROOT / source).read_text())


def test_reasons():
    """All of the code's, in the code's words."""
    page = in_one_line('reference/qmp')
    text = joined((paths.ROOT / 'hw/i386/rmrr_policy.c').read_text())
    said = re.findall(r'\[RMRR_REASON_(\w+)\] = "([^"]+)"', text)
    assert len(said) == 11
    for name, words in said:
        assert '``%s``' % name.lower().replace('_', '-') in page
        # A table breaks the longest over two lines.
        assert words.split(',')[0] in page


def test_processors():
    """Whatever the table of ids names is in the table of GPUs."""
    page = in_one_line('reference/compatibility')
    rows = re.findall(r'IGD_STOLEN_GEN\w+ },\s*/\* (.*) \*/', (
        paths.ROOT / 'kernel/igd-vfio-pci/igd_stolen_ids.h').read_text())
    assert len(rows) > 20
    for names in rows:
        for name in names.replace(' Lake', '').replace('-S', '').split(', '):
            assert name in page


def test_blessed_tables():
    """Each of them is in the list that says why it is there."""
    page = (book.DOCS / 'devel/acpi.rst').read_text()
    names = {path.suffix[1:] for path in (
        paths.ROOT / 'tests/data/acpi/x86/q35').glob('DMAR.*')}
    assert set(re.findall(r'\* - ``((?:igd|rmrr).*)``', page)) == names


def test_three_numbers():
    """They are those of the row that each of them names."""
    rule = '=' * 46
    numbers, rows = (paths.ROOT / 'docs/explanation/performance.rst'
                     ).read_text().split(rule, 1)
    said = re.findall(r'\* - \*\*([0-9.]+).*\*\* instead of ([0-9.]+)\b.*\n'
                      r'     - (?:.*\n       )*.*\n     - (.*)', numbers)
    assert len(said) == 3
    for ours, stock, name in said:
        row = re.search(r'^%s  +(\S+) +(\S+)' % re.escape(name), rows, re.M)
        assert row.groups() == (stock, ours)


def test_every_symptom_is_in_the_tree():
    index = (book.DOCS / 'index.rst').read_text()
    listed = re.search(r':caption: How-to, by symptom\n.*\n\n((?: .*\n)+)',
                       index)[1].split()
    tree = (book.DOCS / 'howto/symptoms.rst').read_text()
    assert len(listed) > 7
    for page in listed[1:]:
        assert ':doc:`%s`' % page.rpartition('/')[2] in tree


def test_readme_names_pages():
    """Links that lead on from the README, in the repository."""
    named = re.findall(r'^\.\. _.*: (docs/.*)|<(docs/.*)>`_',
                       (paths.ROOT / 'README.rst').read_text(), re.M)
    assert len(named) > 10
    for link in named:
        assert (paths.ROOT / ''.join(link)).is_file(), link
