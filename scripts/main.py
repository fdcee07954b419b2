#!/usr/bin/python3
# Starts the harness: for ./run, once the packages are there, and for meson
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Besides the commands of ./run: "qtests", the names of the qtest programs, and
# "test SUITE [NAME]", one of them or a suite of pytest cases.

import argparse
import os
import subprocess
import sys

from igdrmrr import fetch, paths, suites, ui

# The commands that take --qemu and --qemu-tree.
WITH_QEMU = ('bless', 'build', 'check', 'qtest', 'guest', 'port-hooks',
             'export-series', 'export-distro')


def run(command, arguments):
    """A command of ./run; no qtest program has to wait for these imports."""
    from igdrmrr import (assets, bench, check, docs, package, port, qemu,
                         series_distro, series_git, series_pve, stock, tool)

    def build(*what):
        qemu.build(*what)
        tool.build()

    def guests(program, words):
        build(assets.FOR_DEMO)
        if program == 'demo.py':
            stock.build_reference()
        ui.flush_all()
        return subprocess.run(['/usr/bin/python3', paths.ROOT / 'scripts' /
                               program, *words]).returncode

    return {
        'build': lambda _: build(),
        'demo': lambda words: guests('demo.py', words),
        'shell': lambda words: guests('shell.py', words),
        'update': lambda _: fetch.update(), 'bench': bench.main,
        'docs': lambda _: docs.build(),
        'package': lambda _: package.build() and 0,
        'check': check.cmd_check, 'unit': lambda _: check.cmd_check(['unit']),
        'tool': lambda _: check.cmd_check(['tool']), 'fuzz': check.cmd_fuzz,
        'qtest': check.cmd_qtest, 'guest': check.cmd_guest,
        'bless': check.cmd_bless, 'port-hooks': port.cmd_port_hooks,
        'export-series': series_git.cmd_export_series,
        'export-pve': series_pve.cmd_export_pve,
        'export-distro': series_distro.cmd_export_distro,
    }[command](arguments)


def test(suite, *names):
    if suite == 'qtest':
        return suites.run_qtest(*names)
    if suite in suites.PYTEST:
        return suites.run_pytest(suite)
    from igdrmrr import stock, top

    return top.run_asan_qtest(*names) if suite == 'asan' else (
        stock.build_reference() and 0)


def choose_qemu(command, arguments):
    """Starts anew with the QEMU that --qemu or --qemu-tree names."""
    parser = argparse.ArgumentParser('./run ' + command, add_help=False,
                                     allow_abbrev=False)
    parser.add_argument('--qemu', choices=fetch.QEMUS)
    parser.add_argument('--qemu-tree', type=os.path.abspath)
    chosen, rest = parser.parse_known_args(arguments)
    which = chosen.qemu or chosen.qemu_tree
    if which and command not in WITH_QEMU:
        raise ui.Failure('%s is of QEMU 10.0 alone; --qemu and --qemu-tree '
                         'are for %s' % (command, ', '.join(WITH_QEMU)))
    if which:
        os.environ[paths.WHICH] = which
        os.execv(sys.executable, [sys.executable, __file__, command, *rest])


def main(command, *arguments):
    ui.install_signal_handlers()
    try:
        choose_qemu(command, arguments)
        if command == 'qtests':
            return print('\n'.join(suites.qtest_names()))
        return test(*arguments) if command == 'test' else run(
            command, list(arguments))
    except ui.Failure as failure:
        ui.flush_all()
        print('run: %s' % failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        ui.flush_all()
        print('run: interrupted', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
