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
import sys
import threading
import time

from . import paths, ui
from .bench_report import Row, Wanted, compare
from .bench_rig import absences, in_turns

sys.path.insert(0, str(paths.ROOT / 'tests/functional'))

from guestlib import acpi, catalog, steps  # noqa: E402
from guestlib.assets import Assets  # noqa: E402
from guestlib.boot import Bench, Inner, Spec  # noqa: E402
from guestlib.evidence import Evidence  # noqa: E402

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
    return Bench(Assets(), paths.BUILD / 'bench')


def our_table():
    """The DMAR that our emulator makes for DEVICE, as Linux has it."""
    spec = dataclasses.replace(DEVICE, name='table', job='probe_tables')
    outcome = guests().boot(spec)
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

def run(command, errors, limit):
    """(status, seconds, seconds of CPU) of a process, exactly."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=errors, stderr=errors)
    killer = threading.Timer(limit, process.kill)
    killer.start()
    try:
        status = process.wait()
    finally:
        killer.cancel()
        process.kill()
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (status, seconds, after.ru_utime - before.ru_utime
            + after.ru_stime - before.ru_stime)


def boot(spec):
    """Seconds to the end of the innermost init, and seconds of CPU."""
    bench = guests()
    directory = bench.directory / spec.name
    guest = bench.guest(spec)
    command = guest.command(directory)
    (directory / 'command').write_text(shlex.join(command) + '\n')
    with open(directory / 'errors.log', 'wb') as errors:
        status, seconds, cpu = run(command, errors, guest.time_limit)
    says = (directory / 'says.log').read_text(errors='replace')
    console = (directory / 'inner-console.log').read_text(errors='replace')
    l1, l2 = Evidence('L1', '', says), Evidence('L2', console, says)
    if status or not l1.finished or (spec.inner and not l2.finished):
        raise ui.Failure('a guest did not come up, see %s' % directory)
    if spec.inner and l2.accelerator() != spec.inner.accel:
        raise ui.Failure('L2 ran under %s, not %s, see %s' % (
            l2.accelerator(), spec.inner.accel, directory))
    if spec.inner:
        started, finished = (float(l1.value(word, 'linux')) for word in
                             ('inner_started', 'inner_finished'))
        seconds = finished - started
    return seconds, cpu


def boot_rows(what, specs, pairs, warm):
    """A guest's rows; one boot of each that does not count fills caches."""
    found = {name: [] for name in specs}
    for index in range(-1 if warm else 0, pairs):
        for name in in_turns(found, index):
            measured = boot(specs[name])
            if index >= 0:
                found[name].append(measured)
    both = found.get('stock', found['ours']), found['ours']
    seconds, cpu = ([[one[which] for one in times] for times in both]
                    for which in (0, 1))
    return [compare('f', what + ': to the end of init', *seconds, 's',
                    Wanted('<=', 1.02)),
            compare('f', what + ': CPU time of that', *cpu, 's')]


# The way past the counters

def walk(spec):
    try:
        return steps.walk(guests(), spec)
    except steps.StepError as failure:
        raise ui.Failure(str(failure)) from failure


def walk_policy(policy):
    machine = ('-machine', 'q35', '-device', 'intel-iommu,intremap=on,'
               'caching-mode=on,rmrr-policy=' + policy)
    return walk(dataclasses.replace(catalog.NO_WINDOW, machine=machine,
                                    name='walk-' + policy))


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
