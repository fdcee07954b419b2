# The commands of ./run
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

import os
import subprocess
import sys

from . import assets, chroot, docs, fetch, package, paths, qemu, stock, tool, ui


def script(name, arguments):
    """Runs a script of ours; its exit status is this one's."""
    path = paths.ROOT / 'scripts' / name
    if not path.exists():
        raise ui.Failure('scripts/%s is not there' % name)
    env = dict(os.environ, PYTHONPATH=str(paths.ROOT / 'scripts'))
    ui.flush_all()
    return subprocess.run(['/usr/bin/python3', path, *arguments],
                          env=env).returncode


def cmd_build(_arguments):
    qemu.build()
    tool.build()
    return 0


def cmd_demo(arguments):
    qemu.build(assets.FOR_DEMO)
    tool.build()
    stock.build_reference()
    return script('demo.py', arguments)


def cmd_bench(arguments):
    from . import bench

    return bench.main(arguments)


def cmd_docs(_arguments):
    docs.build()
    return 0


def cmd_export_series(arguments):
    from . import series_git

    return series_git.cmd_export_series(arguments)


def cmd_package(_arguments):
    package.build()
    return 0


def cmd_update(_arguments):
    fetch.fetch(assets.FOR_TESTS, newest=True)
    chroot.forget()
    return 0


def main(arguments):
    from . import check

    commands = {
        'build': cmd_build, 'demo': cmd_demo, 'bench': cmd_bench,
        'update': cmd_update, 'docs': cmd_docs,
        'package': cmd_package, 'check': check.cmd_check,
        'unit': check.cmd_unit, 'tool': check.cmd_tool,
        'fuzz': check.cmd_fuzz,
        'qtest': check.cmd_qtest, 'guest': check.cmd_guest,
        'bless': check.cmd_bless, 'export-series': cmd_export_series,
    }
    ui.install_signal_handlers()
    try:
        return commands[arguments[0]](arguments[1:])
    except ui.Failure as failure:
        ui.flush_all()
        print('run: %s' % failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        ui.flush_all()
        print('run: interrupted', file=sys.stderr)
        return 130
