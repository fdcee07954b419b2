# The benchmark's Linux guests: time to boot, and the way past the counters
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where a guest has the device, stock's is the reference emulator (stock.py)
# and is given the same RMRR: the kernel takes the table that our emulator
# made in place of the firmware's, and memmap= reserves the region.

import dataclasses
import os
import shlex
import subprocess
import sys
import threading
import time

from . import paths, ui
from .bench_report import Row, Wanted, compare

sys.path.insert(0, str(paths.ROOT / 'tests/functional'))

from guestlib import acpi, catalog, steps  # noqa: E402
from guestlib.assets import Assets  # noqa: E402
from guestlib.boot import Bench, Inner, Spec  # noqa: E402
from guestlib.evidence import Evidence  # noqa: E402

PLAIN = Spec('plain', job='true', parameters='intel_iommu=on')
DEVICE = Spec('device', catalog.LOWER, job='true', memory='3G')
TABLE = dataclasses.replace(DEVICE, name='table', job='probe_tables')
NESTED = dataclasses.replace(DEVICE, name='nested', time_limit=1500,
                             inner=Inner(work='true', time_limit=1400))

# Steps from one domain that maps the region to itself to another, or none.
IDENTITY_STEPS = ('boot', 'driver-bind', 'driver-unbind', 'vfio-bind',
                  'vfio-unbind', 'driver-rebind', 'going-down', 'reset',
                  'boot-again', 'power-off')
ATTACHED = (
    'VFIO gives the device a domain of its own that is empty at first. With '
    'the default, rmrr-policy=keep, the region is then the guest\'s to map, '
    'as on hardware; an emulator in the guest maps its own guest\'s stolen '
    'memory there')
NO_DOMAIN = (
    'to change the type of a domain Linux takes the device out of the old '
    'one, and it has none for a moment; with rmrr-policy=keep a device '
    'without a domain cannot reach the region, as on hardware')


def bench(name, emulator, inner=None):
    return Bench(Assets(emulator, inner), paths.BUILD / 'bench' / name)


def with_rmrr(spec, table):
    """The same guest where nothing publishes or reserves its region."""
    region = spec.stolen.region
    return dataclasses.replace(
        spec, tables=(acpi.raised(table),),
        parameters='%s memmap=%#x$%#x' % (spec.parameters, region.size,
                                          region.base))


def our_table(emulator):
    """The DMAR that our emulator makes for DEVICE, as Linux has it."""
    outcome = bench('table', emulator).boot(TABLE)
    table = outcome.l1.data('table', 'DMAR')
    if not table:
        raise ui.Failure('the guest said nothing of its DMAR, see %s'
                         % outcome.run.directory)
    return table


# (f)

