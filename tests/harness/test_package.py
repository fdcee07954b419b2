# ./run package: what is configured once is not configured again
#
# Copyright (c) 2026 The qemu-igd-rmrr developers
#
# SPDX-License-Identifier: GPL-2.0-or-later

from types import SimpleNamespace

from igdrmrr import files, package, paths, qemu


def test_configured_once(tmp_path, monkeypatch):
    ran = []
    build = tmp_path / 'qemu-package'
    monkeypatch.setattr(package, 'QEMU_BUILD', build)
    monkeypatch.setattr(package, 'STAMP', build / 'stamp.json')
    monkeypatch.setattr(package, 'run_logged',
                        lambda what, command, *_, **__: ran.append(command))
    monkeypatch.setattr(package, 'configure_command',
                        lambda _: [str(paths.QEMU_SRC / 'configure'), '--a'])
    monkeypatch.setattr(qemu, 'configured_for',
                        lambda command, _: {'command': command})
    for _ in range(2):
        package.build_qemu({'version': '1'}, SimpleNamespace(fd=0))
    configured = [command for command in ran if '--a' in command]
    assert configured == [['../%s/configure' % paths.QEMU_SRC.name, '--a']]
    assert files.read_json(package.STAMP) == {'command': configured[0]}
