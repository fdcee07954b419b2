# The benchmark's Linux guests: time to boot, and the way past the counters
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest that has the device is given the same RMRR on stock: the kernel takes
# the table that our emulator made in place of the firmware's, and memmap=
# reserves the region.

import dataclasses
import functools
import resource
import shlex
import subprocess
import threading
import time

from . import acpi, catalog, steps
from .boot import Bench, Inner, Spec
from .evidence import Evidence

from igdrmrr import paths, ui
from igdrmrr.bench_report import Row, Wanted, compare
from igdrmrr.bench_rig import absences, in_turns

PLAIN = Spec('plain', job='true')
DEVICE = Spec('device', catalog.LOWER, job='true', memory='3G')
NESTED = dataclasses.replace(DEVICE, name='nested', time_limit=200,
                             inner=Inner(work='true', time_limit=150))

# Steps from one domain that maps the region to itself to another, or none.
IDENTITY_STEPS = ('boot', 'driver-bind', 'driver-unbind', 'vfio-bind',
                  'vfio-unbind', 'driver-rebind', 'going-down', 'reset',
                  'boot-again', 'power-off')
AWAY = (
    'VFIO gives the device a domain of its own that is empty at first, and to '
    'change the type of a domain Linux takes the device out of the old one. '
    'With the default, rmrr-policy=keep, such a device cannot reach the '
    'region, as on hardware; an emulator in the guest maps its own guest\'s '
    'stolen memory there')


@functools.cache
def guests():
    return Bench(paths.BUILD / 'bench')


@functools.cache
def our_table():
    """The DMAR that our emulator makes for DEVICE, as Linux has it."""
    outcome = guests().boot(dataclasses.replace(DEVICE, name='table',
                                                job='probe_tables'))
    table = outcome.l1.data('table', 'DMAR')
    if not table:
        raise ui.Failure('the guest said nothing of its DMAR, see %s'
                         % outcome.run.directory)
    return table


def on_stock(spec, table):
    """The same guest where nothing publishes or reserves its region."""
    changed = {'name': 'stock-' + spec.name, 'stock': True}
    if spec.stolen:
        region = spec.stolen.region
        changed['tables'] = (acpi.raised(table),)
        changed['parameters'] = '%s memmap=%#x$%#x' % (
            spec.parameters, region.size, region.base)
    return dataclasses.replace(spec, **changed)


# (f): boot

def boot(spec):
    """Seconds to the end of the innermost init, and seconds of CPU, exactly."""
    guest = guests().guest(spec)
    directory = guests().directory / spec.name
    command = guest.command(directory)
    (directory / 'command').write_text(shlex.join(command) + '\n')
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    with open(directory / 'errors.log', 'wb') as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=errors, stderr=errors)
    killer = threading.Timer(guest.time_limit, process.kill)
    killer.start()
    try:
        status = process.wait()
    finally:
        killer.cancel()
        process.kill()
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    says = (directory / 'says.log').read_text(errors='replace')
    console = (directory / 'inner-console.log').read_text(errors='replace')
    l1, l2 = Evidence('L1', '', says), Evidence('L2', console, says)
    if status or not l1.finished or (spec.inner and not l2.finished):
        raise ui.Failure('a guest did not come up, see %s' % directory)
    if spec.inner and l2.accelerator() != spec.inner.accel:
        raise ui.Failure('L2 ran under %s, not %s, see %s' % (
            l2.accelerator(), spec.inner.accel, directory))
    if spec.inner:
        seconds = (float(l1.value('inner_finished', 'linux'))
                   - float(l1.value('inner_started', 'linux')))
    return seconds, (after.ru_utime - before.ru_utime
                     + after.ru_stime - before.ru_stime)


def boot_rows(what, specs, pairs, warm):
    """A guest's rows; one boot of each that does not count fills caches."""
    found = {name: [] for name in specs}
    for index in range(-1 if warm else 0, pairs):
        for name in in_turns(found, index):
            measured = boot(specs[name])
            if index >= 0:
                found[name].append(measured)
    seconds, cpu = zip(*(zip(*found[name]) for name in (
        'stock' if 'stock' in found else 'ours', 'ours')))
    return [compare('f', what + ': to the end of init', *seconds, 's',
                    Wanted('<=', 1.02)),
            compare('f', what + ': CPU time of that', *cpu, 's')]


# The way past the counters

def walk(spec, policy=None):
    """Of a guest, or of the same under that policy."""
    if policy:
        spec = dataclasses.replace(
            spec, name='walk-' + policy,
            machine=('-machine', 'q35', '-device', 'intel-iommu,intremap=on,'
                     'caching-mode=on,rmrr-policy=' + policy))
    return steps.walk(guests(), spec)


def walk_rows(stock, ours, policy):
    """Two rows a step: calls, and how long not all of it was mapped."""
    rows = []
    section = 'c-' + policy
    for one in ours.steps[1:]:
        other = stock.step(one.name)
        if not other:
            raise ui.Failure('only one of the two guests took the step '
                             + one.name)
        away = policy == 'keep' and one.name not in IDENTITY_STEPS
        both = absences(section, one.name + ': ',
                        *((step.maps, step.unmaps, step.unmapped_ns * 1e-9)
                          for step in (other, one)), AWAY if away else '')
        rows += [row for row in both
                 if row.unit == 'calls' or row.stock or row.ours]
    identity = [sum(step.unmaps for step in way.steps
                    if step.name in IDENTITY_STEPS) for way in (stock, ours)]
    rows.append(Row(section, 'identity to identity, all: calls to unmap',
                    *identity, 'calls',
                    wanted=Wanted('==', 0, '0', of='ours')))
    return rows