def timed(command, errors, limit):
    """(status, seconds, seconds of CPU) of a process, exactly."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=errors, stderr=errors)
    killer = threading.Timer(limit, process.kill)
    killer.start()
    try:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    finally:
        killer.cancel()
        if process.returncode is None:
            process.kill()
            process.wait()
    return (process.returncode, time.monotonic() - start,
            usage.ru_utime + usage.ru_stime)


class Boots:
    """One guest on one emulator, booted again and again."""

    def __init__(self, name, emulator, spec, inner=None):
        self.bench = bench(name, emulator, inner)
        self.spec = spec
        self.directory = self.bench.directory / spec.name
        self.seconds = []
        self.cpu = []

    def boot(self):
        """Boots it once and keeps how long it took."""
        guest = self.bench.guest(self.spec)
        command = guest.command(self.directory)
        (self.directory / 'command').write_text(shlex.join(command) + '\n')
        with open(self.directory / 'errors.log', 'wb') as errors:
            status, seconds, cpu = timed(command, errors, guest.time_limit)
        says = (self.directory / 'says.log').read_text(errors='replace')
        l1, l2 = Evidence('L1', '', says), Evidence('L2', '', says)
        if status or not l1.finished or (self.spec.inner
                                         and not l2.finished):
            raise ui.Failure('a guest did not come up, see %s'
                             % self.directory)
        if self.spec.inner:
            started, finished = (
                float(l1.value(word, 'linux'))
                for word in ('inner_started', 'inner_finished'))
            seconds = finished - started
        self.seconds.append(seconds)
        self.cpu.append(cpu)

    def forget(self):
        self.seconds.clear()
        self.cpu.clear()


def take_turns(both, index):
    """Boots each once; nobody is always first."""
    for name in ('stock', 'ours') if index % 2 else ('ours', 'stock'):
        both[name].boot()


def measure_boots(emulators, stock_emulator, table, pairs):
    """{kind: {name: Boots}}, kinds "plain" and "device"."""
    boots = {
        'plain': {'stock': Boots('boot-stock', stock_emulator, PLAIN),
                  'ours': Boots('boot-ours', emulators['ours'], PLAIN)},
        'device': {'stock': Boots('boot-reference', emulators['stock'],
                                  with_rmrr(DEVICE, table)),
                   'ours': Boots('boot-ours', emulators['ours'], DEVICE)}}
    for both in boots.values():
        # One each that does not count: it finds the files not cached.
        take_turns(both, 0)
        for one in both.values():
            one.forget()
    for index in range(pairs):
        for both in boots.values():
            take_turns(both, index)
    return boots


def measure_nested(emulators, stock_emulator, table, pairs):
    """{kind: {name: Boots}}, kind "nested"."""
    both = {'stock': Boots('nested-stock', emulators['stock'],
                           with_rmrr(NESTED, table), stock_emulator),
            'ours': Boots('nested-ours', emulators['ours'], NESTED)}
    for index in range(pairs):
        take_turns(both, index)
    return {'nested': both}


KINDS = {'plain': 'L1', 'device': 'L1 with the device',
         'nested': 'L2 with the device by VFIO'}


def boot_rows(boots):
    rows = []
    for kind, both in boots.items():
        rows.append(compare(
            'f', KINDS[kind] + ': boot to the end of init',
            both['stock'].seconds, both['ours'].seconds, 's',
            Wanted('<=', 1.02)))
        rows.append(compare('f', KINDS[kind] + ': CPU time of that',
                            both['stock'].cpu, both['ours'].cpu, 's'))
    return rows


# The way past the counters

def walk(where, spec):
    try:
        return steps.walk(where, spec)
    except steps.StepError as failure:
        raise ui.Failure(str(failure)) from failure


def walk_stock(emulators, table):
    return walk(bench('walk-stock', emulators['stock']),
                with_rmrr(catalog.NO_WINDOW, table))


def walk_ours(emulators, policy):
    machine = ('-machine', 'q35', '-device', 'intel-iommu,intremap=on,'
               'caching-mode=on,rmrr-policy=' + policy)
    return walk(bench('walk-' + policy, emulators['ours']),
                dataclasses.replace(catalog.NO_WINDOW, machine=machine))


def walk_reason(name, policy):
    if policy != 'keep':
        return ''
    return ATTACHED if name.startswith('vfio-') else NO_DOMAIN


def walk_rows(walks, section, policy):
    """Two rows a step: calls, and how long not all of it was mapped."""
    rows = []
    for ours in walks['ours'].steps[1:]:
        stock = walks['stock'].step(ours.name)
        if not stock:
            raise ui.Failure('only one of the two guests took the step '
                             + ours.name)
        reason = walk_reason(ours.name, policy)
        rows.append(Row(
            section, ours.name + ': calls to map, unmap',
            stock.maps + stock.unmaps, ours.maps + ours.unmaps, 'calls',
            wanted=Wanted('==', 0, '0, 0', of='ours'), reason=reason,
            shown=tuple('%d, %d' % (one.maps, one.unmaps)
                        for one in (stock, ours))))
        if stock.unmapped_ns or ours.unmapped_ns:
            rows.append(Row(
                section, ours.name + ': not mapped for',
                stock.unmapped_ns * 1e-9, ours.unmapped_ns * 1e-9, 's',
                wanted=Wanted('==', 0, '0', of='ours'), reason=reason))
    identity = {name: sum(step.unmaps for step in one.steps
                          if step.name in IDENTITY_STEPS)
                for name, one in walks.items()}
    rows.append(Row(section, 'identity to identity, all: calls to unmap',
                    identity['stock'], identity['ours'], 'calls',
                    wanted=Wanted('==', 0, '0', of='ours')))
    return rows
