"""Tests of which accelerator runs the outermost guests

Copyright (c) 2026 The qemu-igd-rmrr developers
SPDX-License-Identifier: GPL-2.0-or-later

The emulators are shell scripts that behave as one does whose KVM boots a
kernel, hangs, or makes the emulator abort.
"""

import time
from pathlib import Path

import pytest

from guestlib import runner

BOOTS = 'for word; do case $word in file:*/says.log) echo "@@L1 finished" ' \
        '> ${word#file:};; esac; done'


@pytest.fixture
def guest(tmp_path):
    """A guest whose emulator does what a shell says."""
    def make(shell):
        emulator = tmp_path / "emulator"
        emulator.write_text("#!/bin/sh\n" + shell + "\n")
        emulator.chmod(0o755)
        return runner.Guest("accel", emulator, tmp_path, [], tmp_path,
                            tmp_path)

    return make


def choose(guest, tmp_path, device=Path("/dev/null")):
    said = []
    words = runner.choose_accel(guest, tmp_path, said.append, device)
    return words, said


@pytest.mark.parametrize("shell, word", [
    ("exec sleep 60", "hangs"), ("kill -ABRT $$", "status -6"),
    ("exit 1", "status 1"), ("exit 0", "status 0")])
def test_kvm_that_boots_no_kernel(guest, tmp_path, monkeypatch, shell, word):
    monkeypatch.setattr(runner, "LIMIT_SECONDS", 1)
    start = time.monotonic()
    words, said = choose(guest(shell), tmp_path)
    assert words == (runner.TCG, runner.TCG)
    assert len(said) == 1 and word in said[0]
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("nested", [True, False])
def test_kvm_that_boots_one(guest, tmp_path, monkeypatch, nested):
    monkeypatch.setattr(runner, "nested_kvm", lambda: nested)
    words, said = choose(guest(BOOTS), tmp_path)
    assert words == (runner.KVM, runner.KVM if nested else runner.TCG)
    assert ("nested is off" in said[0]) != nested


def test_tried_once(guest, tmp_path):
    one = guest('echo >> "$0.ran"; exit 1')
    choose(one, tmp_path)
    choose(one, tmp_path)
    assert (tmp_path / "emulator.ran").read_text() == "\n"


def test_no_kvm(guest, tmp_path):
    assert choose(guest("exit 1"), tmp_path, tmp_path / "none") == (
        (runner.TCG, runner.TCG), [])


@pytest.mark.parametrize("text, nested", [
    ("1\n", True), ("Y\n", True), ("0\n", False), ("N\n", False)])
def test_nested_kvm(tmp_path, text, nested):
    where = tmp_path / "kvm_any/parameters"
    where.mkdir(parents=True)
    (where / "nested").write_text(text)
    assert runner.nested_kvm(tmp_path) == nested
